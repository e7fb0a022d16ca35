"""RPM's order: `[epoch:]version[-release]` by rpmvercmp. A tilde sorts before the end, a caret after it."""

from __future__ import annotations

import re
from typing import Final

Token = tuple[int] | tuple[int, str] | tuple[int, int]
Part = tuple[Token, ...]

_TOKENS: Final = re.compile(r"[0-9]+|[A-Za-z]+|[~^]", re.ASCII)
_TILDE: Final = (0,)
_END: Final = (1,)
_CARET: Final = (2,)


def key(version: str) -> tuple[int, Part, Part]:
    """Epoch, version and release."""
    text = version.strip()
    if not text or any(character.isspace() for character in text):
        raise ValueError(version)
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    upstream, _, release = rest.rpartition("-")
    if not _:
        upstream, release = rest, ""
    if not upstream or not (epoch.isascii() and epoch.isdigit()):
        raise ValueError(version)
    return int(epoch), _part(upstream), _part(release)


def _part(text: str) -> Part:
    return (*map(_token, _TOKENS.findall(text)), _END)


def _token(text: str) -> Token:
    if text == "~":
        return _TILDE
    if text == "^":
        return _CARET
    return (4, int(text)) if text[0].isdigit() else (3, text)
