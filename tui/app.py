"""The application: palette, session, and what outlives a change of place."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message

from inventory.sources.docker.userinfo import without_secret
from tui.cli.problem import Exit
from tui.freshness import Freshness, waiting
from tui.keymap import resolve
from tui.options import ExplorerOptions, Settings
from tui.screens.frame import FrameScreen
from tui.threads import spawn
from widgets.style import Palette, choose

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui.boot import Boot
    from tui.picture import Picture
    from tui.screens.deck import DeckScreen
    from tui.session import Session

MINUTE = 60.0
SLOW_REFRESH = 10.0  # seconds between readings of live figures over a slow link
REST = 4  # how many times as long as showing a picture took the next one has to wait
INTERRUPT = 2.0  # seconds within which a second ctrl+c quits


class Fresh(Message):
    """There is a newer picture."""

    def can_replace(self, message: Message) -> bool:
        """One of these in the queue is enough: whoever handles it takes the newest picture."""
        return isinstance(message, Fresh)


class DeckwatchApp(App[int]):
    """Paints its frame first; everything that takes time to load or to answer comes after, in threads."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Quit", show=False, priority=True, system=True),
        Binding("Q", "leave", "Quit", show=False),
        Binding("ctrl+c", "interrupt", "Quit", show=False, system=True),
    ]

    def __init__(
        self,
        options: ExplorerOptions,
        palette: Palette,
        session: Session | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(ansi_color=True)
        self.options = options
        self.palette = palette
        self.clock = clock
        self._session = session
        self._started = clock()
        self._main: DeckScreen | None = None
        self.host_name = os.uname().nodename
        self.target = _target(options)
        self.ready = False
        self.frozen = False
        self.typed_ahead = ""
        self.keys, self.clashes = resolve(options.settings.keys)
        self.set_keymap({name: ",".join(keys) for name, keys in self.keys.items()})
        self._frozen_picture: Picture | None = None
        self._frozen_at = 0.0
        self._minute = 0
        self._rested = 0.0
        self._showing: Timer | None = None
        self._interrupted = 0.0
        self._mouse_on = options.mouse is not False

    # -- life ---------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """What is behind the screen; there is none before `ready`."""
        if self._session is None:
            raise RuntimeError("asked for the session before it was made")
        return self._session

    def get_default_screen(self) -> FrameScreen:
        """The frame, which loads nothing of what fills it."""
        return FrameScreen()

    def on_mount(self) -> None:
        """Load the rest once the frame stands."""
        self.call_after_refresh(self.prepare)

    def prepare(self) -> None:
        """Load the rest, in a thread."""
        spawn("boot", self._boot)

    def _boot(self) -> None:
        try:
            self._load()
        except Exception as error:
            # Without this the frame would say "connecting" for ever.
            self.from_thread(self._failed, error)

    def _failed(self, error: Exception) -> None:
        from inventory.sources.bundle.manifest import BundleError

        broken = isinstance(error, BundleError)
        said = f"deckwatch: {error}" if broken else f"deckwatch could not start: {type(error).__name__}: {error}"
        message = Text(said.encode("ascii", "backslashreplace").decode())  # no markup, no controls
        self.exit(Exit.USAGE if broken else Exit.FAULT, message=message)

    def _load(self) -> None:
        from checks.catalogue import catalogue
        from tui import panes
        from tui.boot import Boot
        from tui.screens import deck, detail  # noqa: F401 - loaded here, so that opening something does not wait
        from tui.session import SAMPLE, Session

        for spec in panes.specs():
            panes.load(spec.id)
        catalogue()  # a check that cannot be loaded is told here, not in a thread that nobody hears
        options = self.options
        every = options.refresh or (SLOW_REFRESH if options.low_bandwidth else SAMPLE)
        session = self._session or Session(self._publish, every=every, clock=self.clock)
        boot = Boot.of(self.options, session)
        self.from_thread(self._booted, boot, session)

    def _booted(self, boot: Boot, session: Session) -> None:
        from tui.screens.deck import DeckScreen

        self._session = session
        self.ready = True
        frame = self.screen_stack[0]
        if isinstance(frame, FrameScreen):
            frame.retire()
        self._main = DeckScreen()
        if boot.host_name:
            self.host_name = boot.host_name
        self.target = boot.target or self.target
        session.warm = self._warm
        boot.start(session, self.options.settings.policy)
        self.push_screen(self._main)  # over the frame, whose cells it repeats: nothing is sent twice

    def _warm(self, picture: Picture) -> None:
        """Make what the screen will show; called in the judging thread. The screen then finds it made."""
        self.main.warm(picture, self.now())

    def welcome(self) -> None:
        """The screen stands: show what there is, do what was asked for meanwhile."""
        self.post_message(Fresh())
        asked, self.typed_ahead = self.typed_ahead, ""
        if asked:
            self.main.action_pane(asked)
        if self.clashes:
            self.main.notice("keys", [str(clash) for clash in self.clashes])

    def from_thread(self, function: Any, *arguments: Any) -> None:
        """Run a function on the event loop, without waiting: a thread must never hold up quitting."""
        loop = self._loop
        if loop is not None and self.is_running:
            loop.call_soon_threadsafe(self._as_app, function, arguments)

    def _as_app(self, function: Any, arguments: tuple[Any, ...]) -> None:
        with self._context():
            function(*arguments)

    def _publish(self) -> None:
        if not self.frozen:
            self.post_message(Fresh())

    def on_fresh(self, _: Fresh) -> None:
        """Show the newest picture; while there is a new one all the time, keys get most of the time."""
        if not self.ready or self.frozen or self._showing is not None:
            return
        wait = self._rested - time.monotonic()
        if wait > 0:
            self._showing = self.set_timer(wait, self._show)
        else:
            self._show()

    def _show(self) -> None:
        self._showing = None
        if self.frozen:
            return
        started = time.monotonic()
        self.main.show_picture()
        now = time.monotonic()
        self._rested = now + REST * (now - started)

    # -- what the screen asks -----------------------------------------------------------------------------------

    @property
    def main(self) -> DeckScreen:
        """The main screen, also while a menu is open; there is none before `ready`."""
        if self._main is None:
            raise RuntimeError("asked for the main screen before it was made")
        return self._main

    @property
    def picture(self) -> Picture:
        """What there is to show; while frozen, what there was."""
        return self._frozen_picture if self.frozen and self._frozen_picture else self.session.picture

    def adopt(self, settings: Settings) -> None:
        """Judge by the policy of a file that has changed; what did not come from the file goes on to hold."""
        from msgspec import structs

        from tui.schema import DECIDED

        before = self.options.settings
        others = {name: value for name, value in structs.asdict(before.policy).items() if name not in DECIDED}
        policy = structs.replace(settings.policy, **others)
        self.options = self.options._replace(settings=before._replace(rules=policy, path=settings.path))
        self.session.adopt(policy)

    def now(self) -> float:
        """The moment that ages count from (epoch seconds): that of the recording, where one is shown."""
        return self._session.now() if self._session else self.clock()

    def freshness(self) -> Freshness:
        """How old what is shown is."""
        now = self.clock()
        return self._session.freshness(now) if self._session else waiting(now - self._started)

    def trouble(self) -> str:
        """Which sources cannot be read, for the first line; "" when all is well."""
        if not self.ready:
            return ""
        from inventory.snapshot import Status
        from inventory.text import safe

        sources = self.picture.snapshot.sources
        again = "" if self.session.recorded_at else ", retrying"
        words = []
        for name, health in sources.items():
            which = f"{safe(name, 20)} " if len(sources) > 1 else ""
            if health.status in {Status.UNREACHABLE, Status.FORBIDDEN}:
                words.append(f"{which}{health.status.value}{again}")
            elif health.status is Status.DEGRADED:
                words.append(f"{which}DEGRADED (x)")
        words += ["FAULT (x)"] if self.session.fault else []
        return "".join(f"{word}  " for word in words)

    def engine_words(self) -> str:
        """The engine in the first line: what it is and how it was reached."""
        if not self.ready:
            return self.target
        from inventory.engine import Engine
        from inventory.gap import Gap
        from inventory.text import safe

        found = []
        for engine in self.picture.snapshot.of(Engine):
            flavour, version = engine.peek("flavour"), engine.peek("version")
            if not isinstance(flavour, Gap) and not isinstance(version, Gap):
                found.append(f"{flavour} {version}")
        return safe("  ".join(found) or self.target, 80)

    def minute_passed(self) -> bool:
        """Whether ages are due to be shown anew."""
        minute = int(self.clock() // MINUTE)
        due = self._minute not in {0, minute}
        self._minute = minute
        return due

    def frozen_for(self) -> float:
        """Seconds since the screen was frozen."""
        return self.clock() - self._frozen_at

    def toggle_freeze(self) -> None:
        """Hold the screen still; reading and judging go on."""
        self._frozen_at = self.clock()
        self._frozen_picture = self.session.picture
        self.frozen = not self.frozen
        self.main.show_freshness()
        if not self.frozen:
            self._frozen_picture = None
            self.main.show_picture()

    def toggle_mouse(self) -> None:
        """Let the terminal select text, or take the mouse."""
        driver: Any = self._driver
        self._mouse_on = not self._mouse_on
        if driver is not None and self._mouse_on:
            driver._mouse = True
            driver._enable_mouse_support()
        elif driver is not None:
            driver._disable_mouse_support()

    def interrupt(self) -> None:
        """Quit when asked twice within two seconds."""
        now = time.monotonic()
        if now - self._interrupted < INTERRUPT:
            self.leave()
        self._interrupted = now

    action_interrupt = interrupt

    def leave(self) -> None:
        """Quit; no thread is waited for."""
        if self._session is not None:
            self._session.stop()
        for screen in self.screen_stack:
            if isinstance(screen, FrameScreen):
                screen.retire()  # a tick among widgets that are being taken down would end in a traceback
        self.exit(0)

    action_leave = leave


def _target(options: ExplorerOptions) -> str:
    sources = options.sources
    if sources.demo:
        return "demo"
    if sources.bundle is not None:
        return str(sources.bundle)
    named = (*sources.hosts, *sources.clusters.contexts) or sources.manifests
    return " ".join(named) or without_secret(os.environ.get("DOCKER_HOST", "")) or "local engine"


def palette_for(options: ExplorerOptions) -> Palette:
    """What the terminal can show and the person wants."""
    environment = os.environ
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "")
    # Python itself writes UTF-8 in the C locale; the terminal of somebody who set that one may not read it.
    locale = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or "utf"
    unicode = encoding.startswith("utf") and "utf" in locale.lower()
    plain = options.ascii if options.ascii is not None else not unicode
    mono = bool(options.mono) or "NO_COLOR" in environment
    theme: Any = options.theme
    return choose(
        theme,
        no_color=mono,
        term=environment.get("TERM", ""),
        colorterm=environment.get("COLORTERM", ""),
        ascii_only=bool(plain),
    )


def run(options: ExplorerOptions) -> int:
    """Open the explorer; returns the exit status when the person leaves."""
    if options.plain:
        from tui.cli.scan import run_with

        return run_with(options.sources, options.settings)
    app = DeckwatchApp(options, palette_for(options))
    remote = "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ
    mouse = options.mouse if options.mouse is not None else not remote
    status = app.run(mouse=mouse)
    sys.stdout.flush()
    if app._exception is not None:
        return 1
    # Threads may sit in a read that never ends; leaving must not wait for them, nor for their libraries' exit hooks.
    plugins: Any = sys.modules.get("inventory.sources.kubernetes.plugin")
    if plugins is not None:  # programs that were started to log in somewhere, with nobody to log in any more
        plugins.end_all()
    sys.stderr.flush()
    os._exit(status or 0)
