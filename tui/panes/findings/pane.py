"""Findings: every verdict that is not a pass, by check or one by one, over all panes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from threading import Lock
from typing import ClassVar

from checks.catalogue import catalogue
from checks.check import Check
from checks.policy import Waiver
from checks.result import Result, Summary, summarise
from checks.verdict import Outcome, Severity
from checks.waivers import covered, scope
from inventory.resource import OBJECTS, Kind, ResourceKey
from inventory.text import safe
from tui.panes.base import Entry, Pane, Shown
from tui.panes.findings.benchmarks import BenchmarksView, ItemKey
from tui.picture import Picture
from tui.scope import namespace_of
from tui.verdicts import VERDICT_WORDS, acceptance, finding_view, headline, mark
from widgets.cells import Cell
from widgets.columns import Column
from widgets.evidence import evidence_lines
from widgets.table import Row
from widgets.textview import TextLine, line

_ORDER = {outcome: rank for rank, outcome in enumerate(Outcome)}


class FindingsPane(Pane):
    """Grouped by check, or flat: `grouped` is switched by a key."""

    id = "findings"
    kinds: ClassVar[tuple[Kind, ...]] = OBJECTS
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
        self.benchmarking = False
        self._benchmarks = BenchmarksView()
        self._within: ItemKey | Waiver | None = None
        self._lock = Lock()  # rows are made in the judging thread, and here where that has not done so yet
        self._made: tuple[object, bool, ItemKey | Waiver | None, list[Entry]] | None = None

    @property
    def _lists_items(self) -> bool:
        return self.benchmarking and self._within is None

    @property
    def list_id(self) -> str:
        """Each view is sorted and filtered on its own, each item of a framework too."""
        if isinstance(self._within, Waiver):
            return f"{self.id} {self._within.check} {scope(self._within)}"
        if self._within is not None:
            return f"{self.id} {self._within.framework} {self._within.item}"
        return f"{self.id} {self._benchmarks.framework.id}" if self.benchmarking else self.id

    @property
    def shape(self) -> Hashable:
        """The view, and whether findings are grouped."""
        return self.list_id, self.grouped, self._within

    def list_order(self) -> tuple[str, bool]:
        """The items of a framework stand in its own order."""
        return self._benchmarks.order if self._lists_items else self.order

    def look_within(self, part: Hashable | None) -> None:
        """The findings behind one item of a framework, or those that a waiver covers."""
        self._within = part if isinstance(part, ItemKey | Waiver) else None

    def next_framework(self) -> None:
        """Another framework in the benchmarks view."""
        self._benchmarks.turn()

    def turn(self, step: int = 1) -> bool:
        """By check or by object; from the items of a framework back to all findings."""
        if self._lists_items:
            self.benchmarking = False
        else:
            self.grouped = not self.grouped
        return True

    def leave_view(self) -> bool:
        """From the items of a framework to the findings."""
        if not self._lists_items:
            return False
        self.benchmarking = False
        return True

    def shown_columns(self) -> tuple[Column, ...]:
        """Of findings, or of items."""
        return self._benchmarks.columns if self._lists_items else self.columns

    def entries(self, picture: Picture, now: float) -> Sequence[Entry]:
        """One entry per check and outcome, or one per result, or one per item."""
        grouped, within = self.grouped, self._within  # a key may change both while the judging thread is in here
        if self.benchmarking and within is None:
            return self._benchmarks.entries(picture)
        with self._lock:
            made = self._made
            if made is None or made[0] is not picture.evaluation or made[1:3] != (grouped, within):
                made = (picture.evaluation, grouped, within, self._rows(grouped, within, picture))
                self._made = made
        return made[3]

    def _rows(self, grouped: bool, within: ItemKey | Waiver | None, picture: Picture) -> list[Entry]:
        results = picture.evaluation.results() if within is None else self._behind(within, picture)
        by_check = grouped and not isinstance(within, Waiver)
        return list(_groups(results, picture) if by_check else _flat(results, picture))

    def _objects(self, key: ItemKey, picture: Picture, width: int) -> Iterable[TextLine]:
        """The worst objects behind an item, to follow."""
        found = sorted(self._behind(key, picture), key=lambda each: (_ORDER[each.outcome], -each.severity))
        return (_behind_line(each, picture) for each in found[:60])

    def _behind(self, key: ItemKey | Waiver, picture: Picture) -> Iterable[Result]:
        if isinstance(key, Waiver):
            return covered(key, picture.evaluation)
        item = self._benchmarks.item(key) if key.item else None
        wanted = set(item.checks) if item is not None else set()
        return (each for each in picture.evaluation.results() if wanted & {each.check.id, *each.implies})

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """What was checked, and what was not."""
        if self._lists_items:
            return self._benchmarks.headline(picture)
        if isinstance(self._within, Waiver):
            what = f"covered by {self._within.check} {safe(scope(self._within), 60)}"
            return Cell.join((what, "title"), f"  {shown.visible} of {shown.total} findings", ("   esc back", "dim"))
        if self._within is not None:
            item = self._benchmarks.item(self._within)
            what = f"{item.id} {item.title}" if item is not None else ""
            return Cell.join((what, "title"), f" {shown.visible} of {shown.total} findings", ("   esc back", "dim"))
        total = picture.evaluation.total
        way = "by check" if self.grouped else "by object"
        words = (
            f" {shown.visible} of {shown.total} {way} (b)   manual {total.manual}  unknown {total.unknown}"
            f"  waived {total.waived}  passed {total.passed}"
        )
        return Cell.join(("Findings", "title"), words)

    def none(self, picture: Picture) -> str:
        """A clean result says what was checked."""
        if isinstance(self._within, Waiver):
            return "this waiver covers nothing now"
        if self._within is not None:
            item = self._benchmarks.item(self._within)
            checks = ", ".join(item.checks) if item is not None else ""
            return f"no finding of {checks}" if checks else item.by_hand if item is not None else ""
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
        """The check and its objects, or the one finding, or the item of a framework."""
        if isinstance(key, ItemKey):
            return [*self._benchmarks.preview(key, picture, width), *self._objects(key, picture, width)]
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


def _behind_line(result: Result, picture: Picture) -> TextLine:
    """One finding behind an item, to follow."""
    char, role = mark(result)
    words = f" {_name(result, picture):<20.30} {safe(result.message, 300)}"
    return TextLine(Cell.join((f" {char} ", role), (result.check.id, "dim"), words), meta=(result.key, result.check.id))


def _name(result: Result, picture: Picture) -> str:
    resource = picture.snapshot.get(result.key)
    return safe(resource.called) if resource else safe(result.key.id[:12])


def _space(result: Result, picture: Picture) -> str:
    resource = picture.snapshot.get(result.key)
    return namespace_of(resource) if resource is not None else ""


def _groups(results: Iterable[Result], picture: Picture) -> Iterable[Entry]:
    groups: dict[tuple[str, Outcome], list[Result]] = {}
    for result in results:
        groups.setdefault((result.check.id, result.outcome), []).append(result)
    for key, found in groups.items():
        worst = max(found, key=lambda result: result.severity)
        objects = _name(worst, picture) if len(found) == 1 else f"{len(found)} {_kinds(found)}"
        spaces = dict.fromkeys(_space(each, picture) for each in found)
        hosts = dict.fromkeys(each.key.source for each in found)
        yield _entry(key, worst, objects, summarise(found), len(found), "\n".join(spaces), "\n".join(hosts))


def _kinds(found: list[Result]) -> str:
    kinds = {result.key.kind for result in found}
    return next(iter(kinds)).plural if len(kinds) == 1 else "objects"


def _flat(results: Iterable[Result], picture: Picture) -> Iterable[Entry]:
    for result in results:
        name, space = _name(result, picture), _space(result, picture)
        yield _entry((result.key, result.check.id), result, name, summarise((result,)), 1, space, result.key.source)


def _entry(key: Hashable, result: Result, objects: str, summary: Summary, count: int, spaces: str, hosts: str) -> Entry:
    check: Check = result.check
    char, role = mark(result)
    words = check.title if count > 1 else headline(result)
    accepted = acceptance(result) if count == 1 else ""
    cells = (
        Cell.of(char, role),
        Cell.of(check.id),
        Cell.join(safe(words, 300), (f"  [{accepted}]" if accepted else "", "dim")),
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
        "waiver": accepted,
        "ns": spaces,
        "host": hosts,
    }
    minor = result.outcome is not Outcome.FAIL and result.severity < Severity.MEDIUM
    return Entry(key, Row(key, cells), sort | {"domain": check.domain.value}, fields, summary, minor)


PANE = FindingsPane()
