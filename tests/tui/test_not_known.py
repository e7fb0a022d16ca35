"""What waits, what is old, what is gone, and terminals that can show little."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.result import Evaluation
from inventory.resource import Kind
from inventory.snapshot import SourceHealth, Status
from inventory.store import Store
from tests.tui.stage import place, play, put_cursor
from tests.tui.world import NOW, SOURCE, filled, judged, made, world
from tui.freshness import Freshness
from tui.picture import Picture
from widgets.style import PALETTES

USUAL = [(80, 24), (120, 40), (200, 50)]


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
