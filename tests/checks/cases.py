"""What a case of a check is, and how it is judged: by the engine, like everything else."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from checks.catalogue import PACKAGES, catalogue
from checks.check import Check
from checks.engine import Engine as CheckEngine
from checks.policy import Policy
from checks.result import Result
from checks.verdict import Outcome, Severity
from inventory.gap import Gap
from inventory.resource import Resource
from inventory.snapshot import Event, GapKey, Snapshot
from tests.checks.builders import NOW, engine

ENGINE = engine()


@dataclass(frozen=True)
class Case:
    """One check on one subject. `others` join the subject in the snapshot; `severity` None: not looked at."""

    check: str
    subject: Resource
    expected: Outcome
    severity: Severity | None = None
    others: tuple[Resource, ...] = (ENGINE,)
    gaps: Mapping[GapKey, Gap] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    now: float = NOW
    policy: Policy = field(default_factory=Policy)
    note: str = ""

    def __str__(self) -> str:
        """What a failing test is called."""
        return f"{self.check}-{self.expected}-{self.note or self.subject.name}"


def snapshot(
    resources: Iterable[Resource],
    gaps: Mapping[GapKey, Gap] | None = None,
    events: tuple[Event, ...] = (),
    now: float = NOW,
) -> Snapshot:
    """A snapshot of exactly these."""
    by_kind: dict[object, dict[object, Resource]] = {}
    for resource in resources:
        by_kind.setdefault(resource.key.kind, {})[resource.key] = resource
    return Snapshot(1, now, by_kind, {}, dict(gaps or {}), events)  # type: ignore[arg-type]  # built kind by kind


def check_of(check_id: str) -> Check:
    """The registered check of this id."""
    return next(check for check in catalogue() if check.id == check_id)


def judge(case: Case) -> Result:
    """The result of the case's check on its subject; a derived check is judged after all others."""
    check = check_of(case.check)
    return results(catalogue() if check.derived else (check,), case)[case.check]


def results(checks: Iterable[Check], case: Case) -> dict[str, Result]:
    """The results of several checks on the case's subject, folded as the engine folds them."""
    state = snapshot((*case.others, case.subject), case.gaps, case.events, case.now)
    judgement = CheckEngine(checks, case.policy).evaluate(state).of(case.subject.key)
    assert judgement is not None
    return {result.check.id: result for result in (*judgement.results, *judgement.passed)}


def all_cases() -> Iterator[Case]:
    """The cases of every domain: `CASES` of each tests/checks/<domain>/cases*.py."""
    here = Path(__file__).parent
    for domain in PACKAGES:
        for module in sorted((here / domain).glob("cases*.py")):
            yield from importlib.import_module(f"tests.checks.{domain}.{module.stem}").CASES
