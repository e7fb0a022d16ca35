"""A tar archive as a stream: ustar, pax and GNU, as engines write and read layers (tar(5), POSIX pax).

The standard library's reader takes a member's extended header into memory whatever its size, and seeks to find sparse
parts. This one has bounds and only goes forward.
"""

from __future__ import annotations

from collections.abc import Iterator

from inventory.contents.finding import Entry
from inventory.contents.guard import Guard, Problems
from inventory.contents.layer import CutError, Member
from inventory.contents.paths import RefusedError, normalised, whiteout
from inventory.sources.layers.stream import Source

BLOCK = 512
_LONGEST_EXTENSION = 1 << 20
_SPARSE = b"GNU.sparse."
_ZEROS = bytes(BLOCK)
_KINDS = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"1": "hardlink",
    b"2": "symlink",
    b"3": "char",
    b"4": "block",
    b"5": "directory",
    b"6": "fifo",
    b"S": "sparse",
}
_FIELDS = frozenset({b"path", b"linkpath", b"size", b"uid", b"gid"})
_SPARSE_FIELDS = frozenset(_SPARSE + key for key in (b"name", b"realsize", b"size", b"major", b"map", b"numblocks"))


class TarBody:
    """The rest of the current member's bytes."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self.left = size

    def read(self, size: int) -> bytes:
        """See `Body.read`."""
        size = min(size, self.left)
        found = self._source.read(size)
        self.left -= len(found)
        if len(found) < size:
            raise CutError(f"a layer ends {self.left} bytes before the end of a file")
        return found

    def some(self) -> bytes:
        """The bytes at hand, none at the end. Raises `CutError`."""
        if not self.left:
            return b""
        found = self._source.some(self.left)
        self.left -= len(found)
        if not found:
            raise CutError(f"an archive ends {self.left} bytes before the end of a member")
        return found


class Raw:
    """One member as the archive has it: names as bytes, `kind` as in `Entry` or `sparse`, "" for an unknown one."""

    __slots__ = ("body", "gid", "kind", "link", "mode", "name", "refused", "size", "uid")

    def __init__(self, header: bytes) -> None:
        self.name = header[:100].partition(b"\0")[0]
        if header[257:262] == b"ustar":
            prefix = b"" if header[262:265] == b"  \0" else header[345:500].partition(b"\0")[0]
            if prefix:
                self.name = prefix + b"/" + self.name
        self.mode = _number(header[100:108]) & 0o7777
        self.uid = _number(header[108:116])
        self.gid = _number(header[116:124])
        self.size = _number(header[124:136])
        self.kind = _KINDS.get(header[156:157], "")
        self.link = header[157:257].partition(b"\0")[0]
        self.refused = ""
        self.body: TarBody | None = None

    def extend(self, fields: dict[bytes, bytes]) -> None:
        """Apply an extended header."""
        self.name = fields.get(b"path", self.name)
        self.link = fields.get(b"linkpath", self.link)
        for key, name in ((b"size", "size"), (b"uid", "uid"), (b"gid", "gid")):
            if key in fields:
                setattr(self, name, _decimal(fields[key]))
        if any(key.startswith(_SPARSE) for key in fields):
            self.kind = "sparse"
            self.name = fields.get(b"GNU.sparse.name", self.name)


def raw_members(source: Source) -> Iterator[Raw]:
    """The members in order. Raises `CutError` where the archive is cut off or no archive."""
    fields: dict[bytes, bytes] = {}
    refused = ""
    while True:
        at = source.at
        header = source.read(BLOCK)
        if not header and fields:
            raise CutError("a layer ends after an extended header")
        if not header or header == _ZEROS:
            return
        if len(header) < BLOCK:
            raise CutError("a layer ends in the middle of a header")
        _check(header, at)
        flag = header[156:157]
        if flag in b"xgLK":
            size = _number(header[124:136])
            if flag == b"g" or size > _LONGEST_EXTENSION:
                refused = refused or ("name too long" if flag != b"g" else "")
                _pass(source, _padded(size))
                continue
            data = source.read(_padded(size))
            if len(data) < _padded(size):
                raise CutError("a layer ends in the middle of an extended header")
            if flag == b"x":
                fields.update(_records(data[:size]))
            else:
                fields[b"path" if flag == b"L" else b"linkpath"] = data[:size].partition(b"\0")[0]
            continue
        raw = Raw(header)
        stored = raw.size
        if fields:
            raw.extend(fields)
            stored = raw.size
            real = fields.get(b"GNU.sparse.realsize", fields.get(b"GNU.sparse.size", b""))
            raw.size = _decimal(real) if real else raw.size
            fields = {}
        elif raw.kind == "sparse":
            raw.size = _number(header[483:495])
            more = header[482:483]
            while more not in {b"", b"\0"}:
                extension = source.read(BLOCK)
                if len(extension) < BLOCK:
                    raise CutError("a layer ends in the middle of a sparse map")
                more = extension[504:505]
        raw.refused, refused = refused, ""
        if raw.kind == "file" and flag == b"\0" and raw.name.endswith(b"/"):
            raw.kind = "directory"
        if raw.kind not in {"file", "sparse", ""}:
            stored = raw.size = 0
        body = TarBody(source, stored)
        raw.body = body if raw.kind == "file" else None
        yield raw
        _pass(source, body.left + -stored % BLOCK)


def members(source: Source, guard: Guard, problems: Problems) -> Iterator[Member]:
    """A layer's entries, refused ones left out and noted. Raises `CutError`, `TooMuchError`, `StoppedError`."""
    for raw in raw_members(source):
        try:
            if raw.refused:
                raise RefusedError(raw.refused)
            path = normalised(raw.name)
            if not path:
                continue  # the root itself
            path, marker = whiteout(path)
            if marker:
                if marker != "skip":
                    yield Entry(path, marker, 0, 0, 0, 0), None
                continue
            link = normalised(raw.link) if raw.kind == "hardlink" else _text(raw.link)
        except RefusedError as error:
            guard.entry()
            problems.note(f"refused in a layer: {error}", _text(raw.name[:200]))
            continue
        kind = raw.kind
        if not kind:
            problems.note("an entry of unknown type in a layer", path)
            continue
        if kind == "sparse":
            kind = "file"
        yield Entry(path, kind, raw.mode, raw.uid, raw.gid, raw.size, link), raw.body


