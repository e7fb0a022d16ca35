"""What `w` does: accept the finding that is selected, or take back what is accepted already."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from msgspec import structs

from checks.catalogue import catalogue
from checks.policy import Waiver
from checks.result import Result
from checks.verdict import Outcome
from inventory.resource import ResourceKey
from inventory.text import safe
from tui import waiving
from tui.detail.tab import Shape
from tui.login import login_name
from tui.panes.findings.pane import results_of
from tui.policy_change import change, file_of
from tui.toml_edit import block
from tui.verdicts import mark
from tui.waiver_list import listed, take_back
from tui.waiving import OPEN, Where
from widgets.findings import FindingsList
from widgets.form import Field, Form, State, Values
from widgets.overlay import Choice, Option, Picker

if TYPE_CHECKING:
    from tui.screens.deck import DeckScreen

_SELECTORS = ("kind", "image", "label", "project", "namespace", "source")


def accept(screen: DeckScreen) -> None:
    """Accept what is selected, or take back what is accepted already; first choose, where several things are."""
    results = results_here(screen)
    if not results:
        _choose(screen)
    elif len({result.check.id for result in results}) == 1:
        _one(screen, results)


def results_here(screen: DeckScreen) -> list[Result]:
    """The results of the finding that is selected: one, or all of a group."""
    here, detail = screen.trail.here, screen.detail
    if here.opened is not None:
        current = detail.query_one(FindingsList).current
        on_findings = detail.tab is not None and detail.tab.shape is Shape.FINDINGS
        return _result(screen, here.opened, current.check_id) if current is not None and on_findings else []
    view = screen.overview if here.pane == "overview" else screen.preview
    line = view.current if screen.focused is view else None
    meta = line.meta if line is not None else None
    if isinstance(meta, tuple) and len(meta) == 2 and isinstance(meta[0], ResourceKey):
        return _result(screen, meta[0], str(meta[1]))
    return results_of(screen.table.cursor_key, screen.picture) if here.pane == "findings" else []


def _result(screen: DeckScreen, key: ResourceKey, check: str) -> list[Result]:
    judgement = screen.picture.judgement(key)
    every = (*judgement.results, *judgement.passed) if judgement else ()
    return [result for result in every if result.check.id == check]


def _choose(screen: DeckScreen) -> None:
    """No finding is selected, but an object: which of its findings?"""
    key = screen.selected()
    judgement = screen.picture.judgement(key) if key is not None else None
    found = [r for r in judgement.results if r.outcome in (*OPEN, Outcome.WAIVED)] if judgement else []
    if not found:
        screen.flash("no finding here that could be accepted")
        return
    options = []
    for number, result in enumerate(found):
        sign, role = mark(result)
        options.append(Option(str(number), f"{sign}  {result.check.id}  {safe(result.message, 200)}", role=role))

    def chosen(choice: Choice | None) -> None:
        if choice is not None and choice.id is not None:
            _one(screen, [found[int(choice.id)]])

    screen.app.push_screen(Picker("accept which finding, or take back which", options), chosen)


def _one(screen: DeckScreen, results: list[Result]) -> None:
    waivers = {result.waiver for result in results if result.waiver is not None}
    if len(waivers) > 1:
        listed(screen)
        return
    if waivers:
        take_back(screen, waivers.pop())
        return
    found = [result for result in results if result.outcome in OPEN]
    if found:
        _Acceptance(screen, found).ask()
    elif results[0].outcome is Outcome.UNKNOWN:
        screen.flash(f"{results[0].check.id} could not be judged: there is nothing to accept yet")
    else:
        screen.flash(f"{results[0].check.id} does not fail here: there is nothing to accept")


# -- a new one -------------------------------------------------------------------------------------------------------


class _Acceptance:
    """One form that is being filled in."""

    def __init__(self, screen: DeckScreen, results: list[Result]) -> None:
        self._screen = screen
        self._results = results
        self._first = results[0]
        self._places = waiving.places(results, screen.picture.snapshot)
        self._faults = waiving.faults(self._first) if len(results) == 1 else ()
        self._today = datetime.fromtimestamp(screen.deck.clock(), UTC).date()  # of the person, not of a recording
        self._owned = screen.deck.options.settings.policy.require_owner
        self._file = file_of(screen)
        self._new = not os.path.exists(self._file.path)
        self._counted: tuple[Waiver, int] | None = None

    def ask(self) -> None:
        """Show the form."""
        before = self._first.lapsed
        owner = before.owner if before else login_name(os.environ)
        fields = [
            Field("check", "Check", self._first.check.id),
            Field("where", "On", choices=tuple(place.label for place in self._places)),
            Field("reason", "Reason", before.reason if before else "", placeholder="why this is acceptable here"),
            Field("owner", "Owner", owner, placeholder="who answers for it"),
            Field("expires", "Until", f"{waiving.DAYS}d", placeholder="for ever"),
        ]
        if self._faults:
            now = f"only what it found now ({len(self._faults)})"
            fields.insert(2, Field("faults", "Faults", choices=("whatever it finds", now)))
        name = self._screen.picture.snapshot.get(self._first.key)
        on = f" on {safe(name.name, 40)}" if len(self._results) == 1 and name else ""
        title = f"accept {self._first.check.id}{on}: {self._first.check.title}"
        self._screen.app.push_screen(Form(title, fields, self._judge, self._send, first="reason"))

    def _waiver(self, values: Values) -> Waiver:
        where = self._where(values)
        expires = waiving.until(values["expires"], self._today)
        return Waiver(
            values["check"].strip(),
            where.selectors.get("resource", "*"),
            values["reason"].strip(),
            values["owner"].strip(),
            expires if isinstance(expires, date) else None,
            **{name: where.selectors.get(name, "") for name in _SELECTORS},
            value=self._faults if values.get("faults") == "1" else (),
        )

    def _where(self, values: Values) -> Where:
        return self._places[int(values["where"])]

    def _judge(self, values: Values) -> State:
        waiver = self._waiver(values)
        expires = waiving.until(values["expires"], self._today)
        errors = {"check": waiving.check_mistake(waiver.check)}
        errors["reason"] = "" if waiver.reason else "a reason is needed"
        errors["owner"] = "" if waiver.owner or not self._owned else "say who answers for it (policy.require_owner)"
        errors["expires"] = expires if isinstance(expires, str) else ""
        count = self._count(waiver)
        last = str(expires) if isinstance(expires, date) else "" if expires else "never due to be looked at again"
        found = f"covers {count} now and all to come" if waiver.resource == "*" else f"covers {_findings(count)} now"
        made = "new file" if self._new else "added to"
        return State(
            {name: said for name, said in errors.items() if said},
            {"expires": last, "where": found, "reason": errors["reason"]},
            f"{made} {self._file.path}",
            _lines(waiver),
        )

    def _count(self, waiver: Waiver) -> int:
        """Asked for at every key, but only some of them make a difference."""
        what = structs.replace(waiver, reason="", owner="", expires=None)
        if self._counted is None or self._counted[0] != what:
            self._counted = (what, waiving.covers(what, self._screen.picture))
        return self._counted[1]

    def _send(self, form: Form, values: Values) -> None:
        waiver = self._waiver(values)
        count = self._count(waiver)
        until = f" until {waiver.expires}" if waiver.expires else ""
        said = f"accepted{until}: {_findings(count)}"
        change(self._screen, form, lambda: self._file.add(_lines(waiver)), said)


def _findings(count: int) -> str:
    return "1 finding" if count == 1 else f"{count} findings"


def _lines(waiver: Waiver) -> list[str]:
    title = next((check.title for check in catalogue() if check.id == waiver.check), "")
    return block(waiver, title)
