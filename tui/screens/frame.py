"""The frame: who runs, what it talks to, how old everything is. It loads nothing of what will fill it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container as Box
from textual.timer import Timer

from tui.keymap import ACTIONS
from tui.panes import specs
from widgets.cells import EMPTY, Cell
from widgets.lean import LeanScreen
from widgets.statusline import FooterLine, StatusLine, Tab, TabLine, freshness_cell, host_cell
from widgets.textview import TextView, line

if TYPE_CHECKING:
    from tui.app import DeckwatchApp
    from widgets.table import ResourceTable

NARROW = 120
TICK = 0.5  # seconds between two looks at the clock

FOOT_OVERVIEW = (
    ("enter", "open"), ("1-6", "panes"), ("x", "not seen"), (":", "command"), ("E", "export"), ("?", "help"),
)  # fmt: skip


def _bindings() -> list[BindingType]:
    return [
        Binding(
            ",".join(action.keys),
            action.run,
            action.text,
            show=False,
            id=action.id,
            # Keys arrive in bunches over a slow line: each must act, and move the focus, before the next is sent on.
            priority=True,
        )
        for action in ACTIONS
        if action.run
    ]


class FrameScreen(LeanScreen[None]):
    """Two header lines, the overview's place and a footer: the first paint. The screen that lies over it extends it."""

    BINDINGS: ClassVar[list[BindingType]] = _bindings()
    CSS = """
    #body { height: 1fr; layout: vertical; }
    #list { height: 1fr; }
    #preview { height: 9; border-top: ascii ansi_default; }
    #overview { height: 1fr; }
    .-gone { display: none; }
    #body.-beside { layout: horizontal; }
    #body.-beside #list { width: 3fr; height: 100%; }
    #body.-beside #preview { width: 2fr; height: 100%; border-top: none; border-left: ascii ansi_default; }
    #body.-beside.-narrow #list { width: 10fr; }
    #body.-beside.-narrow #preview { width: 6fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._ticking: Timer | None = None

    def compose(self) -> ComposeResult:
        """The frame and what is in it."""
        yield StatusLine(id="head")
        yield TabLine(id="tabs")
        yield from self.compose_middle()
        yield FooterLine(id="foot")

    def compose_middle(self) -> ComposeResult:
        """The overview alone."""
        with Box(id="body"):
            yield TextView(id="overview", cursor=True)

    @property
    def deck(self) -> DeckwatchApp:
        """The application, by its own type."""
        return cast("DeckwatchApp", self.app)

    @property
    def overview(self) -> TextView:
        """The overview's lines."""
        return self.query_one("#overview", TextView)

    @property
    def aging(self) -> Iterable[TextView | ResourceTable]:
        """The views that are dimmed when what they show is old."""
        return (self.overview,)

    def on_mount(self) -> None:
        """Show at once that the program runs and what it talks to."""
        self.show_tabs()
        self.show_freshness()
        self.show_foot()
        self.overview.set_lines([line(f" connecting to {self.deck.target} ...", "dim")])
        self.overview.focus()
        self._ticking = self.set_interval(TICK, self.tick)
        self.stood_up()

    def stood_up(self) -> None:
        """Everything is in its place. (Textual calls `on_mount` of every class itself, so it is not for extending.)"""

    def retire(self) -> None:
        """The frame has done its part: another screen lies over it for good."""
        if self._ticking is not None:
            self._ticking.stop()

    @property
    def standing(self) -> bool:
        """Whether there is anything to paint on: while the program ends, timers still run and widgets go."""
        return bool(self.query("#tabs")) and bool(self.query("#foot"))

    def tick(self) -> None:
        """What passes with time alone."""
        if self.standing:
            self.show_freshness()

    def show_freshness(self) -> None:
        """The first line: program, host, engine, read-only, and how old everything is."""
        deck = self.deck
        fresh = deck.freshness()
        since = f"{fresh.age:.0f}s" if fresh.state in {"stale", "lost"} else ""
        if fresh.state == "recorded":
            since = time.strftime("%Y-%m-%d %H:%MZ", time.gmtime(fresh.moment))
        right = freshness_cell(fresh.state, since)  # type: ignore[arg-type]  # same words
        if deck.frozen:
            right = Cell.of(f"FROZEN {deck.frozen_for():.0f}s", "high")
        right = Cell.join((deck.trouble(), "error"), right, " ")
        left = host_cell("deckwatch", deck.host_name, deck.engine_words())
        self.query_one("#head", StatusLine).update_cells(left, right)
        stale = fresh.state in {"stale", "lost"}
        for view in self.aging:
            if view.stale != stale:
                view.stale = stale

    def show_tabs(self) -> None:
        """The second line: the panes."""
        self.set_tabs([Tab(spec.digit, spec.title if self.roomy else spec.short) for spec in specs()], "overview")

    @property
    def roomy(self) -> bool:
        """Whether titles are written out."""
        return (self.size.width or 80) >= NARROW

    def set_tabs(self, tabs: Sequence[Tab], pane: str, right: Cell = EMPTY) -> None:
        """Show these tabs, `pane` as the active one."""
        active = next(spec.digit for spec in specs() if spec.id == pane)
        self.query_one("#tabs", TabLine).set_tabs(tabs, active, right)

    def show_foot(self) -> None:
        """The keys that matter here."""
        self.query_one("#foot", FooterLine).set_keys(FOOT_OVERVIEW)

    def action_pane(self, pane: str) -> None:
        """A pane that is asked for before there is anything to show is opened once there is."""
        self.deck.typed_ahead = pane
