"""JUnit XML for continuous integration: a test suite for each domain, a test case for each check on each object.

There is no one schema; this keeps to what Jenkins' xUnit plugin and the common readers agree on. A failure is
`failure`; what is unknown, to decide, waived or not applicable is `skipped` with the reason: neither good nor bad news.
A source that could not be read is an `error`, so that an empty report is never green.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from checks.check import Domain
from checks.report import words
from checks.report.formats import Layout
from checks.report.report import Finding, Report
from checks.report.text import visible
from checks.verdict import Outcome
from inventory.engine import Engine
from inventory.snapshot import SourceHealth, Status

_READ = (Status.OK, Status.DEGRADED)


class Case(NamedTuple):
    """A test case. `kind` is "" for one that passed, else the element that says why it did not."""

    group: str
    name: str
    kind: str = ""
    type: str = ""
    message: str = ""
    text: str = ""


class Suite(NamedTuple):
    """Test cases under one name."""

    name: str
    cases: Sequence[Case]

    def count(self, kind: str) -> int:
        """How many of them ended in this way."""
        return sum(case.kind == kind for case in self.cases)


def render(report: Report, layout: Layout) -> Iterator[str]:
    """One document; each case stands on lines of its own."""
    suites = [Suite("deckwatch.sources", [*_sources(report)]), *_domains(report)]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="deckwatch" time="{report.seconds:.3f}"{_counts(*suites)}>\n'
    for suite in suites:
        yield from _suite(suite, report)
    yield "</testsuites>\n"


def _suite(suite: Suite, report: Report) -> Iterator[str]:
    when = datetime.fromtimestamp(report.started, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    host = next((engine.name for engine in report.snapshot.of(Engine)), "localhost")
    yield f'<testsuite name={quoteattr(suite.name)}{_counts(suite)} time="0" timestamp="{when}"'
    yield f" hostname={_attribute(host)}>\n"
    for case in suite.cases:
        yield from _case(case)
    yield "</testsuite>\n"


def _counts(*suites: Suite) -> str:
    counts = {"tests": sum(len(suite.cases) for suite in suites)}
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counts[name] = sum(suite.count(kind) for suite in suites)
    return "".join(f' {name}="{count}"' for name, count in counts.items())


def _case(case: Case) -> Iterator[str]:
    yield f'<testcase classname={_attribute(case.group)} name={_attribute(case.name)} time="0"'
    if not case.kind:
        yield "/>\n"
        return
    kind = f" type={_attribute(case.type)}" if case.kind != "skipped" else ""
    yield f"><{case.kind}{kind} message={_attribute(case.message)}"
    yield f">{escape(_legal(case.text))}</{case.kind}></testcase>\n" if case.text else "/></testcase>\n"


# -- the cases -------------------------------------------------------------------------------------------------------


def _sources(report: Report) -> Iterator[Case]:
    for name, health in report.snapshot.sources.items():
        yield _source(name, health)
    for name, kinds, why in words.unread(report):
        yield Case(
            "sources", f"{name}: {', '.join(kind.value for kind in kinds)}", "skipped", message=f"not read: {why}"
        )


def _source(name: str, health: SourceHealth) -> Case:
    status = words.status_of(health)
    said = " ".join(word for word in (health.kind, health.target, health.version) if word)
    if status in _READ:
        return Case("sources", f"{name}: {said}")
    return Case("sources", f"{name}: {said}", "error", status.value, health.detail or status.value)


def _domains(report: Report) -> Iterator[Suite]:
    for domain in Domain:
        found = [finding for finding in report.findings if finding.result.check.domain is domain]
        if found:
            yield Suite(f"deckwatch.{domain.value}", [*_cases(found)])


def _cases(findings: Sequence[Finding]) -> Iterator[Case]:
    taken: set[tuple[str, str]] = set()
    for finding in findings:
        result, resource = finding.result, finding.resource
        name = f"{resource.key.kind.value} {resource.called}"
        if (result.check.id, name) in taken:  # readers take cases of one name for one case
            name += f" ({resource.key.source} {resource.key.id})"
        taken.add((result.check.id, name))
        group = f"{result.check.domain.value}.{result.check.id} {result.check.title}"
        yield Case(group, name, *_verdict(finding))


def _verdict(finding: Finding) -> tuple[str, str, str, str]:
    result = finding.result
    said = f"{result.severity.word}: {f'{finding.place}: ' if finding.place else ''}{result.message}"
    if result.outcome is Outcome.PASS:
        return "", "", "", ""
    if result.outcome is Outcome.FAIL:
        return "failure", result.severity.word, said, "\n".join(_proof(finding))
    if result.waiver is not None:
        until = f" until {result.waiver.expires}" if result.waiver.expires else ""
        owner = f" by {result.waiver.owner}" if result.waiver.owner else ""
        return "skipped", "", f"waived{until}{owner}: {result.waiver.reason} ({said})", ""
    return "skipped", "", f"{words.VERDICT[result.outcome]}: {result.message}", ""


def _proof(finding: Finding) -> Iterator[str]:
    result = finding.result
    for item in finding.proof:
        yield f"{visible(item.path)} = {visible(item.value)}{f' ({visible(str(item.place))})' if item.place else ''}"
    if result.lapsed is not None:
        yield f"was accepted until {result.lapsed.expires}, which is over: {visible(result.lapsed.reason)}"
    if result.implies:
        yield f"implies {', '.join(result.implies)}"
    yield f"remediation: {visible(finding.remediation, 4000)}"
    yield f"references: {', '.join(result.check.references)}"


# -- XML -------------------------------------------------------------------------------------------------------------


def _attribute(text: str) -> str:
    return quoteattr(_legal(visible(text, 1000)))


def _legal(text: str) -> str:
    """Two code points are harmless on a terminal and still no XML 1.0 (section 2.2)."""
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
