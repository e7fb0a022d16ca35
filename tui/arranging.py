"""The list as it is shown: entries filtered and sorted. A long one is arranged in a thread, the newest wish first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui.listing import Filters, ListState, arrange, problem
from tui.panes.base import Entry, Pane, Shown
from tui.picture import Picture
from tui.threads import spawn
from widgets.cells import EMPTY, Cell
from widgets.table import RowLike

LONG = 2000
"""Rows from which on a list is not arranged on the event loop: that takes some 20 ms, as long as a key may wait."""
AGEING = 30.0
"""Seconds after which the ages in a long list are brought up to date, where nothing else changes."""


@dataclass(frozen=True, slots=True)
class Wish:
    """All that decides which rows are shown and in which order. `picture` is told from another by identity."""

    pane: Pane
    shape: Hashable
    picture: Picture
    state: ListState
    filters: Filters

    @classmethod
    def of(cls, pane: Pane, picture: Picture, state: ListState, filters: Filters) -> Wish:
        """As things stand now: both may change while somebody works on it."""
        return cls(pane, pane.shape, picture, replace(state, cursor=None), replace(filters, panes={}))

    def same_as(self, other: Wish) -> bool:
        """Whether the other asks for the same."""
        if self.picture is not other.picture or self.pane is not other.pane:
            return False
        return (self.shape, self.state, self.filters) == (other.shape, other.state, other.filters)


@dataclass(frozen=True, slots=True)
class Arranged:
    """`rows` and `index` (key to place) are what the table wants; `total` counts entries before filtering."""

    wish: Wish
    entries: Sequence[Entry]
    rows: tuple[RowLike, ...]
    index: Mapping[Hashable, int]
    total: int
    problem: str
    headline: Cell
    moment: float


class Arranger:
    """Keeps the latest arrangement. `wake` is called, in a thread, when one that had to be waited for is there."""

    def __init__(self, wake: Callable[[], Any]) -> None:
        self._wake = wake
        self._condition = threading.Condition()
        self._wish: tuple[Wish, float] | None = None
        self._made: Arranged | None = None
        self._before: Arranged | None = None  # kept, so that a long one is not taken apart on the event loop
        self._running = False

    def get(self, wish: Wish, now: float) -> Arranged | None:
        """The arrangement; None where it is long and must be waited for."""
        if wish.pane.size(wish.picture) <= LONG:
            return arranged(wish, now)
        made = self._made
        if made is not None and made.wish.same_as(wish) and 0 <= now - made.moment < AGEING:
            return made
        with self._condition:
            self._wish = (wish, now)
            self._condition.notify()
            if not self._running:
                self._running = True
                spawn("arrange", self._work)
        return None

    def prepare(self, wish: Wish, now: float) -> None:
        """Make it now, in the thread that calls: whoever asks next finds it made."""
        if wish.pane.size(wish.picture) > LONG:
            self._keep(arranged(wish, now))

    def _keep(self, made: Arranged) -> None:
        self._before, self._made = self._made, made

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._wish is not None)
                asked, self._wish = self._wish, None
            if asked is None:
                continue
            try:
                made = arranged(*asked, outdated=lambda: self._wish is not None)
            except Exception as error:  # the screen must say so, and the next wish may well be granted
                made = Arranged(asked[0], (), (), {}, 0, f"fault: {type(error).__name__}: {error}", EMPTY, asked[1])
            if self._wish is None:
                self._keep(made)
                self._wake()


def arranged(wish: Wish, now: float, outdated: Callable[[], bool] = lambda: False) -> Arranged:
    """Filter and sort."""
    entries = wish.pane.entries(wish.picture, now)
    found = arrange(entries, wish.state, wish.filters, outdated)
    rows = tuple([entry.row for entry in found])
    index = {row.key: place for place, row in enumerate(rows)}
    head = wish.pane.headline(wish.picture, Shown(len(found), len(entries)))
    said = "" if outdated() else problem(entries, found, wish.state)
    return Arranged(wish, found, rows, index, len(entries), said, head, now)
