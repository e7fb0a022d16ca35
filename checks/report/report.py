"""The value that every report format is made from, and which results it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from checks.check import Check
from checks.news import CHECK as NEWS
from checks.podman import flavour_of, remediation
from checks.policy import Policy
from checks.report.places import Place, Proof, place, proof
from checks.result import NOTHING, Evaluation, Result, Summary, fingerprint, summarise
from checks.verdict import Outcome, Severity
from checks.waivers import Standing, standing
from inventory.resource import OBJECTS, Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot

if TYPE_CHECKING:
    from checks.frameworks.tally import Benchmarks
    from checks.report.baseline import Baseline

_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}
_SETTLED = (Outcome.PASS, Outcome.NOT_APPLICABLE)


class Tool(msgspec.Struct, frozen=True):
    """Who made the report."""

    name: str
    version: str


class Filters(msgspec.Struct, frozen=True):
    """What the reader asked for. `only` and `skip` hold domains, check ids and globs of ids (`RUN-0*`)."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    min_severity: Severity = Severity.INFO
    everything: bool = False  # also passes and not applicable
    baseline: Baseline | None = None
    keys: frozenset[ResourceKey] | None = None  # None: every resource

    def covers(self, key: ResourceKey) -> bool:
        """Whether results on this resource are part of the report at all."""
        return self.keys is None or key in self.keys

    def wants(self, check: Check) -> bool:
        """Whether results of this check are part of the report at all."""
        if self.only and not any(covers(pattern, check) for pattern in self.only):
            return False
        return not any(covers(pattern, check) for pattern in self.skip)


class Finding(msgspec.Struct, frozen=True):
    """One result with the resource that it is about; `flavour` is that of its engine."""

    result: Result
    resource: Resource
    flavour: str = "docker"

    @property
    def remediation(self) -> str:
        """What to do, in the words of the engine."""
        return remediation(self.result.check, self.flavour)

    @property
    def place(self) -> Place | None:
        """Where in a file it stands, None for what no file told."""
        return place(self.resource, self.result)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The evidence, with the lines of files where they are known."""
        return tuple(proof(self.resource, self.result))

    @property
    def fingerprint(self) -> str:
        """What stays the same over restarts; made when a format asks for it, most findings are never shown."""
        return fingerprint(self.result.check.id, self.resource, self.result.verdict.salient)


class Report(msgspec.Struct, frozen=True):
    """One scan.

    `started` is in epoch seconds. `findings` are those to show, worst first. `summary` counts all verdicts of the
    wanted checks, also those that are not shown: `below` were under the minimum severity, `known` in the baseline.
    `fails` are the severities of all failures that count for the exit status. `evaluation` holds all verdicts, of every
    check, and `policy` what they were judged by.
    """

    tool: Tool
    started: float
    seconds: float
    snapshot: Snapshot
    filters: Filters = msgspec.field(default_factory=Filters)
    findings: tuple[Finding, ...] = ()
    summary: Summary = NOTHING
    below: int = 0
    known: int = 0
    fails: frozenset[Severity] = frozenset()
    evaluation: Evaluation = msgspec.field(default_factory=Evaluation)
    policy: Policy = msgspec.field(default_factory=Policy)

    @property
    def waivers(self) -> tuple[Standing, ...]:
        """Every waiver of the policy and how it stands."""
        return standing(self.policy, self.evaluation, datetime.fromtimestamp(self.snapshot.taken_at, UTC).date())

    def results(self) -> Iterator[Result]:
        """Every verdict of the wanted checks, shown or not, passes included."""
        chosen: dict[Check, bool] = {}
        for key, judgement in self.evaluation.judgements.items():
            if self.snapshot.get(key) is not None and self.filters.covers(key):
                for result in (*judgement.results, *judgement.passed):
                    if _chosen(result.check, self.filters, chosen):
                        yield result

    @property
    def benchmarks(self) -> Benchmarks:
        """Every framework with the verdict on each of its items: of all checks, whatever the filters leave out."""
        from checks.frameworks.tally import benchmarks  # most formats have no use for it

        return benchmarks(self.evaluation, self.snapshot)

    @property
    def resources(self) -> Mapping[Kind, int]:
        """How many resources of each kind were seen; kinds that could not be read at all are left out."""
        return {kind: self.snapshot.count(kind) for kind in OBJECTS if self._seen(kind)}

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst failure that counts for the exit status."""
        return max(self.fails, default=None)

    def _seen(self, kind: Kind) -> bool:
        if self.snapshot.count(kind):
            return True
        return kind is not Kind.HOST and not any(gap_kind is kind for _, gap_kind in self.snapshot.gaps)


