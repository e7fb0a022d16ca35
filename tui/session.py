"""Everything behind the screen: sources, the store, the judging thread and the figures of what is visible.

Daemon threads only, never joined: quitting waits for nobody. The screen gets one picture at a time, always the newest;
a terminal that stalls leaves nothing queued up behind it.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from inventory.gap import Gap, Reason
from inventory.resource import OBJECTS, ResourceKey
from inventory.store import Store
from tui.freshness import LOST_AFTER, RANK, STALE_AFTER, Freshness
from tui.picture import Picture, Stats
from tui.threads import spawn

if TYPE_CHECKING:
    from checks.policy import Policy
    from checks.result import Evaluation, Judgement
    from tui.analysing import Analyst

LONG_ROUND = 0.2  # seconds of judging in which so much is made that nobody should look through it again
DEBOUNCE = 0.05  # seconds that changes may gather before they are judged together
MOST_REST = 1.0  # the same where judging takes long
TICK = 60.0  # seconds after which checks that look at the clock run again
SETTLED_AFTER = 10.0  # seconds; a failure found before was there already
SAMPLE = 2.0  # seconds between two readings of live figures
SWITCH = 0.001  # seconds a thread may hold the interpreter while a key waits


class Source(Protocol):
    """What a session needs of a source: live or recorded."""

    name: str
    target: str

    def start(self) -> None:
        """Begin to fill the store, in threads of its own."""

    def stop(self) -> None:
        """Return at once."""

    def refresh(self) -> None:
        """Read everything again, soon."""

    def reader(self) -> Any:
        """What the drill-down reads with, or a `Gap`."""


class Sampler(Protocol):
    """Reads live figures of containers; what it cannot read is left out."""

    def sample(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Stats]:
        """The figures now."""


class Session:
    """One run of the explorer."""

    def __init__(
        self,
        publish: Callable[[], None],
        store: Store | None = None,
        every: float = SAMPLE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store or Store(clock=self.now)
        self.sources: list[Source] = []
        self.picture = Picture()
        self.recorded_at = 0.0  # when what is shown was recorded; 0.0 while it is live
        self.started = clock()
        self.visible: tuple[ResourceKey, ...] = ()
        self._clock = clock
        self._publish = publish
        self._every = every  # seconds between two readings of live figures
        self._stopped = threading.Event()
        self._looked = threading.Event()
        self._first: dict[tuple[ResourceKey, str], float] = {}
        self._judged: Mapping[ResourceKey, Judgement] = {}
        self._failing: dict[ResourceKey, frozenset[str]] = {}
        self._settled = False
        self._lock = threading.Lock()
        self.warm: Callable[[Picture], None] | None = None  # makes rows in our thread, so that keys need not wait
        self.analyst: Analyst | None = None  # looks into images; None: nothing here can, as in a recording
        self._wanted: Policy | None = None  # to judge by from now on
        self.fault = ""  # what went wrong in a thread of ours, for the person to see

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self, sources: Iterable[Source], policy: Policy, sampler: Sampler | None = None) -> None:
        """Start all threads; returns at once."""
        sys.setswitchinterval(SWITCH)
        # Facts and verdicts make no cycles; looking for some among millions of objects would stop the screen for
        # seconds, and be charged to whichever check runs then. What is young is looked at, what lasts is left alone.
        gc.set_threshold(100_000, 10_000, 10_000)
        self.sources = list(sources)
        for source in self.sources:
            source.start()
        self._wanted = policy
        spawn("judge", lambda: self._judge(policy))
        if sampler is not None:
            spawn("stats", lambda: self._sample(sampler))

    def stop(self) -> None:
        """Tell every thread to end; waits for none."""
        self._stopped.set()
        for source in self.sources:
            source.stop()

    def refresh(self) -> None:
        """Read everything again."""
        for source in self.sources:
            source.refresh()

    def adopt(self, policy: Policy) -> None:
        """Judge by another policy from now on; the next picture is made by it."""
        self._wanted = policy
        self.store.nudge()

    def look_at(self, keys: tuple[ResourceKey, ...]) -> None:
        """Say which resources are on the screen: only these get live figures."""
        if keys != self.visible:
            self.visible = keys
            self._looked.set()

    # -- what the screen asks -----------------------------------------------------------------------------------

    def reader(self, name: str) -> Any:
        """What reads logs, processes and the like from a source, or the `Gap` that says why nothing does."""
        for source in self.sources:
            if source.name == name:
                return source.reader()
        return Gap(Reason.UNSUPPORTED, "reading on demand", f"{name} is not a source of this session")

    def now(self) -> float:
        """The moment to judge and to count ages from: a recording is looked at as of when it was made."""
        return self.recorded_at or self._clock()

    def freshness(self, now: float) -> Freshness:
        """The state of the oldest source."""
        if self.recorded_at:
            return Freshness("recorded", now - self.recorded_at, self.recorded_at)
        if not self.sources:
            return Freshness("connecting", now - self.started)
        worst = Freshness("live")
        for source in self.sources:
            found = self._source_freshness(source.name, now)
            if (RANK[found.state], found.age) > (RANK[worst.state], worst.age):
                worst = found
        return worst

    def _source_freshness(self, name: str, now: float) -> Freshness:
        answered = self.store.answered_at(name)
        waited = now - (answered or self.started)
        if waited >= LOST_AFTER:
            return Freshness("lost", waited, answered or 0.0)
        if waited >= STALE_AFTER:
            return Freshness("stale", waited, answered or 0.0)
        return Freshness("live" if answered else "connecting", waited, answered or 0.0)

    @property
    def settled(self) -> bool:
        """Whether everything that was read has been judged."""
        picture = self.picture
        resources = sum(picture.snapshot.count(kind) for kind in OBJECTS)
        return bool(resources) and resources == len(picture.evaluation.judgements) and not self._pending()

    def _pending(self) -> bool:
        gaps = self.picture.snapshot.gaps.items()
        return any(gap.reason is Reason.PENDING and kind in OBJECTS for (_, kind), gap in gaps)

    # -- threads ------------------------------------------------------------------------------------------------

    def _judge(self, policy: Policy) -> None:
        from checks.catalogue import catalogue, without_clusters
        from checks.engine import Engine
        from checks.result import Evaluation

        checks = without_clusters()
        engine = Engine(checks, policy)
        whole = True  # whether this engine has yet to see everything
        generation = -1
        due = time.monotonic() + TICK
        cost = 0.0  # seconds that the last round took
        while not self._stopped.is_set():
            newer = self.store.wait(generation, max(0.05, due - time.monotonic()))
            passed = time.monotonic() >= due
            if not newer and not passed:
                continue
            due = time.monotonic() + TICK if passed else due
            # A large cluster changes all the time: keys and other programs get at least half of it.
            self._stopped.wait(max(DEBOUNCE, min(cost, MOST_REST)))
            started = time.monotonic()
            snapshot, changes = self.store.take()
            generation = snapshot.generation
            if passed:  # where nothing has changed, the snapshot is as old as the last change
                snapshot = msgspec.structs.replace(snapshot, taken_at=self.now())
            else:  # the facts need not wait for their verdicts
                self._show(snapshot=snapshot)
            try:
                if snapshot.has_kubernetes and checks is not catalogue():
                    checks = catalogue()
                    engine, whole = Engine(checks, policy), True
                if self._wanted is not None and self._wanted is not policy:
                    policy = self._wanted
                    if whole or engine.adopt(policy, snapshot) is None:
                        engine, whole = Engine(checks, policy), True
                if whole:
                    evaluation = engine.evaluate(snapshot)
                else:
                    evaluation = engine.update(snapshot, changes, time_passed=passed)
                if passed:
                    gc.collect()  # of what came since the last time: the rest is frozen
                if passed or time.monotonic() - started > LONG_ROUND:
                    gc.freeze()
                whole = False
                self.fault = ""  # what went wrong has been made good
                self._note_new(evaluation, snapshot.taken_at)
            except Exception as error:
                # Half of the changes may be judged: start afresh, and say so rather than show old verdicts as new.
                self._fault("judging", error)
                engine, whole = Engine(checks, policy), True
                evaluation = Evaluation()
            self._show(snapshot=snapshot, evaluation=evaluation, fresh=dict(self._first), policy=policy)
            cost = time.monotonic() - started

    def _fault(self, doing: str, error: Exception) -> None:
        self.fault = f"fault while {doing}: {type(error).__name__}: {error}"

    def _note_new(self, evaluation: Evaluation, now: float) -> None:
        """Remember since when a failure is known, for failures that came up while we were watching."""
        before, after = self._judged, evaluation.judgements
        self._judged = after
        changed = [key for key, judgement in after.items() if before.get(key) is not judgement]
        for key in (*changed, *(key for key in before if key not in after)):
            failing, known = _failing(after.get(key)), self._failing.pop(key, frozenset())
            if failing:
                self._failing[key] = failing
            if self._settled:
                self._first.update(((key, check), now) for check in failing - known)
                for check in known - failing:
                    self._first.pop((key, check), None)
        if not self._settled and now - self.started > SETTLED_AFTER:
            self._settled = any(self.store.answered_at(source.name) for source in self.sources)

    def _sample(self, sampler: Sampler) -> None:
        while not self._stopped.is_set():
            self._looked.wait(self._every)
            self._looked.clear()
            try:
                stats = dict(sampler.sample(self.visible))
            except Exception as error:
                self._fault("reading live figures", error)
                stats = {}
            if stats != self.picture.stats:
                self._show(stats=stats)
            self._stopped.wait(self._every / 2)

    def _show(self, **changes: Any) -> None:
        waiting = self.analyst.waiting if self.analyst is not None else self.picture.waiting
        with self._lock:  # two threads change different parts of the same picture
            self.picture = replace(self.picture, waiting=waiting, **changes)
        if self.warm is not None:
            with suppress(Exception):  # if there is something wrong with it, the screen finds out and says so
                self.warm(self.picture)
        self._publish()


def _failing(judgement: Judgement | None) -> frozenset[str]:
    from checks.verdict import Outcome

    results = judgement.results if judgement else ()
    return frozenset(result.check.id for result in results if result.outcome is Outcome.FAIL)
