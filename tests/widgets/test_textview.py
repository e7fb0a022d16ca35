"""The text view: scrolling, wrapping, searching, following, and the JSON tree on top of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.message import Message

from tests.hostile import HOSTILE, forbidden
from tests.widgets.harness import Bench, listen, settle
from tests.widgets.test_table import refreshed
from widgets.cells import Cell
from widgets.jsontree import JsonTree, JsonView, Node, json_text, step
from widgets.patterns import compile_pattern
from widgets.searching import Search
from widgets.textview import TextLine, TextView, line
from widgets.wrapping import Wrapping


def numbered(count: int, first: int = 0) -> list[TextLine]:
    return [line(f"line {number}") for number in range(first, first + count)]


def shown(pilot_app: object) -> list[str]:
    assert isinstance(pilot_app, Bench)
    return [text.rstrip() for text in pilot_app.lines]


async def test_it_scrolls_by_keys_and_stops_at_both_ends() -> None:
    view = TextView(numbered(100))
    async with Bench(view).run_test(size=(20, 10)) as pilot:
        await pilot.press("k", "j", "j")
        assert shown(pilot.app)[0] == "line 2"
        await pilot.press("G")
        assert shown(pilot.app)[-1] == "line 99"
        await pilot.press("space", "pageup", "ctrl+u")
        assert shown(pilot.app)[0] == "line 75"
        await pilot.press("g")
        assert shown(pilot.app)[0] == "line 0"


async def test_long_lines_scroll_sideways_or_wrap() -> None:
    view = TextView([line("abcdefghij" * 3), line("next")])
    async with Bench(view).run_test(size=(10, 6)) as pilot:
        assert shown(pilot.app)[:2] == ["abcdefghij", "next"]
        await pilot.press("right")
        assert shown(pilot.app)[:2] == ["ijabcdefgh", ""]
        await pilot.press("w")
        assert shown(pilot.app)[:4] == ["abcdefghij", "abcdefghij", "abcdefghij", "next"]


async def test_following_shows_the_end_until_one_scrolls_back() -> None:
    view = TextView(numbered(5), ring=50)
    async with Bench(view).run_test(size=(20, 10)) as pilot:
        await pilot.press("f")
        view.append_lines(numbered(100, 5))
        await settle(pilot)
        assert shown(pilot.app)[-1] == "line 104"
        assert len(view.lines) == 50
        await pilot.press("k")
        assert not view.follow
        top = shown(pilot.app)[0]
        view.append_lines(numbered(10, 105))
        await settle(pilot)
        assert shown(pilot.app)[0] == top
        assert view.lines[0].cell.text == "line 65"


@pytest.mark.parametrize("wrap", [False, True])
async def test_a_ring_smaller_than_what_comes_keeps_the_newest(wrap: bool) -> None:
    view = TextView(ring=10, wrap=wrap)
    async with Bench(view).run_test(size=(6, 4)) as pilot:
        view.set_search("9")
        view.append_lines(numbered(95))
        assert view.lines[0].cell.text == "line 85"
        assert view.match_count == 6
        await pilot.press("n", "G", "N")


async def test_only_changed_lines_are_painted() -> None:
    view = TextView(numbered(30))
    async with Bench(view).run_test(size=(20, 10)) as pilot:
        await settle(pilot)
        seen = refreshed(view)  # type: ignore[arg-type]  # any widget will do
        view.set_lines(numbered(30))
        assert seen == []
        changed = numbered(30)
        changed[4] = line("other")
        changed[20] = line("not visible")
        view.set_lines(changed)
        assert [region.y for region in seen] == [4]
        seen.clear()
        view.append_lines(numbered(1000))
        assert seen == []


async def test_searching_goes_round_and_shows_the_match() -> None:
    view, told = TextView([line("x" * 40 + f" Needle {n}") for n in range(30)]), list[Message]()
    async with Bench(view).run_test(size=(20, 5), message_hook=listen(told, TextView.SearchMoved)) as pilot:
        assert view.set_search("needle 2") == 11
        await pilot.press("n")
        assert view.match_index == 1
        assert any("Needle 20" in text for text in shown(pilot.app))
        await pilot.press("N", "N")
        assert view.match_index == 10
        assert view.set_search("Needle", regex=False) == 30
        assert view.set_search("NEEDLE") == 0
        assert view.set_search("(", regex=True) == 0
        assert "not a regular" in view.search.error
        assert view.set_search("") == 0
    assert told


async def test_the_cursor_line_can_be_followed_and_copied() -> None:
    link = object()
    view, told = TextView([line("a"), TextLine(Cell.of("b"), link, "copied")], cursor=True), list[Message]()
    async with Bench(view).run_test(size=(20, 5), message_hook=listen(told, TextView.LineActivated)) as pilot:
        await pilot.press("enter", "j", "enter")
        assert shown(pilot.app)[:2] == [" a", ">b"]
        assert view.current_text == "copied"
    assert [message.meta for message in told if isinstance(message, TextView.LineActivated)] == [link]


async def test_empty_and_tiny_views_are_survived() -> None:
    for size in ((1, 1), (2, 3), (80, 24)):
        for cursor in (False, True):
            view = TextView(cursor=cursor, wrap=cursor)
            async with Bench(view).run_test(size=size) as pilot:
                await pilot.press("j", "G", "n", "w", "enter", "f", "right", "space")
                assert (view.cursor_line, view.current, view.current_text) == (-1, None, "")
                view.append_lines([line("漢字" * 5)])
                await pilot.press("j", "G", "w")
                view.clear()
                assert view.cursor_line == -1


async def test_hostile_lines_do_nothing() -> None:
    for cursor in (False, True):
        view = TextView([TextLine(Cell(((text, "normal"),))) for text in HOSTILE], cursor=cursor)
        async with Bench(view).run_test(size=(60, 60)) as pilot:
            view.set_search("e")
            await pilot.press("w")
            assert isinstance(pilot.app, Bench)
            pilot.app.assert_harmless()


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(1, 10))
def test_wrapping_goes_there_and_back(widths: list[int], width: int) -> None:
    wrapping = Wrapping(len(widths), width, widths)
    for index in range(len(widths)):
        start = wrapping.start(index)
        assert [wrapping.at(start + n) for n in range(wrapping.height(index))] == [
            (index, n * width) for n in range(wrapping.height(index))
        ]
    assert wrapping.total == sum(max(1, -(-w // width)) for w in widths)


@given(st.lists(st.integers(0, 30), max_size=12), st.lists(st.integers(0, 30), max_size=12), st.booleans(), st.data())
def test_wrapping_grown_and_cut_is_wrapping_made_anew(
    old: list[int], new: list[int], wrap: bool, data: st.DataObject
) -> None:
    grown = Wrapping(len(old), 7, old if wrap else None)
    grown.extend(new)
    gone = data.draw(st.integers(0, len(old) + len(new)))
    grown.drop(gone)
    kept = (old + new)[gone:]
    fresh = Wrapping(len(kept), 7, kept if wrap else None)
    assert grown.total == fresh.total
    assert [grown.at(y) for y in range(grown.total)] == [fresh.at(y) for y in range(fresh.total)]


def test_a_search_that_matches_nothing_wide_is_bounded() -> None:
    search = Search("x*", regex=True)
    search.look(["abc", "x" * 5000])
    assert search.places == [(1, 0)]
    many = Search("a")
    many.look(["a" * 100_000])
    assert len(many.places) == 1000


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "((a+)b)*c", r"(a)\1", "(?:a*)*", "([a-z]+)*x", "x" * 500, "[", "(?P<"]
)
def test_patterns_that_could_hang_or_are_wrong_are_refused(pattern: str) -> None:
    assert isinstance(compile_pattern(pattern), str)


@pytest.mark.parametrize("pattern", ["a+b*", "(ab)+", "[(|+]+x", r"\(a+\)+", "web-(api|db)-[0-9]+", "a{3}"])
def test_ordinary_patterns_are_taken(pattern: str) -> None:
    assert not isinstance(compile_pattern(pattern), str)


VALUE = {
    "Id": "abc",
    "HostConfig": {"Mounts": [{"Source": "/x"}, 1], "Empty": {}},
    "com.example.label": None,
}


def test_the_tree_knows_the_path_of_each_line() -> None:
    nodes = {node.path: node.value for node in JsonTree(VALUE).nodes}
    assert nodes["HostConfig.Mounts[0].Source"] == "/x"
    assert nodes['["com.example.label"]'] is None
    assert nodes[""] is VALUE


def test_the_unfolded_tree_is_the_json() -> None:
    import json

    text = "\n".join(entry.cell.text for entry in JsonTree(VALUE).visible(frozenset()))
    assert json.loads(text) == VALUE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.booleans())
def test_any_value_becomes_harmless_lines(value: object, fold: bool) -> None:
    tree = JsonTree(value)
    folded = frozenset(node.path for node in tree.nodes) if fold else frozenset[str]()
    lines = list(tree.visible(folded))
    assert len(lines) == (1 if fold else len(tree.nodes))
    assert all(forbidden(entry.cell.text) is None for entry in lines)


def test_a_very_deep_value_is_survived() -> None:
    value: object = 1
    for _ in range(5000):
        value = [value]
    lines = list(JsonTree(value).visible(frozenset()))
    assert 100 <= len(lines) <= 300
    assert json_text(value)


async def test_folding_by_keys_keeps_the_place() -> None:
    view = JsonView(VALUE)
    async with Bench(view).run_test(size=(60, 20)) as pilot:
        await pilot.press("j", "j", "j", "j", "j")
        assert view.path_at_cursor == "HostConfig.Mounts[0].Source"
        assert view.current_text == "/x"
        await pilot.press("left")
        assert view.path_at_cursor == "HostConfig.Mounts[0]"
        await pilot.press("left", "left", "left")
        assert view.folded == {"HostConfig.Mounts[0]", "HostConfig.Mounts"}
        assert any('"Mounts": [ 2 items ]' in text for text in shown(pilot.app))
        view.set_value({**VALUE, "Added": 1})
        assert view.path_at_cursor == "HostConfig.Mounts"
        await pilot.press("enter")
        assert view.folded == {"HostConfig.Mounts[0]"}
        assert view.set_search("/x") == 1
        assert view.folded == frozenset()
        assert view.path_at_cursor == "HostConfig.Mounts[0].Source"
        await pilot.press("-", "+")
        assert isinstance(view.current and view.current.meta, Node)


def test_paths_quote_what_is_no_plain_name() -> None:
    assert step("a", "b_c-d", 0) == "a.b_c-d"
    assert step("a", "x.y", 0) == 'a["x.y"]'
    assert step("a", None, 3) == "a[3]"
