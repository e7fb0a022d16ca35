"""Debian's order: deb-version(7). `[epoch:]upstream[-revision]`; a tilde sorts before everything, even the end."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

Part = tuple[tuple[int, ...] | int, ...]

_VERSION: Final = re.compile(r"(?:([0-9]+):)?([0-9A-Za-z.+~:-]+)", re.ASCII)
_RUNS: Final = re.compile(r"([^0-9]*)([0-9]*)", re.ASCII)
_END: Final = (0,)


def key(version: str) -> tuple[int, Part, Part]:
    """Epoch, upstream version and revision."""
    if not (found := _VERSION.fullmatch(version.strip())):
        raise ValueError(version)
    epoch, rest = found.groups()
    upstream, _, revision = rest.rpartition("-")
    if not _:
        upstream, revision = rest, ""
    if not upstream or ":" in revision or (":" in upstream and epoch is None):
        raise ValueError(version)
    return int(epoch or 0), _part(upstream), _part(revision)


def _part(text: str) -> Part:
    """Runs of anything and of digits by turns, so that comparing tuples compares as dpkg does."""
    runs: list[tuple[int, ...] | int] = []
    for letters, digits in _RUNS.findall(text):
        runs += (_places(letters), int(digits or 0))
    if len(runs) > 2:
        runs[-2:] = (_END,)  # the last run found is always empty
    else:
        runs.append(_END)
    return tuple(runs)


@lru_cache(maxsize=1 << 10)
def _places(letters: str) -> tuple[int, ...]:
    """A tilde before the end, letters after it, everything else after letters."""
    return (*(-1 if one == "~" else ord(one) if one.isalpha() else ord(one) + 256 for one in letters), 0)
