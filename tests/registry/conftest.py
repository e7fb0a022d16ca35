from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from inventory.sources.registry.access import Access, Limits

MakeAccess = Callable[..., Access]


@pytest.fixture
def access(tmp_path: Path) -> MakeAccess:
    """Makes an access in which nothing of this machine is used, with short limits."""

    def make(limits: dict[str, Any] | None = None, **more: Any) -> Access:
        quick = msgspec.structs.replace(Limits(connect=1.0, read=1.5, total=6.0, helper=2.0), **(limits or {}))
        home = tmp_path / "home"
        return Access(**{
            "certificates": (home / "certs.d",), "credentials": (home / "config.json", home / "auth.json"),
            "lookasides": (home / "registries.d",), "limits": quick, "environ": {"PATH": str(home / "bin")}, **more,
        })  # fmt: skip

    (tmp_path / "home").mkdir()
    return make
