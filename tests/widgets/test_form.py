"""The form by keyboard: typing, choosing, what is wrong, what does not fit, and what hostile text does to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual import events
from textual.pilot import Pilot

from tests.hostile import HOSTILE, forbidden
from tests.widgets.harness import Bench
from widgets.form import Field, Form, FormBody, State, Values
from widgets.textview import TextView, line

Compare = Callable[..., bool]
FIELDS = (
    Field("check", "Check", "RUN-002"),
    Field("where", "On", choices=("this container: web", "every container")),
    Field("reason", "Reason", placeholder="why"),
)


def judge(values: Values) -> State:
    """A reason is needed."""
    preview = [
        "[[waiver]]",
        f'check = "{values["check"]}"',
        f"where = {values['where']}",
        f'reason = "{values["reason"]}"',
    ]
    errors = {} if values["reason"] else {"reason": "say why"}
    return State(errors, {"where": "covers 3 findings now"}, "added to /etc/deckwatch.toml", preview)


class Desk:
    """A form on a screen, and what became of it."""

    def __init__(
        self, pilot: Pilot[object], fields: tuple[Field, ...] = FIELDS, check: Callable[[Values], State] = judge
    ) -> None:
        self.pilot = pilot
        self.sent: list[Values] = []
        self.closed: list[bool | None] = []
        self.form = Form("accept RUN-002", fields, check, lambda form, values: self.sent.append(values), first="reason")

    async def open(self) -> None:
        await self.pilot.app.push_screen(self.form, self.closed.append)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        self.form.body.post_message(events.Paste(text))
        await self.pilot.pause()

    @property
    def text(self) -> str:
        body = self.form.body
        cells = [body.line_cell(y) for y in range(body.size.height)]
        assert all(cell.width <= body.size.width for cell in cells)
        assert all(forbidden(cell.text) is None for cell in cells)
        return "\n".join(cell.text for cell in cells)


def bench() -> Bench:
    return Bench(TextView([line("below")]))


async def test_what_is_typed_and_chosen_is_sent() -> None:
    async with bench().run_test(size=(80, 24)) as pilot:
        desk = Desk(pilot)
        await desk.open()
        await pilot.press("enter")
        assert "say why" in desk.text
        await pilot.press("o", "k", "x", "backspace", "up", "right", "up", "end", "3", "enter")
        assert desk.sent == [{"check": "RUN-0023", "where": "1", "reason": "ok"}]
        assert "writing" in desk.text
        await pilot.press("y", "enter")  # the file is being written
        assert len(desk.sent) == 1
        desk.form.trouble("disk full")
        assert "disk full" in desk.text
        await pilot.press("down", "tab", "!")
        assert "disk full" not in desk.text
        await pilot.press("ctrl+s")
        assert desk.sent[1]["reason"] == "ok!"
        desk.form.done()
        await pilot.pause()
        assert desk.closed == [True]


async def test_escape_changes_nothing() -> None:
    async with bench().run_test(size=(80, 24)) as pilot:
        desk = Desk(pilot)
        await desk.open()
        await desk.type("words")
        await pilot.press("escape")
        assert (desk.sent, desk.closed) == ([], [False])
        desk.form.done()  # an answer that comes late
        desk.form.trouble("late")


async def test_a_form_without_fields_is_a_question() -> None:
    async with bench().run_test(size=(80, 24)) as pilot:
        desk = Desk(pilot, (), lambda values: State(preview=["- gone"]))
        await desk.open()
        await pilot.press("x", "tab", "left", "enter")
        assert desk.sent == [{}]


@pytest.mark.parametrize("size", [(20, 6), (40, 10), (80, 24), (200, 50)])
@pytest.mark.parametrize("text", HOSTILE[::6])
async def test_hostile_text_on_any_terminal(text: str, size: tuple[int, int]) -> None:
    def check(values: Values) -> State:
        return State({"reason": text} if not values["reason"] else {}, {"where": text}, text, [text] * 30)

    fields = (Field("check", text or "x", text), Field("where", "On", choices=(text, text)), Field("reason", "Reason"))
    async with bench().run_test(size=size) as pilot:
        desk = Desk(pilot, fields, check)
        await desk.open()
        for keys in (("enter",), ("pagedown",), ("pagedown", "up"), ("right", "pageup"), ("tab",)):
            await pilot.press(*keys)
            assert desk.text
        await desk.type(text)
        await pilot.press("left", "delete", "ctrl+k")
        assert desk.text
        screen = pilot.app.screen
        assert screen.region.contains_region(screen.query_one(FormBody).region)


async def test_a_preview_that_does_not_fit_can_be_read() -> None:
    async with bench().run_test(size=(80, 24)) as pilot:
        desk = Desk(pilot, FIELDS, lambda values: State(heading="h", preview=[f"line {n}" for n in range(60)]))
        await desk.open()
        assert "more lines: pgdn" in desk.text
        assert "line 59" not in desk.text
        for _ in range(10):
            await pilot.press("pagedown")
        assert "line 59" in desk.text
        assert "more lines" not in desk.text


def test_form_over_a_text(snap_compare: Compare) -> None:
    async def opened(pilot: Pilot[object]) -> None:
        desk = Desk(pilot)
        await desk.open()
        await desk.type("known and fenced")

    assert snap_compare(bench(), terminal_size=(80, 24), run_before=opened)
