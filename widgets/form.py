"""A form in a box: fields to fill in or to choose, what would be written, what is wrong. By keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from textual import events
from textual.app import ComposeResult
from textual.message import Message

from widgets.cells import EMPTY, Cell, crop, fit
from widgets.editing import Edit
from widgets.lean import LeanModal
from widgets.lines import LineWidget
from widgets.style import Role

WIDTH, HEIGHT = 100, 30
_LABEL = 10
_TEXT = 24  # columns of a text before the note behind it has to give way


@dataclass(frozen=True, slots=True)
class Field:
    """A text to type, or with `choices` one of them to pick. `chosen` is the number of the first choice shown."""

    id: str
    label: str
    text: str = ""
    choices: tuple[str, ...] = ()
    chosen: int = 0
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What a form says about the values in it.

    `errors` and `notes` are by field id; a form with errors cannot be sent. `heading` stands over the `preview`, whose
    lines are what would be written, or with `role` what else would happen to them.
    """

    errors: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    heading: str = ""
    preview: Sequence[str] = ()
    role: Role = "normal"


Values = Mapping[str, str]
"""Field id -> text, or the number of the choice as text."""
Judge = Callable[[Values], State]


class FormBody(LineWidget, can_focus=True):
    """Title, fields, preview and footer on one widget: nothing to lay out while somebody types."""

    class Sent(Message):
        """Enter or ctrl+s on a form without errors."""

        def __init__(self, values: Values) -> None:
            super().__init__()
            self.values = values

    class Closed(Message):
        """Escape."""

    def __init__(self, title: str, fields: Sequence[Field], judge: Judge, first: str, verb: str) -> None:
        super().__init__()
        self._title = title
        self._fields = tuple(fields)
        self._judge = judge
        self._verb = verb
        self._edits = [Edit.of(one.text) for one in self._fields]
        self._chosen = [one.chosen for one in self._fields]
        self._current = next((number for number, one in enumerate(self._fields) if one.id == first), 0)
        self._top = 0
        self._tried = False  # errors are shown in full only once somebody has tried to send them
        self._trouble = ""
        self._busy = False
        self.state = judge(self.values)

    @property
    def values(self) -> Values:
        """What is filled in."""
        return {
            one.id: str(self._chosen[number]) if one.choices else self._edits[number].text
            for number, one in enumerate(self._fields)
        }

    @property
    def lines(self) -> int:
        """How many lines show everything."""
        width = min(WIDTH, self.app.size.width)
        heading = list(_pieces(Cell.of(self.state.heading), width - 1))
        return len(self._fields) + len(self._preview(width)) + len(heading) + 4

    def trouble(self, text: str) -> None:
        """Why it could not be done; everything that was typed stays."""
        self._trouble, self._busy = text, False
        self.refresh()

    # -- painting -----------------------------------------------------------------------------------------------

    def line_cell(self, y: int) -> Cell:
        """Title, fields, what is wrong, preview, keys."""
        width, height = self.size.width, self.size.height
        if y == 0:
            return _rule(self._title, width)
        if y == height - 1:
            return _rule(self._keys(), width)
        number = y - 1
        if number < len(self._fields):
            return self._field(number, width)
        number -= len(self._fields)
        if number == 0:
            return self._said(width)
        heading = self._heading(width)
        if number <= len(heading):
            return heading[number - 1]
        shown, place = self._preview(width)[self._top :], number - 1 - len(heading)
        return shown[place] if place < len(shown) else EMPTY

    def _field(self, number: int, width: int) -> Cell:
        one, here = self._fields[number], number == self._current and not self._busy
        label = Cell.join((" > " if here else "   ", "key"), (f"{one.label:<{_LABEL}}", "key" if here else "dim"))
        error, note = self.state.errors.get(one.id, ""), self.state.notes.get(one.id, "")
        tail = Cell.of(f"  {error}", "error") if error and self._tried else Cell.of(f"  {note}" if note else "", "dim")
        room = width - label.width - 1
        if one.choices:
            return fit(Cell.join(label, self._choice(number, room - tail.width, here=here), tail), width)
        text = self._edits[number]
        wide = min(room, max(min(_TEXT, room - tail.width), Cell.of(text.text).width + 1))
        if here:
            return fit(Cell.join(label, fit(text.cell("", wide), wide), tail), width)
        shown = Cell.of(text.text) if text.text else Cell.of(one.placeholder, "dim")
        return fit(Cell.join(label, fit(shown, wide), tail), width)

    def _choice(self, number: int, room: int, *, here: bool) -> Cell:
        one = self._fields[number]
        words = Cell.of(one.choices[self._chosen[number]])
        count = f"  {self._chosen[number] + 1} of {len(one.choices)}"
        shown = fit(words, max(8, min(words.width, room - len(count) - 4)))
        if len(one.choices) == 1:
            return shown
        return Cell.join(("< ", "key"), shown.painted("cursor") if here else shown, (" >", "key"), (count, "dim"))

    def _said(self, width: int) -> Cell:
        if self._busy:
            return Cell.of("   writing ...", "dim")
        cut = (said for name, said in self.state.errors.items() if self._tried and not self._fits(name, said, width))
        text = next(cut, "")
        return fit(Cell.of(f"   {text}" if text else "", "error"), width)

    def _fits(self, name: str, error: str, width: int) -> bool:
        """Whether the error can be read beside its field; one of no field cannot."""
        for number, one in enumerate(self._fields):
            if one.id == name and not one.choices:
                text = Cell.of(self._edits[number].text).width + 1
                return 3 + _LABEL + text + 2 + Cell.of(error).width < width
        return False

    def _heading(self, width: int) -> list[Cell]:
        """In full: it names a file, and whether that is the right one must be seen."""
        words = Cell.of("not done:" if self._trouble else self.state.heading, "header")
        lines = [Cell.join(" ", piece) for piece in _pieces(words, width - 1)]
        hidden = len(self._preview(width)) - self._top - self._room
        if hidden > 0:
            lines.append(Cell.of(f"   {hidden} more lines: pgdn", "accent"))
        return lines

    def _preview(self, width: int) -> list[Cell]:
        """Every line in full: what is longer than the box goes on below, further in."""
        shown: list[Cell] = []
        lines = (self._trouble,) if self._trouble else self.state.preview
        for text in lines:
            pieces = _pieces(Cell.of(text, "error" if self._trouble else self.state.role), width - 8)
            shown += [Cell.join("       " if number else "   ", piece) for number, piece in enumerate(pieces)]
        return shown

    @property
    def _room(self) -> int:
        return max(1, self.size.height - len(self._fields) - 3 - self._above)

    @property
    def _above(self) -> int:
        """Lines of the heading, with one kept for what does not fit."""
        return len(list(_pieces(Cell.of(self.state.heading), self.size.width - 1))) + 1

    def _keys(self) -> str:
        move = "tab next  " if len(self._fields) > 1 else ""
        choose = "left right choose  " if any(len(one.choices) > 1 for one in self._fields) else ""
        return f"enter {self._verb}  {move}{choose}esc cancel"

    # -- keys ---------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """What is typed goes into the field; the rest moves, chooses, sends or closes."""
        if self._handle(event):
            event.stop()
            event.prevent_default()

    def _handle(self, event: events.Key) -> bool:
        key = event.key
        if key in ("escape", "ctrl+c"):
            self.post_message(self.Closed())
        elif self._busy:
            pass  # the file is being written: what is typed now would be lost
        elif key in ("enter", "ctrl+s"):
            self._send()
        elif key in _STEPS:
            self._current = (self._current + _STEPS[key]) % max(1, len(self._fields))
        elif key in ("pageup", "pagedown"):
            self._scroll(self._room if key == "pagedown" else -self._room)
        elif not self._fields:
            return False
        elif self._fields[self._current].choices:
            self._turn(key)
        elif not self._type(event):
            return False
        self.refresh()
        return True

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text is typed."""
        event.stop()
        if self._fields and not self._busy and not self._fields[self._current].choices:
            self._take(self._edits[self._current].insert(event.text))
            self.refresh()

    def _type(self, event: events.Key) -> bool:
        edit = self._edits[self._current]
        printable = event.is_printable and event.character
        changed = edit.insert(event.character or "") if printable else edit.key(event.key)
        if changed is None:
            return False
        self._take(changed)
        return True

    def _take(self, edit: Edit) -> None:
        different = edit.text != self._edits[self._current].text
        self._edits[self._current] = edit
        if different:
            self._judge_again()

    def _turn(self, key: str) -> None:
        step = {"left": -1, "right": 1, "space": 1, "h": -1, "l": 1}.get(key, 0)
        count = len(self._fields[self._current].choices)
        self._chosen[self._current] = (self._chosen[self._current] + step) % count
        if step:
            self._judge_again()

    def _judge_again(self) -> None:
        self._trouble = ""
        self._top = 0
        self.state = self._judge(self.values)

    def _scroll(self, step: int) -> None:
        most = max(0, len(self._preview(self.size.width)) - self._room)
        self._top = max(0, min(most, self._top + step))

    def _send(self) -> None:
        wrong = next((number for number, one in enumerate(self._fields) if one.id in self.state.errors), None)
        if self.state.errors:
            self._tried = True
            self._current = self._current if wrong is None else wrong
            return
        self._busy, self._trouble = True, ""
        self.post_message(self.Sent(self.values))


_STEPS = {"tab": 1, "down": 1, "ctrl+n": 1, "shift+tab": -1, "up": -1, "ctrl+p": -1}


def _pieces(cell: Cell, width: int) -> Iterator[Cell]:
    """The lines that it takes; at least one."""
    room = max(20, width)
    return (crop(cell, start, room) for start in range(0, max(1, cell.width), room))


def _rule(title: str, width: int) -> Cell:
    head = Cell.join(("-- ", "rule"), (title, "title"), " ")
    return fit(Cell.join(head, ("-" * max(0, width - head.width), "rule")), width)


class Form(LeanModal[bool]):
    """Asks, and stays until what was asked for is done: `send` does it and calls `done` or `trouble`."""

    DEFAULT_CSS = """
    Form #box { width: 100%; max-height: 100%; background: ansi_default; }
    """

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        judge: Judge,
        send: Callable[[Form, Values], None],
        *,
        first: str = "",
        verb: str = "write",
    ) -> None:
        super().__init__()
        self._perform = send
        self.body = FormBody(title, fields, judge, first, verb)
        self.body.id = "box"

    def compose(self) -> ComposeResult:
        """The one widget."""
        yield self.body

    def on_mount(self) -> None:
        """As wide and as high as it needs, if there is room."""
        self.body.styles.max_width = WIDTH
        self.body.styles.height = min(HEIGHT, self.body.lines)
        self.body.focus()

    def on_form_body_sent(self, message: FormBody.Sent) -> None:
        """Do it."""
        message.stop()
        self._perform(self, message.values)

    def on_form_body_closed(self, message: FormBody.Closed) -> None:
        """Leave everything as it is."""
        message.stop()
        self.dismiss(False)

    def done(self) -> None:
        """It is done."""
        if self.is_attached:
            self.dismiss(True)

    def trouble(self, text: str) -> None:
        """It could not be done; the person may mend it and try again."""
        if self.is_attached:
            self.body.trouble(text)
