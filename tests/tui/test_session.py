"""What is behind the screen: how old things are, and engines that are silent, go away, return or refuse."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.policy import Policy
from checks.verdict import Outcome
from inventory.container import Container
from inventory.gap import Gap
from inventory.resource import Kind
from inventory.snapshot import Status
from inventory.sources.docker import live
from inventory.store import Store
from lab.fake_engine import Answer, FakeEngine, Manner
from tests.inventory.docker.world import CONTAINERS, container_id, event, routes
from tests.tui.test_terminal import PROGRAM, assert_left_as_found
from tests.widgets.terminal_run import TerminalRun
from tui import session as sessions
from tui.freshness import LOST_AFTER, STALE_AFTER, waiting
from tui.live import live_source
from tui.picture import Picture
from tui.session import Session

WAIT = 30.0  # seconds that must be enough on any machine
SILENT = Answer(manner=Manner.SILENT)


class Named:
    """A source that does nothing but have a name."""

    def __init__(self, name: str) -> None:
        self.name = self.target = name
        self.stopped = 0

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Count it."""
        self.stopped += 1

    def refresh(self) -> None:
        """Nothing to read."""

    def reader(self) -> Any:
        """Itself."""
        return self


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def until(holds: Callable[[], object], what: str) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.01)


# -- freshness -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "state"),
    [(0.0, "live"), (2.9, "live"), (3.0, "stale"), (9.9, "stale"), (10.0, "lost"), (9999.0, "lost")],
)
def test_an_answer_is_live_then_stale_then_lost(age: float, state: str) -> None:
    assert (STALE_AFTER, LOST_AFTER) == (3.0, 10.0)
    clock = Clock()
    session = Session(lambda: None, clock=clock)
    session.sources = [Named("docker")]
    session.store.answered("docker")
    found = session.freshness(clock.now + age)
    assert (found.state, round(found.age, 1)) == (state, age)
    assert found.moment == (0.0 if age == 0 else clock.now)


@pytest.mark.parametrize(("age", "state"), [(0.0, "connecting"), (2.9, "connecting"), (3.0, "stale"), (10.0, "lost")])
def test_a_source_that_never_answered_counts_from_the_start(age: float, state: str) -> None:
    clock = Clock()
    session = Session(lambda: None, clock=clock)
    session.sources = [Named("docker")]
    found = session.freshness(clock.now + age)
    assert (found.state, found.moment) == (state, 0.0)
    assert waiting(age).state == state


def test_the_oldest_source_decides() -> None:
    clock = Clock()
    session = Session(lambda: None, clock=clock)
    session.sources = [Named("one"), Named("two")]
    session.store.answered("one", 1000.0)
    session.store.answered("two", 995.0)
    assert session.freshness(1000.5).state == "stale"
    assert round(session.freshness(1000.5).age, 1) == 5.5
    session.store.answered("two", 1000.4)
    assert session.freshness(1000.5).state == "live"


def test_before_there_are_sources_it_connects() -> None:
    clock = Clock()
    assert Session(lambda: None, clock=clock).freshness(clock.now + 1).state == "connecting"


def test_a_recording_is_neither_live_nor_lost_and_its_time_stands_still() -> None:
    clock = Clock()
    session = Session(lambda: None, clock=clock)
    assert session.now() == 1000.0
    session.recorded_at = 400.0
    session.sources = [Named("docker")]
    assert session.freshness(clock.now).state == "recorded"
    assert session.now() == 400.0
    assert session.store.snapshot().taken_at in {0.0, 400.0}


def test_readers_are_found_by_name() -> None:
    session = Session(lambda: None)
    session.sources = [Named("one")]
    assert isinstance(session.reader("one"), Named)
    assert isinstance(session.reader("two"), Gap)


def test_stop_tells_every_source_and_waits_for_none() -> None:
    session = Session(lambda: None)
    sources = [Named("one"), Named("two")]
    session.sources = list(sources)
    session.stop()
    assert [source.stopped for source in sources] == [1, 1]


# -- a fake engine behind a real session -----------------------------------------------------------------------------


