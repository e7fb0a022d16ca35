"""The benchmarks view: the same results by the items of a published framework, in its sections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import ClassVar, NamedTuple

from checks.catalogue import catalogue
from checks.frameworks.framework import Framework, Item
from checks.frameworks.known import frameworks, relevant
from checks.frameworks.tally import Ledger, Row, outcomes
from checks.report.wrap import wrapped
from checks.result import NOTHING, Evaluation, Summary
from checks.verdict import Outcome
from tui.panes.base import Entry
from tui.picture import Picture
from tui.verdicts import VERDICT_WORDS
from widgets import table
from widgets.badge import letter, verdict_cell
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line

COUNTED: tuple[tuple[Outcome, str, Role], ...] = (
    (Outcome.FAIL, "FAIL", "error"),
    (Outcome.MANUAL, "MAN", "accent"),
    (Outcome.UNKNOWN, "UNK", "unknown"),
    (Outcome.PASS, "PASS", "pass"),
    (Outcome.WAIVED, "WVD", "waived"),
)
_SIGNS: dict[Outcome, tuple[str, Role]] = {
    Outcome.MANUAL: ("m", "accent"),
    Outcome.UNKNOWN: ("?", "unknown"),
    Outcome.WAIVED: ("a", "waived"),
    Outcome.PASS: (".", "pass"),
    Outcome.NOT_APPLICABLE: ("-", "dim"),
}


class ItemKey(NamedTuple):
    """A row of the view, and the place of the findings behind it; `item` is "" for a section's own row."""

    framework: str
    section: str
    item: str


class _Made(NamedTuple):
    """What was made of an evaluation for one framework; `counts` are the verdicts of each check that its items name.

    The ledger itself is only touched under the lock: another thread may be changing it when the screen is drawn.
    """

    evaluation: Evaluation
    chosen: int
    rows: tuple[Row, ...]
    entries: list[Entry]
    counts: Mapping[str, Summary]


class BenchmarksView:
    """One row per item under a row per section; `turn` shows the next framework."""

    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEV", 4),
        Column("id", "ITEM", 8),
        Column("title", "REQUIREMENT", 30, weight=1, limit=60),
        Column("verdict", "VERDICT", 8),
        *(
            Column(outcome.value, title, 4, align="right", priority=number)
            for number, (outcome, title, _) in enumerate(COUNTED)
        ),
        Column("checks", "CHECKS", 16, weight=1, limit=44, priority=6),
    )
    order: ClassVar[tuple[str, bool]] = ("id", False)

    def __init__(self) -> None:
        self.chosen = 0
        self._ledger = Ledger()
        self._lock = Lock()  # rows are made in the judging thread, and here where that has not done so yet
        self._titles = {check.id: check.title for check in catalogue()}
        self._made: _Made | None = None
        self._relevant: frozenset[str] = frozenset()  # ids of the frameworks that say something of what is looked at

    @property
    def framework(self) -> Framework:
        """The one that is shown."""
        return frameworks()[self.chosen]

    def turn(self) -> None:
        """The next framework; after the last one the first."""
        every = frameworks()
        self.chosen = (self.chosen + 1) % len(every)
        while self._relevant and every[self.chosen].id not in self._relevant:
            self.chosen = (self.chosen + 1) % len(every)

    def entries(self, picture: Picture) -> Sequence[Entry]:
        """A row per section and per item."""
        return self._up_to_date(picture).entries

    def rows(self, picture: Picture) -> tuple[Row, ...]:
        """The verdicts on the items of the framework that is shown."""
        return self._up_to_date(picture).rows

    def headline(self, picture: Picture) -> Cell:
        """How many items end with which verdict."""
        framework, counts = self.framework, outcomes(self.rows(picture))
        name = f"{framework.short} {framework.version}".strip()
        return Cell.join((name, "title"), f" {len(framework.items)}:  {_told(counts, ' ')}", ("  B next", "dim"))

    def preview(self, key: ItemKey, picture: Picture, width: int) -> Iterator[TextLine]:
        """What the item asks for, what a person has to decide, and what each check found."""
        made = self._up_to_date(picture)
        chosen = [row for row in made.rows if row.item.section == key.section and key.item in ("", row.item.id)]
        if not key.item:
            yield line(f" {key.section}", "title")
            yield line(f" {len(chosen)} items:  {_told(outcomes(chosen))}")
            return
        for row in chosen:
            yield from self._item_lines(row, made.counts, width)

    def item(self, key: ItemKey) -> Item | None:
        """The item of a key, of whichever framework."""
        found = (each for each in frameworks() if each.id == key.framework)
        return next((item for each in found for item in each.items if item.id == key.item), None)

    def _item_lines(self, row: Row, counts: Mapping[str, Summary], width: int) -> Iterator[TextLine]:
        head = Cell.join((f" {self.framework.short} {row.item.id}  ", "key"), (row.item.title, "title"), "  ")
        yield TextLine(Cell.join(head, verdict_cell(row.outcome.value)), copy=f"{row.item.id} {row.item.title}")
        for text in dict.fromkeys(filter(None, (row.why, row.item.by_hand))):
            yield from (line(piece, "accent") for piece in wrapped(text, width, " "))
        for name in row.item.checks:
            told = _told(dict(_counts(counts[name]))) or "nothing to judge"
            title = self._titles.get(name, "")
            yield TextLine(Cell.join((f" {name:<9}", "key"), f"{told:<24}  ", (title, "dim")), copy=name)

    def _up_to_date(self, picture: Picture) -> _Made:
        with self._lock:
            made, chosen = self._made, self.chosen
            if made is None or made.evaluation is not picture.evaluation or made.chosen != chosen:
                framework = frameworks()[chosen]
                self._ledger.update(picture.evaluation)
                rows = self._ledger.rows(framework, picture.snapshot)
                counts = {name: self._ledger.of(name) for item in framework.items for name in item.checks}
                made = _Made(picture.evaluation, chosen, rows, list(_entries(framework, rows)), counts)
                self._made = made
                self._relevant = frozenset(each.id for each in relevant(picture.snapshot))
        return made


