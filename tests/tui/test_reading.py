"""What is read while one looks: bounded, one thread at a time, masked before it is cut, and still when frozen."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.resource import Kind
from inventory.secrets import LONGEST_KEY, PrivateKeyLines
from inventory.sources.docker.details import Processes
from inventory.sources.docker.frames import LogLine
from inventory.sources.docker.session import Session
from inventory.sources.docker.transport import Answer, refusal
from tests.tui.stage import Play, play, put_cursor
from tests.tui.world import NOW, endpoint, world
from tui.detail.raw import LONGEST as LONGEST_TEXT
from tui.detail.raw import raw_value
from tui.detail.reading import LONGEST, process_lines, show_log
from tui.detail.tab import Context
from tui.logs import WAITING, Backlog, Entry, Feed, LogQuery
from tui.picture import Picture
from tui.talk import Talk, Talks
from tui.worker import Worker
from widgets.textview import TextLine, TextView

SECRET = "hunter2-lab"
FLOOD = WAITING * 4


def stamped(texts: list[str]) -> bytes:
    """A log without a terminal, as the engine frames it."""
    lines = [f"2026-11-23T11:31:00.000000000Z {text}\n".encode() for text in texts]
    return b"".join(b"\1\0\0\0" + len(each).to_bytes(4, "big") + each for each in lines)


class Stream:
    """Pieces, then silence until it is closed (or the end)."""

    def __init__(self, pieces: list[bytes], ends: bool) -> None:
        self.pieces = pieces
        self.ends = ends
        self.closed = threading.Event()
        self.given = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        self.given.set()
        if not self.ends:
            self.closed.wait(60)

    def close(self) -> None:
        """Wake the reader."""
        self.closed.set()


class Engine:
    """An engine of few words."""

    def __init__(self, log: bytes = b"", ends: bool = True) -> None:
        self.log, self.ends = log, ends
        self.streams: list[Stream] = []
        self.asked: list[str] = []
        self.hangs: threading.Event | None = None
        self.status = 200

    def get(self, path: str, **_: Any) -> Answer:
        """What the path asks for; waits while the engine hangs."""
        self.asked.append(path)
        if self.hangs is not None:
            self.hangs.wait(60)
        if self.status != 200:
            raise refusal(self.status, b'{"message":"configured logging driver does not support reading"}')
        if "/top" in path:
            return Answer(200, {}, json.dumps({"Titles": ["CMD"], "Processes": [["init"]]}).encode())
        return Answer(200, {}, self.log if "/logs" in path else b"null")

    def stream(self, path: str, **_: Any) -> Stream:
        """The log as it comes."""
        self.get(path)
        self.streams.append(Stream([self.log], self.ends))
        return self.streams[-1]

    def close(self) -> None:
        """Nothing to end."""

    @property
    def talk(self) -> Talk:
        """A conversation with it."""
        return Talk(Session(self), False)


def threads(name: str) -> int:
    """How many of our threads have this name."""
    return sum(thread.name == f"deckwatch-{name}" for thread in threading.enumerate())


def container(name: str = "socky") -> Container:
    """A captured container that runs."""
    return next(c for c in world().snapshot.of(Container) if c.name == name)


class Screen:
    """The event loop's side of a feed, run by hand: a terminal that stalls until `run`."""

    def __init__(self) -> None:
        self.posted: list[Callable[[], None]] = []
        self.lines: list[str] = []
        self.most_posted = 0
        self.frozen = False
        self.feed = Feed(self._post, self._paint, lambda: self.frozen)

    def _post(self, function: Callable[[], None]) -> None:
        self.posted.append(function)
        self.most_posted = max(self.most_posted, len(self.posted))

    def _paint(self, lines: list[TextLine], fresh: bool) -> None:
        texts = [each.cell.text for each in lines]
        self.lines = texts if fresh else self.lines + texts

    def run(self) -> None:
        """Do what was posted."""
        while self.posted:
            self.posted.pop(0)()

    def until(self, holds: Callable[[], bool]) -> None:
        """Run until something holds."""
        for _ in range(2000):
            self.run()
            if holds():
                return
            time.sleep(0.01)
        raise AssertionError(f"never happened: {self.lines[-3:]}")


