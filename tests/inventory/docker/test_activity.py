"""What containers do, put together from this machine and from the engine, however badly either tells."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from inventory.activity import Activity, Change, Listener, Process
from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.sources.docker import activity, execs
from inventory.sources.docker.activity import ELSEWHERE, Layer, Seen, active, read_all
from inventory.sources.docker.session import Session
from inventory.sources.docker.transport import LIMIT, Answer, ApiError, Stream
from tests.checks.builders import changed, docker
from tests.inventory.docker.captured import gap, raw

DENIED = ApiError(Reason.DENIED, 403, "authorization denied by plugin")
SILENT = ApiError(Reason.TIMEOUT, 0, "no answer within the deadline")
GONE = ApiError(Reason.ABSENT, 404, "no such exec instance")
PLAIN = docker("plain")
PID = PLAIN.pid
SESSION = json.loads(raw("docker-api/exec-inspect.json"))["ID"]
TOP, CHANGES, INSPECT = (f"/containers/{PLAIN.id}/{part}" for part in ("top", "changes", "json"))
EXEC = f"/exec/{SESSION}/json"
LATER = 1e12  # monotonic seconds

Said = bytes | ApiError | Callable[[], bytes]


class Engine:
    """Answers by path without query; notes what it was asked for."""

    def __init__(self, **said: Said) -> None:
        own = json.dumps({"Titles": ["PID", "PPID", "CMD"], "Processes": [[str(PID), "1", "sleep 100000"]]}).encode()
        self.said: dict[str, Said] = {
            TOP: own,
            CHANGES: raw("docker-api/changes-plain.json"),
            INSPECT: raw("docker-api/inspect-plain.json"),
            EXEC: raw("docker-api/exec-inspect.json"),
        }
        self.asked: list[str] = []
        self.queries: list[str] = []
        self.session = Session(self)

    def get(self, path: str, *, deadline: float, limit: int = LIMIT, method: str = "GET") -> Answer:
        assert method == "GET"
        bare, _, query = path.partition("?")
        self.asked.append(bare)
        self.queries.append(query)
        said = self.said.get(bare, GONE)
        if isinstance(said, ApiError):
            raise said
        return Answer(200, {}, said if isinstance(said, bytes) else said())

    def stream(self, path: str, *, deadline: float) -> Stream:
        raise SILENT

    def close(self) -> None:
        pass

    def tell(self, container: Container = PLAIN, look: activity.Look | None = None, until: float = LATER) -> Activity:
        (found,) = read_all(self.session, "docker", [container], look, until, lambda: 5.0)
        return found


def seen(seen: Seen) -> activity.Look:
    def look(containers: Sequence[Container], until: float) -> Mapping[str, Seen]:
        return {container.id: seen for container in containers}

    return look


def process(pid: int, ppid: int = 1) -> Process:
    return Process(pid, ppid, "sleep", ("sleep", "100000"), 0, 0, "/bin/sleep", 1.0, False)


ALONE = Seen((process(PID),), (Listener("tcp", "0.0.0.0", 80, 0),), Layer((Change("/x", "added"),), True, 7))
VISITED = Seen((process(PID), process(99)), (), Layer(()))


@pytest.fixture
def engine() -> Engine:
    return Engine()


def test_what_this_machine_shows_costs_no_request(engine: Engine) -> None:
    found = engine.tell(look=seen(ALONE))
    assert engine.asked == []
    assert found.processes == ALONE.processes
    assert found.listeners == ALONE.listeners
    assert (found.changes, found.changes_complete, found.size_rw) == ((Change("/x", "added"),), True, 7)
    assert found.sessions == ()
    assert (found.key.id, found.name, found.observed_at) == (PLAIN.id, "plain", 5.0)
    assert not found.gaps


def test_from_afar_the_engine_is_asked_and_does_not_know_listeners_and_sizes(engine: Engine) -> None:
    found = engine.tell()
    assert sorted(engine.asked) == sorted([TOP, CHANGES])
    assert [one.pid for one in found.processes] == [PID]
    assert found.changes == (Change("/tmp", "modified"), Change("/tmp/app.conf", "added"))
    assert found.sessions == ()
    assert gap(found, "listeners").reason is gap(found, "size_rw").reason is Reason.UNSUPPORTED


def test_only_what_may_not_be_looked_at_is_asked_for(engine: Engine) -> None:
    denied = Gap(Reason.DENIED, "/var/lib/docker", "needs root")
    found = engine.tell(look=seen(Seen(ALONE.processes, denied, denied)))
    assert engine.asked == [CHANGES]
    assert found.processes == ALONE.processes
    assert gap(found, "listeners") == denied
    assert gap(found, "size_rw").reason is Reason.DENIED


def test_somebody_who_came_in_is_asked_about(engine: Engine) -> None:
    listed = changed(PLAIN, exec_ids=(SESSION,))
    (found,) = engine.tell(listed, seen(VISITED)).sessions
    assert engine.asked == [EXEC]
    assert (found.id, found.command, found.user, found.pid) == (SESSION, ("sleep", "200"), "65534", 26629)
    assert (found.privileged, found.terminal) == (False, False)


def test_who_came_in_after_the_container_was_read_is_looked_up(engine: Engine) -> None:
    engine.said[INSPECT] = raw("docker-api/inspect-plain-execids.json")
    ids = json.loads(raw("docker-api/inspect-plain-execids.json"))["ExecIDs"]
    engine.said[f"/exec/{ids[0]}/json"] = raw("docker-api/exec-inspect.json")
    assert engine.tell(changed(PLAIN, exec_ids=()), seen(VISITED)).sessions
    assert engine.asked[0] == INSPECT


def test_sessions_that_ended_are_none(engine: Engine) -> None:
    engine.said[EXEC] = raw("docker-api/exec-inspect.json").replace(b'"Running":true', b'"Running":false')
    listed = changed(PLAIN, exec_ids=(SESSION, "f" * 64))
    assert engine.tell(listed, seen(VISITED)).sessions == ()


@pytest.mark.parametrize("error", [DENIED, SILENT, ApiError(Reason.ERROR, 500, "broken")])
def test_a_refusal_is_a_gap_of_that_part_alone(engine: Engine, error: ApiError) -> None:
    engine.said[CHANGES] = error
    found = engine.tell()
    assert gap(found, "changes") == Gap(error.reason, "GET /containers/{id}/changes", error.message)
    assert gap(found, "changes_complete").reason is error.reason
    assert found.processes
    engine.said = {**engine.said, CHANGES: b"[]", TOP: error}
    found = engine.tell()
    assert gap(found, "processes").reason is error.reason
    assert found.changes == ()


def test_sessions_are_asked_for_where_processes_are_not_known(engine: Engine) -> None:
    engine.said[TOP] = DENIED
    engine.said[EXEC] = DENIED
    assert engine.tell(changed(PLAIN, exec_ids=())).sessions == ()
    assert gap(engine.tell(changed(PLAIN, exec_ids=(SESSION,))), "sessions").reason is Reason.DENIED
    unread = Gap(Reason.MALFORMED, "ExecIDs")
    assert gap(engine.tell(changed(PLAIN, exec_ids=unread)), "sessions") == unread


def test_a_ps_that_knows_no_columns_is_asked_for_its_own(engine: Engine) -> None:
    answers = iter([ApiError(Reason.ERROR, 500, 'ps: error: unknown user-defined format specifier "uid"')])

    def own() -> bytes:
        error = next(answers, None)
        if error is not None:
            raise error
        return raw("docker-api/top-plain.json")

    engine.said[TOP] = own
    found = engine.tell()
    assert [one.pid for one in found.processes] == [21559]
    assert [query[:8] for query in engine.queries[:2]] == ["ps_args=", ""]


def test_podman_is_never_left_to_run_ps_inside_the_container() -> None:
    engine = Engine()
    engine.session = Session(engine, flavour="podman")
    engine.said[TOP] = raw("podman-api/top-columns.json")
    engine.tell()
    engine.said[TOP] = ApiError(Reason.ERROR, 500, "no")
    assert gap(engine.tell(), "processes").reason is Reason.ERROR
    asked = [query for path, query in zip(engine.asked, engine.queries, strict=True) if path == TOP]
    assert len(asked) == 2
    assert all(query.startswith("ps_args=hpid") for query in asked)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b'{"Titles":', b'{"Titles":7,"Processes":[]}', b"\xff\xfe"]
)
def test_half_and_nonsensical_answers_are_gaps(engine: Engine, body: bytes) -> None:
    engine.said = {**engine.said, TOP: body, CHANGES: body + b"x", EXEC: body}
    found = engine.tell(changed(PLAIN, exec_ids=(SESSION,)))
    for field in ("processes", "changes", "sessions"):
        assert isinstance(found.peek(field), Gap), field


@pytest.mark.parametrize(
    "body",
    [
        b'{"Running":true}',
        b'{"Running":"yes","ProcessConfig":{"entrypoint":"sh"}}',
        b'{"ProcessConfig":{"entrypoint":"sh"}}',
        b'{"Running":true,"ProcessConfig":{"entrypoint":7}}',
        b'{"Running":true,"ProcessConfig":{"entrypoint":"sh","arguments":"x"}}',
        b'{"Running":true,"ProcessConfig":[]}',
    ],
)
def test_a_session_of_which_too_little_is_told_is_a_gap(body: bytes) -> None:
    found = execs.understood(body, SESSION)
    assert isinstance(found, Gap)
    assert found.reason is Reason.MALFORMED


def test_podmans_session() -> None:
    found = execs.understood(raw("podman-api/exec-inspect.json"), "x")
    assert found is not None
    assert not isinstance(found, Gap)
    assert (found.command, found.user, found.pid) == (("sleep", "3000"), "0", 3707)


def test_more_sessions_than_are_asked_for_are_not_called_none(engine: Engine) -> None:
    many = tuple(f"{number:064x}" for number in range(execs.MOST + 1))
    assert gap(engine.tell(changed(PLAIN, exec_ids=many), seen(VISITED)), "sessions").reason is Reason.UNSUPPORTED
    assert not any(path.startswith("/exec/") for path in engine.asked)


def test_what_is_not_reached_within_the_budget_says_so(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "BUDGET", 0.05)
    never = threading.Event()

    def hang() -> bytes:
        never.wait(30.0)
        return b"{}"

    engine.said[TOP] = hang
    found = engine.tell()
    never.set()
    for field in ("processes", "changes", "sessions"):
        told = gap(found, field)
        assert told.reason is Reason.TIMEOUT
        assert "within the 0.05 s" in told.detail


def test_a_machine_that_cannot_be_looked_at_leaves_it_to_the_engine(engine: Engine) -> None:
    def look(containers: Sequence[Container], until: float) -> Mapping[str, Seen]:
        raise RuntimeError("odd file")

    found = engine.tell(look=look)
    assert found.processes
    assert gap(found, "listeners").detail == "RuntimeError: odd file"


def test_a_container_that_the_look_left_out_is_asked_for(engine: Engine) -> None:
    found = engine.tell(look=lambda containers, until: {})
    assert found.processes
    assert gap(found, "listeners") == ELSEWHERE.listeners


def test_who_does_not_run_does_nothing(engine: Engine) -> None:
    still = [changed(PLAIN, state="exited", pid=0), docker("crashloop"), docker("exited-zero")]
    assert read_all(engine.session, "docker", still, None, LATER) == []
    assert engine.asked == []
    assert active(changed(PLAIN, pid=Gap(Reason.PENDING, "State.Pid"))) is None
    assert active(changed(PLAIN, pid=Gap(Reason.MALFORMED, "State.Pid"))) is True
    assert active(changed(PLAIN, state=Gap(Reason.ABSENT, "State"))) is None
    assert active(docker("paused")) is True


def test_a_container_whose_process_is_not_known_is_asked_for(engine: Engine) -> None:
    found = engine.tell(changed(PLAIN, pid=Gap(Reason.MALFORMED, "State.Pid")))
    assert found.processes
    assert found.sessions == ()  # nothing tells who came in, so the engine was asked


def test_what_one_container_breaks_costs_no_other(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    compose = activity.compose

    def breaks(container: Container, *rest: Any) -> Activity:
        if container.id == PLAIN.id:
            raise ValueError("odd")
        return compose(container, *rest)

    monkeypatch.setattr(activity, "compose", breaks)
    broken, other = read_all(engine.session, "docker", [PLAIN, docker("paused")], seen(ALONE), LATER)
    assert (broken.key.id, broken.name) == (PLAIN.id, "plain")
    assert {gap(broken, field).reason for field in activity.FIELDS} == {Reason.ERROR}
    assert gap(broken, "changes").detail == "ValueError: odd"
    assert other.changes
