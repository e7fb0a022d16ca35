"""A zip archive that goes by once, in pieces: its members in order, without the directory at its end.

Nothing is kept but what a member's reader keeps, so an archive of any size and archives inside it cost little. What
is unpacked is bounded, as a few bytes can stand for very many.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any, Protocol

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_LOCAL_MAGIC = b"PK\x03\x04"
_DESCRIPTOR_MAGIC = b"PK\x07\x08"
_DIRECTORY = (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SIZES_LATER = 1, 8
_LONG = 0xFFFFFFFF
_PIECE = 1 << 18
_MAX_START = 1 << 20
"""What may stand before the archive: some start as a shell script."""


class Sink(Protocol):
    """Takes a member's contents."""

    def feed(self, piece: bytes) -> None:
        """The next piece."""

    def close(self) -> None:
        """The member is over."""


class Budget:
    """What may be unpacked from one file, archives inside archives together."""

    def __init__(self, size: int, members: int) -> None:
        self.size = size
        self.members = members


class ZipStream:
    """Feeds `open(name)`'s sink, where it gives one, with each member. `problem` says why it stopped early, or ""."""

    def __init__(self, open_: Callable[[str], Sink | None], budget: Budget) -> None:
        self._open = open_
        self._budget = budget
        self._data = b""
        self._sink: Sink | None = None
        self._left = 0
        self._inflate: Any = None
        self._descriptor = False
        self._step: Callable[[], bool] = self._begin
        self._skipped = 0
        self.over = False
        self.problem = ""

    def feed(self, piece: bytes) -> None:
        """The next piece of the archive."""
        if self.over:
            return
        self._data = self._data + piece if self._data else piece
        while not self.over and self._step():
            pass

    def close(self) -> None:
        """The archive's bytes are over."""
        if not self.over:
            self._stop("cut off")

    def _stop(self, problem: str = "") -> None:
        if self._sink is not None:
            self._sink.close()
        self._sink, self._data, self.over, self.problem = None, b"", True, problem

    def _begin(self) -> bool:
        """Before the first member: find it."""
        position = self._data.find(_LOCAL_MAGIC)
        if position >= 0:
            self._data, self._step = self._data[position:], self._header
            return True
        if self._data.startswith(_DIRECTORY):
            self._stop()  # an archive without members
            return False
        drop = max(len(self._data) - len(_LOCAL_MAGIC) + 1, 0)
        self._skipped += drop
        self._data = self._data[drop:]
        if self._skipped > _MAX_START:
            self._stop("no archive")
        return False

    def _header(self) -> bool:
        data = self._data
        if len(data) < 4:
            return False
        if not data.startswith(_LOCAL_MAGIC):
            self._stop("" if data.startswith(_DIRECTORY) else "damaged")
            return False
        if len(data) < _LOCAL.size:
            return False
        _, _, flags, method, _, _, _, packed, _, name_size, extra_size = _LOCAL.unpack_from(data)
        start = _LOCAL.size + name_size + extra_size
        if len(data) < start:
            return False
        name = data[_LOCAL.size : _LOCAL.size + name_size].decode("utf-8", "replace")
        extra = data[_LOCAL.size + name_size : start]
        self._data = data[start:]
        self._member(name, flags, method, _long_size(extra) if packed == _LONG else packed)
        return not self.over

    def _member(self, name: str, flags: int, method: int, packed: int) -> None:
        self._budget.members -= 1
        self._descriptor = later = bool(flags & _SIZES_LATER)
        if self._budget.members < 0:
            self._stop("of too many members")
        elif flags & _ENCRYPTED or method not in (_STORED, _DEFLATED) or (later and method == _STORED and not packed):
            if later and not packed:
                self._stop("packed in a way that is not read")
            else:
                self._left, self._step = packed, self._stored
        elif method == _DEFLATED:
            self._sink = None if name.endswith("/") else self._open(name)
            self._left = packed
            if self._sink is None and not later:
                self._step = self._stored
            else:
                self._inflate, self._step = zlib.decompressobj(-15), self._inflated
        else:
            self._sink = None if name.endswith("/") else self._open(name)
            self._left, self._step = packed, self._stored

    def _stored(self) -> bool:
        """As many bytes as the header says: contents, or what is passed over."""
        piece, self._data = self._data[: self._left], self._data[self._left :]
        self._left -= len(piece)
        if self._sink is not None:
            self._spend(len(piece))
            if self.over:
                return False
            self._sink.feed(piece)
        if self._left:
            return False
        self._close_member(self._after if self._descriptor else self._header)
        return True

    def _inflated(self) -> bool:
        """Packed bytes, whose end they tell themselves."""
        if not self._data:
            return False
        try:
            piece = self._inflate.decompress(self._data, _PIECE)
        except zlib.error:
            self._stop("damaged")
            return False
        self._data = self._inflate.unconsumed_tail
        self._spend(len(piece))
        if self.over:
            return False
        if self._sink is not None and piece:
            self._sink.feed(piece)
        if self._inflate.eof:
            self._data = self._inflate.unused_data
            self._inflate = None
            self._close_member(self._after if self._descriptor else self._header)
        return True

    def _after(self) -> bool:
        """A checksum and two sizes, of 4 or of 8 bytes, may stand behind a member; then comes the next."""
        data = self._data
        if len(data) < 28:
            return False
        start = 4 if data.startswith(_DESCRIPTOR_MAGIC) else 0
        for size in (12, 20):
            if data[start + size : start + size + 2] == b"PK":
                self._data, self._step = data[start + size :], self._header
                return True
        self._stop("damaged")
        return False

    def _close_member(self, step: Callable[[], bool]) -> None:
        if self._sink is not None:
            self._sink.close()
        self._sink, self._step = None, step

    def _spend(self, size: int) -> None:
        self._budget.size -= size
        if self._budget.size < 0:
            self._stop("too large when unpacked")


def _long_size(extra: bytes) -> int:
    """The packed size of a member of 4 GiB and more."""
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, position)
        if kind == 1 and size >= 16 and position + 20 <= len(extra):
            packed: int = struct.unpack_from("<Q", extra, position + 12)[0]
            return packed
        position += 4 + size
    return _LONG
