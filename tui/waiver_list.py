"""The waivers that there are: the list behind `W`, and taking one back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from checks.policy import Waiver
from checks.waivers import STATES, Standing, covered, scope, standing
from inventory.text import safe
from tui.place import Place
from tui.policy_change import change, file_of
from tui.policy_file import PolicyFile, Refused
from tui.threads import spawn
from widgets.form import Form, State, Values
from widgets.overlay import Choice, Option, Picker
from widgets.style import Role

if TYPE_CHECKING:
    from tui.screens.deck import DeckScreen

_ROLES: Mapping[str, Role] = {"expired": "error", "expires soon": "accent", "unused": "unknown"}
_WIDE = 120


def take_back(screen: DeckScreen, waiver: Waiver) -> None:
    """Show the lines that would go, and let them go on Enter."""
    file = file_of(screen)

    def look() -> None:
        try:
            number, lines = file.lines_of(waiver)
        except (Refused, OSError) as refused:
            screen.deck.from_thread(screen.notice, "not possible", [safe(str(refused))])
            return
        screen.deck.from_thread(_confirm, screen, file, waiver, number, lines)

    spawn("policy", look)


def _confirm(screen: DeckScreen, file: PolicyFile, waiver: Waiver, number: int, lines: list[str]) -> None:
    count = len(covered(waiver, screen.picture.evaluation))
    counts = "nothing changes" if not count else f"{count} finding{' counts' if count == 1 else 's count'} again"
    if waiver.expired(_today(screen)):
        counts = "it has expired: nothing changes"
    preview = [f"- {line}" for line in lines]
    state = State(heading=f"{counts}; goes from line {number} of {file.path}", preview=preview, role="error")

    def send(form: Form, values: Values) -> None:
        change(screen, form, lambda: file.take_out(waiver), f"taken back: {counts}")

    title = f"take back: {waiver.check} on {safe(scope(waiver), 60)}"
    screen.app.push_screen(Form(title, (), lambda values: state, send, verb="take it back"))


def listed(screen: DeckScreen) -> None:
    """All waivers and how they stand; Enter shows what one covers, or offers to take back one that covers nothing."""
    policy = screen.deck.options.settings.policy
    found = sorted(standing(policy, screen.picture.evaluation, _today(screen)), key=_urgency)
    if not found:
        screen.notice("waivers", ["nothing is accepted; w on a finding accepts it", f"file: {file_of(screen).path}"])
        return
    options = [_option(str(number), one) for number, one in enumerate(found)]
    counted = ", ".join(f"{n} {state}" for state in STATES if (n := sum(one.state == state for one in found)))

    def chosen(choice: Choice | None) -> None:
        if choice is None or choice.id is None:
            return
        one = found[int(choice.id)]
        if one.covers:
            screen.remember_cursor()
            screen.trail.enter(Place("findings", within=one.waiver))
            screen.show_place()
        else:
            take_back(screen, one.waiver)

    screen.app.push_screen(Picker(f"waivers: {counted}", options, width=_WIDE), chosen)


def _urgency(one: Standing) -> tuple[int, str]:
    return STATES.index(one.state), one.waiver.check


def _option(number: str, one: Standing) -> Option:
    waiver = one.waiver
    until = f"until {waiver.expires}" if waiver.expires else "for ever"
    covers = f"{one.state:<12} covers {one.covers:<4}"
    label = f"{covers} {waiver.check:<8} {safe(scope(waiver), 60)}  {safe(waiver.reason, 80)}"
    return Option(number, label, f"{safe(waiver.owner, 20) or 'no owner'}  {until}", _ROLES.get(one.state, "normal"))


def _today(screen: DeckScreen) -> date:
    """The day that verdicts are about: that of the recording, where one is shown."""
    return datetime.fromtimestamp(screen.deck.now(), UTC).date()
