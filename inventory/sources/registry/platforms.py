"""Which manifest of an index runs on a platform: told only where every program that reads the index means the same one.

Nothing but the index's digest is known where an engine's ids are those of indexes, or where no engine has the image. A
signature of one of its manifests then tells of what runs only if no other could be chosen. Engines are written in Go:
they read names of members in any case, choose among all that fit, and know an architecture by several names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from inventory.sources.registry.names import Descriptor, descriptor

Platform = tuple[str, str, str]
"""os, architecture, variant; each "" for any."""
ANY: Platform = ("", "", "")
_ALSO = {  # github.com/containerd/platforms, database.go
    "macos": "darwin", "x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "armel": "arm",
    "i386": "386", "i486": "386", "i586": "386", "i686": "386",
}  # fmt: skip
_OF_MANIFESTS = frozenset({"config", "layers"})


def fits(offered: Platform, wanted: Platform) -> bool:
    """An index may leave out the variant, and so may an image."""
    return all(not want or not have or _plain(have) == _plain(want) for have, want in zip(offered, wanted, strict=True))


def the_only_one(index: Mapping[str, Any], wanted: Platform) -> Descriptor | None:
    """The manifest for a platform, None where there is none, more than one, or somebody may read the index otherwise.

    What BuildKit marks as an attestation counts as any other: an engine chooses by the platform alone.
    """
    listed = index.get("manifests")
    if not isinstance(listed, list) or _OF_MANIFESTS & index.keys() or not all(map(_has_one_meaning, _objects(index))):
        return None
    found = [descriptor(one) for one in listed]
    fit = [one for one in found if one is None or fits(one.platform, wanted)]
    return fit[0] if len(fit) == 1 else None


def _plain(word: str) -> str:
    return _ALSO.get(word.lower(), word.lower())


def _objects(index: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Those in which something is chosen by: the index, its descriptors, their platforms."""
    yield index
    for one in index["manifests"]:
        if isinstance(one, dict):
            yield one
            if isinstance(one.get("platform"), dict):
                yield one["platform"]


def _has_one_meaning(found: Mapping[str, Any]) -> bool:
    return len({name.casefold() for name in found}) == len(found)
