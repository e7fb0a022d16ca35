"""rpm's packages: the headers of its database, or the list that images without rpm carry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from inventory.contents.finding import AnyFind, Entry, OwnedAt
from inventory.contents.model import Package
from inventory.contents.packages import rpm_header as tags
from inventory.contents.packages.reading import (
    MAX_PACKAGES,
    Whole,
    irregular,
    licenses,
    lines_of,
    owned,
    problem,
    recorded,
    text_of,
    word,
)
from inventory.contents.packages.rpm_database import Unreadable, blobs
from inventory.contents.packages.rpm_header import Header, header

_FOLDERS = ("var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/")
_DATABASES = frozenset(folder + name for folder in _FOLDERS for name in ("rpmdb.sqlite", "Packages.db", "Packages"))
_LOGS = frozenset(folder + "rpmdb.sqlite-wal" for folder in _FOLDERS)
_MANIFEST = "var/lib/rpmmanifest/container-manifest-2"
_SOURCE = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)-(?P<release>[^-]+)\.(?:no)?src\.rpm")
_MANIFEST_COLUMNS = 10


class RpmFinder(Whole):
    """Reads name, epoch, version, release, architecture, source, licence and module stream of every package."""

    name: ClassVar[str] = "rpm 2"
    limit: ClassVar[int] = 64 << 20

    def wanted(self, path: str) -> bool:
        """A database of any kind in its usual places, or the list of an image without one."""
        return path in _DATABASES or path == _MANIFEST

    def notice(self, entry: Entry) -> AnyFind | None:
        """Changes that lie beside the database are not in it; what is there in place of a file hides all packages."""
        if entry.path in _LOGS and entry.size > 0:
            return problem(entry, "changes of the rpm database that were never written into it, not read")
        return irregular(entry) if self.wanted(entry.path) else None

    def found(self, entry: Entry, head: bytes) -> Iterator[AnyFind]:
        """All packages up to where the database is damaged."""
        if entry.path == _MANIFEST:
            return _manifest(entry, head)
        return _database(entry, head)


def _database(entry: Entry, head: bytes) -> Iterator[AnyFind]:
    packages: list[Package] = []
    owners: list[OwnedAt] = []
    problems: list[str] = []
    try:
        for blob in blobs(head):
            read = header(blob)
            package = read and _package(entry.path, read)
            if not package or not read:
                problems.append("a package has no name or no version")
                continue
            if package.name == "gpg-pubkey":
                continue  # a key that signs packages, kept among them
            packages.append(package)
            paths = owned(read.paths())
            if paths:
                owners.append(OwnedAt(entry.path, package.name, paths))
            if len(packages) > MAX_PACKAGES:
                break
    except Unreadable as reason:
        problems.append(f"the rpm database is {reason}" if packages else str(reason))
    yield from recorded(entry, packages, problems)
    yield from owners


def _package(path: str, read: Header) -> Package | None:
    version = word(read.text(tags.VERSION))
    release = word(read.text(tags.RELEASE))
    epoch = next(iter(read.numbers(tags.EPOCH)), 0)
    return _made(
        path,
        word(read.text(tags.NAME)),
        version,
        release,
        epoch,
        word(read.text(tags.SOURCERPM)),
        word(read.text(tags.ARCH)),
        licenses((read.text(tags.LICENSE),)),
        word(read.text(tags.MODULARITY_LABEL)),
    )


def _made(
    path: str,
    name: str,
    version: str,
    release: str,
    epoch: int,
    source_rpm: str,
    architecture: str,
    licensed: tuple[str, ...] = (),
    module: str = "",
) -> Package | None:
    """A package; its source has its epoch, as no file name tells one."""
    if not name or not version:
        return None
    prefix = f"{epoch}:" if epoch else ""
    full = f"{prefix}{version}-{release}" if release else f"{prefix}{version}"
    match = _SOURCE.fullmatch(source_rpm)
    source = (match["name"], f"{prefix}{match['version']}-{match['release']}") if match else (name, full)
    same = source == (name, full)
    return Package(
        "rpm",
        name,
        full,
        f"/{path}",
        source="" if same else source[0],
        source_version="" if same else source[1],
        architecture="" if architecture == "(none)" else architecture,
        licenses=licensed,
        module="" if module == "(none)" else module,
    )


def _manifest(entry: Entry, head: bytes) -> Iterator[AnyFind]:
    """Lines of name, version-release, two times, vendor, epoch or (none), size, architecture, epoch, source."""
    packages, problems = [], []
    for line in lines_of(text_of(head)):
        columns = [word(column) for column in line.split("\t")]
        package = None
        if len(columns) >= _MANIFEST_COLUMNS:
            version, _, release = columns[1].partition("-")
            epoch = int(columns[8]) if columns[8].isascii() and columns[8].isdigit() and len(columns[8]) < 10 else 0
            package = _made(entry.path, columns[0], version, release, epoch, columns[9], columns[7])
        if package:
            packages.append(package)
        elif line.strip():
            problems.append("a line is no package")
    return recorded(entry, packages, problems)
