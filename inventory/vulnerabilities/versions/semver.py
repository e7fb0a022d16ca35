"""Semantic Versioning 2.0.0, section 11, as npm, Cargo and Go use it; a build is of no account."""

from __future__ import annotations

import re
from typing import Final

Identifier = tuple[int, int] | tuple[int, str]
Key = tuple[int, int, int, int, tuple[Identifier, ...]]

_VERSION: Final = re.compile(
    r"[v=]*([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.+-]*)?", re.ASCII
)
_GO: Final = re.compile(r"(?:go|v)?([0-9]+(?:\.[0-9]+){0,2})(?:-?((?:rc|beta)[0-9]+))?(?:[ -].*)?", re.ASCII)


def key(version: str) -> Key:
    """Major, minor, patch, whether it is a release, and the identifiers of a pre-release."""
    if not (found := _VERSION.fullmatch(version.strip())):
        raise ValueError(version)
    major, minor, patch, pre = found.groups()
    identifiers = pre.split(".") if pre else ()
    if not all(identifiers):
        raise ValueError(version)
    return int(major), int(minor or 0), int(patch or 0), int(not pre), tuple(map(_identifier, identifiers))


def go_key(version: str) -> Key:
    """A module's version with or without `v`, or the toolchain's own: `go1.21.5`, `1.22rc1`, `go1.20.1 X:x`."""
    try:
        return key(version)
    except ValueError:
        if not (found := _GO.fullmatch(version.strip())):
            raise
        number, pre = found.groups()
        return key(f"{number}-{pre.replace('rc', 'rc.').replace('beta', 'beta.')}" if pre else number)


def _identifier(text: str) -> Identifier:
    return (0, int(text)) if text.isdigit() else (1, text)
