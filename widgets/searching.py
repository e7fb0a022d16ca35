"""Searching in lines of text: what to look for and where it was found."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from widgets.patterns import compile_pattern

Range = tuple[int, int]
"""First character and the one behind the last."""

_LONGEST = 400
"""Characters of a line that a typed regular expression is tried on."""
_MOST = 1000
"""Matches per line that are shown; a pattern that matches everywhere must not cost more than the line itself."""


@dataclass(slots=True)
class Search:
    """All matches of one pattern. Without an upper-case letter in the pattern, case does not count.

    An invalid regular expression is an `error` and matches nothing.
    """

    pattern: str = ""
    regex: bool = False
    error: str = ""
    lines: dict[int, tuple[Range, ...]] = field(default_factory=dict)
    places: list[tuple[int, int]] = field(default_factory=list)
    _compiled: re.Pattern[str] | None = None

    def __post_init__(self) -> None:
        if not self.pattern:
            return
        flags = re.NOFLAG if any(char.isupper() for char in self.pattern) else re.IGNORECASE
        compiled = compile_pattern(self.pattern, flags) if self.regex else re.compile(re.escape(self.pattern), flags)
        if isinstance(compiled, str):
            self.error = compiled
        else:
            self._compiled = compiled

    def look(self, texts: Iterable[str], first: int = 0) -> None:
        """Search further lines, the first of which has the number `first`."""
        if self._compiled is None:
            return
        for index, text in enumerate(texts, first):
            found = tuple(self._ranges(text))
            if found:
                self.lines[index] = found
                self.places.extend((index, start) for start, _ in found)

    def _ranges(self, text: str) -> Iterator[Range]:
        if self._compiled is None:
            return
        # A typed expression may take the square of a line's length: only the head of a long line is searched with one.
        end = _LONGEST if self.regex else len(text)
        for count, match in enumerate(self._compiled.finditer(text, 0, end)):
            if count >= _MOST:
                return
            if match.end() > match.start():
                yield match.span()

    def shift(self, dropped: int) -> None:
        """The first `dropped` lines are gone."""
        self.lines = {index - dropped: found for index, found in self.lines.items() if index >= dropped}
        self.places = [(index - dropped, start) for index, start in self.places if index >= dropped]

    def after(self, line: int) -> int:
        """Number of the first match on or behind `line`, the very first if there is none; -1 without any."""
        if not self.places:
            return -1
        found = bisect_left(self.places, (line, 0))
        return found if found < len(self.places) else 0
