"""A view of many lines: evidence, raw objects, logs, processes, history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from widgets.cells import EMPTY, Cell, crop, fit, overlay
from widgets.lines import LineWidget
from widgets.scrolling import clamp, follow_cursor
from widgets.searching import Search
from widgets.style import Role
from widgets.wrapping import Wrapping

_STEP = 8


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line; `meta` is what Enter follows, `copy` what is copied instead of the visible text."""

    cell: Cell
    meta: object = None
    copy: str | None = None


def line(text: str, role: Role = "normal", meta: object = None) -> TextLine:
    """A line of one role."""
    return TextLine(Cell.of(text, role), meta)


class TextView(LineWidget, can_focus=True):
    """Scrolls, wraps, searches and follows. With `cursor`, one line is the current one and can be activated."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "down", "Down", show=False, priority=True, id="text.down"),
        Binding("k,up", "up", "Up", show=False, priority=True, id="text.up"),
        Binding("space,pagedown", "page_down", "Page down", show=False, priority=True, id="text.page_down"),
        Binding("b,pageup", "page_up", "Page up", show=False, priority=True, id="text.page_up"),
        Binding("ctrl+d", "half_down", "Half a page down", show=False, priority=True, id="text.half_down"),
        Binding("ctrl+u", "half_up", "Half a page up", show=False, priority=True, id="text.half_up"),
        Binding("g,home", "first", "Start", show=False, priority=True, id="text.first"),
        Binding("G,end", "last", "End", show=False, priority=True, id="text.last"),
        Binding("h,left", "left", "Left", show=False, priority=True, id="text.left"),
        Binding("l,right", "right", "Right", show=False, priority=True, id="text.right"),
        Binding("ctrl+w", "toggle_wrap", "Wrap", show=False, priority=True, id="text.wrap"),
        Binding("w", "toggle_wrap", "Wrap", show=False, priority=True, id="text.wrap_too"),  # where nothing else has it
        Binding("f", "toggle_follow", "Follow", show=False, priority=True, id="text.follow"),
        Binding("n", "next_match", "Next match", show=False, priority=True, id="text.next_match"),
        Binding("N", "prev_match", "Previous match", show=False, priority=True, id="text.prev_match"),
        Binding("enter", "activate", "Open", show=False, priority=True, id="text.activate"),
    ]

    class _ViewMessage(Message):
        def __init__(self, view: TextView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> TextView:
            """The view that sent this."""
            return self.view

    class LineActivated(_ViewMessage):
        """Enter on a line that has a `meta`."""

        def __init__(self, view: TextView, meta: object, index: int) -> None:
            super().__init__(view)
            self.meta = meta
            self.index = index

    class CursorMoved(_ViewMessage):
        """Another line is the current one."""

        def __init__(self, view: TextView, index: int) -> None:
            super().__init__(view)
            self.index = index

        def can_replace(self, message: Message) -> bool:
            """Only the last place counts."""
            return isinstance(message, TextView.CursorMoved) and message.view is self.view

    class SearchMoved(_ViewMessage):
        """Match `index` (from 0, -1: none) of `count` is the current one."""

        def __init__(self, view: TextView, index: int, count: int) -> None:
            super().__init__(view)
            self.index = index
            self.count = count

    def __init__(
        self,
        lines: Iterable[TextLine] = (),
        *,
        cursor: bool = False,
        wrap: bool = False,
        ring: int = 20_000,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[TextLine] = list(lines)
        self._has_cursor = cursor
        self._wrap = wrap
        self._ring = max(1, ring)
        self._top = 0
        self._left = 0
        self._cursor = 0
        self._follow = False
        self._stale = False
        self._search = Search()
        self._match = -1
        self._layout: Wrapping | None = None
        self._painted: tuple[Cell, ...] = ()

    # What is shown

    @property
    def lines(self) -> Sequence[TextLine]:
        """All lines."""
        return self._lines

    def set_lines(self, lines: Iterable[TextLine]) -> None:
        """Other lines; only visible ones that differ are painted again. The place in the text is kept."""
        self._lines = list(lines)[-self._ring :]
        self._restart_search()
        self._settle()

    def append_lines(self, lines: Iterable[TextLine]) -> None:
        """Further lines at the end; the oldest go when there are more than the ring holds."""
        layout = self._wrapping
        first = len(self._lines)
        self._lines.extend(lines)
        added = self._lines[first:]
        layout.extend(entry.cell.width for entry in added)
        self._search.look((entry.cell.text for entry in added), first)
        dropped = len(self._lines) - self._ring
        if dropped > 0:
            del self._lines[:dropped]
            self._search.shift(dropped)
            self._match = clamp(self._match, -1, len(self._search.places) - 1)
            self._top -= layout.drop(dropped)
            self._cursor -= dropped
        self._cursor = clamp(self._cursor, 0, len(self._lines) - 1)
        self._settle()

    def clear(self) -> None:
        """No lines."""
        self._top = self._left = self._cursor = 0
        self.set_lines(())

    @property
    def stale(self) -> bool:
        """Whether the text is dimmed because it may be out of date."""
        return self._stale

    @stale.setter
    def stale(self, stale: bool) -> None:
        self._stale = stale
        self._settle()

    @property
    def wrap(self) -> bool:
        """Whether long lines go on below instead of to the right."""
        return self._wrap

    @wrap.setter
    def wrap(self, wrap: bool) -> None:
        if wrap != self._wrap:
            index = self._wrapping.at(self._top)[0] if self._lines else 0
            self._wrap, self._left, self._layout = wrap, 0, None
            self._top = self._wrapping.start(index)
            self._settle()

    @property
    def follow(self) -> bool:
        """Whether the end stays visible when lines come."""
        return self._follow

    @follow.setter
    def follow(self, follow: bool) -> None:
        self._follow = follow
        self._settle()

    # The current line

    @property
    def cursor_line(self) -> int:
        """Index of the current line: the cursor's, or the first visible one; -1 without lines."""
        if not self._lines:
            return -1
        return self._cursor if self._has_cursor else self._wrapping.at(self._top)[0]

    @property
    def current(self) -> TextLine | None:
        """The current line."""
        return self._lines[self.cursor_line] if self._lines else None

    @property
    def current_text(self) -> str:
        """What a copy of the current line puts on the clipboard."""
        entry = self.current
        if entry is None:
            return ""
        return entry.cell.text if entry.copy is None else entry.copy

    def move_to(self, index: int) -> None:
        """Make line `index` the current one, or scroll to it."""
        index = clamp(index, 0, len(self._lines) - 1)
        if not self._lines:
            return
        if not self._has_cursor:
            self._roll_to(self._wrapping.start(index))
        elif index != self._cursor:
            self._cursor = index
            self._show_cursor()
            self.post_message(self.CursorMoved(self, index))

    # Search

    @property
    def search(self) -> Search:
        """The search, its pattern and what is wrong with it."""
        return self._search

    @property
    def match_count(self) -> int:
        """Matches in all lines."""
        return len(self._search.places)

    @property
    def match_index(self) -> int:
        """The current match, from 0; -1 if there is none."""
        return self._match

    def set_search(self, pattern: str, regex: bool = False) -> int:
        """Highlight `pattern` and go to the first match from here on; the number of matches. "" ends the search."""
        self._search = Search(pattern, regex)
        self._restart_search()
        if self._match >= 0:
            self._go_to_match(self._match)
        self._settle()
        return self.match_count

    def _restart_search(self) -> None:
        self._search = Search(self._search.pattern, self._search.regex)
        self._search.look(entry.cell.text for entry in self._lines)
        self._layout = None
        self._cursor = clamp(self._cursor, 0, len(self._lines) - 1)
        self._top = clamp(self._top, 0, max(0, self._wrapping.total - 1))
        self._match = self._search.after(max(0, self.cursor_line))

    def _go_to_match(self, number: int) -> None:
        count = self.match_count
        if not count:
            return
        self._match = number % count
        index, start = self._search.places[self._match]
        self._follow = False
        if self._has_cursor:
            self.move_to(index)
        else:
            row = self._wrapping.start(index) + (start // max(1, self.size.width) if self._wrap else 0)
            if not self._top <= row < self._top + self.page:
                self._roll_to(row - self.page // 3)
        self._reveal(start)
        self.post_message(self.SearchMoved(self, self._match, count))

    def _reveal(self, start: int) -> None:
        width = self.size.width
        if not self._wrap and not self._left <= start < self._left + width:
            self._left = max(0, start - width // 3)
        self._settle()

    def action_next_match(self) -> None:
        """The next match, after the last one the first."""
        self._go_to_match(self._match + 1)

    def action_prev_match(self) -> None:
        """The match before, before the first one the last."""
        self._go_to_match(self._match - 1)

    # Painting

    @property
    def _wrapping(self) -> Wrapping:
        if self._layout is None:
            widths = (entry.cell.width for entry in self._lines) if self._wrap else None
            self._layout = Wrapping(len(self._lines), self._text_width, widths)
        return self._layout

    @property
    def _text_width(self) -> int:
        return max(1, self.size.width - self._has_cursor)

    def _settle(self) -> None:
        last = max(0, self._wrapping.total - self.page)
        self._top = last if self._follow else clamp(self._top, 0, last)
        if self._follow and self._has_cursor and self._lines:
            self._cursor = len(self._lines) - 1
        made = tuple(self._visible(y) for y in range(self.size.height))
        if len(made) != len(self._painted):
            self.refresh()
        for y, (old, new) in enumerate(zip(self._painted, made, strict=False)):
            if old != new:
                self.refresh_line(y)
        self._painted = made

    def _visible(self, y: int) -> Cell:
        row = self._top + y
        if row >= self._wrapping.total or not self._lines:
            return EMPTY
        index, start = self._wrapping.at(row)
        cell = self._lines[index].cell
        if index in self._search.lines:
            cell = overlay(cell, self._search.lines[index], "match")
        if self._stale:
            cell = cell.painted("stale")
        shown = crop(cell, start if self._wrap else self._left, self._text_width)
        if not self._has_cursor:
            return shown
        if index != self._cursor:
            return Cell.join(" ", shown)
        sign = ">" if start == 0 else " "
        if not self.has_focus:  # two bright bars would leave open which of them the keys move
            return Cell.join(sign, shown)
        return fit(Cell.join(sign, shown), self.size.width).painted("cursor")

    def line_cell(self, y: int) -> Cell:
        """Visible line `y` as it was last settled."""
        return self._painted[y] if y < len(self._painted) else EMPTY

    def on_focus(self) -> None:
        """The cursor line is bright only where the keys go."""
        self._settle()

    def on_blur(self) -> None:
        """As `on_focus`."""
        self._settle()

    def on_resize(self, _: events.Resize) -> None:
        """Lines wrap elsewhere."""
        self._layout = None
        self._settle()
        self.refresh()

    # Keys

    def _roll_to(self, top: int) -> None:
        last = max(0, self._wrapping.total - self.page)
        self._top = clamp(top, 0, last)
        if self._top < last:
            self._follow = False
        self._settle()

    def _show_cursor(self) -> None:
        start = self._wrapping.start(self._cursor)
        self._follow = self._follow and self._cursor == len(self._lines) - 1
        self._top = follow_cursor(self._top, start, self.page, self._wrapping.total)
        self._settle()

    def _step(self, lines: int) -> None:
        if self._has_cursor:
            self.move_to(self._cursor + lines)
        else:
            self._roll_to(self._top + lines)

    def action_down(self) -> None:
        """One line down."""
        self._step(1)

    def action_up(self) -> None:
        """One line up."""
        self._step(-1)

    def action_page_down(self) -> None:
        """One page down."""
        self._step(self.page)

    def action_page_up(self) -> None:
        """One page up."""
        self._step(-self.page)

    def action_half_down(self) -> None:
        """Half a page down."""
        self._step(max(1, self.page // 2))

    def action_half_up(self) -> None:
        """Half a page up."""
        self._step(-max(1, self.page // 2))

    def action_first(self) -> None:
        """To the start."""
        self.move_to(0)

    def action_last(self) -> None:
        """To the end."""
        if self._has_cursor:
            self.move_to(len(self._lines) - 1)
        else:
            self._roll_to(self._wrapping.total)

    def action_left(self) -> None:
        """Show what is further to the left."""
        self._left = max(0, self._left - _STEP)
        self._settle()

    def action_right(self) -> None:
        """Show what is further to the right."""
        shown = [self._wrapping.at(self._top + y)[0] for y in range(min(self.page, self._wrapping.total - self._top))]
        longest = max((self._lines[index].cell.width for index in shown), default=0)
        if not self._wrap and longest > self._left + self._text_width:
            self._left += _STEP
        self._settle()

    def action_toggle_wrap(self) -> None:
        """Wrap long lines, or not."""
        self.wrap = not self._wrap

    def action_toggle_follow(self) -> None:
        """Stay at the end, or not."""
        self.follow = not self._follow

    def action_activate(self) -> None:
        """Tell what the current line leads to."""
        entry = self.current
        if entry is not None and entry.meta is not None:
            self.post_message(self.LineActivated(self, entry.meta, self.cursor_line))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a click on the current line activates it."""
        row = self._top + event.y
        if not self._has_cursor or row >= self._wrapping.total or not self._lines:
            return
        index = self._wrapping.at(row)[0]
        if index == self._cursor:
            self.action_activate()
        else:
            self.move_to(index)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines down."""
        event.stop()
        self._step(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines up."""
        event.stop()
        self._step(-3)
