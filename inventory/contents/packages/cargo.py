"""Rust crates of an application whose Cargo.lock was shipped with it.

Programs tell their crates themselves where they were built with cargo auditable (see `executables`). A lock file of
a crate's own sources, as cargo keeps them, says nothing of the image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from inventory.contents.finding import AnyFind, Entry
from inventory.contents.model import Package
from inventory.contents.packages.reading import Whole, lines_of, recorded, text_of, word

_STRING = re.compile(r'(?P<key>name|version|source) = "(?P<value>[^"\\]{1,500})"')
_SOURCES = ("/.cargo/", "/cargo/registry/", "/cargo/git/", "/vendor/", "/rustlib/", "/rust/deps/")


class CargoFinder(Whole):
    """Reads crates that came from a registry or a repository; the application's own are none."""

    name: ClassVar[str] = "cargo"
    limit: ClassVar[int] = 1 << 20

    def wanted(self, path: str) -> bool:
        """A lock file that is not among fetched sources."""
        return path.endswith("Cargo.lock") and (
            path.rpartition("/")[2] == "Cargo.lock" and not any(part in f"/{path}" for part in _SOURCES)
        )

    def found(self, entry: Entry, head: bytes) -> Iterator[AnyFind]:
        """All crates with a source."""
        packages: dict[tuple[str, str], Package] = {}
        for said in _tables(text_of(head)):
            name, version = word(said.get("name")), word(said.get("version"))
            if said.get("source") and name and version:
                packages[name, version] = Package("cargo", name, version, f"/{entry.path}")
        return recorded(entry, packages.values())


def _tables(text: str) -> Iterator[dict[str, str]]:
    """The [[package]] tables, line by line as cargo writes them; a whole TOML parser takes hostile text for ever."""
    table: dict[str, str] = {}
    inside = False
    for line in lines_of(text):
        if line.startswith("["):
            if table:
                yield table
            table, inside = {}, line.strip() == "[[package]]"
        elif inside and (match := _STRING.fullmatch(line.strip())):
            table[match["key"]] = match["value"]
    if table:
        yield table
