"""Accepting findings and taking that back, by keyboard, on a small and on a large terminal."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest

from checks.policy import Policy, Waiver
from checks.verdict import Outcome
from inventory.container import Container
from inventory.resource import Kind
from inventory.store import Store
from tests.tui.stage import Play, place, play, put_cursor
from tests.tui.world import NOW, filled, judged, made, renamed
from tui import waiving
from tui.login import login_name
from tui.session import Session
from widgets.findings import FindingsList
from widgets.form import Form, FormBody
from widgets.overlay import Notice, Picker
from widgets.statusline import FooterLine
from widgets.textview import TextView

SIZES = [(80, 24), (200, 50)]
SIZED = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USER", "ada")
    for name in ("XDG_CONFIG_HOME", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def config(home: Path) -> Path:
    return home / ".config" / "deckwatch" / "deckwatch.toml"


@asynccontextmanager
async def at_finding(check: str, size: tuple[int, int] = (120, 40), name: str = "socky") -> AsyncIterator[Play]:
    """The Findings tab of a container, the cursor on a check."""
    async with play(size=size) as here:
        await here.press("2")
        put_cursor(here, name)
        await here.press("d")
        select(here, check)
        yield here


def select(here: Play, check: str) -> None:
    listing = here.deck.query_one(FindingsList)
    key = here.deck.trail.here.opened
    assert listing.move_to((key, check, 0))


async def adopted(here: Play) -> None:
    """What the judging thread would do with the policy that was asked for."""
    await here.until(lambda: here.at_deck() and here.session._wanted is not None, "adopted")
    await here.show(judged(filled(), here.session._wanted))
    await here.pilot.pause()


def unwrapped(here: Play) -> str:
    """What stands in the box, lines that go on below put together again."""
    body = here.app.screen.query_one(FormBody)
    return "".join(body.line_cell(y).text[1:].rstrip() for y in range(body.size.height))


def foot(here: Play) -> str:
    return here.deck.query_one("#foot", FooterLine).render_line(0).text


# -- accepting -------------------------------------------------------------------------------------------------------


@SIZED
async def test_a_reason_and_enter_is_all_it_takes(size: tuple[int, int], config: Path) -> None:
    async with at_finding("RUN-002", size) as here:
        await here.press("w")
        assert isinstance(here.app.screen, Form)
        for words in (
            "accept RUN-002 on socky", "this container: socky", "covers 1 finding now", "ada", "2027-02-21",
            "[[waiver]]", 'check = "RUN-002"  # ', 'resource = "socky"', "expires = 2027-02-21", "enter write",
        ):  # fmt: skip
            assert words in here.text, words
        assert str(config) in unwrapped(here)
        await here.type("trusted agent")
        assert 'reason = "trusted agent"' in here.text
        await here.press("enter")
        await adopted(here)
        assert "accepted until 2027-02-21: 1 finding" in foot(here)
        assert "waived" in here.text
        assert "accepted by ada, until 2027-02-21: trusted agent" in here.text
    assert config.read_text().splitlines()[2:] == [
        'resource = "socky"', 'reason = "trusted agent"', 'owner = "ada"', "expires = 2027-02-21",
    ]  # fmt: skip


@SIZED
async def test_without_a_reason_nothing_is_written(size: tuple[int, int], config: Path) -> None:
    async with at_finding("RUN-002", size) as here:
        await here.press("w", "enter")
        assert any("Reason" in line and "a reason is needed" in line for line in here.lines)
        await here.press("tab", "tab", "ctrl+u")
        await here.type("soon")
        await here.press("ctrl+s")
        await here.type("why")  # the first field that is wrong has the keys
        await here.press("enter")
        assert "30d, 2w, 1y, a date" in here.text
        await here.press("ctrl+u")
        await here.type("2020-01-01")
        assert "is over already" in here.text
        await here.press("escape")
        assert here.at_deck()
    assert not config.exists()


async def test_fewer_more_or_only_these_faults(config: Path) -> None:
    async with at_finding("RUN-002") as here:
        await here.press("w", "up")  # the faults
        await here.press("right")
        assert "value = " in here.text
        assert "covers 1 finding now" in here.text
        await here.press("left", "up")  # where
        seen = []
        for _ in range(3):
            await here.press("right")
            seen.append(next(line for line in here.lines if " On " in line))
        assert any("every container of image" in line for line in seen)
        assert any("every container " in line and "3 of 3" in line for line in seen)
        assert any("now and all to come" in line for line in seen)
        await here.press("up", "end")
        await here.type("x")
        await here.press("enter")
        assert "no check is called RUN-002x; did you mean RUN-002?" in here.text
        assert not config.exists()


async def test_an_empty_end_is_never(config: Path) -> None:
    async with at_finding("RUN-002") as here:
        await here.press("w")
        await here.type("for good")
        await here.press("tab", "tab", "ctrl+u")
        assert "expires =" not in here.text
        await here.press("enter")
        await adopted(here)
        assert "for ever" in here.text
    assert "expires" not in config.read_text()


async def test_what_stands_in_the_file_stays(home: Path) -> None:
    text = "# ours\n[severity]\n'RUN-001' = 'low'   # indeed\n# the end"
    (home / "deckwatch.toml").write_text(text)  # made since the program was started
    async with at_finding("RUN-002") as here:
        await here.press("w")
        assert f"added to {home}/deckwatch.toml" in here.text
        await here.type("x")
        await here.press("enter")
        await adopted(here)
        wanted = here.session._wanted
        assert wanted is not None
        assert "RUN-001" in wanted.severity  # the whole file holds from now on
    assert (home / "deckwatch.toml").read_text().startswith(text + "\n")


async def test_a_file_that_became_invalid_is_not_touched_and_nothing_typed_is_lost(config: Path) -> None:
    async with at_finding("RUN-002", (80, 24)) as here:
        await here.press("w")
        config.parent.mkdir(parents=True)
        config.write_text("[trsut]\n")
        await here.type("precious words")
        await here.press("enter")
        await here.until(lambda: "did you mean trust?" in " ".join("".join(here.lines).split()), "the reason")
        assert isinstance(here.app.screen, Form)
        assert "precious words" in here.text
        assert here.session._wanted is None
        config.write_text("# mended\n")
        await here.press("enter")
        await adopted(here)
    assert config.read_text().startswith("# mended\n\n[[waiver]]\n")


async def test_an_owner_where_the_policy_wants_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.config import load

    (home / "deckwatch.toml").write_text("[policy]\nrequire_owner = true\n")
    async with at_finding("RUN-002") as here:
        settings = load(home / "deckwatch.toml")
        here.app.options = here.app.options._replace(settings=settings)
        await here.press("w")
        await here.type("x")
        await here.press("tab", "ctrl+u", "enter")
        assert "say who answers for it" in here.text
        assert here.session._wanted is None


# -- where a finding can be selected ---------------------------------------------------------------------------------


async def test_in_the_findings_pane_a_group_and_one_object() -> None:
    async with play(size=(120, 40)) as here:
        await here.press("6", "w")
        assert isinstance(here.app.screen, Form)
        await here.press("escape", "b", "w")
        assert isinstance(here.app.screen, Form)
        assert "this " in here.text
        await here.press("escape", "b")


async def test_in_the_preview() -> None:
    async with play(size=(120, 40)) as here:
        await here.press("2")
        put_cursor(here, "socky")
        view, key = here.deck.preview, here.table.cursor_key
        await here.until(lambda: key in {m[0] for line in view.lines if isinstance(m := line.meta, tuple)}, "preview")
        await here.press("tab")
        number = next(n for n, line in enumerate(view.lines) if isinstance(line.meta, tuple))
        view.move_to(number)
        await here.press("w")
        assert isinstance(here.app.screen, Form)
        assert f"accept {view.lines[number].meta[1]} on socky" in here.text  # type: ignore[index]  # a link to a finding


async def test_on_an_object_one_chooses_first() -> None:
    async with play() as here:
        await here.press("2")
        put_cursor(here, "socky")
        await here.press("w")
        assert isinstance(here.app.screen, Picker)
        await here.type("RUN-002")
        await here.press("enter")
        assert isinstance(here.app.screen, Form)


async def test_in_a_text_w_wraps_as_before() -> None:
    async with play() as here:
        await here.press("2", "i", "t", "e")
        assert place(here).endswith(":events")
        view = here.deck.query_one("#d-text", TextView)
        before = view.wrap
        await here.press("w")
        assert here.at_deck()
        assert view.wrap is not before


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.UNKNOWN])
async def test_what_does_not_fail_cannot_be_accepted(outcome: Outcome) -> None:
    picture = judged(filled())
    judgement = picture.judgement(
        next(k for k, r in picture.snapshot.by_kind[Kind.CONTAINER].items() if r.name == "socky")
    )
    assert judgement is not None
    found = [r for r in (*judgement.results, *judgement.passed) if r.outcome is outcome]
    async with at_finding(found[0].check.id) as here:
        await here.press("w")
        assert here.at_deck()
        assert "nothing to accept" in foot(here)


# -- taking back, and the list ---------------------------------------------------------------------------------------


WAIVERS = (
    Waiver("RUN-002", "socky", "trusted agent", "ada", date(2027, 2, 21)),
    Waiver("RUN-001", "nobody", "for nothing", "", None),
    Waiver("RUN-0*", "plain", "over", "bob", date(2026, 1, 1)),
)
FILE = """\
# by hand
[[waiver]]
check = "RUN-002"
resource = "socky"
# the agent
reason = "trusted agent"
owner = "ada"
expires = 2027-02-21

