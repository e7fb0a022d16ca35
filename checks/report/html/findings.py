"""Every finding, grouped by verdict, severity and check; what is true of the check is said once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from checks.check import Check, Domain
from checks.report import words
from checks.report.html.text import name_of, shown
from checks.report.places import Place
from checks.report.report import Finding, Report
from checks.result import Result
from checks.verdict import Outcome, Severity

_LONG = 4000
_OPEN = (Severity.CRITICAL, Severity.HIGH)


def findings(report: Report) -> Iterator[str]:
    """The filter, and a block for each check."""
    yield '<div><h2 id="findings">Findings</h2>\n'
    yield from _form(report)
    if not report.findings:
        yield "<p>Nothing to report.</p>\n"
    taken: set[str] = set()
    for (outcome, severity), part in groupby(report.findings, _part):
        heading = f"{words.HEADING[outcome]}: {severity.word}" if severity is not None else words.HEADING[outcome]
        yield f"<section data-part><h3>{heading}</h3>\n"
        for _, block in groupby(part, lambda finding: (finding.result.severity, finding.result.check.id)):
            yield from _block(list(block), taken)
        yield "</section>\n"
    yield "</div>\n"


def _part(finding: Finding) -> tuple[Outcome, Severity | None]:
    result = finding.result
    return result.outcome, result.severity if result.outcome is Outcome.FAIL else None


def _form(report: Report) -> Iterator[str]:
    present = {finding.result.outcome for finding in report.findings}
    yield '<form id="filter" role="search" aria-label="Filter the findings">'
    yield '<input type="search" name="q" placeholder="Search: name, id, text ( / )" aria-label="Search">'
    yield '<fieldset aria-label="Severity">'
    yield from (_box("sev", level.word, level.word) for level in reversed(Severity))
    yield '</fieldset><fieldset aria-label="Verdict">'
    yield from (_box("verdict", each.value, words.VERDICT[each]) for each in Outcome if each in present)
    yield '</fieldset><select name="domain" aria-label="Domain"><option value="">every domain</option>'
    yield from (f'<option value="{each.value}">{each.value}</option>' for each in Domain)
    yield '</select><button type="reset">Reset</button><button type="button" id="open">Open all</button>'
    yield '<button type="button" id="close">Close all</button><output id="shown" aria-live="polite"></output></form>\n'
    yield '<p id="none" hidden>No finding fits the filter.</p>\n'


def _box(name: str, value: str, label: str) -> str:
    return f'<label><input type="checkbox" name="{name}" value="{value}"> {label}</label>'


def _block(block: Sequence[Finding], taken: set[str]) -> Iterator[str]:
    first = block[0].result
    check = first.check
    anchor = check.id if check.id not in taken else f"{check.id}-{first.outcome.value}-{first.severity.word}"
    taken.add(check.id)
    opened = " open" if first.outcome is Outcome.FAIL and first.severity in _OPEN else ""
    yield f'<details id="{anchor}" data-severity="{first.severity.word}" data-verdict="{first.outcome.value}"'
    yield f' data-domain="{check.domain.value}"{opened}><summary>{_tags(first)}<b>{check.id} {shown(check.title)}</b> '
    yield f'<span class="dim">{words.several(finding.resource.key.kind for finding in block)}</span></summary>\n<div>'
    yield from _about(check, dict.fromkeys(finding.remediation for finding in block))
    messages = {finding.result.message for finding in block}
    one = next(iter(messages)) if len(messages) == 1 else None
    if one is not None and one != check.title:
        yield f'<p class="said"><b>Found:</b> {shown(one)}</p>'
    yield '<table class="f"><thead><tr><th>Object'
    yield f"{'<th>Found' if one is None else ''}<th>Evidence</thead><tbody>\n"
    yield from (_row(finding, one is None) for finding in block)
    yield "</tbody></table></div></details>\n"


def _tags(result: Result) -> str:
    severity = f'<span class="tag {result.severity.word}">{result.severity.word}</span>'
    if result.outcome is Outcome.FAIL:
        return severity
    # What did not fail must not look like a failure of that severity.
    style = result.outcome.value
    verdict = f'<span class="tag {style}">{words.VERDICT[result.outcome]}</span>'
    return f'{verdict}<span class="dim">{result.severity.word}</span> '


def _about(check: Check, remediations: Iterable[str]) -> Iterator[str]:
    yield f'<div class="meta"><div><h4>Why it matters</h4><p>{shown(check.why, _LONG)}</p>'
    yield f"<h4>What to do</h4>{''.join(f'<p>{_code(said)}</p>' for said in remediations)}</div>"
    yield f"<div><h4>References</h4><p>{shown(', '.join(check.references), _LONG)}</p></div></div>"


def _code(text: str) -> str:
    """Text in which a command stands between backquotes."""
    parts = shown(text, _LONG).split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def _row(finding: Finding, with_message: bool) -> str:
    result = finding.result
    said = f'<td class="m">{shown(result.message)}' if with_message else ""
    proof = [f"<li><code>{shown(item.path)}</code> {_value(item.value)}{_place(item.place)}" for item in finding.proof]
    proof += [f"<li>{note}" for note in _notes(result)]
    listed = f'<ul class="ev">{"".join(proof)}</ul>' if proof else '<span class="dim">-</span>'
    return f'<tr><td class="o">{name_of(finding.resource.called)}{_place(finding.place)}{said}<td>{listed}\n'


def _place(place: Place | None) -> str:
    return f' <span class="dim">{shown(str(place))}</span>' if place is not None else ""


def _value(value: str) -> str:
    return shown(value) if value.strip() else '<span class="dim">(empty)</span>'


def _notes(result: Result) -> Iterator[str]:
    if result.waiver is not None:
        yield f"<b>Accepted</b>{_until(result.waiver.expires)}{_by(result.waiver.owner)}: {shown(result.waiver.reason)}"
    if result.lapsed is not None:
        yield f"<b>Was accepted</b>{_until(result.lapsed.expires)}, which is over: {shown(result.lapsed.reason)}"
    if result.implies:
        yield f"implies {', '.join(result.implies)}"


def _until(day: object) -> str:
    return f" until {day}" if day else ""


def _by(owner: str) -> str:
    return f" by {shown(owner)}" if owner else ""
