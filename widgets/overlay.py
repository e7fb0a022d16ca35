"""Modal boxes: a menu to choose from, the help, a notice. By keyboard, at most 80 by 20, over the screen below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from widgets.cells import EMPTY, Cell, fit
from widgets.editing import Edit
from widgets.filterbar import FilterBar
from widgets.fuzzy import best
from widgets.lean import LeanModal
from widgets.lines import LineWidget
from widgets.scrolling import clamp, follow_cursor
from widgets.statusline import StatusLine
from widgets.style import Role
from widgets.textview import TextLine, TextView, line

ResultT = TypeVar("ResultT")

WIDTH, HEIGHT = 80, 20


@dataclass(frozen=True, slots=True)
class Option:
    """An entry of a menu: what is chosen, what it is called, and a hint (its key, an explanation) on the right."""

    id: str
    label: str
    hint: str = ""
    role: Role = "normal"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and what was typed. `id` None: nothing fits, the text itself is the answer."""

    id: str | None
    typed: str


def _rule(title: str, width: int) -> Cell:
    head = Cell.join(("-- ", "rule"), (title, "title"), " ")
    return fit(Cell.join(head, ("-" * max(0, width - head.width), "rule")), width)


class PickerBody(LineWidget, can_focus=True):
    """Title, input and options on one widget: nothing to lay out when the options change."""

    class Picked(Message):
        """Enter or a click; None is Escape."""

        def __init__(self, choice: Choice | None) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, title: str, options: Sequence[Option], prompt: str, free: bool) -> None:
        super().__init__()
        self._title = title
        self._options = tuple(options)
        self._prompt = prompt
        self._free = free
        self._edit = Edit()
        self._found = list(range(len(self._options)))
        self._current = 0
        self._top = 0

    @property
    def _room(self) -> int:
        return max(1, self.size.height - 3)

    def line_cell(self, y: int) -> Cell:
        """Title, input, options, rule."""
        width = self.size.width
        if y == 0:
            return _rule(self._title, width)
        if y == 1:
            return self._edit.cell(f" {self._prompt} ", width)
        if y == self.size.height - 1:
            count = f"{len(self._found)} of {len(self._options)}  enter choose  esc close"
            return _rule(count, width)
        return self._option(self._top + y - 2, width)

    def _option(self, place: int, width: int) -> Cell:
        if not self._found and place == 0:
            text = "enter runs what was typed" if self._free else "nothing fits"
            return Cell.of(f"  {text}", "dim")
        if place >= len(self._found):
            return EMPTY
        option = self._options[self._found[place]]
        here = place == self._current
        hint = Cell.of(f" {option.hint}" if option.hint else "", "dim")
        room = max(0, width - hint.width - 3)
        label = fit(Cell.of(option.label, option.role), room)
        whole = fit(Cell.join(" > " if here else "   ", label, hint), width)
        return whole.painted("cursor") if here else whole

    def on_key(self, event: events.Key) -> None:
        """Everything is typed into the filter but the keys that move, choose and close."""
        step = _STEPS.get(event.key)
        if event.key == "enter":
            self._pick()
        elif event.key in ("escape", "ctrl+c"):
            self.post_message(self.Picked(None))
        elif step is not None:
            self._move(step * (self._room if event.key.startswith("page") else 1))
        elif event.is_printable and event.character:
            self._take(self._edit.insert(event.character))
        else:
            changed = self._edit.key(event.key)
            if changed is None:
                return
            self._take(changed)
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text is typed."""
        event.stop()
        self._take(self._edit.insert(event.text))

    def _take(self, edit: Edit) -> None:
        if edit.text != self._edit.text:
            labels = (f"{option.label} {option.hint}" for option in self._options)
            self._found = best(edit.text, labels)
            self._current = self._top = 0
        self._edit = edit
        self.refresh()

    def _move(self, step: int) -> None:
        self._current = clamp(self._current + step, 0, len(self._found) - 1)
        self._top = follow_cursor(self._top, self._current, self._room, len(self._found))
        self.refresh()

    def _pick(self) -> None:
        if self._found:
            self.post_message(self.Picked(Choice(self._options[self._found[self._current]].id, self._edit.text)))
        elif self._free and self._edit.text.strip():
            self.post_message(self.Picked(Choice(None, self._edit.text.strip())))

    def on_click(self, event: events.Click) -> None:
        """A click chooses."""
        place = self._top + event.y - 2
        if 0 <= place < len(self._found) and 2 <= event.y < self.size.height - 1:
            self._current = place
            self._pick()


_STEPS = {"down": 1, "ctrl+n": 1, "tab": 1, "up": -1, "ctrl+p": -1, "shift+tab": -1, "pagedown": 1, "pageup": -1}


class _Box(LeanModal[ResultT]):
    """A modal whose first widget is at most WIDTH by HEIGHT, or as wide as is said."""

    def _bound(self, lines: int, width: int = WIDTH) -> None:
        for widget in self.query("#box"):
            widget.styles.max_width = width
            widget.styles.height = min(HEIGHT, max(4, lines))
            widget.styles.max_height = "100%"


class Picker(_Box[Choice | None]):
    """A menu with a filter typed live. With `free`, what was typed and fits nothing is an answer too."""

    def __init__(
        self, title: str, options: Sequence[Option], *, prompt: str = ">", free: bool = False, width: int = WIDTH
    ) -> None:
        super().__init__()
        self._count = len(options)
        self._width = width
        self._body = PickerBody(title, options, prompt, free)
        self._body.id = "box"

    def compose(self) -> ComposeResult:
        """The one widget."""
        yield self._body

    def on_mount(self) -> None:
        """As high as the menu needs."""
        self._bound(self._count + 3, self._width)
        self._body.focus()

    def on_picker_body_picked(self, message: PickerBody.Picked) -> None:
        """Close with the answer."""
        message.stop()
        self.dismiss(message.choice)


class TextBox(_Box[None]):
    """A title, lines to read and a search with `/`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", "Close", show=False, id="box.close"),
        Binding("slash", "search", "Search", show=False, id="box.search"),
        Binding("Q", "leave", "Quit the program", show=False, id="box.quit"),
    ]
    DEFAULT_CSS = """
    TextBox #box { background: ansi_default; }
    """

    def __init__(self, title: str, lines: Sequence[TextLine]) -> None:
        super().__init__()
        self._title = title
        self._count = sum(max(1, math.ceil(entry.cell.width / WIDTH)) for entry in lines)
        self._view = TextView(lines, wrap=True)
        self._bar = FilterBar("/", "enter search  esc clear")
        self._foot = StatusLine()

    def compose(self) -> ComposeResult:
        """Title, text, footer or search."""
        with Vertical(id="box"):
            yield StatusLine(_rule(self._title, WIDTH))
            yield self._view
            yield self._bar
            yield self._foot

    def on_mount(self) -> None:
        """As high as the text needs."""
        self._bound(self._count + 2)
        self._tell("")
        self._view.focus()

    def _tell(self, text: str) -> None:
        self._foot.update_cells(_rule(text or "/ search  n N next, previous  esc close", WIDTH))

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss(None)

    def action_leave(self) -> None:
        """Quit, from here too."""
        self.app.exit()

    def action_search(self) -> None:
        """Type what to look for."""
        self._bar.open(self._view.search.pattern)

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Look while it is typed."""
        self._view.set_search(message.value)
        self._tell(f"{self._view.match_count} found" if message.value else "")

    def on_filter_bar_submitted(self, message: FilterBar.Submitted) -> None:
        """Go on with n and N."""
        self._view.focus()

    def on_filter_bar_cancelled(self, message: FilterBar.Cancelled) -> None:
        """No search."""
        self._view.set_search("")
        self._tell("")
        self._view.focus()


class HelpScreen(TextBox):
    """Keys and what they do, in groups."""

    def __init__(self, title: str, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        super().__init__(title, help_lines(groups))


class Notice(TextBox):
    """Something to read, then Escape."""

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__(title, [line(f" {text}") for text in lines])


def help_lines(groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> tuple[TextLine, ...]:
    """Each group under its name, keys in a column of their own."""
    wide = max((Cell.of(key).width for _, rows in groups for key, _ in rows), default=0)
    lines: list[TextLine] = []
    for name, rows in groups:
        if lines:
            lines.append(line(""))
        lines.append(line(f" {name}", "title"))
        lines += [TextLine(Cell.join("   ", fit(Cell.of(key, "key"), wide), "  ", text)) for key, text in rows]
    return tuple(lines)
