"""The report for people: a line for each finding, worst first; what is wrong alike with many objects is one line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from checks.report import words
from checks.report.formats import Layout
from checks.report.report import Finding, Report
from checks.report.table_detail import blocks
from checks.report.table_mark import mark
from checks.report.text import visible
from checks.report.wrap import wrapped
from checks.result import Result
from checks.verdict import Outcome
from inventory.resource import ResourceKey
from inventory.text import clip, middle, width

_OBJECT_CELLS = 26
_NAME_CELLS = 24  # of one of several: a name as long as the line would hide all the others
_LABEL_CELLS = 11
_PLACE_CELLS = 40
_OPEN = (Outcome.FAIL, Outcome.MANUAL)
_ALIKE = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})  # what they have to say differs, and nobody asks


def render(report: Report, layout: Layout) -> Iterator[str]:
    """The totals, the findings, what could not be seen, and the totals again where the eye is after scrolling."""
    if not report.findings:
        yield "Nothing new to report.\n\n" if report.filters.baseline else "Nothing to report.\n\n"
    else:
        yield _text(_head(report, layout))
    if layout.verbose:
        yield from blocks(report, layout)
    else:
        for (outcome, severity), findings in groupby(report.findings, _section):
            yield _text([*_lines(severity or words.HEADING[outcome], list(findings), layout), ""])
    yield _text(_foot(report, layout))


def _text(lines: Iterator[str] | list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _section(finding: Finding) -> tuple[Outcome, str]:
    result = finding.result
    return result.outcome, result.severity.word.capitalize() if result.outcome is Outcome.FAIL else ""


def _lines(title: str, findings: list[Finding], layout: Layout) -> Iterator[str]:
    yield f"{title} ({len(findings)})"
    if findings[0].result.outcome is Outcome.UNKNOWN:
        unread, findings = _unread(findings)
        yield from (_unread_line(said, checks, layout) for said, checks in unread)
    for _, alike in groupby(findings, _what):
        by_message: dict[str, list[Finding]] = {}
        for finding in alike:
            by_message.setdefault(_said(finding.result), []).append(finding)
        for said, found in by_message.items():
            if found[0].place is None or found[0].result.outcome not in _OPEN:
                yield _line(said, found, layout)
            else:  # each has a line of its own that somebody will open
                yield from (_line(said, [finding], layout) for finding in found)


def _unread(findings: list[Finding]) -> tuple[list[tuple[str, list[list[Finding]]]], list[Finding]]:
    """What several checks miss of the same objects for one reason, by that reason; and all other findings."""
    by_reason: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        by_reason.setdefault((finding.result.message, finding.result.check.id), []).append(finding)
    missed: dict[tuple[str, frozenset[ResourceKey]], list[list[Finding]]] = {}
    for (said, _check), found in by_reason.items():
        if found[0].place is None:
            missed.setdefault((said, frozenset(finding.resource.key for finding in found)), []).append(found)
    told = [(said, checks) for (said, _keys), checks in missed.items() if len(checks) > 1]
    gathered = {(said, found[0].result.check.id) for said, checks in told for found in checks}
    return told, [one for one in findings if (one.result.message, one.result.check.id) not in gathered]


def _unread_line(said: str, checks: list[list[Finding]], layout: Layout) -> str:
    ids = ", ".join(found[0].result.check.id for found in checks)
    return _line(f"{visible(said)}: {ids}", checks[0], layout, f"{len(checks)} checks")


def _what(finding: Finding) -> tuple[object, ...]:
    return finding.result.severity, finding.result.check.id


def _said(result: Result) -> str:
    """Title and message in one."""
    title = result.check.title
    if result.outcome in _ALIKE:
        return title
    said = title if result.message == title else f"{title}: {visible(result.message)}"
    if result.waiver is not None:
        until = f"until {result.waiver.expires}: " if result.waiver.expires else ""
        said += f"; accepted {until}{visible(result.waiver.reason)}"
    if result.lapsed is not None:
        said += f"; accepted until {result.lapsed.expires}, which is over"
    return f"{said}; implies {', '.join(result.implies)}" if result.implies else said


def _line(said: str, findings: list[Finding], layout: Layout, check: str = "") -> str:
    first = findings[0]
    if len(findings) == 1 and first.place is not None:
        said = f"{_shortened(visible(str(first.place)), _PLACE_CELLS, layout)}: {said}"
    names = [visible(finding.resource.called) or "(no name)" for finding in findings]
    kinds = [finding.resource.key.kind for finding in findings]
    about = _shortened(names[0], _OBJECT_CELLS, layout) if len(names) == 1 else words.several(kinds)
    if len(names) > 1 and first.result.outcome in _OPEN:
        said = first.result.check.title  # which ones matters more than the wording, which --verbose has
    pad = " " * (_OBJECT_CELLS - width(about))
    room = max(layout.width - _OBJECT_CELLS - 15, 20)
    if not layout.cut:
        told = said if len(names) == 1 else f"{said}: {', '.join(names)}"
    else:
        told = clip(said, room) if len(names) == 1 else _with_names(said, names, room)
    return f"{mark(first.result, layout.colour)}  {check or first.result.check.id:<9} {about}{pad}  {told}"


def _shortened(name: str, cells: int, layout: Layout) -> str:
    return middle(name, cells) if layout.cut else name


def _with_names(said: str, names: list[str], room: int) -> str:
    """The names that there is room for, and how many there are besides; at least a third of the line for them."""
    told = clip(said, room * 2 // 3) + ": "
    short = [middle(name, _NAME_CELLS) for name in names]
    if width(told) + width(", ".join(short)) <= room:
        return told + ", ".join(short)
    shown: list[str] = []
    left = room - width(told) - len(f"+{len(names)}")
    for name in short:
        if width(name) + 2 <= left:
            left -= width(name) + 2
            shown.append(name)
    return told + ", ".join((*shown, f"+{len(names) - len(shown)}"))


# -- the totals -----------------------------------------------------------------------------------------------------


def _head(report: Report, layout: Layout) -> Iterator[str]:
    yield from _sources(report, layout)
    yield from _totals(report, layout)
    yield ""


def _sources(report: Report, layout: Layout) -> Iterator[str]:
    for said in words.sources(report):
        yield from _labelled("Source", said, layout)


def _totals(report: Report, layout: Layout) -> Iterator[str]:
    yield from _labelled("Seen", words.seen(report), layout)
    yield from _labelled("Verdicts", words.verdicts(report.summary), layout)
    if said := words.baseline(report):
        yield from _labelled("Baseline", said, layout)


def _foot(report: Report, layout: Layout) -> Iterator[str]:
    if not report.findings:
        yield from _sources(report, layout)
    for said in words.unseen(report):
        yield from _labelled("Not seen", said, layout)
    for item in words.waivers(report):
        if item.state != "used":
            yield from _labelled("Waiver", words.waiver(item), layout)
    yield from _totals(report, layout)
    if hidden := words.not_shown(report):
        yield from _labelled("Not shown", hidden, layout)
    if report.findings and not layout.verbose:
        yield from _labelled("More", "--verbose: evidence and remediation; 'deckwatch checks show ID': why", layout)


def _labelled(label: str, text: str, layout: Layout) -> Iterator[str]:
    lines = list(wrapped(text, layout.width, " " * _LABEL_CELLS))
    lines[0] = f"{label:<{_LABEL_CELLS}}{lines[0][_LABEL_CELLS:]}"
    return iter(lines)