# stays
[[waiver]]
check = "RUN-001"
resource = "nobody"
reason = "for nothing"
[[waiver]]
check = "RUN-0*"
resource = "plain"
reason = "over"
owner = "bob"
expires = 2026-01-01
"""


@asynccontextmanager
async def with_waivers(home: Path, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Play]:
    from tui.config import load

    (home / "deckwatch.toml").write_text(FILE)
    settings = load(home / "deckwatch.toml")
    assert settings.policy.waivers == WAIVERS
    async with play(judged(filled(), settings.policy), size=size) as here:
        here.app.options = here.app.options._replace(settings=settings)
        yield here


@SIZED
async def test_taking_back_shows_what_goes_and_leaves_the_rest(size: tuple[int, int], home: Path) -> None:
    async with with_waivers(home, size) as here:
        await here.press("2")
        put_cursor(here, "socky")
        await here.press("d")
        select(here, "RUN-002")
        await here.press("w")
        await here.until(lambda: isinstance(here.app.screen, Form), "the lines")
        for words in ("take back", "- # the agent", "- expires = 2027-02-21", "1 finding counts again"):
            assert words in here.text, words
        assert "goes from line 2 of" in unwrapped(here)
        await here.press("escape")
        assert (home / "deckwatch.toml").read_text() == FILE
        await here.press("w")
        await here.until(lambda: isinstance(here.app.screen, Form), "the lines")
        await here.press("enter")
        await adopted(here)
        assert here.session._wanted is not None
        assert here.session._wanted.waivers == WAIVERS[1:]
    assert (home / "deckwatch.toml").read_text() == "# by hand\n" + FILE[FILE.index("\n# stays") :]


@SIZED
async def test_the_list_says_how_each_stands_and_leads_to_what_it_covers(size: tuple[int, int], home: Path) -> None:
    async with with_waivers(home, size) as here:
        await here.press("W")
        assert "waivers: 1 expired, 1 unused, 1 used" in here.text
        found = [re.search(r"(expired|unused|used) +covers \d+ +RUN-0", line) for line in here.lines]
        assert [match[1] for match in found if match] == ["expired", "unused", "used"]
        await here.type("socky")
        await here.press("enter")
        assert [entry.fields["waiver"] for entry in here.deck.entries] == [
            "accepted by ada, until 2027-02-21: trusted agent"
        ]
        assert "covered by RUN-002" in here.text
        await here.press("escape", "W")
        await here.type("nobody")
        await here.press("enter")
        await here.until(lambda: isinstance(here.app.screen, Form), "covers nothing: offered to be taken back")
        assert "nothing changes" in here.text


async def test_an_expired_one_counts_again_and_says_so(home: Path) -> None:
    async with with_waivers(home) as here:
        await here.press("2")
        put_cursor(here, "plain")
        await here.press("d")
        listing = here.deck.query_one(FindingsList)
        lapsed = [view for view in listing._views.values() if view.waiver]
        assert lapsed
        assert all(view.verdict in {"FAIL", "fail", "manual"} for view in lapsed)
        assert all("expired 2026-01-01: over" in view.waiver for view in lapsed)
        assert listing.move_to(lapsed[0].key)
        await here.press("w")
        assert 'reason = "over"' in here.text  # a new one begins with the words of the old one


@pytest.mark.parametrize(
    "name", ["\x1b[31mred\x1b[0m", "[red]x[/]", "a*b[c]?", "lone \ud800", "x" * 300, "q\"'\\\n", "\u202ecod"]
)
async def test_whatever_it_is_called_it_alone_is_accepted(name: str, config: Path) -> None:
    resources = made()
    others = [renamed("plain", 7, HostConfig__Privileged=True), renamed("axbcc", 8, HostConfig__Privileged=True)]
    evil = renamed(name, 9, HostConfig__Privileged=True)
    resources[Kind.CONTAINER] = [evil, *others]
    store = filled(resources)
    async with play(judged(store), size=(80, 24)) as here:
        await here.press("2")
        assert here.table.move_to(evil.key)
        await here.press("d")
        select(here, "RUN-001")
        await here.press("w")
        assert "covers 1 finding now" in here.text
        await here.type("because")
        await here.press("enter")
        await here.until(here.at_deck, "written")
        after = judged(store, here.session._wanted)
    waived = [result.key for result in after.evaluation.results() if result.outcome is Outcome.WAIVED]
    assert waived == [evil.key]
    assert all(line.isprintable() for line in config.read_text().splitlines())


async def test_no_waivers() -> None:
    async with play() as here:
        await here.press("W")
        assert isinstance(here.app.screen, Notice)
        assert "nothing is accepted" in here.text


# -- behind the keys -------------------------------------------------------------------------------------------------


def test_a_running_session_judges_by_the_new_policy() -> None:
    store = Store(clock=lambda: NOW)
    containers = made()[Kind.CONTAINER]
    store.replace("docker", Kind.CONTAINER, containers)
    session = Session(lambda: None, store, clock=lambda: NOW)
    session.start([], Policy())
    try:
        wait(session, lambda: len(session.picture.evaluation.judgements) == len(containers))
        before = session.picture.evaluation.total
        assert (before.waived, before.worst is not None) == (0, True)
        session.adopt(Policy(waivers=(Waiver("*", "*", "all of it"),)))
        wait(session, lambda: session.picture.evaluation.total.waived > 0)
        assert session.picture.evaluation.total.worst is None
        session.adopt(Policy(max_image_age=1))  # what checks read: everything is judged again
        wait(session, lambda: session.picture.evaluation.total == before)
    finally:
        session.stop()


def wait(session: Session, holds: object) -> None:
    end = time.monotonic() + 30
    while not holds():  # type: ignore[operator]  # a lambda
        assert time.monotonic() < end, session.fault
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90d", date(2027, 2, 21)), ("2w", date(2026, 12, 7)), ("1y", date(2027, 11, 23)), ("", None), ("never", None),
        (" 2027-01-31 ", date(2027, 1, 31)), ("2026-11-23", date(2026, 11, 23)),
    ],
)  # fmt: skip
def test_until(text: str, expected: date | None) -> None:
    assert waiving.until(text, date(2026, 11, 23)) == expected


@pytest.mark.parametrize("text", ["2027-02-31", "d", "-3d", "9999y", "tomorrow", "2020-01-01"])
def test_no_day(text: str) -> None:
    assert isinstance(waiving.until(text, date(2026, 11, 23)), str)


def test_the_person_not_root() -> None:
    assert login_name({"SUDO_USER": "ada", "USER": "root"}) == "ada"
    assert login_name({"USER": "bob"}) == "bob"
    assert login_name({})


def test_an_image_in_any_version() -> None:
    def glob(reference: str) -> str:
        return waiving.image_glob(
            Container.build(key=next(iter(made()[Kind.CONTAINER])).key, name="x", image_ref=reference)
        )

    assert glob("nginx:1.25") == "nginx:*"
    assert glob("nginx") == "nginx:*"
    assert glob("r.example:5000/a") == "r.example:5000/a:*"
    assert glob("nginx@sha256:ab") == "nginx@sha256:ab"
    assert glob("sha256:ab") == "sha256:ab"
