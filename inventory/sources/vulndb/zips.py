"""A zip archive's members one after the other, in bounded memory, whatever the archive says of itself.

The standard library keeps an object for every member before the first is read: 150 MB for npm's archive.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from struct import Struct, error
from typing import IO, Final, NamedTuple

MAX_MEMBER: Final = 32 << 20
MAX_MEMBERS: Final = 5_000_000
MAX_RATIO: Final = 100
"""A whole archive may unpack to this many times its size, or to `MIN_TOTAL`."""
MIN_TOTAL: Final = 1 << 30

_END: Final = Struct("<4s4H2LH")
_END64_PLACE: Final = Struct("<4sLQL")
_END64: Final = Struct("<4sQ2H2L4Q")
_ENTRY: Final = Struct("<4s6H3L5H2L")
_LOCAL: Final = Struct("<4s5H3L2H")
_SIGNATURES: Final = (b"PK\5\6", b"PK\6\7", b"PK\6\6", b"PK\1\2", b"PK\3\4")
_ALL64, _ALL16 = 0xFFFFFFFF, 0xFFFF


class ZipError(ValueError):
    """No zip archive, or one that ends too early."""


class MemberError(ValueError):
    """One member cannot be used; the others may be."""


class Member(NamedTuple):
    """One entry of the archive's directory."""

    name: str
    method: int
    encrypted: bool
    crc: int
    packed: int
    size: int
    offset: int
    at: float


class Zip:
    """An open archive."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("rb")
        try:
            self._directory: IO[bytes] = path.open("rb")
            self._length = self._file.seek(0, 2)
            self.count, self._start, self._bytes = self._end()
        except error as wrong:
            self._file.close()
            raise ZipError(f"not a whole zip archive: {wrong}") from None
        except BaseException:
            self._file.close()
            raise
        self._left = max(MIN_TOTAL, MAX_RATIO * self._length)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        self._directory.close()

    def members(self) -> Iterator[Member]:
        """What the directory names; raises `ZipError` where it ends before it should."""
        self._directory.seek(self._start)
        end = self._start + self._bytes
        for _ in range(self.count):
            head = self._directory.read(_ENTRY.size)
            if len(head) != _ENTRY.size or head[:4] != _SIGNATURES[3]:
                raise ZipError("the archive's directory is cut off or damaged")
            (_, _, _, flags, method, clock, day, crc, packed, size, names, extra, comment, _, _, _, offset) = (
                _ENTRY.unpack(head)
            )
            tail = self._directory.read(names + extra + comment)
            if self._directory.tell() > end or len(tail) != names + extra + comment:
                raise ZipError("the archive's directory is cut off or damaged")
            if _ALL64 in (packed, size, offset):
                size, packed, offset = _wide(tail[names : names + extra], size, packed, offset)
            name = tail[:names].decode("utf-8", "replace")
            yield Member(name, method, bool(flags & 1), crc, packed, size, offset, _when(day, clock))

    def read(self, member: Member) -> bytes:
        """A member's content, checked against its checksum; raises `MemberError`, or `ZipError` for a bomb."""
        if member.encrypted or member.method not in (0, 8):
            raise MemberError("encrypted or packed in an unknown way")
        if member.size > MAX_MEMBER or member.packed > MAX_MEMBER:
            raise MemberError("too large")
        self._file.seek(min(member.offset, self._length))
        head = self._file.read(_LOCAL.size)
        if len(head) != _LOCAL.size or head[:4] != _SIGNATURES[4]:
            raise MemberError("damaged")
        *_, names, extra = _LOCAL.unpack(head)
        self._file.seek(names + extra, 1)
        data = self._file.read(member.packed)
        if member.method == 8:
            try:
                data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, member.size + 1)
            except zlib.error:
                raise MemberError("damaged") from None
        self._left -= len(data)
        if self._left < 0:
            raise ZipError("the archive unpacks to far more than its size: refused")
        if len(data) != member.size or zlib.crc32(data) != member.crc:
            raise MemberError("checksum wrong")
        return data

    def _end(self) -> tuple[int, int, int]:
        """Members, and where the directory starts and how long it is, out of the record at the end."""
        back = min(self._length, _END.size + _ALL16)
        self._file.seek(self._length - back)
        tail = self._file.read(back)
        place = tail.rfind(_SIGNATURES[0])
        if place < 0 or len(tail) - place < _END.size:
            raise ZipError("not a zip archive, or cut off")
        _, _, _, _, count, length, start, _ = _END.unpack_from(tail, place)
        if count == _ALL16 or _ALL64 in (length, start):
            count, length, start = self._end64(tail, place, (count, length, start))
        if count > MAX_MEMBERS:
            raise ZipError(f"{count:,} members: refused")
        if start + length > self._length or count * _ENTRY.size > length:
            raise ZipError("the archive's directory is cut off or damaged")
        return count, start, length

    def _end64(self, tail: bytes, place: int, narrow: tuple[int, int, int]) -> tuple[int, int, int]:
        before = place - _END64_PLACE.size
        if before < 0 or tail[before : before + 4] != _SIGNATURES[1]:
            return narrow
        _, _, offset, _ = _END64_PLACE.unpack_from(tail, before)
        self._file.seek(min(offset, self._length))
        fields = _END64.unpack(self._file.read(_END64.size))
        if fields[0] != _SIGNATURES[2]:
            raise ZipError("the archive's directory is cut off or damaged")
        return fields[7], fields[8], fields[9]


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Size, packed size and offset with what the ZIP64 field says instead of all ones."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = (
            int.from_bytes(extra[place : place + 2], "little"),
            int.from_bytes(extra[place + 2 : place + 4], "little"),
        )
        body = extra[place + 4 : place + 4 + length]
        if kind == 1:
            numbers = iter(int.from_bytes(body[at : at + 8], "little") for at in range(0, len(body) - 7, 8))
            size, packed, offset = (next(numbers, one) if one == _ALL64 else one for one in (size, packed, offset))
            break
        place += 4 + length
    return size, packed, offset


def _when(day: int, clock: int) -> float:
    """MS-DOS date and time, taken as UTC; 0.0 where it is none."""
    try:
        return datetime(
            1980 + (day >> 9),
            day >> 5 & 15,
            day & 31,
            clock >> 11,
            clock >> 5 & 63,
            min(58, (clock & 31) * 2),
            tzinfo=UTC,
        ).timestamp()
    except ValueError:
        return 0.0
