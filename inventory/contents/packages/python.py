"""Python distributions: dist-info and egg-info, wherever they are installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from inventory.contents.finding import AnyFind, Entry
from inventory.contents.model import Package
from inventory.contents.packages.reading import Whole, licenses, lines_of, recorded, text_of, word

_ENDS = (".dist-info/METADATA", ".egg-info/PKG-INFO", ".egg-info", "/EGG-INFO/PKG-INFO")
_FIELD = re.compile(r"(?P<name>[A-Za-z-]+):[ \t]*(?P<value>.*)")


class PythonFinder(Whole):
    """Name and version as the core metadata has them; the head suffices, as descriptions come last."""

    name: ClassVar[str] = "python"
    limit: ClassVar[int] = 256 << 10

    def wanted(self, path: str) -> bool:
        """Core metadata of an installed distribution."""
        return path.endswith(_ENDS)

    def look(self, entry: Entry, head: bytes) -> Iterator[AnyFind]:
        """As `found`: what is behind the head is description."""
        return self.found(entry, head)

    def found(self, entry: Entry, head: bytes) -> Iterator[AnyFind]:
        """One distribution, or a problem where it says no name or version."""
        fields: dict[str, str] = {}
        for line in lines_of(text_of(head)):
            if not line.strip():
                break
            match = _FIELD.match(line)
            if match:
                fields.setdefault(match["name"].lower(), match["value"])
        name, version = word(fields.get("name")), word(fields.get("version"))
        if not name or not version:
            return recorded(entry, (), ("no name or no version",))
        license_ = fields.get("license-expression") or fields.get("license")
        if license_ == "UNKNOWN":
            license_ = ""
        return recorded(entry, (Package("pypi", name, version, f"/{entry.path}", licenses=licenses((license_,))),))