def covers(pattern: str, check: Check) -> bool:
    """Whether a domain name, a check id, a glob of ids or the letters before their number mean this check."""
    wanted = pattern.upper()
    return (
        pattern.lower() == check.domain.value or fnmatchcase(check.id, wanted) or check.id.partition("-")[0] == wanted
    )


def report(
    tool: Tool,
    started: float,
    seconds: float,
    snapshot: Snapshot,
    evaluation: Evaluation,
    filters: Filters | None = None,
    policy: Policy | None = None,
) -> Report:
    """Select what to show from an evaluation of this snapshot, which was judged by this policy."""
    filters, policy = filters or Filters(), policy or Policy()
    if filters.baseline is not None:
        from checks.report.since import concluded  # most scans have no baseline

        evaluation = concluded(snapshot, evaluation, policy, filters.baseline, filters.wants)
    wanted = tuple(_wanted(snapshot, evaluation, filters))
    fresh = tuple(finding for finding in wanted if not _is_known(finding, filters.baseline))
    shown = [finding for finding in fresh if finding.result.severity >= filters.min_severity]
    return Report(
        tool=tool,
        started=started,
        seconds=seconds,
        snapshot=snapshot,
        filters=filters,
        findings=tuple(sorted((finding for finding in shown if _asked(finding, filters)), key=_order)),
        summary=_summary(snapshot, evaluation, filters),
        below=_notable(fresh) - _notable(shown),
        known=_notable(wanted) - _notable(fresh),
        fails=frozenset(item.result.severity for item in fresh if item.result.outcome is Outcome.FAIL),
        evaluation=evaluation,
        policy=policy,
    )


def _wanted(snapshot: Snapshot, evaluation: Evaluation, filters: Filters) -> Iterator[Finding]:
    """What may be shown; passes and not-applicables, of which there are many, only where they are asked for."""
    chosen: dict[Check, bool] = {}
    flavours = {source: flavour_of(snapshot, source) for source in snapshot.sources}
    for key, judgement in evaluation.judgements.items():
        resource = snapshot.get(key)
        if resource is None or not filters.covers(key):
            continue
        for result in (*judgement.results, *judgement.passed) if filters.everything else judgement.results:
            if _chosen(result.check, filters, chosen):
                yield Finding(result, resource, flavours.get(key.source, "docker"))


def _summary(snapshot: Snapshot, evaluation: Evaluation, filters: Filters) -> Summary:
    judgements = [
        judgement
        for key, judgement in evaluation.judgements.items()
        if snapshot.get(key) is not None and filters.covers(key)
    ]
    if not filters.only and not filters.skip:
        return sum((judgement.summary for judgement in judgements), NOTHING)
    chosen: dict[Check, bool] = {}
    results = (result for judgement in judgements for result in (*judgement.results, *judgement.passed))
    return summarise(result for result in results if _chosen(result.check, filters, chosen))


def _chosen(check: Check, filters: Filters, known: dict[Check, bool]) -> bool:
    if check not in known:
        known[check] = filters.wants(check)
    return known[check]


def _is_known(finding: Finding, baseline: Baseline | None) -> bool:
    result = finding.result
    if baseline is None or result.check.id == NEWS:
        return False
    before = baseline.known.get((finding.fingerprint, result.outcome.value))
    return before is not None and result.severity <= before


def _asked(finding: Finding, filters: Filters) -> bool:
    return filters.everything or finding.result.outcome not in _SETTLED


def _notable(findings: Iterable[Finding]) -> int:
    return sum(finding.result.outcome not in _SETTLED for finding in findings)


def _order(finding: Finding) -> tuple[object, ...]:
    result, resource = finding.result, finding.resource
    key = resource.key
    return (_RANK[result.outcome], -result.severity, result.check.id, key.kind, resource.name, key.source, key.id)
