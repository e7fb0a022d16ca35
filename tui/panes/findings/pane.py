"""Findings: every verdict that is not a pass, by check or one by one, over all panes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import ClassVar

from checks.catalogue import catalogue
from checks.check import Check
from checks.result import Result, Summary, summarise
from checks.verdict import Outcome, Severity
from inventory.resource import Kind, ResourceKey
from inventory.text import safe
from tui.panes.base import Entry, Pane, Shown
from tui.picture import Picture
from tui.verdicts import VERDICT_WORDS, finding_view, headline, mark
from widgets.cells import Cell
from widgets.columns import Column
from widgets.evidence import evidence_lines
from widgets.table import Row
from widgets.textview import TextLine, line

_ORDER = {outcome: rank for rank, outcome in enumerate(Outcome)}


class FindingsPane(Pane):
    """Grouped by check, or flat: `grouped` is switched by a key."""

    id = "findings"
    kinds: ClassVar[tuple[Kind, ...]] = tuple(Kind)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEV", 4),
        Column("id", "ID", 8),
        Column("title", "FINDING", 24, weight=4, limit=90),
        Column("objects", "OBJECT", 16, weight=2, limit=44, cut="middle"),
        Column("verdict", "VERDICT", 7, priority=1),
        Column("domain", "DOMAIN", 13, priority=2),
    )

    def __init__(self) -> None:
        self.grouped = True
        self._made: tuple[object, bool, list[Entry]] | None = None

    def turn(self) -> bool:
        """By check or by object."""
        self.grouped = not self.grouped
        return True

    def entries(self, picture: Picture, now: float) -> Sequence[Entry]:
        """One entry per check and outcome, or one per result."""
        if self._made and self._made[0] is picture.evaluation and self._made[1] == self.grouped:
            return self._made[2]
        results = picture.evaluation.results()
        entries = list(_groups(results, picture) if self.grouped else _flat(results, picture))
        self._made = (picture.evaluation, self.grouped, entries)
        return entries

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """What was checked, and what was not."""
        total = picture.evaluation.total
        way = "by check" if self.grouped else "by object"
        words = (
            f" {shown.visible} of {shown.total} {way} (b)   manual {total.manual}  unknown {total.unknown}"
            f"  waived {total.waived}  passed {total.passed}"
        )
        return Cell.join(("Findings", "title"), words)

    def none(self, picture: Picture) -> str:
        """A clean result says what was checked."""
        if not picture.evaluation.judgements:
            return "nothing has been judged yet"
        resources, verdicts = len(picture.evaluation.judgements), picture.evaluation.total.judged
        return f"nothing wrong: {verdicts} verdicts on {resources} resources by {len(catalogue())} checks"

    def alarm(self, picture: Picture) -> Summary:
        """Everything."""
        return picture.evaluation.total

    def count(self, picture: Picture) -> str:
        """Told by the severities instead."""
        return ""

    def preview(self, key: Hashable, picture: Picture, width: int, now: float) -> list[TextLine]:
        """The check and its objects, or the one finding."""
        results = results_of(key, picture)
        if not results:
            return []
        lines = list(evidence_lines(finding_view(results[0], picture.snapshot), width))
        if len(results) > 1:
            lines.append(line(f" on {len(results)} objects:", "header"))
            lines += [object_line(result, picture, width) for result in results[:200]]
        return lines


def results_of(key: Hashable, picture: Picture) -> list[Result]:
    """The results behind a row of this pane, worst first."""
    if isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], ResourceKey):
        judgement = picture.judgement(key[0])
        return [result for result in judgement.results if result.check.id == key[1]] if judgement else []
    if isinstance(key, tuple) and len(key) == 2 and isinstance(key[1], Outcome):
        found = [r for r in picture.evaluation.results() if r.check.id == key[0] and r.outcome is key[1]]
        return sorted(found, key=lambda result: (-result.severity, _name(result, picture)))
    return []


def object_line(result: Result, picture: Picture, width: int) -> TextLine:
    """One object of a finding, to follow."""
    char, role = mark(result)
    room = max(20, width - 30)
    words = f" {result.key.kind:<9} {_name(result, picture):<24.40}  {safe(result.message, 300)[:room]}"
    return TextLine(Cell.join((f" {char}", role), words), meta=(result.key, result.check.id))


def _name(result: Result, picture: Picture) -> str:
    resource = picture.snapshot.get(result.key)
    return safe(resource.name) if resource else result.key.id[:12]


def _groups(results: Iterable[Result], picture: Picture) -> Iterable[Entry]:
    groups: dict[tuple[str, Outcome], list[Result]] = {}
    for result in results:
        groups.setdefault((result.check.id, result.outcome), []).append(result)
    for key, found in groups.items():
        worst = max(found, key=lambda result: result.severity)
        objects = _name(worst, picture) if len(found) == 1 else f"{len(found)} {_kinds(found)}"
        yield _entry(key, worst, objects, summarise(found), len(found))


def _kinds(found: list[Result]) -> str:
    kinds = {result.key.kind for result in found}
    return f"{next(iter(kinds))}s" if len(kinds) == 1 else "objects"


def _flat(results: Iterable[Result], picture: Picture) -> Iterable[Entry]:
    for result in results:
        yield _entry((result.key, result.check.id), result, _name(result, picture), summarise((result,)), 1)


def _entry(key: Hashable, result: Result, objects: str, summary: Summary, count: int) -> Entry:
    check: Check = result.check
    char, role = mark(result)
    words = check.title if count > 1 else headline(result)
    cells = (
        Cell.of(char, role),
        Cell.of(check.id),
        Cell.of(safe(words, 300)),
        Cell.of(objects),
        Cell.of(VERDICT_WORDS[result.outcome], "dim"),
        Cell.of(check.domain.value, "dim"),
    )
    rank = (-_ORDER[result.outcome], result.severity, count)
    sort = {"sec": rank, "id": check.id, "title": words, "objects": (count, objects), "verdict": result.outcome.value}
    fields = {
        "sev": result.severity.word if result.outcome is Outcome.FAIL else "",
        "id": check.id,
        "name": f"{objects} {check.title} {words}",
        "verdict": result.outcome.value,
        "domain": check.domain.value,
        "kind": result.key.kind.value,
    }
    minor = result.outcome is not Outcome.FAIL and result.severity < Severity.MEDIUM
    return Entry(key, Row(key, cells), sort | {"domain": check.domain.value}, fields, summary, minor)


PANE = FindingsPane()
