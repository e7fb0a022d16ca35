"""Programs that carry a list of what they were linked from: Go's build information, Rust's audit data.

A program goes by once, in pieces. Go writes `\\xff Go buildinf:` in front of its version and its modules (since 1.18;
before, addresses stand there, but the text of the modules lies elsewhere in the program between two marks). cargo
auditable puts a compressed JSON text into a section of its own. Where the sections are is told at the end of a file,
when their contents are long gone by, so the beginnings of such texts are looked for instead.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec

from inventory.contents.finding import STREAM, AnyFind, Entry, Watcher
from inventory.contents.model import Package
from inventory.contents.packages.go_modules import INFO_END, INFO_START, modules, standard_library
from inventory.contents.packages.reading import recorded, word

_SMALLEST = 100_000
_ELF = b"\x7fELF"
_LIBRARY = re.compile(r"\.so(?:\.|$)|\.(?:py|sh|pl|rb|js|jar|txt|md|html)$")
_MAGIC = b"\xff Go buildinf:"
_INLINE = 2
_HEADER = 32
_MAX_INFO = 4 << 20
_MAX_LISTS = 16
_MAX_CANDIDATES = 100_000
_ZLIB = re.compile(rb"x[\x01\x5e\x9c\xda]")
_AUDIT_START = b'{"packages":['
_PROBE = 64
_MAX_AUDIT = 8 << 20


class ExecutableFinder:
    """Looks through every program of some size for the lists of its parts."""

    name: ClassVar[str] = "executables"

    def notice(self, entry: Entry) -> AnyFind | None:
        """Nothing: another name of a program adds no package."""
        return None

    def wants(self, entry: Entry) -> int:
        """All of what may be a program."""
        if entry.mode & 0o111 and entry.size >= _SMALLEST and not _LIBRARY.search(entry.name):
            return STREAM
        return 0

    def look(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        """Never asked for: programs go by in pieces."""
        return ()

    def watch(self, entry: Entry) -> Watcher:
        """Looks for both kinds."""
        return _Programs(entry)


class _Programs:
    """Keeps no more than the piece and what a list may still need.

    `_rest` are bytes from file position `_at` on; what lies before `_seen` of them has been searched.
    """

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._rest = b""
        self._started = self._over = False
        self._go = _GoLists()
        self._rust = _RustLists()

    def feed(self, piece: bytes) -> None:
        """Search the piece, unless the file is no program."""
        if self._over:
            return
        if not self._started:
            self._rest += piece
            if len(self._rest) < len(_ELF):
                return
            if not self._rest.startswith(_ELF):
                self._over, self._rest = True, b""
                return
            self._started, piece, self._rest = True, self._rest, b""
        self._go.feed(piece)
        self._rust.feed(piece)

    def end(self) -> Iterable[AnyFind]:
        """The modules and crates."""
        if self._over or not self._started:
            return ()
        path = f"/{self._entry.path}"
        packages, problems = self._go.packages(path)
        crates, more = self._rust.packages(path)
        return recorded(self._entry, (*packages, *crates), (*problems, *more))


class _Search:
    """Finds marks in a stream: `hit` is called with all that is at hand from the mark on, until it needs no more."""

    lookback: ClassVar[int]

    def __init__(self) -> None:
        self._kept = b""
        self._collecting = False

    def feed(self, piece: bytes) -> None:
        data = self._kept + piece if self._kept else piece
        position = 0
        while True:
            if not self._collecting:
                position = self.find(data, position)
                if position < 0:
                    self._kept = data[-self.lookback :]
                    return
                self._collecting = True
            used = self.hit(data, position, last=False)
            if used == 0:  # not all of it is here yet
                self._kept = data[position:]
                return
            self._collecting = False
            position += used

    def finish(self) -> None:
        """The stream is over: what is at hand is all there is."""
        data, position = self._kept, 0
        self._kept = b""
        if not self._collecting:
            return
        while position >= 0:
            position += max(self.hit(data, position, last=True), 1)
            position = self.find(data, position)

    def find(self, data: bytes, start: int) -> int:
        """Where the next mark begins, or -1."""
        raise NotImplementedError

    def hit(self, data: bytes, position: int, *, last: bool) -> int:
        """Take what begins there; how many bytes to go on after, 0 if more are needed first."""
        raise NotImplementedError


class _GoLists(_Search):
    lookback = len(_MAGIC) - 1 if len(_MAGIC) > len(INFO_START) else len(INFO_START) - 1

    def __init__(self) -> None:
        super().__init__()
        self._marked = False
        self._version = ""
        self._texts: dict[str, None] = {}
        self._cut = False
        self._searched = b""
        self._ahead = [-1, -1]

    def find(self, data: bytes, start: int) -> int:
        if data is not self._searched:
            self._searched, self._ahead = data, [-1, -1]
        for which, mark in enumerate((_MAGIC, INFO_START)):
            if self._ahead[which] < start:  # else it is known from the search before
                found = data.find(mark, start)
                self._ahead[which] = found if found >= 0 else len(data)
        first = min(self._ahead)
        return first if first < len(data) else -1

    def hit(self, data: bytes, position: int, *, last: bool) -> int:
        if data.startswith(_MAGIC, position):
            return self._information(data, position, last)
        return self._text(data, position, last)

    def _information(self, data: bytes, position: int, last: bool) -> int:
        """The version, where it stands inline; the modules follow between their marks and are found by those."""
        if len(data) - position < _HEADER + 256 and not last:
            return 0
        self._marked = True
        if len(data) - position > _HEADER and data[position + len(_MAGIC) + 1] & _INLINE:
            size, start = _varint(data, position + _HEADER)
            version = data[start : start + size] if 0 < size <= 200 else b""
            if version.startswith((b"go", b"devel")):
                self._version = self._version or version.decode("utf-8", "replace")
        return len(_MAGIC)

    def _text(self, data: bytes, position: int, last: bool) -> int:
        start = position + len(INFO_START)
        again = data.find(INFO_START, start, start + _MAX_INFO)  # what has no end is not searched twice
        end = data.find(INFO_END, start, again if again >= 0 else start + _MAX_INFO)
        if end < 0:
            if again < 0 and len(data) - start < _MAX_INFO and not last:
                return 0
            self._cut = data.startswith(b"path\t", start)
            return len(INFO_START)
        if data.startswith((b"path\t", b"mod\t", b"dep\t"), start) and len(self._texts) < _MAX_LISTS:
            self._texts[data[start:end].decode("utf-8", "replace")] = None
        return end + len(INFO_END) - position

    def packages(self, path: str) -> tuple[list[Package], list[str]]:
        self.finish()
        if not self._marked or not (self._version or self._texts):
            return [], []
        found = [package for text in self._texts for package in modules(path, text)]
        found += standard_library(path, self._version)
        return list(dict.fromkeys(found)), ["Go's list of modules does not end"] if self._cut else []


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """An unsigned number in base 128 and where it ends; (0, position) where there is none."""
    value = 0
    for shift, byte in enumerate(data[position : position + 5]):
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, position + shift + 1
    return 0, position


class _Crate(msgspec.Struct):
    """A package of audit data; `kind` is build for what only the build used."""

    name: Any = None
    version: Any = None
    kind: Any = None
    root: Any = None


class _Audit(msgspec.Struct):
    packages: list[_Crate]


class _RustLists(_Search):
    lookback = 1

    def __init__(self) -> None:
        super().__init__()
        self._inflating: Any = None
        self._out = b""
        self._crates: dict[tuple[str, str], None] = {}
        self._problems: list[str] = []
        self._candidates = 0
        self._given_up = False

    def feed(self, piece: bytes) -> None:
        """Inflate where a list was found, else search on."""
        if self._inflating is not None:
            piece = self._inflate(piece)
        if piece and self._candidates < _MAX_CANDIDATES:
            super().feed(piece)
        elif piece and not self._given_up:
            self._given_up = True
            self._problems.append("too many places where Rust's list of crates might be")

    def find(self, data: bytes, start: int) -> int:
        match = _ZLIB.search(data, start)
        return match.start() if match else -1

    def hit(self, data: bytes, position: int, *, last: bool) -> int:
        if len(data) - position < _PROBE and not last:
            return 0
        self._candidates += 1
        probe = zlib.decompressobj()
        try:
            begins = probe.decompress(data[position : position + _PROBE], len(_AUDIT_START))
        except zlib.error:
            return 2
        if begins != _AUDIT_START:
            return 2
        self._inflating, self._out = zlib.decompressobj(), b""
        rest = self._inflate(data[position:])
        return len(data) - position - len(rest)

    def _inflate(self, piece: bytes) -> bytes:
        """Unpack on; returns what comes after the list."""
        try:
            self._out += self._inflating.decompress(piece, _MAX_AUDIT - len(self._out) + 1)
        except zlib.error:
            self._fail("damaged")
            return b""
        if len(self._out) > _MAX_AUDIT:
            self._fail("too long")
            return b""
        if not self._inflating.eof:
            return b""
        rest: bytes = self._inflating.unused_data
        self._inflating = None
        self._take()
        return rest

    def _fail(self, how: str) -> None:
        self._inflating = None
        self._problems.append(f"Rust's list of crates is {how}")

    def _take(self) -> None:
        try:
            audit = msgspec.json.decode(self._out, type=_Audit)
        except (ValueError, RecursionError):
            self._problems.append("Rust's list of crates is damaged")
            return
        for crate in audit.packages:
            name, version = word(crate.name), word(crate.version)
            if name and version and crate.kind != "build":
                self._crates[name, version] = None

    def packages(self, path: str) -> tuple[list[Package], list[str]]:
        self.finish()
        if self._inflating is not None:
            self._fail("cut off")
        return [Package("cargo", name, version, path) for name, version in self._crates], self._problems
