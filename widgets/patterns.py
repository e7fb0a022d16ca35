"""Regular expressions that somebody types while the screen is live: compiled only if they cannot hang it."""

from __future__ import annotations

import re

_LONGEST = 200
_REPEATS = "*+{"
_MOST_REPEATS = 2
"""Each further repeat multiplies the time for a line that does not match by the line's length."""


def compile_pattern(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str] | str:
    """The compiled pattern, or what is wrong with it.

    A repeated group that itself repeats or branches, like `(a+)+`, is refused: on a text that almost matches, Python
    tries every way to divide it, which takes longer than anybody waits. So are back-references.
    """
    if len(pattern) > _LONGEST:
        return f"regular expression longer than {_LONGEST} characters"
    try:
        compiled = re.compile(pattern, flags)
    except (re.error, OverflowError, RecursionError) as problem:
        return f"not a regular expression: {problem}"
    plain = _plain(pattern)
    if _explodes(plain):
        return "a repeated group must not repeat or branch inside"
    if sum(plain.count(sign) for sign in _REPEATS) > _MOST_REPEATS:
        return f"more than {_MOST_REPEATS} repeats"
    return compiled


def _plain(pattern: str) -> str:
    """The pattern with escapes and character sets as plain letters; a back-reference counts as a repeated repeat."""
    plain = re.sub(r"\\.", "x", re.sub(r"\\[1-9]", "(a+)+", pattern))
    return re.sub(r"\[\^?\]?[^\]]*\]", "x", plain)


def _explodes(plain: str) -> bool:
    variable = [False]
    closed = False
    for char in plain:
        if char == "(":
            variable.append(False)
        elif char == ")":
            inside = variable.pop() if len(variable) > 1 else False
            closed = inside
            variable[-1] = variable[-1] or inside
            continue
        elif char in _REPEATS:
            if closed:
                return True
            variable[-1] = True
        elif char in "|?":
            variable[-1] = True
        closed = False
    return False
