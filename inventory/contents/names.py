"""All names of a layer in little memory: sorted, in small packed blocks, to be gone through once and in order.

A directory comes before what is in it, and that comes right after it: keys are paths with NUL for the slash. Layers of
more than `_RUN` names that do not come in order are several runs, which are merged on the way.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

_RUN = 1 << 15
_RUN_BYTES = 4 << 20
_BLOCK = 512
_END = b"\0\0"  # no key has two NUL in a row or one at its end, and what follows a key has none
Runs = tuple[tuple[bytes, ...], ...]

FILE, DIRECTORY, OTHER, WHITEOUT, OPAQUE = "fdowx"


class Named(NamedTuple):
    """One record. `kind` is one of the letters above; `tag` the place in the layer's list of tags, -1 for none."""

    kind: str
    size: int
    tag: int


def key_of(path: str) -> bytes:
    """Sorts as a tree."""
    return path.encode().replace(b"/", b"\0")


def path_of(key: bytes) -> str:
    """What `key_of` was made from."""
    return key.replace(b"\0", b"/").decode()


class Names:
    """Collects the names of one layer. `packed` is how many bytes are kept so far."""

    def __init__(self) -> None:
        self.packed = 0
        self._open: list[tuple[bytes, bytes]] = []
        self._bytes = 0
        self._runs: list[list[bytes]] = []
        self._last = b""

    def add(self, path: str, kind: str, size: int = 0, tag: int = -1) -> None:
        """One more name; a later one of the same path counts."""
        key = path.encode().replace(b"/", b"\0")
        self._open.append((key, b"%c%x" % (ord(kind), size) if tag < 0 else b"%c%x,%x" % (ord(kind), size, tag)))
        self._bytes += len(key)
        if len(self._open) >= _RUN or self._bytes >= _RUN_BYTES:
            self._close()

    def runs(self) -> Runs:
        """All of them."""
        self._close()
        return tuple(tuple(run) for run in self._runs)

    def _close(self) -> None:
        found = self._open
        if not found:
            return
        found.sort(key=_first)
        blocks = [
            zlib.compress(b"".join(part for record in found[at : at + _BLOCK] for part in _framed(record)), 1)
            for at in range(0, len(found), _BLOCK)
        ]
        self.packed += sum(map(len, blocks))
        if self._runs and found[0][0] >= self._last:
            self._runs[-1].extend(blocks)
        else:
            self._runs.append(blocks)
        self._last = found[-1][0]
        self._open = []
        self._bytes = 0


def _first(record: tuple[bytes, bytes]) -> bytes:
    return record[0]


def _framed(record: tuple[bytes, bytes]) -> tuple[bytes, bytes, bytes, bytes]:
    return record[0], _END, record[1], _END


def records(run: tuple[bytes, ...], order: int) -> Iterator[tuple[bytes, int, bytes]]:
    """The records of a run in order, each with `order`, for merging runs. Raises `zlib.error`."""
    for block in run:
        parts = zlib.decompress(block).split(_END)
        for at in range(0, len(parts) - 1, 2):
            yield parts[at], order, parts[at + 1]


def named(written: bytes) -> Named:
    """A record's second half."""
    size, _, tag = written[1:].partition(b",")
    return Named(chr(written[0]), int(size, 16), int(tag, 16) if tag else -1)
