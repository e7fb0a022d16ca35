"""Captured answers and what the translation makes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from inventory.container import Container
from inventory.gap import Gap
from inventory.resource import Resource
from inventory.sources.docker import translate

DATA = Path(__file__).parent.parent.parent / "data"
AT = 1795433520.0


@cache
def raw(path: str) -> bytes:
    """A captured answer; `path` below tests/data."""
    return (DATA / path).read_bytes()


def docker(name: str) -> Container:
    """The container of a captured Docker inspect."""
    return translate.container(raw(f"docker-api/inspect-{name}.json"), "docker", AT)


def podman(name: str) -> Container:
    """The container of a captured Podman inspect."""
    return translate.container(raw(f"podman-api/inspect-{name}.json"), "podman", AT)


def edited(path: str, edit: Callable[[dict[str, Any]], object]) -> bytes:
    """A captured answer after a change."""
    document = json.loads(raw(path))
    edit(document)
    return json.dumps(document).encode()


def gap(resource: Resource, field: str) -> Gap:
    """The gap of a field; fails when the field has a value."""
    found = resource.peek(field)
    assert isinstance(found, Gap), f"{field} is {found!r}"
    return found
