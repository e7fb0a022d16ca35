"""The top of the page: what was looked at, what was found, what could not be seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from checks.check import Domain
from checks.report import words
from checks.report.html.charts import Bar, Part, chart
from checks.report.html.text import shown
from checks.report.report import Report
from checks.verdict import Outcome, Severity
from inventory.engine import Engine
from inventory.snapshot import Status

_WORST_FIRST = tuple(reversed(Severity))
_REASONS = 12


def title(report: Report) -> str:
    """The hosts by name, else the sources."""
    names = [engine.name for engine in report.snapshot.of(Engine)] or [*report.snapshot.sources]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return shown(", ".join(names[:3])) + more


def head(report: Report) -> Iterator[str]:
    """Title, lead and the way to the parts of the page."""
    when = datetime.fromtimestamp(report.started, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    yield f"<header><h1>Container host report: {title(report)}</h1>\n"
    yield f'<p class="dim">{when}, {shown(report.tool.name)} {shown(report.tool.version)}, '
    yield f"read and judged in {report.seconds:.1f} s</p>\n"
    yield f'<p class="lead">{_lead(report)}</p>\n'
    if said := words.baseline(report):
        yield f"<p><b>Compared with a baseline:</b> {shown(said)}</p>\n"
    if said := words.not_shown(report):
        yield f"<p><b>Not shown:</b> {shown(said)}</p>\n"
    yield '<nav aria-label="Parts of this report"><a href="#seen">What was seen</a>'
    yield '<a href="#findings">Findings</a><a href="#benchmarks">Benchmarks</a><a href="#waivers">Waivers</a></nav>'
    yield "</header>\n"


def _lead(report: Report) -> str:
    fails, counts = report.summary.fails, report.summary
    worst = [f"{fails[level]} {level.word}" for level in (Severity.CRITICAL, Severity.HIGH) if fails[level]]
    found = f"<b>{' and '.join(worst)}</b> findings" if worst else "No critical and no high findings"
    missing = sum(health.status is not Status.OK for health in report.snapshot.sources.values())
    doubt = []
    if counts.unknown:
        doubt.append(f"{words.plural(counts.unknown, 'verdict')} could not be reached")
    if missing:
        doubt.append(f"{words.plural(missing, 'source')} could not be read completely")
    return f"{found}; {words.plural(sum(fails), 'failure')} in all. {'; '.join(doubt)}{'.' if doubt else ''}"


def tiles(report: Report) -> Iterator[str]:
    """The totals."""
    fails, counts = report.summary.fails, report.summary
    numbers = [(level.word, level.word, fails[level]) for level in _WORST_FIRST]
    numbers += [("manual", "to decide", counts.manual), ("unknown", "unknown", counts.unknown)]
    numbers += [("waived", "waived", counts.waived), ("pass", "passed", counts.passed)]
    yield '<ul class="tiles" aria-label="Totals">'
    yield from (f'<li class="{style}"><b>{count}</b><span>{label}</span></li>' for style, label, count in numbers)
    yield "</ul>\n"


def charts(report: Report) -> Iterator[str]:
    """By severity, by domain, by verdict."""
    fails = report.summary.fails
    by_domain: Counter[tuple[Domain, Severity]] = Counter()
    for result in report.results():
        if result.outcome is Outcome.FAIL:
            by_domain[result.check.domain, result.severity] += 1
    domains = []
    for domain in Domain:
        parts = tuple(Part(severity.word, by_domain[domain, severity]) for severity in _WORST_FIRST)
        domains.append(
            Bar(domain.value, parts, ", ".join(f"{part.number} {part.style}" for part in parts if part.number))
        )
    verdicts = [
        Bar(words.VERDICT[outcome], (Part(outcome.value, count),))
        for outcome, count in words.counts(report.summary).items()
    ]
    yield '<div class="charts">'
    yield from chart("Failures by severity", [Bar(s.word, (Part(s.word, fails[s]),)) for s in _WORST_FIRST])
    yield from chart("Failures by domain", domains)
    yield from chart("Verdicts", verdicts)
    yield "</div>\n"


def seen(report: Report) -> Iterator[str]:
    """Sources, objects, and what is missing."""
    yield '<h2 id="seen">What was seen</h2>\n<div class="scroll"><table><thead><tr><th>Source<th>Engine<th>Version'
    yield "<th>Status<th>Detail</thead><tbody>\n"
    for health in report.snapshot.sources.values():
        said = (health.target, health.kind, health.version, words.status_of(health).value, health.detail)
        yield f"<tr>{''.join(f'<td>{shown(word)}' for word in said)}\n"
    yield f"</tbody></table></div>\n<p>{shown(words.seen(report))}.</p>\n"
    missing = [*words.unseen(report)]
    yield "<h3>What could not be seen</h3>\n"
    if missing:
        yield f"<ul>{''.join(f'<li>{shown(said)}' for said in missing)}</ul>\n"
    unknown = report.summary.unknown
    if unknown:
        yield f"<p>{words.plural(unknown, 'verdict')} could not be reached "
        yield '(<a href="#verdict=unknown">show them</a>), for these reasons:</p>\n'
        yield from _reasons(report)
    if not missing and not unknown:
        yield "<p>Nothing: everything that was asked for was read.</p>\n"


def _reasons(report: Report) -> Iterator[str]:
    said = Counter(result.message for result in report.results() if result.outcome is Outcome.UNKNOWN)
    yield "<ul>"
    yield from (f"<li>{count} &times; {shown(message)}" for message, count in said.most_common(_REASONS))
    if len(said) > _REASONS:
        yield f"<li>and {len(said) - _REASONS} other reasons"
    yield "</ul>\n"
