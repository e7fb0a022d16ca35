"""Bytes that come by once: counted, hashed, unpacked, never kept."""

from __future__ import annotations

import hashlib
import importlib
import zlib
from collections.abc import Callable
from typing import Any

from inventory.contents.guard import Guard, TooMuchError
from inventory.contents.layer import CutError

Pieces = Callable[[], bytes]
"""The next bytes, of any number; none at the end."""
PIECE = 1 << 18
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_OTHERS = {b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x04\x22\x4d\x18": "lz4"}


class Source:
    """Reads what `pieces` gives, in portions of any size. `at` is how many bytes are behind."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._buffer = b""
        self._next = 0
        self.at = 0

    def read(self, size: int) -> bytes:
        """So many bytes; fewer at the end only."""
        end = self._next + size
        if end <= len(self._buffer):
            found = self._buffer[self._next : end]
            self._next = end
            self.at += size
            return found
        parts = []
        missing = size
        while missing and (piece := self.some(missing)):
            parts.append(piece)
            missing -= len(piece)
        return b"".join(parts)

    def some(self, size: int) -> bytes:
        """At least one and at most so many bytes, those that are at hand; none at the end."""
        if self._next >= len(self._buffer):
            self._buffer = self._pieces()
            self._next = 0
        begin = self._next
        found = self._buffer if not begin and len(self._buffer) <= size else self._buffer[begin : begin + size]
        self._next += len(found)
        self.at += len(found)
        return found

    def skip(self, size: int) -> int:
        """Pass over so many bytes; how many there were."""
        missing = size
        while missing:
            if self._next >= len(self._buffer):
                self._buffer = self._pieces()
                self._next = 0
                if not self._buffer:
                    break
            step = min(missing, len(self._buffer) - self._next)
            self._next += step
            missing -= step
        self.at += size - missing
        return size - missing

    def peek(self, size: int) -> bytes:
        """The next bytes without passing them; fewer at the end only."""
        while len(self._buffer) - self._next < size and (piece := self._pieces()):
            self._buffer = self._buffer[self._next :] + piece
            self._next = 0
        return self._buffer[self._next : self._next + size]


class Hashed:
    """Passes pieces on and knows their sha256."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._hash = hashlib.sha256()

    def __call__(self) -> bytes:
        piece = self._pieces()
        self._hash.update(piece)
        return piece

    @property
    def digest(self) -> str:
        """Of everything that has gone by."""
        return "sha256:" + self._hash.hexdigest()


def unpacked(source: Source, guard: Guard) -> Pieces:
    """The layer's bytes, decompressed where they are compressed and counted. Raises `CutError`, `TooMuchError`."""
    begin = source.peek(6)
    if begin.startswith(_GZIP):
        packed = _Unpacked(source, guard, lambda: zlib.decompressobj(31), _GZIP)
    elif begin.startswith(_ZSTD):
        packed = _Unpacked(source, guard, _zstd(), _ZSTD)
    else:
        for magic, name in _OTHERS.items():
            if begin.startswith(magic):
                raise CutError(f"a layer is compressed with {name}, which is not read here")
        return _Plain(source, guard)
    return packed


class _Plain:
    def __init__(self, source: Source, guard: Guard) -> None:
        self._source = source
        self._guard = guard

    def __call__(self) -> bytes:
        piece = self._source.some(PIECE)
        self._guard.bytes_read(len(piece))
        self._guard.passed(len(piece))
        return piece


class _Unpacked:
    """One compressed frame after the other."""

    def __init__(self, source: Source, guard: Guard, begin: Callable[[], Any], magic: bytes) -> None:
        self._source = source
        self._guard = guard
        self._begin = begin
        self._magic = magic
        self._frame = begin()
        self._tail = b""
        self._taken = 0
        self._given = 0

    def __call__(self) -> bytes:
        while True:
            if self._frame.eof and not self._another():
                return b""
            data = self._tail or self._fresh()
            if not data and not self._pending():
                raise CutError("a compressed layer ends before it should")
            try:
                piece: bytes = self._frame.decompress(data, PIECE)
            except Exception as error:  # zlib.error, ZstdError, EOFError: nothing of it is known to go on with
                raise CutError(f"a compressed layer is damaged: {str(error)[:80]}") from error
            self._tail = getattr(self._frame, "unconsumed_tail", b"")
            if piece:
                self._count(len(piece))
                return piece

    def _pending(self) -> bool:
        return getattr(self._frame, "needs_input", True) is False

    def _fresh(self) -> bytes:
        if self._pending():
            return b""
        data = self._source.some(PIECE >> 2)
        self._taken += len(data)
        return data

    def _another(self) -> bool:
        rest: bytes = self._frame.unused_data
        while len(rest) < len(self._magic) and (more := self._source.some(PIECE >> 2)):
            self._taken += len(more)
            rest += more
        if not rest.startswith(self._magic):
            return False
        self._frame = self._begin()
        self._tail = rest
        return True

    def _count(self, size: int) -> None:
        self._given += size
        self._guard.bytes_read(size)
        self._guard.passed(size)
        limits = self._guard.limits
        if self._given > limits.ratio_from and self._given > limits.ratio * self._taken:
            raise TooMuchError(f"a layer that unpacks to more than {limits.ratio} times its size")


def _zstd() -> Callable[[], Any]:
    """Zstandard, which the standard library has from Python 3.14 on. Raises `CutError`."""
    try:
        made: Callable[[], Any] = importlib.import_module("compression.zstd").ZstdDecompressor
    except ImportError:
        raise CutError("a layer is compressed with zstd, which needs Python 3.14 or newer") from None
    return made
