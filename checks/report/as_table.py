"""The report for people: worst first, grouped by check, the summary with what could not be seen at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from checks.report.as_json import source
from checks.report.formats import Layout
from checks.report.report import Finding, Report
from checks.report.text import visible
from checks.report.wrap import wrapped
from checks.result import Result
from checks.verdict import Outcome, Severity
from inventory.resource import Kind
from inventory.text import clip, width

_LETTER = {
    Outcome.MANUAL: "m",
    Outcome.UNKNOWN: "?",
    Outcome.WAIVED: "a",
    Outcome.PASS: ".",
    Outcome.NOT_APPLICABLE: "-",
}
_HEADING = {
    Outcome.FAIL: "Failed",
    Outcome.MANUAL: "For a person or the configuration to decide",
    Outcome.UNKNOWN: "Could not be judged",
    Outcome.WAIVED: "Waived",
    Outcome.PASS: "Passed",
    Outcome.NOT_APPLICABLE: "Not applicable",
}
_SGR = {
    Severity.CRITICAL: "1;37;41",
    Severity.HIGH: "1;31",
    Severity.MEDIUM: "1;33",
    Severity.LOW: "36",
    Severity.INFO: "2",
}
_NAME_CELLS = 28
_INDENT = "     "
_EVIDENCE_SHOWN = 4


def render(report: Report, layout: Layout) -> Iterator[str]:
    """Blocks of results, then the summary."""
    for outcome, findings in groupby(report.findings, lambda finding: finding.result.outcome):
        yield f"{_HEADING[outcome]}\n\n"
        for _, block in groupby(findings, lambda finding: (finding.result.severity, finding.result.check.id)):
            yield "\n".join((*_block(list(block), layout), "", ""))
    if not report.findings:
        yield "Nothing to report.\n\n"
    yield "\n".join((*_summary(report, layout), ""))


def _block(block: list[Finding], layout: Layout) -> Iterator[str]:
    first = block[0].result
    yield _title(first, len(block), block[0].resource.key.kind, layout)
    if first.outcome in (Outcome.FAIL, Outcome.MANUAL, Outcome.WAIVED):
        for finding in block:
            yield from _resource(finding, layout)
    else:
        yield from _alike(block, layout)
    if first.outcome in (Outcome.FAIL, Outcome.MANUAL):
        yield from wrapped(f"fix: {visible(first.check.remediation, 2000)}", layout.width, _INDENT)


def _title(result: Result, count: int, kind: Kind, layout: Layout) -> str:
    letter = _LETTER.get(result.outcome, result.severity.word[0].upper())
    if layout.colour and result.outcome is Outcome.FAIL:
        letter = f"\x1b[{_SGR[result.severity]}m{letter}\x1b[0m"
    right = f"{result.severity.word}, {plural(count, kind.value)}"
    left = clip(f"{result.check.id}  {result.check.title}", max(layout.width - len(right) - 5, 20))
    gap = " " * max(layout.width - 3 - width(left) - len(right), 2)
    return f"{letter}  {left}{gap}{right}"


def _resource(finding: Finding, layout: Layout) -> Iterator[str]:
    result = finding.result
    name = visible(finding.resource.name) or "(no name)"
    said = "" if result.message == result.check.title else visible(result.message)
    if result.waiver is not None:
        until = f" until {result.waiver.expires}" if result.waiver.expires else ""
        said = f"{said or result.check.title}; accepted{until}: {visible(result.waiver.reason)}"
    if result.implies:
        said = f"{said or result.check.title}; implies {', '.join(result.implies)}"
    yield from _hanging(name, said, layout)
    for item in result.evidence[:_EVIDENCE_SHOWN]:
        yield from wrapped(f"{visible(item.path)} = {visible(item.value) or '(empty)'}", layout.width, _INDENT + "  ")
    if len(result.evidence) > _EVIDENCE_SHOWN:
        yield f"{_INDENT}  and {len(result.evidence) - _EVIDENCE_SHOWN} more"


def _alike(block: Iterable[Finding], layout: Layout) -> Iterator[str]:
    """Results without evidence, gathered by what they say: one line of names for each."""
    said: dict[str, list[str]] = {}
    for finding in block:
        said.setdefault(finding.result.message, []).append(visible(finding.resource.name) or "(no name)")
    for message, names in said.items():
        yield from wrapped(visible(message), layout.width, _INDENT)
        yield from wrapped(", ".join(names), layout.width, _INDENT + "  ")


def _hanging(name: str, said: str, layout: Layout) -> Iterator[str]:
    if not said:
        yield from wrapped(name, layout.width, _INDENT)
        return
    column = len(_INDENT) + _NAME_CELLS + 2
    lines = list(wrapped(said, layout.width, " " * column))
    if width(name) > _NAME_CELLS:
        yield from wrapped(name, layout.width, _INDENT)
    else:
        pad = " " * (_NAME_CELLS - width(name) + 2)
        lines[0] = f"{_INDENT}{name}{pad}{lines[0][column:]}"
    yield from lines


# -- the summary ----------------------------------------------------------------------------------------------------


def _summary(report: Report, layout: Layout) -> Iterator[str]:
    for health in report.snapshot.sources.values():
        said = source(health)
        words = (visible(str(said[name])) for name in ("kind", "target", "version", "status", "detail"))
        yield from _labelled("Source", " ".join(word for word in words if word), layout)
    seen = ", ".join(plural(count, kind.value) for kind, count in report.resources.items() if count)
    yield from _labelled("Seen", seen or "nothing", layout)
    for (name, kind), gap in report.snapshot.gaps.items():
        where = f"{visible(name)}: " if len(report.snapshot.sources) > 1 else ""
        yield from _labelled("Not seen", f"{where}{_PLURAL.get(kind, kind.value + 's')}: {visible(str(gap))}", layout)
    yield from _labelled("Verdicts", _verdicts(report), layout)
    hidden = _hidden(report)
    if hidden:
        yield from _labelled("Not shown", hidden, layout)


def _labelled(label: str, text: str, layout: Layout) -> Iterator[str]:
    lines = list(wrapped(text, layout.width, " " * 11))
    lines[0] = f"{label:<11}{lines[0][11:]}"
    return iter(lines)


def _verdicts(report: Report) -> str:
    counts = report.summary
    fails = ", ".join(f"{counts.fails[level]} {level.word}" for level in reversed(Severity) if counts.fails[level])
    words = [f"{sum(counts.fails)} failed" + (f" ({fails})" if fails else "")]
    words += [f"{counts.manual} to decide", f"{counts.unknown} unknown", f"{counts.waived} waived"]
    words += [f"{counts.passed} passed", f"{counts.not_applicable} not applicable"]
    return ", ".join(words)


def _hidden(report: Report) -> str:
    words = []
    if report.below:
        words.append(f"{report.below} below {report.filters.min_severity.word}")
    if report.known:
        words.append(f"{report.known} as in the baseline")
    return ", ".join(words)


_PLURAL = {Kind.SWARM: "swarm", Kind.HOST: "host", Kind.ENGINE: "engine"}


def plural(count: int, noun: str) -> str:
    """`1 container`, `3 containers`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
