"""Walks through the program by keyboard alone: every place, and the ways between them."""

from __future__ import annotations

import pytest

from inventory.resource import ENGINE_KINDS, OBJECTS, Kind, ResourceKey
from tests.tui.every_kind import KINDS, examples, picture_of
from tests.tui.stage import detail_text, place, play, put_cursor
from tui.detail.kube import opens_on
from tui.detail.tab import Shape, tabs_of
from tui.panes import specs
from widgets.findings import FindingsList
from widgets.overlay import Picker

SIZES = [(80, 24), (120, 40), (200, 50), (40, 10), (60, 15)]
USUAL = SIZES[:3]
OPENED = [kind for kind in KINDS if kind in OBJECTS]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_pane_and_every_tab_at_every_size(size: tuple[int, int]) -> None:
    async with play(size=size) as here:
        for spec in specs():
            await here.press(spec.digit)
            assert here.deck.trail.here.pane == spec.id
            if spec.id != "overview":
                assert here.table.rows
                await here.press("J", "right", "tab", "z", "z", "shift+tab", "G")
            await here.press("enter", "right_square_bracket", "right_square_bracket", "q")


@pytest.mark.parametrize("kind", OPENED, ids=lambda kind: kind.value)
async def test_every_tab_of_every_kind(kind: Kind) -> None:
    async with play(picture_of(kind), size=(120, 40)) as here:
        for resource in examples(kind)[: 3 if kind in ENGINE_KINDS else 1]:
            here.deck.enter(resource.key)
            await here.pilot.pause()
            tabs = tabs_of(resource)  # what is not well opens on why, all else on what is found
            first = next(at for at, tab in enumerate(tabs) if tab.id == opens_on(resource, here.deck.deck.now()))
            for tab in (*tabs[first:], *tabs[:first]):
                assert here.deck.trail.here.tab == tab.id
                detail = here.deck.detail
                assert detail is not None and detail.tab == tab
                assert tab.title in here.lines[3]
                if tab.shape is Shape.TEXT:
                    assert detail_text(here).lines
                await here.press("right_parenthesis")
            assert here.deck.trail.here.tab == tabs[first].id


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_menu_at_every_size(size: tuple[int, int]) -> None:
    async with play(size=size) as here:
        await here.press("2")
        for key in ("colon", "question_mark", "x", "s", "o", "c", "a", "E"):
            await here.press(key)
            assert not here.at_deck(), key
            await here.press("down", "escape")
            assert here.at_deck(), key


async def test_a_terminal_that_changes_its_size_keeps_the_place() -> None:
    async with play(size=(120, 40)) as here:
        await here.press("2")
        put_cursor(here, "socky")
        await here.press("enter", "i")
        for size in (*SIZES, (10, 3), (1, 1), (120, 40)):
            await here.pilot.resize_terminal(*size)
            await here.pilot.pause()
        assert place(here) == "containers:container:inspect"
        await here.press("escape")
        row = here.table.cursor_row
        assert row is not None and row.cells[1].text == "socky"


async def test_a_pane_shown_for_the_first_time_uses_all_of_its_width() -> None:
    """Lines are made for a width, which a widget has only after it was laid out."""
    for size in USUAL:
        async with play(size=size) as here:
            await here.press("1")
            await here.until(lambda: bool(here.deck.preview.lines))
            longest = max(entry.cell.width for entry in here.deck.preview.lines)
            assert longest >= here.deck.preview.size.width - 4


async def test_the_worst_row_is_first_and_full_stop_goes_from_failure_to_failure() -> None:
    async with play() as here:
        await here.press("2")
        assert here.table.rows[0].cells[0].text.startswith("C")
        await here.press("greater_than_sign", "greater_than_sign", "greater_than_sign")
        worst = [row.key for row in here.table.rows]
        assert "min high" in here.text
        await here.press(*["less_than_sign"] * 5)
        assert "min " not in here.lines[2]
        await here.press("G", "full_stop")
        assert here.table.cursor_index == 0
        await here.press("full_stop")
        assert here.table.cursor_key == worst[1]
        await here.press("comma", "comma")
        assert here.table.cursor_index > 1


async def test_preview_follows_the_cursor_when_it_rests() -> None:
    async with play() as here:
        await here.press("2")
        put_cursor(here, "privileged")
        await here.until(lambda: "privileged" in here.deck.preview.lines[0].cell.text)
        assert any("RUN-001" in entry.cell.text for entry in here.deck.preview.lines)


async def test_enter_and_escape_go_down_and_up() -> None:
    async with play() as here:
        await here.press("2", "j", "enter")
        assert place(here) == "containers:container:findings"
        await here.press("escape")
        assert place(here) == "containers::"
        assert here.table.cursor_index == 1
        await here.press("escape", "escape")
        assert place(here) == "containers::", "escape never leaves the program, nor a pane"


