"""What the screen is drawn from: one snapshot and its evaluation, which belong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from checks.policy import Policy
from checks.result import NOTHING, Evaluation, Judgement, Summary
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Stats:
    """Live figures of a container: CPU in percent of one core, memory in bytes (limit 0: none), processes.

    `cpu` is None before the second sample, `pids` where nobody counts them.
    """

    cpu: float | None
    memory: int
    memory_limit: int
    pids: int | None


@dataclass(frozen=True, slots=True)
class Picture:
    """Handed from the judging thread to the screen, whole. `fresh`: (resource, check id) -> first seen, epoch s.

    `whole` is the picture that this one is a part of, where a person looks at a part only; `part` says which.
    `waiting` are images that are about to be looked into; `policy` is what everything was judged by.
    """

    snapshot: Snapshot = field(default_factory=Snapshot)
    evaluation: Evaluation = field(default_factory=Evaluation)
    stats: Mapping[ResourceKey, Stats] = field(default_factory=dict)
    fresh: Mapping[tuple[ResourceKey, str], float] = field(default_factory=dict)  # failures that came up meanwhile
    whole: Picture | None = field(default=None, repr=False, compare=False)
    part: str = ""
    waiting: frozenset[ResourceKey] = frozenset()
    policy: Policy = field(default_factory=Policy, repr=False, compare=False)
    _by_kind: dict[Kind, Summary] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def everything(self) -> Picture:
        """The whole of which this is a part, or itself: what is counted over all namespaces is counted here."""
        return self.whole or self

    def judgement(self, key: ResourceKey) -> Judgement | None:
        """All verdicts on a resource, or None while it has not been judged."""
        return self.evaluation.of(key)

    def summary(self, *kinds: Kind) -> Summary:
        """The counts over all resources of these kinds."""
        if not self._by_kind:
            counts: dict[Kind, Counter[Summary]] = {}
            for key, judgement in self.evaluation.judgements.items():
                counts.setdefault(key.kind, Counter())[judgement.summary] += 1
            self._by_kind.update({kind: add_up(found) for kind, found in counts.items()})
        return sum((self._by_kind[kind] for kind in dict.fromkeys(kinds) if kind in self._by_kind), NOTHING)


def add_up(counts: Counter[Summary]) -> Summary:
    """The sum of summaries, each counted as often as it occurs: of many resources most have the same."""
    total = NOTHING
    for summary, times in counts.items():
        fails = summary.fails
        total += Summary(
            (fails[0] * times, fails[1] * times, fails[2] * times, fails[3] * times, fails[4] * times),
            summary.manual * times,
            summary.unknown * times,
            summary.waived * times,
            summary.passed * times,
            summary.not_applicable * times,
        )
    return total
