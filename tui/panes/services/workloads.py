"""Workloads: what makes pods, and pods that nothing made; Swarm services beside them where there are any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from heapq import nsmallest
from textwrap import wrap
from typing import Any, ClassVar, NamedTuple

from checks.selectors import maker
from inventory.gap import Gap
from inventory.kubernetes.reasons import troubles
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.states import ready_of
from inventory.kubernetes.workloads import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    Pod,
    PodBearer,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
)
from inventory.resource import Kind, Resource
from inventory.swarm import Service
from inventory.text import safe
from tui.format import image_reference, missing, since, told
from tui.panes.base import LAST
from tui.panes.services.population import PodLine, Population, population
from tui.panes.services.swarm import SwarmView, ready_cell
from tui.panes.services.view import KubeEntry, KubeView, namespace_cell, rule, sec
from tui.panes.services.words import SHORT, attempt, cell, images_of, moment
from tui.picture import Picture
from tui.scope import namespace_of
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line

_SETTLED = frozenset({"Suspended", "Paused"})


class Pods(NamedTuple):
    """What a workload's row says of its pods; `word` is the commonest trouble, `bad` how many have it."""

    total: int = 0
    restarts: int = 0
    last: float = 0.0
    word: str = ""
    bad: int = 0


class WorkloadsView(KubeView):
    """One row per workload."""

    name = "Workloads"
    short = "Workloads"
    families = (
        Deployment, StatefulSet, DaemonSet, CronJob, Job, ReplicationController, ReplicaSet, Pod, Service,
    )  # fmt: skip
    hides_minor = True
    hidden = "finished jobs and ReplicaSets of Deployments"
    order: ClassVar[tuple[str, bool]] = ("ns", False)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("ns", "NAMESPACE", 11, weight=1, limit=24, cut="middle", groups=True),
        Column("name", "WORKLOAD", 17, weight=3, limit=44, cut="middle"),
        Column("kind", "KIND", 6, priority=2),
        Column("ready", "READY", 5, align="right"),
        Column("state", "STATE", 16, weight=1, limit=28),
        Column("restarts", "RST", 4, align="right", priority=1),
        Column("age", "AGE", 4, align="right", priority=1),
        Column("image", "IMAGE", 16, weight=3, limit=56, cut="middle", priority=4),
    )

    def __init__(self) -> None:
        super().__init__()
        self._swarm = SwarmView()

    def number(self, picture: Picture) -> int:
        """Pods that something made have no row here."""
        return sum(picture.snapshot.count(kind) for kind in self.kinds if kind is not Kind.POD)

    def include(self, resource: Any, pods: Population) -> bool:
        """Pods only where nothing else stands for them."""
        if resource.key.kind is not Kind.POD:
            return True
        made = pods.lines.get(resource.key)
        return made is None or made.owner is None

    def beside(self, resource: Any, pods: Population, picture: Picture) -> Pods:
        """Its pods in a few words."""
        if resource.key.kind is Kind.POD:
            own = pods.lines.get(resource.key)
            return summed((own,) if own is not None else ())
        return summed(pods.made.get(resource.key, ()))

    def moments(self, resource: Any, beside: Any) -> tuple[float, ...]:
        """Its age."""
        return (moment(resource),)

    def minor(self, entry: KubeEntry) -> bool:
        """What is over, and what another workload stands for."""
        resource = entry.resource
        if resource.key.kind in (Kind.REPLICASET, Kind.JOB) and maker(resource) is not None:
            return True
        if isinstance(resource, Job | Pod):
            return state_of(resource, entry.beside)[0] == "Completed"
        return False

    def cells(self, entry: KubeEntry) -> tuple[Cell, ...]:
        """One cell per column."""
        resource, beside = entry.resource, entry.beside
        if isinstance(resource, Service):
            return self._swarm_cells(entry, resource)
        word, role = state_of(resource, beside)
        return (
            sec(entry),
            namespace_cell(entry),
            cell(resource.name),
            Cell.of(SHORT[resource.key.kind], "dim"),
            ready(resource, beside),
            cell(word, role) if isinstance(word, str) else cell(word),
            Cell.of(str(beside.restarts)) if beside.restarts else Cell.of("0" if beside.total else "-", "dim"),
            Cell.of(entry.age),
            cell(images_of(resource)),
        )

    def _swarm_cells(self, entry: KubeEntry, service: Service) -> tuple[Cell, ...]:
        return (
            sec(entry),
            Cell.of("swarm", "dim"),
            cell(service.name),
            Cell.of("swarm", "dim"),
            ready_cell(service),
            cell(told(service, "update_state") or "-"),
            Cell.of("-", "dim"),
            Cell.of(entry.age),
            cell(image_reference(told(service, "image_ref"))),
        )

    def value(self, entry: KubeEntry, column: str) -> Any:
        """Restarts by number, readiness by what is missing."""
        resource = entry.resource
        if column == "restarts":
            return entry.beside.restarts
        if column == "kind":
            return SHORT[entry.kind]
        if column == "ready" and isinstance(resource, PodBearer):
            count = attempt(ready_of, resource)
            return count[0] - count[1] if isinstance(count, tuple) else 1
        if column == "ns":
            # What is broken now comes first in its namespace, then the worst verdicts.
            where = "swarm" if isinstance(resource, Service) else namespace_of(resource)
            rank = entry.judgement.summary.rank if entry.judgement is not None else LAST
            return (where, state_of(resource, entry.beside)[1] != "error", *(-each for each in rank))
        return super().value(entry, column)

    def fields(self, entry: KubeEntry) -> dict[str, str]:
        """State and image too."""
        found, resource = super().fields(entry), entry.resource
        if isinstance(resource, Service):
            named = told(resource, "image_ref")
            return found | {"state": told(resource, "update_state"), "image": named, "img": named, "ns": "swarm"}
        word = state_of(resource, entry.beside)[0]
        image = images_of(resource)
        named = image if isinstance(image, str) else ""
        count = attempt(ready_of, resource)
        lacking = " notready" if isinstance(count, tuple) and count[0] < count[1] and word != "Completed" else ""
        return found | {"state": (word if isinstance(word, str) else "unknown") + lacking, "image": named, "img": named}

    def telling(self, picture: Picture) -> Cell:
        """How many pods there are, and how many are in trouble."""
        lines = [line for line in population(picture).lines.values() if picture.snapshot.get(line.key) is not None]
        bad = Counter(line.cause for line in lines if line.cause)
        words = "  ".join(f"{word} {count}" for word, count in bad.most_common(3))
        return Cell.join(f"{len(lines)} pods", (f"  {safe(words, 200)}" if words else "", "error"))

    def none(self, picture: Picture) -> str:
        """Nothing runs."""
        return "no workload here"

    def first(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """What is broken now, in sentences."""
        resource = entry.resource
        if not isinstance(resource, PodBearer):
            return []
        pods = population(picture)
        mine = [made.pod for made in pods.made.get(resource.key, ())[:200]]
        return trouble_lines(resource, mine, pods, width, now)

    def facts(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Images, then its pods, those in trouble first."""
        resource = entry.resource
        if isinstance(resource, Service):
            return self._swarm.facts(resource, picture, width, now)
        lines = [rule(width)]
        image = images_of(resource)
        lines.append(TextLine(Cell.join(" image ", cell(image))))
        made = population(picture).made.get(resource.key, ())
        first = nsmallest(40, made, key=lambda each: (not each.cause, -each.restarts, each.pod.name))
        lines += [pod_line(each, now) for each in first]
        if len(made) > 40:
            lines.append(line(f"   and {len(made) - 40} more pods", "dim"))
        return lines


def summed(lines: Iterable[PodLine]) -> Pods:
    """Pods of one workload together."""
    count = restarts = 0
    last = 0.0
    words: Counter[str] = Counter()
    for each in lines:
        count += 1
        restarts += each.restarts
        last = max(last, each.last)
        if each.cause:
            words[each.cause] += 1
    word, bad = min(words.items(), key=lambda item: (item[0] == "NotReady", -item[1], item[0]), default=("", 0))
    return Pods(count, restarts, last, word, bad)


def state_of(resource: Resource, pods: Pods) -> tuple[str | Gap, Role]:
    """What to say of a workload in a word, and how: what its pods suffer from, else what it says of itself."""
    if not isinstance(resource, PodBearer):
        return "", "normal"
    if isinstance(resource, Pod):
        from inventory.kubernetes.states import state

        word = pods.word or attempt(state, resource)
        return word, "error" if pods.word else "normal"
    if pods.word and pods.word != "NotReady":
        return pods.word + (f" {pods.bad}/{pods.total}" if pods.total > 1 else ""), "error"
    found = attempt(troubles, resource, 0.0)
    if isinstance(found, Gap):
        return found, "unknown"
    if found:
        return found[0].word, "error" if found[0].grave else "normal"
    return attempt(_settled, resource), "normal"


def _settled(resource: PodBearer) -> str:
    """The word for a workload that nothing is wrong with."""
    if isinstance(resource, CronJob):
        return "suspended" if resource.spec.suspend else "scheduled"
    count = ready_of(resource)
    if isinstance(resource, Job):
        return "Completed" if count is not None and count[0] >= count[1] else "running"
    return "scaled to 0" if count == (0, 0) else "ok"


def ready(resource: Any, pods: Pods) -> Cell:
    """Ready of wanted."""
    count = attempt(ready_of, resource)
    if isinstance(count, Gap):
        return Cell.of("?/?", "unknown")
    if count is None:
        return Cell.of("-", "dim")
    over = isinstance(resource, Job | Pod) and state_of(resource, pods)[0] == "Completed"
    return Cell.of(f"{count[0]}/{count[1]}", "error" if count[0] < count[1] and not over else "normal")


def trouble_lines(resource: KubeResource, made: list[Pod], pods: Population, width: int, now: float) -> list[TextLine]:
    """What is wrong now, what matters most first; two lines each, for the end says why."""
    if not isinstance(resource, PodBearer):
        return []
    found = attempt(troubles, resource, now, pods.about(resource), pods=made)
    if isinstance(found, Gap):
        return [TextLine(Cell.join(" state ", (missing(found), "unknown"), f"  {safe(str(found), 300)}"))]
    lines: list[TextLine] = []
    for one in found[:4]:
        pieces = wrap(safe(one.text, 600), max(20, width - 4), max_lines=3, placeholder=" ~") or [safe(one.word)]
        sign, role = ("!", "error") if one.grave else (" ", "normal")
        lines.append(line(f" {sign} {pieces[0]}", role))  # type: ignore[arg-type]  # one of the roles
        lines += [line(f"   {piece}", role) for piece in pieces[1:]]  # type: ignore[arg-type]  # as above
    return lines


def pod_line(each: PodLine, now: float) -> TextLine:
    """A pod in a line that leads to it."""
    word = each.word or "?"
    role: Role = "error" if each.cause else "normal" if each.word else "unknown"
    restarts = f"{each.restarts} ({since(each.last, now)} ago)" if each.restarts and each.last else f"{each.restarts}"
    return TextLine(
        Cell.join(
            " ", f"{safe(each.pod.name, 60):<40} ", (f"{safe(word, 40):<18}", role),
            f" {each.ready}/{each.total}  restarts {restarts}  {safe(each.node, 60)}",
        ),
        meta=each.key,
    )  # fmt: skip