def follow(engine: Engine, screen: Screen, tail: int = 500) -> threading.Thread:
    """Show the log of a container in a thread."""
    query = LogQuery(engine.talk, tail, False, screen.feed)
    thread = threading.Thread(target=show_log, args=(container(), query), daemon=True)
    thread.start()
    return thread


# -- logs -------------------------------------------------------------------------------------------------------


def test_a_flood_is_bounded_and_says_how_much_it_dropped() -> None:
    backlog = Backlog(100)
    for number in range(1000):
        backlog.put(Entry(LogLine("stdout", 0.0, str(number)), False))
    taken = backlog.take(0.0)
    assert (len(taken.entries), taken.lost, taken.entries[-1].line.text) == (100, 900, "999")
    assert backlog.take(0.0) == ([], 0, False)


def test_a_stalled_terminal_gets_one_call_at_most() -> None:
    engine, screen = Engine(stamped(["first"]), ends=False), Screen()
    thread = follow(engine, screen)
    for _ in range(1000):
        if screen.posted:
            break
        time.sleep(0.01)
    assert engine.streams[0].given.wait(20)
    engine.streams[0].pieces.append(b"")
    time.sleep(0.3)
    assert screen.most_posted == 1
    screen.until(lambda: screen.lines == [" first"] or screen.lines == ["first"])
    screen.feed.close()
    thread.join(20)
    assert not thread.is_alive()
    assert engine.streams[0].closed.is_set()


def test_a_flood_while_the_terminal_stalls_keeps_the_newest_lines() -> None:
    engine, screen = Engine(stamped([f"line {n}" for n in range(FLOOD)])), Screen()
    query = LogQuery(engine.talk, 500, False, screen.feed)
    screen.feed.show([])  # which the terminal does not take
    thread = threading.Thread(target=show_log, args=(container(), query), daemon=True)
    thread.start()
    while not engine.streams or not engine.streams[0].given.wait(0.1):
        time.sleep(0.01)
    time.sleep(0.3)
    assert screen.most_posted == 1
    screen.until(lambda: not thread.is_alive())
    screen.run()
    assert screen.most_posted == 1
    assert screen.lines[-1] == f"line {FLOOD - 1}"
    told = [text for text in screen.lines if "lines not shown: they came faster than the screen" in text]
    lost = sum(int(text.split()[1]) for text in told)
    assert lost > 0
    assert lost + len(screen.lines) - len(told) == FLOOD


def test_a_frozen_screen_keeps_the_lines_that_it_shows() -> None:
    engine, screen = Engine(stamped(["one"]), ends=False), Screen()
    follow(engine, screen)
    screen.until(lambda: screen.lines == ["one"])
    screen.frozen = True
    shower = threading.Thread(target=screen.feed.show, args=([],), daemon=True)
    shower.start()
    shower.join(0.3)
    assert shower.is_alive()
    assert not screen.posted
    screen.frozen = False
    screen.until(lambda: not shower.is_alive())
    screen.feed.close()


def test_a_private_key_is_hidden_line_by_line() -> None:
    key = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEowIBAAKC", "q83vEjRWeJq8", "-----END RSA PRIVATE KEY-----"]
    engine, screen = Engine(stamped(["start", *key, "password: " + SECRET, "done"])), Screen()
    thread = follow(engine, screen)
    screen.until(lambda: not thread.is_alive())
    screen.run()
    shown = "\n".join(screen.lines)
    assert "MIIE" not in shown and "q83v" not in shown and SECRET not in shown
    assert (screen.lines[0], screen.lines[-1], len(screen.lines)) == ("start", "done", 7)


def test_a_key_without_an_end_hides_no_more_than_a_key() -> None:
    lines = PrivateKeyLines()
    assert not lines.inside("a -----BEGIN PRIVATE KEY----- was found")
    assert [lines.inside("x") for _ in range(LONGEST_KEY + 1)] == [True] * LONGEST_KEY + [False]
    assert not lines.inside("-----BEGIN CERTIFICATE-----")
    assert not lines.inside("x")
    assert not lines.inside("-----BEGIN PRIVATE KEY-----x-----END PRIVATE KEY-----")
    assert not lines.inside("x")


