"""Debian's order: deb-version(7). `[epoch:]upstream[-revision]`; a tilde sorts before everything, even the end."""

from __future__ import annotations

import re
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
        if letters or digits:
            runs.append((*map(_place, letters), 0))
            runs.append(int(digits or 0))
    return (*runs, _END) if runs else (_END, 0, _END)


def _place(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256
