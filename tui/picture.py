"""What the screen is drawn from: one snapshot and its evaluation, which belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    """Handed from the judging thread to the screen, whole. `fresh`: (resource, check id) -> first seen, epoch s."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    evaluation: Evaluation = field(default_factory=Evaluation)
    stats: Mapping[ResourceKey, Stats] = field(default_factory=dict)
    fresh: Mapping[tuple[ResourceKey, str], float] = field(default_factory=dict)  # failures that came up meanwhile
    _by_kind: dict[Kind, Summary] = field(default_factory=dict, init=False, repr=False, compare=False)

    def judgement(self, key: ResourceKey) -> Judgement | None:
        """All verdicts on a resource, or None while it has not been judged."""
        return self.evaluation.of(key)

    def summary(self, *kinds: Kind) -> Summary:
        """The counts over all resources of these kinds."""
        if not self._by_kind:
            for key, judgement in self.evaluation.judgements.items():
                self._by_kind[key.kind] = self._by_kind.get(key.kind, NOTHING) + judgement.summary
        return sum((self._by_kind[kind] for kind in dict.fromkeys(kinds) if kind in self._by_kind), NOTHING)
