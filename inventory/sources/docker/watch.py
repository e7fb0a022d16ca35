"""Keeps what containers do current while the source lives: on a thread of its own, and behind everything else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import compress, filterfalse
from operator import is_not

from inventory.activity import Activity
from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.sources.docker import activity
from inventory.sources.docker.activity import ELSEWHERE, Look, Seen, Told
from inventory.sources.docker.session import Session
from inventory.store import Store

Family = Mapping[ResourceKey, Resource]

ROUND = 30.0
"""Seconds between two looks at all containers of this machine; costs no request."""
SHARE = 50
"""A look that took long is repeated after so many times its length at the earliest; so is one out of turn, because a
look at one container reads as much of /proc as a look at all."""
ASK_AGAIN = 60.0
"""Seconds until the engine is asked about the same container again, where it has to be."""
ASK_PAUSE = 8.0
"""Seconds between questions about two containers: two or three requests, so that a source at rest stays below one a
second together with its signs of life."""
FIRST, FIRST_PAUSE = 40, 0.1
"""So many containers are asked about more quickly at first; a host that is looked at from afar seldom has more."""
SOON = 1.0
"""Seconds from an event of a container until it is looked at: what has just started is still starting others. Two
looks at this machine out of turn are as far apart at least, whichever containers they are at."""
REST = 5.0
"""Seconds between two looks at a container that keeps having events."""
LOOK_LIMIT = 20.0
PAUSE = 5.0
"""Seconds of rest after a mistake in here."""
_NEVER = float("inf")
_NOTHING: Family = {}  # always the same, so that it can be told from another


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
        self._families: tuple[Family, Family] | None = None  # as last taken in: containers, machines
        self._pids: dict[str, object] = {}
        self._soon: dict[str, float] = {}  # to be looked at out of turn
        self._looked: dict[str, float] = {}
        self._asking: dict[str, float] = {}  # when to ask the engine about a container
        self._next_round = 0.0
        self._next_extra = 0.0  # no look out of turn before
        self._rest = 0.0  # nothing at all before
        self._at: frozenset[str] = frozenset()  # the containers that the work under way is about
        self._waiting: set[str] = set()  # running, and never yet told of
        self._next_question = 0.0
        self._asked = 0
        self._seen: dict[str, Seen] = {}
        self._told: dict[str, Told] = {}

    # -- the source's own thread --------------------------------------------------------------------------------

    def look(self) -> None:
        """Take in which containers run: what one that ended did is gone, one that began is looked at soon.

        Called after every event: of thousands of containers only those that changed are looked at.
        """
        snapshot = self._store.snapshot()
        families = (snapshot.by_kind.get(Kind.CONTAINER, _NOTHING), snapshot.by_kind.get(Kind.HOST, _NOTHING))
        before = self._families
        if before is not None and families[0] is before[0] and families[1] is before[1]:
            return
        if self._undecided(snapshot):
            return
        self._families = families
        self._take_in_host(before[1] if before else _NOTHING, families[1])
        running: dict[str, object] = {}
        ended: set[str] = set()
        if before is None:  # what an earlier connection told of
            ended.update(key.id for key in snapshot.by_kind.get(Kind.ACTIVITY, _NOTHING) if key.source == self._source)
        for key, found in _changes(before[0] if before else _NOTHING, families[0]):
            if key.source == self._source and isinstance(found, Container) and activity.active(found) is not False:
                running[key.id] = found.peek("pid")
            elif key.source == self._source:
                ended.add(key.id)
        with self._changed:
            self._take_in(running, ended - running.keys())
            self._changed.notify_all()
        self._settle()

    def _undecided(self, snapshot: Snapshot) -> bool:
        """Whether it is not known yet what runs, or whether it runs on this machine."""
        host = snapshot.gaps.get((self._source, Kind.HOST))
        return (self._source, Kind.CONTAINER) in snapshot.gaps or (
            self._see is not None and host is not None and host.reason is Reason.PENDING
        )

    def _take_in_host(self, before: Family, after: Family) -> None:
        """A machine that appears is looked at; that it was read again means nothing."""
        if before is not after and self._here(before) != self._here(after):
            with self._changed:
                self._next_round = min(self._next_round, self._clock())

    def touch(self, container: str) -> None:
        """Something happened to it."""
        with self._changed:
            if container in self._pids:  # else it is looked at as soon as it is known to run
                self._plan(container)
                self._changed.notify_all()

    def stop(self) -> None:
        """End the work after the question it is at."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _take_in(self, running: Mapping[str, object], ended: set[str]) -> None:
        for gone in ended:
            for books in (self._pids, self._soon, self._looked, self._asking, self._seen, self._told):
                books.pop(gone, None)
        self._waiting -= ended
        for key, pid in running.items():
            if key not in self._pids:
                self._waiting.add(key)
            elif self._pids[key] == pid:
                continue
            known = self._pids.get(key)
            self._pids[key] = pid
            self._told.pop(key, None)
            if known is not None and not isinstance(known, Gap):  # another process by now
                self._plan(key)
            elif not (isinstance(pid, Gap) and pid.reason is Reason.PENDING):
                self._soon[key] = self._clock()
        if ended:  # in here, so that nobody who still looks at one puts it back
            self._store.remove([ResourceKey(Kind.ACTIVITY, self._source, key) for key in ended])

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
        try:
            self._work()
        except Exception as error:  # a mistake in here must not end the watching for good, nor may one in saying so
            with suppress(Exception):
                self._failed(error)

    def _work(self) -> None:
        now = self._clock()
        with self._changed:
            whole = now >= self._next_round
            wanted = self._wanted(now, whole)
            question = self._question(now)
            self._at = frozenset(wanted if question is None else {*wanted, question})
        if wanted or whole:
            self._look_at(wanted, whole)
        if question is not None:
            self._ask(question)
        if self._at:
            self._settle()

    def _wanted(self, now: float, whole: bool) -> set[str]:
        """All that are to be looked at now, in one go."""
        if whole:
            wanted = set(self._pids)
            self._next_round = now + ROUND  # even if it fails
        elif now >= self._next_extra:
            wanted = {key for key, due in self._soon.items() if due <= now}
        else:
            wanted = set()
        for key in wanted:
            self._soon.pop(key, None)
            self._looked[key] = now
        return wanted

    def _failed(self, error: Exception) -> None:
        """Say it of the containers that the work was about, and rest: they are looked at again in the next round."""
        at = time.time()
        with self._changed:
            self._rest = self._clock() + PAUSE
            about = self._at & self._pids.keys()
            for key in about:
                self._seen.pop(key, None)  # nor may a later answer be taken together with this
                self._told.pop(key, None)
        keys = [ResourceKey(Kind.ACTIVITY, self._source, key) for key in about]
        self._put([activity.unknown(key, key.id, at, error) for key in keys])

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
        asking = max(min(self._asking.values(), default=_NEVER), self._next_question)
        extra = max(min(self._soon.values(), default=_NEVER), self._next_extra)
        return max(self._rest, min(self._next_round, asking, extra))

    def _question(self, now: float) -> str | None:
        key = min(self._asking, key=self._asking.__getitem__, default=None)
        if key is None or max(self._asking[key], self._next_question) > now:
            return None
        del self._asking[key]
        return key

    def _look_at(self, keys: set[str], whole: bool) -> None:
        snapshot = self._store.snapshot()
        found = (snapshot.get(ResourceKey(Kind.CONTAINER, self._source, key)) for key in keys)
        containers = [one for one in found if isinstance(one, Container) and activity.active(one)]
        began = self._clock()
        seen = self._look(containers)
        ended = self._clock()
        inside = {one.id: activity.entered(one, seen.get(one.id, ELSEWHERE).processes) for one in containers}
        with self._changed:
            if whole:
                self._next_round = ended + max(ROUND, SHARE * (ended - began))
            else:
                self._next_extra = ended + max(SOON if seen else 0.0, SHARE * (ended - began))
            for key in inside.keys() & self._pids.keys():  # one may have gone meanwhile
                self._seen[key] = seen.get(key, ELSEWHERE)
                self._plan_question(key, inside[key], out_of_turn=not whole)
        self._publish(containers)

    def _look(self, containers: list[Container]) -> Mapping[str, Seen]:
        """Only where the engine's own process is among those of this machine do its numbers mean anything here."""
        hosts = self._store.snapshot().by_kind.get(Kind.HOST, _NOTHING)
        if self._see is None or not containers or not self._here(hosts):
            return {}
        try:
            return self._see(containers, time.monotonic() + LOOK_LIMIT)
        except Exception as error:  # whatever odd thing this machine shows, the engine still tells
            nothing = activity.unseen(activity.failed(error, "/proc"))
            return {container.id: nothing for container in containers}

    def _plan_question(self, key: str, inside: bool | None, *, out_of_turn: bool) -> None:
        now, missing = self._clock(), activity.missing(self._seen[key])
        if self._told.get(key) is None or inside or (out_of_turn and missing):
            due = now
        else:
            due = now + max(ASK_AGAIN, ASK_PAUSE * len(self._pids))
        if inside or missing:
            self._asking[key] = min(due, self._asking.get(key, due))
        else:
            self._asking.pop(key, None)

    def _ask(self, key: str) -> None:
        container = self._store.snapshot().get(ResourceKey(Kind.CONTAINER, self._source, key))
        with self._changed:
            seen = self._seen.get(key)
        if not isinstance(container, Container) or seen is None:
            return
        told = self._answer(container, seen)
        with self._changed:
            if key in self._pids:
                self._told[key] = told
                if activity.missing(seen):
                    again = max(ASK_AGAIN, ASK_PAUSE * len(self._pids))
                    self._asking.setdefault(key, self._clock() + again)
            self._asked += 1
            self._next_question = self._clock() + (FIRST_PAUSE if self._asked < FIRST else ASK_PAUSE)
        self._publish([container])

    def _answer(self, container: Container, seen: Seen) -> Told:
        """What was told; an answer too odd to be understood leaves a gap in each part that was asked for."""
        try:
            return activity.ask(self._session, container, seen, fresh=False)
        except Exception as error:
            return activity.unanswered(error)

    # -- writing ------------------------------------------------------------------------------------------------

    def _publish(self, containers: Iterable[Container]) -> None:
        """Put what is new."""
        at = time.time()
        with self._changed:  # the books are another thread's too
            books = [
                (container, seen, self._told.get(container.id))
                for container in containers
                if (seen := self._seen.get(container.id)) is not None
            ]
        self._put([activity.composed(container, self._source, at, seen, told) for container, seen, told in books])

    def _put(self, found: list[Activity]) -> None:
        """A container that has ended meanwhile, or was followed by an earlier connection, is left out."""
        known = self._store.snapshot()
        fresh = [one for one in found if not _told_already(known.get(one.key), one)]
        with self._changed:
            if not self._stopped:
                self._store.put([one for one in fresh if one.key.id in self._pids])
                self._waiting.difference_update(one.key.id for one in found)

    def _settle(self) -> None:
        """Once every running container was looked at, what is missing is missing for good."""
        gaps = self._store.snapshot().gaps
        if (self._source, Kind.ACTIVITY) not in gaps or (self._source, Kind.CONTAINER) in gaps:
            return
        with self._changed:
            if not self._waiting and not self._stopped:
                self._store.set_gap(self._source, Kind.ACTIVITY, None)

    def _here(self, hosts: Family) -> bool:
        return any(key.source == self._source for key in hosts)


def _told_already(known: Resource | None, fresh: Activity) -> bool:
    return isinstance(known, Activity) and activity.same(known, fresh)


def _changes(before: Family, after: Family) -> Iterator[tuple[ResourceKey, Resource | None]]:
    """What was added, replaced, or taken out (None). The comparison of thousands runs without the interpreter."""
    for key in compress(after, map(is_not, after.values(), map(before.get, after))):
        yield key, after[key]
    for key in filterfalse(after.__contains__, before):
        yield key, None
