"""Cold start: to the first paint, to the full list, to all rows judged."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import bare
from benchmarks.cases.opening import CONTAINERS, badge, count_shown, open_containers
from benchmarks.cases.plan import Plan
from benchmarks.figures import Figure, Spread, ratio, scaled
from benchmarks.hosts import deckwatch, synthetic
from benchmarks.screen import became_final
from benchmarks.terminal import WIDE, Terminal, has

SECTION = "Start (200x50, seconds from the process being made; files are in the page cache)"
ROWS = 500
BARE = [sys.executable, str(Path(bare.__file__))]
_STATE = re.compile(rb"connecting|LIVE|STALE|LOST")


def measure(plan: Plan) -> list[Figure]:
    """First paints, interleaved so that whatever else the machine does meets all of them; then full starts."""
    with synthetic(ROWS) as normal, synthetic(ROWS, silent=True) as silent:
        commands = (BARE, deckwatch(normal.url), deckwatch(silent.url))
        plan.say(f"first paint, {plan.starts} rounds of bare app, engine, silent engine")
        rounds = [[_first_paint(command) for command in commands] for _ in range(plan.starts)]
        plain, live, mute = (_spread(round[column] for round in rounds) for column in range(3))
        plan.say(f"full list of {ROWS}, {max(3, plan.starts // 2)} starts")
        listed, judged = _full_starts(deckwatch(normal.url), max(3, plan.starts // 2))
    return [
        Figure(SECTION, "bare Textual app, first paint", scaled(plain.median, 1000), "ms", None, _how(plain)),
        *_paints("first paint", live, plain),
        *_paints("first paint, silent engine", mute, plain),
        Figure(SECTION, f"full list, {ROWS} containers", listed.median, "s", 1.2, listed.words("s")),
        Figure(SECTION, f"all rows judged, {ROWS} containers", judged.median, "s", 5.0, judged.words("s")),
    ]


def _spread(values: object) -> Spread:
    return Spread.of([value for value in values if value is not None])  # type: ignore[attr-defined]


def _how(spread: Spread) -> str:
    return spread.words("ms", 1000)


def _paints(name: str, spread: Spread, plain: Spread) -> list[Figure]:
    medians, bests = ratio(spread.median, plain.median), ratio(spread.best, plain.best)
    return [
        Figure(SECTION, name, scaled(spread.median, 1000), "ms", None, _how(spread)),
        Figure(SECTION, f"{name} / bare app", medians, "x", 1.2, f"medians; minima {bests or 0:.2f}"),
    ]


def _first_paint(command: Sequence[str]) -> float | None:
    """Seconds to the frame with host and state (or the bare app's text) in the terminal."""
    host = os.uname().nodename.encode()
    painted = has(bare.MARK) if command is BARE else _frame(host)
    with Terminal(command) as terminal:
        at = terminal.until(painted, 20)
        return None if at is None else at - terminal.started


def _frame(host: bytes):  # type: ignore[no-untyped-def]
    return lambda text: b"deckwatch" in text and host in text and _STATE.search(text) is not None


def _full_starts(command: Sequence[str], times: int) -> tuple[Spread, Spread]:
    lists, judgements = [], []
    for _ in range(times):
        with Terminal(command) as terminal:
            open_containers(terminal)
            terminal.settle(2.0, 60)
            listed = became_final(terminal.chunks, WIDE, lambda screen: str(count_shown(screen)))
            judged = became_final(terminal.chunks, WIDE, badge)
            lists += [listed - terminal.started] if listed else []
            judgements += [judged - terminal.started] if judged else []
    return Spread.of(lists), Spread.of(judgements)


__all__ = ["CONTAINERS", "measure"]
