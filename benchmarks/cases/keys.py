"""From a key to the screen: how long, how many bytes, and whether anything is lost."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.cases.opening import calm_containers, cursor_name, open_containers
from benchmarks.cases.plan import Plan
from benchmarks.figures import Figure, Spread, scaled
from benchmarks.hosts import Synthetic, deckwatch, synthetic
from benchmarks.screen import Screen
from benchmarks.terminal import SMALL, WIDE, Chunk, Terminal

SECTION = "Key to screen (j pressed; the cursor stands in another row; watched 250 ms each)"
WATCH = 0.25
CHURN = 40.0
"""Containers that are reconfigured each second while checks run."""


@dataclass(frozen=True, slots=True)
class Presses:
    """Seconds of those that moved the cursor, how many did not, and bytes of each, its preview included."""

    moved: Spread
    lost: int
    bytes: Spread


def measure(plan: Plan) -> list[Figure]:
    """A list at rest, a list whose containers change all the time, a list that is still being read."""
    figures: list[Figure] = []
    for rows in plan.rows:
        with synthetic(rows) as host:
            figures += _at(host, plan)
    return figures


def _at(host: Synthetic, plan: Plan) -> list[Figure]:
    rows, command, figures = host.count, deckwatch(host.url), []
    bars = (12.0, 50.0) if rows <= 500 else (30.0, None)
    plan.say(f"keys: {rows} rows, at rest")
    for size, bar in ((WIDE, 1500.0), (SMALL, 900.0)):
        with Terminal(command, size) as terminal:
            screen = calm_containers(terminal)
            at_rest = press(terminal, screen, plan.presses)
            if size == WIDE:
                figures += _latency(f"{rows} rows", at_rest, bars)
                plan.say(f"keys: {rows} rows, {CHURN:.0f} containers a second change")
                host.ask("churn", rate=CHURN, seconds=(plan.presses + 4) * (WATCH + 0.1))
                figures += _latency(f"{rows} rows, checks running", press(terminal, screen, plan.presses), bars)
        name = f"{rows} rows, {size[0]}x{size[1]}: bytes per cursor move"
        figures.append(Figure(SECTION, name, at_rest.bytes.median, "B", bar, at_rest.bytes.words("B")))
    plan.say(f"keys: {rows} rows, from the first row on screen on")
    return figures + _latency(f"{rows} rows, still reading", _while_reading(command, plan.presses), bars)


def _while_reading(command: Sequence[str], times: int) -> Presses:
    with Terminal(command) as terminal:
        open_containers(terminal)
        screen = Screen(terminal.size)
        for chunk in terminal.chunks:
            screen.feed(chunk.data)
        return press(terminal, screen, times)


def _latency(name: str, found: Presses, bars: tuple[float, float | None]) -> list[Figure]:
    moved = found.moved
    return [
        Figure(SECTION, f"{name}: median", scaled(moved.median, 1000), "ms", bars[0], moved.words("ms", 1000)),
        Figure(SECTION, f"{name}: p90", scaled(moved.p90, 1000), "ms", bars[1]),
        Figure(SECTION, f"{name}: lost", found.lost, "", 0, f"of {len(moved.values) + found.lost}"),
    ]


def press(terminal: Terminal, screen: Screen, times: int) -> Presses:
    """Press and watch; `screen` shows what was sent before. The output is looked at after the last press."""
    marks: list[tuple[float, int]] = []
    for _ in range(times):
        at = terminal.send(b"j")
        marks.append((at, len(terminal.chunks)))
        terminal.watch(WATCH + random.uniform(0, 0.05))  # never in step with the program's own clocks
    ends = [mark[1] for mark in marks[1:]] + [len(terminal.chunks)]
    moved, sizes, name = [], [], cursor_name(screen)
    for (at, start), end in zip(marks, ends, strict=True):
        part = terminal.chunks[start:end]
        when, name = _moved(part, screen, name)
        moved += [when - at] if when is not None and when - at <= WATCH else []
        sizes.append(sum(len(chunk.data) for chunk in part))
    return Presses(Spread.of(moved), times - len(moved), Spread.of(sizes))


def _moved(part: Sequence[Chunk], screen: Screen, name: str) -> tuple[float | None, str]:
    """When the cursor first stood on another name, and on which it stands after all of it."""
    when = None
    for chunk in part:
        screen.feed(chunk.data)
        now = cursor_name(screen)
        if when is None and now and now != name:
            when = chunk.at
    return when, cursor_name(screen)
