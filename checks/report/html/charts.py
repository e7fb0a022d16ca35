"""Bar charts as inline SVG: each bar has its label and number beside it, so that no colour has to be told apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_ROW = 24
_NOTE = 14
_LABEL = 100
_WIDTH = 400
_NUMBER = 44
_ROOM = _WIDTH - _LABEL - _NUMBER
_LEAST = 2.0  # a bar that stands for something can be seen


class Part(NamedTuple):
    """A piece of a bar; `style` is the class that colours it."""

    style: str
    number: int


class Bar(NamedTuple):
    """One line of a chart; texts are this program's own words. `note` stands below it, in small."""

    label: str
    parts: tuple[Part, ...]
    note: str = ""

    @property
    def total(self) -> int:
        """The whole bar."""
        return sum(part.number for part in self.parts)


def chart(title: str, bars: Sequence[Bar]) -> Iterator[str]:
    """A figure with one line for each bar, all on the same scale."""
    most = max((bar.total for bar in bars), default=0)
    told = ", ".join(f"{bar.label} {bar.total}" for bar in bars)
    yield f"<figure><figcaption>{title}</figcaption>"
    step = _ROW + _NOTE * any(bar.note for bar in bars)
    yield f'<svg viewBox="0 0 {_WIDTH} {step * len(bars)}" role="img" aria-label="{title}: {told}">'
    for number, bar in enumerate(bars):
        yield from _bar(bar, number * step, most)
    yield "</svg></figure>\n"


def _bar(bar: Bar, top: int, most: int) -> Iterator[str]:
    middle = top + 16
    yield f'<text x="0" y="{middle}">{bar.label}</text>'
    yield f'<rect class="track" x="{_LABEL}" y="{top + 4}" width="{_ROOM}" height="16"/>'
    yield from _pieces(bar.parts, top, most)
    yield f'<text class="r" x="{_WIDTH}" y="{middle}">{bar.total}</text>'
    if bar.note:
        yield f'<text class="s" x="{_LABEL}" y="{middle + 16}">{bar.note}</text>'


def _pieces(parts: Iterable[Part], top: int, most: int) -> Iterator[str]:
    left = float(_LABEL)
    for part in parts:
        if not part.number:
            continue
        width = max(_ROOM * part.number / most, _LEAST)
        yield f'<rect class="{part.style}" x="{left:.1f}" y="{top + 4}" width="{width:.1f}" height="16"/>'
        left += width
