"""Screens that send only what changed on the terminal.

Textual sends every cell of a region that a widget refreshed; over a thin line that is ten times what changed. These
screens compare with what the terminal already shows. They are also the last gate: no control character inside a
text, no colour in a palette without colour, nothing but ASCII in an ASCII palette.

This module alone reaches into Textual's compositor, whose version is pinned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, TypeVar
from weakref import WeakKeyDictionary

from rich.color import ColorSystem
from rich.console import Console
from textual import events
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from widgets.style import palette_of
from widgets.terminal import Piece, Terminal

ResultT = TypeVar("ResultT")

_TERMINALS: WeakKeyDictionary[App[Any], Terminal] = WeakKeyDictionary()


def terminal_of(app: App[Any]) -> Terminal:
    """The record of what the terminal of `app` shows: one for all of its screens."""
    return _TERMINALS.setdefault(app, Terminal())


def _send(app: App[Any], lines: Iterator[tuple[int, Sequence[Piece]]], width: int, console: Console) -> str:
    palette = palette_of(app)
    system = console._color_system or ColorSystem.TRUECOLOR
    return terminal_of(app).update(lines, width, system if palette.colour else None, palette.ascii)


class _Part(ChopsUpdate):
    app: App[Any]
    width: int

    # Compared when it is written, not when it is made: an update that is never written must not count as shown.
    def render_segments(self, console: Console) -> str:
        return _send(self.app, self._lines(), self.width, console)

    def _lines(self) -> Iterator[tuple[int, Sequence[Piece]]]:
        for y in sorted({y for y, _, _ in self.spans}):
            yield y, [(x, list(strip)) for x, strip in self.chops[y].items() if strip is not None]


class _Whole(LayoutUpdate):
    app: App[Any]
    width: int

    def render_segments(self, console: Console) -> str:
        return _send(self.app, self._lines(), self.width, console)

    def _lines(self) -> Iterator[tuple[int, Sequence[Piece]]]:
        for y, strips in enumerate(self.strips, self.region.y):
            yield y, [(self.region.x, [segment for strip in strips for segment in strip])]


class LeanCompositor(Compositor):
    """Textual's compositor, its updates reduced to the cells that differ."""

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        self._screen = screen

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """The whole screen."""
        whole = super().render_full_update(simplify)
        lean = _Whole([list(strips) for strips in whole.strips], whole.region)
        lean.app, lean.width = self._screen.app, self.size.width
        return lean

    def render_partial_update(self) -> ChopsUpdate | None:
        """The refreshed regions, or None."""
        part = super().render_partial_update()
        if part is None or not part.spans:
            return None
        lean = _Part(part.chops, part.spans, part.chop_ends)
        lean.app, lean.width = self._screen.app, self.size.width
        return lean


class _Lean(Screen[ResultT]):
    """What both kinds of screen share."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "redraw", "Redraw the screen", show=False, id="screen.redraw")
    ]

    def on_mount(self) -> None:
        """After a suspension to the shell the terminal shows something else."""
        self.app.app_resume_signal.subscribe(self, self._resumed)

    def _resumed(self, _: App[Any]) -> None:
        self.action_redraw()

    def on_resize(self, _: events.Resize) -> None:
        """Terminals reflow or clear what they show when their size changes."""
        terminal_of(self.app).forget()
        self.refresh()

    def on_screen_suspend(self) -> None:
        """A screen of another kind writes past the record."""
        if not isinstance(self.app.screen._compositor, LeanCompositor):
            terminal_of(self.app).forget()

    def action_redraw(self) -> None:
        """Send every cell again, for a terminal that something else wrote to."""
        terminal_of(self.app).forget()
        self.refresh()


class LeanScreen(_Lean[ResultT]):
    """A screen that sends differences only."""

    DEFAULT_CSS = """
    LeanScreen { background: ansi_default; color: ansi_default; overflow: hidden; }
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._compositor = LeanCompositor(self)


class LeanModal(_Lean[ResultT], ModalScreen[ResultT]):
    """A modal screen that sends differences only and lets the screen below show through."""

    DEFAULT_CSS = """
    LeanModal { background: transparent; color: ansi_default; align: center middle; overflow: hidden; }
    LeanModal:ansi { background: transparent; }
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._compositor = LeanCompositor(self)
