"""What events mean, and when what they touch is read again."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.resource import Kind
from inventory.sources.docker.agenda import Agenda
from inventory.sources.docker.follow import LONGEST_LINE, Lines, Target, Touch, events_path, touch
from tests.inventory.docker.captured import raw
from tests.inventory.docker.world import event


def of(kind: str, action: str, key: str = "abc", **attributes: str) -> Touch:
    return touch(json.dumps(event(kind, action, key, **attributes)).encode(), "docker")


def test_the_server_is_asked_to_leave_probe_executions_out() -> None:
    wanted = json.loads(parse_qs(urlsplit(events_path("docker")).query)["filters"][0])["event"]
    assert not any(action.startswith("exec_") for action in wanted)
    assert {"oom", "die", "rename", "health_status", "connect", "reload"} <= set(wanted)
    assert events_path("podman") == "/events"


def test_every_captured_event_is_understood() -> None:
    for engine in ("docker", "podman"):
        for line in raw(f"{engine}-api/events.jsonl").splitlines():
            document = json.loads(line)
            found = touch(line, engine)
            if document["Action"].startswith("exec_"):
                assert found == Touch()
            else:
                assert found.event is not None
                assert found.event.action == document["Action"].partition(":")[0]


@pytest.mark.parametrize("action", ["create", "start", "die", "oom", "pause", "unpause", "rename", "update", "restart"])
def test_a_container_is_read_again(action: str) -> None:
    assert of("container", action).read == ((Kind.CONTAINER, "abc"),)


def test_a_destroyed_container_is_gone() -> None:
    assert of("container", "destroy").gone == (Kind.CONTAINER, "abc")
    assert of("container", "destroy").read == ()


@pytest.mark.parametrize(
    ("kind", "action"), [("container", "attach"), ("container", "top"), ("volume", "mount"), ("image", "push")]
)
def test_what_changes_nothing_is_told_and_not_read(kind: str, action: str) -> None:
    found = of(kind, action)
    assert (found.read, found.gone) == ((), None)
    assert found.event is not None


def test_a_network_event_names_its_container() -> None:
    found = of("network", "connect", "net", container="abc", name="front", type="bridge")
    assert found.read == ((Kind.NETWORK, "net"), (Kind.CONTAINER, "abc"))
    assert of("network", "destroy", "net").gone == (Kind.NETWORK, "net")


@pytest.mark.parametrize(
    ("kind", "action", "target"),
    [
        ("image", "pull", Kind.IMAGE),
        ("image", "untag", Kind.IMAGE),
        ("image", "delete", Kind.IMAGE),
        ("volume", "create", Kind.VOLUME),
        ("service", "update", Kind.SERVICE),
        ("node", "update", Kind.NODE),
        ("secret", "remove", Kind.SECRET),
        ("config", "create", Kind.CONFIG),
        ("daemon", "reload", Kind.ENGINE),
        ("plugin", "enable", Kind.ENGINE),
        ("plugin", "remove", Kind.ENGINE),
    ],
)
def test_other_kinds_are_listed_again(kind: str, action: str, target: Kind) -> None:
    assert of(kind, action).read == ((target, ""),)


def test_a_task_that_changes_makes_the_tasks_be_read() -> None:
    found = of("container", "die", com__docker__swarm__service__id="s1")
    assert (Kind.TASK, "") in found.read


def test_the_event_is_told_in_words() -> None:
    health = of("container", "health_status: unhealthy", name="web").event
    assert health is not None
    assert (health.action, health.detail, health.name) == ("health_status", "unhealthy", "web")
    died = of("container", "die", name="web", exitCode="137").event
    assert died is not None
    assert died.detail == "exitCode=137"
    assert died.time == 1795433154.0


@pytest.mark.parametrize("line", [b"{", b"[]", b"null", b'{"Type": 5}', b'{"Actor": []}', b"\xff", b"[" * 10_000])
def test_a_line_that_makes_no_sense_is_nothing(line: bytes) -> None:
    assert touch(line, "docker").read == ()


@given(st.lists(st.integers(1, 40)))
def test_lines_do_not_depend_on_how_they_arrive(cuts: list[int]) -> None:
    whole = b'{"a":1}\n\n{"b":2}\r\n{"c":3}\n{"unfinished'
    lines, start = Lines(), 0
    found: list[bytes] = []
    for cut in cuts:
        found += lines.feed(whole[start : start + cut])
        start += cut
    found += lines.feed(whole[start:])
    assert [json.loads(line) for line in found] == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_an_endless_line_is_dropped() -> None:
    lines = Lines()
    assert list(lines.feed(b"x" * (LONGEST_LINE + 1))) == []
    assert list(lines.feed(b"rest\nnext\n")) == [b"next"]


A: Target = (Kind.CONTAINER, "a")


def test_events_of_one_object_are_one_reading() -> None:
    agenda = Agenda()
    for moment in (0.0, 0.02, 0.05):
        agenda.add(A, moment)
    assert agenda.take(0.05) == []
    assert agenda.next() == 0.1
    assert agenda.take(0.1) == [A]
    assert agenda.next() is None


def test_what_is_being_read_is_not_read_twice_at_once() -> None:
    agenda = Agenda()
    agenda.add_all([A], 0.0)
    assert agenda.take(0.0) == [A]
    agenda.add(A, 0.01)
    assert agenda.take(5.0) == []
    assert agenda.next() is None
    agenda.done(A)
    assert agenda.take(5.0) == [A]


def test_a_crash_loop_does_not_make_the_tasks_be_polled() -> None:
    agenda, target = Agenda(), (Kind.TASK, "")
    taken = 0
    for second in range(60):
        agenda.add(target, float(second))
        if agenda.take(second + 0.5):
            taken += 1
            agenda.done(target)
    assert taken <= 7


def test_what_is_gone_is_not_read() -> None:
    agenda = Agenda()
    agenda.add(A, 0.0)
    agenda.drop(A)
    assert not agenda.busy


def test_podmans_network_event_names_the_container() -> None:
    line = (
        b'{"status":"connect","id":"c1","Type":"network","Action":"connect","Actor":{"ID":"c1","Attributes":'
        b'{"containerExitCode":"0","image":"","name":"web","podId":""}},"scope":"local","time":1795455133}'
    )
    found = touch(line, "podman")
    assert found.read == ((Kind.CONTAINER, "c1"),)
    assert found.gone is None
    assert found.event is not None
    assert (found.event.kind, found.event.action, found.event.name) == ("network", "connect", "web")
