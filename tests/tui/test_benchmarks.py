"""The benchmarks view and the Fix tab, by keyboard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from checks.frameworks.known import frameworks, relevant
from checks.frameworks.tally import Ledger
from checks.result import Evaluation, Result, Summary
from tests.tui.stage import Play, place, play, put_cursor
from tests.tui.world import world
from tui.panes import load
from tui.panes.findings.benchmarks import BenchmarksView, ItemKey
from tui.panes.findings.pane import FindingsPane
from tui.place import Place
from widgets.overlay import Picker
from widgets.table import RowLike

SIZES = [(80, 24), (120, 40), (200, 50), (40, 10)]


def cursor_on(here: Play, item: str) -> None:
    key = next(row.key for row in here.table.rows if isinstance(row.key, ItemKey) and row.key.item == item)
    assert here.table.move_to(key)


def row_of(here: Play, item: str) -> RowLike:
    return next(row for row in here.table.rows if isinstance(row.key, ItemKey) and row.key.item == item)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_framework_in_turn(size: tuple[int, int]) -> None:
    async with play(size=size) as here:
        await here.press("2")
        offered = relevant(here.session.picture.snapshot)
        for framework in (*offered, offered[0]):
            await here.press("B")
            assert place(here) == "findings::"
            assert framework.short in here.text
            shown = [row.key for row in here.table.rows]
            expected = [
                ItemKey(framework.id, section, item)
                for section, items in framework.sections().items()
                for item in ("", *(each.id for each in items))
            ]
            assert shown == expected
            await here.press("G", "g", "s", "escape")


@pytest.mark.parametrize("key", ["6", "escape"])
async def test_the_findings_are_one_key_away(key: str) -> None:
    async with play(size=(120, 40)) as here:
        await here.press("2", "B")
        assert isinstance(here.table.rows[1].key, ItemKey)
        await here.press(key)
        assert place(here) == "findings::"
        assert not isinstance(here.table.rows[1].key, ItemKey)


async def test_an_item_leads_to_its_findings_and_back() -> None:
    async with play(size=(200, 50)) as here:
        await here.press("B")
        cursor_on(here, "5.32")
        await here.press("enter")
        assert "5.32 Engine socket not mounted" in here.lines[2]
        fields = [entry.fields for entry in here.deck.entries]
        assert fields and {entry["id"] for entry in fields} == {"RUN-002"}
        await here.press("b", "enter")
        assert place(here) == "findings:container:findings"
        await here.press("escape", "escape")
        assert here.deck.trail.here == Place("findings")
        key = here.table.cursor_key
        assert isinstance(key, ItemKey) and key.item == "5.32"
        await here.press("b")
        assert "Findings" in here.lines[2]


async def test_a_folded_failure_is_among_the_findings_of_its_item() -> None:
    async with play(size=(120, 40)) as here:
        await here.press("B")
        cursor_on(here, "5.22")
        await here.press("enter")
        assert "RUN-001" in {entry.fields["id"] for entry in here.deck.entries}


async def test_an_item_without_findings_says_why() -> None:
    async with play(size=(120, 40)) as here:
        await here.press("B")
        cursor_on(here, "2.11")
        assert row_of(here, "2.11").cells[3].text == "manual"
        await here.press("enter")
        assert not here.table.rows
        assert "devicemapper" in here.text


async def test_filter_order_and_minimum_hold_for_each_view_alone() -> None:
    async with play(size=(120, 40)) as here:
        await here.press("B", "slash")
        await here.type("5.1")
        await here.press("enter")
        ids = {key.item for row in here.table.rows if isinstance(key := row.key, ItemKey)}
        assert "5.10" in ids and "2.1" not in ids
        await here.press("6", "b")
        assert here.deck.state.query == ""
        await here.press("B")
        assert here.deck.state.query == "5.1"
        await here.press("escape", "F")
        shown = [row for row in here.table.rows if isinstance(row.key, ItemKey) and row.key.item]
        assert shown and all(row.cells[3].text == "FAIL" for row in shown)


async def test_the_palette_opens_it() -> None:
    async with play() as here:
        await here.press("colon")
        await here.type("Benchmarks")
        await here.press("enter")
        await here.until(lambda: place(here) == "findings::", "the findings pane")
        assert "CIS Docker" in here.text


async def test_before_anything_is_judged_nothing_passes() -> None:
    pane = FindingsPane()
    pane.benchmarking = True
    entries = pane.entries(replace(world(), evaluation=Evaluation()), 0.0)
    verdicts = {entry.fields["verdict"] for entry in entries if "verdict" in entry.fields}
    assert verdicts <= {"unknown", "manual", "not_applicable"}
    assert load("findings") is not pane


async def test_the_fix_tab_is_shown_copied_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with play(size=(120, 40)) as here:
        await here.press("2")
        put_cursor(here, "plain")
        await here.press("enter")
        here.deck.turn("fix")
        await here.press()
        assert "docker run --detach" in here.text
        await here.press("c")
        assert isinstance(here.app.screen, Picker)
        await here.type("compose")
        await here.press("enter")
        assert here.app.copied and here.app.copied[-1].count("services:") == 1
        await here.press("E")
        await here.type("command line")
        await here.press("enter")
        await here.until(lambda: bool(list(tmp_path.iterdir())), "the file")
        await here.until(lambda: not here.at_deck(), "the notice")
        (written,) = tmp_path.iterdir()
        assert written.suffix == ".sh" and written.stat().st_mode & 0o777 == 0o600
        assert "docker run --detach" in written.read_text()


def test_rows_made_in_two_threads_are_counted_once() -> None:
    """The judging thread makes the rows of the open pane, and so does the screen where they are not made yet."""
    pane, full = FindingsPane(), world()
    pane.benchmarking = True
    judgements = dict(list(full.evaluation.judgements.items())[::2])
    half = replace(full, evaluation=Evaluation(judgements=judgements))

    def switch() -> None:
        for _ in range(20):
            pane.entries(half, 0.0)
            pane.entries(full, 0.0)

    threads = [Thread(target=switch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fresh = FindingsPane()
    fresh.benchmarking = True
    assert [e.row for e in pane.entries(full, 0.0)] == [e.row for e in fresh.entries(full, 0.0)]


def test_the_preview_asks_nothing_that_another_thread_may_be_changing() -> None:
    class Busy(Ledger):
        def of(self, check_id: str) -> Summary:
            raise RuntimeError("dictionary changed size during iteration")

    view, picture = BenchmarksView(), world()
    key = next(
        entry.key for entry in view.entries(picture) if isinstance(entry.key, ItemKey) and entry.key.item == "5.4"
    )
    view._ledger = Busy()
    told = [line.cell.text for line in view.preview(key, picture, 120)]
    assert any("RUN-013" in line and "fail" in line for line in told)


def test_counts_follow_the_evaluation() -> None:
    view, full = BenchmarksView(), world()
    none = replace(full, evaluation=Evaluation())
    key = next(entry.key for entry in view.entries(full) if isinstance(entry.key, ItemKey) and entry.key.item == "5.4")
    before = [line.cell.text for line in view.preview(key, full, 120)]
    assert any("nothing to judge" in line.cell.text for line in view.preview(key, none, 120))
    assert [line.cell.text for line in view.preview(key, full, 120)] == before


@pytest.mark.parametrize("grouped", [True, False])
def test_a_key_pressed_while_rows_are_made_leaves_no_rows_of_the_place_before(
    grouped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pane, picture, results = FindingsPane(), world(), Evaluation.results
    item = next(each for each in frameworks()[0].items if each.id == "5.32")
    inside = ItemKey(frameworks()[0].id, item.section, item.id)

    def pressed(evaluation: Evaluation) -> Iterable[Result]:
        pane.look_within(inside)
        pane.grouped = grouped
        return results(evaluation)

    with monkeypatch.context() as patched:
        patched.setattr(Evaluation, "results", pressed)
        everything = pane.entries(picture, 0.0)
    fresh = FindingsPane()
    assert [each.row for each in everything] == [each.row for each in fresh.entries(picture, 0.0)]
    fresh.look_within(inside)
    fresh.grouped = grouped
    found = pane.entries(picture, 0.0)
    assert found and [each.row for each in found] == [each.row for each in fresh.entries(picture, 0.0)]