@pytest.mark.parametrize("around", range(-12, 2))
def test_a_secret_at_the_end_of_what_is_shown_is_masked(around: int) -> None:
    text = "x" * (LONGEST - 20 + around) + f' "password": "{SECRET}"'
    engine, screen = Engine(stamped([text])), Screen()
    thread = follow(engine, screen)
    screen.until(lambda: not thread.is_alive())
    screen.run()
    assert "hun" not in screen.lines[0]


async def reading(here: Play, engine: Engine, tab: str) -> TextView:
    """The view of a tab of a running container."""
    here.session.answer = engine.talk
    await here.press("2")
    put_cursor(here, "socky")
    here.deck.action_look(tab)
    await here.pilot.pause()
    view = here.deck.detail.content
    assert isinstance(view, TextView)
    return view


async def test_a_driver_that_keeps_nothing_is_named() -> None:
    engine = Engine()
    engine.status = 501
    async with play(size=(160, 30)) as here:
        view = await reading(here, engine, "logs")
        await here.until(lambda: "driver" in here.text, "the reason")
        assert "logging driver json-file: configured logging driver does not support reading" in here.text
        assert len(view.lines) == 1


async def test_long_lines_of_a_log_wrap() -> None:
    engine = Engine(stamped(["a" * 100 + "b" * 100 + "THE-END"]))
    async with play(size=(80, 24)) as here:
        view = await reading(here, engine, "logs")
        await here.until(lambda: "aaa" in here.text, "the log")
        assert "THE-END" not in here.text
        await here.press("w")
        assert view.wrap
        assert "THE-END" in here.text


async def test_another_tab_ends_the_log_at_once() -> None:
    engine = Engine(stamped(["one"]), ends=False)
    async with play() as here:
        await reading(here, engine, "logs")
        await here.until(lambda: "one" in here.text, "the log")
        assert not engine.streams[0].closed.is_set()
        here.deck.turn("mounts")
        assert engine.streams[0].closed.is_set()
        here.deck.turn("logs")
        await here.until(lambda: len(engine.streams) == 2, "the second log")
        await here.press("escape")
        await here.until(lambda: engine.streams[1].closed.is_set(), "its end")


# -- one thread, one conversation -------------------------------------------------------------------------------


async def test_a_held_key_over_tabs_of_a_hung_engine_starts_two_threads() -> None:
    engine = Engine(stamped(["one"]))
    engine.hangs = threading.Event()
    async with play() as here:
        await reading(here, engine, "processes")
        readers, followers = threads("read"), threads("logs")
        for _ in range(5):
            for tab in ("logs", "stats", "processes", "changes"):
                here.deck.turn(tab)
                await here.pilot.pause()
        assert threads("read") <= readers
        assert threads("logs") <= followers + 1
        assert len(engine.asked) <= 2
        here.deck.turn("processes")
        engine.hangs.set()
        await here.until(lambda: "init" in here.text, "the newest question is answered")
        assert len(engine.asked) <= 3


async def test_the_tabs_share_one_conversation_until_it_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, begun = Engine(), list[str]()
    async with play() as here:

        def reader(name: str) -> Talk:
            begun.append(name)
            return engine.talk

        monkeypatch.setattr(here.deck.detail, "_talks", Talks(reader))
        await reading(here, engine, "processes")
        await here.until(lambda: "init" in here.text, "processes")
        here.deck.turn("changes")
        await here.until(lambda: "nothing differs" in here.text, "changes")
        assert len(begun) == 1
        engine.status = 500
        await here.press("R")
        await here.until(lambda: "could not read" in here.text, "the error")
        engine.status = 200
        await here.press("R")
        await here.until(lambda: "nothing differs" in here.text, "changes")
        assert len(begun) == 2


