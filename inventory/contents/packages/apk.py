"""Alpine's packages: the installed database of apk, one file for names and files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from inventory.contents.finding import AnyFind, Entry, OwnedAt
from inventory.contents.model import Package
from inventory.contents.packages.reading import Whole, irregular, licenses, lines_of, owned, recorded, text_of, word

_PATHS = frozenset({"lib/apk/db/installed", "usr/lib/apk/db/installed"})


class ApkFinder(Whole):
    """P name, V version, A architecture, L licence, o origin (the source), then F directories with R files."""

    name: ClassVar[str] = "apk 2"
    limit: ClassVar[int] = 64 << 20

    def wanted(self, path: str) -> bool:
        """The database, before and after the merge of /usr."""
        return path in _PATHS

    def notice(self, entry: Entry) -> AnyFind | None:
        """What is there in place of the file hides all packages."""
        return irregular(entry) if entry.path in _PATHS else None

    def found(self, entry: Entry, head: bytes) -> Iterator[AnyFind]:
        """Every package with a name and a version."""
        packages, owners, problems = [], [], []
        for lines in _blocks(text_of(head)):
            fields, files = _read(lines)
            name, version = word(fields.get("P")), word(fields.get("V"))
            if not name or not version:
                problems.append("a package has no name or no version")
                continue
            origin = word(fields.get("o"))
            other = origin not in ("", name)
            packages.append(
                Package(
                    "apk",
                    name,
                    version,
                    f"/{entry.path}",
                    source=origin if other else "",
                    source_version=version if other else "",
                    architecture=word(fields.get("A")),
                    licenses=licenses((fields.get("L"),)),
                )
            )
            paths = owned(files)
            if paths:
                owners.append(OwnedAt(entry.path, name, paths))
        yield from recorded(entry, packages, problems)
        yield from owners


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in lines_of(text):
        if line:
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _read(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    fields: dict[str, str] = {}
    files: list[str] = []
    directory = ""
    for line in lines:
        field, value = line[0], line[2:]
        if line[1:2] != ":":
            continue
        if field == "F":
            directory = value
        elif field == "R":
            files.append(f"{directory}/{value}")
        else:
            fields.setdefault(field, value)
    return fields, files