def is_tar(begin: bytes) -> bool:
    """Whether an archive begins so; an empty one is zeros."""
    if len(begin) < BLOCK:
        return False
    try:
        _check(begin[:BLOCK], 0)
    except CutError:
        return begin[:BLOCK] == _ZEROS
    return True


def _pass(source: Source, size: int) -> None:
    if source.skip(size) < size:
        raise CutError("a layer ends before the end of a file")


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _check(header: bytes, at: int) -> None:
    told = _number(header[148:156])
    found = sum(header) - sum(header[148:156]) + 256
    if told != found and told != found - 256 * sum(byte > 127 for byte in header[:148] + header[156:]):
        raise CutError(f"a layer is no tar archive from byte {at} on")


def _number(field: bytes) -> int:
    """Octal, or base 256 where the first bit is set. Never negative. Raises `CutError`."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        if value >> 62:  # negative, or larger than anything
            value = -1
    else:
        try:
            value = int(field.partition(b"\0")[0].strip() or b"0", 8)
        except ValueError:
            value = -1
    if value < 0:
        raise CutError("a layer has a header that is damaged")
    return value


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 19:
        raise CutError("a layer has an extended header that is damaged")
    return int(text)


def _records(data: bytes) -> dict[bytes, bytes]:
    """The records of a pax header that count here; `LENGTH KEY=VALUE` and a line end each. Raises `CutError`."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 20)
        length = data[at:space] if space > 0 else b""
        if not length.isdigit() or int(length) < 5 or at + int(length) > len(data):
            raise CutError("a layer has an extended header that is damaged")
        key, _, value = data[space + 1 : at + int(length) - 1].partition(b"=")
        at += int(length)
        if key in _FIELDS or key in _SPARSE_FIELDS:
            found[key] = value
    return found


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
