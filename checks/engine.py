"""Runs checks: all of them once, then only those whose subject, or something that they looked at, has changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime

from checks.check import Check
from checks.policy import Policy
from checks.result import Evaluation, Judgement, Result, Summary, summarise
from checks.verdict import Outcome, Verdict, not_applicable, unknown
from checks.view import CLOCK, EFFECTIVE, EVENTS, Read, View, effective_views
from inventory.gap import Unread
from inventory.host import Effective
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Event, GapKey, Snapshot
from inventory.store import Changes

TIME_LIMIT = 1.0  # seconds for one check on one resource
Pair = tuple[Check, ResourceKey]
_SETTLED = (Outcome.PASS, Outcome.NOT_APPLICABLE)


class Engine:
    """Holds the verdicts of one snapshot and brings them up to date with the next. Used by one thread at a time."""

    def __init__(
        self,
        checks: Iterable[Check],
        policy: Policy | None = None,
        timer: Callable[[], float] = time.perf_counter,
        effort: Callable[[], float] = time.thread_time,
    ) -> None:
        self._policy = policy or Policy()
        self._timer = timer
        self._effort = effort  # of this thread: a suspended program or a busy host is not the check's fault
        everything = tuple(checks)
        self._primary = _by_kind(check for check in everything if not check.derived)
        self._derived = _by_kind(check for check in everything if check.derived)
        self._known: dict[ResourceKey, Resource] = {}
        self._verdicts: dict[ResourceKey, dict[str, Verdict]] = {}
        self._reads: dict[Pair, frozenset[Read]] = {}
        self._readers: dict[Read, set[Pair]] = {}
        self._judgements: dict[ResourceKey, Judgement] = {}
        self._total = Summary()
        self._slow: set[str] = set()
        self._skipped: dict[Pair, None] = {}
        self._today: date | None = None
        self._events: tuple[Event, ...] = ()

    def evaluate(self, snapshot: Snapshot) -> Evaluation:
        """Judge everything in the snapshot, whatever was judged before."""
        keys = {resource.key for resource in snapshot} | set(self._known)
        return self.update(snapshot, Changes(frozenset(keys), frozenset(snapshot.gaps)))

    def update(self, snapshot: Snapshot, changes: Changes, *, time_passed: bool = False) -> Evaluation:
        """Judge what the changes touch.

        Args:
            snapshot: the state to judge.
            changes: all that differs from the snapshot of the last call.
            time_passed: also run the checks again that asked for the time or the events.
        """
        started = self._timer()
        self._slow.clear()
        dirty = dict.fromkeys(pair for pair in self._skipped if pair[1] in self._known)
        self._skipped.clear()
        touched: set[ResourceKey] = set()
        stale_reads: list[Read] = [*changes.keys, *{(key.source, key.kind) for key in changes.keys}, *changes.gaps]
        for key in changes.keys:
            stale_reads += self._subject_changed(snapshot, key, dirty, touched)
        stale_reads += self._happened(snapshot.events)
        stale_reads += self._looked_at(changes.gaps)
        if time_passed:
            stale_reads += [CLOCK, EVENTS]
            touched |= self._expired(snapshot)
        for read in stale_reads:
            dirty |= dict.fromkeys(pair for pair in self._readers.get(read, ()) if pair[1] in self._known)
        touched |= self._run(snapshot, dirty)
        for key in touched:
            self._conclude(snapshot, key)
        return Evaluation(snapshot.generation, dict(self._judgements), self._total, self._timer() - started)

    # -- what has to run ----------------------------------------------------------------------------------------

    def _subject_changed(
        self, snapshot: Snapshot, key: ResourceKey, dirty: dict[Pair, None], touched: set[ResourceKey]
    ) -> list[Read]:
        """Note what has to run on the subject; returns what was read of it and is no longer so."""
        resource = snapshot.get(key)
        views = effective_views(self._known.get(key)), effective_views(resource)
        checks = (*self._primary.get(key.kind, ()), *self._derived.get(key.kind, ()))
        if resource is not None:
            self._known[key] = resource
            touched.add(key)  # also what no check judges gets a judgement, an empty one
            dirty |= dict.fromkeys((check, key) for check in checks)
            return _different(*views)
        self._known.pop(key, None)
        self._verdicts.pop(key, None)
        for check in checks:
            self._forget_reads((check, key))
        touched.add(key)
        return [*_different(*views), *((check.id, key) for check in checks)]

    def _looked_at(self, gaps: Iterable[GapKey]) -> list[Read]:
        """The kernel's views that came within reach, or out of it, with a host as a whole."""
        sources = {source for source, kind in gaps if kind is Kind.HOST}
        hosts = [key for key in self._known if key.kind is Kind.HOST and key.source in sources] if sources else []
        return [(EFFECTIVE, container) for key in hosts for container in effective_views(self._known[key])]

    def _happened(self, events: tuple[Event, ...]) -> list[Read]:
        """What was read of the event log before something was added to it or forgotten."""
        if events is self._events:
            return []
        different = set(events).symmetric_difference(self._events)
        self._events = events
        return [EVENTS, *{(EVENTS, event.id) for event in different}] if different else []

    def _expired(self, snapshot: Snapshot) -> set[ResourceKey]:
        today = _day(snapshot)
        if today == self._today:
            return set()
        self._today = today
        return set(self._judgements) if self._policy.waivers else set()

    # -- running ------------------------------------------------------------------------------------------------

    def _run(self, snapshot: Snapshot, dirty: dict[Pair, None]) -> set[ResourceKey]:
        touched: set[ResourceKey] = set()
        again: dict[Pair, None] = {}
        for pair in dirty:
            if pair[0].derived:
                again[pair] = None
                continue
            before, after = self._judge(snapshot, pair)
            if before != after:  # most of what is run again says the same again, and is then left alone
                touched.add(pair[1])
            if before is None or before.outcome is not after.outcome:
                again |= dict.fromkeys(self._readers.get((pair[0].id, pair[1]), ()))
        for pair in again:
            if pair[1] in self._known:
                before, after = self._judge(snapshot, pair)
                if before != after:
                    touched.add(pair[1])
        return touched

    def _judge(self, snapshot: Snapshot, pair: Pair) -> tuple[Verdict | None, Verdict]:
        """Run one check on one resource; its verdict before and now."""
        check, key = pair
        verdicts = self._verdicts.setdefault(key, {})
        before = verdicts.get(check.id)
        if check.id in self._slow:
            verdict, reads = unknown(f"not run: {check.id} took longer than {TIME_LIMIT:g} s on another resource"), None
            self._skipped[pair] = None  # for the next time: one slow resource must not blind a check for good
        else:
            verdict, reads = self._call(check, self._known[key], snapshot)
        if reads is not None:
            self._remember_reads(pair, reads)
        verdicts[check.id] = verdict
        return before, verdict

    def _call(self, check: Check, resource: Resource, snapshot: Snapshot) -> tuple[Verdict, set[Read]]:
        view = View(snapshot, resource.key.source, self._policy, self._outcome)
        started = self._effort()
        try:
            verdict = check.judge(resource, view)
        except Unread as missing:
            verdict = unknown(str(missing.gap))
        except Exception as error:
            verdict = unknown(f"the check itself failed: {type(error).__name__}: {error}")
        if self._effort() - started > TIME_LIMIT:
            self._slow.add(check.id)
            verdict = unknown(f"took longer than {TIME_LIMIT:g} s")
        return verdict, view.reads

    def _outcome(self, check_id: str, key: ResourceKey) -> Outcome | None:
        verdict = self._verdicts.get(key, {}).get(check_id)
        return verdict.outcome if verdict else None

    def _remember_reads(self, pair: Pair, reads: set[Read]) -> None:
        before = self._reads.get(pair, frozenset())
        if before == reads:
            return
        self._unlink(pair, before - reads)
        for read in reads - before:
            self._readers.setdefault(read, set()).add(pair)
        self._reads[pair] = frozenset(reads)

    def _forget_reads(self, pair: Pair) -> None:
        self._unlink(pair, self._reads.pop(pair, frozenset()))

    def _unlink(self, pair: Pair, reads: Iterable[Read]) -> None:
        for read in reads:
            readers = self._readers[read]
            readers.discard(pair)
            if not readers:
                del self._readers[read]

    # -- concluding ---------------------------------------------------------------------------------------------

    def _conclude(self, snapshot: Snapshot, key: ResourceKey) -> None:
        before = self._judgements.pop(key, None)
        if before is not None:
            self._total = _minus(self._total, before.summary)
        resource = self._known.get(key)
        if resource is None:
            return
        judgement = self._judgement(resource, _day(snapshot))
        self._judgements[key] = judgement
        self._total += judgement.summary

    def _judgement(self, resource: Resource, today: date) -> Judgement:
        key = resource.key
        verdicts = self._verdicts.get(key, {})
        implied: dict[str, list[str]] = {}
        results = []
        for check in (*self._primary.get(key.kind, ()), *self._derived.get(key.kind, ())):
            verdict = verdicts[check.id]
            root = _root(check, verdict, verdicts)
            if root:
                implied.setdefault(root, []).append(check.id)
                verdict = not_applicable(f"implied by {root}")
            results.append(self._result(check, resource, verdict, today))
        results = [_with_implied(result, implied) for result in results]
        notable = [result for result in results if result.outcome not in _SETTLED]
        notable.sort(key=lambda result: (_RANK[result.outcome], -result.severity, result.check.id))
        settled = tuple(result for result in results if result.outcome in _SETTLED)
        return Judgement(tuple(notable), settled, summarise(results))

    def _result(self, check: Check, resource: Resource, verdict: Verdict, today: date) -> Result:
        policy = self._policy
        severity = policy.severity.get(check.id)
        if severity is None:
            severity = check.severity if verdict.severity is None else verdict.severity
        outcome, waiver = verdict.outcome, None
        if outcome in (Outcome.FAIL, Outcome.MANUAL) and policy.waivers:
            waiver = policy.waiver(check.id, resource, today)
            outcome = Outcome.WAIVED if waiver else outcome
        return Result(check, resource.key, outcome, severity, verdict, waiver)


