"""Runs checks: all of them once, then only those whose subject, or something that they looked at, has changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from weakref import WeakKeyDictionary

import msgspec

from checks.alike import NOBODY, Settled, Shared, Verdicts, effective, sorted_out
from checks.check import Check
from checks.infra import exempt
from checks.policy import Policy, Waiver
from checks.result import Evaluation, Judgement, Result, Summary, count
from checks.selectors import behind, maker
from checks.verdict import Outcome, Severity, Verdict, unknown
from checks.view import CLOCK, EFFECTIVE, EVENTS, SEVERITIES, Indexes, Read, View, effective_views, indexed
from inventory.gap import Unread
from inventory.host import Effective
from inventory.resource import OBJECTS, Kind, Resource, ResourceKey
from inventory.snapshot import Event, GapKey, Snapshot
from inventory.store import Changes

TIME_LIMIT = 1.0  # seconds for one check on one resource, give or take a tenth
_TENTH = 0.1
Pair = tuple[Check, ResourceKey]
_Said = tuple[Shared, dict[str, Verdict]]
_NOT_APPLICABLE, _FAIL = Outcome.NOT_APPLICABLE, Outcome.FAIL


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
        self._by_id = {check.id: check for check in everything}
        self._primary = _by_kind(check for check in everything if not check.derived)
        self._derived = _by_kind(check for check in everything if check.derived)
        self._alike = {kind: _of_one_basis(found) for kind, found in self._primary.items()}
        self._checks = {kind: (*self._primary.get(kind, ()), *self._derived.get(kind, ())) for kind in Kind}
        self._severities = dict(self._policy.severity)
        self._known: dict[ResourceKey, Resource] = {}
        self._verdicts: dict[ResourceKey, Verdicts] = {}
        self._written: set[ResourceKey] = set()  # whose verdicts nobody else holds yet
        self._shared: WeakKeyDictionary[object, dict[Kind, Shared]] = WeakKeyDictionary()  # by basis
        self._reads: dict[Pair, frozenset[Read]] = {}
        self._alike_reads: dict[frozenset[Read], frozenset[Read]] = {}  # thousands of pods look at the same few things
        self._readers: dict[Read, set[Pair]] = {}
        self._asked_for: set[str] = set()  # checks whose verdicts others have looked at
        self._indexes: Indexes = {}
        self._judgements: dict[ResourceKey, Judgement] = {}
        self._leaning: dict[ResourceKey, set[ResourceKey]] = {}  # whose waivers go by another's image and labels
        self._made: dict[ResourceKey, set[ResourceKey]] = {}  # what each made, whose findings may be its own
        self._waivers: dict[str, tuple[Waiver, ...]] = {}  # by check
        self._total = Summary()
        self._slow: set[str] = set()
        self._sampled = (0.0, 0.0)  # timer and effort
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
        self._written.clear()
        whole: dict[ResourceKey, None] = {}  # to be judged by every check
        said = {key: self._all_of(key) for key in changes.keys if key in self._made}
        dirty = dict.fromkeys(pair for pair in self._skipped if pair[1] in self._known)
        self._skipped.clear()
        touched: set[ResourceKey] = set()
        stale_reads: list[Read] = [*changes.keys, *{(key.source, key.kind) for key in changes.keys}, *changes.gaps]
        for key in changes.keys:
            if key.kind in OBJECTS:  # the others are read, never judged
                stale_reads += self._subject_changed(snapshot, key, whole, touched)
        stale_reads += self._reindexed(snapshot, {read for read in stale_reads if len(read) == 2})
        stale_reads += self._happened(snapshot.events)
        stale_reads += self._looked_at(changes.gaps)
        if time_passed:
            stale_reads += [CLOCK, EVENTS]
            touched |= self._expired(snapshot)
        for read in stale_reads:
            dirty |= dict.fromkeys(pair for pair in self._readers.get(read, ()) if pair[1] in self._known)
        touched |= self._below(said, self._run(snapshot, dirty, whole))
        for key in touched:
            self._conclude(snapshot, key)
        return Evaluation(snapshot.generation, dict(self._judgements), self._total, self._timer() - started)

    def adopt(self, policy: Policy, snapshot: Snapshot) -> Evaluation | None:
        """Go on by another policy; None where the checks themselves read what is different: judge everything then."""
        as_before = msgspec.structs.replace(
            policy,
            waivers=self._policy.waivers,
            severity=self._policy.severity,
            require_owner=self._policy.require_owner,
        )
        if as_before != self._policy:
            return None
        weighed = policy.severity != self._policy.severity
        self._policy, self._severities = policy, dict(policy.severity)
        self._waivers.clear()
        started = self._timer()
        if weighed:
            self._slow.clear()
            self._written.clear()
            self._run(snapshot, dict.fromkeys(self._readers.get(SEVERITIES, ())), {})
        for key in tuple(self._judgements):
            self._conclude(snapshot, key)
        return Evaluation(snapshot.generation, dict(self._judgements), self._total, self._timer() - started)

    # -- what has to run ----------------------------------------------------------------------------------------

    def _subject_changed(
        self, snapshot: Snapshot, key: ResourceKey, whole: dict[ResourceKey, None], touched: set[ResourceKey]
    ) -> list[Read]:
        """Note what has to run on the subject; returns what was read of it and is no longer so."""
        resource = snapshot.get(key)
        views = effective_views(self._known.get(key)), effective_views(resource)
        self._lean(key, resource)
        touched |= self._leaning.get(key, set())
        if resource is not None:
            self._known[key] = resource
            touched.add(key)  # also what no check judges gets a judgement, an empty one
            whole[key] = None
            return _different(*views)
        self._known.pop(key, None)
        self._verdicts.pop(key, None)
        checks = self._checks[key.kind]
        for check in checks:
            self._forget_reads((check, key))
        touched.add(key)
        return [*_different(*views), *((check.id, key) for check in checks)]

    def _lean(self, key: ResourceKey, resource: Resource | None) -> None:
        """Note by whose image and labels its waivers go, if not by its own, and what it was made from."""
        known = self._known.get(key)
        _relink(self._leaning, key, behind(known), behind(resource))
        _relink(self._made, key, maker(known), maker(resource))

    def _below(
        self, said: Mapping[ResourceKey, tuple[Shared, dict[str, Verdict]]], touched: set[ResourceKey]
    ) -> set[ResourceKey]:
        """These, and what was made by those of whom something else is said now, down to the pods.

        `said` are the verdicts before of what was replaced: most of it is another state of which the same is said.
        """
        if not self._made:
            return touched
        pending = [key for key in touched if key in self._made]
        pending += (key for key, before in said.items() if self._all_of(key) != before)
        met: set[ResourceKey] = set()
        while pending:
            fresh = self._made.get(pending.pop(), set()) - met
            met |= fresh
            pending += (key for key in fresh if key in self._made)
        return touched | met

    def _all_of(self, key: ResourceKey) -> _Said:
        """A copy of what is said of a resource, to compare with later."""
        found = self._verdicts.get(key)
        return (NOBODY, {}) if found is None else (found.shared, dict(found))

    def _looked_at(self, gaps: Iterable[GapKey]) -> list[Read]:
        """The kernel's views that came within reach, or out of it, with a host as a whole."""
        sources = {source for source, kind in gaps if kind is Kind.HOST}
        hosts = [key for key in self._known if key.kind is Kind.HOST and key.source in sources] if sources else []
        return [(EFFECTIVE, container) for key in hosts for container in effective_views(self._known[key])]

    def _reindexed(self, snapshot: Snapshot, families: set[Read]) -> list[Read]:
        """The entries of indexes of these families (source, kind) that are no longer what was looked at."""
        stale: list[Read] = []
        for (build, source), (cls, before) in list(self._indexes.items()):
            if (source, cls.kind) not in families:
                continue
            try:
                after = indexed(snapshot, source, cls, build)
            except Unread:
                del self._indexes[build, source]
                stale += [read for read in self._readers if read[:2] == (build, source)]
                continue
            self._indexes[build, source] = (cls, after)
            names = {*before, *after} if after is not before else ()
            stale += [(build, source, name) for name in names if before.get(name) != after.get(name)]
        return stale

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

    def _run(self, snapshot: Snapshot, dirty: dict[Pair, None], whole: Mapping[ResourceKey, None]) -> set[ResourceKey]:
        touched: set[ResourceKey] = set()
        again: dict[Pair, None] = {}
        self._sampled = (self._timer(), self._effort())
        views: dict[str, View] = {}
        for key in whole:
            self._judge_whole(self._view(snapshot, key.source, views), key, again)
        for pair in dirty:
            check, key = pair
            if check.derived:
                again[pair] = None
                continue
            if key in whole:
                continue
            before, after = self._judge(self._view(snapshot, key.source, views), pair)
            if before != after:  # most of what is run again says the same again, and is then left alone
                touched.add(key)
            if check.id in self._asked_for and (before is None or _said(before) != _said(after)):
                again |= dict.fromkeys(self._readers.get((check.id, key), ()))
        for pair in again:
            key = pair[1]
            if key in self._known:
                before, after = self._judge(self._view(snapshot, key.source, views), pair)
                if before != after:
                    touched.add(key)
        return touched

    def _view(self, snapshot: Snapshot, source: str, views: dict[str, View]) -> View:
        """One window for all resources of a source: what a check read through it is taken out after each."""
        found = views.get(source)
        if found is None:
            found = views[source] = View(snapshot, source, self._policy, self._outcome, self._indexes, self._severity)
        return found

    def _judge_whole(self, view: View, key: ResourceKey, again: dict[Pair, None]) -> None:
        """Run all checks on one resource; those that have verdicts of others to look at are left for later."""
        resource, before = self._known[key], self._verdicts.get(key)
        shared, checks = self._shared_by(view, resource)
        verdicts = self._verdicts[key] = Verdicts(shared)
        self._written.add(key)
        for check in checks:
            if check.id in self._slow:
                verdicts[check.id] = self._not_run((check, key))
                continue
            verdicts[check.id] = self._call(check, resource, view)
            if view.reads:
                self._remember_reads((check, key), view.reads)
                view.reads = set()
            elif before is not None and (check, key) in self._reads:
                self._forget_reads((check, key))
        for check in self._derived.get(key.kind, ()):
            again[check, key] = None
            known = before.find(check.id) if before is not None else None
            if known is not None:
                verdicts[check.id] = known
        for name in self._asked_for:
            now, then = verdicts.find(name), before.find(name) if before is not None else None
            if now is not None and (then is None or _said(then) != _said(now)):
                again |= dict.fromkeys(self._readers.get((name, key), ()))

    def _shared_by(self, view: View, resource: Resource) -> tuple[Shared, tuple[Check, ...]]:
        """The verdicts that follow from what the resource has in common with others, and the checks that remain."""
        kind = resource.key.kind
        basis, alike, rest = self._alike.get(kind, _NOTHING_ALIKE)
        if basis is None:
            return NOBODY, rest
        everything = self._primary[kind]
        try:
            thing = basis(resource)
        except Unread:
            return NOBODY, everything  # each says for itself what is missing
        known = self._shared.get(thing)
        if known is None:
            known = self._shared[thing] = {}
        shared = known.get(kind)
        if shared is None:
            shared = Shared.of({check.id: self._call(check, resource, view) for check in alike})
            if self._slow or view.reads:  # what was cut short holds for nobody else
                view.reads = set()
                return NOBODY, everything
            known[kind] = shared
        return shared, rest

    def _not_run(self, pair: Pair) -> Verdict:
        self._skipped[pair] = None  # for the next time: one slow resource must not blind a check for good
        return unknown(f"not run: {pair[0].id} took longer than {TIME_LIMIT:g} s on another resource")

    def _own(self, key: ResourceKey, check: str) -> Verdicts:
        """The verdicts of a resource, to be written to: a copy where somebody holds them already."""
        verdicts = self._verdicts.get(key)
        if verdicts is None:
            verdicts = self._verdicts[key] = Verdicts()
        elif check in verdicts.shared.verdicts:
            verdicts = self._verdicts[key] = verdicts.alone()
        elif key not in self._written:
            verdicts = self._verdicts[key] = Verdicts(verdicts.shared, verdicts)
        self._written.add(key)
        return verdicts

    def _judge(self, view: View, pair: Pair) -> tuple[Verdict | None, Verdict]:
        """Run one check on one resource; its verdict before and now."""
        check, key = pair
        verdicts = self._own(key, check.id)
        before = verdicts.get(check.id)
        if check.id in self._slow:
            verdict = self._not_run(pair)
        else:
            verdict = self._call(check, self._known[key], view)
            if view.reads:
                self._remember_reads(pair, view.reads)
                view.reads = set()
            elif pair in self._reads:
                self._forget_reads(pair)
        verdicts[check.id] = verdict
        return before, verdict

    def _call(self, check: Check, resource: Resource, view: View) -> Verdict:
        try:
            verdict = exempt(check.id, resource) or check.judge(resource, view)
        except Unread as missing:
            verdict = unknown(str(missing.gap))
        except Exception as error:
            verdict = unknown(f"the check itself failed: {type(error).__name__}: {error}")
        now = self._timer()
        if now - self._sampled[0] > _TENTH and self._long(now):
            self._slow.add(check.id)
            verdict = unknown(f"took longer than {TIME_LIMIT:g} s")
        return verdict

    def _long(self, now: float) -> bool:
        """Whether the time limit was spent since the last sample, which is a tenth of a second and one check ago.

        Asking for the effort is a system call, too dear for every check.
        """
        before, effort = self._sampled[1], self._effort()
        self._sampled = (now, effort)
        return effort - before > TIME_LIMIT

    def _outcome(self, check_id: str, key: ResourceKey) -> Outcome | None:
        verdict = self._verdict(check_id, key)
        return verdict.outcome if verdict else None

    def _severity(self, check_id: str, key: ResourceKey) -> Severity | None:
        verdict = self._verdict(check_id, key)
        if verdict is None or verdict.outcome is not _FAIL:
            return None
        return effective(self._by_id[check_id], verdict, self._severities)

    def _verdict(self, check_id: str, key: ResourceKey) -> Verdict | None:
        found = self._verdicts.get(key)
        return found.find(check_id) if found is not None else None

    def _remember_reads(self, pair: Pair, seen: set[Read]) -> None:
        before, fixed = self._reads.get(pair), frozenset(seen)
        if before == fixed:
            return
        if len(self._alike_reads) > 2 * len(self._reads) + 1000:
            self._alike_reads = {reads: reads for reads in self._reads.values()}
        reads = self._alike_reads.setdefault(fixed, fixed)
        if before:
            self._unlink(pair, before - reads)
        for read in reads - before if before else reads:
            readers = self._readers.get(read)
            if readers is None:
                readers = self._readers[read] = set()
                if isinstance(read[0], str) and type(read[1]) is ResourceKey:
                    self._asked_for.add(read[0])
            readers.add(pair)
        self._reads[pair] = reads

    def _forget_reads(self, pair: Pair) -> None:
        self._unlink(pair, self._reads.pop(pair, ()))

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
        verdicts = self._verdicts.get(key)
        if verdicts is None:
            verdicts = Verdicts()
        own, passed, not_applicable = sorted_out(verdicts)
        shared = verdicts.shared
        still_open = {name: shared.verdicts[name] for name in shared.open}
        for name in own:
            still_open[name] = verdicts[name]
        implied, folded = self._fold(still_open)
        if made := self._made_alike(resource, still_open):
            folded |= made
        notable = []
        for name, verdict in still_open.items():
            if name in folded:
                continue
            check = self._by_id[name]
            waiver, lapsed = self._accepted(check, resource, verdict, today)
            outcome = Outcome.WAIVED if waiver else verdict.outcome
            severity, implies = effective(check, verdict, self._severities), tuple(implied.get(name, ()))
            notable.append(Result(check, key, outcome, severity, verdict, waiver, implies, lapsed))
        notable.sort(key=lambda result: (_RANK[result.outcome], -result.severity, result.check.id))
        counts = count(notable, passed + shared.passed, not_applicable + shared.not_applicable + len(folded))
        settled = Settled(key, self._checks[key.kind], verdicts, folded, implied, self._severities)
        return Judgement(tuple(notable), settled, counts)

    def _fold(self, verdicts: Mapping[str, Verdict]) -> tuple[dict[str, list[str]], dict[str, Verdict]]:
        """What each failure implies, and the verdicts of the checks that are implied; of those that are open."""
        implied: dict[str, list[str]] = {}
        folded: dict[str, Verdict] = {}
        for name, verdict in verdicts.items():
            roots = self._by_id[name].implied_by
            if not roots or verdict.outcome is not _FAIL:
                continue
            for root in roots:
                if _fails(verdicts.get(root)):
                    implied.setdefault(root, []).append(name)
                    # With its evidence: a benchmark asks of each item whether it is met, whoever says that it is not.
                    folded[name] = Verdict(Outcome.NOT_APPLICABLE, f"implied by {root}", verdict.evidence)
                    break
        return implied, folded

    def _made_alike(self, resource: Resource, verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
        """Verdicts that say of a pod what they say of the workload that made it: said there, and not once a replica.

        What differs from the template (an injected container, one for debugging, an older revision) stays the pod's.
        """
        key = maker(resource)
        theirs = self._verdicts.get(key) if key is not None else None
        if key is None or theirs is None:
            return {}
        made: dict[str, Verdict] = {}
        for name, verdict in verdicts.items():
            other = theirs.find(name)
            if other is not None and _tells(other) == _tells(verdict):
                made[name] = Verdict(_NOT_APPLICABLE, f"said of its {self._origin(name, key, other)}", verdict.evidence)
        return made

    def _origin(self, check_id: str, key: ResourceKey, verdict: Verdict) -> str:
        """The first in the chain of makers that the verdict is about."""
        above = maker(self._known.get(key))
        theirs = self._verdict(check_id, above) if above is not None else None
        if above is not None and theirs is not None and _tells(theirs) == _tells(verdict):
            return self._origin(check_id, above, theirs)
        return f"{key.kind.value} {key.id}"

    def _accepted(
        self, check: Check, resource: Resource, verdict: Verdict, today: date
    ) -> tuple[Waiver | None, Waiver | None]:
        """The first waiver that covers the verdict, else the first that did until it expired."""
        if not self._policy.waivers or verdict.outcome not in (Outcome.FAIL, Outcome.MANUAL):
            return None, None
        found = self._waivers.get(check.id)
        if found is None:
            found = self._waivers[check.id] = self._policy.about(check.id)
        bearer = self._known.get(behind(resource) or resource.key)
        lapsed = None
        for waiver in found:
            if waiver.selects(resource, verdict, bearer):
                if not waiver.expired(today):
                    return waiver, None
                lapsed = lapsed or waiver
        return None, lapsed


_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}
Basis = Callable[[Resource], object]
_NOTHING_ALIKE: tuple[Basis | None, tuple[Check, ...], tuple[Check, ...]] = (None, (), ())


