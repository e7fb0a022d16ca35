"""The overview: what is broken, what is dangerous, what changed, what could not be seen. No key pressed."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Hashable
from typing import ClassVar

from checks.result import NOTHING, Summary
from checks.verdict import Outcome
from inventory.container import Container
from inventory.engine import Engine
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.kubernetes.cluster import Cluster
from inventory.resource import OBJECTS, Kind
from inventory.snapshot import Event, SourceHealth, Status
from inventory.text import safe
from tui.format import age, clock, missing, since, size, told
from tui.panes.base import Pane
from tui.panes.containers.state import state_words
from tui.panes.images.words import NEWS, Exploited, exploited_words, overview_words
from tui.panes.overview.clusters import cluster_words, pod_states, warnings
from tui.panes.overview.tallies import Group, Tallies
from tui.picture import Picture
from tui.verdicts import headline, mark, total_badge
from widgets.cells import EMPTY, Cell, fit
from widgets.style import Role
from widgets.textview import TextLine, line

WIDE = 160
_BELOW = 11  # lines that the worst findings and the latest changes should have
_SMALL = 16  # lines below which everything is told in full, and scrolled
_AT_MOST = 2  # lines of what is exposed where there is not that much room
_EXPOSED = (
    ("privileged", ("RUN-001", "ORC-100", "ORC-101")),
    ("runtime socket", ("RUN-002",)),
    ("host mounts", ("RUN-003", "ORC-106")),
    ("host namespaces", ("RUN-006", "RUN-007", "RUN-008", "ORC-102", "ORC-103", "ORC-104")),
    ("extra caps", ("RUN-013", "RUN-014", "ORC-105")),
    ("open ports", ("NET-001", "NET-003", "ORC-107")),
    ("secrets", ("RUN-044", "RUN-050", "IMG-012", "IMG-013", "ORC-014", "ORC-136", "ORC-230")),
    ("cluster admins", ("ORC-200", "ORC-205", "ORC-214", "ORC-215")),
)
_NEWS = 3  # lines about what is exploited
_DOMAINS = ("images", "runtime", "network", "orchestration", "monitoring", "host")
_QUIET = {"exec_create", "exec_start", "exec_die", "top", "attach", "resize"}


class OverviewPane(Pane):
    """Lines for one text view; a finding or an event leads to its object."""

    id = "overview"
    kinds: ClassVar[tuple[Kind, ...]] = OBJECTS

    def lines(self, picture: Picture, width: int, height: int, now: float) -> list[TextLine]:
        """The whole pane for a view of this size; no line is wider."""
        return [_within(entry, width) for entry in self._lines(picture, width, height, now)]

    def _lines(self, picture: Picture, width: int, height: int, now: float) -> list[TextLine]:
        top = [*host_lines(picture, width), *now_lines(picture, width)]
        brief = _SMALL <= height < len(top) + _BELOW
        if brief:  # what is worst must be seen before what goes on and on
            top = [*host_lines(picture, width, brief=True), *now_lines(picture, width, brief=True)]
        top.append(line("-" * width, "rule"))
        if width >= WIDE:
            return top + _side_by_side(picture, width, height - len(top), now)
        events = event_lines(picture, now, 1 if brief else 3 if height < 30 else 10)
        room = max(4, height - len(top) - len(events) - 3)
        return [
            *top,
            line(f" WORST FIRST{'':<48}", "header"),
            *worst_lines(picture, width, room, now),
            line("-" * width, "rule"),
            line(" LAST CHANGES", "header"),
            *events,
        ]

    def prepared(self, picture: Picture) -> None:
        """Counted here, the screen finds it counted."""
        TALLIES.failing(picture)
        TALLIES.pending(picture)
        NEWS.exploited(picture)
        pod_states(picture)

    def alarm(self, picture: Picture) -> Summary:
        """Nothing of its own: the findings pane counts everything."""
        return Summary()

    def count(self, picture: Picture) -> str:
        """It has no rows."""
        return ""

    def preview(self, key: Hashable, picture: Picture, width: int, now: float) -> list[TextLine]:
        """It has no preview."""
        return []


def host_lines(picture: Picture, width: int, *, brief: bool = False) -> list[TextLine]:
    """The host, the engine and the cluster, as far as they are known; `brief`: what ails a source in one line."""
    found: list[TextLine] = []
    if picture.part:
        found += _wrapped(
            "ONLY", [Cell.of(picture.part, "accent"), Cell.of("(m namespaces, C contexts)", "dim")], width
        )
    for host in picture.snapshot.of(Host):
        found += _wrapped("HOST", _host_words(host, width), width, host.key)
    named = width >= 100 or picture.snapshot.count(Kind.ENGINE) > 1
    for engine in picture.snapshot.of(Engine):
        badge = picture.judgement(engine.key)
        counts = total_badge(badge.summary, top=2) if badge else DOTS
        found += _wrapped("ENGINE", [counts, *map(Cell.of, _engine_words(engine, named))], width, engine.key)
    for cluster in picture.snapshot.of(Cluster):
        found += _wrapped("CLUSTER", cluster_words(cluster, picture), width, cluster.key)
    for name, health in picture.snapshot.sources.items():
        if health.status is not Status.OK:
            told = _source_lines(name, health, width)
            found += [_cut(told[0], width)] if brief and len(told) > 1 and health.version else told
        elif health.kind in ("manifests", "compose"):  # files have no engine or cluster that would speak for them
            found += _wrapped("FILES", [Cell.of(safe(f"{health.target}: {health.detail}", 400))], width)
    if not found:
        found.append(line(" connecting; nothing has answered yet", "dim"))
    return found


def _cut(entry: TextLine, width: int) -> TextLine:
    """The first of several lines, which says where the others are."""
    return TextLine(Cell.join(fit(entry.cell, width - 6, cut="end"), ("~ (x)", "dim")), entry.meta, entry.copy)


def _within(entry: TextLine, width: int) -> TextLine:
    return entry if entry.cell.width <= width else TextLine(fit(entry.cell, width), entry.meta, entry.copy)


def _source_lines(name: str, health: SourceHealth, width: int) -> list[TextLine]:
    role: Role = "dim" if health.status is Status.CONNECTING else "error"
    found = [(f"{health.status.value.upper()}  {safe(name)}  {safe(health.detail, 400)}", role)]
    found += [(f"  tried {safe(tried, 300)}", "dim") for tried in health.tried[:6]]
    if health.tried and not health.version:
        found.append(("  to look around without an engine: deckwatch --demo", "dim"))
    return [line(f" {piece}", how) for words, how in found for piece in _paragraph(words, width - 1)]


def _paragraph(words: str, width: int) -> list[str]:
    indent = " " * (len(words) - len(words.lstrip()))
    return textwrap.wrap(words, max(20, width), initial_indent=indent, subsequent_indent=f"{indent}   ")


def _host_words(host: Host, width: int) -> list[Cell]:
    parts: list[Cell] = []
    uptime, load, ncpu = host.peek("uptime"), host.peek("load"), host.peek("ncpu")
    parts.append(Cell.of(f"up {missing(uptime) if isinstance(uptime, Gap) else age(uptime)}"))
    if isinstance(load, Gap) or isinstance(ncpu, Gap):
        parts.append(Cell.of("load ?", "unknown"))
    else:
        parts.append(Cell.of(f"load {load[0]:.1f}/{ncpu}c", "error" if load[0] > 2 * ncpu else "normal"))
    parts += [_memory_words(host, width), *_disk_words(host)]
    clock_ok = host.peek("clock_synchronised")
    if isinstance(clock_ok, Gap):
        parts.append(Cell.of("clock ?", "unknown"))
    else:
        parts.append(Cell.of("clock ok") if clock_ok else Cell.of("clock not synchronised", "error"))
    return parts


def _memory_words(host: Host, width: int) -> Cell:
    total, free = host.peek("memory_total"), host.peek("memory_available")
    if isinstance(total, Gap) or isinstance(free, Gap) or not total:
        return Cell.of("mem ?", "unknown")
    used = 100 * (total - free) / total
    words = f"mem {used:.0f}%" + (f" of {size(total)}" if width >= 100 else "")
    return Cell.of(words, "error" if used > 90 else "normal")


def _disk_words(host: Host) -> list[Cell]:
    disks = host.peek("disks")
    if isinstance(disks, Gap):
        return [Cell.of("disk ?", "unknown")]
    found = []
    for disk in disks:
        used = 100 * (disk.size - disk.free) / disk.size if disk.size else 0
        found.append(Cell.of(f"disk {safe(disk.path)} {used:.0f}%", "error" if used > 90 else "normal"))
    return found


def _engine_words(engine: Engine, named: bool) -> list[str]:
    """`named`: with version and storage driver. Alone, and on few columns, the version in the first line will do."""
    swarm = engine.peek("swarm")
    state = "?" if isinstance(swarm, Gap) else swarm.state or "inactive"
    flavour, version = engine.peek("flavour"), engine.peek("version")
    api = engine.peek("api_version")
    words = f"{_word(flavour)} {_word(version)}" if named else "", _word(engine.peek("target")), f"API {_word(api)}"
    driver = _word(engine.peek("driver")) if named else ""
    return [safe(part, 200) for part in (*words, driver, f"swarm {state}") if part]


def _word(value: object) -> str:
    return missing(value) if isinstance(value, Gap) else str(value)


def now_lines(picture: Picture, width: int, *, brief: bool = False) -> list[TextLine]:
    """States, exposures, and what could not be checked; long lists go on below, unless they are to be `brief`."""
    most = _AT_MOST if brief else 100
    return [
        *_wrapped("NOW", _states(picture), width),
        *_wrapped("EXPOSED", _exposed(picture), width)[:most],
        *_images(picture, width)[:most],
        *_wrapped("NOT SEEN", _not_checked(picture, details=not brief), width)[:most],
    ]


def _images(picture: Picture, width: int) -> list[TextLine]:
    """Signatures and vulnerabilities of what runs, once somebody has looked."""
    words = overview_words(picture)
    return _wrapped("IMAGES", words, width) if words else []


def _exposed(picture: Picture) -> list[Cell]:
    """Counts of the usual dangers; `?` behind one that could not be judged everywhere."""
    outcomes = TALLIES.outcomes(picture)
    found = []
    for name, ids in _EXPOSED:
        fails = sum(outcomes[check, Outcome.FAIL] for check in ids)
        unsure = any(outcomes[check, Outcome.UNKNOWN] for check in ids)
        if fails or unsure:
            words = f"{name} {fails or ''}{'?' * unsure}"
            found.append(Cell.of(words, "unknown" if unsure and not fails else "normal"))
    if found or not _all_judged(picture):
        return found or [DOTS]
    return [Cell.of("nothing of the usual kind")]


def _all_judged(picture: Picture) -> bool:
    """Whether containers and pods were read and everything that was read has a verdict."""
    unread = any(kind in (Kind.CONTAINER, Kind.POD) for _, kind in picture.snapshot.gaps)
    return bool(picture.evaluation.judgements) and not TALLIES.pending(picture) and not unread


def _states(picture: Picture) -> list[Cell]:
    states: Counter[tuple[str, bool]] = Counter()
    for container in picture.snapshot.of(Container):
        word, role = state_words(container)
        bad = role == "error"
        name = "OOM" if word.endswith("OOM") else word.split()[0] if bad else told(container, "state")
        states[("exited!=0" if bad and name == "exited" else name, bad)] += 1
    order = sorted(states.items(), key=lambda item: (item[0][0] != "running", not item[0][1], -item[1]))
    parts = [Cell.of(safe(f"{name} {count}"), "error" if bad else "normal") for (name, bad), count in order]
    return [*pod_states(picture), *parts] or [DOTS]


def _wrapped(label: str, parts: list[Cell], width: int, meta: Hashable = None) -> list[TextLine]:
    lines, current = [], Cell.of(f" {label:<9}", "header")
    for part in parts:
        if current.width + part.width + 2 > width and current.width > 12:
            lines.append(TextLine(current, meta))
            current = Cell.of(" " * 10)
        current = Cell.join(current, part, "  ")
    return [*lines, TextLine(current, meta)]


def _not_checked(picture: Picture, *, details: bool) -> list[Cell]:
    """What was asked for and not seen; what nobody has or offers here is under `x` only."""
    total = picture.evaluation.total
    pending = TALLIES.pending(picture)
    parts = [f"{total.unknown} verdict{'s' * (total.unknown != 1)} unknown (x says why)"] if total.unknown else []
    parts += [f"{pending} objects not judged yet"] if pending else []
    gaps = [(kind, gap) for (_, kind), gap in picture.snapshot.gaps.items() if gap.reason is not Reason.UNSUPPORTED]
    parts += [f"{kind.plural}: {gap}" for kind, gap in gaps[:3]] if details else []
    words = [Cell.of(safe(part, 200), "unknown") for part in parts]
    return [*words, Cell.of(f"{total.manual} for a person to decide")] if total.judged else [DOTS]


def worst_lines(picture: Picture, width: int, room: int, now: float) -> list[TextLine]:
    """Failures: those that came up while watching first, then by severity; the same fault on many objects once."""
    order = TALLIES.failing(picture)
    news = [_exploited_line(found, picture, width) for found in NEWS.exploited(picture)[:_NEWS]][: max(1, room // 2)]
    room -= len(news)
    lines = [_worst_line(found, picture, width, now) for found in order[:room]]
    if not lines and not news:
        lines.append(_nothing_fails(picture))
    elif lines and len(order) > room:
        lines[-1] = TextLine(Cell.of(f"    and {len(order) - room + 1} more kinds of finding: press 6", "dim"))
    return [*news, *lines]


def _exploited_line(found: Exploited, picture: Picture, width: int) -> TextLine:
    """What is exploited in the wild and runs here comes before everything else."""
    words, where = exploited_words(found, picture)
    cell = Cell.join(
        " ", ("C", "critical"), "  ", (f"{'IMG-009':<9}", "dim"), fit(Cell.of(words, "critical"), max(20, width - 43)),
        " ", fit(Cell.of(where), 20, cut="middle"),
    )  # fmt: skip
    return TextLine(cell, meta=(found.images[0], "IMG-009"))


def _worst_line(found: Group, picture: Picture, width: int, now: float) -> TextLine:
    result = found.results[0]
    first = picture.fresh.get((result.key, result.check.id))
    char, role = mark(result)
    resource = picture.snapshot.get(result.key)
    name = safe(resource.called) if resource else safe(result.key.id[:12])
    target = name if found.total == 1 else _many(found)
    words = safe(headline(result) if found.total == 1 else result.check.title, 300)
    new = f"NEW {since(first, now)}" if first else ""
    room = max(20, width - 43)  # sign and id 13, object 20, new 8, two blanks
    cell = Cell.join(
        " ", (char, role), "  ", (f"{result.check.id:<9}", "dim"), fit(Cell.of(words), room),
        " ", fit(Cell.of(target), 20, cut="middle"), " ", (f"{new:<8}", "accent"),
    )  # fmt: skip
    meta: Hashable = (result.key, result.check.id) if found.total == 1 else (result.check.id, Outcome.FAIL)
    return TextLine(cell, meta=meta)


def _many(found: Group) -> str:
    """`88 containers`; `12 objects` of several kinds."""
    kinds = {result.key.kind for result in found.results}
    return f"{found.total} {next(iter(kinds)).plural if len(kinds) == 1 else 'objects'}"


def _nothing_fails(picture: Picture) -> TextLine:
    if not _all_judged(picture):
        return line(" ..", "dim")
    unknown = picture.evaluation.total.unknown
    if unknown:
        return line(f" nothing fails of what could be judged; {unknown} verdicts are unknown", "unknown")
    return line(" nothing fails", "pass")


def event_lines(picture: Picture, now: float, room: int) -> list[TextLine]:
    """The latest events, newest first."""
    events = [event for event in picture.snapshot.events if event.action.split(":")[0] not in _QUIET]
    latest = sorted([*events[-room:], *warnings(picture, room)], key=lambda event: event.time, reverse=True)
    lines = [event_line(event) for event in latest[:room]]
    return lines or [line(" no events since the start", "dim")]


def event_line(event: Event) -> TextLine:
    """One event: time, what, who, detail."""
    loud = event.action in {"die", "oom", "kill", "destroy"} or "unhealthy" in f"{event.action}{event.detail}"
    words = f" {clock(event.time)}  {safe(event.action):<14.20} {safe(event.kind):<9.9} {safe(event.name):<24.30}"
    return TextLine(Cell.join((words, "error" if loud else "normal"), f" {safe(event.detail, 200)}"), meta=event)


def domain_lines(picture: Picture) -> list[TextLine]:
    """Counts by domain."""
    counted = TALLIES.domains(picture)
    lines = [line(f" {'DOMAIN':<15} {'FAIL':<16} {'MANUAL':>6} {'UNKNOWN':>8} {'PASS':>7}", "header")]
    for name in _DOMAINS:
        summary = counted.get(name, NOTHING)
        tail = f" {summary.manual:>6} {summary.unknown:>8} {summary.passed:>7}"
        lines.append(TextLine(Cell.join(f" {name:<15} ", fit(total_badge(summary), 16), tail)))
    return lines


def _side_by_side(picture: Picture, width: int, height: int, now: float) -> list[TextLine]:
    left_width = width * 3 // 5
    left = [line(" WORST FIRST", "header"), *worst_lines(picture, left_width, max(4, height - 2), now)]
    domains = domain_lines(picture)
    events = event_lines(picture, now, max(4, height - len(domains) - 4))
    right = [*domains, EMPTY_LINE, line(" LAST CHANGES", "header"), *events]
    lines = []
    for index in range(max(len(left), len(right))):
        a = left[index] if index < len(left) else EMPTY_LINE
        b = right[index] if index < len(right) else EMPTY_LINE
        lines.append(TextLine(Cell.join(fit(a.cell, left_width), ("| ", "rule"), b.cell), meta=a.meta or b.meta))
    return lines


EMPTY_LINE = TextLine(EMPTY)
DOTS = Cell.of("..", "dim")
TALLIES = Tallies()
PANE = OverviewPane()
