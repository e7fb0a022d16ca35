"""Verdicts counted the ways the overview shows them, brought up to date by what changed: a cluster has a million."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from threading import Lock
from typing import NamedTuple

from checks.result import Evaluation, Judgement, Result, Summary
from checks.verdict import Outcome
from inventory.resource import ResourceKey
from inventory.snapshot import Snapshot
from tui.picture import Picture

Failing = tuple[str, int]
"""A check and how bad its failure is."""
FEW = 50
"""Results of a group that are looked at."""


class Group(NamedTuple):
    """The same fault on `total` objects, of which a few are here."""

    results: tuple[Result, ...]
    total: int


class Tallies:
    """For one thread at a time inside; what is handed out is not changed any more."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._evaluation: Evaluation | None = None
        self._judged: Mapping[ResourceKey, Judgement] = {}
        self._outcomes: Counter[tuple[str, Outcome]] = Counter()
        self._domains: dict[str, Counter[tuple[Outcome, int]]] = {}
        self._failing: dict[Failing, dict[ResourceKey, Result]] = {}
        self._pending: tuple[Snapshot | None, Evaluation | None, int] = (None, None, 0)

    def outcomes(self, picture: Picture) -> Counter[tuple[str, Outcome]]:
        """How often each check ended how, passes apart."""
        with self._lock:
            self._update(picture.evaluation)
            return Counter(self._outcomes)

    def domains(self, picture: Picture) -> Mapping[str, Summary]:
        """Counts of each domain, passes too."""
        with self._lock:
            self._update(picture.evaluation)
            return {name: _summary(counts) for name, counts in self._domains.items()}

    def failing(self, picture: Picture) -> list[Group]:
        """Failures by check and severity: new ones first, then the worst; those on few objects say more."""
        fresh: dict[str, set[ResourceKey]] = {}
        for key, check in picture.fresh:
            fresh.setdefault(check, set()).add(key)
        found: list[tuple[bool, Failing, Group]] = []
        with self._lock:
            self._update(picture.evaluation)
            for name, results in self._failing.items():
                new = [results[key] for key in fresh.get(name[0], ()) if key in results]
                if new:
                    found.append((True, name, Group(tuple(new[:FEW]), len(new))))
                if len(results) > len(new):
                    met = {each.key for each in new}
                    others = islice((each for each in results.values() if each.key not in met), FEW)
                    found.append((False, name, Group(tuple(others), len(results) - len(new))))
        found.sort(key=lambda item: (-item[1][1], not item[0], item[2].total > 5, item[1][0]))
        return [group for _, _, group in found]

    def pending(self, picture: Picture) -> int:
        """How many objects have no verdict yet."""
        with self._lock:
            snapshot, evaluation = picture.snapshot, picture.evaluation
            if self._pending[0] is not snapshot or self._pending[1] is not evaluation:
                judged = evaluation.judgements
                count = sum(1 for resource in snapshot if resource.key not in judged)
                self._pending = (snapshot, evaluation, count)
            return self._pending[2]

    def _update(self, evaluation: Evaluation) -> None:
        if evaluation is self._evaluation:
            return
        before, after = self._judged, evaluation.judgements
        gone = [key for key, judgement in before.items() if after.get(key) is not judgement]
        for key in gone:
            self._count(before[key], -1)
        for key, judgement in after.items():
            if before.get(key) is not judgement:
                self._count(judgement, 1)
        self._evaluation, self._judged = evaluation, after

    def _count(self, judgement: Judgement, step: int) -> None:
        for result in judgement.results:
            check, outcome = result.check, result.outcome
            self._outcomes[check.id, outcome] += step
            self._domains.setdefault(check.domain.value, Counter())[outcome, result.severity] += step
            if outcome is Outcome.FAIL:
                group = self._failing.setdefault((check.id, result.severity), {})
                if step > 0:
                    group[result.key] = result
                else:
                    group.pop(result.key, None)
        for result in judgement.passed:
            self._domains.setdefault(result.check.domain.value, Counter())[result.outcome, 0] += step


def _summary(counts: Counter[tuple[Outcome, int]]) -> Summary:
    fails = [0, 0, 0, 0, 0]
    for (outcome, severity), count in counts.items():
        if outcome is Outcome.FAIL:
            fails[severity] += count

    def of(*outcomes: Outcome) -> int:
        return sum(count for (outcome, _), count in counts.items() if outcome in outcomes)

    return Summary(
        (fails[0], fails[1], fails[2], fails[3], fails[4]),
        of(Outcome.MANUAL),
        of(Outcome.UNKNOWN),
        of(Outcome.WAIVED),
        of(Outcome.PASS),
        of(Outcome.NOT_APPLICABLE),
    )
