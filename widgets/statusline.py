"""The two header lines and the footer, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from textual import events
from textual.message import Message

from widgets.cells import EMPTY, Cell, fit
from widgets.lines import LineWidget
from widgets.style import Role

State = Literal["live", "stale", "lost", "connecting", "recorded"]

_TITLE_LENGTHS = (99, 8, 4, 3, 2, 1, 0)
"""Letters of a title that are tried, until the line fits."""
MOST_KEYS = 7
"""Keys in a footer; more are not read."""

_STATES: dict[State, tuple[str, Role]] = {
    "live": ("LIVE", "pass"),
    "stale": ("STALE", "high"),
    "lost": ("LOST", "critical"),
    "connecting": ("connecting", "unknown"),
    "recorded": ("RECORDED", "accent"),
}


def age(seconds: float) -> str:
    """A span of time in at most four characters: `0.4s`, `12s`, `26m`, `3h`, `41d`."""
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def freshness_cell(state: State, since: str = "", clock: str = "") -> Cell:
    """`LIVE 0.4s ago  11:42:07Z`: how old what is shown is. `since` is the age in words, "" if there is no data."""
    word, role = _STATES[state]
    return Cell.join((word, role), f" {since}" if since else "", f"  {clock}" if clock else "")


def host_cell(name: str, host: str, engine: str, read_only: bool = True) -> Cell:
    """Which program looks at which host through which engine, and whether it only looks."""
    parts: list[Cell | tuple[str, Role] | str] = [" ", (name, "title"), " ", (host, "accent")]
    if engine:
        parts.append(f"  {engine}")
    parts += ["  ", ("RO", "key") if read_only else ("ACTIONS", "high")]
    return Cell.join(*parts)


class StatusLine(LineWidget):
    """Text on the left, text on the right; the right one is never cut, for it says how old everything is."""

    DEFAULT_CSS = """
    StatusLine { height: 1; }
    """

    def __init__(
        self,
        left: Cell = EMPTY,
        right: Cell = EMPTY,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._shown = (left, right)

    def update_cells(self, left: Cell | None = None, right: Cell | None = None) -> None:
        """Other text; None keeps what is there. Nothing is painted when nothing differs."""
        shown = (self._shown[0] if left is None else left, self._shown[1] if right is None else right)
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def line_cell(self, y: int) -> Cell:
        """The line."""
        left, right = self._shown
        width = self.size.width
        if not right.spans:
            return fit(left, width)
        room = width - right.width - 2
        return Cell.join(fit(left, room), " ", right) if room > 0 else fit(right, width)


@dataclass(frozen=True, slots=True)
class Tab:
    """A pane: the key that opens it, its title, and a count or mark behind it with its role. Without a key, the title
    stands for it."""

    key: str
    title: str
    count: str = ""
    role: Role = "normal"


class TabLine(StatusLine):
    """The panes, the active one in reverse. Titles are shortened to three letters when the line is too short."""

    class Selected(Message):
        """A tab was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._tabs: tuple[Tab, ...] = ()
        self._active = ""

    def set_tabs(self, tabs: Sequence[Tab], active: str, right: Cell = EMPTY) -> None:
        """All tabs, and the key of the active one."""
        self._tabs, self._active = tuple(tabs), active
        self.update_cells(self._line(right), right)

    def on_resize(self, _: events.Resize) -> None:
        """Titles may fit now."""
        self.update_cells(self._line(self._shown[1]))

    def _line(self, right: Cell) -> Cell:
        room = (self.size.width or 80) - (right.width + 2 if right.spans else 0)
        for longest in _TITLE_LENGTHS:
            line = Cell.join(*(self._tab(tab, longest) for tab in self._tabs))
            if line.width <= room:
                break
        return line

    def _tab(self, tab: Tab, longest: int) -> Cell:
        active = (tab.key or tab.title) == self._active
        title = tab.title if active else tab.title[: max(longest, 0 if tab.key else 2)]
        name = " ".join(part for part in (tab.key, title) if part)
        cell = Cell.join(" ", (name, "cursor" if active else "normal"))
        return Cell.join(cell, " ", (tab.count, tab.role), " ") if tab.count else Cell.join(cell, " ")

    def on_click(self, event: events.Click) -> None:
        """Tell which tab is under the pointer."""
        end = 0
        for longest in _TITLE_LENGTHS:
            cells = [self._tab(tab, longest) for tab in self._tabs]
            if Cell.join(*cells) == self._shown[0]:
                for tab, cell in zip(self._tabs, cells, strict=True):
                    end += cell.width
                    if event.x < end:
                        self.post_message(self.Selected(tab.key or tab.title))
                        return
                return


class FooterLine(StatusLine):
    """What the keys do here, at most seven of them."""

    def set_keys(self, keys: Sequence[tuple[str, str]], right: Cell = EMPTY) -> None:
        """Pairs of key and what it does."""
        parts: list[Cell] = [
            Cell.join(" ", (key, "key"), " ", (label, "normal"), " ") for key, label in keys[:MOST_KEYS]
        ]
        self.update_cells(Cell.join(*parts), right)
