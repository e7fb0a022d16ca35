"""Node packages: each directory of a node_modules, at any depth, global ones too.

An application's own package.json is no dependency and not in a node_modules. Lock files are not read: they say what
was asked for, not what is there. Zipped packages (Yarn's Plug'n'Play) are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from inventory.contents.finding import AnyFind, Entry
from inventory.contents.model import Package
from inventory.contents.packages.reading import Whole, licenses, recorded, word

_PATH = re.compile(r"(?:^|/)node_modules/(?:@[^/]+/)?[^/@.][^/]*/package\.json$")


class _Manifest(msgspec.Struct):
    """Of package.json what is looked at; of any type, as strangers write it."""

    name: Any = None
    version: Any = None
    license: Any = None
    licenses: Any = None


class NpmFinder(Whole):
    """Reads name, version and licence of every installed package."""

    name: ClassVar[str] = "npm"
    limit: ClassVar[int] = 1 << 20

    def wanted(self, path: str) -> bool:
        """The manifest of a package, not one deeper inside it."""
        return path.endswith("/package.json") and _PATH.search(path) is not None

    def found(self, entry: Entry, head: bytes) -> Iterator[AnyFind]:
        """One package; a manifest without name or version belongs to none that could be installed."""
        try:
            manifest = msgspec.json.decode(head.removeprefix(b"\xef\xbb\xbf"), type=_Manifest)
        except (ValueError, RecursionError):
            return recorded(entry, (), ("no JSON object",))
        name, version = word(manifest.name), word(manifest.version)
        if not name or not version:
            return recorded(entry, ())
        return recorded(entry, (Package("npm", name, version, f"/{entry.path}", licenses=_licenses(manifest)),))


def _licenses(manifest: _Manifest) -> tuple[str, ...]:
    """`license` is a name, an object with `type` (older), or there is `licenses` with several."""
    several = manifest.licenses if isinstance(manifest.licenses, list) else ()
    said = (manifest.license, *several[:20])
    return licenses(each.get("type") if isinstance(each, dict) else each for each in said)
