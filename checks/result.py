"""A result: check, resource, verdict, effective severity, waiver. Panes, reports and exit codes are made from these."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from checks.check import Check
from checks.policy import Waiver
from checks.selectors import maker
from checks.verdict import Evidence, Outcome, Severity, Verdict
from inventory.container import Container
from inventory.resource import Resource, ResourceKey
from inventory.swarm import Service


class Result(msgspec.Struct, frozen=True):
    """`outcome` is WAIVED where a waiver covers a fail or manual verdict. `implies`: checks folded into this one.

    `lapsed` is the waiver that would cover it, had it not expired.
    """

    check: Check
    key: ResourceKey
    outcome: Outcome
    severity: Severity
    verdict: Verdict
    waiver: Waiver | None = None
    implies: tuple[str, ...] = ()
    lapsed: Waiver | None = None

    @property
    def message(self) -> str:
        """One line; the check's title where the verdict has nothing to add."""
        return self.verdict.message or self.check.title

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Where to look and what was there."""
        return self.verdict.evidence


class Summary(msgspec.Struct, frozen=True):
    """Counts of results; `fails` is indexed by severity (info first)."""

    fails: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    manual: int = 0
    unknown: int = 0
    waived: int = 0
    passed: int = 0
    not_applicable: int = 0

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst failure, or None if there is none."""
        return next((severity for severity in reversed(Severity) if self.fails[severity]), None)

    @property
    def judged(self) -> int:
        """How many verdicts there are at all."""
        return sum(self.fails) + self.manual + self.unknown + self.waived + self.passed + self.not_applicable

    @property
    def rank(self) -> tuple[int, ...]:
        """Sorts the worst first when reversed: counts from critical down, then manual and unknown."""
        return (*reversed(self.fails), self.manual, self.unknown)

    def __add__(self, other: Summary) -> Summary:
        """The counts of both."""
        a, b = self.fails, other.fails
        return Summary(
            (a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4]),
            self.manual + other.manual,
            self.unknown + other.unknown,
            self.waived + other.waived,
            self.passed + other.passed,
            self.not_applicable + other.not_applicable,
        )


NOTHING = Summary()


def summarise(results: Iterable[Result]) -> Summary:
    """Count results by outcome and severity."""
    return count(results, 0, 0)


def count(results: Iterable[Result], passed: int, not_applicable: int) -> Summary:
    """Count results, on top of so many passes and not-applicables that were counted already."""
    fails = [0, 0, 0, 0, 0]
    counts = dict.fromkeys(Outcome, 0)
    for result in results:
        if result.outcome is Outcome.FAIL:
            fails[result.severity] += 1
        else:
            counts[result.outcome] += 1
    return Summary(
        (fails[0], fails[1], fails[2], fails[3], fails[4]),
        counts[Outcome.MANUAL],
        counts[Outcome.UNKNOWN],
        counts[Outcome.WAIVED],
        passed + counts[Outcome.PASS],
        not_applicable + counts[Outcome.NOT_APPLICABLE],
    )


class Judgement(msgspec.Struct, frozen=True):
    """All verdicts on one resource. `results` holds everything but passes and not-applicables, worst first."""

    results: tuple[Result, ...] = ()
    settled: Iterable[Result] = ()
    summary: Summary = NOTHING

    @property
    def passed(self) -> tuple[Result, ...]:
        """Passes and not-applicables; made when they are asked for."""
        return tuple(self.settled)


UNJUDGED = Judgement()


class Evaluation(msgspec.Struct, frozen=True):
    """All verdicts at one moment. A resource that is missing here has not been judged yet: that is never *ok*."""

    generation: int = 0
    judgements: Mapping[ResourceKey, Judgement] = msgspec.field(default_factory=dict)
    total: Summary = NOTHING
    seconds: float = 0.0

    def of(self, key: ResourceKey) -> Judgement | None:
        """The judgement of one resource, or None while it has not been judged."""
        return self.judgements.get(key)

    def results(self) -> Iterable[Result]:
        """Every result that is not a pass and not not-applicable."""
        for judgement in self.judgements.values():
            yield from judgement.results


def identity(resource: Resource) -> str:
    """What survives a restart or a re-creation: project or stack and name, never the id."""
    made = maker(resource)
    if made is not None:  # a pod's own name is new each time
        return f"{resource.key.kind}/{made.kind}/{made.id}"
    return f"{resource.key.kind}/{project(resource)}/{lasting_name(resource)}"


def project(resource: Resource) -> str:
    """The Compose project, Swarm stack or Kubernetes namespace that it belongs to; "" if none."""
    if isinstance(resource, Container):
        return _text(resource, "project")
    if "namespace" in resource.field_names:
        return _text(resource, "namespace")
    return _text(resource, "stack") if isinstance(resource, Service) else ""


def lasting_name(resource: Resource) -> str:
    """The name, without the task id that Swarm ends a container's name with: `web.1.x2k...` is `web.1` each time."""
    task = _text(resource, "task_id") if isinstance(resource, Container) else ""
    return resource.name.removesuffix(f".{task}") if task else resource.name


def fingerprint(check_id: str, resource: Resource, salient: str = "") -> str:
    """Stable over restarts: 32 hex digits of check id, object identity and salient value (catalogue, rule 14)."""
    text = "\0".join((check_id, identity(resource), salient))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _text(resource: Resource, field_name: str) -> str:
    value = resource.peek(field_name)
    return value if isinstance(value, str) else ""
