"""Tabs that read while one looks: logs, statistics, processes, changed files."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.resource import Kind, Resource, ResourceKey
from inventory.secrets import PrivateKeyLines, mask, mask_start
from inventory.sources.docker import details
from inventory.sources.docker.details import Change, LogStream, Processes
from inventory.sources.docker.frames import LogLine
from inventory.sources.docker.stats import CgroupStats, Sample, cpu_percent
from inventory.sources.docker.transport import ApiError
from inventory.text import safe
from tui.detail.tab import Context, Shape, Tab
from tui.format import size, stamp
from tui.logs import MOST, WAITING, Backlog, Entry, LogQuery
from tui.panes.containers.state import known_running
from tui.talk import Talk
from tui.threads import spawn
from widgets.cells import Cell
from widgets.sparkline import sparkline
from widgets.style import Role
from widgets.textview import TextLine, line

SAMPLES = 120  # kept per container while its statistics are looked at
RINGS = 20  # containers whose samples are kept
IDLE = 0.1  # seconds without a line after which what has come is shown
LONGEST = 4000  # characters of a masked log line that are shown
LONGEST_COMMAND = 2000  # the same of a command
_AT_ONCE = 2000  # lines of a whole log that are painted together
_SIGNS: dict[str, tuple[str, Role]] = {"modified": ("C", "accent"), "added": ("A", "pass"), "deleted": ("D", "error")}

_rings: dict[ResourceKey, deque[Sample]] = {}
_cgroups = CgroupStats()


# -- logs -------------------------------------------------------------------------------------------------------


def show_log(resource: Resource, query: LogQuery) -> Gap | None:
    """Show lines as they come, until they end or nobody looks any more; the gap if they ended in one."""
    found = _logs(resource, query)
    if isinstance(found, Gap):
        return _with_driver(resource, found)
    if isinstance(found, tuple):
        _show_all(found, query)
        return None
    query.feed.opened(found)
    return _show_coming(found, query)


def _logs(resource: Resource, query: LogQuery) -> tuple[LogLine, ...] | LogStream | Gap:
    session, tail = query.talk.session, query.tail
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


def _with_driver(resource: Resource, gap: Gap) -> Gap:
    """The gap, with the driver where that is the reason: an engine answers 501 where its driver keeps nothing."""
    config = resource.peek("log_config") if isinstance(resource, Container) else gap
    if gap.reason is not Reason.UNSUPPORTED or isinstance(config, Gap):
        return gap
    return Gap(gap.reason, gap.path, f"logging driver {config.driver or 'not named'}: {gap.detail}")


def _show_all(found: tuple[LogLine, ...], query: LogQuery) -> None:
    if not found:
        query.feed.show([no_lines(query)])
    keys = LogKeys()
    for start in range(0, len(found), _AT_ONCE):
        query.feed.show([log_line(keys.entry(each), query.timestamps) for each in found[start : start + _AT_ONCE]])


def _show_coming(stream: LogStream, query: LogQuery) -> Gap | None:
    feed, problem = query.feed, list[str]()
    backlog = Backlog(min(MOST, max(WAITING, query.tail)))
    spawn("log-pump", lambda: _pump(stream, backlog, problem))
    shown = False
    while not feed.closed:
        taken = backlog.take(IDLE)
        lines = [lost_lines(taken.lost)] if taken.lost else []
        lines += [log_line(entry, query.timestamps) for entry in taken.entries]
        if lines:
            feed.show(lines)
        elif not shown:
            feed.show([no_lines(query)], passing=True)
        shown = True
        if taken.ended:
            break
        feed.pause()
    stream.close()
    return Gap(Reason.ERROR, "the rest of the log", problem[0]) if problem else None


def _pump(stream: LogStream, backlog: Backlog, problem: list[str]) -> None:
    keys = LogKeys()
    try:
        for each in stream:
            backlog.put(keys.entry(each))
    except ApiError as error:
        problem.append(error.message)
    except Exception as error:  # the other side waits for the end, however it comes
        problem.append(f"{type(error).__name__}: {error}")
    backlog.end()


class LogKeys:
    """Which lines are inside of private keys, of each stream on its own."""

    def __init__(self) -> None:
        self._streams: dict[str, PrivateKeyLines] = {}

    def entry(self, entry: LogLine) -> Entry:
        """The line, and whether it is part of a key."""
        return Entry(entry, self._streams.setdefault(entry.stream, PrivateKeyLines()).inside(entry.text))


def no_lines(query: LogQuery) -> TextLine:
    """Said where a log has nothing to show."""
    return line(f" no lines among the last {query.tail} (+ asks for more)", "dim")


def lost_lines(count: int) -> TextLine:
    """Said where lines came too fast."""
    return line(f" -- {count} lines not shown: they came faster than the screen --", "unknown")


def log_line(entry: Entry, timestamps: bool, whose: str = "") -> TextLine:
    """A line of a log, masked; `whose` goes before it."""
    told, in_key = entry
    text = safe(mask(told.text) if in_key and told.text else mask_start(told.text, LONGEST + 1), LONGEST)
    when = f"{stamp(told.time)[11:]} " if timestamps and told.time else ""
    role: Role = "accent" if told.stream == "stderr" else "normal"
    return TextLine(Cell.join((when, "dim"), (whose, "accent"), (text, role)), copy=text)


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
        cells = [f"{safe(mask_start(text, 201), 200):<{widths[i]}}" for i, text in enumerate(row[: count - 1])]
        command = _command(row[count - 1]) if 0 < count <= len(row) else ""
        yield line(" " + "  ".join([*cells, command]), "header" if index == 0 else "normal")


def _command(text: str) -> str:
    return safe(mask_start(text, LONGEST_COMMAND + 1), LONGEST_COMMAND)


def read_changes(resource: Container, talk: Talk) -> tuple[Change, ...] | Gap:
    """Paths that differ from the image."""
    return details.changes(talk.session, resource.key.id)


def change_lines(found: tuple[Change, ...], context: Context) -> Iterator[TextLine]:
    """One path a line, as `docker diff` marks them."""
    for change in found:
        sign, role = _SIGNS.get(change.kind, ("?", "unknown"))
        path = safe(change.path, 1000)
        yield TextLine(Cell.join((f" {sign} ", role), path), copy=path)
    if not found:
        yield line(" nothing differs from the image", "pass")


def _read(name: str, title: str, place: int, read: Any, show: Any, every: float = 0.0) -> Tab:
    return Tab(name, title, Shape.READ, frozenset({Kind.CONTAINER}), place, read=read, show=show, every=every)


TABS = (
    Tab("logs", "Logs", Shape.LOGS, frozenset({Kind.CONTAINER, Kind.SERVICE, Kind.TASK}), 30, read=show_log),
    _read("stats", "Stats", 40, read_stats, stats_lines, every=2.0),
    _read("processes", "Processes", 45, read_processes, process_lines, every=5.0),
    _read("changes", "Changes", 50, read_changes, change_lines),
)
