"""What all readers of package records share: bounds, text that can be kept, and the sentence about a broken record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from inventory.contents.finding import AnyFind, Entry, PackagesAt, ProblemAt, Watcher
from inventory.contents.model import Package

MAX_PACKAGES = 50_000
"""Of one record; more are cut, and said."""
MAX_PATHS = 100_000
"""Of one file list."""
_REGULAR = frozenset({"file", "hardlink"})
_MAX_TEXT = 512
_MAX_LICENSE = 120
_NOT_KEPT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Whole:
    """A finder of files that are read at once, up to `limit` bytes; the others have none of it."""

    name: ClassVar[str]
    limit: ClassVar[int]

    def wanted(self, path: str) -> bool:
        """Whether the file at this path is one to read."""
        raise NotImplementedError

    def found(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        """What the bytes say; may raise nothing."""
        raise NotImplementedError

    def notice(self, entry: Entry) -> AnyFind | None:
        """Nothing: paths alone record no package."""
        return None

    def wants(self, entry: Entry) -> int:
        """As much as the bound allows of a file that it knows."""
        return self.limit if self.wanted(entry.path) else 0

    def look(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        """What the file says; that it was cut is said too."""
        yield from self.found(entry, head)
        if len(head) < entry.size:
            yield problem(entry, f"only {len(head)} of {entry.size} bytes were read")

    def watch(self, entry: Entry) -> Watcher:
        """Never asked for: nothing is wanted as a stream."""
        raise NotImplementedError


def problem(entry: Entry, said: str) -> ProblemAt:
    """That a record could not be understood, with its path."""
    return ProblemAt(entry.path, f"/{entry.path}: {said}")


def irregular(entry: Entry) -> ProblemAt | None:
    """That in a record's place is something that cannot be read, such as a directory or a link; None for a file."""
    return None if entry.kind in _REGULAR else problem(entry, f"a {entry.kind} where a file should be, not read")


def recorded(entry: Entry, packages: Iterable[Package], problems: Iterable[str] = ()) -> Iterator[AnyFind]:
    """All packages of one file, and what was wrong with it: a few sentences, however much it was."""
    kept = tuple(packages)
    if kept:
        yield PackagesAt(entry.path, kept[:MAX_PACKAGES])
    said = list(problems)
    if len(kept) > MAX_PACKAGES:
        said.append(f"more than {MAX_PACKAGES} packages, the rest was left out")
    if said:
        more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
        yield problem(entry, said[0] + more)


def word(value: object) -> str:
    """A name or version that can be kept: text on one line, not too long. "" for anything else."""
    if not isinstance(value, str):
        return ""
    text = value.strip()
    return "" if len(text) > _MAX_TEXT or _NOT_KEPT.search(text) else text


def licenses(values: Iterable[object]) -> tuple[str, ...]:
    """Names of licences; whole licence texts, as some put there, are none."""
    words = (word(value) for value in values)
    return tuple(dict.fromkeys(each for each in words if each and len(each) <= _MAX_LICENSE))[:20]


def text_of(head: bytes) -> str:
    """Text in UTF-8 as far as it is that."""
    return head.decode("utf-8", "replace")


def lines_of(text: str) -> Iterator[str]:
    """Lines as programs know them: other signs that Unicode breaks lines at are part of one."""
    return (line.removesuffix("\r") for line in text.split("\n"))


def stanzas(text: str, separator: str = ":") -> Iterator[Mapping[str, str]]:
    """Paragraphs of `Field: value` lines (Debian control files); of folded fields the first line only."""
    fields: dict[str, str] = {}
    for line in lines_of(text):
        if not line.strip():
            if fields:
                yield fields
            fields = {}
        elif not line[0].isspace():
            field, colon, value = line.partition(separator)
            if colon:
                fields[field] = value.strip()
    if fields:
        yield fields


_PROGRAMS = re.compile(r"^(?:usr/)?(?:local/)?(?:s?bin|libexec)/|^opt/.*/s?bin/|^usr/lib/(?:go|docker)[^/]*/")
_RECORDS = re.compile(
    r"\.(?:dist-info/METADATA|egg-info(?:/PKG-INFO)?|gemspec|[jwe]ar)$"
    r"|/EGG-INFO/PKG-INFO$|/node_modules/(?:@[^/]+/)?[^/]+/package\.json$"
)
_MERGED = ("bin/", "sbin/", "lib/")


def owned(paths: Iterable[str]) -> tuple[str, ...]:
    """Of a distribution package's files those that may record another package, each with a leading slash.

    What a merged /usr moved is named both ways: lists still say /bin for what is in /usr/bin.
    """
    found: dict[str, None] = {}
    for each in paths:
        path = each.removeprefix(".").removeprefix("/")
        if (_RECORDS.search(path) or _PROGRAMS.match(path)) and len(path) <= 4096 and not _NOT_KEPT.search(path):
            found[f"/{path}"] = None
            if path.startswith(_MERGED):
                found[f"/usr/{path}"] = None
            elif path.startswith("usr/") and path[4:].startswith(_MERGED):
                found[path[3:]] = None
            if len(found) >= MAX_PATHS:
                break
    return tuple(found)
