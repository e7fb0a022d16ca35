"""Maven's order, by its "Version Order Specification": tokens at points, hyphens and where digits meet letters.

`.qualifier` = `-qualifier` < `-number` < `.number`; alpha < beta < milestone < rc < snapshot < the release < sp < any
other word; values that say nothing (0, ga, final, release) are of no account before a hyphen, a word and the end.
"""

from __future__ import annotations

import re
from typing import Final

Token = tuple[int, int] | tuple[int, str]

_PIECES: Final = re.compile(r"[.-]|[0-9]+|[^0-9.-]+", re.ASCII)
_WORDS: Final = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "snapshot": 4, "": 5, "sp": 6}
_SAME: Final = {"cr": "rc", "ga": "", "final": "", "release": ""}
_SHORT: Final = {"a": "alpha", "b": "beta", "m": "milestone"}

_QUALIFIER, _WORD, _HYPHEN_NUMBER, _POINT_NUMBER = range(4)
_END: Final = (_QUALIFIER, _WORDS[""])
_NOTHING: Final = (_END, (_HYPHEN_NUMBER, 0), (_POINT_NUMBER, 0))


def key(version: str) -> tuple[Token, ...]:
    """Its tokens, without those that say nothing."""
    text = version.strip().lower()
    if not text or not any(character.isalnum() for character in text) or any(map(str.isspace, text)):
        raise ValueError(version)
    kept: list[Token] = []
    for token in _tokens(text):
        if token[0] != _POINT_NUMBER:
            _trim(kept)
        kept.append(token)
    _trim(kept)
    return (*kept, _END)


def _trim(tokens: list[Token]) -> None:
    """Take away what says nothing, but never the first one."""
    while len(tokens) > 1 and tokens[-1] in _NOTHING:
        tokens.pop()


def _tokens(text: str) -> list[Token]:
    """The first number counts as one after a point; an empty place is 0; a change of kind is a hyphen."""
    pieces = _PIECES.findall(text)
    tokens: list[Token] = []
    separator, empty = ".", True
    for place, piece in enumerate(pieces):
        if piece in ".-":
            if empty:
                tokens.append(_number(0, separator))
            separator, empty = piece, True
            continue
        if not empty:
            separator = "-"
        followed = place + 1 < len(pieces) and pieces[place + 1][0].isdigit()
        if piece[0] in "0123456789":
            tokens.append(_number(int(piece), separator))
        else:
            tokens.append(_qualifier(_SHORT.get(piece, piece) if followed else piece))
        empty = False
    if empty:
        tokens.append(_number(0, separator))
    return tokens


def _number(value: int, separator: str) -> Token:
    return (_POINT_NUMBER if separator == "." else _HYPHEN_NUMBER, value)


def _qualifier(word: str) -> Token:
    word = _SAME.get(word, word)
    return (_QUALIFIER, _WORDS[word]) if word in _WORDS else (_WORD, word)
