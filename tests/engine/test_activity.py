"""What somebody does inside a real container: seen on this machine, from afar, in a recording, and live."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from checks.catalogue import catalogue
from checks.engine import Engine as Judge
from checks.policy import Policy
from checks.verdict import Outcome
from inventory.activity import Activity, Change, Session
from inventory.gap import Gap, Reason
from inventory.resource import Kind, ResourceKey
from inventory.sources.bundle.manifest import SourceEntry
from inventory.sources.bundle.recorder import Recording, RecordingTransport
from inventory.sources.bundle.replay import Replay
from inventory.sources.docker import watch as timing
from inventory.sources.docker.activity import Look
from inventory.sources.docker.endpoint import Endpoint, transport
from inventory.sources.docker.read import read
from inventory.sources.host.activity import look_below
from inventory.sources.host.host import host_below
from inventory.sources.host.recording import Recorder
from inventory.store import Store
from lab import plan
from lab.client import EngineError
from lab.engine import Lab
from tests.engine.watching import NAME, Watch, failing

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

INSIDE = ["sh", "-c", "cp /bin/busybox /tmp/dropped; exec sleep 300"]


@dataclass(frozen=True)
class Visited:
    """A container of another user in which root is at work."""

    lab: Lab
    id: str
    exec: str

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(f"unix://{self.lab.paths.socket}")

    def told(self, store: Store) -> Activity:
        found = store.snapshot().get(ResourceKey(Kind.ACTIVITY, "docker", self.id))
        assert isinstance(found, Activity)
        return found

    def read(self, look: Look | None, **how: Any) -> Activity:
        store = Store()
        read(self.endpoint, store, host=host_below(self.endpoint), look=look, **how)
        return self.told(store)


@pytest.fixture(scope="module")
def visited(quiet_lab: Lab) -> Iterator[Visited]:
    body = {
        "Image": plan.DEFAULT_IMAGE,
        "User": "10001:10001",
        "Cmd": ["sleep", "86400000"],
        "HostConfig": {"NetworkMode": "none"},
    }
    client = quiet_lab.client
    identity = client.create_container("visited", body)
    client.post(f"/containers/{identity}/start")
    session = client.post(f"/containers/{identity}/exec", {"Cmd": INSIDE, "User": "0"})["Id"]
    client.post(f"/exec/{session}/start", {"Detach": True})
    yield Visited(quiet_lab, identity, session)
    with suppress(EngineError):
        client.delete(f"/containers/{identity}", force=1)


def session(found: Activity) -> Session:
    (one,) = found.sessions
    return one


def dropped(found: Activity) -> Change:
    return next(change for change in found.changes if change.path == "/tmp/dropped")


def test_this_machine_shows_it(visited: Visited) -> None:
    found = visited.read(look_below(visited.endpoint))
    first, other = sorted(found.processes, key=lambda process: process.pid)
    assert (first.uid, first.inside_uid, first.args) == (10001, 10001, ("sleep", "86400000"))
    assert (other.uid, other.args) == (0, ("sleep", "300"))
    assert (session(found).id, session(found).user, session(found).pid) == (visited.exec, "0", other.pid)
    program = dropped(found)
    assert (program.kind, program.file, program.mode) == ("added", "file", 0o755)
    assert found.size_rw == program.size
    assert found.listeners == ()


def test_from_afar_the_engine_tells_the_same(visited: Visited) -> None:
    near, far = visited.read(look_below(visited.endpoint)), visited.read(None)
    assert far.sessions == near.sessions
    assert [(p.pid, p.ppid, p.uid, p.args) for p in far.processes] == [
        (p.pid, p.ppid, p.uid, p.args) for p in near.processes
    ]
    assert [(change.path, change.kind) for change in far.changes] == [
        (change.path, change.kind) for change in near.changes
    ]
    assert isinstance(far.peek("size_rw"), Gap)


def test_a_recording_tells_the_same(visited: Visited) -> None:
    recording, heard = Recording(), []
    through = RecordingTransport(transport(visited.endpoint), "docker", recording)

    def listen(reader: Any) -> Recorder:
        heard.append(Recorder(reader))
        return heard[-1]

    below = host_below(visited.endpoint, through=listen)
    live = Store()
    read(visited.endpoint, live, via=through, host=below, look=look_below(visited.endpoint, heard[-1]))
    recording.note_host("docker", heard[-1].document())
    bundle = recording.bundle("t", "h", (SourceEntry("docker", "docker", visited.endpoint.url),))
    replay, again, endpoint = (
        Replay(bundle.manifest, bundle.bodies),
        Store(),
        Endpoint(visited.endpoint.url, "recording"),
    )
    reader = replay.host_reader("docker")
    assert reader is not None
    read(
        endpoint,
        again,
        via=replay.transport("docker"),
        host=host_below(endpoint, reader),
        look=look_below(endpoint, reader),
    )
    before, after = visited.told(live), visited.told(again)
    for field in ("processes", "listeners", "changes", "changes_complete", "sessions", "size_rw"):
        assert before.peek(field) == after.peek(field), field


def test_it_is_judged(visited: Visited) -> None:
    store = Store()
    read(visited.endpoint, store, host=host_below(visited.endpoint), look=look_below(visited.endpoint))
    judged = Judge(catalogue(), Policy()).evaluate(store.snapshot())
    judgement = judged.of(ResourceKey(Kind.CONTAINER, "docker", visited.id))
    assert judgement is not None
    found = {result.check.id: result for result in judgement.results}
    assert found["RUN-045"].outcome is found["RUN-049"].outcome is Outcome.FAIL
    assert found["RUN-045"].verdict.evidence[0].path == "changes: /tmp/dropped"
    assert "as root" in found["RUN-049"].message
    assert not any(key.kind is Kind.ACTIVITY for key in judged.judgements)
    others = [one for one in store.snapshot().of(Activity) if one.key.id != visited.id]
    assert others
    assert all(one.sessions == () == one.changes for one in others)


def test_it_is_seen_live_and_gone_when_it_ends(visited: Visited, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "ROUND", 0.5)
    monkeypatch.setattr(timing, "FIRST_PAUSE", 0.1)
    watch = Watch(visited.endpoint.url)
    key = ResourceKey(Kind.CONTAINER, NAME, visited.id)
    try:
        watch.until("both", lambda p: {"RUN-045", "RUN-049"} <= failing(p, p.snapshot.get(key)), bound=30.0)
        activity = watch.snapshot.get(ResourceKey(Kind.ACTIVITY, NAME, visited.id))
        assert isinstance(activity, Activity)
        watch.until("all read", lambda p: (NAME, Kind.ACTIVITY) not in p.snapshot.gaps, bound=30.0)
        os.kill(session(activity).pid, signal.SIGKILL)
        watch.until("nobody inside", lambda p: "RUN-049" not in failing(p, p.snapshot.get(key)), bound=30.0)
        assert "RUN-045" in failing(watch.picture, watch.snapshot.get(key))
        visited.lab.client.post(f"/containers/{visited.id}/stop", t=0)
        watch.until("stopped", lambda p: p.snapshot.get(activity.key) is None, bound=30.0)
    finally:
        watch.stop()


def test_without_rights_on_this_machine_the_reason_is_told(visited: Visited) -> None:
    store = Store()
    read(visited.endpoint, store, host=lambda _store, _name: Gap(Reason.DENIED, "/proc"), look=None)
    assert all(isinstance(one.peek("listeners"), Gap) for one in store.snapshot().of(Activity))
