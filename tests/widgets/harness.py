"""An application around one widget, for tests without a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from tests.hostile import forbidden
from widgets.lean import LeanScreen
from widgets.style import PALETTES, Palette


class Bench(App[Any]):
    """Shows the given widgets one below the other and keeps every message that they send."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *shown: Widget, palette: Palette = PALETTES["colour"]) -> None:
        super().__init__(ansi_color=True)
        self.palette = palette
        self.shown = shown

    def get_default_screen(self) -> LeanScreen[Any]:
        """The screen that the program uses."""
        return LeanScreen(id="_default")

    def compose(self) -> ComposeResult:
        """Only the widgets."""
        yield from self.shown

    @property
    def lines(self) -> list[str]:
        """The text on the screen."""
        return [strip.text for strip in self.screen._compositor.render_strips()]

    def assert_harmless(self) -> None:
        """No control character as data, and nothing that a click would run."""
        for strip in self.screen._compositor.render_strips():
            for segment in strip:
                assert forbidden(segment.text) is None, repr(segment.text)
                assert not (segment.style and (segment.style.meta or segment.style.link)), segment


Hook = Callable[[Message], None]


def listen(messages: list[Message], *kinds: type[Message]) -> Hook:
    """A message hook for `run_test` that collects messages of these kinds."""

    def hook(message: Message) -> None:
        if isinstance(message, kinds) and not any(message is old for old in messages):
            messages.append(message)

    return hook


async def settle(pilot: Pilot[Any]) -> None:
    """Until all messages are handled."""
    await pilot.pause()
