"""Rust crates of an application whose Cargo.lock was shipped with it.

Programs tell their crates themselves where they were built with cargo auditable (see `executables`). A lock file of
a crate's own sources, as cargo keeps them, says nothing of the image.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import ClassVar

from inventory.contents.finding import AnyFind, Entry
from inventory.contents.model import Package
from inventory.contents.packages.reading import Whole, recorded, text_of, word

_SOURCES = ("/.cargo/", "/cargo/registry/", "/cargo/git/", "/vendor/", "/rustlib/", "/rust/deps/")


class CargoFinder(Whole):
    """Reads crates that came from a registry or a repository; the application's own are none."""

    name: ClassVar[str] = "cargo"
    limit: ClassVar[int] = 4 << 20

    def wanted(self, path: str) -> bool:
        """A lock file that is not among fetched sources."""
        return path.endswith("Cargo.lock") and (
            path.rpartition("/")[2] == "Cargo.lock" and not any(part in f"/{path}" for part in _SOURCES)
        )

    def found(self, entry: Entry, head: bytes) -> Iterator[AnyFind]:
        """All crates with a source."""
        try:
            listed = tomllib.loads(text_of(head)).get("package", [])
        except (ValueError, RecursionError):
            return recorded(entry, (), ("no TOML document",))
        packages = {}
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, dict) and word(each.get("source")):
                name, version = word(each.get("name")), word(each.get("version"))
                if name and version:
                    packages[name, version] = Package("cargo", name, version, f"/{entry.path}")
        return recorded(entry, packages.values())
