"""Pictures of the widgets, compared as SVG."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot

from tests.widgets.harness import Bench
from tests.widgets.table_app import COLUMNS, row
from tests.widgets.test_input import OPTIONS
from tests.widgets.test_parts import FINDING
from tests.widgets.test_textview import VALUE
from widgets.cells import Cell
from widgets.evidence import evidence_lines
from widgets.findings import FindingsList
from widgets.jsontree import JsonView
from widgets.overlay import Picker
from widgets.statusline import FooterLine, StatusLine, Tab, TabLine, freshness_cell, host_cell
from widgets.style import PALETTES
from widgets.table import ResourceTable
from widgets.textview import TextView

Compare = Callable[..., bool]


def frame() -> Bench:
    """A screen as the program lays it out."""
    tabs, foot, table = TabLine(), FooterLine(), ResourceTable(COLUMNS)
    tabs.set_tabs([Tab("1", "Images", "64"), Tab("2", "Containers", "!3", "critical"), Tab("3", "Networks")], "2")
    foot.set_keys([("enter", "open"), ("/", "filter"), ("?", "help")], Cell.of("41 more", "dim"))
    table.set_sort("sec", descending=True)
    table.set_rows(row(number) for number in range(40))
    status = StatusLine(host_cell("deckwatch", "web-07", "docker 29"), freshness_cell("stale", "12s ago", "11:42:07Z"))
    return Bench(status, tabs, table, foot)


def test_table(snap_compare: Compare) -> None:
    assert snap_compare(frame(), terminal_size=(80, 24), press=["j", "space"])


def test_table_without_colour(snap_compare: Compare) -> None:
    app = frame()
    app.palette = PALETTES["mono"]
    assert snap_compare(app, terminal_size=(120, 20), press=["j"])


def test_finding_and_object(snap_compare: Compare) -> None:
    listed = FindingsList()
    listed.set_findings([FINDING])
    app = Bench(listed, TextView(evidence_lines(FINDING, 80)), JsonView(VALUE))
    assert snap_compare(app, terminal_size=(80, 40))


def test_menu_over_the_table(snap_compare: Compare) -> None:
    async def opened(pilot: Pilot[object]) -> None:
        app: App[object] = pilot.app
        await app.push_screen(Picker("Sort", OPTIONS))
        await pilot.press("s", "down")

    assert snap_compare(frame(), terminal_size=(80, 24), run_before=opened)
