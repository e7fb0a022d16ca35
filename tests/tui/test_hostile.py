"""Text that attacks a terminal, everywhere an outsider can put it: nothing of it acts, and nothing fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from itertools import cycle, islice
from typing import Any

import msgspec
import pytest

from inventory.gap import Gap, Reason
from inventory.resource import CLUSTER_KINDS, ENGINE_KINDS, OBJECTS, Kind, Resource, ResourceKey
from inventory.snapshot import Event, SourceHealth, Status
from inventory.sources.docker.session import Session
from inventory.sources.docker.transport import LIMIT, Answer, Stream
from tests.checks.builders import changed
from tests.hostile import HOSTILE, forbidden
from tests.tui.cluster import filled as cluster
from tests.tui.every_kind import KINDS, example
from tests.tui.stage import Play, play
from tests.tui.test_unread import tab_texts
from tests.tui.world import NOW, SOURCE, filled, judged, made, world
from tui.detail.tab import tabs_of
from tui.panes import load, specs
from tui.panes.base import Shown
from tui.panes.overview.pane import OverviewPane
from tui.picture import Picture
from tui.talk import Talk
from widgets.textview import TextView

WORST = tuple(text for text in HOSTILE if 0 < len(text) < 100)[:34]
_KEPT = {"key", "gaps", "raw", "observed_at", "state", "carrier", "driver"}


def poisoned(value: Any, text: str) -> Any:
    """The same value with `text` in place of every string in it."""
    if isinstance(value, str) and type(value) is str:
        return text
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(poisoned(item, text) for item in value)
    if isinstance(value, Mapping):
        return {f"{text}{number}": poisoned(item, text) for number, item in enumerate(value.values())}
    if is_dataclass(value) and not isinstance(value, type):
        known = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{name: poisoned(item, text) for name, item in known.items()})
    if isinstance(value, msgspec.Struct):
        facts = msgspec.structs.asdict(value)
        return msgspec.structs.replace(value, **{name: poisoned(item, text) for name, item in facts.items()})
    return value


def evil(resource: Resource, text: str, number: int) -> Resource:
    """The resource with `text` in every string, also of its raw answer, and a gap whose detail is `text`."""
    known = {name: resource.peek(name) for name in resource.field_names if name not in _KEPT}
    values: dict[str, Any] = {
        name: value if isinstance(value, Gap) else poisoned(value, text) for name, value in known.items()
    }
    rest = {"state", "carrier", "driver"} & _names(resource)
    kept: dict[str, Any] = {name: resource.peek(name) for name in rest}
    values |= kept if number % 2 else {name: poisoned(value, text) for name, value in kept.items()}
    raw = json.dumps({text: text, "Labels": {text: [text, {"[red]": text}]}}).encode()
    key = ResourceKey(resource.key.kind, resource.key.source, f"{resource.key.id[:8]}{number:03}{text[:20]}")
    return type(resource).build(
        **values | {"key": key, "raw": raw, "labels": {f"label{text}": text, text: text}, "observed_at": NOW}
    )


def _names(resource: Resource) -> set[str]:
    return set(resource.field_names)


@cache
def evil_world() -> Picture:
    """Every kind of resource once for every hostile string."""
    resources: dict[Kind, list[Resource]] = {}
    for kind, found in made().items():
        subject = found[0]
        if kind is Kind.ACTIVITY:  # somebody is inside of this one; it belongs to the first container here
            busy = next(one for one in found if one.name == "plain")
            subject = changed(busy, key=made()[Kind.CONTAINER][0].key._replace(kind=kind))
        resources[kind] = [evil(subject, text, number) for number, text in enumerate(HOSTILE)]
    told = [Event(NOW - n, SOURCE, text, text, text, text, text) for n, text in enumerate(HOSTILE)]
    store = filled(resources, told)
    component = next(iter(world().snapshot.by_kind[Kind.COMPONENT].values()))
    store.put(evil(component, text, number) for number, text in enumerate(HOSTILE))
    for text in HOSTILE[:10]:
        store.set_health(
            f"{text}!", SourceHealth(text, text, Status.UNREACHABLE, text, version=text, tried=(text, text))
        )
        store.set_gap(f"{text}!", Kind.VOLUME, Gap(Reason.ERROR, text, text))
    return judged(store)


@cache
def evil_cluster() -> Picture:
    """Every kind of a cluster's resources once for every hostile string; the events are about the pods."""
    found = {kind: [evil(example(kind), text, number) for number, text in enumerate(HOSTILE)] for kind in CLUSTER_KINDS}
    involved = [msgspec.structs.replace(event.peek("involved"), kind="Pod", uid="") for event in found[Kind.EVENT]]
    found[Kind.EVENT] = [changed(one, involved=about) for one, about in zip(found[Kind.EVENT], involved, strict=True)]
    store = cluster([])
    for kind, resources in found.items():
        store.replace(resources[0].key.source, kind, resources)
    return judged(store)


