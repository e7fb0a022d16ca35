"""Breaking text into lines by terminal cells, not characters: East Asian names are twice as wide."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.text import width


def wrapped(text: str, cells: int, indent: str = "") -> Iterator[str]:
    """`text` in lines of at most `cells` cells, broken at blanks where possible, each with `indent` before it."""
    room = max(cells - len(indent), 10)
    line = ""
    for word in text.split():
        for piece in _pieces(word, room):
            if line and width(line) + 1 + width(piece) > room:
                yield indent + line
                line = piece
            else:
                line = f"{line} {piece}" if line else piece
    if line:
        yield indent + line


def _pieces(word: str, room: int) -> Iterator[str]:
    if width(word) <= room:
        yield word
        return
    piece, used = "", 0
    for char in word:
        cells = width(char)
        if used + cells > room:
            yield piece
            piece, used = "", 0
        piece, used = piece + char, used + cells
    if piece:
        yield piece
