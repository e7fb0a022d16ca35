"""One line in which a filter, a search or a command is typed."""

from __future__ import annotations

from textual import events
from textual.message import Message

from widgets.cells import EMPTY, Cell, fit
from widgets.editing import Edit
from widgets.lines import LineWidget

_KEPT = 100
"""Entries of the history."""


class FilterBar(LineWidget, can_focus=True):
    """Hidden until it is opened. The cursor does not blink: an idle screen sends nothing."""

    DEFAULT_CSS = """
    FilterBar { height: 1; display: none; }
    FilterBar.-open { display: block; }
    """

    class _BarMessage(Message):
        def __init__(self, bar: FilterBar, value: str) -> None:
            super().__init__()
            self.bar = bar
            self.value = value

        @property
        def control(self) -> FilterBar:
            """The bar that sent this."""
            return self.bar

    class Changed(_BarMessage):
        """The text changed."""

    class Submitted(_BarMessage):
        """Enter; the bar is closed."""

    class Cancelled(_BarMessage):
        """Escape; the bar is closed and empty, `value` is the text it had when it was opened."""

    def __init__(
        self,
        prompt: str = "/",
        hint: str = "enter keep  esc clear",
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._prompt = prompt
        self._hint = hint
        self._error = ""
        self._edit = Edit()
        self._before = ""
        self._history: list[str] = []
        self._recalled = 0

    @property
    def value(self) -> str:
        """The text."""
        return self._edit.text

    @property
    def is_open(self) -> bool:
        """Whether it is shown and typed into."""
        return self.has_class("-open")

    @property
    def history(self) -> tuple[str, ...]:
        """What was submitted before, oldest first."""
        return tuple(self._history)

    def open(self, text: str = "", prompt: str | None = None) -> None:
        """Show the bar with a text and take the keys."""
        self._before = text
        self._edit = Edit.of(text)
        self._prompt = self._prompt if prompt is None else prompt
        self._error = ""
        self._recalled = len(self._history)
        self.add_class("-open")
        self.refresh_line(0)
        self.screen.set_focus(self)  # at once: the next key is meant for it

    def close(self) -> None:
        """Hide the bar; the caller says what has the focus next."""
        self.remove_class("-open")

    def set_error(self, text: str) -> None:
        """What is wrong with the text, shown instead of the hint; "" when nothing is."""
        if text != self._error:
            self._error = text
            self.refresh_line(0)

    def set_hint(self, text: str) -> None:
        """What the keys do here."""
        if text != self._hint:
            self._hint = text
            self.refresh_line(0)

    def line_cell(self, y: int) -> Cell:
        """The prompt, the text, and on the right what is wrong or what the keys do."""
        width = self.size.width
        note = Cell.of(self._error, "error") if self._error else Cell.of(self._hint, "dim")
        room = width - note.width - 2
        if room < max(20, len(self._prompt) + Cell.of(self.value).width + 1):
            note, room = (fit(note, width // 2), width - width // 2 - 2) if self._error else (EMPTY, width)
        return (
            Cell.join(fit(self._edit.cell(self._prompt, room), room), "  ", note)
            if note.spans
            else self._edit.cell(self._prompt, room)
        )

    def on_key(self, event: events.Key) -> None:
        """Editing keys, history, Enter and Escape; all that is typed stays here."""
        if event.key == "enter":
            self._submit()
        elif event.key == "escape":
            self._cancel()
        elif event.key in ("up", "down", "ctrl+p", "ctrl+n"):
            self._recall(-1 if event.key in ("up", "ctrl+p") else 1)
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
        """Pasted text, without what may not reach a terminal."""
        event.stop()
        self._take(self._edit.insert(event.text))

    def _take(self, edit: Edit) -> None:
        before, self._edit = self._edit, edit
        if edit != before:
            self.refresh_line(0)
        if edit.text != before.text:
            self.post_message(self.Changed(self, edit.text))

    def _recall(self, step: int) -> None:
        self._recalled = max(0, min(len(self._history), self._recalled + step))
        text = self._history[self._recalled] if self._recalled < len(self._history) else ""
        self._take(Edit.of(text))

    def _submit(self) -> None:
        value = self.value
        if value:
            self._history = [*(old for old in self._history if old != value), value][-_KEPT:]
        self.close()
        self.post_message(self.Submitted(self, value))

    def _cancel(self) -> None:
        self.close()
        self._edit = Edit()
        self.post_message(self.Cancelled(self, self._before))