def _of_one_basis(checks: tuple[Check, ...]) -> tuple[Basis | None, tuple[Check, ...], tuple[Check, ...]]:
    """The basis that most of them have in common, the checks that have it, and the rest."""
    basis = next((check.basis for check in checks if check.basis is not None), None)
    if basis is None:
        return None, (), checks
    alike = tuple(check for check in checks if check.basis is basis)
    return basis, alike, tuple(check for check in checks if check.basis is not basis)


def _by_kind(checks: Iterable[Check]) -> Mapping[Kind, tuple[Check, ...]]:
    found: dict[Kind, tuple[Check, ...]] = {}
    for check in checks:
        for kind in check.kinds:
            found[kind] = (*found.get(kind, ()), check)
    return found


def _tells(verdict: Verdict) -> tuple[Outcome, Severity | None, str, str]:
    """What is found, wherever in the object it stands."""
    return verdict.outcome, verdict.severity, verdict.message, verdict.salient


def _said(verdict: Verdict) -> tuple[Outcome, Severity | None]:
    """What other checks may ask of it."""
    return verdict.outcome, verdict.severity


def _relink(
    links: dict[ResourceKey, set[ResourceKey]], key: ResourceKey, before: ResourceKey | None, after: ResourceKey | None
) -> None:
    if before == after:
        return
    if before is not None:
        links[before].discard(key)
        if not links[before]:
            del links[before]
    if after is not None:
        links.setdefault(after, set()).add(key)


def _different(before: Mapping[str, Effective], after: Mapping[str, Effective]) -> list[Read]:
    return [(EFFECTIVE, name) for name in {*before, *after} if before.get(name) != after.get(name)]


def _fails(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.outcome is _FAIL


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
