"""Debian's packages: /var/lib/dpkg/status, and the single files of images without a package manager (status.d)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from inventory.contents.finding import AnyFind, Entry, OwnedAt
from inventory.contents.model import Package
from inventory.contents.packages.reading import (
    Whole,
    irregular,
    lines_of,
    owned,
    problem,
    recorded,
    stanzas,
    text_of,
    word,
)

_STATUS = "var/lib/dpkg/status"
_SINGLE = "var/lib/dpkg/status.d/"
_INFO = "var/lib/dpkg/info/"
_SUMS = ".md5sums"
_GONE = frozenset({"not-installed", "config-files"})  # no program of it is on the disk; in all other states some are
_SOURCE = re.compile(r"([A-Za-z0-9][A-Za-z0-9+.-]*)(?:\s+\((\S+)\))?")


class DpkgFinder(Whole):
    """Reads what dpkg says is installed, by source package too, as advisories name that."""

    name: ClassVar[str] = "dpkg 2"
    limit: ClassVar[int] = 64 << 20

    def wanted(self, path: str) -> bool:
        """The status file, or one of many."""
        return path.startswith("var/lib/dpkg/") and (
            path == _STATUS or (path.startswith(_SINGLE) and not path.endswith(_SUMS))
        )

    def notice(self, entry: Entry) -> AnyFind | None:
        """What is there in place of a file hides packages."""
        path, kind = entry.path, entry.kind
        if kind == "file" or not self.wanted(path) or (kind == "directory" and path != _STATUS):
            return None
        return irregular(entry)

    def found(self, entry: Entry, head: bytes) -> Iterator[AnyFind]:
        """Packages of which files are there; a stanza without name or version is a problem, and so is no stanza."""
        packages, problems = [], []
        single = entry.path != _STATUS
        fields: Mapping[str, str] = {}
        for fields in stanzas(text_of(head)):
            state = fields.get("Status", "").split()
            if (not state and not single) or (state and state[-1] in _GONE):
                if not state:
                    problems.append(f"package {word(fields.get('Package', ''))!r} has no status")
                continue
            package = _package(entry.path, fields)
            if package is None:
                problems.append("a package has no name or no version")
            else:
                packages.append(package)
        if not fields and head.strip():
            problems.append("no list of packages")
        return recorded(entry, packages, problems)


def _package(path: str, fields: Mapping[str, str]) -> Package | None:
    name, version = word(fields.get("Package")), word(fields.get("Version"))
    if not name or not version:
        return None
    match = _SOURCE.fullmatch(word(fields.get("Source")))
    source, source_version = (match[1], match[2] or version) if match else (name, version)
    same = (source, source_version) == (name, version)
    return Package(
        "deb",
        name,
        version,
        f"/{path}",
        source="" if same else source,
        source_version="" if same else source_version,
        architecture=word(fields.get("Architecture")),
    )


class DpkgFilesFinder(Whole):
    """Reads which package a file belongs to: info/NAME.list, or the sums beside a single status file."""

    name: ClassVar[str] = "dpkg files"
    limit: ClassVar[int] = 16 << 20

    def wanted(self, path: str) -> bool:
        """A list of a package's files."""
        return path.startswith("var/lib/dpkg/") and (
            (path.startswith(_INFO) and path.endswith(".list")) or (path.startswith(_SINGLE) and path.endswith(_SUMS))
        )

    def found(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        """Paths that may record another package."""
        text = text_of(head)
        lines: Iterable[str] = lines_of(text)
        if entry.name.endswith(_SUMS):
            lines = (line.partition("  ")[2] for line in lines)
        package = word(entry.name.rpartition(".")[0].partition(":")[0])
        paths = owned(lines)
        if not package:
            return (problem(entry, "not the name of a package"),)
        return (OwnedAt(entry.path, package, paths),) if paths else ()
