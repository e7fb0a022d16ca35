"""What is typed: the filter language, the filter bar, menus and help."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from tests.hostile import HOSTILE, forbidden
from tests.widgets.harness import Bench, listen, settle
from widgets.editing import Edit
from widgets.filterbar import FilterBar
from widgets.overlay import Choice, HelpScreen, Notice, Option, Picker
from widgets.query import Language, parse
from widgets.table import ResourceTable

ROW = {"name": "web-api-1", "image": "nginx:1.25", "state": "running", "net": "front back"}
KEYS = tuple(ROW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("web", True),
        ("WEB api", True),
        ("web db", False),
        ("name:web", True),
        ("name:db,web", True),
        ("name:db", False),
        ("!name:db", True),
        ("!web", False),
        ("state:run !image:postgres", True),
        ("nginx:1.25", True),
        ("~^web-.*-\\d$", False),
        ("name:~^web-.*-\\d$", True),
        ("~api-[0-9]", True),
        ('net:"front back"', True),
        ('"back front"', False),
        ("http://x", False),
        ("name:", True),
        ("!", False),
    ],
)
def test_the_filter_language(text: str, expected: bool) -> None:
    query = parse(text, KEYS)
    assert query.errors == ()
    assert query.matches(ROW) is expected


def test_errors_are_data_and_filter_nothing() -> None:
    assert parse("nmae:web", KEYS).errors == ("no field nmae: did you mean name?",)
    assert "regular" in parse("~[", KEYS).errors[0]
    assert "repeated" in parse("~(a+)+$", KEYS).errors[0]
    assert parse("~[", KEYS).matches(ROW)
    assert parse("anything:goes").matches({"anything": "it goes"})
    assert parse("  ").empty


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sev:hihg", "no sev is hihg: did you mean high?"),
        ("!sev:hihg", "no sev is hihg: did you mean high?"),
        ("sev:high,lwo", "no sev is lwo: did you mean low?"),
        ("SEV:Q", "no sev is q: high low"),
        ("sev:hi", ""),
        ("sev:high,low", ""),
        ("sev:~^h", ""),
        ("sev:", ""),
        ("name:hihg", ""),
        ("hihg", ""),
    ],
)
def test_a_word_that_a_field_never_says_is_an_error(text: str, said: str) -> None:
    query = parse(text, ("sev", "name"), Language({"sev": ("high", "low")}))
    assert query.errors == ((said,) if said else ())
    assert not said or query.matches({})


@given(st.text(max_size=40) | st.sampled_from(HOSTILE), st.booleans())
def test_any_text_is_a_filter(text: str, known: bool) -> None:
    query = parse(text, KEYS if known else None)
    assert query.matches(ROW) in (True, False)
    assert query.matches({}) in (True, False)


@given(
    st.lists(
        st.sampled_from(["backspace", "delete", "ctrl+w", "ctrl+u", "left", "right", "home", "end", "a", "漢", " "])
    )
)
def test_editing_keeps_the_cursor_in_the_text(keys: list[str]) -> None:
    edit = Edit.of("some text")
    for key in keys:
        edit = edit.key(key) or edit.insert(key if len(key) == 1 else "")
        assert 0 <= edit.cursor <= len(edit.text)
        assert edit.cell("/", 8).width <= 8
        assert any(role == "cursor" for _, role in edit.cell("/", 8).spans)


def test_words_go_back_at_once() -> None:
    assert Edit.of("one two ").key("ctrl+w") == Edit("one ", 4)
    assert Edit.of("one").key("f5") is None


async def test_the_bar_tells_what_is_typed() -> None:
    bar, told = FilterBar(), list[Message]()
    kinds = (FilterBar.Changed, FilterBar.Submitted, FilterBar.Cancelled)
    async with Bench(ResourceTable(), bar).run_test(size=(60, 5), message_hook=listen(told, *kinds)) as pilot:
        bar.open()
        await pilot.press("a", "b", "j", "backspace", "enter")
        assert not bar.is_open
        bar.open("before")
        await pilot.press("x", "escape")
        bar.open()
        await pilot.press("up")
        assert bar.value == "ab"
        await pilot.press("down")
        assert bar.value == ""
        bar.set_error("no field x")
        await settle(pilot)
        assert isinstance(pilot.app, Bench)
        assert "no field x" in pilot.app.lines[-1]
    names = [(type(message).__name__, message.value) for message in told if isinstance(message, kinds)]
    assert names[:6] == [
        ("Changed", "a"),
        ("Changed", "ab"),
        ("Changed", "abj"),
        ("Changed", "ab"),
        ("Submitted", "ab"),
        ("Changed", "beforex"),
    ]
    assert names[6] == ("Cancelled", "before")
    assert bar.history == ("ab",)


async def test_pasted_control_sequences_are_only_text() -> None:
    bar = FilterBar()
    async with Bench(bar).run_test(size=(60, 3)) as pilot:
        bar.open()
        for text in HOSTILE:
            bar.on_paste(events.Paste(text))
        await settle(pilot)
        assert forbidden(bar.value) is None
        assert isinstance(pilot.app, Bench)
        pilot.app.assert_harmless()


OPTIONS = [Option("name", "Sort by name", "n"), Option("sev", "Sort by severity", "default"), Option("cpu", "CPU")]


async def choose_with(*keys: str, free: bool = False) -> Choice | None:
    answers: list[Choice | None] = []
    async with Bench(ResourceTable()).run_test(size=(80, 24)) as pilot:
        await pilot.app.push_screen(Picker("Sort", OPTIONS, free=free), answers.append)
        await pilot.press(*keys)
        await settle(pilot)
    assert len(answers) == 1
    return answers[0]


async def test_a_menu_is_filtered_and_answers() -> None:
    assert await choose_with("enter") == Choice("name", "")
    assert await choose_with("down", "enter") == Choice("sev", "")
    assert await choose_with("s", "e", "v", "enter") == Choice("sev", "sev")
    assert await choose_with("escape") is None
    assert await choose_with("z", "z", "enter", "backspace", "backspace", "enter") == Choice("name", "")
    assert await choose_with("z", "z", "enter", free=True) == Choice(None, "zz")


async def test_hostile_menus_help_and_notices_do_nothing() -> None:
    options = [Option(str(n), text, text) for n, text in enumerate(HOSTILE)]
    screens = (
        Picker("\x1b[2J[red]", options),
        HelpScreen("[/", [(t, [(t, t)]) for t in HOSTILE]),
        Notice("[/", HOSTILE),
    )
    for screen in screens:
        bench = Bench(ResourceTable())
        async with bench.run_test(size=(100, 30)) as pilot:
            await bench.push_screen(screen)
            await pilot.press("down", "pagedown")
            bench.assert_harmless()


async def test_boxes_are_at_most_80_by_20_and_fit_small_screens() -> None:
    for size, expected in (((200, 50), (80, 20)), ((40, 10), (40, 10))):
        async with Bench(ResourceTable()).run_test(size=size) as pilot:
            await pilot.app.push_screen(Picker("Many", [Option(str(n), f"option {n}") for n in range(100)]))
            await settle(pilot)
            box = pilot.app.screen.query_one("#box")
            assert (box.size.width, box.size.height) == expected


async def test_the_help_is_searched_and_closed() -> None:
    bench = Bench(ResourceTable())
    groups = [("Move", [("j k", "row"), ("g G", "first, last row")]), ("Find", [("/", "filter")])]
    async with bench.run_test(size=(80, 24)) as pilot:
        await bench.push_screen(HelpScreen("Help", groups))
        await pilot.press("/", "r", "o", "w")
        assert any("2 found" in text for text in bench.lines)
        await pilot.press("enter", "n", "escape")
        assert not isinstance(bench.screen, HelpScreen)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("sev:high+", ["critical", "high"]),
        ("sev:critical+", ["critical"]),
        ("!sev:medium+", ["low"]),
        ("sev:high", ["high"]),
    ],
)
def test_a_word_and_all_that_is_worse(text: str, kept: list[str]) -> None:
    words = ("critical", "high", "medium", "low")
    query = parse(text, ("sev",), Language({"sev": words}))
    assert query.errors == ()
    assert [word for word in words if query.matches({"sev": word})] == kept
