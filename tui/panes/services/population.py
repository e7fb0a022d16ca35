"""All pods of a picture in few words each, by what made them and by node: made once per state of the pods."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple

from checks.selectors import maker
from inventory.gap import Gap, Unread
from inventory.kubernetes.configuration import KubeEvent
from inventory.kubernetes.part import Condition
from inventory.kubernetes.states import printed
from inventory.kubernetes.workloads import Pod
from inventory.resource import Kind, Resource, ResourceKey
from tui.picture import Picture

WELL = frozenset({"Running", "Completed", "Succeeded"})
ON_THE_WAY = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Terminating", "SchedulingGated", ""})
_LINKS = (Kind.REPLICASET, Kind.JOB)
"""What is made by another workload and makes pods itself."""
_READ = (Kind.POD, *_LINKS, Kind.EVENT)


class PodLine:
    """A pod as `kubectl get pods` prints it; `word` "" where its status could not be read, and then `gap` says why.

    `cause` is what to call its trouble, "" while it is well; `owner` is what made it directly.
    """

    __slots__ = ("cause", "gap", "last", "node", "owner", "pod", "ready", "restarts", "total", "word")

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self.owner = maker(pod)
        node = pod.peek("node_name")
        self.node = "" if isinstance(node, Gap) else sys.intern(node)
        self.ready = self.total = self.restarts = 0
        self.last = 0.0
        self.word = self.cause = ""
        self.gap: Gap | None = None
        try:
            line = printed(pod)
            self.ready, self.total = line.ready, line.total
            self.restarts, self.last = line.restarts
            self.word = sys.intern(line.status)
            self.cause = self._cause(pod.status.conditions)
        except Unread as error:
            self.gap = error.gap

    def _cause(self, conditions: tuple[Condition, ...]) -> str:
        if self.word == "Pending":
            scheduled = next((one for one in conditions if one.type == "PodScheduled"), None)
            return scheduled.reason if scheduled is not None and scheduled.status == "False" else ""
        if self.word == "Running":
            return "NotReady" if self.ready < self.total else ""
        if self.word in WELL or self.word in ON_THE_WAY or (self.word.startswith("Init:") and self.word[5:6].isdigit()):
            return ""
        return self.word

    @property
    def key(self) -> ResourceKey:
        """The pod's."""
        return self.pod.key


class Population(NamedTuple):
    """`tops` leads from a ReplicaSet or Job to the workload that made it; `made` from a workload to all its pods."""

    state: tuple[object, ...]
    lines: Mapping[ResourceKey, PodLine]
    tops: Mapping[ResourceKey, ResourceKey]
    made: Mapping[ResourceKey, tuple[PodLine, ...]]
    on_node: Mapping[tuple[str, str], tuple[PodLine, ...]]
    events: Mapping[tuple[str, str, str, str], tuple[KubeEvent, ...]]

    def top(self, line: PodLine) -> ResourceKey | None:
        """The workload that stands for a pod; None if nothing made it."""
        return self.tops.get(line.owner, line.owner) if line.owner is not None else None

    def about(self, resource: Resource) -> tuple[KubeEvent, ...]:
        """The events about an object."""
        kind, namespace = getattr(resource, "api_kind", ""), resource.peek("namespace")
        return self.events.get(
            (resource.key.source, kind, "" if isinstance(namespace, Gap) else namespace, resource.name), ()
        )


NOBODY = Population((), {}, {}, {}, {}, {})
_lock = Lock()
_latest: tuple[Population, Population] = (NOBODY, NOBODY)  # the screen may still show what was before the newest


def population(picture: Picture) -> Population:
    """That of the whole picture, whatever part of it is looked at."""
    global _latest
    by_kind = picture.everything.snapshot.by_kind
    state = tuple(by_kind.get(kind) for kind in _READ)
    with _lock:
        for known in _latest:
            if len(known.state) == len(state) and all(a is b for a, b in zip(known.state, state, strict=True)):
                return known
        _latest = (_made(by_kind, state, _latest[0]), _latest[0])
        return _latest[0]


def _made(
    by_kind: Mapping[Kind, Mapping[ResourceKey, Resource]], state: tuple[object, ...], before: Population
) -> Population:
    known, lines = before.lines, {}
    for key, pod in by_kind.get(Kind.POD, {}).items():
        line = known.get(key)
        lines[key] = line if line is not None and line.pod is pod else PodLine(pod)  # type: ignore[arg-type]  # by kind
    tops = {}
    for kind in _LINKS:
        for key, link in by_kind.get(kind, {}).items():
            above = maker(link)
            if above is not None:
                tops[key] = above
    made: dict[ResourceKey, list[PodLine]] = {}
    on_node: dict[tuple[str, str], list[PodLine]] = {}
    for key, line in lines.items():
        owner = line.owner
        if owner is not None:
            made.setdefault(owner, []).append(line)
            if owner in tops:
                made.setdefault(tops[owner], []).append(line)
        on_node.setdefault((key.source, line.node), []).append(line)
    return Population(
        state,
        lines,
        tops,
        {key: tuple(found) for key, found in made.items()},
        {node: tuple(found) for node, found in on_node.items()},
        _events(by_kind) if len(before.state) != len(state) or before.state[-1] is not state[-1] else before.events,
    )


def _events(
    by_kind: Mapping[Kind, Mapping[ResourceKey, Resource]],
) -> Mapping[tuple[str, str, str, str], tuple[KubeEvent, ...]]:
    found: dict[tuple[str, str, str, str], list[KubeEvent]] = {}
    for event in by_kind.get(Kind.EVENT, {}).values():
        if isinstance(event, KubeEvent) and "involved" not in event.gaps:
            what = event.involved
            found.setdefault((event.key.source, what.kind, what.namespace, what.name), []).append(event)
    return {about: tuple(events) for about, events in found.items()}
