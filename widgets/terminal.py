"""What the terminal shows right now, cell by cell, and the shortest text that turns it into something else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style

from widgets.cells import clean

Piece = tuple[int, Sequence[Segment]]
"""A column and the segments that stand from there on."""

_JUMP = 8
"""Bytes of a cursor move: unchanged cells up to this many are cheaper to send again than to jump over."""

_ATTRIBUTES = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")


@lru_cache(maxsize=4096)
def sgr(style: Style, system: ColorSystem | None) -> str:
    """SGR parameters of `style`; the default colours need none, and with `system` None no colour is ever named."""
    bits = style._attributes & style._set_attributes
    codes = [code for index, code in enumerate(_ATTRIBUTES) if bits & (1 << index)]
    if system is not None:
        codes += _colour_codes(style.color, system, foreground=True)
        codes += _colour_codes(style.bgcolor, system, foreground=False)
    return ";".join(codes)


def _colour_codes(colour: Color | None, system: ColorSystem, foreground: bool) -> list[str]:
    if colour is None or colour.is_default:
        return []
    return list(colour.downgrade(system).get_ansi_codes(foreground))


@dataclass(slots=True)
class Row:
    """One screen line: a character (or "" behind a wide one) and its SGR parameters for each column."""

    chars: list[str]
    looks: list[str]

    @staticmethod
    def blank(width: int) -> Row:
        """A line about which nothing is known: equal to no real line."""
        return Row(["\0"] * width, [""] * width)

    def copy(self) -> Row:
        """A line that can be changed apart from this one."""
        return Row(self.chars[:], self.looks[:])


def write_cells(row: Row, x: int, segments: Iterable[Segment], system: ColorSystem | None, ascii_only: bool) -> None:
    """Put `segments` into `row` from column `x` on; what would stand beyond its end is dropped."""
    for text, style, control in segments:
        room = len(row.chars) - x
        if control or room <= 0:
            continue
        look = "" if style is None else sgr(style, system)
        cells = _columns(clean(text, ascii_only))
        taken = cells[:room]
        if len(cells) > room and cells[room] == "":
            taken[-1] = " "
        end = x + len(taken)
        if taken and row.chars[x] == "" and x > 0:
            row.chars[x - 1] = " "
        if end < len(row.chars) and row.chars[end] == "":
            row.chars[end] = " "
        row.chars[x:end] = taken
        row.looks[x:end] = [look] * len(taken)
        x = end


def _columns(text: str) -> list[str]:
    if text.isascii():
        return list(text)
    cells: list[str] = []
    for char in text:
        size = cell_len(char)
        if size == 0:
            if cells:
                cells[-1] += char
            continue
        cells.append(char)
        if size == 2:
            cells.append("")
    return cells


class Terminal:
    """Remembers what was sent, so that only cells that differ are sent again."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}
        self._width = 0

    def forget(self) -> None:
        """The terminal may show anything now: the next update sends every cell it covers."""
        self._rows.clear()

    def update(
        self,
        lines: Iterable[tuple[int, Sequence[Piece]]],
        width: int,
        system: ColorSystem | None,
        ascii_only: bool = False,
    ) -> str:
        """The text that brings the given lines (number, pieces) of a screen `width` columns wide up to date."""
        if width != self._width:
            self.forget()
            self._width = width
        sent: list[str] = []
        for y, pieces in lines:
            shown = self._rows.get(y)
            wanted = Row.blank(width) if shown is None else shown.copy()
            for x, segments in pieces:
                write_cells(wanted, x, segments, system, ascii_only)
            if shown is None or shown != wanted:
                sent.append(_difference(y, shown or Row.blank(width), wanted))
                self._rows[y] = wanted
        return "".join(sent)


def _difference(y: int, old: Row, new: Row) -> str:
    size = len(new.chars)
    changed = [
        x
        for x, (a, b, c, d) in enumerate(zip(old.chars, new.chars, old.looks, new.looks, strict=True))
        if (a != b or c != d) and b != "\0"
    ]
    return "".join(_run(y, start, end, new, size) for start, end in _groups(changed, new))


def _groups(changed: list[int], row: Row) -> list[tuple[int, int]]:
    groups: list[tuple[int, int]] = []
    size = len(row.chars)
    for x in changed:
        start, end = x, x + 1
        while start > 0 and row.chars[start] == "":
            start -= 1
        while end < size and row.chars[end] == "":
            end += 1
        if groups and start - groups[-1][1] <= _JUMP and "\0" not in row.chars[groups[-1][1] : start]:
            groups[-1] = (groups[-1][0], max(end, groups[-1][1]))
        else:
            groups.append((start, end))
    return groups


def _run(y: int, start: int, end: int, row: Row, size: int) -> str:
    parts = [f"\x1b[{y + 1};{start + 1}H"]
    stop = end
    while stop > start and row.chars[stop - 1] == " " and not row.looks[stop - 1]:
        stop -= 1
    # Erasing to the end of the line is shorter than blanks, but it erases the whole rest of the line.
    erase = end == size and end - stop > 3
    look = ""
    for x in range(start, stop if erase else end):
        if row.looks[x] != look:
            look = row.looks[x]
            parts.append(f"\x1b[0;{look}m" if look else "\x1b[m")
        parts.append(row.chars[x])
    if look:
        parts.append("\x1b[m")
    if erase:
        parts.append("\x1b[K")
    return "".join(parts)
