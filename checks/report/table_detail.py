"""The findings of the table with all that is known of each: `scan --verbose`. Grouped by check, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from checks.report.formats import Layout
from checks.report.report import Finding, Report
from checks.report.table_mark import mark
from checks.report.text import visible
from checks.report.words import HEADING, several
from checks.report.wrap import wrapped
from checks.result import Result
from checks.verdict import Outcome
from inventory.text import clip, width

_NAME_CELLS = 28
_INDENT = "     "
_EVIDENCE_SHOWN = 4


def blocks(report: Report, layout: Layout) -> Iterator[str]:
    """A block of lines for each verdict and check."""
    for outcome, findings in groupby(report.findings, lambda finding: finding.result.outcome):
        yield f"{HEADING[outcome]}\n\n"
        for _, block in groupby(findings, lambda finding: (finding.result.severity, finding.result.check.id)):
            yield "\n".join((*_block(list(block), layout), "", ""))


def _block(block: list[Finding], layout: Layout) -> Iterator[str]:
    first = block[0].result
    yield _title(first, several(finding.resource.key.kind for finding in block), layout)
    if first.outcome in (Outcome.FAIL, Outcome.MANUAL, Outcome.WAIVED):
        for finding in block:
            yield from _resource(finding, layout)
    else:
        yield from _alike(block, layout)
    if first.outcome in (Outcome.FAIL, Outcome.MANUAL):
        yield from wrapped(f"fix: {visible(block[0].remediation, 2000)}", layout.width, _INDENT)


def _title(result: Result, what: str, layout: Layout) -> str:
    right = f"{result.severity.word}, {what}"
    left = clip(f"{result.check.id}  {result.check.title}", max(layout.width - len(right) - 5, 20))
    gap = " " * max(layout.width - 3 - width(left) - len(right), 2)
    return f"{mark(result, layout.colour)}  {left}{gap}{right}"


def _resource(finding: Finding, layout: Layout) -> Iterator[str]:
    result = finding.result
    name = visible(finding.resource.called) or "(no name)"
    said = "" if result.message == result.check.title else visible(result.message)
    if result.waiver is not None:
        until = f" until {result.waiver.expires}" if result.waiver.expires else ""
        said = f"{said or result.check.title}; accepted{until}: {visible(result.waiver.reason)}"
    if result.implies:
        said = f"{said or result.check.title}; implies {', '.join(result.implies)}"
    yield from _hanging(name, said, layout)
    for item in finding.proof[:_EVIDENCE_SHOWN]:
        place = f" ({visible(str(item.place))})" if item.place else ""
        told = f"{visible(item.path)} = {visible(item.value) or '(empty)'}{place}"
        yield from wrapped(told, layout.width, _INDENT + "  ")
    if len(result.evidence) > _EVIDENCE_SHOWN:
        yield f"{_INDENT}  and {len(result.evidence) - _EVIDENCE_SHOWN} more"


def _alike(block: Iterable[Finding], layout: Layout) -> Iterator[str]:
    """Results without evidence, gathered by what they say: one line of names for each."""
    said: dict[str, list[str]] = {}
    for finding in block:
        said.setdefault(finding.result.message, []).append(visible(finding.resource.called) or "(no name)")
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
