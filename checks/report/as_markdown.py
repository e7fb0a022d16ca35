"""GitHub-flavoured Markdown for tickets, wikis and comments: the totals first, then the findings, worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

from checks.frameworks.tally import outcomes
from checks.report import words
from checks.report.formats import Layout
from checks.report.html.frameworks import OWN
from checks.report.markdown_text import advice, cell, code, prose
from checks.report.report import Finding, Report
from checks.result import Result
from checks.verdict import Outcome, Severity
from checks.waivers import Standing, scope
from inventory.engine import Engine

_SHOWN = 20  # objects of one check; a comment of a forge holds 64 KiB
_OPEN_ITEMS = (Outcome.FAIL, Outcome.UNKNOWN)


def render(report: Report, layout: Layout) -> Iterator[str]:
    """Sections, each ended by an empty line."""
    yield from _head(report)
    yield from _totals(report)
    yield from _seen(report)
    for title, part in groupby(report.findings, _title):
        found = list(part)
        yield f"## {title} ({len(found)})\n\n"
        for _, block in groupby(found, lambda finding: (finding.result.severity, finding.result.check.id)):
            yield from _block(list(block))
    if not report.findings:
        yield "Nothing to report.\n\n"
    yield from _benchmarks(report)
    yield from _waivers(report)
    yield f"Made by {report.tool.name} {report.tool.version}.\n"


def _head(report: Report) -> Iterator[str]:
    names = [engine.name for engine in report.snapshot.of(Engine)] or [*report.snapshot.sources]
    when = datetime.fromtimestamp(report.started, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    yield f"# Container host report: {', '.join(code(name) for name in names)}\n\n{when}\n\n"


def _totals(report: Report) -> Iterator[str]:
    fails, counts = report.summary.fails, report.summary
    columns = [(severity.word, fails[severity]) for severity in reversed(Severity)]
    columns += [("to decide", counts.manual), ("unknown", counts.unknown), ("waived", counts.waived)]
    columns += [("passed", counts.passed), ("not applicable", counts.not_applicable)]
    yield from _table([name for name, _ in columns], [[str(count) for _, count in columns]], right=True)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: bool = False) -> Iterator[str]:
    yield f"| {' | '.join(head)} |\n"
    yield f"|{'|'.join('---:' if right and number else '---' for number in range(len(head)))}|\n"
    yield from (f"| {' | '.join(row)} |\n" for row in rows)
    yield "\n"


def _seen(report: Report) -> Iterator[str]:
    for said in words.sources(report):
        yield f"- Source: {code(said)}\n"
    yield f"- Seen: {words.seen(report)}\n"
    for said in words.unseen(report):
        yield f"- Not seen: {prose(said)}\n"
    if said := words.baseline(report):
        yield f"- Baseline: {prose(said)}\n"
    if said := words.not_shown(report):
        yield f"- Not shown: {said}\n"
    yield "\n"


# -- findings --------------------------------------------------------------------------------------------------------


def _title(finding: Finding) -> str:
    result = finding.result
    return result.severity.word.capitalize() if result.outcome is Outcome.FAIL else words.HEADING[result.outcome]


def _block(block: Sequence[Finding]) -> Iterator[str]:
    first = block[0].result
    what = words.several(finding.resource.key.kind for finding in block)
    level = "" if first.outcome is Outcome.FAIL else f", {first.severity.word}"
    yield f"**{first.check.id} {prose(first.check.title)}** ({what}{level})\n\n"
    by_message: dict[str, list[str]] = {}
    for finding in block:
        by_message.setdefault(finding.result.message, []).append(_name(finding))
    for message, names in list(by_message.items())[:_SHOWN]:
        said = "" if message == first.check.title else f": {prose(message)}"
        yield f"- {', '.join(names[:_SHOWN])}{_more(len(names))}{said}\n"
    if len(by_message) > _SHOWN:
        yield f"- and {len(by_message) - _SHOWN} more\n"
    yield "\n<details><summary>Evidence and remediation</summary>\n\n"
    for finding in block[:_SHOWN]:
        yield from _evidence(finding)
    if len(block) > _SHOWN:
        yield f"- and {len(block) - _SHOWN} more\n"
    yield f"\nWhy: {advice(first.check.why)}\n\nWhat to do: {advice(block[0].remediation)}\n\n"
    yield f"References: {', '.join(code(name) for name in first.check.references)}\n\n</details>\n\n"


def _name(finding: Finding) -> str:
    place = finding.place
    return f"{code(finding.resource.called)}{f' ({code(str(place))})' if place else ''}"


def _more(count: int) -> str:
    return f" and {count - _SHOWN} more" if count > _SHOWN else ""


def _evidence(finding: Finding) -> Iterator[str]:
    proof = [
        f"{code(item.path)} = {code(item.value)}{f' ({code(str(item.place))})' if item.place else ''}"
        for item in finding.proof
    ]
    proof += _notes(finding.result)
    yield f"- {code(finding.resource.called)}{': ' if proof else ''}{'; '.join(proof)}\n"


def _notes(result: Result) -> Iterator[str]:
    if result.waiver is not None:
        until = f" until {result.waiver.expires}" if result.waiver.expires else ""
        owner = f" by {prose(result.waiver.owner)}" if result.waiver.owner else ""
        yield f"accepted{until}{owner}: {prose(result.waiver.reason)}"
    if result.lapsed is not None:
        yield f"was accepted until {result.lapsed.expires}, which is over: {prose(result.lapsed.reason)}"
    if result.implies:
        yield f"implies {', '.join(result.implies)}"


# -- benchmarks and waivers ------------------------------------------------------------------------------------------


def _benchmarks(report: Report) -> Iterator[str]:
    found = [(framework, rows) for framework, rows in report.benchmarks if framework.id != OWN]
    yield "## Benchmarks\n\n"
    rows = [
        [prose(f"{framework.title} {framework.version}"), *(str(count) for count in outcomes(items).values())]
        for framework, items in found
    ]
    yield from _table(["items of", *(words.VERDICT[outcome] for outcome in Outcome)], rows, right=True)
    for framework, items in found:
        open_items = [row for row in items if row.outcome in _OPEN_ITEMS]
        if not open_items:
            continue
        yield f"<details><summary>{prose(framework.title)}: what fails or is unknown</summary>\n\n"
        lines = [
            [row.item.id, prose(row.item.title), words.VERDICT[row.outcome], ", ".join(row.item.checks)]
            for row in open_items
        ]
        yield from _table(["item", "requirement", "verdict", "checks"], lines)
        yield "</details>\n\n"


def _waivers(report: Report) -> Iterator[str]:
    found = words.waivers(report)
    if found:
        yield "## Waivers\n\n"
        yield from _table(["state", "check", "scope", "reason", "owner", "until", "findings"], [*map(_row, found)])


def _row(item: Standing) -> list[str]:
    held = item.waiver
    said = (held.check, scope(held), held.reason, held.owner)
    return [item.state, *map(cell, said), str(held.expires or "no end"), str(item.covers)]
