"""The base of all widgets here: lines of cells on Textual's Line API, without scroll bars, timers or markup."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from widgets.cells import EMPTY, Cell, fit, segments
from widgets.style import palette_of


class LineWidget(Widget):
    """A widget whose lines are cells. It keeps its own scroll offsets, so that scrolling never lays out anything."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LineWidget { height: 1fr; width: 1fr; overflow: hidden; }
    """

    def line_cell(self, y: int) -> Cell:
        """The cell for line `y` of the visible area; subclasses say what it is."""
        return EMPTY

    def render_line(self, y: int) -> Strip:
        """Line `y`, cut or padded to the width of the widget."""
        width = self.size.width
        made: list[Segment] = segments(fit(self.line_cell(y), width), palette_of(self.app))
        return Strip(made, width)

    def on_show(self) -> None:
        """What changed while it was hidden was not painted."""
        self.refresh()

    def refresh_line(self, y: int, start: int = 0, end: int | None = None) -> None:
        """Repaint columns `start` to `end` of the visible line `y`; outside of the widget nothing happens."""
        if 0 <= y < self.size.height:
            self.refresh(Region(start, y, (self.size.width if end is None else end) - start, 1))

    @property
    def page(self) -> int:
        """Visible lines, at least one."""
        return max(1, self.size.height)
