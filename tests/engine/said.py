"""Verdicts of a reading, in the words of the truth files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checks.result import Result
from checks.verdict import Outcome, Severity
from inventory.resource import Resource
from lab import truth
from lab.truth import Subject


@dataclass(frozen=True, slots=True)
class Said:
    """One verdict that is not a pass; `check` is its own, or one that is folded into it."""

    about: Subject
    check: str
    outcome: Outcome
    severity: Severity
    text: str

    @property
    def fails(self) -> bool:
        return self.outcome is Outcome.FAIL

    @property
    def unasked(self) -> bool:
        """Whether it is open because no image was looked into, which happens only when somebody asks for it."""
        return self.outcome is Outcome.UNKNOWN and "scan --deep" in self.text

    @property
    def loud(self) -> bool:
        return self.outcome in (Outcome.FAIL, Outcome.MANUAL) and self.severity >= Severity.MEDIUM


def said_of(result: Result, resource: Resource, known: Subject | None = None) -> Iterator[Said]:
    """A result and what is folded into it; `known` where the subject is called otherwise than by its name."""
    for check in (result.check.id, *result.implies):
        about = known or truth.subject(resource.kind.value, resource.name, resource.labels, check)
        yield Said(about, check, result.outcome, result.severity, f"{resource.name!r}: {check} {result.message}")
