"""A line of text that is being typed: pure, so that every key is easy to test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from inventory.text import safe
from widgets.cells import Cell, crop


@dataclass(frozen=True, slots=True)
class Edit:
    """The text and the cursor: number of characters before it."""

    text: str = ""
    cursor: int = 0

    @staticmethod
    def of(text: str) -> Edit:
        """A text with the cursor behind it; what may not reach a terminal is replaced."""
        text = safe(text)
        return Edit(text, len(text))

    def insert(self, text: str) -> Edit:
        """Text typed or pasted at the cursor; line breaks become blanks."""
        new = safe(" ".join(text.splitlines()))
        return Edit(self.text[: self.cursor] + new + self.text[self.cursor :], self.cursor + len(new))

    def key(self, key: str) -> Edit | None:
        """After an editing key (Textual's names); None when it is not one."""
        action = _KEYS.get(key)
        return None if action is None else action(self)

    def cell(self, prompt: str, width: int) -> Cell:
        """The line to show: the prompt and the text, scrolled so that the cursor is visible. The cursor is reverse."""
        under = self.text[self.cursor : self.cursor + 1] or " "
        before, after = Cell.of(self.text[: self.cursor]), Cell.of(self.text[self.cursor + 1 :])
        line = Cell.join(before, (under, "cursor"), after)
        room = max(1, width - len(prompt))
        start = max(0, before.width + Cell.of(under).width - room)
        return Cell.join((prompt, "key"), crop(line, start, room))


def _without(edit: Edit, start: int, end: int) -> Edit:
    return Edit(edit.text[:start] + edit.text[end:], start)


def _word_start(edit: Edit) -> int:
    head = edit.text[: edit.cursor].rstrip()
    return head.rfind(" ") + 1


_KEYS: Mapping[str, Callable[[Edit], Edit]] = {
    "backspace": lambda e: _without(e, max(0, e.cursor - 1), e.cursor),
    "ctrl+h": lambda e: _without(e, max(0, e.cursor - 1), e.cursor),
    "delete": lambda e: _without(e, e.cursor, e.cursor + 1),
    "ctrl+w": lambda e: _without(e, _word_start(e), e.cursor),
    "ctrl+u": lambda e: _without(e, 0, e.cursor),
    "ctrl+k": lambda e: _without(e, e.cursor, len(e.text)),
    "left": lambda e: replace(e, cursor=max(0, e.cursor - 1)),
    "right": lambda e: replace(e, cursor=min(len(e.text), e.cursor + 1)),
    "home": lambda e: replace(e, cursor=0),
    "ctrl+a": lambda e: replace(e, cursor=0),
    "end": lambda e: replace(e, cursor=len(e.text)),
    "ctrl+e": lambda e: replace(e, cursor=len(e.text)),
}
