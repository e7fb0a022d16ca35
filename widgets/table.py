"""A table of any number of rows that paints only what is visible and refreshes only what changed."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from widgets.cells import EMPTY, Cell, crop, fit
from widgets.columns import GUTTER, Column, Place, place, total
from widgets.lines import LineWidget
from widgets.scrolling import clamp, follow_cursor
from widgets.style import Role

_SIGNS = {(False, False): " ", (True, False): ">", (False, True): "+", (True, True): "*"}
_GAP = Cell.of(" ")
_STEP = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a key that stays with the resource, one cell per column, and perhaps a role for the whole line."""

    key: Hashable
    cells: tuple[Cell, ...]
    role: Role = "normal"


class RowLike(Protocol):
    """What the table asks of a row. One that makes its cells only when they are asked for is never asked unseen."""

    @property
    def key(self) -> Hashable:
        """As of a `Row`."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        """As of a `Row`."""

    @property
    def role(self) -> Role:
        """As of a `Row`."""


@dataclass(frozen=True, slots=True)
class _Line:
    row: RowLike | None
    cursor: bool
    marked: bool
    again: frozenset[int] = frozenset()  # cells that say what the line above says, in columns that group


_NOTHING = _Line(None, False, False)


class ResourceTable(LineWidget, can_focus=True):
    """Rows in the order in which they were given, under a header line.

    The cursor stays on its key when rows come, go or move; when its row goes, it stays on the line.
    """

    # With priority, so that keys that arrive in a bunch act in their order, those of the screen among them.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "cursor_down", "Down", show=False, priority=True, id="table.down"),
        Binding("k,up", "cursor_up", "Up", show=False, priority=True, id="table.up"),
        Binding("pagedown", "page_down", "Page down", show=False, priority=True, id="table.page_down"),
        Binding("pageup", "page_up", "Page up", show=False, priority=True, id="table.page_up"),
        Binding("ctrl+d", "half_down", "Half a page down", show=False, priority=True, id="table.half_down"),
        Binding("ctrl+u", "half_up", "Half a page up", show=False, priority=True, id="table.half_up"),
        Binding("g,home", "first", "First row", show=False, priority=True, id="table.first"),
        Binding("G,end", "last", "Last row", show=False, priority=True, id="table.last"),
        Binding("left", "scroll_left", "Columns to the left", show=False, priority=True, id="table.left"),
        Binding("right", "scroll_right", "Columns to the right", show=False, priority=True, id="table.right"),
        Binding("space", "toggle_mark", "Mark", show=False, priority=True, id="table.mark"),
        Binding("ctrl+@", "mark_range", "Mark range", show=False, priority=True, id="table.mark_range"),
        Binding("enter", "open", "Open", show=False, priority=True, id="table.open"),
    ]

    class _TableMessage(Message):
        def __init__(self, table: ResourceTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> ResourceTable:
            """The table that sent this."""
            return self.table

    class CursorMoved(_TableMessage):
        """The cursor is on another key (None: there is no row)."""

        def __init__(self, table: ResourceTable, key: Hashable | None, index: int) -> None:
            super().__init__(table)
            self.key = key
            self.index = index

        def can_replace(self, message: Message) -> bool:
            """Only the last place counts: the preview must not lag behind a held key."""
            return isinstance(message, ResourceTable.CursorMoved) and message.table is self.table

    class Opened(_TableMessage):
        """Enter, or a second click on the cursor's row."""

        def __init__(self, table: ResourceTable, key: Hashable) -> None:
            super().__init__(table)
            self.key = key

    class MarksChanged(_TableMessage):
        """Other rows are marked."""

    class ViewChanged(_TableMessage):
        """Other rows are on the screen."""

        def can_replace(self, message: Message) -> bool:
            """Only the last view counts."""
            return isinstance(message, ResourceTable.ViewChanged) and message.table is self.table

    def __init__(
        self,
        columns: Sequence[Column] = (),
        *,
        empty: Cell = EMPTY,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._columns: tuple[Column, ...] = tuple(columns)
        self._rows: tuple[RowLike, ...] = ()
        self._index: Mapping[Hashable, int] = {}
        self._cursor = 0
        self._top = 0
        self._left = 0
        self._marks: frozenset[Hashable] = frozenset()
        self._mark_anchor: Hashable | None = None
        self._sort: tuple[str | None, bool] = (None, False)
        self._stale = False
        self._empty = empty
        self._placed: tuple[tuple[int, int], tuple[Place, ...]] | None = None
        self._painted: tuple[_Line, ...] = ()
        self._told: tuple[Hashable | None, int] = (None, -1)
        self._seen: tuple[Hashable, ...] = ()

    # What is shown

    @property
    def rows(self) -> tuple[RowLike, ...]:
        """All rows, visible or not."""
        return self._rows

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, shown or not."""
        return self._columns

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Other columns; the rows must have one cell for each."""
        self._columns = tuple(columns)
        self._left = 0
        self._repaint()

    def set_rows(self, rows: Iterable[RowLike], index: Mapping[Hashable, int] | None = None) -> None:
        """All rows, in their order; keys must be unique. Only changed cells of visible rows are painted again.

        `index` gives the place of each key, where the caller has it: of many rows it takes a while to make.
        """
        anchor = self._rows[self._top].key if 0 < self._top < len(self._rows) else None
        key = self.cursor_key
        self._rows = tuple(rows)
        self._index = {row.key: place for place, row in enumerate(self._rows)} if index is None else index
        kept = frozenset(key for key in self._marks if key in self._index)
        self._cursor = self._index.get(key, clamp(self._cursor, 0, len(self._rows) - 1))
        self._top = self._index.get(anchor, self._top) if anchor is not None else self._top
        self._settle()
        if kept != self._marks:
            self.set_marked(kept)

    def update_row(self, row: RowLike) -> bool:
        """Replace the row of the same key where it stands; False when there is none."""
        index = self._index.get(row.key)
        if index is None:
            return False
        rows = list(self._rows)
        rows[index] = row
        self._rows = tuple(rows)
        self._settle()
        return True

    def set_sort(self, key: str | None, descending: bool = False) -> None:
        """Show by which column the caller sorted: `v` descending, `^` ascending."""
        if (key, descending) != self._sort:
            self._sort = (key, descending)
            self.refresh_line(0)

    def set_empty(self, cell: Cell) -> None:
        """What is shown when there are no rows: why there are none."""
        if cell != self._empty:
            self._empty = cell
            if not self._rows:
                self.refresh()

    @property
    def stale(self) -> bool:
        """Whether all rows are dimmed because the data may be out of date."""
        return self._stale

    @stale.setter
    def stale(self, stale: bool) -> None:
        if stale != self._stale:
            self._stale = stale
            self._repaint()

    # Cursor and marks

    @property
    def top(self) -> int:
        """Index of the first visible row."""
        return self._top

    @property
    def cursor_index(self) -> int:
        """Index of the cursor's row, -1 without rows."""
        return self._cursor if self._rows else -1

    @property
    def cursor_row(self) -> RowLike | None:
        """The cursor's row."""
        return self._rows[self._cursor] if self._rows else None

    @property
    def cursor_key(self) -> Hashable | None:
        """The key of the cursor's row."""
        return self._rows[self._cursor].key if self._rows else None

    def move_to(self, key: Hashable) -> bool:
        """Put the cursor on a key; False when no row has it."""
        index = self._index.get(key)
        if index is not None:
            self.move_index(index)
        return index is not None

    def move_index(self, index: int) -> None:
        """Put the cursor on the row of that index, or on the nearest there is."""
        self._cursor = clamp(index, 0, len(self._rows) - 1)
        self._settle()

    @property
    def marked(self) -> frozenset[Hashable]:
        """Keys of the marked rows."""
        return self._marks

    def set_marked(self, keys: Iterable[Hashable]) -> None:
        """Mark exactly these keys; those without a row are left out."""
        marks = frozenset(key for key in keys if key in self._index)
        if marks != self._marks:
            self._marks = marks
            self._settle()
            self.post_message(self.MarksChanged(self))

    def visible_keys(self) -> tuple[Hashable, ...]:
        """Keys of the rows that are on the screen."""
        return tuple(row.key for row in self._rows[self._top : self._top + self._body])

    # Painting

    @property
    def _body(self) -> int:
        return max(0, self.size.height - 1)

    @property
    def _places(self) -> tuple[Place, ...]:
        key = (self.size.width, self._left)
        if self._placed is None or self._placed[0] != key:
            self._placed = (key, place(self._columns, self.size.width, everything=self._left > 0))
        return self._placed[1]

    def _lines(self) -> tuple[_Line, ...]:
        shown = self._rows[self._top : self._top + self._body]
        marks = self._marks
        groups = [number for number, column in enumerate(self._columns) if column.groups]
        above: RowLike | None = None
        lines: list[_Line] = []
        for y, row in enumerate(shown):
            again = _repeated(above, row, groups) if groups and above is not None else frozenset()
            lines.append(_Line(row, self._top + y == self._cursor, row.key in marks, again))
            above = row
        return (*lines, *(_NOTHING,) * (self._body - len(lines)))

    def _repaint(self) -> None:
        self._placed = None
        self._painted = ()
        self._settle()
        self.refresh()

    def _settle(self) -> None:
        """Keep the cursor on the screen, repaint the lines that differ, and tell what changed."""
        if self._body:
            self._top = follow_cursor(self._top, self._cursor, self._body, len(self._rows))
        lines = self._lines()
        if len(lines) != len(self._painted):
            self.refresh()
        else:
            for y, (old, new) in enumerate(zip(self._painted, lines, strict=True)):
                if old != new:
                    self.refresh_line(y + 1, *self._changed_span(old, new))
        self._painted = lines
        self._tell()

    def _changed_span(self, old: _Line, new: _Line) -> tuple[int, int]:
        """First and last terminal column that differ."""
        whole = (0, self.size.width)
        if old.row is None or new.row is None or self._left or (old.cursor, old.marked) != (new.cursor, new.marked):
            return whole
        if old.row.role != new.row.role or old.again != new.again or len(old.row.cells) != len(new.row.cells):
            return whole
        before, after = old.row.cells, new.row.cells
        changed = [p for p in self._places if before[p.index : p.index + 1] != after[p.index : p.index + 1]]
        return (changed[0].x, changed[-1].x + changed[-1].width) if changed else (0, 0)

    def _tell(self) -> None:
        if not self.is_attached:
            return
        here = (self.cursor_key, self.cursor_index)
        if here[0] != self._told[0]:
            self.post_message(self.CursorMoved(self, *here))
        self._told = here
        seen = self.visible_keys()
        if seen != self._seen:
            self._seen = seen
            self.post_message(self.ViewChanged(self))

    def on_resize(self, _: events.Resize) -> None:
        """Other columns may fit, other rows are visible."""
        self._repaint()

    def line_cell(self, y: int) -> Cell:
        """The header, then the rows."""
        if y == 0:
            return self._header()
        if not self._rows:
            return self._empty_line(y - 1)
        line = self._painted[y - 1] if y - 1 < len(self._painted) else _NOTHING
        return EMPTY if line.row is None else self._row_cell(line.row, line)

    def _empty_line(self, y: int) -> Cell:
        """Line `y` of the reason why there are no rows, which may be a long one."""
        lines = textwrap.wrap(self._empty.text.strip(), max(10, self.size.width - 3))
        role = self._empty.spans[0][1] if self._empty.spans else "normal"
        return Cell.join(" ", (lines[y], role)) if y < len(lines) else EMPTY

    def _row_cell(self, row: RowLike, line: _Line) -> Cell:
        parts: list[Cell] = [Cell.of(_SIGNS[line.cursor, line.marked], "mark" if line.marked else "normal")]
        body: list[Cell] = []
        for p in self._places:
            cell = row.cells[p.index] if p.index < len(row.cells) else EMPTY
            cell = cell.painted("dim") if p.index in line.again else cell
            body += (fit(cell, p.width, p.column.align, p.column.cut), _GAP)
        made = self._scrolled(Cell.join(*body[:-1]))
        parts.append(made)
        whole = Cell.join(*parts)
        if line.cursor:
            return fit(whole, self.size.width).painted("cursor")
        if self._stale:
            return whole.painted("stale")
        return whole if row.role == "normal" else whole.painted(row.role)

    def _scrolled(self, body: Cell) -> Cell:
        return crop(body, self._left, self.size.width - GUTTER) if self._left else body

    def _header(self) -> Cell:
        body: list[Cell] = []
        for p in self._places:
            sign = ("v" if self._sort[1] else "^") if p.column.key == self._sort[0] else ""
            title = p.column.title[: p.width - len(sign)] + sign
            body += (fit(Cell.of(title, "header"), p.width, p.column.align), _GAP)
        return Cell.join(" ", self._scrolled(Cell.join(*body[:-1])))

    # Keys

    def action_cursor_down(self) -> None:
        """One row down."""
        self.move_index(self._cursor + 1)

    def action_cursor_up(self) -> None:
        """One row up."""
        self.move_index(self._cursor - 1)

    def action_page_down(self) -> None:
        """One page down."""
        self._leap(max(1, self._body))

    def action_page_up(self) -> None:
        """One page up."""
        self._leap(-max(1, self._body))

    def action_half_down(self) -> None:
        """Half a page down."""
        self._leap(max(1, self._body // 2))

    def action_half_up(self) -> None:
        """Half a page up."""
        self._leap(-max(1, self._body // 2))

    def _leap(self, rows: int) -> None:
        self._top = clamp(self._top + rows, 0, max(0, len(self._rows) - self._body))
        self.move_index(self._cursor + rows)

    def action_first(self) -> None:
        """First row."""
        self.move_index(0)

    def action_last(self) -> None:
        """Last row."""
        self.move_index(len(self._rows) - 1)

    def action_scroll_left(self) -> None:
        """Show columns further to the left."""
        self._slide(self._left - _STEP)

    def action_scroll_right(self) -> None:
        """Show columns further to the right, among them those that had to give way."""
        self._slide(self._left + _STEP)

    def _slide(self, left: int) -> None:
        longest = total(place(self._columns, self.size.width, everything=True))
        left = clamp(left, 0, max(0, longest - self.size.width))
        if left != self._left:
            self._left = left
            self._repaint()

    def action_toggle_mark(self) -> None:
        """Mark the row or take its mark away, and go on to the next."""
        key = self.cursor_key
        if key is not None:
            self._mark_anchor = key
            self.set_marked(self._marks ^ {key})
            self.action_cursor_down()

    def action_mark_range(self) -> None:
        """Mark all rows from the last marked one to the cursor."""
        first = self._index.get(self._mark_anchor, self._cursor)
        low, high = sorted((first, self._cursor))
        self.set_marked(self._marks | {row.key for row in self._rows[low : high + 1]})

    def action_open(self) -> None:
        """Tell that the row was opened."""
        key = self.cursor_key
        if key is not None:
            self.post_message(self.Opened(self, key))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a click on the cursor's row opens it."""
        index = self._top + event.y - 1
        if event.y < 1 or index >= len(self._rows):
            return
        if index == self._cursor:
            self.action_open()
        else:
            self.move_index(index)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three rows down."""
        event.stop()
        self._leap(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three rows up."""
        event.stop()
        self._leap(-3)


def _repeated(above: RowLike, row: RowLike, groups: Sequence[int]) -> frozenset[int]:
    """Which of these cells say the same as in the line above."""
    before, here = above.cells, row.cells
    return frozenset(n for n in groups if n < min(len(before), len(here)) and before[n].text == here[n].text)
