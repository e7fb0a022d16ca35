"""Reading everything once: complete, within a deadline, and with a reason for whatever is missing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.container import Container
from inventory.engine import Engine
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.image import Image
from inventory.network import Network
from inventory.resource import Kind
from inventory.snapshot import SourceHealth, Status
from inventory.sources.docker.endpoint import Endpoint, transport
from inventory.sources.docker.fetch import SWARM_KINDS
from inventory.sources.docker.read import read
from inventory.store import Store
from inventory.swarm import Service, Task
from lab.fake_engine import Answer, FakeEngine, Manner
from tests.inventory.docker.captured import gap, raw
from tests.inventory.docker.world import CONTAINERS, container_id, routes

NO_HOST = ("docker", Kind.HOST)  # nobody looks at the machine here
DENIED = Answer.json({"message": "authorization denied by plugin"}, 403)


@pytest.fixture
def engine(socket_directory: Path) -> Iterator[FakeEngine]:
    with FakeEngine(socket_directory / "e.sock", played()) as engine:
        yield engine


def played(*, swarm: bool = False) -> dict[str, Answer]:
    """Everything a scan asks for; its events come to an end."""
    return routes(swarm=swarm) | {"/events": Answer(raw("docker-api/events.jsonl"))}


def scan(engine: FakeEngine, deadline: float = 20.0) -> tuple[Store, SourceHealth]:
    store = Store()
    return store, read(Endpoint(engine.url), store, deadline=deadline)


def test_everything_is_read_with_reads_only(engine: FakeEngine) -> None:
    store, health = scan(engine)
    snapshot = store.snapshot()
    assert (health.status, health.version, health.kind) == (Status.OK, "20.10.24+dfsg1", "docker")
    assert snapshot.sources["docker"].status is Status.OK
    assert {container.name for container in snapshot.of(Container)} == set(CONTAINERS)
    assert not any(container.gaps for container in snapshot.of(Container))
    assert all(image.history for image in snapshot.of(Image))
    assert all(network.members for network in snapshot.of(Network))
    assert snapshot.count(Kind.VOLUME) == 6
    assert set(snapshot.gaps) == {NO_HOST}
    assert store.answered_at("docker") is not None
    assert engine.methods == {"GET"}


def test_what_happened_lately_is_told_without_probe_executions(engine: FakeEngine) -> None:
    store, _ = scan(engine)
    told = store.snapshot().events
    assert {event.action for event in told} >= {"oom", "die", "rename", "health_status"}
    assert not any(event.action.startswith("exec_") for event in told)


def test_the_engine_is_asked_by_its_own_clock(engine: FakeEngine) -> None:
    """An end in the engine's future would make it keep the answer open until then."""
    engine.routes["/_ping"] = Answer(b"OK", 200, {"Api-Version": "1.41", "Date": "Mon, 01 Jan 2024 00:00:00 GMT"})
    scan(engine)
    (asked,) = [request.path for request in engine.requests if "/events" in request.path]
    end = int(asked.partition("until=")[2])
    assert end <= 1704067200


def test_every_object_is_asked_for_once(engine: FakeEngine) -> None:
    scan(engine)
    paths = [request.path for request in engine.requests]
    assert len(paths) == len(set(paths))
    assert not any("size=1" in path or "/system/df" in path or "/stats" in path for path in paths)


def test_without_a_swarm_there_are_no_services_and_no_gaps(engine: FakeEngine) -> None:
    store, _ = scan(engine)
    assert store.snapshot().require(Service, "docker") == ()
    assert not any("/services" in request.path for request in engine.requests)


def test_a_manager_is_asked_for_the_swarm(engine: FakeEngine) -> None:
    engine.routes = played(swarm=True)
    store, health = scan(engine)
    snapshot = store.snapshot()
    assert health.status is Status.OK
    assert all(snapshot.count(kind) for kind in SWARM_KINDS)
    assert any(task.name == "stk_web.1" for task in snapshot.of(Task))
    assert not any(b"SWMTKN" in resource.raw for resource in snapshot)


