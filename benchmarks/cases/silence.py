"""An engine that accepts and never answers: how soon that is said, and how soon one can leave."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.cases.opening import framed, open_containers
from benchmarks.cases.plan import Plan
from benchmarks.figures import Figure, Spread
from benchmarks.hosts import Synthetic, deckwatch, synthetic
from benchmarks.terminal import Terminal, has

SECTION = "Silent engine (accepts, never answers)"
ROWS = 100
STALE, LOST, QUIT = 3.0, 10.0, 0.5
GRACE = 1.0
"""Seconds that a bar allows over the promised moment: the screen looks at the clock twice a second."""
Before = Callable[[Terminal, Synthetic], None]


def measure(plan: Plan) -> list[Figure]:
    """Silent from the start, silent all of a sudden, then leaving from several places."""
    plan.say("silent engine: at start, and after it had spoken (up to 30 s)")
    with synthetic(ROWS, silent=True) as host:
        at_start = _from_start(host)
    with synthetic(ROWS) as host:
        sudden = _sudden(host)
    plan.say("quitting from several states")
    return at_start + sudden + [_quit(name, before) for name, before in _STATES.items()]


def _from_start(host: Synthetic) -> list[Figure]:
    with Terminal(deckwatch(host.url)) as terminal:
        stale = terminal.until(has("STALE"), STALE + 5)
        lost = terminal.until(has("LOST"), LOST + 5)
        return [*_states("silent at start", terminal.started, stale, lost), _left("quit when LOST", terminal)]


def _sudden(host: Synthetic) -> list[Figure]:
    with Terminal(deckwatch(host.url)) as terminal:
        open_containers(terminal)
        terminal.watch(4.0)
        mark = len(terminal.chunks)
        silent = float(host.ask("silence")["at"])
        stale = terminal.until(has("STALE"), STALE + 5, mark)
        lost = terminal.until(has("LOST"), LOST + 5, mark)
        return _states("silent after it had answered", silent, stale, lost)


def _states(name: str, since: float, stale: float | None, lost: float | None) -> list[Figure]:
    """The last answer may be as old as the pause between two signs of life, so these may be early."""
    return [
        Figure(SECTION, f"{name}: STALE on screen", stale and stale - since, "s", STALE + GRACE),
        Figure(SECTION, f"{name}: LOST on screen", lost and lost - since, "s", LOST + GRACE),
    ]


def _quit(name: str, before: Before) -> Figure:
    """The median of three."""
    took = []
    for _ in range(3):
        with synthetic(ROWS, silent=name.startswith("silent")) as host, Terminal(deckwatch(host.url)) as terminal:
            before(terminal, host)
            at = terminal.send(b"\x11")
            ended = terminal.ended(10)
            took += [ended - at] if ended is not None else []
    spread = Spread.of(took)
    return Figure(SECTION, f"quit, {name}", spread.median if len(took) == 3 else None, "s", QUIT, spread.words("s"))


def _left(name: str, terminal: Terminal) -> Figure:
    at = terminal.send(b"Q")
    ended = terminal.ended(10)
    return Figure(SECTION, name, None if ended is None else ended - at, "s", QUIT)


def _painted(terminal: Terminal, _: Synthetic) -> None:
    terminal.until(framed(), 20)


def _waiting(terminal: Terminal, _: Synthetic) -> None:
    terminal.until(framed(), 20)
    terminal.watch(1.5)


def _listing(terminal: Terminal, _: Synthetic) -> None:
    open_containers(terminal)
    terminal.watch(2.0)


def _filtering(terminal: Terminal, host: Synthetic) -> None:
    _listing(terminal, host)
    terminal.send(b"/app")
    terminal.watch(0.5)


def _opened(terminal: Terminal, host: Synthetic) -> None:
    """Logs that never come."""
    _listing(terminal, host)
    host.ask("silence")
    terminal.send(b"l")
    terminal.watch(1.0)


def _stalled(terminal: Terminal, host: Synthetic) -> None:
    """Keys held while the terminal takes nothing."""
    _listing(terminal, host)
    for _ in range(100):
        terminal.send(b"j")
    time.sleep(0.5)


_STATES: dict[str, Before] = {
    "at the first paint": _painted,
    "silent engine, 1.5 s after the first paint": _waiting,
    "list shown": _listing,
    "in the filter": _filtering,
    "in logs that never come": _opened,
    "after 100 keys at once": _stalled,
}
