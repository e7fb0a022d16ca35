"""Tabs that read while one looks: logs, statistics, processes, changed files."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from inventory.container import Container
from inventory.gap import Gap
from inventory.resource import Kind, Resource, ResourceKey
from inventory.secrets import mask_text
from inventory.sources.docker import details
from inventory.sources.docker.details import Change, LogStream, Processes
from inventory.sources.docker.frames import LogLine
from inventory.sources.docker.stats import CgroupStats, Sample, cpu_percent
from inventory.sources.docker.transport import ApiError
from inventory.text import safe
from tui.detail.tab import Context, Shape, Tab
from tui.format import size, stamp
from tui.panes.containers.state import known_running
from tui.talk import Talk
from tui.threads import spawn
from widgets.cells import Cell
from widgets.sparkline import sparkline
from widgets.textview import TextLine, line

SAMPLES = 120  # kept per container while its statistics are looked at
RINGS = 20  # containers whose samples are kept
IDLE = 0.1  # seconds without a line after which what has come is shown
LONGEST = 4000  # characters of a log line that are shown
_SIGNS = {"modified": ("C", "accent"), "added": ("A", "pass"), "deleted": ("D", "error")}

_rings: dict[ResourceKey, deque[Sample]] = {}
_cgroups = CgroupStats()


# -- logs -------------------------------------------------------------------------------------------------------


def log_lines(resource: Resource, asked: tuple[Talk, int, bool, Callable[[], bool]]) -> Iterator[TextLine | None]:
    """Lines as they come; None when nothing came for a moment. Ends when `alive` says that nobody looks any more."""
    talk, tail, timestamps, alive = asked
    found = _logs(resource, talk, tail)
    if isinstance(found, Gap):
        yield line(f" {safe(str(found), 400)}", "unknown")
        return
    if isinstance(found, tuple):
        if not found:
            yield line(f" no lines among the last {tail} (+ asks for more)", "dim")
        yield from (_log_line(entry, timestamps) for entry in found)
        return
    yield from _pumped(found, timestamps, alive)


def _logs(resource: Resource, talk: Talk, tail: int) -> tuple[LogLine, ...] | LogStream | Gap:
    session = talk.session
    if isinstance(resource, Container):
        tty = resource.peek("tty")
        if isinstance(tty, Gap):
            return tty
        if known_running(resource):
            return details.follow_logs(session, resource.key.id, tty=tty, tail=tail)
        return details.logs(session, resource.key.id, tty=tty, tail=tail)
    if resource.key.kind is Kind.TASK:
        return details.task_logs(session, resource.key.id, tail=tail)
    return details.service_logs(session, resource.key.id, tail=tail)


def _pumped(stream: LogStream, timestamps: bool, alive: Callable[[], bool]) -> Iterator[TextLine | None]:
    lines: queue.SimpleQueue[LogLine | str | None] = queue.SimpleQueue()

    def pump() -> None:
        try:
            for entry in stream:
                lines.put(entry)
        except ApiError as error:
            lines.put(error.message)
        lines.put(None)

    spawn("log-pump", pump)
    try:
        while alive():
            try:
                entry = lines.get(timeout=IDLE)
            except queue.Empty:
                yield None
                continue
            if entry is None:
                return
            yield line(f" {safe(entry, 300)}", "error") if isinstance(entry, str) else _log_line(entry, timestamps)
    finally:
        stream.close()


def _log_line(entry: LogLine, timestamps: bool) -> TextLine:
    text = safe(mask_text(entry.text[:LONGEST]), LONGEST)
    when = f"{stamp(entry.time)[11:]} " if timestamps and entry.time else ""
    role = "accent" if entry.stream == "stderr" else "normal"
    return TextLine(Cell.join((when, "dim"), (text, role)), copy=text)  # type: ignore[arg-type]  # both are roles


# -- statistics -------------------------------------------------------------------------------------------------


def read_stats(resource: Container, talk: Talk) -> tuple[Sample, ...] | Gap:
    """The latest samples, oldest first: from the control group's files where they are here, else from the engine."""
    found = _local(resource) if talk.local else None
    if not isinstance(found, Sample):
        found = details.stats(talk.session, resource.key.id)
    if isinstance(found, Gap):
        return found
    if len(_rings) > RINGS and resource.key not in _rings:
        _rings.pop(next(iter(_rings)))
    ring = _rings.setdefault(resource.key, deque(maxlen=SAMPLES))
    if not ring or ring[-1].at != found.at:
        ring.append(found)
    return tuple(ring)