def test_a_worker_says_that_it_may_not_tell(engine: FakeEngine) -> None:
    engine.routes["/info"] = Answer.json({"Swarm": {"LocalNodeState": "active", "ControlAvailable": False}})
    store, health = scan(engine)
    found = store.snapshot().gaps["docker", Kind.SERVICE]
    assert (found.reason, health.status) == (Reason.UNSUPPORTED, Status.OK)


def test_what_vanishes_between_list_and_inspect_is_no_error(engine: FakeEngine) -> None:
    gone = container_id("plain")
    engine.routes[f"/containers/{gone}/json"] = Answer.json({"message": f"No such container: {gone}"}, 404)
    store, health = scan(engine)
    assert health.status is Status.OK
    assert {container.name for container in store.snapshot().of(Container)} == set(CONTAINERS) - {"plain"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer.json({"message": "layer store is broken"}, 500), Reason.ERROR),
        (DENIED, Reason.DENIED),
        (Answer(b'{"Id": "x", "Na', manner=Manner.PLAIN), Reason.MALFORMED),
        (Answer(b"[]"), Reason.MALFORMED),
    ],
)
def test_an_object_that_cannot_be_inspected_is_known_from_the_list(
    answer: Answer, reason: Reason, engine: FakeEngine
) -> None:
    engine.routes[f"/containers/{container_id('plain')}/json"] = answer
    store, _ = scan(engine)
    found = {container.name: container for container in store.snapshot().of(Container)}
    assert set(found) == set(CONTAINERS)
    assert found["plain"].state == "running"
    assert gap(found["plain"], "privileged").reason is reason
    assert gap(found["plain"], "privileged").path == "HostConfig.Privileged"
    assert not found["healthy"].gaps


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/containers/json", Kind.CONTAINER),
        ("/images/json", Kind.IMAGE),
        ("/networks", Kind.NETWORK),
        ("/volumes", Kind.VOLUME),
    ],
)
def test_a_kind_that_cannot_be_listed_is_a_gap_and_the_rest_is_there(path: str, kind: Kind, engine: FakeEngine) -> None:
    engine.routes[path] = DENIED
    store, health = scan(engine)
    snapshot = store.snapshot()
    assert snapshot.gaps["docker", kind].reason is Reason.DENIED
    also = {("docker", Kind.ACTIVITY)} if kind is Kind.CONTAINER else set()
    assert set(snapshot.gaps) == {("docker", kind), NO_HOST} | also
    assert health.status is Status.DEGRADED
    assert kind.value in health.detail
    assert "authorization denied" in health.detail


def test_info_that_is_denied_is_a_gap_of_its_fields(engine: FakeEngine) -> None:
    engine.routes["/info"] = DENIED
    store, _ = scan(engine)
    found = next(store.snapshot().of(Engine))
    assert found.version == "20.10.24+dfsg1"
    assert gap(found, "live_restore").reason is Reason.DENIED
    assert store.snapshot().gaps["docker", Kind.SERVICE].path == "GET /info Swarm"


def test_an_image_that_only_a_container_knows_is_read_too(engine: FakeEngine) -> None:
    listed = engine.routes["/images/json"]
    engine.routes["/images/json"] = Answer.json([])
    store, _ = scan(engine)
    assert store.snapshot().count(Kind.IMAGE) == 2
    assert listed.body != b"[]"


def test_a_container_that_never_ran_is_on_the_network_of_that_name(engine: FakeEngine) -> None:
    """The engine fills in `NetworkID` at the first start."""
    path = f"/containers/{container_id('plain')}/json"
    answer = json.loads(engine.routes[path].body)
    answer["NetworkSettings"]["Networks"] = {"front": {"NetworkID": "", "IPAddress": ""}}
    engine.routes[path] = Answer.json(answer)
    store, _ = scan(engine)
    front = next(network for network in store.snapshot().of(Network) if network.name == "front")
    plain = next(found for found in store.snapshot().of(Container) if found.name == "plain")
    assert [found.network_id for found in plain.networks] == [front.id]


def test_a_silent_engine_ends_with_the_deadline(engine: FakeEngine) -> None:
    engine.everything = Answer(manner=Manner.SILENT)
    began = time.monotonic()
    store, health = scan(engine, deadline=0.5)
    assert time.monotonic() - began < 5.0
    assert health.status is Status.UNREACHABLE
    assert "does not answer" in health.detail
    assert store.snapshot().gaps["docker", Kind.CONTAINER].reason is Reason.TIMEOUT


