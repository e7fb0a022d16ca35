"""A real engine for tests, or the reason why there is none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import cleanup
from lab.engine import Lab, available
from lab.rootfs import find

REQUIRED = "DECKWATCH_REQUIRE_ENGINE"
"""With this set to 1 in the environment a missing engine is a failure: a continuous build must not skip in silence."""


def need_engine(*, images: bool = False) -> None:
    """Skip where no private engine can run, or no `images` be made for it, and say why; fail where one is required."""
    reason = available()
    if images and not reason and find("busybox") is None:
        reason = "busybox is not installed (Debian: apt-get install busybox-static)"
    if reason and os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{REQUIRED}=1, but {reason}")
    if reason:
        pytest.skip(reason)


@contextmanager
def private_engine(*, images: bool = False) -> Iterator[Lab]:
    """An empty engine in a directory short enough for its sockets; nothing is left behind, also of a failed start."""
    need_engine(images=images)
    lab = Lab(Path(tempfile.mkdtemp(prefix="dwe-", dir="/tmp")))
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()
        assert not cleanup.cgroup_roots(lab.paths), "a container was left behind"
        assert not lab.paths.root.exists()
