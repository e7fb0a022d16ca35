"""The same results in the order of published frameworks."""

from __future__ import annotations

from collections.abc import Iterator

from checks.frameworks.framework import Framework
from checks.frameworks.tally import Row, outcomes
from checks.report import words
from checks.report.html.charts import Bar, Part, chart
from checks.report.html.text import shown
from checks.report.report import Report
from checks.verdict import Outcome

OWN = "domains"  # this program's own order, in which the findings stand anyway


def benchmarks(report: Report) -> Iterator[str]:
    """One block for each framework."""
    yield '<h2 id="benchmarks">Benchmarks</h2>\n'
    yield "<p>The verdict on an item is the worst of the checks that stand for it. Items that nobody but a person can "
    yield "judge are to decide, never passed."
    if report.filters.only or report.filters.skip:
        yield " All checks count here, also those that this report leaves out."
    yield "</p>\n"
    linked = {finding.result.check.id for finding in report.findings}
    for framework, rows in report.benchmarks:
        if framework.id != OWN:
            yield from _framework(framework, rows, linked)


def _framework(framework: Framework, rows: tuple[Row, ...], linked: set[str]) -> Iterator[str]:
    counts = outcomes(rows)
    told = ", ".join(f"{count} {words.VERDICT[outcome]}" for outcome, count in counts.items() if count)
    yield f"<details><summary><b>{shown(framework.title)} {shown(framework.version)}</b> "
    yield f'<span class="dim">{words.plural(len(rows), "item")}: {told}</span></summary><div>'
    bars = [Bar(words.VERDICT[outcome], (Part(outcome.value, count),)) for outcome, count in counts.items()]
    yield '<div class="charts">'
    yield from chart("Items by verdict", bars)
    yield "</div>"
    for section, items in framework.sections().items():
        wanted = {item.id for item in items}
        yield f'<h4>{shown(section)}</h4><table class="b"><tbody>\n'
        yield from (_row(row, linked) for row in rows if row.item.id in wanted)
        yield "</tbody></table>"
    yield "</div></details>\n"


def _row(row: Row, linked: set[str]) -> str:
    checks = ", ".join(f'<a href="#{name}">{name}</a>' if name in linked else name for name in row.item.checks)
    worst = row.worst
    told = words.VERDICT[row.outcome] + (f", {worst.word}" if worst is not None and row.outcome is Outcome.FAIL else "")
    style = worst.word if worst is not None and row.outcome is Outcome.FAIL else row.outcome.value
    why = f'<br><span class="dim">{shown(row.why)}</span>' if row.why else ""
    failing = f" on {row.resources}" if row.resources else ""
    return (
        f'<tr><td class="id">{shown(row.item.id)}<td>{shown(row.item.title)}{why}'
        f'<td class="c">{checks}<td class="n"><span class="tag {style}">{told}</span>{failing}\n'
    )
