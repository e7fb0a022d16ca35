"""Filters, minimum severity, order and search, by keyboard."""

from __future__ import annotations

from tests.tui.stage import detail_text, place, play


async def test_filter_is_live_kept_by_enter_and_cleared_by_escape() -> None:
    async with play() as here:
        await here.press("2", "slash")
        total = len(here.table.rows)
        await here.type("name:sock")
        assert {row.cells[1].text for row in here.table.rows} == {"sockro", "socky"}
        await here.press("enter")
        assert here.at(here.table)
        assert len(here.table.rows) == 2
        assert "/name:sock" in here.text
        await here.press("1", "2")
        assert len(here.table.rows) == 2, "a pane keeps its filter"
        await here.press("escape")
        assert len(here.table.rows) == total
        await here.press("slash")
        await here.type("zzz")
        assert not here.table.rows
        assert "none of" in here.text
        await here.press("escape")
        assert len(here.table.rows) == total


async def test_letters_typed_into_a_filter_do_nothing_else() -> None:
    async with play() as here:
        await here.press("2", "slash", "q", "0", "Q", "colon", "question_mark", "1", "minus")
        assert here.deck.state is not None and here.deck.state.query == "q0Q:?1-"
        assert place(here) == "containers::"
        assert not here.session.stopped


async def test_a_wrong_filter_says_so_and_filters_nothing() -> None:
    async with play() as here:
        await here.press("2")
        total = len(here.table.rows)
        await here.press("slash")
        await here.type("~(")
        assert len(here.table.rows) == total
        bar = here.lines[-2]
        assert "(" in bar and len(bar.split()) > 3, bar


async def test_a_misspelt_filter_is_told_where_it_is_typed_and_over_the_list() -> None:
    async with play(size=(80, 24)) as here:
        await here.press("2", "slash")
        await here.type("sev:hihg")
        assert here.text.count("no sev is hihg: did you mean high?") == 2
        assert here.table.rows
        await here.press("enter")
        assert "did you mean high?" in here.text
        await here.press("escape")
        assert "did you mean" not in here.text
        await here.press("colon")
        await here.type("2 state:runing")
        await here.press("enter")
        assert "did you mean running?" in here.text


async def test_a_pinned_filter_holds_in_all_panes_until_it_is_taken_away() -> None:
    async with play() as here:
        await here.press("2", "slash")
        await here.type("busybox")
        await here.press("enter", "ampersand")
        assert "& busybox" in here.lines[-1]
        assert all("busybox" in row.cells[6].text for row in here.table.rows)
        await here.press("1")
        assert [row.cells[1].text for row in here.table.rows] == ["127.0.0.1:5000/team/bb:1.35"]
        await here.press("ampersand")
        assert len(here.table.rows) == 5
        assert "& busybox" not in here.lines[-1]


async def test_failures_only_and_running_only() -> None:
    async with play() as here:
        await here.press("3", "F")
        assert all(entry.summary.worst is not None for entry in here.deck.entries)
        assert "failures only" in here.text
        await here.press("escape", "2")
        total = len(here.table.rows)
        await here.press("A")
        assert {row.cells[2].text.split()[0] for row in here.table.rows} <= {
            "running", "healthy", "unhealthy", "starting", "paused", "restarting",
        }  # fmt: skip
        assert "running only" in here.text
        await here.press("A")
        assert len(here.table.rows) == total


async def test_sort_menu_and_reverse() -> None:
    async with play() as here:
        await here.press("2", "s")
        await here.type("name")
        await here.press("enter")
        names = [row.cells[1].text for row in here.table.rows]
        assert names == sorted(names)
        await here.press("S")
        assert [row.cells[1].text for row in here.table.rows] == sorted(names, reverse=True)
        await here.press("s")
        await here.type("cpu")
        await here.press("enter")
        assert here.table.rows[0].cells[3].text == max(
            (row.cells[3].text for row in here.table.rows if row.cells[3].text not in {"-", ".."}), key=float
        )


async def test_search_in_a_text_highlights_goes_round_and_ends() -> None:
    async with play() as here:
        await here.press("2", "i", "slash")
        await here.type("HostConfig")
        view = detail_text(here)
        assert view.match_count >= 1
        await here.press("enter", "n", "N")
        assert place(here) == "containers:container:inspect"
        await here.press("escape")
        assert view.search.pattern == ""
        assert place(here) == "containers:container:inspect"
        await here.press("escape")
        assert place(here) == "containers::"


async def test_a_search_does_not_follow_to_another_object() -> None:
    async with play() as here:
        await here.press("2", "i", "slash")
        await here.type("Id")
        await here.press("enter", "q", "j", "i")
        await here.press("escape")
        assert place(here) == "containers::"
