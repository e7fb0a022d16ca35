"""The live set: sources write changes, readers take immutable snapshots. One lock, one generation, no I/O."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from inventory.gap import Gap
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Event, GapKey, Snapshot, SourceHealth

EVENTS_KEPT = 500


class Changes(msgspec.Struct, frozen=True):
    """What differs between two snapshots: resources added, changed or removed, and kinds whose gap changed."""

    keys: frozenset[ResourceKey]
    gaps: frozenset[GapKey]

    def __bool__(self) -> bool:
        return bool(self.keys or self.gaps)


class Store:
    """Thread-safe. Every `put`, `remove`, `replace` and `set_*` makes a new generation if it changed anything."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._snapshot = Snapshot()
        self._kinds: dict[Kind, dict[ResourceKey, Resource]] = {}
        self._stale_kinds: set[Kind] = set()
        self._sources: dict[str, SourceHealth] = {}
        self._gaps: dict[GapKey, Gap] = {}
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._generation = 0
        self._changed_keys: set[ResourceKey] = set()
        self._changed_gaps: set[GapKey] = set()
        self._answered: dict[str, float] = {}

    # -- writing ------------------------------------------------------------------------------------------------

    def put(self, resources: Iterable[Resource]) -> None:
        """Add or change resources. One whose raw answer and gaps are unchanged keeps its identity and wakes nobody."""
        with self._condition:
            for resource in resources:
                self._put(resource)
            self._wake()

    def remove(self, keys: Iterable[ResourceKey]) -> None:
        """Take resources out; unknown keys are ignored."""
        with self._condition:
            for key in keys:
                self._remove(key)
            self._wake()

    def replace(self, source: str, kind: Kind, resources: Iterable[Resource]) -> None:
        """Make these the only resources of this kind from this source, and close the kind's gap."""
        with self._condition:
            fresh = {resource.key: resource for resource in resources}
            known = self._kinds.get(kind, {})
            for key in [key for key in known if key.source == source and key not in fresh]:
                self._remove(key)
            for resource in fresh.values():
                self._put(resource)
            self._set_gap(source, kind, None)
            self._wake()

    def set_gap(self, source: str, kind: Kind, gap: Gap | None) -> None:
        """Say that a kind cannot be read from a source (rows already known are kept), or that it can."""
        with self._condition:
            self._set_gap(source, kind, gap)
            self._wake()

    def set_health(self, name: str, health: SourceHealth) -> None:
        """Say how a source as a whole is; `since` is set here when the status changed."""
        with self._condition:
            before = self._sources.get(name)
            since = before.since if before and before.status is health.status else self._clock()
            health = msgspec.structs.replace(health, since=since)
            if health != before:
                self._sources[name] = health
                self._generation += 1
            self._wake()

    def add_events(self, events: Iterable[Event]) -> None:
        """Remember what happened; the oldest of more than `EVENTS_KEPT` are forgotten."""
        with self._condition:
            fresh = tuple(events)
            late = bool(fresh and self._events and fresh[0].time < self._events[-1].time)
            self._events.extend(fresh)
            if late:  # the past is told after the present has begun
                self._events = deque(sorted(self._events, key=lambda event: event.time), EVENTS_KEPT)
            self._generation += bool(fresh)
            self._wake()

    def answered(self, source: str, at: float | None = None) -> None:
        """Note that the source answered just now; this alone makes no new generation."""
        self._answered[source] = self._clock() if at is None else at

    def nudge(self) -> None:
        """Let whoever waits go on although nothing has changed here: there is something else to act on."""
        with self._condition:
            self._generation += 1
            self._wake()

    # -- reading ------------------------------------------------------------------------------------------------

    def answered_at(self, source: str) -> float | None:
        """When the source last answered anything (epoch seconds), or None."""
        return self._answered.get(source)

    def snapshot(self) -> Snapshot:
        """The current state; the same object until something changes."""
        with self._condition:
            return self._take()

    def take(self) -> tuple[Snapshot, Changes]:
        """The current state and everything that changed since the last `take`; for the one reader that judges."""
        with self._condition:
            changes = Changes(frozenset(self._changed_keys), frozenset(self._changed_gaps))
            self._changed_keys.clear()
            self._changed_gaps.clear()
            return self._take(), changes

    def wait(self, generation: int, timeout: float) -> bool:
        """Block until the generation is newer than the given one, at most `timeout` seconds; whether it is."""
        with self._condition:
            return self._condition.wait_for(lambda: self._generation > generation, timeout)

    # -- inside the lock ----------------------------------------------------------------------------------------

    def _put(self, resource: Resource) -> None:
        known = self._kinds.setdefault(resource.key.kind, {})
        before = known.get(resource.key)
        if before is not None and (before is resource or resource.same_as(before)):
            return
        known[resource.key] = resource
        self._touch(resource.key)

    def _remove(self, key: ResourceKey) -> None:
        if self._kinds.get(key.kind, {}).pop(key, None) is not None:
            self._touch(key)

    def _touch(self, key: ResourceKey) -> None:
        self._stale_kinds.add(key.kind)
        self._changed_keys.add(key)
        self._generation += 1

    def _set_gap(self, source: str, kind: Kind, gap: Gap | None) -> None:
        key = (source, kind)
        if self._gaps.get(key) == gap:
            return
        if gap is None:
            del self._gaps[key]
        else:
            self._gaps[key] = gap
        self._changed_gaps.add(key)
        self._generation += 1

    def _wake(self) -> None:
        self._condition.notify_all()

    def _take(self) -> Snapshot:
        if self._snapshot.generation != self._generation:
            by_kind = dict(self._snapshot.by_kind)
            for kind in self._stale_kinds:
                by_kind[kind] = dict(self._kinds[kind])
            self._stale_kinds.clear()
            self._snapshot = Snapshot(
                self._generation,
                self._clock(),
                by_kind,
                dict(self._sources),
                dict(self._gaps),
                tuple(self._events),
            )
        return self._snapshot
