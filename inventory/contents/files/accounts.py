"""Who may log in: /etc/passwd, /etc/shadow and /etc/group. Of passwords only what kind they are is ever kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from inventory.contents.files.finder import Idle
from inventory.contents.finding import AccountLine, AccountsAt, AnyFind, Entry, ProblemAt

LARGEST = 1 << 20
"""Bytes that are read of one; ten thousand accounts fit."""
MOST = 20_000
"""Accounts of one file."""
_LONGEST = 256
_PASSWD, _SHADOW, _GROUP = "etc/passwd", "etc/shadow", "etc/group"
_PATHS = frozenset((_PASSWD, _SHADOW, _GROUP))


class Accounts(Idle):
    """Lines that the C library would take: others, and those of NIS (`+`, `-`), name nobody of this image."""

    name: ClassVar[str] = "accounts"

    def wants(self, entry: Entry) -> int:
        """All of these files."""
        return LARGEST if entry.path in _PATHS else 0

    def look(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        """One find for the file, and a problem where it is longer than any such file."""
        lines = tuple(_lines(entry.path, head))
        yield AccountsAt(entry.path, lines[:MOST])
        if len(head) < entry.size or len(lines) > MOST:
            yield ProblemAt(entry.path, f"/{entry.path} is too long: not all of its accounts were read")


def _lines(path: str, text: bytes) -> Iterator[AccountLine]:
    for raw in text.split(b"\n", MOST + 1)[: MOST + 1]:
        fields = raw.decode("utf-8", "replace").split(":")
        name = fields[0].strip()
        if len(fields) < 2 or not name or name[0] in "#+-":
            continue
        name = name[:_LONGEST]
        if path == _SHADOW:
            yield AccountLine(name, password=_state(fields[1]))
        elif path == _GROUP:
            if len(fields) >= 3 and (gid := _number(fields[2])) >= 0:
                yield AccountLine(name, gid=gid)
        elif len(fields) >= 4 and (uid := _number(fields[2])) >= 0 and (gid := _number(fields[3])) >= 0:
            home, shell = (fields[index][:_LONGEST].strip() if len(fields) > index else "" for index in (5, 6))
            yield AccountLine(name, uid, gid, home, shell, "" if fields[1] == "x" else _state(fields[1]))


def _state(password: str) -> str:
    """Of crypt(5): what begins with `!` or `*`, or can be no hash, lets nobody in."""
    if not password:
        return "empty"
    return "hash" if len(password) >= 13 and password[0] not in "!*" else "locked"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else -1
