"""What a real kernel showed of real containers (Docker 20.10.24, Linux 6.18, cgroup v1), and what the engine told."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from inventory.sources.host.recording import Replay

_RECORDING = Path(__file__).parent.parent.parent / "data" / "host" / "containers.json"


class Known(msgspec.Struct, frozen=True):
    """One container of the recording; `top` and `changes` (path, kind) are the engine's own answers at that moment."""

    id: str
    pid: int
    upper: str
    top: tuple[int, ...]
    changes: tuple[tuple[str, int], ...] | None
    size_rw: int | None


class _Document(msgspec.Struct, frozen=True):
    containers: dict[str, Known]
    heard: msgspec.Raw


@cache
def _document() -> _Document:
    return msgspec.json.decode(_RECORDING.read_bytes(), type=_Document)


def containers() -> dict[str, Known]:
    """All of them by name."""
    return dict(_document().containers)


def kernel() -> Replay:
    """The machine that they run on."""
    return Replay(bytes(_document().heard))


def running() -> list[tuple[str, int]]:
    """`(container id, first pid)` of all of them."""
    return [(known.id, known.pid) for known in containers().values()]