def _entries(framework: Framework, rows: Sequence[Row]) -> Iterator[Entry]:
    by_item = {row.item.id: row for row in rows}
    for number, (section, items) in enumerate(framework.sections().items()):
        inside = [by_item[item.id] for item in items]
        yield _section(framework, number, section, inside)
        for place, row in enumerate(inside, 1):
            yield _entry(framework, (number, place), row)


def _section(framework: Framework, number: int, section: str, rows: Sequence[Row]) -> Entry:
    counts = outcomes(rows)
    key = ItemKey(framework.id, section, "")
    name, _, title = section.partition(" ") if section[:1].isdigit() else ("", "", section)
    cells = (
        Cell.of(""),
        Cell.of(name, "header"),
        Cell.of(f"{title} ({len(rows)})", "header"),
        Cell.of(""),
        *(Cell.of(str(counts[outcome] or ""), "header") for outcome, _, _ in COUNTED),
        Cell.of("items by verdict", "dim"),
    )
    summary = sum((row.summary for row in rows), NOTHING)
    fields = {"name": section, "id": name, "section": section}
    sort: dict[str, object] = {"sec": (-1,), "id": (number, 0)}
    return Entry(key, table.Row(key, cells), sort, fields, summary)


def _entry(framework: Framework, place: tuple[int, int], row: Row) -> Entry:
    item, summary = row.item, row.summary
    key = ItemKey(framework.id, item.section, item.id)
    sign, role = _sign(row)
    counts = dict(_counts(summary))
    cells = (
        Cell.of(sign, role),
        Cell.of(item.id),
        Cell.of(item.title),
        verdict_cell(row.outcome.value),
        *(Cell.of(str(counts[outcome] or ""), role if counts[outcome] else "dim") for outcome, _, role in COUNTED),
        Cell.of(" ".join(item.checks), "dim"),
    )
    worst = -1 if row.worst is None else row.worst
    sort: dict[str, object] = {
        "sec": (-list(Outcome).index(row.outcome), worst, row.resources),
        "id": place,
        "title": item.title,
        "verdict": row.outcome.value,
        "checks": " ".join(item.checks),
        **{outcome.value: counts[outcome] for outcome, _, _ in COUNTED},
    }
    fields = {
        "sev": row.worst.word if row.worst is not None else "",
        "id": f"{item.id} {' '.join(item.checks)}",
        "name": item.title,
        "verdict": row.outcome.value,
        "section": item.section,
    }
    return Entry(key, table.Row(key, cells), sort, fields, summary, row.outcome is Outcome.NOT_APPLICABLE)


def _told(counts: Mapping[Outcome, int], between: str = "  ") -> str:
    """The verdicts that occur, and how often."""
    return between.join(f"{VERDICT_WORDS[each].lower()} {counts[each]}" for each in Outcome if counts[each])


def _sign(row: Row) -> tuple[str, Role]:
    if row.outcome is Outcome.FAIL and row.worst is not None:
        return letter(row.worst.word)
    return _SIGNS.get(row.outcome, ("?", "unknown"))


def _counts(summary: Summary) -> tuple[tuple[Outcome, int], ...]:
    return (
        (Outcome.FAIL, sum(summary.fails)),
        (Outcome.MANUAL, summary.manual),
        (Outcome.UNKNOWN, summary.unknown),
        (Outcome.WAIVED, summary.waived),
        (Outcome.PASS, summary.passed),
        (Outcome.NOT_APPLICABLE, summary.not_applicable),
    )


def is_item(key: object) -> bool:
    """Whether the key is of a row with findings of its own behind it."""
    return isinstance(key, ItemKey) and bool(key.item)
