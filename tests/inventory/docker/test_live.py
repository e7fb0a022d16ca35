"""A live source: rows from the list, changes from events, the truth about an engine that is away or silent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory.activity import Activity
from inventory.container import Container
from inventory.engine import Engine
from inventory.gap import Gap, Reason
from inventory.image import Image
from inventory.network import Network
from inventory.resource import ENGINE_KINDS, Kind, ResourceKey
from inventory.snapshot import Snapshot, Status
from inventory.sources.docker import ledger, live, watch
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.live import DockerSource
from inventory.store import Store
from lab.fake_engine import Answer, FakeEngine, Manner
from tests.inventory.docker.captured import edited
from tests.inventory.docker.world import CONTAINERS, container_id, event, routes, until

PLAIN = container_id("plain")
ACTIVE = ("plain", "healthy", "hardened")
PLAIN_PATH = f"/containers/{PLAIN}/json"


@pytest.fixture
def engine(socket_directory: Path) -> Iterator[FakeEngine]:
    with FakeEngine(socket_directory / "e.sock", routes()) as engine:
        yield engine


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def source(engine: FakeEngine, store: Store) -> Iterator[DockerSource]:
    source = DockerSource("docker", Endpoint(engine.url), store)
    yield source
    source.stop()


def named(snapshot: Snapshot, name: str) -> Container | None:
    return next((found for found in snapshot.of(Container) if found.name == name), None)


def unread(snapshot: Snapshot) -> set[Kind]:
    """Kinds that could not be read; nobody looks at the machine here, and what containers do comes later."""
    return {kind for _, kind in snapshot.gaps} - {Kind.HOST, Kind.ACTIVITY}


def asked_since(engine: FakeEngine, before: int) -> list[str]:
    """The paths that were asked for, without what the background asks for."""
    paths = [request.path for request in engine.requests[before:] if request.method == "GET"]
    return [path for path in paths if not path.endswith("/changes") and "/top" not in path]


def complete(snapshot: Snapshot) -> bool:
    containers = list(snapshot.of(Container))
    return (
        snapshot.sources["docker"].status is Status.OK
        and len(containers) == len(CONTAINERS)
        and not any(found.gaps for found in containers)
        and not unread(snapshot)
        and all(not image.gaps for image in snapshot.of(Image))
        and all(not network.gaps for network in snapshot.of(Network))
    )


def change(engine: FakeEngine, **values: Any) -> None:
    """Make the container `plain` answer differently from now on."""
    engine.routes[PLAIN_PATH] = Answer(
        edited("docker-api/inspect-plain.json", lambda document: document.update(values))
    )


def test_everything_is_there_after_the_start(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    source.start()
    assert store.snapshot().sources["docker"].status in {Status.CONNECTING, Status.OK}
    snapshot = until(store, complete)
    assert snapshot.count(Kind.VOLUME) == 6
    assert next(snapshot.of(Engine)).version == "20.10.24+dfsg1"
    assert snapshot.sources["docker"].version == "20.10.24+dfsg1"
    assert engine.methods <= {"GET", "HEAD"}


def test_rows_appear_from_the_list_while_an_inspect_hangs(
    source: DockerSource, store: Store, engine: FakeEngine
) -> None:
    engine.routes[PLAIN_PATH] = Answer(manner=Manner.SILENT)
    source.start()
    snapshot = until(store, lambda snapshot: snapshot.count(Kind.CONTAINER) == len(CONTAINERS))
    plain = named(snapshot, "plain")
    assert plain is not None
    unread = plain.peek("privileged")
    assert isinstance(unread, Gap)
    assert unread.reason is Reason.PENDING
    until(store, lambda snapshot: not any(c.gaps for c in snapshot.of(Container) if c.name != "plain"))


def test_before_anything_is_read_every_kind_is_pending(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    engine.everything = Answer(manner=Manner.SILENT)
    source.start()
    assert store.snapshot().gaps["docker", Kind.CONTAINER].reason is Reason.PENDING


def test_machine_and_components_are_pending_at_first_and_said_what_they_are_later(
    source: DockerSource, store: Store, engine: FakeEngine
) -> None:
    engine.everything = Answer(manner=Manner.SILENT)
    source.start()
    gaps = store.snapshot().gaps
    waiting = {kind for _, kind in gaps}
    assert waiting == set(ENGINE_KINDS) - {Kind.ENDPOINT, Kind.IMAGE_ANALYSIS}, (
        "no engine tells of what others find out"
    )
    assert {gap.reason for gap in gaps.values()} == {Reason.PENDING}
    engine.everything = None
    engine.stop()  # ends the hanging answers
    engine.start()
    snapshot = until(store, complete)
    assert unread(snapshot) == set()
    assert snapshot.gaps["docker", Kind.HOST].reason is Reason.UNSUPPORTED
    until(store, lambda s: ("docker", Kind.ACTIVITY) not in s.gaps)


def test_the_machine_below_is_looked_at(store: Store, engine: FakeEngine) -> None:
    why = Gap(Reason.DENIED, "/proc/7", "hidden from this user")
    source = DockerSource("docker", Endpoint(engine.url), store, host=lambda _store, _name: why)
    source.start()
    snapshot = until(store, lambda s: s.gaps.get(("docker", Kind.HOST)) == why and s.sources["docker"].version)
    assert snapshot.sources["docker"].status in {Status.DEGRADED, Status.OK}
    source.stop()


def test_a_list_that_hangs_while_pings_are_answered_is_not_called_live(
    source: DockerSource, store: Store, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BEAT", 0.05)
    monkeypatch.setattr(ledger, "RETRY", 0.1)
    monkeypatch.setattr(ledger, "CALL", 0.2)
    source.start()
    until(store, complete)
    listed = engine.routes["/containers/json"]
    engine.routes["/containers/json"] = Answer(manner=Manner.SILENT)
    source.refresh()
    snapshot = until(store, lambda s: s.sources["docker"].status is Status.DEGRADED)
    assert "containers: last read" in snapshot.sources["docker"].detail
    assert "timed out" in snapshot.sources["docker"].detail
    assert snapshot.count(Kind.CONTAINER) == len(CONTAINERS)
    engine.routes["/containers/json"] = listed
    until(store, lambda s: s.sources["docker"].status is Status.OK)


def test_a_rename_and_an_update_are_seen(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    source.start()
    until(store, complete)
    change(engine, Name="/renamed")
    engine.emit(event("container", "rename", PLAIN, name="renamed", oldName="/plain"))
    snapshot = until(store, lambda snapshot: named(snapshot, "renamed"))
    assert named(snapshot, "plain") is None
    told = snapshot.events[-1]
    assert (told.action, told.name, told.detail) == ("rename", "renamed", "oldName=/plain")


def test_only_what_was_touched_is_read_again(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    source.start()
    until(store, complete)
    before = len(engine.requests)
    change(engine, RestartCount=7)
    for action in ("die", "start", "update"):
        engine.emit(event("container", action, PLAIN, name="plain"))
    until(store, lambda snapshot: (c := named(snapshot, "plain")) and c.restart_count == 7)
    assert asked_since(engine, before) == [f"/v1.41{PLAIN_PATH}"]


def test_an_oom_kill_is_told_before_the_death(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    source.start()
    until(store, complete)
    engine.emit(event("container", "oom", PLAIN, name="plain"))
    engine.emit(event("container", "die", PLAIN, name="plain", exitCode="137"))
    snapshot = until(store, lambda snapshot: len(snapshot.events) == 2)
    assert [found.action for found in snapshot.events] == ["oom", "die"]


def test_a_destroyed_container_goes_and_a_late_answer_does_not_bring_it_back(
    source: DockerSource, store: Store, engine: FakeEngine
) -> None:
    source.start()
    until(store, complete)
    engine.routes[PLAIN_PATH] = Answer(engine.routes[PLAIN_PATH].body, manner=Manner.DRIP, pause=0.0002)
    engine.emit(event("container", "die", PLAIN, name="plain"))
    time.sleep(0.2)  # its inspect is on the way
    engine.emit(event("container", "destroy", PLAIN, name="plain"))
    until(store, lambda snapshot: named(snapshot, "plain") is None)
    time.sleep(1.5)
    assert named(store.snapshot(), "plain") is None


def test_a_new_container_brings_its_row(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    source.start()
    until(store, complete)
    body = edited("docker-api/inspect-plain.json", lambda document: document.update(Id="f" * 64, Name="/new"))
    engine.routes[f"/containers/{'f' * 64}/json"] = Answer(body)
    engine.emit(event("container", "create", "f" * 64, name="new"))
    until(store, lambda snapshot: named(snapshot, "new"))


def test_networks_images_and_volumes_follow_their_events(
    source: DockerSource, store: Store, engine: FakeEngine
) -> None:
    source.start()
    snapshot = until(store, complete)
    front = next(found for found in snapshot.of(Network) if found.name == "front")
    engine.routes[f"/networks/{front.id}"] = Answer(
        edited("docker-api/network-front.json", lambda document: document.update(Containers={}))
    )
    engine.emit(event("network", "disconnect", front.id, container=PLAIN, name="front", type="bridge"))
    until(store, lambda s: any(n.name == "front" and n.members == () for n in s.of(Network)))
    engine.routes["/images/json"] = Answer.json(
        [image for image in json.loads(engine.routes["/images/json"].body) if "lab/app:2.0.1" not in image["RepoTags"]]
    )
    used = {container.image_id for container in snapshot.of(Container)}
    engine.emit(event("image", "delete", "sha256:x"))
    engine.emit(event("volume", "destroy", "pgdata", driver="local"))
    snapshot = until(store, lambda s: s.get(ResourceKey(Kind.VOLUME, "docker", "pgdata")) is None)
    assert used <= {image.id for image in snapshot.of(Image)}  # an image in use stays known without a tag
    engine.emit(event("network", "destroy", front.id, name="front", type="bridge"))
    until(store, lambda s: s.count(Kind.NETWORK) == 1)


def test_an_engine_that_goes_and_returns(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    source.start()
    until(store, complete)
    engine.stop()
    snapshot = until(store, lambda s: s.sources["docker"].status is Status.UNREACHABLE)
    assert snapshot.count(Kind.CONTAINER) == len(CONTAINERS)  # the last rows stay
    assert not unread(snapshot)
    assert snapshot.sources["docker"].version == "20.10.24+dfsg1"
    assert "no such socket" in snapshot.sources["docker"].detail
    change(engine, Name="/while-away")
    engine.start()
    until(store, lambda s: s.sources["docker"].status is Status.OK and named(s, "while-away"))


def test_a_stream_that_ends_is_opened_again(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    source.start()
    until(store, complete)
    engine.end_events()
    change(engine, Name="/missed")  # nobody tells: only listing anew finds it
    until(store, lambda s: named(s, "missed"))


def test_a_silent_engine_is_lost_after_a_while_and_found_again(
    source: DockerSource, store: Store, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BEAT", 0.05)
    monkeypatch.setattr(live, "BEAT_LIMIT", 0.1)
    monkeypatch.setattr(live, "SILENCE", 0.4)
    source.start()
    until(store, complete)
    engine.everything = Answer(manner=Manner.SILENT)
    snapshot = until(store, lambda s: s.sources["docker"].status is Status.UNREACHABLE)
    assert "does not answer" in snapshot.sources["docker"].detail
    assert snapshot.count(Kind.CONTAINER) == len(CONTAINERS)
    assert not unread(snapshot)
    engine.everything = None
    until(store, lambda s: s.sources["docker"].status is Status.OK)


def test_the_age_of_the_last_answer_is_known(
    source: DockerSource, store: Store, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BEAT", 0.05)
    source.start()
    until(store, complete)
    first = store.answered_at("docker")
    assert first is not None
    end = time.monotonic() + 5
    while store.answered_at("docker") == first and time.monotonic() < end:
        time.sleep(0.02)
    assert store.answered_at("docker") != first


def test_a_forbidden_engine_says_so(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    engine.everything = Answer.json({"message": "authorization denied by plugin x"}, 403)
    source.start()
    snapshot = until(store, lambda s: s.sources["docker"].status is Status.FORBIDDEN)
    assert "authorization denied by plugin x" in snapshot.sources["docker"].detail
    assert snapshot.gaps["docker", Kind.CONTAINER].reason is Reason.DENIED


def test_a_forbidden_part_degrades_alone(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    engine.routes["/volumes"] = Answer.json({"message": "authorization denied"}, 403)
    source.start()
    snapshot = until(store, lambda s: s.sources["docker"].status is Status.DEGRADED)
    assert "volume" in snapshot.sources["docker"].detail
    assert snapshot.gaps["docker", Kind.VOLUME].reason is Reason.DENIED
    until(store, lambda s: s.count(Kind.CONTAINER) == len(CONTAINERS))


def test_no_engine_at_all_says_what_was_tried(store: Store) -> None:
    source = DockerSource("docker", None, store, tried=("unix:///var/run/docker.sock: no such socket",))
    source.start()
    snapshot = until(store, lambda s: s.sources["docker"].status is Status.UNREACHABLE)
    source.stop()
    assert snapshot.sources["docker"].tried == ("unix:///var/run/docker.sock: no such socket",)
    assert "no container engine found" in snapshot.sources["docker"].detail


def test_an_engine_that_appears_later_is_found(store: Store, engine: FakeEngine) -> None:
    answers = iter([None, Endpoint(engine.url)])
    source = DockerSource("docker", None, store, find=lambda: next(answers, None))
    source.start()
    until(store, complete)
    source.stop()


def test_refresh_reads_everything_again(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    source.start()
    until(store, complete)
    listed = json.loads(engine.routes["/containers/json"].body)
    engine.routes["/containers/json"] = Answer.json([item for item in listed if item["Id"] != PLAIN])
    source.refresh()
    until(store, lambda s: named(s, "plain") is None)


def test_a_listing_that_says_the_same_makes_nothing_be_inspected(
    source: DockerSource, store: Store, engine: FakeEngine
) -> None:
    source.start()
    until(store, lambda s: complete(s) and all(activity(s, container_id(name)) for name in ACTIVE))
    listed = json.loads(engine.routes["/containers/json"].body)
    for item in listed:
        item["Status"] = item["Status"].replace("minutes", "hours")  # time goes by, nothing happens
    engine.routes["/containers/json"] = Answer(json.dumps(listed, separators=(",", ":")).encode())
    source.refresh()
    time.sleep(0.5)
    before, generation = len(engine.requests), store.snapshot().generation
    source.refresh()
    time.sleep(0.7)
    read = set(asked_since(engine, before))
    assert read == {
        f"/v1.41/{path}" for path in ("info", "plugins", "networks", "containers/json?all=1", "images/json", "volumes")
    }
    assert store.snapshot().generation == generation


def test_the_swarm_follows_its_events(store: Store, engine: FakeEngine) -> None:
    engine.routes = routes(swarm=True)
    source = DockerSource("docker", Endpoint(engine.url), store)
    source.start()
    snapshot = until(store, lambda s: s.count(Kind.SERVICE) and s.count(Kind.TASK) and s.count(Kind.SWARM))
    assert not any(b"SWMTKN" in resource.raw for resource in snapshot)
    engine.routes["/services"] = Answer.json([])
    engine.routes["/tasks"] = Answer.json([])
    engine.emit(event("service", "remove", "4ofjcqmwqyk6h2u9cbsl6xvq1", name="badimg"))
    until(store, lambda s: not s.count(Kind.SERVICE) and not s.count(Kind.TASK))
    source.stop()


@pytest.mark.parametrize("silent", [False, True])
def test_stopping_waits_for_nobody(silent: bool, store: Store, engine: FakeEngine) -> None:
    if silent:
        engine.everything = Answer(manner=Manner.SILENT)
    source = DockerSource("docker", Endpoint(engine.url), store)
    source.start()
    if not silent:
        until(store, complete)
    began = time.monotonic()
    source.stop()
    assert time.monotonic() - began < 0.5
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("docker-"))


def activity(snapshot: Snapshot, container: str = PLAIN) -> Activity | None:
    found = snapshot.get(ResourceKey(Kind.ACTIVITY, "docker", container))
    return found if isinstance(found, Activity) and not isinstance(found.peek("processes"), Gap) else None


def test_what_containers_do_arrives_after_the_rest(source: DockerSource, store: Store, engine: FakeEngine) -> None:
    source.start()
    snapshot = until(store, lambda s: activity(s) and ("docker", Kind.ACTIVITY) not in s.gaps)
    found = activity(snapshot)
    assert found is not None
    assert [process.comm for process in found.processes] == ["sleep"]
    assert snapshot.sources["docker"].status is Status.OK
    paths = [request.path for request in engine.requests]
    first = min(index for index, path in enumerate(paths) if "/top" in path)
    assert next(index for index, path in enumerate(paths) if "/containers/json" in path) < first


def test_what_is_pending_of_containers_does_not_make_the_engine_degraded(
    source: DockerSource, store: Store, engine: FakeEngine
) -> None:
    for path in [path for path in engine.routes if path.endswith(("/top", "/changes"))]:
        engine.routes[path] = Answer(manner=Manner.SILENT)
    source.start()
    snapshot = until(store, complete)
    assert snapshot.sources["docker"].detail == ""
    assert activity(snapshot) is None


def test_a_container_that_dies_loses_what_it_did_and_one_that_starts_is_looked_at(
    source: DockerSource, store: Store, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SOON", 0.1)
    monkeypatch.setattr(watch, "REST", 0.1)
    monkeypatch.setattr(watch, "ASK_PAUSE", 0.1)
    source.start()
    until(store, activity)
    running = json.loads(engine.routes[PLAIN_PATH].body)["State"]
    change(engine, State={**running, "Status": "exited", "Running": False, "Pid": 0})
    engine.emit(event("container", "die", PLAIN, name="plain"))
    until(store, lambda s: s.get(ResourceKey(Kind.ACTIVITY, "docker", PLAIN)) is None)
    change(engine, State={**running, "Pid": 4711})
    engine.emit(event("container", "start", PLAIN, name="plain"))
    until(store, activity)


def test_an_engine_that_refuses_process_lists_is_otherwise_whole(
    source: DockerSource, store: Store, engine: FakeEngine
) -> None:
    refusal = Answer.json({"message": "authorization denied by plugin"}, 403)
    for path in [path for path in engine.routes if path.endswith(("/top", "/changes"))]:
        engine.routes[path] = refusal
    source.start()

    def told(snapshot: Snapshot) -> bool:
        found = snapshot.get(ResourceKey(Kind.ACTIVITY, "docker", PLAIN))
        why = found.peek("processes") if found is not None else None
        return isinstance(why, Gap) and why.reason is Reason.DENIED

    snapshot = until(store, told)
    assert snapshot.sources["docker"].status is Status.OK
    until(store, lambda found: complete(found) and ("docker", Kind.ACTIVITY) not in found.gaps)
