"""Cold start: to the first paint, to the full list, to all rows judged."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import bare
from benchmarks.cases.opening import badge, calm, count_shown, framed, open_containers
from benchmarks.cases.plan import Plan
from benchmarks.figures import Figure, Spread, ratio, scaled
from benchmarks.hosts import deckwatch, synthetic
from benchmarks.screen import became_final
from benchmarks.terminal import WIDE, Terminal, has

SECTION = "Start (200x50; from before the process is made; its files are in the page cache)"
ROWS = 500
BARE = [sys.executable, str(Path(bare.__file__))]


def measure(plan: Plan) -> list[Figure]:
    """First paints, interleaved so that whatever else the machine does meets all of them; then full starts."""
    full = max(3, plan.starts // 2)
    with synthetic(ROWS) as normal, synthetic(ROWS, silent=True) as silent:
        commands = (BARE, deckwatch(normal.url), deckwatch(silent.url))
        plan.say(f"first paint: {plan.starts} rounds of bare app, engine, silent engine")
        rounds = [[_first_paint(command) for command in commands] for _ in range(plan.starts)]
        plan.say(f"full list of {ROWS}: {full} starts")
        listed, judged = _full_starts(deckwatch(normal.url), full)
    plain, live, mute = (_spread(one[column] for one in rounds) for column in range(3))
    return [
        Figure(SECTION, "bare Textual app, first paint", scaled(plain.median, 1000), "ms", None, _how(plain)),
        *_paints("first paint", live, plain),
        *_paints("first paint, silent engine", mute, plain),
        Figure(SECTION, f"full list of {ROWS} containers", listed.median, "s", 1.2, listed.words("s")),
        Figure(SECTION, f"all of {ROWS} containers judged", judged.median, "s", 5.0, judged.words("s")),
    ]


def _paints(name: str, spread: Spread, plain: Spread) -> list[Figure]:
    best = ratio(spread.best, plain.best)
    words = f"medians of {len(spread.values)} rounds" + (f"; minima {best:.2f}" if best else "")
    return [
        Figure(SECTION, name, scaled(spread.median, 1000), "ms", None, _how(spread)),
        Figure(SECTION, f"{name} / bare app", ratio(spread.median, plain.median), "x", 1.2, words),
    ]


def _how(spread: Spread) -> str:
    return spread.words("ms", 1000)


def _spread(values: Iterable[float | None]) -> Spread:
    return Spread.of([value for value in values if value is not None])


def _first_paint(command: Sequence[str]) -> float | None:
    """Seconds until the terminal has frame, host and state, or the bare app's text."""
    with Terminal(command) as terminal:
        at = terminal.until(has(bare.MARK) if command is BARE else framed(), 20)
        return None if at is None else at - terminal.started


def _full_starts(command: Sequence[str], times: int) -> tuple[Spread, Spread]:
    """Seconds until all rows are listed, and until the verdicts are what they stay."""
    lists, verdicts = [], []
    for _ in range(times):
        with Terminal(command) as terminal:
            open_containers(terminal)
            calm(terminal)
            listed = became_final(terminal.chunks, WIDE, lambda screen: str(count_shown(screen)))
            judged = became_final(terminal.chunks, WIDE, badge)
            lists.append(None if listed is None else listed - terminal.started)
            verdicts.append(None if judged is None else judged - terminal.started)
    return _spread(lists), _spread(verdicts)
