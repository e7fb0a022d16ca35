"""What an evaluation says to each item of a framework. Made from the same results as everything else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from checks.catalogue import catalogue
from checks.check import Check
from checks.frameworks.framework import Framework, Item
from checks.frameworks.known import frameworks, relevant
from checks.result import NOTHING, Evaluation, Judgement, Result, Summary
from checks.verdict import Outcome, Severity
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot, Status

_ORDER = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.MANUAL, Outcome.WAIVED, Outcome.PASS)
_SINGLE = frozenset({Kind.ENGINE, Kind.HOST, Kind.KUBE_HOST})  # always there: where none is known, it was not read
_ON_REQUEST = {Kind.ENDPOINT: "no endpoint was probed", Kind.ACTIVITY: "nobody looked at what containers do",
               Kind.KUBE_HOST: "seen on a node alone", Kind.KUBELET: "no kubelet was read",
               Kind.CONTROL_PLANE: "no program of the control plane is visible"}  # fmt: skip
_NOT_READ = frozenset({Status.CONNECTING, Status.UNREACHABLE, Status.FORBIDDEN})
_Mark = tuple[Outcome, Severity]


class Row(msgspec.Struct, frozen=True):
    """The verdict on one item.

    The worst of its checks' verdicts: fail, else unknown, manual, waived, pass; not applicable only where everything
    was read and there was nothing to judge. `summary` counts the verdicts behind it, `resources` the resources that
    fail, `why` says what the counts do not: what a person has to decide, or what could not be read.
    """

    item: Item
    outcome: Outcome
    summary: Summary = NOTHING
    resources: int = 0
    why: str = ""

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst failure."""
        return self.summary.worst


Benchmarks = tuple[tuple[Framework, tuple[Row, ...]], ...]


class Ledger:
    """Verdicts by check, brought up to date with what differs from the last evaluation. Used by one thread at a time.

    A verdict that was folded into another (`Result.implies`) counts as the failure that it is: an auditor who looks at
    one item must not read *not applicable* because another item fails too.
    """

    def __init__(self) -> None:
        self._judgements: Mapping[ResourceKey, Judgement] = {}
        self._marks: dict[str, Counter[_Mark]] = {}
        self._failing: dict[str, set[ResourceKey]] = {}
        self._reasons: dict[str, dict[ResourceKey, str]] = {}  # of unknown verdicts
        self._checks = {check.id: check for check in catalogue()}
        every = (item for framework in frameworks() for item in framework.items)
        self._divided: dict[str, dict[ResourceKey, Result]] = {item.facet.check: {} for item in every if item.facet}

    def update(self, evaluation: Evaluation) -> None:
        """Take in what has changed."""
        before, after = self._judgements, evaluation.judgements
        for key, judgement in before.items():
            if after.get(key) is not judgement:
                self._count(key, judgement, -1)
        for key, judgement in after.items():
            if before.get(key) is not judgement:
                self._count(key, judgement, 1)
        self._judgements = after

    def rows(self, framework: Framework, snapshot: Snapshot) -> tuple[Row, ...]:
        """One row per item; `snapshot` is the one that was evaluated, it tells what could not be read."""
        unread = {kind: _unread(snapshot, kind) for kind in Kind}
        return tuple(self._row(item, unread, snapshot) for item in framework.items)

    def of(self, check_id: str) -> Summary:
        """The verdicts of one check."""
        return _summary(self._marks.get(check_id, Counter()), 0)

    def _row(self, item: Item, unread: Mapping[Kind, str], snapshot: Snapshot) -> Row:
        found = [self._checks[name] for name in item.checks if name in self._checks]
        marks: Counter[_Mark] = Counter()
        failing: set[ResourceKey] = set()
        for check in found:
            if item.facet is not None and item.facet.check == check.id:
                said = {key: item.facet.outcome(result) for key, result in self._divided[check.id].items()}
                marks.update((outcome, self._divided[check.id][key].severity) for key, outcome in said.items())
                failing |= {key for key, outcome in said.items() if outcome is Outcome.FAIL}
                continue
            marks.update(self._marks.get(check.id, {}))
            failing |= self._failing.get(check.id, set())
        gaps = [why for check in found if (why := self._gap(check, unread, snapshot))]
        summary = _summary(marks, len(gaps))
        outcome = next((each for each in _ORDER if _has(summary, each)), Outcome.NOT_APPLICABLE)
        if not item.by_hand or outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE):
            reasons = [why for check in found for why in self._reasons.get(check.id, {}).values()]
            told = dict.fromkeys((*gaps, *reasons[:1]) if outcome is Outcome.UNKNOWN else gaps)
            return Row(item, outcome, summary, len(failing), "; ".join(told) or item.by_hand)
        return Row(item, Outcome.MANUAL, summary, 0, item.by_hand)

    def _gap(self, check: Check, unread: Mapping[Kind, str], snapshot: Snapshot) -> str:
        """Why the check may have missed something that it judges; "" if it judged all there is."""
        missed = next((unread[kind] for kind in check.kinds if unread[kind]), "")
        if missed:
            return missed
        if any(snapshot.count(kind) for kind in check.kinds) and not self._marks.get(check.id):
            return f"{check.id} has not been run"
        return ""

    def _count(self, key: ResourceKey, judgement: Judgement, step: int) -> None:
        for result in (*judgement.results, *judgement.passed) if key.kind in _SINGLE else ():
            if result.check.id in self._divided:
                kept = self._divided[result.check.id]
                kept.pop(key, None)
                kept |= {key: result} if step > 0 else {}
        for result in judgement.results:
            if result.outcome is Outcome.UNKNOWN:
                reasons = self._reasons.setdefault(result.check.id, {})
                reasons.pop(key, None)
                reasons |= {key: result.message} if step > 0 else {}
        for name, mark in _marks(judgement, self._checks):
            marks = self._marks.setdefault(name, Counter())
            marks[mark] += step
            if not marks[mark]:
                del marks[mark]
            if mark[0] is Outcome.FAIL:
                failing = self._failing.setdefault(name, set())
                (failing.add if step > 0 else failing.discard)(key)


