"""Keeps what containers do current while the source lives: on a thread of its own, and behind everything else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping

from inventory.activity import Activity
from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.resource import Kind, Resource, ResourceKey
from inventory.sources.docker import activity
from inventory.sources.docker.activity import ELSEWHERE, Look, Seen, Told
from inventory.sources.docker.session import Session
from inventory.store import Store

ROUND = 30.0
"""Seconds between two looks at all containers of this machine; costs no request."""
SHARE = 50
"""A look that took long is repeated after so many times its length at the earliest."""
ASK_AGAIN = 60.0
"""Seconds until the engine is asked about the same container again, where it has to be."""
ASK_PAUSE = 8.0
"""Seconds between questions about two containers: two or three requests, so that a source at rest stays below one a
second together with its signs of life."""
FIRST, FIRST_PAUSE = 40, 0.1
"""So many containers are asked about more quickly at first; a host that is looked at from afar seldom has more."""
SOON = 1.0
"""Seconds from an event of a container until it is looked at: what has just started is still starting others."""
REST = 5.0
"""Seconds between two looks at a container that keeps having events."""
LOOK_LIMIT = 20.0
_UNREAD = Gap(Reason.PENDING, "State.Pid")


class Watch:
    """`look` and `touch` are called on the source's thread and return at once; `run` is the work of another one."""

    def __init__(
        self,
        session: Session,
        source: str,
        store: Store,
        see: Look | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._source = source
        self._store = store
        self._see = see
        self._clock = clock
        self._changed = threading.Condition()
        self._stopped = False
        self._families: tuple[object, object] = (None, None)
        self._pids: dict[str, object] = {}
        self._soon: dict[str, float] = {}  # to be looked at out of turn
        self._looked: dict[str, float] = {}
        self._asking: dict[str, float] = {}  # when to ask the engine about a container
        self._next_round = 0.0
        self._next_question = 0.0
        self._asked = 0
        self._seen: dict[str, Seen] = {}
        self._told: dict[str, Told] = {}

    # -- the source's own thread --------------------------------------------------------------------------------

    def look(self) -> None:
        """Take in which containers run: what one that ended did is gone, one that began is looked at soon."""
        snapshot = self._store.snapshot()
        families = (snapshot.by_kind.get(Kind.CONTAINER), snapshot.by_kind.get(Kind.HOST))
        if families == (None, None) or all(a is b for a, b in zip(families, self._families, strict=True)):
            return
        host = snapshot.gaps.get((self._source, Kind.HOST))
        if (self._source, Kind.CONTAINER) in snapshot.gaps or (
            self._see is not None and host is not None and host.reason is Reason.PENDING
        ):
            return
        if families[1] is not self._families[1]:
            with self._changed:
                self._next_round = min(self._next_round, self._clock())
        self._families = families
        running = {found.id: found.peek("pid") for found in self._containers() if activity.active(found) is not False}
        known = snapshot.by_kind.get(Kind.ACTIVITY, {})
        self._store.remove([key for key in known if key.source == self._source and key.id not in running])
        with self._changed:
            self._take_in(running)
            self._changed.notify_all()
        self._settle()

    def touch(self, container: str) -> None:
        """Something happened to it."""
        with self._changed:
            self._plan(container)
            self._changed.notify_all()

    def stop(self) -> None:
        """End the work after the question it is at."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _take_in(self, running: Mapping[str, object]) -> None:
        for gone in self._pids.keys() - running.keys():
            for books in (self._soon, self._looked, self._asking, self._seen, self._told):
                books.pop(gone, None)
        for key, pid in running.items():
            if isinstance(self._pids.get(key, _UNREAD), Gap):
                self._soon[key] = self._clock()
            elif self._pids[key] != pid:  # another process by now
                self._told.pop(key, None)
                self._plan(key)
        self._pids = dict(running)

    def _plan(self, key: str) -> None:
        due = max(self._clock() + SOON, self._looked.get(key, -REST) + REST)
        self._soon[key] = min(due, self._soon.get(key, due))

    # -- a thread of its own ------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until stopped."""
        while self._wait():
            self.step()

    def step(self) -> None:
        """Do what is due now: one look at the machine, and at most one container asked about."""
        now = self._clock()
        with self._changed:
            whole = now >= self._next_round
            wanted = set(self._pids) if whole else {key for key, due in self._soon.items() if due <= now}
            for key in wanted:
                self._soon.pop(key, None)
                self._looked[key] = now
            question = self._question(now)
        if wanted:
            self._look_at(wanted, whole)
        if question is not None:
            self._ask(question)
        if wanted or question is not None:
            self._settle()

    def next_due(self) -> float:
        """When something is due (of the clock)."""
        with self._changed:
            return self._next()

    def _wait(self) -> bool:
        with self._changed:
            while not self._stopped and (left := self._next() - self._clock()) > 0:
                self._changed.wait(min(left, 3600.0))
            return not self._stopped

    def _next(self) -> float:
        if not self._pids:
            return self._clock() + ROUND
        asking = min(self._asking.values(), default=float("inf"))
        return min(self._next_round, max(asking, self._next_question), min(self._soon.values(), default=float("inf")))

    def _question(self, now: float) -> str | None:
        due = min(self._asking.items(), key=lambda item: item[1], default=("", float("inf")))
        if max(due[1], self._next_question) > now:
            return None
        del self._asking[due[0]]
        return due[0]

    def _look_at(self, keys: set[str], whole: bool) -> None:
        containers = [found for found in self._containers() if found.id in keys and activity.active(found)]
        began = self._clock()
        seen = self._look(containers)
        ended = self._clock()
        with self._changed:
            if whole:
                self._next_round = ended + max(ROUND, SHARE * (ended - began))
            for container in containers:
                self._seen[container.id] = found = seen.get(container.id, ELSEWHERE)
                self._plan_question(container, found, out_of_turn=not whole)
        self._publish(containers)

    def _look(self, containers: list[Container]) -> Mapping[str, Seen]:
        """Only where the engine's own process is among those of this machine do its numbers mean anything here."""
        here = any(True for _ in self._store.snapshot().of(Host, self._source))
        if self._see is None or not here:
            return {}
        try:
            return self._see(containers, time.monotonic() + LOOK_LIMIT)
        except Exception as error:  # whatever odd thing this machine shows, the engine still tells
            failed = activity.unseen(Gap(Reason.ERROR, "/proc", f"{type(error).__name__}: {error}"))
            return {container.id: failed for container in containers}

    def _plan_question(self, container: Container, seen: Seen, *, out_of_turn: bool) -> None:
        now, told = self._clock(), self._told.get(container.id)
        inside = activity.entered(container, seen.processes)
        if told is None or inside or (out_of_turn and activity.missing(seen)):
            due = now
        else:
            due = now + max(ASK_AGAIN, ASK_PAUSE * len(self._pids))
        if inside or activity.missing(seen):
            self._asking[container.id] = min(due, self._asking.get(container.id, due))
        else:
            self._asking.pop(container.id, None)

    def _ask(self, key: str) -> None:
        container = self._store.snapshot().get(ResourceKey(Kind.CONTAINER, self._source, key))
        seen = self._seen.get(key)
        if not isinstance(container, Container) or seen is None:
            return
        told = activity.ask(self._session, container, seen, fresh=False)
        with self._changed:
            if key in self._pids:
                self._told[key] = told
                if activity.missing(seen):
                    again = max(ASK_AGAIN, ASK_PAUSE * len(self._pids))
                    self._asking.setdefault(key, self._clock() + again)
            self._asked += 1
            self._next_question = self._clock() + (FIRST_PAUSE if self._asked < FIRST else ASK_PAUSE)
        self._publish([container])

    # -- writing ------------------------------------------------------------------------------------------------

    def _publish(self, containers: Iterable[Container]) -> None:
        """Put what is new. A container that ended, or is another process by now, is left to the next look."""
        at = time.time()
        found = [
            activity.compose(container, self._source, at, self._seen[container.id], self._told.get(container.id))
            for container in containers
            if container.id in self._seen
        ]
        known = self._store.snapshot()
        fresh = [one for one in found if not self._told_already(known.get(one.key), one)]
        with self._changed:
            self._store.put([one for one in fresh if one.key.id in self._pids])

    def _told_already(self, known: Resource | None, fresh: Activity) -> bool:
        return isinstance(known, Activity) and activity.same(known, fresh)

    def _settle(self) -> None:
        """Once every running container was looked at, what is missing is missing for good."""
        snapshot = self._store.snapshot()
        gap = snapshot.gaps.get((self._source, Kind.ACTIVITY))
        known = snapshot.by_kind.get(Kind.ACTIVITY, {})
        if gap is None or (self._source, Kind.CONTAINER) in snapshot.gaps:
            return
        with self._changed:
            if all(ResourceKey(Kind.ACTIVITY, self._source, key) in known for key in self._pids):
                self._store.set_gap(self._source, Kind.ACTIVITY, None)

    def _containers(self) -> list[Container]:
        return list(self._store.snapshot().of(Container, self._source))