def evil_picture(kind: Kind) -> Picture:
    """The one that has this kind."""
    return evil_world() if kind in ENGINE_KINDS else evil_cluster()


def texts(picture: Picture) -> Iterator[str]:
    """All that panes, previews and tabs make of it."""
    for width, height in ((39, 8), (79, 20), (199, 46)):
        yield from (entry.cell.text for entry in OverviewPane().lines(picture, width, height, NOW))
    for spec in specs():
        pane = load(spec.id)
        if spec.id == "overview":
            continue
        for number in range(len(pane.views(picture)) or 1):
            pane.show_view(number)
            entries = pane.entries(picture, NOW)
            yield pane.headline(picture, Shown(len(entries), len(entries))).text
            for entry in entries:
                yield from (cell.text for cell in entry.row.cells)
                yield from (made_line.cell.text for made_line in pane.preview(entry.key, picture, 60, NOW))
        pane.show_view(0)


@pytest.mark.parametrize("hostile", [evil_world, evil_cluster])
def test_no_pane_and_no_preview_lets_anything_through(hostile: Callable[[], Picture]) -> None:
    count = 0
    for text in texts(hostile()):
        assert forbidden(text) is None, repr(text)
        count += 1
    assert count > 5000


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not Kind.EVENT], ids=lambda kind: kind.value)
def test_no_tab_lets_anything_through(kind: Kind) -> None:
    picture = evil_picture(kind)
    for key in picture.snapshot.by_kind[kind]:
        for text in tab_texts(picture, key):
            if not text.startswith("docker "):  # commands are exact: they are cleaned where they are shown
                assert forbidden(text) is None, repr(text)


async def visit(here: Play) -> None:
    """Every pane from top to bottom; every press looks at each cell of the screen."""
    for digit in "0123456":
        await here.press(digit, "g")
        for _ in range(4):
            await here.press("ctrl+d")
        await here.press("G")


@pytest.mark.parametrize("size", [(80, 24), (200, 50)], ids=str)
async def test_every_pane_shows_it_as_text(size: tuple[int, int]) -> None:
    async with play(evil_world(), size=size) as here:
        await visit(here)
        await here.press("2", "g")
        shown = 0
        for _ in range(len(HOSTILE)):
            await here.press("j")
            shown += "]x[/]" in here.text
        assert shown, "markup is shown letter by letter"
        assert here.app.is_running


@pytest.mark.parametrize("kind", [Kind.CONTAINER, Kind.IMAGE, Kind.NETWORK, Kind.SERVICE], ids=lambda kind: kind.value)
async def test_every_drill_down_shows_it_as_text(kind: Kind) -> None:
    picture = evil_world()
    keys = list(picture.snapshot.by_kind[kind])
    async with play(picture, size=(120, 40)) as here:
        for number, key in enumerate(keys):
            tab = tabs_of(picture.snapshot.by_kind[kind][key])
            here.deck.enter(key)
            await here.press()
            here.deck.turn(tab[number % len(tab)].id)
            await here.press()


async def test_every_tab_of_a_cluster_shows_it_as_text() -> None:
    picture = evil_cluster()
    kinds = {tab.id: kind for kind in CLUSTER_KINDS if kind in OBJECTS for tab in tabs_of(example(kind))}
    hostile = cycle(range(len(HOSTILE)))
    async with play(picture, size=(120, 40)) as here:
        for tab, kind in kinds.items():
            keys = list(picture.snapshot.by_kind[kind])
            for number in islice(hostile, 5):
                here.deck.enter(keys[number])
                here.deck.turn(tab)
                await here.press()
                assert here.deck.trail.here.tab == tab


@pytest.mark.parametrize("digit", ["1", "2", "3", "4", "5", "6"])
async def test_menus_show_it_as_text(digit: str) -> None:
    async with play(evil_world(), size=(80, 24)) as here:
        await here.press(digit)
        for key in ("o", "c", "a", "x", "E"):
            await here.press("j", "j", "j", key)
            if not here.at_deck():
                await here.press("down", "escape")


async def test_what_is_pasted_into_a_filter_is_text_too() -> None:
    from textual import events

    async with play(evil_world(), size=(80, 24)) as here:
        for text in WORST:
            await here.press("2", "slash")
            assert here.app.focused is not None
            here.app.focused.post_message(events.Paste(text))
            await here.press()
            await here.press("escape")


async def test_copied_text_is_exact_and_wrapped_so_that_it_cannot_act() -> None:
    """OSC 52 carries base64: the name is copied as it is, the terminal sees letters and digits."""
    picture = evil_world()
    async with play(picture) as here:
        written = here.listen()
        key = next(key for key, value in picture.snapshot.by_kind[Kind.CONTAINER].items() if value.name == HOSTILE[4])
        await here.press("2")
        assert here.table.move_to(key)
        await here.press("c", "enter")
        assert here.app.copied == [HOSTILE[4]]
        sent = next(text for text in written if "]52;c;" in text)
        assert forbidden(sent.removeprefix("\x1b]52;c;").removesuffix("\a").removesuffix("\x1b\\")) is None


