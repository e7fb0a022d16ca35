"""Ruby gems: specifications/NAME-VERSION.gemspec, as RubyGems writes it. Gems from git checkouts have none there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from inventory.contents.finding import AnyFind, Entry
from inventory.contents.model import Package
from inventory.contents.packages.reading import Whole, licenses, recorded, text_of, word

_STUB = re.compile(r"^# stub: (?P<name>\S{1,200}) (?P<version>\S{1,200}) (?P<platform>\S{1,100}) ", re.MULTILINE)
_NAME = re.compile(r"""^[ \t]*\w{1,40}\.name\s*=\s*["'](?P<value>[^"'\n]{1,200})["']""", re.MULTILINE)
_VERSION = re.compile(
    r"""^[ \t]*\w{1,40}\.version\s*=\s*(?:Gem::Version\.new\(?\s*)?["'](?P<value>[^"'\n]{1,200})["']""", re.MULTILINE
)
_LICENSES = re.compile(r"^[ \t]*\w{1,40}\.licenses?\s*=\s*(?P<value>[^\n]{1,1000})", re.MULTILINE)
_QUOTED = re.compile(r"""["']([^"']{1,100})["']""")


class RubyFinder(Whole):
    """The program that a specification is is not run: its first comment says all, else its assignments do."""

    name: ClassVar[str] = "ruby"
    limit: ClassVar[int] = 256 << 10

    def wanted(self, path: str) -> bool:
        """A specification of an installed gem, one that comes with Ruby included."""
        return path.endswith(".gemspec") and path.rpartition("/")[0].endswith(("/specifications", "/default"))

    def found(self, entry: Entry, head: bytes) -> Iterator[AnyFind]:
        """One gem."""
        text = text_of(head)
        stub = _STUB.search(text)
        if stub:
            name, version, platform = word(stub["name"]), word(stub["version"]), word(stub["platform"])
        else:
            named, versioned = _NAME.search(text), _VERSION.search(text)
            name, version = word(named and named["value"]), word(versioned and versioned["value"])
            platform = ""
        if not name or not version:
            return recorded(entry, (), ("no name or no version",))
        said = _LICENSES.search(text)
        return recorded(
            entry,
            (
                Package(
                    "gem",
                    name,
                    version,
                    f"/{entry.path}",
                    architecture="" if platform == "ruby" else platform,
                    licenses=licenses(_QUOTED.findall(said["value"]) if said else ()),
                ),
            ),
        )
