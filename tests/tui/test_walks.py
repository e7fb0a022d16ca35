"""Walks through the program by keyboard alone."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from checks.result import Evaluation
from inventory.gap import Gap, Reason
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import SourceHealth, Status
from inventory.store import Store
from tests.tui.stage import Play, play
from tests.tui.world import NOW, SOURCE, by_name, filled, judged, made, world
from tui.detail.tab import Shape, tabs_of
from tui.freshness import Freshness
from tui.keymap import ACTIONS, key_name
from tui.panes import specs
from tui.picture import Picture
from widgets.findings import FindingsList
from widgets.overlay import Choice, HelpScreen, Notice, Picker
from widgets.style import PALETTES
from widgets.textview import TextView

SIZES = [(80, 24), (120, 40), (200, 50), (40, 10), (60, 15)]
USUAL = SIZES[:3]
OPENED = [kind for kind in Kind if kind is not Kind.VOLUME]


def place(here: Play) -> str:
    """Where one is, in a word."""
    found = here.deck.trail.here
    return f"{found.pane}:{found.opened.kind if found.opened else ''}:{found.tab if found.opened else ''}"


def detail_text(here: Play) -> TextView:
    """The text view of the drill-down."""
    detail = here.deck.detail
    assert detail is not None
    text = detail.text
    assert text is not None
    return text


def put_cursor(here: Play, name: str) -> None:
    """The cursor on the row of that name."""
    key = next(entry.key for entry in here.deck.entries if entry.fields["name"] == name)
    assert here.table.move_to(key)


# -- everywhere ------------------------------------------------------------------------------------------------------


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
    async with play(size=(120, 40)) as here:
        for resource in list(world().snapshot.by_kind[kind].values())[:3]:
            here.deck.enter(resource.key)
            await here.pilot.pause()
            for tab in tabs_of(resource):
                assert here.deck.trail.here.tab == tab.id
                detail = here.deck.detail
                assert detail is not None and detail.tab == tab
                assert tab.title in here.lines[3]
                if tab.shape is Shape.TEXT:
                    assert detail_text(here).lines
                await here.press("right_parenthesis")
            assert here.deck.trail.here.tab == tabs_of(resource)[0].id


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


# -- moving and opening ----------------------------------------------------------------------------------------------


async def test_the_worst_row_is_first_and_full_stop_goes_from_failure_to_failure() -> None:
    async with play() as here:
        await here.press("2")
        assert here.table.rows[0].cells[0].text.startswith("C")
        await here.press("v", "v", "v")
        worst = [row.key for row in here.table.rows]
        assert "min high" in here.text
        await here.press("V", "V", "V", "V", "V")
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


# -- finding ---------------------------------------------------------------------------------------------------------


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


# -- tools -----------------------------------------------------------------------------------------------------------


async def test_the_palette_runs_every_action_that_does_not_end_the_program() -> None:
    ends = {"app.quit", "tool.suspend", "tool.interrupt", "tool.mouse"}  # a mouse needs a real terminal
    async with play() as here:
        await here.press("2")
        for action in ACTIONS:
            if action.id not in ends:
                here.deck._run(Choice(action.id, ""))
                await here.press()
                while not here.at_deck():
                    await here.press("escape")
                if here.app.frozen:
                    here.app.toggle_freeze()
                here.deck.action_pane("containers")
                assert here.app.is_running, action


async def test_the_palette_runs_what_its_line_says() -> None:
    async with play() as here:
        await here.press("colon")
        await here.type("Networks")
        await here.press("enter")
        assert place(here) == "networks::"
        await here.press("colon")
        await here.type("last row")
        await here.press("enter")
        await here.until(lambda: here.table.cursor_index == len(here.table.rows) - 1)
        await here.press("ctrl+p")
        await here.type("q")
        await here.pilot.press("enter")
        assert here.session.stopped


async def test_typed_commands_open_a_pane_and_filter_it() -> None:
    async with play() as here:
        await here.press("colon")
        await here.type("2 sev:high")
        await here.press("enter")
        assert place(here) == "containers::"
        assert here.table.rows
        assert all(entry.fields["sev"] == "high" for entry in here.deck.entries)
        await here.press("colon")
        await here.type("svc stk")
        await here.press("enter")
        assert place(here) == "services::"
        await here.press("colon")
        await here.type("9 nonsense")
        await here.press("enter")
        assert isinstance(here.app.screen, Notice)
        assert "9 nonsense" in here.text


async def test_help_lists_the_keys_as_they_are_bound_here() -> None:
    async with play(keys={"look.logs": ("L",)}, size=(120, 60)) as here:
        await here.press("question_mark")
        assert isinstance(here.app.screen, HelpScreen)
        lines = here.app.screen.query_one(TextView).lines
        words = [entry.cell.text.strip() for entry in lines]
        for action in ACTIONS:
            keys = here.app.keys[action.id]
            shown = " ".join(key_name(key) for key in keys)
            assert any(text.startswith(shown) and text.endswith(action.text) for text in words), action
        assert any(text.startswith("L ") and text.endswith("Logs") for text in words)
        await here.press("slash")
        await here.type("quit")
        assert "found" in here.text
        await here.press("enter", "n", "q")
        assert here.at_deck()


async def test_rebound_keys_work_and_old_ones_do_not() -> None:
    async with play(keys={"look.inspect": ("I",), "table.down": ("f3",), "pane.images": ("f2",)}) as here:
        await here.press("2", "i", "j")
        assert place(here) == "containers::"
        assert here.table.cursor_index == 0
        await here.press("f3")
        assert here.table.cursor_index == 1
        await here.press("I")
        assert place(here) == "containers:container:inspect"
        await here.press("f2")
        assert place(here) == "images::"


async def test_clashes_are_named_at_the_start() -> None:
    async with play(keys={"look.logs": ("v",)}) as here:
        await here.until(lambda: isinstance(here.app.screen, Notice))
        assert "find.severity_up" in here.text
        assert "look.logs keeps its default" in here.text


async def test_copy_puts_the_chosen_text_on_the_terminals_clipboard() -> None:
    async with play() as here:
        await here.press("2")
        put_cursor(here, "socky")
        key = by_name(world(), Kind.CONTAINER, "socky")
        for choice, text in (("name", "socky"), ("id", key.id), ("command", "docker inspect socky")):
            await here.press("c")
            await here.type(choice)
            await here.press("enter")
            assert here.app.copied[-1] == text
        await here.press("enter", "c")
        await here.type("evidence")
        await here.press("enter")
        assert here.app.copied[-1] == "Mounts[0].Source = /var/run/docker.sock at /var/run/docker.sock (rw)" or (
            " = " in here.app.copied[-1]
        )
        assert here.app._driver is not None


async def test_osc_52_is_what_is_written() -> None:
    async with play() as here:
        written = here.listen()
        await here.press("2")
        put_cursor(here, "socky")
        await here.press("c")
        await here.type("name")
        await here.press("enter")
        wanted = base64.b64encode(b"socky").decode()
        assert any(f"\x1b]52;c;{wanted}" in text for text in written)


async def test_commands_are_copied_and_nothing_is_run() -> None:
    async with play() as here:
        await here.press("2")
        put_cursor(here, "socky")
        await here.press("a")
        assert "nothing is run" in here.text
        await here.type("pause")
        await here.press("enter")
        assert here.app.copied == ["docker pause socky"]
        assert here.session.refreshed == 0


@pytest.mark.parametrize("form", ["json", "sarif", "txt"])
async def test_export_writes_a_private_file(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with play() as here:
        await here.press("2", "E")
        await here.type(form if form != "txt" else "text")
        await here.press("enter")
        await here.until(lambda: isinstance(here.app.screen, Notice))
        assert "written" in here.text
    (file,) = tmp_path.iterdir()
    assert file.suffix == f".{form}"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    if form == "json":
        document = json.loads(file.read_bytes())
        assert document["schema"] == "deckwatch.scan/1"
        assert len(document["results"]) == len(list(world().evaluation.results()))
    elif form == "sarif":
        assert json.loads(file.read_bytes())["version"] == "2.1.0"


async def test_export_of_marked_rows_holds_only_those(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with play() as here:
        await here.press("2", "space", "space")
        marked = {key.id for key in here.table.marked if isinstance(key, ResourceKey)}
        await here.press("E")
        await here.type("json")
        await here.press("enter")
        await here.until(lambda: isinstance(here.app.screen, Notice))
    (file,) = tmp_path.iterdir()
    assert {result["resource"]["id"] for result in json.loads(file.read_bytes())["results"]} == marked


async def test_export_that_cannot_be_written_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tui.menus.write", refuse)
    async with play() as here:
        await here.press("2", "E", "enter")
        await here.until(lambda: isinstance(here.app.screen, Notice))
        assert "not written" in here.text
        assert "No space left" in here.text


def refuse(*_: object) -> int:
    """A disk that is full."""
    raise OSError(28, "No space left on device")


async def test_a_frozen_screen_stands_still_and_goes_on() -> None:
    async with play() as here:
        await here.press("2", "ctrl+f")
        assert "FROZEN" in here.text
        before = here.text
        few = judged(filled({**made(), Kind.CONTAINER: made()[Kind.CONTAINER][:3]}))
        await here.show(few)
        await here.press("j", "k")
        assert here.text == before
        await here.press("ctrl+f")
        assert "FROZEN" not in here.text
        assert len(here.table.rows) == 3


async def test_refresh_asks_the_sources() -> None:
    async with play() as here:
        await here.press("R", "f5", "r")
        assert here.session.refreshed == 3


async def test_sources_say_what_could_not_be_seen() -> None:
    store = filled()
    store.set_gap(SOURCE, Kind.CONFIG, Gap(Reason.DENIED, "GET /configs", "403"))
    async with play(judged(store), size=(120, 60)) as here:
        await here.press("x")
        assert "unix:///var/run/docker.sock" in here.text
        assert "no permission to read GET /configs" in here.text
        assert "unknown verdicts:" in here.text


async def test_only_visible_rows_are_asked_for_figures() -> None:
    async with play(size=(80, 24)) as here:
        await here.press("2")
        assert set(here.session.visible) == set(here.table.visible_keys())
        await here.press("G")
        assert set(here.session.visible) == set(here.table.visible_keys())
        await here.press("1")
        assert here.session.visible == ()


# -- what is not known -----------------------------------------------------------------------------------------------


async def test_rows_that_wait_for_their_verdicts_show_dots() -> None:
    pending = replace(world(), evaluation=Evaluation(), stats={})
    async with play(pending) as here:
        for digit in "12345":
            await here.press(digit)
            assert {row.cells[0].text for row in here.table.rows} == {".."}
            assert "not judged yet" in here.text
        await here.press("2")
        running = [row for row in here.table.rows if row.cells[2].text == "running"]
        assert {row.cells[3].text for row in running} == {".."}
        await here.press("enter")
        assert "not judged yet" in here.text
        await here.press("6")
        assert "nothing has been judged yet" in here.text
        await here.show(world())
        assert "Runtime socket" in here.text


async def test_empty_panes_say_what_is_the_matter() -> None:
    store = Store(clock=lambda: NOW)
    detail = "permission denied on /var/run/docker.sock; add yourself to group docker or run with sudo"
    store.set_health(SOURCE, SourceHealth("docker", "unix:///var/run/docker.sock", Status.FORBIDDEN, detail))
    for size in USUAL:
        async with play(Picture(store.snapshot()), size=size) as here:
            for digit in "0123456":
                await here.press(digit)
                words = " ".join(here.text.replace("|", " ").split())
                assert "add yourself to group docker or run with sudo" in words, (size, digit, here.text)


async def test_a_host_that_has_not_answered_shows_no_zero() -> None:
    store = Store(clock=lambda: NOW)
    store.set_health(SOURCE, SourceHealth("docker", "unix:///x", Status.CONNECTING, "connecting"))
    async with play(Picture(store.snapshot()), size=(200, 50)) as here:
        here.session.fresh = Freshness("connecting", 1.0)
        here.deck.show_freshness()
        for digit in "0123456":
            await here.press(digit)
            assert "ok" not in here.text.split()
            assert "nothing has answered yet" in here.text or "connecting" in here.text.lower()
        assert "Containers .." in here.lines[1]


@pytest.mark.parametrize(("state", "words"), [("stale", "STALE 5s"), ("lost", "LOST 12s")])
async def test_old_data_is_dated_and_dimmed_in_every_pane(state: str, words: str) -> None:
    async with play() as here:
        here.session.fresh = Freshness(state, 5.0 if state == "stale" else 12.0, NOW - 5)
        for digit in "0123456":
            await here.press(digit)
            here.deck.show_freshness()
            assert words in here.lines[0]
            assert here.table.stale and here.deck.overview.stale
        await here.press("2", "enter")
        assert words in here.lines[0]
        here.session.fresh = Freshness("live", 0.1, NOW)
        here.deck.show_freshness()
        await here.pilot.pause()
        assert "LIVE" in here.lines[0]
        assert not here.table.stale


async def test_an_object_that_is_gone_stays_open_and_says_so() -> None:
    async with play() as here:
        await here.press("2")
        put_cursor(here, "socky")
        await here.press("enter")
        rest = [resource for resource in made()[Kind.CONTAINER] if resource.name != "socky"]
        await here.show(judged(filled({**made(), Kind.CONTAINER: rest})))
        assert "gone" in here.lines[2]
        for _ in range(8):
            await here.press("right_square_bracket")
        await here.press("escape")
        assert place(here) == "containers::"


async def test_a_row_that_changes_keeps_the_cursor_on_its_name() -> None:
    async with play() as here:
        await here.press("2")
        put_cursor(here, "logspam")
        some = [resource for resource in made()[Kind.CONTAINER] if resource.name > "f"]
        await here.show(judged(filled({**made(), Kind.CONTAINER: some})))
        row = here.table.cursor_row
        assert row is not None and row.cells[1].text == "logspam"


@pytest.mark.parametrize("palette", ["colour", "light", "ansi16", "mono"])
async def test_every_palette_shows_the_same_words(palette: str) -> None:
    async with play(palette=PALETTES[palette]) as here:  # type: ignore[index]  # one of its names
        await here.press("2")
        shown = here.text
    async with play() as here:
        await here.press("2")
        assert here.text == shown


async def test_ascii_alone_is_shown_where_only_ascii_can_be() -> None:
    strange = made()[Kind.CONTAINER]
    picture = judged(filled({**made(), Kind.CONTAINER: strange}))
    async with play(picture, palette=replace(PALETTES["mono"], ascii=True)) as here:
        for digit in "0123456":
            await here.press(digit)
            assert here.text.isascii()
        await here.press("2", "enter", "i")
        assert here.text.isascii()


@pytest.fixture(autouse=True)
def own_findings_pane() -> Iterator[None]:
    """The findings pane remembers whether it groups; each walk starts as the program does."""
    from tui.panes import load

    yield
    load("findings").grouped = True  # type: ignore[attr-defined]  # FindingsPane's own