def tally(framework: Framework, evaluation: Evaluation, snapshot: Snapshot) -> tuple[Row, ...]:
    """One row per item of the framework, for an evaluation of this snapshot."""
    ledger = Ledger()
    ledger.update(evaluation)
    return ledger.rows(framework, snapshot)


def benchmarks(evaluation: Evaluation, snapshot: Snapshot) -> Benchmarks:
    """All known frameworks with their rows, the verdicts counted once."""
    ledger = Ledger()
    ledger.update(evaluation)
    return tuple((framework, ledger.rows(framework, snapshot)) for framework in relevant(snapshot))


def outcomes(rows: Iterable[Row]) -> Mapping[Outcome, int]:
    """How many items end with each verdict; every verdict is named."""
    counts = Counter(row.outcome for row in rows)
    return {outcome: counts[outcome] for outcome in Outcome}


def _marks(judgement: Judgement, checks: Mapping[str, Check]) -> Iterator[tuple[str, _Mark]]:
    implied: set[str] = set()
    for result in judgement.results:
        yield result.check.id, (result.outcome, result.severity)
        for name in result.implies:
            implied.add(name)
            yield name, (result.outcome, checks[name].severity if name in checks else result.severity)
    for result in judgement.passed:
        if result.check.id not in implied:
            yield result.check.id, (result.outcome, result.severity)


def _summary(marks: Counter[_Mark], unread: int) -> Summary:
    fails = [0, 0, 0, 0, 0]
    counts: Counter[Outcome] = Counter({Outcome.UNKNOWN: unread})
    for (outcome, severity), count in marks.items():
        if outcome is Outcome.FAIL:
            fails[severity] += count
        else:
            counts[outcome] += count
    return Summary(
        (fails[0], fails[1], fails[2], fails[3], fails[4]),
        counts[Outcome.MANUAL],
        counts[Outcome.UNKNOWN],
        counts[Outcome.WAIVED],
        counts[Outcome.PASS],
        counts[Outcome.NOT_APPLICABLE],
    )


def _has(summary: Summary, outcome: Outcome) -> bool:
    counts = {
        Outcome.FAIL: sum(summary.fails),
        Outcome.UNKNOWN: summary.unknown,
        Outcome.MANUAL: summary.manual,
        Outcome.WAIVED: summary.waived,
        Outcome.PASS: summary.passed,
    }
    return bool(counts[outcome])


def _unread(snapshot: Snapshot, kind: Kind) -> str:
    """Why there may be more of this kind than is known."""
    gaps = [f"{kind.plural}: {gap}" for (_, missing), gap in snapshot.gaps.items() if missing is kind]
    if gaps:
        return gaps[0]
    dead = next((health for health in snapshot.sources.values() if health.status in _NOT_READ), None)
    if dead is not None:
        return f"{dead.target} is {dead.status.value}"
    if snapshot.count(kind):
        return ""
    return _ON_REQUEST.get(kind, f"{kind.value} not read" if kind in _SINGLE else "")
