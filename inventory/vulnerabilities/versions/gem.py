"""RubyGems' order: Gem::Version. Numbers and words at each place, a word before any number; a missing one is 0."""

from __future__ import annotations

import re
from typing import Final

Token = tuple[int] | tuple[int, int, str] | tuple[int, int, int]

_VERSION: Final = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?", re.ASCII)
_SEGMENTS: Final = re.compile(r"[0-9]+|[a-z]+", re.ASCII | re.IGNORECASE)
_END: Final = (1,)


def key(version: str) -> tuple[Token, ...]:
    """Each segment that is not 0 with the number of zeros before it.

    All versions go on with zeros for ever. So the fewer zeros stand before a word, the lower the version; the fewer
    before a number, the higher; and the end lies between the two.
    """
    text = version.strip()
    if not _VERSION.fullmatch(text):
        raise ValueError(version)
    tokens: list[Token] = []
    zeros, words = 0, 0
    for segment in _SEGMENTS.findall(text.replace("-", ".pre.")):
        if not segment.isdigit():
            # Zeros right before the first word are of no account: 1.0.a is 1.a.
            tokens.append((0, zeros if words else 0, segment))
            zeros, words = 0, words + 1
        elif number := int(segment):
            tokens.append((2, -zeros, number))
            zeros = 0
        else:
            zeros += 1
    return (*tokens, _END)
