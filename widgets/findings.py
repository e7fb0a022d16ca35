"""Findings as rows: what is wrong, where, how bad, since when."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from widgets.badge import mark, verdict_cell
from widgets.cells import Cell
from widgets.columns import Column
from widgets.table import ResourceTable, Row


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """Where to look and what was there; `link` is what Enter follows."""

    path: str
    value: str
    link: object = None


@dataclass(frozen=True, slots=True)
class FindingView:
    """One result as plain text. `severity`: critical, high, medium, low, info; `verdict` as in the JSON report.

    `fix` may hold several lines. `waiver` says who accepted it, until when and why, "" for nobody.
    """

    key: Hashable
    check_id: str
    title: str
    severity: str
    verdict: str
    message: str = ""
    domain: str = ""
    object: str = ""
    age: str = ""
    evidence: tuple[EvidenceView, ...] = ()
    why: str = ""
    fix: str = ""
    references: tuple[str, ...] = ()
    waiver: str = ""


FINDING_COLUMNS: tuple[Column, ...] = (
    Column("severity", "S", 1),
    Column("check", "CHECK", 8, priority=2),
    Column("title", "FINDING", 20, weight=3),
    Column("object", "OBJECT", 12, weight=1, limit=40, cut="middle", priority=1),
    Column("age", "SEEN", 5, align="right", priority=3),
    Column("verdict", "VERDICT", 7, priority=4),
)


def finding_row(view: FindingView) -> Row:
    """The row of a finding under FINDING_COLUMNS."""
    sign = mark(view.severity, view.verdict)
    cells = (
        sign,
        Cell.of(view.check_id, "dim"),
        Cell.of(view.title),
        Cell.of(view.object),
        Cell.of(view.age, "dim"),
        verdict_cell(view.verdict),
    )
    return Row(view.key, cells, "dim" if view.verdict in ("pass", "waived", "not_applicable") else "normal")


OWN_COLUMNS: tuple[Column, ...] = (
    Column("severity", "S", 1),
    Column("check", "CHECK", 8, priority=2),
    Column("title", "FINDING", 24, weight=2, limit=46),
    Column("message", "FOUND", 16, weight=3, priority=1),
    Column("verdict", "VERDICT", 7, priority=4),
)


def own_row(view: FindingView) -> Row:
    """The row of a finding under OWN_COLUMNS, where all are about one object."""
    row = finding_row(view)
    sign, check, title, *_, verdict = row.cells
    message = Cell.of(view.message if view.message != view.title else "")
    if view.waiver:
        message = Cell.join((view.waiver, "dim"), "  " if message.spans else "", message)
    return Row(row.key, (sign, check, title, message, verdict), row.role)


class FindingsList(ResourceTable):
    """A table of findings in the order in which they are given; without `objects` all are about one and the same."""

    def __init__(
        self,
        *,
        objects: bool = True,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(FINDING_COLUMNS if objects else OWN_COLUMNS, id=id, classes=classes)
        self._objects = objects
        self._views: dict[Hashable, FindingView] = {}

    def set_findings(self, views: Iterable[FindingView]) -> None:
        """All findings to show."""
        self._views = {view.key: view for view in views}
        made = finding_row if self._objects else own_row
        self.set_rows(made(view) for view in self._views.values())

    @property
    def current(self) -> FindingView | None:
        """The finding under the cursor."""
        return self._views.get(self.cursor_key)
