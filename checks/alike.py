"""Verdicts kept small: what resources that are alike share is kept once, what is settled is written out on demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from checks.check import Check
from checks.result import Result
from checks.verdict import Outcome, Severity, Verdict
from inventory.resource import ResourceKey

_SETTLED = (Outcome.PASS, Outcome.NOT_APPLICABLE)


class Shared(msgspec.Struct, frozen=True, eq=False):
    """Verdicts of checks for which several resources are the same thing, all pods of one spec for instance."""

    verdicts: Mapping[str, Verdict]
    open: tuple[str, ...] = ()
    """Checks that neither pass nor are not applicable."""
    passed: int = 0
    not_applicable: int = 0

    @classmethod
    def of(cls, verdicts: Mapping[str, Verdict]) -> Shared:
        return cls(verdicts, *sorted_out(verdicts))


NOBODY = Shared({})


class Verdicts(dict[str, Verdict]):
    """One resource's verdicts by check: its own as a dictionary, and those that it shares."""

    __slots__ = ("shared",)

    def __init__(self, shared: Shared = NOBODY, own: Mapping[str, Verdict] | None = None) -> None:
        super().__init__(own or {})
        self.shared = shared

    def find(self, check: str) -> Verdict | None:
        """The verdict of one check, or None if it has not been run."""
        return self.get(check) or self.shared.verdicts.get(check)

    def alone(self) -> Verdicts:
        """The same, sharing nothing."""
        return Verdicts(NOBODY, {**self.shared.verdicts, **self})


def sorted_out(verdicts: Mapping[str, Verdict]) -> tuple[tuple[str, ...], int, int]:
    """The checks that are open, how many pass, how many are not applicable."""
    passed = not_applicable = 0
    still_open = []
    for name, verdict in verdicts.items():
        outcome = verdict.outcome
        if outcome is Outcome.PASS:
            passed += 1
        elif outcome is Outcome.NOT_APPLICABLE:
            not_applicable += 1
        else:
            still_open.append(name)
    return tuple(still_open), passed, not_applicable


class Settled(msgspec.Struct, frozen=True, eq=False):
    """Passes and not-applicables of one resource. Thousands of resources have dozens each, and few are looked at."""

    key: ResourceKey
    checks: tuple[Check, ...]
    verdicts: Verdicts
    folded: Mapping[str, Verdict]
    implied: Mapping[str, list[str]]
    severities: Mapping[str, Severity]

    def __iter__(self) -> Iterator[Result]:
        for check in self.checks:
            verdict = self.folded.get(check.id) or self.verdicts.find(check.id)
            if verdict is not None and verdict.outcome in _SETTLED:
                severity = effective(check, verdict, self.severities)
                implies = tuple(self.implied.get(check.id, ()))
                yield Result(check, self.key, verdict.outcome, severity, verdict, None, implies)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Iterable) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self.key)


def effective(check: Check, verdict: Verdict, severities: Mapping[str, Severity]) -> Severity:
    """How bad it is: by the policy, else by the verdict, else by the check."""
    found = severities.get(check.id)
    if found is not None:
        return found
    return check.severity if verdict.severity is None else verdict.severity
