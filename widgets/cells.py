"""A cell: text in pieces, each with a role. All that widgets show is made of these."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rich.cells import cell_len
from rich.segment import Segment

from inventory.text import CUT, safe
from widgets.style import Palette, Role

Span: TypeAlias = tuple[str, Role]
Align = Literal["left", "right"]
Cut = Literal["end", "middle", "lead"]

_NO_LIMIT = 1 << 30


def clean(text: str, ascii_only: bool = False) -> str:
    """`text` without anything that could act on a terminal, whoever handed it in; with `ascii_only`, nothing but ASCII.

    A wide character becomes two question marks, so that columns stay where they were measured.
    """
    if text.isascii() and text.isprintable():
        return text
    text = safe(text, _NO_LIMIT)
    if not ascii_only:
        return text
    return "".join(char if char.isascii() else "?" * cell_len(char) for char in text)


def text_width(text: str) -> int:
    """Terminal cells that `text` takes, measured as the painter measures."""
    return len(text) if text.isascii() else cell_len(text)


@dataclass(frozen=True, slots=True)
class Cell:
    """One piece of a line: spans of text, each with a role. Immutable, compared by value, without controls."""

    spans: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        # Here, because a width measured before a character is replaced would be wrong on the screen.
        for text, _ in self.spans:
            if not (text.isascii() and text.isprintable()):
                object.__setattr__(self, "spans", tuple((clean(text), role) for text, role in self.spans))
                return

    @staticmethod
    def of(text: str, role: Role = "normal") -> Cell:
        """A cell of one span. Control characters are replaced, markup is never interpreted."""
        return Cell(((text, role),)) if text else EMPTY

    @staticmethod
    def join(*parts: Cell | Span | str) -> Cell:
        """Cells, spans and plain strings one after the other."""
        spans: list[Span] = []
        for part in parts:
            if isinstance(part, Cell):
                spans.extend(part.spans)
            elif isinstance(part, str):
                spans.append((part, "normal"))
            else:
                spans.append(part)
        return Cell(tuple(span for span in spans if span[0]))

    @property
    def text(self) -> str:
        """The text without roles."""
        return "".join(text for text, _ in self.spans)

    @property
    def width(self) -> int:
        """Terminal cells taken."""
        return sum(text_width(text) for text, _ in self.spans)

    def painted(self, role: Role) -> Cell:
        """The same text, all of it in `role`."""
        return Cell(((self.text, role),)) if self.spans else self


EMPTY = Cell()


def crop(cell: Cell, start: int, width: int) -> Cell:
    """`width` terminal columns of `cell` from column `start` on; half a wide character becomes a space."""
    spans: list[Span] = []
    position, end = 0, start + width
    for text, role in cell.spans:
        length = text_width(text)
        if position + length > start and position < end:
            piece = _slice(text, max(0, start - position), min(length, end - position))
            if piece:
                spans.append((piece, role))
        position += length
    return Cell(tuple(spans))


def _slice(text: str, first: int, last: int) -> str:
    if text.isascii():
        return text[first:last]
    kept: list[str] = []
    position = 0
    for char in text:
        width = cell_len(char)
        inside = position >= first and position + width <= last
        if width == 0:
            if kept and position <= last:
                kept.append(char)
        elif inside:
            kept.append(char)
        elif position < last and position + width > first:
            kept.append(" ")
        position += width
    return "".join(kept)


def fit(cell: Cell, width: int, align: Align = "left", cut: Cut = "end") -> Cell:
    """`cell` made exactly `width` columns wide: padded, or cut at its end or in its middle with `~` for the rest.

    With `lead` its first span gives way, from its start, before the others are cut in their middle.
    """
    used = cell.width
    if used > width:
        return _shorten(cell, width, cut)
    if used == width:
        return cell
    pad: Span = (" " * (width - used), "normal")
    return Cell((pad, *cell.spans) if align == "right" else (*cell.spans, pad))


def _shorten(cell: Cell, width: int, cut: Cut) -> Cell:
    if width <= 0:
        return EMPTY
    if cut == "end" or width < 4:
        head = crop(cell, 0, width - 1)
        role = head.spans[-1][1] if head.spans else "normal"
        return Cell((*head.spans, (CUT, role)))
    if cut == "lead" and len(cell.spans) > 1:
        return _led(cell, width)
    front = width // 2
    back = width - 1 - front
    tail = crop(cell, cell.width - back, back)
    head = crop(cell, 0, front)
    return Cell((*head.spans, (CUT, head.spans[-1][1]), *tail.spans))


def _led(cell: Cell, width: int) -> Cell:
    mark: Span = (CUT, cell.spans[0][1])
    rest = Cell(cell.spans[1:])
    if rest.width > width - 1:
        return Cell((mark, *_shorten(rest, width - 1, "middle").spans))
    kept = crop(cell, cell.width - (width - 1), width - 1)
    return Cell((mark, *kept.spans))


def overlay(cell: Cell, ranges: Iterable[tuple[int, int]], role: Role) -> Cell:
    """`cell` with the character ranges (start, end) of its text in `role`; ranges ascend and do not overlap."""
    spans: list[Span] = []
    text = cell.text
    position = 0
    for start, end in ranges:
        spans.extend(_between(cell, position, start))
        spans.append((text[start:end], role))
        position = end
    spans.extend(_between(cell, position, len(text)))
    return Cell(tuple(span for span in spans if span[0]))


def _between(cell: Cell, start: int, end: int) -> list[Span]:
    found: list[Span] = []
    position = 0
    for text, role in cell.spans:
        low, high = max(start - position, 0), min(end - position, len(text))
        if low < high:
            found.append((text[low:high], role))
        position += len(text)
    return found


def segments(cell: Cell, palette: Palette) -> list[Segment]:
    """Rich segments for the screen: neighbours that look the same become one, and every text is cleaned once more."""
    made: list[Segment] = []
    pending, look = "", palette.style("normal")
    for text, role in cell.spans:
        style = palette.style(role)
        if style is not look and pending:
            made.append(Segment(pending, look))
            pending = ""
        look = style
        pending += clean(text, palette.ascii)
    if pending:
        made.append(Segment(pending, look))
    return made