async def test_q_goes_up_and_quits_at_the_top_only() -> None:
    async with play() as here:
        await here.press("2", "enter", "q")
        assert place(here) == "containers::"
        await here.press("q")
        assert place(here) == "overview::"
        assert not here.session.stopped
        await here.pilot.press("q")
        assert here.session.stopped
        assert here.app.return_value == 0


@pytest.mark.parametrize("keys", [("Q",), ("ctrl+q",), ("2", "enter", "Q"), ("colon", "ctrl+q"), ("slash", "ctrl+q")])
async def test_quit_at_once_from_anywhere(keys: tuple[str, ...]) -> None:
    async with play() as here:
        await here.pilot.press(*keys)
        assert here.session.stopped
        assert here.app.return_value == 0


async def test_ctrl_c_quits_the_second_time() -> None:
    async with play() as here:
        await here.pilot.press("ctrl+c")
        assert not here.session.stopped
        await here.pilot.press("ctrl+c")
        assert here.session.stopped


async def test_minus_goes_back_and_forth() -> None:
    async with play() as here:
        await here.press("2", "j", "j", "1")
        await here.press("minus")
        assert place(here) == "containers::"
        assert here.table.cursor_index == 2
        await here.press("enter", "minus", "minus")
        assert place(here) == "containers:container:findings"
        await here.press("q")
        assert place(here) == "containers::"


async def test_letters_look_at_tabs_from_the_list_and_inside() -> None:
    async with play() as here:
        await here.press("2")
        for key, tab in (("i", "inspect"), ("e", "events"), ("d", "findings"), ("y", "inspect")):
            await here.press(key)
            assert here.deck.trail.here.tab == tab
        await here.press("t", "m")
        assert here.deck.trail.here.tab == "mounts"
        await here.press("escape")
        await here.press("i")
        assert place(here) == "containers:container:inspect"
        await here.press("left_square_bracket")
        assert here.deck.trail.here.tab == "findings"


async def test_links_are_followed_by_enter_and_by_o() -> None:
    async with play() as here:
        await here.press("2")
        put_cursor(here, "shop-web-1")
        await here.press("enter", "t", "r")
        assert here.deck.trail.here.tab == "related"
        await here.press("enter")
        assert place(here) == "containers:image:findings"
        await here.press("escape")
        assert place(here) == "containers:container:related"
        await here.press("o")
        assert isinstance(here.app.screen, Picker)
        await here.type("network")
        await here.press("enter")
        assert place(here) == "containers:network:findings"
        await here.press("t", "m", "j", "enter")
        assert place(here) == "containers:container:findings"
        await here.press("q", "q", "q")
        assert place(here) == "containers::"


async def test_a_finding_of_many_objects_lists_them_and_each_opens_on_its_check() -> None:
    async with play() as here:
        await here.press("6")
        put_many = next(e.key for e in here.deck.entries if e.key[0] == "RUN-002")  # type: ignore[index]
        here.table.move_to(put_many)
        await here.until(lambda: any("on 3 objects" in entry.cell.text for entry in here.deck.preview.lines))
        await here.press("enter")
        assert here.at(here.deck.preview)
        await here.press("G", "enter")
        assert place(here) == "findings:container:findings"
        detail = here.deck.detail
        assert detail is not None
        current = detail.query_one(FindingsList).current
        assert current is not None and current.check_id == "RUN-002"
        await here.press("escape", "b")
        assert all(isinstance(entry.key[0], ResourceKey) for entry in here.deck.entries)  # type: ignore[index]
        await here.press("enter")
        assert place(here).endswith(":findings")


async def test_the_overview_opens_what_it_lists() -> None:
    async with play() as here:
        overview = here.deck.overview
        for index, entry in enumerate(overview.lines):
            if entry.meta is not None:
                overview.move_to(index)
                await here.press("enter")
                assert place(here) != "overview::", entry.cell.text
                await here.press("0")


async def test_tab_goes_through_the_regions_and_zoom_shows_one() -> None:
    async with play() as here:
        await here.press("2", "tab")
        assert here.at(here.deck.preview)
        await here.press("z")
        assert here.table.has_class("-gone")
        assert here.deck.preview.region.width == 120
        await here.press("z", "shift+tab")
        assert here.at(here.table)
        await here.press("z")
        assert here.deck.preview.has_class("-gone")
        await here.press("escape")
        assert not here.deck.preview.has_class("-gone")


async def test_enter_on_a_finding_goes_into_its_evidence_and_its_link() -> None:
    async with play() as here:
        await here.press("2")
        put_cursor(here, "hostfs")
        await here.press("enter", "enter")
        detail = here.deck.detail
        assert detail is not None
        assert here.at(detail.query_one("#d-evidence"))
        await here.press("escape")
        assert here.at(detail.query_one("#d-list"))
        await here.press("escape")
        assert place(here) == "containers::"
