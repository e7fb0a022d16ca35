"""The line of every member of an object, kept small: worked out when somebody asks, for the objects last asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from inventory.sources.manifests.builder import Skeleton, line_of

_KEPT = 2000  # objects
_WITHOUT = ("managedFields",)


class Lines(Mapping[str, int]):
    """Paths as in evidence (`spec.template.spec.containers[0].image`) to lines, counted from 1. No value is kept."""

    __slots__ = ("_packed",)

    def __init__(self, skeleton: Skeleton) -> None:
        self._packed = msgspec.json.encode(_slim(skeleton))

    def __getitem__(self, path: str) -> int:
        return _unpacked(self._packed)[path]

    def __iter__(self) -> Iterator[str]:
        return iter(_unpacked(self._packed))

    def __len__(self) -> int:
        return len(_unpacked(self._packed))


def _slim(skeleton: Skeleton) -> Skeleton:
    """Without what nobody points to: who wrote which field, and what the server added."""
    if not isinstance(skeleton, dict):
        return skeleton
    found = dict(skeleton)
    meta = found.get("metadata")
    if isinstance(meta, dict):
        found["metadata"] = {name: lines for name, lines in meta.items() if name not in _WITHOUT}
    if "status" in found:
        found["status"] = line_of(found["status"])
    return found


@lru_cache(maxsize=_KEPT)
def _unpacked(packed: bytes) -> Mapping[str, int]:
    lines: dict[str, int] = {}
    pending: list[tuple[str, Any]] = [("", msgspec.json.decode(packed))]
    while pending:
        path, found = pending.pop()
        if path:
            lines[path] = line_of(found)
        if isinstance(found, dict):
            dot = f"{path}." if path else ""
            pending += [(dot + name, one) for name, one in found.items() if name]
        elif isinstance(found, list):
            pending += [(f"{path}[{index}]", one) for index, one in enumerate(found[1:])]
    return lines
