"""The engine's own answer about a container, for what the model has no field for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from inventory.resource import EMPTY, Resource


def answer(resource: Resource) -> Mapping[str, Any]:
    """The decoded answer of `GET /containers/{id}/json`; empty where there is none, or none that can be read."""
    try:
        found = msgspec.json.decode(resource.raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return EMPTY
    return found if isinstance(found, dict) else EMPTY


def part(found: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """An object inside of it (`HostConfig`); empty where it is missing or something else."""
    for name in path:
        inner = found.get(name)
        found = inner if isinstance(inner, dict) else EMPTY
    return found
