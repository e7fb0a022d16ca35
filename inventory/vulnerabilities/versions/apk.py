"""Alpine's order: apk-package(5). `number{.number}{letter}{_suffix{number}}{~hash}{-rnumber}`."""

from __future__ import annotations

import re
from typing import Final

Token = tuple[int] | tuple[int, int] | tuple[int, int, int | str] | tuple[int, str]

_VERSION: Final = re.compile(
    r"([0-9]+(?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)(?:~([0-9a-f]+))?(?:-r([0-9]+))?",
    re.ASCII,
)
_SUFFIX: Final = re.compile(r"_([a-z]+)([0-9]*)", re.ASCII)
_BEFORE: Final = {"alpha": 0, "beta": 1, "pre": 2, "rc": 3}
_AFTER: Final = {"cvs": 0, "svn": 1, "git": 2, "hg": 3, "p": 4}

# What may stand at one place, lowest first: where one version goes on and the other does not, this decides.
_PRE, _END, _REVISION, _HASH, _SUFFIX_NUMBER, _POST, _LETTER, _NUMBER = range(8)


def key(version: str) -> tuple[Token, ...]:
    """Its parts one by one."""
    if not (found := _VERSION.fullmatch(version.strip())):
        raise ValueError(version)
    numbers, letter, suffixes, commit, revision = found.groups()
    first, *others = numbers.split(".")
    tokens: list[Token] = [(_NUMBER, 1, int(first))]
    # After the first point a number with a leading zero is a fraction: compared as text, and below those without.
    tokens += [(_NUMBER, 0, one) if one[0] == "0" else (_NUMBER, 1, int(one)) for one in others]
    if letter:
        tokens.append((_LETTER, letter))
    for name, number in _SUFFIX.findall(suffixes):
        tokens.append((_PRE, _BEFORE[name]) if name in _BEFORE else (_POST, _AFTER[name]))
        if number:
            tokens.append((_SUFFIX_NUMBER, int(number)))
    if commit:
        tokens.append((_HASH, commit))
    if revision:
        tokens.append((_REVISION, int(revision)))
    return (*tokens, (_END,))
