"""The explorer on a terminal that is not there: what is behind the screen is given, no thread runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from checks.policy import Policy
from inventory.gap import Gap, Reason
from inventory.store import Store
from tests.hostile import forbidden
from tests.tui.world import NOW, SOURCE, world
from tui.app import DeckwatchApp
from tui.boot import Boot
from tui.freshness import Freshness
from tui.options import ExplorerOptions, Settings, SourceOptions
from tui.picture import Picture
from tui.screens.deck import DeckScreen
from tui.session import Sampler, Session, Source
from widgets.style import PALETTES, Palette
from widgets.table import ResourceTable
from widgets.textview import TextView

WAIT = 20.0  # seconds that a test waits for what must come; passing tests never wait so long


class GivenSession(Session):
    """A session whose picture is given. It notes what was asked of it."""

    def __init__(self, picture: Picture, store: Store | None = None) -> None:
        super().__init__(lambda: None, store or Store(clock=lambda: NOW), clock=lambda: NOW)
        self.picture = picture
        self.store.answered(SOURCE, NOW)
        self.refreshed = 0
        self.stopped = False
        self.fresh: Freshness | None = Freshness("live", 0.4, NOW)
        self.answer: Any = Gap(Reason.UNSUPPORTED, "reading on demand", "not in this test")

    def start(self, sources: Iterable[Source], policy: Policy, sampler: Sampler | None = None) -> None:
        """Nothing runs."""
        self.sources = list(sources)

    def stop(self) -> None:
        """Note it."""
        self.stopped = True

    def refresh(self) -> None:
        """Count it."""
        self.refreshed += 1

    def reader(self, name: str) -> Any:
        """What the test wants to be read with."""
        return self.answer

    def freshness(self, now: float) -> Freshness:
        """What the test wants to be shown, else as in life."""
        return self.fresh or super().freshness(now)


def options(**changes: Any) -> ExplorerOptions:
    """How the explorer was asked for."""
    settings = Settings(Policy(), keys=changes.pop("keys", {}))
    return ExplorerOptions(SourceOptions(), settings, **changes)


class Stage(DeckwatchApp):
    """The application, ready as soon as its frame stands; it keeps what it copied."""

    def __init__(self, session: Session, chosen: ExplorerOptions, palette: Palette, boot: Boot | None = None) -> None:
        super().__init__(chosen, palette, session, clock=lambda: NOW)
        self.copied: list[str] = []
        self.host_name = "web-07"
        self._given = session
        self._boot_given = boot or Boot(target="unix:///var/run/docker.sock")

    def prepare(self) -> None:
        """No thread: everything is there already."""
        self._booted(self._boot_given, self._given)

    def copy_to_clipboard(self, text: str) -> None:
        """Keep it as well."""
        self.copied.append(text)
        super().copy_to_clipboard(text)


@dataclass
class Play:
    """The hands and the eyes of a person."""

    app: Stage
    pilot: Pilot[Any]
    session: GivenSession = field(init=False)

    def __post_init__(self) -> None:
        assert isinstance(self.app.session, GivenSession)
        self.session = self.app.session

    @property
    def deck(self) -> DeckScreen:
        """The main screen."""
        return self.app.main

    @property
    def lines(self) -> list[str]:
        """The text on the screen, menus included."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """All of it in one."""
        return "\n".join(self.lines)

    async def press(self, *keys: str) -> None:
        """Type keys, and wait until all is shown."""
        await self.pilot.press(*keys)
        await self.pilot.pause()
        assert_sound(self)

    async def type(self, text: str) -> None:
        """Fill in a text at once; one key after the other takes a hundred times as long."""
        focused = self.app.focused
        assert focused is not None
        focused.post_message(events.Paste(text))
        await self.pilot.pause()
        assert_sound(self)

    def at_deck(self) -> bool:
        """Whether no menu is open."""
        return self.app.screen is self.deck

    def at(self, widget: Widget) -> bool:
        """Whether this widget gets the keys."""
        return self.app.focused is widget

    def listen(self) -> list[str]:
        """All that the program writes to its terminal past the screen from now on."""
        written: list[str] = []
        driver: Any = self.app._driver
        driver.write = written.append
        return written

    async def until(self, holds: Callable[[], bool], what: str = "") -> None:
        """Wait for something that a timer brings."""
        rounds = int(WAIT / 0.02)
        for _ in range(rounds):
            if holds():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"never happened: {what}\n{self.text}")

    async def show(self, picture: Picture) -> None:
        """Another picture, as the judging thread would hand it over."""
        self.session.picture = picture
        self.app._publish()
        await self.pilot.pause()

    @property
    def table(self) -> ResourceTable:
        """The list."""
        return self.deck.table


@asynccontextmanager
async def play(
    picture: Picture | None = None,
    size: tuple[int, int] = (120, 40),
    palette: Palette = PALETTES["colour"],
    **changes: Any,
) -> AsyncIterator[Play]:
    """The explorer on a picture (the captured host by default)."""
    shown = world() if picture is None else picture
    app = Stage(GivenSession(shown), options(**changes), palette)
    async with app.run_test(size=size) as pilot:
        for _ in range(1000):
            if app.ready and app.main.standing:
                break
            await pilot.pause(0.01)
        await pilot.pause()
        yield Play(app, pilot)


def assert_sound(here: Play) -> None:
    """Every line is as wide as the screen, holds nothing that acts, and no widget reaches out of it."""
    screen = here.app.screen
    width, height = screen.size
    strips = screen._compositor.render_strips()
    assert len(strips) == height
    for strip in strips:
        assert strip.cell_length == width, (strip.cell_length, strip.text)
        for segment in strip:
            assert forbidden(segment.text) is None, repr(segment.text)
            style = segment.style
            assert not (style and (style.link or style.meta)), segment
    for widget in screen.walk_children(Widget):
        if widget.display and widget.region.area:
            assert screen.region.contains_region(widget.region), (widget, widget.region)


def place(here: Play) -> str:
    """Where one is, in a word."""
    found = here.deck.trail.here
    return f"{found.pane}:{found.opened.kind if found.opened else ''}:{found.tab if found.opened else ''}"


def detail_text(here: Play) -> TextView:
    """The text view of the drill-down."""
    detail = here.deck.detail
    assert detail is not None
    text = detail.text
    assert text is not None
    return text


def put_cursor(here: Play, name: str) -> None:
    """The cursor on the row of that name."""
    key = next(entry.key for entry in here.deck.entries if entry.fields["name"] == name)
    assert here.table.move_to(key)
