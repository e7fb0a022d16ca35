"""Metrics for Prometheus, by way of node-exporter's textfile collector: few series, none of them named by a container.

The text is both OpenMetrics 1.0 and the Prometheus text format 0.0.4, which the collector reads: only gauges, whose
syntax is the same in both, and `# EOF`, which is a comment in the older one. Every series is there in every scan, so
that what was mended falls to 0 and does not vanish.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from checks.catalogue import catalogue
from checks.check import Domain
from checks.report.formats import Layout
from checks.report.report import Report
from checks.report.text import visible
from checks.report.words import status_of
from checks.verdict import Outcome, Severity
from checks.waivers import STATES
from inventory.snapshot import Status

Labels = Mapping[str, str]
Sample = tuple[Labels, float]
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_BY_CHECK = (Outcome.FAIL, Outcome.UNKNOWN)


def render(report: Report, layout: Layout) -> Iterator[str]:
    """Family by family."""
    yield from _scan(report)
    yield from _sources(report)
    yield from _verdicts(report)
    yield from _waivers(report)
    yield "# EOF\n"


def _family(name: str, help_: str, samples: Iterable[Sample]) -> Iterator[str]:
    full = f"deckwatch_{name}"
    yield f"# HELP {full} {help_}\n# TYPE {full} gauge\n"
    for labels, value in samples:
        told = ",".join(f'{label}="{visible(text).translate(_ESCAPES)}"' for label, text in labels.items())
        number = f"{value:.3f}".rstrip("0").rstrip(".") if value != int(value) else str(int(value))
        yield f"{full}{{{told}}} {number}\n" if told else f"{full} {number}\n"


def _scan(report: Report) -> Iterator[str]:
    yield from _family("build_info", "The version that made this.", [({"version": report.tool.version}, 1)])
    yield from _family("scan_timestamp_seconds", "When the scan began, since the epoch.", [({}, report.started)])
    yield from _family("scan_duration_seconds", "How long reading and judging took.", [({}, report.seconds)])
    kinds = [({"kind": kind.value}, float(count)) for kind, count in report.resources.items()]
    yield from _family("resources", "Objects seen; a kind that could not be read is absent.", kinds)


def _sources(report: Report) -> Iterator[str]:
    sources = report.snapshot.sources
    statuses = (Status.OK, Status.DEGRADED, Status.UNREACHABLE, Status.FORBIDDEN)
    up = [
        ({"source": name, "kind": health.kind}, float(status_of(health) in statuses[:2]))
        for name, health in sources.items()
    ]
    yield from _family("source_up", "1 if the source answered, completely or not.", up)
    each = [
        ({"source": name, "status": status.value}, float(status_of(health) is status))
        for name, health in sources.items()
        for status in statuses
    ]
    yield from _family("source_status", "1 at the status of the source.", each)
    gaps = Counter(name for name, _ in report.snapshot.gaps)
    unread = [({"source": name}, float(gaps[name])) for name in sources]
    yield from _family("source_unread_kinds", "Kinds of object that could not be read.", unread)


def _verdicts(report: Report) -> Iterator[str]:
    fails: Counter[tuple[Domain, Severity]] = Counter()
    verdicts: Counter[tuple[Domain, Outcome]] = Counter()
    by_check: Counter[tuple[str, Outcome]] = Counter()
    for result in report.results():
        verdicts[result.check.domain, result.outcome] += 1
        by_check[result.check.id, result.outcome] += 1
        if result.outcome is Outcome.FAIL:
            fails[result.check.domain, result.severity] += 1
    checks = {result.check.id: result.check for result in report.results()}
    checks |= {check.id: check for check in catalogue() if report.filters.wants(check)}
    domains = [domain for domain in Domain if any(check.domain is domain for check in checks.values())]
    yield from _family(
        "findings",
        "Failures that no waiver covers.",
        (
            ({"severity": severity.word, "domain": domain.value}, fails[domain, severity])
            for domain in domains
            for severity in reversed(Severity)
        ),
    )
    yield from _family(
        "verdicts",
        "Verdicts of every kind; unknown is what could not be read.",
        (
            ({"domain": domain.value, "verdict": outcome.value}, verdicts[domain, outcome])
            for domain in domains
            for outcome in Outcome
        ),
    )
    yield from _family(
        "check_results",
        "Objects that fail a check, and those for which it could not be told.",
        (
            ({"check": name, "domain": check.domain.value, "verdict": outcome.value}, by_check[name, outcome])
            for name, check in sorted(checks.items())
            for outcome in _BY_CHECK
        ),
    )


def _waivers(report: Report) -> Iterator[str]:
    states = Counter(item.state for item in report.waivers)
    yield from _family(
        "waivers", "Waivers of the policy by how they stand.", [({"state": state}, states[state]) for state in STATES]
    )
    if report.filters.baseline is not None:
        yield from _family("known_findings", "Findings that the baseline held already.", [({}, float(report.known))])
