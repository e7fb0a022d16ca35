"""Palette, typed commands, help, copy, commands, export, freeze and refresh, by keyboard."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest

from inventory.gap import Gap, Reason
from inventory.resource import Kind, ResourceKey
from tests.tui.stage import place, play, put_cursor
from tests.tui.world import SOURCE, by_name, filled, judged, made, world
from tui.keymap import ACTIONS, key_name
from widgets.overlay import Choice, HelpScreen, Notice
from widgets.textview import TextView


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
        assert "image.scan" in here.text
        assert "look.logs keeps its default" in here.text


async def test_copy_puts_the_chosen_text_on_the_terminals_clipboard() -> None:
    async with play() as here:
        await here.press("2")
        put_cursor(here, "socky")
        key = by_name(world(), Kind.CONTAINER, "socky")
        command = "docker -H unix:///var/run/docker.sock inspect socky"
        for choice, text in (("name", "socky"), ("id", key.id), ("command", command)):
            await here.press("c")
            await here.type(choice)
            await here.press("enter")
            assert here.app.copied[-1] == text
        await here.press("enter", "c")
        await here.type("evidence")
        await here.press("enter")
        path, _, value = here.app.copied[-1].partition(" = ")
        assert path.startswith("Mounts[")
        assert "docker.sock" in value


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
        assert here.app.copied == ["docker -H unix:///var/run/docker.sock pause socky"]
        assert here.session.refreshed == 0


@pytest.mark.parametrize("form", ["json", "sarif", "html", "md", "txt"])
async def test_export_writes_a_private_file(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with play() as here:
        await here.press("2", "E")
        await here.type({"txt": "text", "html": "page to send", "md": "Markdown"}.get(form, form))
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
