"""The header of an installed rpm package, as its databases keep it: an index of tags, then their values."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_COUNTS = struct.Struct(">II")
_TAG = struct.Struct(">IIII")
_MAX_TAGS = 0x10000
_MAX_VALUES = 1_000_000
_INT32, _STRING, _STRING_ARRAY, _I18N = 4, 6, 8, 9

NAME, VERSION, RELEASE, EPOCH = 1000, 1001, 1002, 1003
LICENSE, ARCH, SOURCERPM = 1014, 1022, 1044
OLD_FILENAMES, DIRINDEXES, BASENAMES, DIRNAMES = 1027, 1116, 1117, 1118
MODULARITY_LABEL = 5096


class Header(NamedTuple):
    """Values by tag, decoded when asked for. Whatever is out of bounds is not there."""

    tags: dict[int, tuple[int, int, int]]
    data: bytes

    def text(self, tag: int) -> str:
        """A string, or the first of several."""
        return next(self.texts(tag), "")

    def texts(self, tag: int) -> Iterator[str]:
        """The strings of a tag."""
        kind, position, count = self.tags.get(tag, (0, 0, 0))
        if kind not in (_STRING, _STRING_ARRAY, _I18N):
            return
        for _ in range(min(1 if kind == _STRING else count, _MAX_VALUES)):
            end = self.data.find(b"\0", position)
            if end < 0:
                return
            yield self.data[position:end].decode("utf-8", "replace")
            position = end + 1

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The 32-bit numbers of a tag."""
        kind, position, count = self.tags.get(tag, (0, 0, 0))
        count = min(count, _MAX_VALUES)
        if kind != _INT32 or position + 4 * count > len(self.data):
            return ()
        return struct.unpack_from(f">{count}I", self.data, position)

    def paths(self) -> Iterator[str]:
        """The package's files: names in numbered directories, or whole ones as old packages have them."""
        directories = list(self.texts(DIRNAMES))
        numbers = self.numbers(DIRINDEXES)
        for number, name in zip(numbers, self.texts(BASENAMES), strict=False):
            if number < len(directories):
                yield directories[number] + name
        if not numbers:
            yield from self.texts(OLD_FILENAMES)


def header(blob: bytes) -> Header | None:
    """The header in these bytes; None where they are none."""
    if len(blob) < _COUNTS.size:
        return None
    count, size = _COUNTS.unpack_from(blob)
    start = _COUNTS.size + count * _TAG.size
    if not 0 < count <= _MAX_TAGS or start + size > len(blob):
        return None
    tags: dict[int, tuple[int, int, int]] = {}
    for tag, kind, offset, values in _TAG.iter_unpack(blob[_COUNTS.size : start]):
        if offset < size:
            tags.setdefault(tag, (kind, offset, values))
    return Header(tags, blob[start : start + size])