def _local(resource: Container) -> Sample | Gap:
    pid = resource.peek("pid")
    return pid if isinstance(pid, Gap) else _cgroups.sample(resource.key.id, pid)


def stats_lines(samples: tuple[Sample, ...], context: Context) -> Iterator[TextLine]:
    """The last figure of each kind, and how it went."""
    last = samples[-1]
    width = max(10, min(60, context.width - 34))
    pairs = list(pairwise(samples))
    cpu = [cpu_percent(before, after) for before, after in pairs]
    limit = f" of {size(last.memory_limit)}" if last.memory_limit else ""
    figures: list[tuple[str, str, list[float | None], float | None]] = [
        ("CPU", "-" if not cpu or cpu[-1] is None else f"{cpu[-1]:.1f}% of a core", cpu, None),
        ("MEM", f"{size(last.memory)}{limit}", [float(s.memory) for s in samples], float(last.memory_limit) or None),
        ("PIDS", "?" if last.pids is None else str(last.pids), [_float(s.pids) for s in samples], None),
    ]
    for name, pick in _RATES:
        rates = [_rate(before, after, pick) for before, after in pairs]
        now = rates[-1] if rates else None
        figures.append((name, "-" if now is None else f"{size(now)}/s", rates, None))
    for name, now_words, values, top in figures:
        line_ = sparkline(values, width, top=top)
        yield TextLine(Cell.join((f" {name:<8}", "header"), f"{now_words:<20}", (f"|{line_}|", "accent")))
    seconds = samples[-1].at - samples[0].at
    yield line(f" {len(samples)} samples over {seconds:.0f} s; 100% is one core", "dim")


_RATES: tuple[tuple[str, Callable[[Sample], int | None]], ...] = (
    ("NET in", lambda sample: sample.received),
    ("NET out", lambda sample: sample.sent),
    ("DISK r", lambda sample: sample.read),
    ("DISK w", lambda sample: sample.written),
)


def _rate(before: Sample, after: Sample, pick: Callable[[Sample], int | None]) -> float | None:
    first, second, span = pick(before), pick(after), after.at - before.at
    return None if first is None or second is None or span <= 0 else max(0.0, (second - first) / span)


def _float(value: int | None) -> float | None:
    return None if value is None else float(value)


# -- processes and changes --------------------------------------------------------------------------------------


def read_processes(resource: Container, talk: Talk) -> Processes | Gap:
    """`top` of the engine; nothing is run in the container."""
    return details.top(talk.session, resource.key.id)


def process_lines(found: Processes, context: Context) -> Iterator[TextLine]:
    """A table as wide as its words; the command last and whole, its secrets masked."""
    rows = [found.titles, *found.rows]
    count = len(found.titles)
    widths = [min(24, max((len(row[i]) for row in rows if i < len(row)), default=0)) for i in range(count)]
    for index, row in enumerate(rows):
        cells = [f"{safe(text, 200):<{widths[i]}}" for i, text in enumerate(row[: count - 1])]
        command = safe(mask_text(row[count - 1]), 2000) if 0 < count <= len(row) else ""
        yield line(" " + "  ".join([*cells, command]), "header" if index == 0 else "normal")


def read_changes(resource: Container, talk: Talk) -> tuple[Change, ...] | Gap:
    """Paths that differ from the image."""
    return details.changes(talk.session, resource.key.id)


def change_lines(found: tuple[Change, ...], context: Context) -> Iterator[TextLine]:
    """One path a line, as `docker diff` marks them."""
    for change in found:
        sign, role = _SIGNS.get(change.kind, ("?", "unknown"))
        path = safe(change.path, 1000)
        yield TextLine(Cell.join((f" {sign} ", role), path), copy=path)  # type: ignore[arg-type]  # a role
    if not found:
        yield line(" nothing differs from the image", "pass")


def _read(name: str, title: str, place: int, read: Any, show: Any, every: float = 0.0) -> Tab:
    return Tab(name, title, Shape.READ, frozenset({Kind.CONTAINER}), place, read=read, show=show, every=every)


TABS = (
    Tab("logs", "Logs", Shape.LOGS, frozenset({Kind.CONTAINER, Kind.SERVICE, Kind.TASK}), 30, read=log_lines),
    _read("stats", "Stats", 40, read_stats, stats_lines, every=2.0),
    _read("processes", "Processes", 45, read_processes, process_lines, every=5.0),
    _read("changes", "Changes", 50, read_changes, change_lines),
)
