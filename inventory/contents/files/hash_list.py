"""A site's list of digests of programs that no image may hold: as sha256sum(1) writes it, or one a line."""

from __future__ import annotations

import re
from typing import NamedTuple

LARGEST = 64 << 20
"""Bytes: nearly a million digests."""
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})(?=$|[\s,;*])")


class HashList(NamedTuple):
    """SHA-256 digests in small hex, and the numbers of the first lines that are none."""

    digests: frozenset[str]
    wrong: tuple[int, ...] = ()


_TOLD = 5


def parse(text: str) -> HashList:
    """Read a list. What follows a digest on its line is a remark, as are lines that begin with #."""
    digests: set[str] = set()
    wrong: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.strip().lstrip("\ufeff")
        if not said or said.startswith("#"):
            continue
        found = _DIGEST.match(said)
        if found is not None:
            digests.add(found[1].lower())
        elif len(wrong) < _TOLD:
            wrong.append(number)
    return HashList(frozenset(digests), tuple(wrong))
