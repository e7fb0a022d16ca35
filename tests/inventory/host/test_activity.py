"""What this machine shows of containers as a whole, on the recording of a real kernel."""

from __future__ import annotations

import pytest

from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.resource import Kind, ResourceKey
from inventory.sources.docker.activity import Layer, Seen
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.host.activity import look, look_below
from inventory.sources.host.reader import HostReader
from inventory.sources.host.recording import Replay
from tests.inventory.host.proc import Proc, process
from tests.inventory.host.recorded import Known, containers, kernel

KNOWN = containers()
C1 = "c" * 64


def of(known: Known, **values: object) -> Container:
    found = {"id": known.id, "pid": known.pid, "upper_dir": known.upper, "state": "running", **values}
    return Container.build(key=ResourceKey(Kind.CONTAINER, "docker", known.id), name="x", **found)


def seen(reader: HostReader, container: Container, clock: float = 0.0) -> Seen:
    return look(reader, [container], 1.0, lambda: clock)[container.id]


@pytest.mark.parametrize("name", [name for name, known in KNOWN.items() if known.changes is not None])
def test_a_real_container(name: str) -> None:
    known = KNOWN[name]
    found = seen(kernel(), of(known))
    assert not isinstance(found.processes, Gap)
    assert tuple(process.pid for process in found.processes) == known.top
    assert isinstance(found.layer, Layer)
    assert known.changes is not None
    assert {change.path for change in found.layer.changes} >= {path for path, _ in known.changes}
    assert found.layer.complete
    assert isinstance(found.layer.size, int)


def test_all_at_once() -> None:
    found = look(kernel(), [of(known) for known in KNOWN.values()], 1.0, lambda: 0.0)
    assert found.keys() == {known.id for known in KNOWN.values()}


def test_what_is_not_reached_in_time_says_so() -> None:
    found = seen(kernel(), of(KNOWN["root"]), clock=2.0)
    assert not isinstance(found.processes, Gap)  # one pass over /proc was made for all of them
    for part in (found.listeners, found.layer):
        assert isinstance(part, Gap)
        assert part.reason is Reason.TIMEOUT


def test_a_process_that_is_another_one_by_now_is_not_looked_into() -> None:
    reader = Proc(process(7, "0::/system.slice/cron.service") | {"/proc/stat": b"btime 1\n"})
    gone = Container.build(key=ResourceKey(Kind.CONTAINER, "docker", C1), name="x", id=C1, pid=8, upper_dir="")
    found = seen(reader, gone)
    assert isinstance(found.processes, Gap)
    assert found.listeners == found.processes
    assert not any("/net/" in path for path in reader.asked)


def test_a_storage_driver_without_directories() -> None:
    found = seen(kernel(), of(KNOWN["root"], upper_dir=""))
    assert isinstance(found.layer, Gap)
    assert found.layer.reason is Reason.UNSUPPORTED
    unread = Gap(Reason.MALFORMED, "GraphDriver.Data")
    assert seen(kernel(), of(KNOWN["root"], upper_dir=unread)).layer == unread


@pytest.mark.parametrize("pid", [0, Gap(Reason.MALFORMED, "State.Pid")])
def test_without_a_first_process_nothing_is_shown(pid: object) -> None:
    found = seen(kernel(), of(KNOWN["root"], pid=pid))
    assert all(isinstance(part, Gap) and part.reason is Reason.ABSENT for part in (found.processes, found.listeners))


def test_a_recording_from_before_this_was_looked_at_does_not_call_processes_ended() -> None:
    found = seen(Replay(b'{"names /proc": ["7"]}'), of(KNOWN["root"]))
    for part in (found.processes, found.listeners, found.layer):
        assert isinstance(part, Gap)
        assert "recording" in part.detail


def test_where_there_is_something_to_look_at() -> None:
    assert look_below(Endpoint("tcp://10.0.0.1:2375")) is None
    assert look_below(Endpoint("ssh://far")) is None
    assert look_below(Endpoint("unix:///x.sock")) is not None
    assert look_below(Endpoint("tcp://10.0.0.1:2375"), kernel()) is not None