def test_one_silent_object_does_not_hold_the_others(engine: FakeEngine) -> None:
    engine.routes[f"/containers/{container_id('plain')}/json"] = Answer(manner=Manner.SILENT)
    began = time.monotonic()
    store, _ = scan(engine, deadline=1.0)
    assert time.monotonic() - began < 8.0
    found = {container.name: container.peek("privileged") for container in store.snapshot().of(Container)}
    assert set(found) == set(CONTAINERS)
    unread = found["plain"]
    assert isinstance(unread, Gap)
    assert unread.reason is Reason.TIMEOUT


def test_an_engine_that_is_not_there(tmp_path: Path) -> None:
    store = Store()
    health = read(Endpoint(f"unix://{tmp_path}/nothing.sock"), store)
    assert (health.status, health.detail) == (Status.UNREACHABLE, "no such socket")
    assert store.snapshot().gaps["docker", Kind.ENGINE].reason is Reason.ERROR


def test_podman_answers_404_for_a_swarm_it_does_not_have(engine: FakeEngine) -> None:
    engine.routes["/_ping"] = Answer(b"OK", 200, {"Api-Version": "1.41", "Libpod-Api-Version": "4.3.1"})
    store, health = scan(engine)
    assert (health.kind, health.status) == ("podman", Status.OK)
    assert store.snapshot().require(Service, "docker") == ()


def test_a_host_that_cannot_be_read_costs_only_the_host(engine: FakeEngine) -> None:
    def broken(_store: Store, _source: str) -> Host | Gap:
        raise ValueError("odd file")

    store = Store()
    read(Endpoint(engine.url), store, host=broken)
    assert set(store.snapshot().gaps) == {("docker", Kind.HOST)}
    assert store.snapshot().count(Kind.CONTAINER) == len(CONTAINERS)


def test_elements_that_make_no_sense_are_counted(engine: FakeEngine) -> None:
    listed = json.loads(engine.routes["/containers/json"].body)
    engine.routes["/containers/json"] = Answer.json([*listed, {"Id": 5}, "x"])
    volumes = json.loads(engine.routes["/volumes"].body)
    engine.routes["/volumes"] = Answer.json({"Volumes": [*volumes["Volumes"], 7]})
    store, health = scan(engine)
    assert health.status is Status.DEGRADED
    assert f"containers: 2 of {len(listed) + 2} could not be decoded" in health.detail
    assert f"volumes: 1 of {len(volumes['Volumes']) + 1} could not be decoded" in health.detail
    assert store.snapshot().count(Kind.CONTAINER) == len(CONTAINERS)


def test_tasks_that_make_no_sense_cost_only_themselves(engine: FakeEngine) -> None:
    engine.routes = played(swarm=True)
    tasks = json.loads(engine.routes["/tasks"].body)
    engine.routes["/tasks"] = Answer.json([*tasks, "x"])
    store, health = scan(engine)
    assert f"tasks: 1 of {len(tasks) + 1} could not be decoded" in health.detail
    assert store.snapshot().count(Kind.TASK) == len(tasks)


def test_an_unlisted_image_that_cannot_be_inspected_is_not_taken_for_one_that_is_gone(engine: FakeEngine) -> None:
    engine.routes["/images/json"] = Answer.json([])
    for path in list(engine.routes):
        if path.startswith("/images/sha256"):
            engine.routes[path] = Answer.json({"message": "layer store is broken"}, 500)
    store, _ = scan(engine)
    snapshot = store.snapshot()
    assert {image.id for image in snapshot.of(Image)} == {found.image_id for found in snapshot.of(Container)}
    assert all("layer store is broken" in gap(image, "user").detail for image in snapshot.of(Image))


def test_a_far_engine_has_no_machine_here_and_a_near_one_that_is_not_looked_at_says_so(engine: FakeEngine) -> None:
    store, _ = scan(engine)
    assert "was not looked at" in store.snapshot().gaps[NO_HOST].detail
    store = Store()
    read(Endpoint("tcp://far.example:2375"), store, via=transport(Endpoint(engine.url)))
    assert "not on this machine" in store.snapshot().gaps[NO_HOST].detail
