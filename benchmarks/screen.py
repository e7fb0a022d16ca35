"""What a terminal shows after given output: recorded output is fed in afterwards, so that it disturbs no timing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyte

from benchmarks.terminal import Chunk

# Sequences that the emulator would print instead of ignoring them.
_UNKNOWN = (b"\x1b[>1u", b"\x1b[<u", b"\x1b[?2026$p", b"\x1b[?2048$p")


class Screen:
    """The cells of a terminal of `size` (columns, lines)."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)

    def feed(self, data: bytes) -> None:
        """Show more output."""
        for unknown in _UNKNOWN:
            data = data.replace(unknown, b"")
        self._stream.feed(data)

    @property
    def lines(self) -> list[str]:
        return list(self._screen.display)

    def line(self, number: int) -> str:
        """One line; cheaper than all of them."""
        row = self._screen.buffer[number]
        return "".join(row[column].data for column in range(self._screen.columns))

    def shows(self, word: str) -> bool:
        return any(word in line for line in self.lines)

    @property
    def cursor_line(self) -> str | None:
        """The first line that is marked with `>` in its first column."""
        marked = (y for y in range(self._screen.lines) if self._screen.buffer[y][0].data == ">")
        y = next(marked, None)
        return None if y is None else self.line(y)


def replay(chunks: Iterable[Chunk], size: tuple[int, int]) -> Screen:
    """The screen after all of it."""
    screen = Screen(size)
    for chunk in chunks:
        screen.feed(chunk.data)
    return screen


def became_final(chunks: Iterable[Chunk], size: tuple[int, int], part: Callable[[Screen], str]) -> float | None:
    """When a part of the screen first read as it does at the end, and went on to do so."""
    screen, since, shown = Screen(size), None, None
    for chunk in chunks:
        screen.feed(chunk.data)
        now = part(screen)
        if now != shown:
            since, shown = chunk.at, now
    return since