_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}


def _by_kind(checks: Iterable[Check]) -> Mapping[Kind, tuple[Check, ...]]:
    found: dict[Kind, tuple[Check, ...]] = {}
    for check in checks:
        found[check.kind] = (*found.get(check.kind, ()), check)
    return found


def _different(before: Mapping[str, Effective], after: Mapping[str, Effective]) -> list[Read]:
    return [(EFFECTIVE, name) for name in {*before, *after} if before.get(name) != after.get(name)]


def _root(check: Check, verdict: Verdict, verdicts: Mapping[str, Verdict]) -> str:
    if verdict.outcome is not Outcome.FAIL:
        return ""
    return next((root for root in check.implied_by if _fails(verdicts.get(root))), "")


def _fails(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.outcome is Outcome.FAIL


def _with_implied(result: Result, implied: Mapping[str, list[str]]) -> Result:
    folded = implied.get(result.check.id)
    if not folded:
        return result
    return Result(
        result.check, result.key, result.outcome, result.severity, result.verdict, result.waiver, tuple(folded)
    )


def _minus(total: Summary, part: Summary) -> Summary:
    a, b = total.fails, part.fails
    return Summary(
        (a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3], a[4] - b[4]),
        total.manual - part.manual,
        total.unknown - part.unknown,
        total.waived - part.waived,
        total.passed - part.passed,
        total.not_applicable - part.not_applicable,
    )


def _day(snapshot: Snapshot) -> date:
    return datetime.fromtimestamp(snapshot.taken_at, UTC).date()