@pytest.fixture
def engine(sockets: Path) -> Iterator[FakeEngine]:
    """Four containers, two images, two networks."""
    with FakeEngine(sockets / "e.sock", routes()) as found:
        yield found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same states after tenths of the usual times."""
    monkeypatch.setattr(sessions, "STALE_AFTER", 0.6)
    monkeypatch.setattr(sessions, "LOST_AFTER", 1.5)
    monkeypatch.setattr(live, "BEAT", 0.1)
    monkeypatch.setattr(live, "BEAT_LIMIT", 0.3)
    monkeypatch.setattr(live, "SILENCE", 0.5)
    monkeypatch.setattr(live, "CONNECT_LIMIT", 0.5)
    monkeypatch.setattr(live, "BACK_OFF", (0.05, 0.2))


@pytest.fixture
def session(engine: FakeEngine) -> Iterator[Session]:
    """A session that follows the fake engine."""
    made = Session(lambda: None, Store())
    made.start([live_source(made, "docker", engine.url)], Policy())
    yield made
    made.stop()


def rows(session: Session) -> set[str]:
    """The containers that the screen would list."""
    return {container.name for container in session.picture.snapshot.of(Container)}


def status(session: Session) -> Status:
    """How the source is."""
    return session.picture.snapshot.sources["docker"].status


def judged(picture: Picture) -> bool:
    """Whether every row has its verdicts."""
    return bool(picture.snapshot.count(Kind.CONTAINER)) and all(
        picture.judgement(resource.key) is not None for resource in picture.snapshot
    )


def test_everything_is_listed_and_judged_with_get_and_head_alone(session: Session, engine: FakeEngine) -> None:
    until(lambda: rows(session) == set(CONTAINERS) and judged(session.picture), "all rows judged")
    assert session.freshness(time.time()).state == "live"
    assert any(result.outcome is Outcome.FAIL for result in session.picture.evaluation.results())
    session.refresh()
    assert engine.methods <= {"GET", "HEAD"}


def test_a_container_that_goes_is_gone_from_the_picture(session: Session, engine: FakeEngine) -> None:
    until(lambda: rows(session) == set(CONTAINERS) and engine.followers(), "all rows")
    key = container_id("plain")
    engine.routes[f"/containers/{key}/json"] = Answer.json({"message": "No such container"}, 404)
    engine.emit(event("container", "destroy", key, name="plain"))
    until(lambda: rows(session) == set(CONTAINERS) - {"plain"}, "the row goes")
    assert all(judgement.id != key for judgement in session.picture.evaluation.judgements)


@pytest.mark.usefixtures("quick")
def test_a_silent_engine_is_stale_then_lost_and_its_rows_are_kept(session: Session, engine: FakeEngine) -> None:
    until(lambda: rows(session) == set(CONTAINERS) and judged(session.picture), "all rows judged")
    engine.everything = SILENT
    engine.freeze_events()
    until(lambda: session.freshness(time.time()).state == "stale", "stale")
    until(lambda: session.freshness(time.time()).state == "lost", "lost")
    until(lambda: status(session) is Status.UNREACHABLE, "the source says so")
    assert rows(session) == set(CONTAINERS)
    assert "does not answer" in session.picture.snapshot.sources["docker"].detail
    assert judged(session.picture)


@pytest.mark.usefixtures("quick")
def test_an_engine_that_is_silent_from_the_start_is_lost_too(sockets: Path) -> None:
    with FakeEngine(sockets / "s.sock", {}) as engine:
        engine.everything = SILENT
        session = Session(lambda: None, Store())
        session.start([live_source(session, "docker", engine.url)], Policy())
        until(lambda: session.freshness(time.time()).state == "lost", "lost")
        until(lambda: status(session) is Status.UNREACHABLE, "the source says so")
        assert str(engine.path) in session.picture.snapshot.sources["docker"].target
        started = time.monotonic()
        session.stop()
        assert time.monotonic() - started < WAIT / 10, "stopping waits for nobody"


@pytest.mark.usefixtures("quick")
def test_a_daemon_that_goes_keeps_its_rows_and_recovers_by_itself(session: Session, engine: FakeEngine) -> None:
    until(lambda: rows(session) == set(CONTAINERS) and judged(session.picture), "all rows judged")
    engine.stop()
    until(lambda: status(session) is Status.UNREACHABLE, "unreachable")
    assert rows(session) == set(CONTAINERS)
    until(lambda: session.freshness(time.time()).state in {"stale", "lost"}, "stale")
    key = container_id("plain")
    del engine.routes[f"/containers/{key}/json"]
    listed = engine.routes["/containers/json"].body
    engine.routes["/containers/json"] = Answer(without(listed, key))
    engine.start()
    until(lambda: status(session) is Status.OK, "it is back")
    until(lambda: rows(session) == set(CONTAINERS) - {"plain"}, "what changed meanwhile is seen")
    until(lambda: session.freshness(time.time()).state == "live", "live")


def without(listed: bytes, key: str) -> bytes:
    """A container list without one of its entries."""
    return json.dumps([entry for entry in json.loads(listed) if entry["Id"] != key]).encode()


@pytest.mark.usefixtures("quick")
def test_a_picture_is_published_for_every_change_of_health(engine: FakeEngine) -> None:
    seen: list[Status] = []

    def publish() -> None:
        found = made.picture.snapshot.sources.get("docker")
        if found is not None and (not seen or seen[-1] is not found.status):
            seen.append(found.status)

    made = Session(publish, Store())
    made.start([live_source(made, "docker", engine.url)], Policy())
    until(lambda: seen and seen[-1] is Status.OK, "ok")
    engine.stop()
    until(lambda: seen[-1] is Status.UNREACHABLE, "unreachable")
    made.stop()


# -- the program in a terminal ---------------------------------------------------------------------------------------


def live_program(engine_url: str, *args: str) -> TerminalRun:
    """`deckwatch --host URL` in a terminal."""
    return TerminalRun(PROGRAM, "--host", engine_url, *args, width=120, height=30, env={"XDG_CONFIG_HOME": "/nowhere"})


def quit_with(run: TerminalRun, keys: bytes) -> None:
    """Leave, with the terminal as it was."""
    os.write(run._master, keys)
    assert run.wait(WAIT) == 0
    assert_left_as_found(bytes(run.sent))


@pytest.mark.terminal
def test_a_silent_engine_at_the_start_is_said_and_can_be_left(sockets: Path) -> None:
    with FakeEngine(sockets / "s.sock", {}) as engine:
        engine.everything = SILENT
        with live_program(engine.url) as run:
            run.until("STALE", WAIT)
            assert any(str(engine.path) in line for line in run.line)
            run.until("LOST", WAIT)
            for key in "123456":
                run.press(key)
                assert "LOST" in run.line[0]
            quit_with(run, b"Q")
        assert engine.methods <= {"GET", "HEAD"}


@pytest.mark.terminal
@pytest.mark.parametrize("keys", ["Q", "\x11", ":\x11", "2\rQ"], ids=["Q", "^Q", ":^Q", "open Q"])
def test_an_engine_that_falls_silent_can_be_left_from_anywhere(engine: FakeEngine, keys: str) -> None:
    with live_program(engine.url) as run:
        run.until("WORST FIRST", WAIT)
        engine.everything = SILENT
        engine.freeze_events()
        quit_with(run, keys.encode())


@pytest.mark.terminal
def test_logs_of_a_silent_engine_hold_up_nothing(engine: FakeEngine) -> None:
    with live_program(engine.url) as run:
        run.until("WORST FIRST", WAIT)
        os.write(run._master, b"2")
        run.until("healthy", WAIT)
        engine.everything = SILENT
        os.write(run._master, b"l")
        run.until("reading ...", WAIT)
        os.write(run._master, b"d")
        run.until("CHECK", WAIT)
        quit_with(run, b"Q")


@pytest.mark.terminal
def test_a_daemon_that_disappears_is_said_with_the_rows_kept(engine: FakeEngine) -> None:
    with live_program(engine.url) as run:
        run.until("WORST FIRST", WAIT)
        os.write(run._master, b"2")
        run.until("crashloop", WAIT)
        engine.stop()
        run.until("unreachable", WAIT)
        assert any("crashloop" in line for line in run.line)
        engine.start()
        run.until("LIVE", WAIT)
        quit_with(run, b"Q")


@pytest.mark.terminal
def test_a_socket_that_refuses_says_what_to_do(sockets: Path, engine: FakeEngine) -> None:
    """As a person who is not in the engine's group: somebody else's socket, and not even root's right to open it."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv(1) to take rights away")
    os.chown(engine.path, 65534, 65534)
    engine.path.chmod(0o600)
    script = sockets / "unprivileged.py"
    script.write_text(LAUNCH.format(program=str(PROGRAM)))
    with TerminalRun(script, "--host", engine.url, width=120, height=30) as run:
        run.until("FORBIDDEN", WAIT)
        words = " ".join(" ".join(run.line).split())
        assert str(engine.path) in words
        assert any(advice in words for advice in ("usermod", "sudo", "group")), words
        quit_with(run, b"Q")


LAUNCH = """import os, sys
rights = "-dac_override,-dac_read_search"
os.execvp("setpriv", ["setpriv", "--bounding-set", rights, "--inh-caps", rights, {program!r}, *sys.argv[1:]])
"""
