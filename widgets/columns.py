"""Where the columns of a table stand on a line of a given width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from widgets.cells import Align, Cut

GAP = 1
GUTTER = 1
"""Columns for the cursor and mark sign at the start of every line."""


EXTRA = 4
"""Columns of this priority or more are shown where there is room to spare."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `width` is its least width, `limit` its greatest (0: none), `weight` its share of what is left over.

    `priority` 0 is always shown; of the others the highest number gives way first when the line is too short. Those of
    `EXTRA` or more also give way as long as a column has less than its `ideal` width (0: its least). What a column that
    `groups` says twice in a row is dimmed the second time.
    """

    key: str
    title: str
    width: int
    weight: int = 0
    align: Align = "left"
    priority: int = 0
    limit: int = 0
    ideal: int = 0
    cut: Cut = "end"
    groups: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column stands: `index` in the row's cells, first terminal column `x`, `width`."""

    index: int
    column: Column
    x: int
    width: int


def place(columns: Sequence[Column], width: int, everything: bool = False) -> tuple[Place, ...]:
    """The shown columns, left to right. `everything`: none gives way, the line may be longer than `width`."""
    shown = list(range(len(columns)))
    if not everything:
        while len(shown) > 1:
            loser = max(shown, key=lambda index: (columns[index].priority, index))
            extra = columns[loser].priority >= EXTRA
            if columns[loser].priority == 0 or _least(columns, shown, ideal=extra) <= width:
                break
            shown.remove(loser)
    widths = _share(columns, shown, width - _least(columns, shown))
    places: list[Place] = []
    x = GUTTER
    for index in shown:
        places.append(Place(index, columns[index], x, widths[index]))
        x += widths[index] + GAP
    return tuple(places)


def total(places: Sequence[Place]) -> int:
    """Terminal columns that the line takes."""
    return places[-1].x + places[-1].width if places else GUTTER


def _least(columns: Sequence[Column], shown: Sequence[int], *, ideal: bool = False) -> int:
    widths = (max(columns[index].width, columns[index].ideal if ideal else 0) for index in shown)
    return GUTTER + sum(widths) + GAP * max(0, len(shown) - 1)


def _share(columns: Sequence[Column], shown: Sequence[int], spare: int) -> dict[int, int]:
    widths = {index: columns[index].width for index in shown}
    while spare > 0:
        growing = [i for i in shown if columns[i].weight and (not columns[i].limit or widths[i] < columns[i].limit)]
        weights = sum(columns[i].weight for i in growing)
        if not growing:
            break
        before = spare
        for i in growing:
            extra = min(spare, max(1, before * columns[i].weight // weights))
            if columns[i].limit:
                extra = min(extra, columns[i].limit - widths[i])
            widths[i] += extra
            spare -= extra
    return widths
