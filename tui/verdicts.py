"""Verdicts in the form that widgets show. Everything here passes `safe` on its way to the screen."""

from __future__ import annotations

from collections.abc import Iterable

from checks.podman import flavour_of, remediation
from checks.result import Judgement, Result, Summary
from checks.verdict import Outcome, Severity
from inventory.resource import ResourceKey
from inventory.snapshot import Snapshot
from inventory.text import safe
from widgets.badge import letter, severity_cell
from widgets.cells import Cell
from widgets.findings import EvidenceView, FindingView
from widgets.style import Role
from widgets.textview import TextLine

VERDICT_WORDS = {
    Outcome.FAIL: "FAIL",
    Outcome.MANUAL: "manual",
    Outcome.UNKNOWN: "unknown",
    Outcome.WAIVED: "waived",
    Outcome.PASS: "pass",
    Outcome.NOT_APPLICABLE: "n/a",
}


def counts(summary: Summary) -> dict[str, int]:
    """Failures by the word for their severity."""
    return {severity.word: summary.fails[severity] for severity in Severity if summary.fails[severity]}


def badge(judgement: Judgement | None, top: int = 3) -> Cell:
    """The SEC cell of a row: `..` before it is judged; `?` when nothing failed but something could not be read."""
    if judgement is None:
        return severity_cell({}, state="pending")
    return total_badge(judgement.summary, top)


def total_badge(summary: Summary, top: int = 4) -> Cell:
    """The counts of many rows together; `-` where no check applies, which is not the same as `ok`."""
    if not summary.judged:
        return Cell.of("-", "dim")
    return severity_cell(counts(summary), top=top, unknown=summary.unknown)


def mark(result: Result) -> tuple[str, Role]:
    """One letter for a result: the severity of a failure, else what it is instead."""
    if result.outcome is Outcome.FAIL:
        return letter(result.severity.word)
    marks: dict[Outcome, tuple[str, Role]] = {
        Outcome.MANUAL: ("m", "accent"),
        Outcome.UNKNOWN: ("?", "unknown"),
        Outcome.WAIVED: ("a", "waived"),
        Outcome.PASS: (".", "pass"),
        Outcome.NOT_APPLICABLE: ("-", "dim"),
    }
    return marks[result.outcome]


def headline(result: Result) -> str:
    """The check's title and what was found, in one line."""
    message = result.verdict.message
    return f"{result.check.title}: {message}" if message else result.check.title


def acceptance(result: Result) -> str:
    """Who accepted it, until when and why; also of an acceptance that is over. "" where there is none."""
    found = result.waiver or result.lapsed
    if found is None:
        return ""
    last = f"{found.expires:%Y-%m-%d}" if found.expires else ""
    until = f"expired {last}" if result.lapsed else f"until {last}" if last else "for ever"
    return safe(f"accepted by {found.owner or 'nobody named'}, {until}: {found.reason}", 400)


def finding_view(result: Result, snapshot: Snapshot, number: int = 0) -> FindingView:
    """All that the findings list and the evidence view show of a result."""
    check = result.check
    subject = snapshot.get(result.key)
    why = check.why + (f" It implies {', '.join(result.implies)}." if result.implies else "")
    return FindingView(
        key=(result.key, check.id, number),
        check_id=check.id,
        title=check.title,
        severity=result.severity.word,
        verdict=result.outcome.value,
        message=safe(result.message),
        domain=check.domain.value,
        object=safe(subject.name if subject else result.key.id),
        age="",
        evidence=tuple(
            EvidenceView(safe(piece.path), safe(piece.value, 400), piece.target) for piece in result.evidence
        ),
        why=why,
        fix=remediation(check, flavour_of(snapshot, result.key.source)),
        references=check.references,
        waiver=acceptance(result),
    )


def finding_lines(results: Iterable[Result], width: int, limit: int) -> list[TextLine]:
    """The worst results, a line each, for a preview: `C  message   RUN-002`."""
    lines: list[TextLine] = []
    listed = list(results)
    for result in listed[:limit]:
        char, role = mark(result)
        room = max(10, width - 12)
        words = safe(result.message, 400)
        words = words if len(words) <= room else words[: room - 1] + "~"
        cell = Cell.join(" ", (char, role), "  ", (words.ljust(room), "normal"), (result.check.id, "dim"))
        lines.append(TextLine(cell, meta=(result.key, result.check.id)))
    if len(listed) > limit:
        lines.append(TextLine(Cell.of(f"    and {len(listed) - limit} more: enter", "dim")))
    return lines


def link_text(key: ResourceKey, snapshot: Snapshot) -> str:
    """A resource as a link shows it: its kind and name."""
    resource = snapshot.get(key)
    return f"{key.kind} {safe(resource.name) if resource else key.id[:12]}"