def test_what_tells_of_the_container_alone_ends_no_conversation() -> None:
    begun: list[str] = []

    def begin(name: str) -> Talk | Gap:
        begun.append(name)
        return Engine().talk if len(begun) > 1 else Gap(Reason.TIMEOUT, "GET /_ping")

    talks = Talks(begin)
    assert isinstance(talks.to("docker"), Gap)
    talk = talks.to("docker")
    talks.heard("docker", Gap(Reason.UNSUPPORTED, "GET /top", "the container is not running"))
    assert talks.to("docker") is talk
    talks.heard("docker", Gap(Reason.TIMEOUT, "GET /top"))
    assert talks.to("docker") is not talk


def test_a_worker_does_the_newest_thing_only() -> None:
    worker, begun, go, done = Worker("test"), threading.Event(), threading.Event(), list[int]()
    ended = threading.Event()

    def first() -> None:
        begun.set()
        go.wait(20)

    def last() -> None:
        done.append(100)
        ended.set()

    worker.give(first)
    assert begun.wait(20)
    for number in range(100):
        worker.give(lambda number=number: done.append(number))  # type: ignore[misc]  # bound as it is made
    worker.drop()
    worker.give(last)
    go.set()
    assert ended.wait(20)
    assert done == [100]


# -- frozen -----------------------------------------------------------------------------------------------------


async def test_a_frozen_screen_asks_for_nothing_by_itself() -> None:
    engine = Engine()
    async with play() as here:
        await reading(here, engine, "processes")
        await here.until(lambda: "init" in here.text, "processes")
        await here.press("ctrl+f")
        before = len(engine.asked)
        here.deck.detail.tick(NOW + 1000)
        await here.pilot.pause(0.2)
        assert len(engine.asked) == before
        await here.press("ctrl+f")
        here.deck.detail.tick(NOW + 1000)
        await here.until(lambda: len(engine.asked) > before, "the next reading")


async def test_reading_again_while_frozen_shows_the_picture_that_was_frozen() -> None:
    engine = Engine()
    async with play() as here:
        await reading(here, engine, "processes")
        await here.press("ctrl+f")
        here.session.picture = Picture()
        here.deck.detail.reload()
        await here.until(lambda: "init" in here.text, "processes")
        assert "gone" not in here.text


async def test_a_directory_that_hangs_does_not_hold_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()

    def write(*_: object) -> int:
        return 7 if answers.wait(60) else 0

    monkeypatch.setattr("tui.menus.write", write)
    async with play() as here:
        await here.press("2", "E", "enter")
        await here.press("3")
        assert here.deck.trail.here.pane == "networks"
        answers.set()
        await here.until(lambda: "7 bytes" in here.text, "what was written")


# -- masked, then cut -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("around", range(14))
def test_a_secret_at_the_end_of_a_command_is_masked(around: int) -> None:
    command = "x" * (1975 + around) + f" --password '{SECRET}'"
    found = Processes(("USER", "CMD"), (("token=" + SECRET, command),))
    shown = " ".join(each.cell.text for each in process_lines(found, Context(world(), 80, NOW)))
    assert "hun" not in shown


def test_a_resource_without_an_answer_shows_its_fields_as_plain_values() -> None:
    value = raw_value(endpoint())
    assert value["certificates"][0]["bits"] == endpoint().certificates[0].bits
    assert [set(key) for key in value["containers"]] == [{"kind", "source", "id"}] * len(endpoint().containers)
    assert value["labels"] == {}
    assert endpoint().containers
    assert json.loads(json.dumps(value)) == value
    assert type(value["containers"][0]["kind"]) is str


def test_a_huge_label_is_cut_and_still_masked() -> None:
    labels = {"note": "x" * (LONGEST_TEXT - 3) + f" password: {SECRET} " + "y" * 1_000_000}
    raw = json.dumps({"Labels": labels}).encode()
    value = raw_value(_with_raw(raw))
    shown = value["Labels"]["note"]
    assert len(shown) <= LONGEST_TEXT + 1
    assert SECRET[:3] not in shown


def _with_raw(raw: bytes) -> Any:
    class Bare:
        """As much of a resource as is looked at."""

        kind = Kind.CONTAINER

    bare: Any = Bare()
    bare.raw = raw
    return bare