async def test_host_and_engine_words_in_the_first_line() -> None:
    async with play(evil_world(), size=(80, 24)) as here:
        for text in WORST:
            here.app.host_name = text
            here.app.target = text
            here.deck.show_freshness()
            await here.press("2", "1")


# -- what is read while one looks ------------------------------------------------------------------------------------


class _Pieces:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield from (self._body[place : place + 7] for place in range(0, len(self._body), 7))

    def close(self) -> None:
        """Nothing to end."""


class Told:
    """A transport that answers by the end of the path."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self.answers = answers

    def get(self, path: str, *, deadline: float, limit: int = LIMIT, method: str = "GET") -> Answer:
        """The answer of the first ending that fits."""
        bare = path.partition("?")[0]
        return Answer(200, {}, next((body for end, body in self.answers.items() if bare.endswith(end)), b""))

    def stream(self, path: str, *, deadline: float) -> Stream:
        """The same in small pieces."""
        return _Pieces(self.get(path, deadline=deadline).body)

    def close(self) -> None:
        """Nothing to end."""


def frames(lines: list[bytes]) -> bytes:
    """A log without a terminal, with time stamps."""
    stamped = [b"2026-11-23T11:31:00.000000000Z " + text + b"\n" for text in lines]
    return b"".join(bytes([1 + n % 2, 0, 0, 0]) + len(text).to_bytes(4, "big") + text for n, text in enumerate(stamped))


ENCODED = [text.encode("utf-8", "surrogatepass").replace(b"\n", b" ") for text in HOSTILE]
ANSWERS = {
    "/logs": frames([*ENCODED, b"\xff\xfe\x9b31m invalid", b"\x1b]52;c;eA==\x07", b"[@click=app.quit]x[/]"]),
    "/top": json.dumps(
        {"Titles": [*WORST[:5], "CMD"], "Processes": [[text] * 6 for text in HOSTILE] + [[], ["x"]]}
    ).encode(),
    "/changes": json.dumps([{"Path": text, "Kind": n % 4} for n, text in enumerate(HOSTILE)]).encode(),
    "/stats": json.dumps({"read": "\x1b[31m", "cpu_stats": {}, "memory_stats": {"usage": 1}}).encode(),
}


@pytest.mark.parametrize("tab", ["logs", "processes", "changes", "stats"])
async def test_what_is_read_on_demand_is_text_too(tab: str) -> None:
    async with play(size=(120, 40)) as here:
        here.session.answer = Talk(Session(Told(ANSWERS)), False)
        await here.press("2")
        here.deck.action_look(tab)
        await here.pilot.pause()
        detail = here.deck.detail
        assert detail is not None and detail.tab is not None and detail.tab.id == tab
        view = detail.content
        assert isinstance(view, TextView)
        await here.until(lambda: "reading ..." not in view.lines[0].cell.text, f"{tab} was read")
        if tab == "logs":
            await here.until(lambda: "end of the log" in view.lines[-1].cell.text, "the end of the log")
            assert len(view.lines) > len(HOSTILE)
        for _ in range(6):
            await here.press("pagedown")
        await here.press("w", "g", "T")
        for entry in view.lines:
            assert forbidden(entry.cell.text) is None


@pytest.mark.parametrize("tab", ["logs", "processes", "changes", "stats"])
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"[1]", b'{"Titles":null,"Processes":[[]]}', b"\xff" * 9])
async def test_odd_answers_are_said_and_never_fatal(tab: str, body: bytes) -> None:
    async with play(size=(80, 24)) as here:
        here.session.answer = Talk(Session(Told({f"/{tab}": body, "/top": body})), False)
        await here.press("2")
        here.deck.action_look(tab)
        await here.pilot.pause()
        detail = here.deck.detail
        assert detail is not None
        view = detail.content
        assert isinstance(view, TextView)
        await here.until(lambda: bool(view.lines) and "reading ..." not in view.lines[0].cell.text, f"{tab} was read")
        assert here.app.is_running


async def test_a_reader_that_fails_says_so() -> None:
    class Broken:
        """Fails in a way that nobody foresaw."""

        def get(self, path: str, **_: object) -> Answer:
            """As its name says."""
            raise ZeroDivisionError("\x1b[31mbroken")

        stream = get

        def close(self) -> None:
            """Nothing to end."""

    async with play(size=(80, 24)) as here:
        here.session.answer = Talk(Session(Broken()), False)  # type: ignore[arg-type]  # it is broken
        await here.press("2")
        for tab in ("logs", "processes", "changes", "stats"):
            here.deck.action_look(tab)
            await here.until(lambda: "ZeroDivisionError" in here.text, "the error")
            await here.press("escape")
