"""Pods: as `kubectl get pods` prints them, with what is wrong in the words of a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from checks.result import Judgement
from inventory.gap import Gap
from inventory.kubernetes.workloads import Pod
from inventory.resource import Kind, ResourceKey
from inventory.text import safe
from tui.format import missing, since
from tui.panes.base import LAST
from tui.panes.services.population import ON_THE_WAY, PodLine, Population, population
from tui.panes.services.view import KubeEntry, KubeView, namespace_cell, rule
from tui.panes.services.words import cell, images_of, moment
from tui.panes.services.workloads import trouble_lines
from tui.picture import Picture
from tui.scope import namespace_of
from tui.verdicts import badge, link_text
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line

_CONTAINERS = {"containers": "container", "initContainers": "init", "ephemeralContainers": "debug"}


class Made(NamedTuple):
    """A pod's line, the workload that stands for it, and what is wrong with that one."""

    line: PodLine | None
    top: ResourceKey | None
    judgement: Judgement | None


class PodsView(KubeView):
    """One row per pod."""

    name = "Pods"
    short = "Pods"
    families = (Pod,)
    hides_minor = True
    hidden = "completed pods"
    order: ClassVar[tuple[str, bool]] = ("ns", False)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 10),
        Column("ns", "NAMESPACE", 11, weight=1, limit=24, cut="middle", groups=True),
        Column("name", "POD", 19, weight=3, limit=56, cut="middle"),
        Column("ready", "READY", 5, align="right"),
        Column("state", "STATUS", 16, weight=1, limit=30),
        Column("restarts", "RESTARTS", 8, align="right", priority=1),
        Column("age", "AGE", 4, align="right"),
        Column("node", "NODE", 8, weight=1, limit=40, cut="middle", priority=3),
        Column("ip", "IP", 12, weight=1, limit=39, priority=5),
    )

    def beside(self, resource: Any, pods: Population, picture: Picture) -> Made:
        """What made it, and the verdicts on that."""
        found = pods.lines.get(resource.key)
        top = pods.top(found) if found is not None else None
        return Made(found, top, picture.everything.judgement(top) if top is not None else None)

    def moments(self, resource: Any, beside: Any) -> tuple[float, ...]:
        """Its age and that of its last restart."""
        return (moment(resource), beside.line.last if beside.line is not None else 0.0)

    def minor(self, entry: KubeEntry) -> bool:
        """What has done its work."""
        made = entry.beside.line
        return made is not None and made.word in ("Completed", "Succeeded")

    def cells(self, entry: KubeEntry) -> tuple[Cell, ...]:
        """One cell per column."""
        resource, made = entry.resource, entry.beside.line
        if made is None or made.gap is not None:
            gap = made.gap if made is not None and made.gap is not None else resource.peek("status")
            word = missing(gap) if isinstance(gap, Gap) else "?"
            unknown = Cell.of(word, "unknown")
            ready = state = restarts = unknown
        else:
            lacking = made.ready < made.total and made.word not in ("Completed", "Succeeded")
            ready = Cell.of(f"{made.ready}/{made.total}", "error" if lacking else "normal")
            state = cell(made.word, status_role(made))
            restarts = restarts_cell(made, entry.made)
        return (
            shared_badge(entry),
            namespace_cell(entry),
            cell(resource.name),
            ready,
            state,
            restarts,
            Cell.of(entry.age),
            cell(resource.peek("node_name")),
            cell(_ip(resource)),
        )

    def value(self, entry: KubeEntry, column: str) -> Any:
        """Numbers by number; what pods share with their workload counts after what is their own."""
        made, beside = entry.beside.line, entry.beside
        if column in ("sec", "ns"):
            own = entry.judgement.summary.rank if entry.judgement is not None else LAST
            theirs = beside.judgement.summary.rank if beside.judgement is not None else ()
            if column == "sec":
                return (*own, *theirs)
            broken = made is not None and bool(made.cause)
            return (namespace_of(entry.resource), -broken, *(-each for each in (*own, *theirs)))
        if column == "restarts":
            return (made.restarts, made.last) if made is not None else LAST
        if column == "ready":
            return made.ready - made.total if made is not None else 1
        if column == "state":
            return made.word if made is not None else ""
        if column == "node":
            return made.node if made is not None else ""
        return super().value(entry, column)

    def fields(self, entry: KubeEntry) -> dict[str, str]:
        """State, node, address, image and what made it."""
        found, made, resource = super().fields(entry), entry.beside.line, entry.resource
        image = images_of(resource)
        named = image if isinstance(image, str) else ""
        top = entry.beside.top
        state = "unknown" if made is None or made.gap is not None else f"{made.word} {made.cause}"
        ip = _ip(resource)
        return found | {
            "state": state,
            "node": made.node if made is not None else "",
            "image": named,
            "img": named,
            "ip": ip if isinstance(ip, str) else "",
            "owner": f"{top.kind} {top.id}" if top is not None else "",
        }

    def telling(self, picture: Picture) -> Cell:
        """Which states there are, those in trouble first."""
        lines = (line for line in population(picture).lines.values() if picture.snapshot.get(line.key) is not None)
        return states(lines)

    def none(self, picture: Picture) -> str:
        """Nothing runs."""
        return "no pod here"

    def first(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """What is broken now, in sentences; then what is said at its workload."""
        lines = trouble_lines(entry.resource, [], population(picture), width, now)
        top, judgement = entry.beside.top, entry.beside.judgement
        if top is not None:
            where = link_text(top, picture.everything.snapshot)
            counts = badge(judgement)
            lines.append(
                TextLine(Cell.join((f" made by {where}", "accent"), "  ", counts, ("  its findings", "dim")), meta=top)
            )
        return lines

    def facts(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Its containers, its node and address."""
        resource = entry.resource
        lines = [rule(width)]
        node = resource.peek("node_name")
        if isinstance(node, str) and node:
            key = ResourceKey(Kind.KUBE_NODE, resource.key.source, node)
            lines.append(
                TextLine(
                    Cell.join(" node ", (safe(node, 200), "accent"), f"   ip {cell(_ip(resource)).text}"), meta=key
                )
            )
        else:
            lines.append(TextLine(Cell.join(" node ", cell(node), "   ip ", cell(_ip(resource)))))
        spec = resource.peek("pod_spec")
        if isinstance(spec, Gap):
            return [*lines, line(f" {safe(str(spec), 300)}", "unknown")]
        for path, one in spec.all_containers():
            kind = _CONTAINERS.get(path.partition("[")[0], "")
            words = f"{safe(one.name, 60):<16} {safe(one.image, 200)}"
            lines.append(TextLine(Cell.join((f" {kind:<9} ", "dim"), words)))
        return lines


def shared_badge(entry: KubeEntry) -> Cell:
    """Its own counts, then in brackets the worst of what its workload has: one and the same finding is said there."""
    own = badge(entry.judgement, top=2)
    theirs = entry.beside.judgement
    if theirs is None or theirs.summary.worst is None:
        return own
    worst = badge(theirs, top=1).text
    alone = Cell.of("-", "dim") if entry.judgement is not None and own.text == "ok" else own
    return Cell.join(alone, (f" ({worst})", "dim"))


def status_role(made: PodLine) -> Role:
    """How the word in STATUS looks."""
    if made.cause:
        return "error"
    return "accent" if made.word in ON_THE_WAY or made.word.startswith("Init:") else "normal"


def restarts_cell(made: PodLine, now: float) -> Cell:
    """How often, and when last."""
    if not made.restarts:
        return Cell.of("0", "dim")
    last = f" {since(made.last, now)}" if made.last else ""
    recent = made.last and now - made.last < 3600
    return Cell.of(f"{made.restarts}{last}", "error" if recent else "normal")


def states(lines: Iterable[PodLine]) -> Cell:
    """How many pods are in which state: `Running 61  CrashLoopBackOff 2`."""
    bad: Counter[str] = Counter()
    well: Counter[str] = Counter()
    for each in lines:
        if each.cause:
            bad[each.cause] += 1
        else:
            well[each.word or "unknown"] += 1
    parts: list[Cell] = [cell(f"{word} {count}", "error") for word, count in bad.most_common(6)]
    parts += [cell(f"{word} {count}") for word, count in well.most_common(4)]
    joined: list[Cell | str] = []
    for part in parts:
        joined += [part, "  "]
    return Cell.join(*joined[:-1])


def _ip(resource: Any) -> str | Gap:
    status = resource.peek("status")
    return status if isinstance(status, Gap) else str(status.pod_ip)
