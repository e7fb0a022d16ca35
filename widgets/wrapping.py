"""From lines of text to lines of the screen and back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

_COMPACT = 10_000
"""Dropped lines after which their places are given back."""


class Wrapping:
    """Where each line starts on an endless screen: one screen line each, or as many as its text needs."""

    def __init__(self, count: int, width: int, widths: Iterable[int] | None = None) -> None:
        """`count` lines on a screen `width` wide; `widths` of the lines if they wrap, None if they do not."""
        self._count = count
        self._width = max(1, width)
        self._dropped = 0
        self._starts: list[int] | None = None
        if widths is not None:
            self._starts = list(accumulate(map(self._height, widths), initial=0))

    def _height(self, width: int) -> int:
        return max(1, -(-width // self._width))

    def extend(self, widths: Iterable[int]) -> None:
        """Further lines at the end, of these widths."""
        heights = [self._height(width) for width in widths]
        self._count += len(heights)
        if self._starts is not None:
            self._starts.extend(list(accumulate(heights, initial=self._starts[-1]))[1:])

    def drop(self, lines: int) -> int:
        """The first `lines` lines are gone; the number of screen lines that they took."""
        gone = self.start(lines)
        self._count -= lines
        if self._starts is not None:
            self._dropped += lines
            if self._dropped > _COMPACT:
                del self._starts[: self._dropped]
                self._dropped = 0
        return gone

    @property
    def total(self) -> int:
        """Screen lines in all."""
        return self._count if self._starts is None else self._starts[-1] - self._starts[self._dropped]

    def start(self, index: int) -> int:
        """First screen line of line `index`."""
        if self._starts is None:
            return index
        return self._starts[self._dropped + index] - self._starts[self._dropped]

    def height(self, index: int) -> int:
        """Screen lines of line `index`."""
        return 1 if self._starts is None else self.start(index + 1) - self.start(index)

    def at(self, screen_line: int) -> tuple[int, int]:
        """The line shown on `screen_line`, and the terminal column of its text that is first there."""
        if self._starts is None:
            return screen_line, 0
        place = bisect_right(self._starts, screen_line + self._starts[self._dropped], lo=self._dropped) - 1
        index = place - self._dropped
        return index, (screen_line - self.start(index)) * self._width
