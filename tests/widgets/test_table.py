"""The table: cursor, marks, order, columns, and how little is painted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from textual.geometry import Region
from textual.message import Message

from tests.hostile import HOSTILE
from tests.widgets.harness import Bench, listen, settle
from tests.widgets.table_app import COLUMNS, row
from widgets.cells import Cell
from widgets.columns import Column, place, total
from widgets.scrolling import follow_cursor
from widgets.table import ResourceTable, Row

TWO = (Column("name", "NAME", 8, weight=1), Column("n", "N", 4, align="right"))


def rows(*names: str) -> list[Row]:
    return [Row(name, (Cell.of(name), Cell.of(str(len(name))))) for name in names]


def refreshed(table: ResourceTable) -> list[Region]:
    """Collects the regions that the table asks to have painted from now on."""
    seen: list[Region] = []
    original = table.refresh

    def spy(*regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> ResourceTable:
        seen.extend(regions or [Region(0, 0, *table.size)])
        original(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return table

    table.refresh = spy  # type: ignore[method-assign]  # a spy of the same signature
    return seen


async def test_it_shows_a_header_the_rows_and_the_cursor() -> None:
    table = ResourceTable(TWO)
    table.set_rows(rows("alpha", "beta"))
    table.set_sort("name", descending=True)
    async with Bench(table).run_test(size=(20, 6)) as pilot:
        app = pilot.app
        assert isinstance(app, Bench)
        assert app.lines[:3] == [" NAMEv             N", ">alpha             5", " beta              4"]


async def test_the_cursor_stays_on_its_key() -> None:
    table, told = ResourceTable(TWO), list[Message]()
    table.set_rows(rows("a", "b", "c"))
    hook = listen(told, ResourceTable.CursorMoved)
    async with Bench(table).run_test(size=(20, 6), message_hook=hook) as pilot:
        await pilot.press("j")
        assert table.cursor_key == "b"
        table.set_rows(rows("x", "a", "y", "b", "c"))
        assert (table.cursor_key, table.cursor_index) == ("b", 3)
        table.set_rows(rows("c", "b"))
        assert (table.cursor_key, table.cursor_index) == ("b", 1)
        table.set_rows(rows("c", "d", "e"))
        assert (table.cursor_key, table.cursor_index) == ("d", 1)
        table.set_rows(())
        assert [table.cursor_key, table.cursor_index] == [None, -1]
        await settle(pilot)
    keys = [message.key for message in told if isinstance(message, ResourceTable.CursorMoved)]
    assert keys[0] == "a"
    assert keys[-1] is None


@pytest.mark.parametrize(
    ("keys", "index"),
    [
        (["j", "down"], 2),
        (["G"], 99),
        (["end", "k"], 98),
        (["G", "g"], 0),
        (["pagedown"], 9),
        (["ctrl+d"], 4),
        (["pagedown", "pageup"], 0),
        (["k"], 0),
        (["pagedown", "ctrl+u"], 5),
        (["end", "home"], 0),
    ],
)
async def test_keys_move(keys: Sequence[str], index: int) -> None:
    table = ResourceTable(COLUMNS)
    table.set_rows(row(number) for number in range(100))
    async with Bench(table).run_test(size=(80, 10)) as pilot:
        table.focus()
        await pilot.press(*keys)
        assert table.cursor_index == index
        assert table.cursor_key in table.visible_keys()


async def test_marks_and_ranges() -> None:
    table, told = ResourceTable(TWO), list[Message]()
    table.set_rows(rows("a", "b", "c", "d"))
    async with Bench(table).run_test(size=(20, 6), message_hook=listen(told, ResourceTable.MarksChanged)) as pilot:
        await pilot.press("space", "j", "ctrl+@")
        assert table.marked == {"a", "b", "c"}
        assert isinstance(pilot.app, Bench)
        assert [line[0] for line in pilot.app.lines[1:5]] == ["+", "+", "*", " "]
        table.set_rows(rows("a", "d"))
        assert table.marked == {"a"}
        await settle(pilot)
    assert len(told) == 3


async def test_enter_and_clicks_open() -> None:
    table, told = ResourceTable(TWO), list[Message]()
    table.set_rows(rows("a", "b"))
    async with Bench(table).run_test(size=(20, 6), message_hook=listen(told, ResourceTable.Opened)) as pilot:
        await pilot.press("enter")
        await pilot.click(table, offset=(2, 2))
        assert table.cursor_key == "b"
        await pilot.click(table, offset=(2, 2))
        await pilot.click(table, offset=(2, 5))
    assert [message.key for message in told if isinstance(message, ResourceTable.Opened)] == ["a", "b"]


async def test_only_what_changed_is_painted() -> None:
    table = ResourceTable(COLUMNS)
    table.set_rows(row(number) for number in range(5000))
    async with Bench(table).run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        seen = refreshed(table)
        table.set_rows(row(number) for number in range(5000))
        assert seen == []
        table.update_row(row(4999, cpu=9.0))
        assert seen == []
        table.update_row(row(2, cpu=9.0))
        cpu = next(p for p in place(COLUMNS, 200) if p.column.key == "cpu")
        assert seen == [Region(cpu.x, 3, cpu.width, 1)]
        seen.clear()
        table.action_cursor_down()
        assert seen == [Region(0, 1, 200, 1), Region(0, 2, 200, 1)]
        seen.clear()
        assert not table.update_row(Row("nobody", ()))
        assert seen == []


async def test_rows_may_have_too_few_cells_or_none() -> None:
    table = ResourceTable(TWO)
    table.set_rows([Row(1, ()), Row(2, (Cell.of("x"),))])
    async with Bench(table).run_test(size=(20, 6)) as pilot:
        table.update_row(Row(1, (Cell.of("a"), Cell.of("b"))))
        await settle(pilot)
        assert isinstance(pilot.app, Bench)
        assert "a" in pilot.app.lines[1]


async def test_stale_rows_are_dimmed_and_empty_lists_say_why() -> None:
    table = ResourceTable(TWO, empty=Cell.of("no containers: permission denied", "error"))
    async with Bench(table).run_test(size=(60, 6)) as pilot:
        assert isinstance(pilot.app, Bench)
        assert "permission denied" in pilot.app.lines[1]
        table.set_rows(rows("a", "b"))
        table.stale = True
        await settle(pilot)
        strip = pilot.app.screen._compositor.render_strips()[2]
        assert all(segment.style and segment.style.dim for segment in strip if segment.text.strip())


async def test_columns_give_way_and_come_back_when_scrolled() -> None:
    table = ResourceTable(COLUMNS)
    table.set_rows([row(1)])
    async with Bench(table).run_test(size=(60, 6)) as pilot:
        assert isinstance(pilot.app, Bench)
        assert "DIGEST" not in pilot.app.lines[0]
        await pilot.press(*["right"] * 9)
        assert "PORTS" in pilot.app.lines[0]
        await pilot.press(*["left"] * 9)
        assert "SEC" in pilot.app.lines[0]
        assert "DIGEST" not in pilot.app.lines[0]


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (10, 40), (20, 5), (250, 60)])
async def test_any_size_is_survived(size: tuple[int, int]) -> None:
    table = ResourceTable(COLUMNS)
    table.set_rows(row(number) for number in range(30))
    async with Bench(table).run_test(size=size) as pilot:
        await pilot.press("j", "G", "right", "space", "g")
        await pilot.resize_terminal(80, 24)
        assert table.cursor_key in table.visible_keys()


async def test_hostile_text_is_shown_and_does_nothing() -> None:
    table = ResourceTable(COLUMNS, empty=Cell.of("\x1b[2J"))
    table.set_rows(Row(text, (Cell(((text, "high"),)),) * len(COLUMNS)) for text in dict.fromkeys(HOSTILE))
    table.set_columns([Column(c.key, "[red]\x1b[31m", 12) for c in COLUMNS])
    async with Bench(table).run_test(size=(120, 60)) as pilot:
        assert isinstance(pilot.app, Bench)
        pilot.app.assert_harmless()
        assert any("[@click" in line for line in pilot.app.lines)


async def test_other_rows_on_the_screen_are_told() -> None:
    table, told = ResourceTable(COLUMNS), list[Message]()
    table.set_rows(row(number) for number in range(100))
    async with Bench(table).run_test(size=(80, 11), message_hook=listen(told, ResourceTable.ViewChanged)) as pilot:
        await pilot.press("j")
        await settle(pilot)
        before = len(told)
        await pilot.press("G")
        await settle(pilot)
        assert len(told) == before + 1
        assert table.visible_keys() == tuple(f"id{n}" for n in range(90, 100))


def test_least_important_columns_go_first() -> None:
    keys = [p.column.key for p in place(COLUMNS, 60)]
    assert "digest" not in keys
    assert {"sec", "name", "state", "cpu"} <= set(keys)
    assert [p.column.key for p in place(COLUMNS, 10)] == ["sec", "name", "state", "cpu"]


@pytest.mark.parametrize("width", range(1, 260, 7))
def test_columns_fill_the_line_and_never_overlap(width: int) -> None:
    places = place(COLUMNS, width)
    assert all(a.x + a.width < b.x for a, b in pairwise(places))
    assert total(places) <= max(width, 1 + 9 + 1 + 12 + 1 + 11 + 1 + 6)


def test_the_cursor_is_always_on_the_page() -> None:
    top = 0
    for cursor in [0, 5, 9, 10, 11, 50, 99, 98, 60, 59, 58, 0]:
        top = follow_cursor(top, cursor, 10, 100)
        assert top <= cursor < top + 10
        assert 0 <= top <= 90
