"""From an event of the engine to the screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.cases.opening import calm_containers
from benchmarks.cases.plan import Plan
from benchmarks.figures import Figure, Spread, scaled
from benchmarks.hosts import deckwatch, real, synthetic
from benchmarks.screen import Screen
from benchmarks.terminal import Terminal
from lab.engine import available
from lab.scale import scale
from lab.scale import scaled as scaled_ids

BAR = 300.0
SHOWN = 20
"""Containers, few enough that every row is on the screen."""
Act = Callable[[], float]
Seen = Callable[[Screen], bool]


def measure(plan: Plan) -> list[Figure]:
    """A container is renamed, stopped and started by somebody else; the clock runs from the engine's answer on."""
    rounds = max(3, plan.scans // 2)
    why = available() if plan.lab else "not asked for"
    kind = "real engine" if why is None else f"synthetic engine: {why}"
    with _real_actions() if why is None else _synthetic_actions() as (url, actions):
        return _measured(kind, url, actions, rounds, plan)


Actions = Callable[[int], list[tuple[str, Act, Seen]]]


def _measured(kind: str, url: str, actions: Actions, rounds: int, plan: Plan) -> list[Figure]:
    plan.say(f"events: {rounds} rounds on a {kind}")
    found: dict[str, list[float]] = {}
    with Terminal(deckwatch(url)) as terminal:
        screen = calm_containers(terminal)
        for turn in range(rounds):
            for name, act, seen in actions(turn):
                took = _shown_after(terminal, screen, act, seen)
                found.setdefault(name, []).extend([took] if took is not None else [])
                terminal.watch(1.0)
                _catch_up(terminal, screen)
    section = f"Engine event to screen ({kind}; {SHOWN} containers)"
    return [_figure(section, name, Spread.of(values), rounds) for name, values in found.items()]


def _figure(section: str, name: str, spread: Spread, rounds: int) -> Figure:
    lost = rounds - len(spread.values)
    words = spread.words("ms", 1000) + (f", {lost} never shown" if lost else "")
    return Figure(section, name, scaled(spread.median, 1000), "ms", BAR, words)


_FED: dict[int, int] = {}


def _catch_up(terminal: Terminal, screen: Screen) -> None:
    """Show what has arrived since the last look."""
    for chunk in terminal.chunks[_FED.get(id(screen), len(terminal.chunks)) :]:
        screen.feed(chunk.data)
    _FED[id(screen)] = len(terminal.chunks)


def _shown_after(terminal: Terminal, screen: Screen, act: Act, seen: Seen) -> float | None:
    """Seconds from the moment that `act` returns to the chunk that shows it; at least 0."""
    at = act()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        chunk = terminal.read(0.5)
        if chunk is None:
            continue
        screen.feed(chunk.data)
        _FED[id(screen)] = len(terminal.chunks)
        if seen(screen):
            return max(0.0, chunk.at - at)
    return None


@contextmanager
def _synthetic_actions() -> Iterator[tuple[str, Actions]]:
    with synthetic(SHOWN) as host:

        def actions(turn: int) -> list[tuple[str, Act, Seen]]:
            row = turn % SHOWN
            name = f"app-{90000 + turn}"
            return [
                ("rename", lambda: float(host.ask("rename", number=row, name=name)["at"]), _named(name)),
                ("stop", lambda: float(host.ask("stop", number=row)["at"]), _state(name, "exited")),
                ("start", lambda: float(host.ask("start", number=row)["at"]), _state(name, "running")),
            ]

        yield host.url, actions


@contextmanager
def _real_actions() -> Iterator[tuple[str, Actions]]:
    with real() as lab:
        scale(lab.client, SHOWN)
        ids = scaled_ids(lab.client)

        def post(path: str, **query: str) -> Act:
            def act() -> float:
                lab.client.post(path, **query)
                return time.monotonic()

            return act

        def actions(turn: int) -> list[tuple[str, Act, Seen]]:
            base, name = f"/containers/{ids[turn % SHOWN]}", f"scale-{90000 + turn}"
            return [
                ("rename", post(f"{base}/rename", name=name), _named(name)),
                ("stop", post(f"{base}/kill"), _state(name, "exited")),
                ("start", post(f"{base}/start"), _state(name, "running")),
            ]

        yield lab.docker_host, actions


def _named(name: str) -> Seen:
    return lambda screen: screen.shows(name)


def _state(name: str, state: str) -> Seen:
    return lambda screen: any(name in line[:80] and state in line[:80] for line in screen.lines)
