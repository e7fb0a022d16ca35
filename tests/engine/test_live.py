"""What changes on the engine shows by itself, judged, and nothing is ever asked but GET and HEAD."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from inventory.gap import Gap
from inventory.model import Container, Image, Member, Network
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot, Status
from inventory.sources.docker import details
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.read import read
from inventory.sources.docker.stats import Sample
from inventory.store import Store
from lab import plan
from lab.client import EngineError
from lab.engine import Lab
from lab.logging_proxy import LoggingProxy
from tests.engine.watching import BOUND, NAME, Watch, facts, failing, named
from tui.picture import Picture
from tui.talk import Talk

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

OWN = "live-test"
RESTARTING = ("crash-loop", "edge_", "gateway_")  # the last: their ends on docker_gwbridge
MEGABYTE = 1 << 20


def _body(**host: Any) -> dict[str, Any]:
    """A hardened container with these settings of `HostConfig` instead."""
    spec = next(spec for spec in plan.containers() if spec.name == "hardened")
    hardened = plan.filled(spec.body, {})
    return {
        **hardened,
        "Env": [],
        "HostConfig": {**hardened["HostConfig"], "Binds": [], "Mounts": [], **host},
    }


@pytest.fixture
def own(lab: Lab, watch: Watch) -> Iterator[str]:
    """A running container without limits of memory and processes, gone after the test."""
    identity = lab.client.create_container(OWN, _body(Memory=0, MemorySwap=0, PidsLimit=0))
    lab.client.post(f"/containers/{identity}/start")
    watch.until("the container of the test", lambda picture: _state(picture) == "running")
    yield identity
    with suppress(EngineError):
        lab.client.delete(f"/containers/{identity}", force=1)
    watch.until("gone again", lambda picture: _container(picture, identity) is None)


def _container(picture: Picture, identity: str) -> Container | None:
    found = (one for key, one in picture.snapshot.by_kind.get(Kind.CONTAINER, {}).items() if key.id == identity)
    return next((one for one in found if isinstance(one, Container)), None)


def _own(picture: Picture) -> Container | None:
    found = named(picture, Kind.CONTAINER, OWN)
    return found if isinstance(found, Container) else None


def _state(picture: Picture) -> str:
    """The state of the test's container once it is judged."""
    own = _own(picture)
    return own.state if own is not None and picture.judgement(own.key) is not None else ""


def test_a_start_is_seen_and_judged(own: str, watch: Watch) -> None:
    watch.until("a container without limits", lambda picture: {"RUN-028", "RUN-031"} <= failing(picture, _own(picture)))


def test_a_stop_and_a_start_are_seen(own: str, lab: Lab, watch: Watch) -> None:
    lab.client.post(f"/containers/{own}/stop", t=0)
    watch.until("stopped", lambda picture: _state(picture) == "exited")
    lab.client.post(f"/containers/{own}/start")
    watch.until("runs", lambda picture: _state(picture) == "running")


def test_a_crash_is_seen_and_judged(lab: Lab, watch: Watch) -> None:
    body = {**_body(RestartPolicy={"Name": "no"}), "Cmd": ["sh", "-c", "sleep 1; exit 139"]}
    identity = lab.client.create_container(OWN, body)
    try:
        lab.client.post(f"/containers/{identity}/start")
        watch.until("runs", lambda picture: _state(picture) == "running" and not failing(picture, _own(picture)))
        watch.until(
            "crashed", lambda picture: _state(picture) == "exited" and "RUN-037" in failing(picture, _own(picture))
        )
    finally:
        lab.client.delete(f"/containers/{identity}", force=1)


def test_a_removed_container_leaves_nothing_behind(own: str, lab: Lab, watch: Watch) -> None:
    lab.client.delete(f"/containers/{own}", force=1)

    def gone(picture: Picture) -> bool:
        return not any(key.id == own for found in picture.snapshot.by_kind.values() for key in found)

    watch.until("gone", gone)
    assert not any(key.id == own for key in watch.picture.evaluation.judgements)


def test_a_new_name_is_seen(own: str, lab: Lab, watch: Watch) -> None:
    lab.client.post(f"/containers/{own}/rename", name=f"{OWN}-renamed")
    watch.until("the new name", lambda picture: named(picture, Kind.CONTAINER, f"{OWN}-renamed") is not None)
    assert _own(watch.picture) is None
    lab.client.post(f"/containers/{own}/rename", name=OWN)
    watch.until("the old name", lambda picture: _own(picture) is not None)


def test_a_pause_is_seen(own: str, lab: Lab, watch: Watch) -> None:
    lab.client.post(f"/containers/{own}/pause")
    watch.until("paused", lambda picture: _state(picture) == "paused")
    lab.client.post(f"/containers/{own}/unpause")
    watch.until("runs again", lambda picture: _state(picture) == "running")


def test_new_limits_are_seen_and_judged(own: str, lab: Lab, watch: Watch) -> None:
    lab.client.post(f"/containers/{own}/update", {"Memory": 64 * MEGABYTE, "MemorySwap": 64 * MEGABYTE, "PidsLimit": 9})

    def limited(picture: Picture) -> bool:
        found = _own(picture)
        return found is not None and (found.memory, found.pids_limit) == (64 * MEGABYTE, 9)

    watch.until("the new limits", limited)
    assert not {"RUN-028", "RUN-031"} & failing(watch.picture, _own(watch.picture))


def test_want_of_memory_is_seen_and_judged(lab: Lab, watch: Watch) -> None:
    body = _body(Memory=8 * MEGABYTE, MemorySwap=8 * MEGABYTE, RestartPolicy={"Name": "no"})
    identity = lab.client.create_container(OWN, {**body, "Cmd": ["tail", "/dev/zero"]})
    try:
        lab.client.post(f"/containers/{identity}/start")
        watch.until(
            "killed for want of memory",
            lambda picture: _state(picture) == "exited" and "RUN-036" in failing(picture, _own(picture)),
        )
        assert any(event.action == "oom" and event.id == identity for event in watch.snapshot.events)
    finally:
        lab.client.delete(f"/containers/{identity}", force=1)


def test_a_network_and_who_is_on_it_is_seen(own: str, lab: Lab, watch: Watch) -> None:
    network = lab.client.post("/networks/create", {"Name": OWN})["Id"]
    try:
        watch.until("the network", lambda picture: named(picture, Kind.NETWORK, OWN) is not None)
        lab.client.post(f"/networks/{network}/connect", {"Container": own})
        watch.until("connected", lambda picture: OWN in _networks(picture) and own in _attached(picture))
        lab.client.post(f"/networks/{network}/disconnect", {"Container": own})
        watch.until("disconnected", lambda picture: OWN not in _networks(picture) and own not in _attached(picture))
    finally:
        lab.client.delete(f"/networks/{network}")
    watch.until("no network", lambda picture: named(picture, Kind.NETWORK, OWN) is None)


def _networks(picture: Picture) -> set[str]:
    found = _own(picture)
    return {one.network for one in found.networks} if found is not None else set()


def _attached(picture: Picture) -> set[str]:
    found = named(picture, Kind.NETWORK, OWN)
    return {one.container_id for one in found.members} if isinstance(found, Network) else set()


def test_a_volume_is_seen(lab: Lab, watch: Watch) -> None:
    lab.client.post("/volumes/create", {"Name": OWN})
    watch.until("the volume", lambda picture: named(picture, Kind.VOLUME, OWN) is not None)
    lab.client.delete(f"/volumes/{OWN}")
    watch.until("no volume", lambda picture: named(picture, Kind.VOLUME, OWN) is None)


def test_a_tag_is_seen_and_judged(lab: Lab, watch: Watch) -> None:
    lab.client.post(f"/images/{plan.DEFAULT_IMAGE}/tag", repo="registry.example/live", tag="1.0")
    watch.until("the tag", lambda picture: "registry.example/live:1.0" in _tags(picture))
    (image,) = (one for one in watch.picture.snapshot.of(Image) if "registry.example/live:1.0" in one.repo_tags)
    judgement = watch.picture.judgement(image.key)
    assert judgement is not None
    assert any(one.check.id == "IMG-004" and "registry.example" in one.message for one in judgement.results)
    lab.client.delete("/images/registry.example/live:1.0")
    watch.until("no tag", lambda picture: "registry.example/live:1.0" not in _tags(picture))


def _tags(picture: Picture) -> set[str]:
    return {tag for image in picture.snapshot.of(Image) for tag in image.repo_tags}


def test_an_image_comes_and_goes(own: str, lab: Lab, watch: Watch) -> None:
    image = lab.client.post("/commit", {}, container=own, repo="live", tag="1")["Id"]
    watch.until("the image", lambda picture: "live:1" in _tags(picture))
    lab.client.delete("/images/live:1")
    watch.until("no image", lambda picture: all(one.key.id != image for one in picture.snapshot.of(Image)))


def test_a_service_is_seen_and_judged(lab: Lab, watch: Watch) -> None:
    spec: dict[str, Any] = {
        "Name": OWN,
        "TaskTemplate": {"ContainerSpec": {"Image": plan.DEFAULT_IMAGE}},
        "Mode": {"Replicated": {"Replicas": 0}},
    }
    service = lab.client.post("/services/create", spec)["ID"]
    try:
        watch.until("the service", lambda picture: "ORC-012" in failing(picture, named(picture, Kind.SERVICE, OWN)))
        version = lab.client.get(f"/services/{service}")["Version"]["Index"]
        spec["TaskTemplate"]["Resources"] = {"Limits": {"MemoryBytes": 64 * MEGABYTE, "NanoCPUs": 10**9, "Pids": 9}}
        spec["TaskTemplate"]["ContainerSpec"]["Env"] = ["DB_PASSWORD=correct-horse-9f8e7d6c"]
        lab.client.post(f"/services/{service}/update", spec, version=version)

        def updated(picture: Picture) -> bool:
            failed = failing(picture, named(picture, Kind.SERVICE, OWN))
            return "ORC-014" in failed and "ORC-012" not in failed

        watch.until("the updated service", updated)
    finally:
        lab.client.delete(f"/services/{service}")
    watch.until("no service", lambda picture: named(picture, Kind.SERVICE, OWN) is None)


def test_what_is_read_on_demand(own: str, lab: Lab, watch: Watch) -> None:
    talk = watch.session.reader(NAME)
    assert isinstance(talk, Talk)
    noisy = next(one for one in watch.snapshot.of(Container) if one.name == "chatty")
    lines = details.logs(talk.session, noisy.id, tty=False, tail=5)
    assert not isinstance(lines, Gap)
    assert lines
    top = details.top(talk.session, own)
    assert not isinstance(top, Gap)
    assert any("sleep" in row[-1] for row in top.rows)
    assert isinstance(details.stats(talk.session, own), Sample)
    changed = details.changes(talk.session, own)
    assert not isinstance(changed, Gap), changed


def test_following_a_log_ends_when_it_is_told_to(watch: Watch) -> None:
    talk = watch.session.reader(NAME)
    noisy = next(one for one in watch.snapshot.of(Container) if one.name == "chatty")
    stream = details.follow_logs(talk.session, noisy.id, tty=False, tail=3)
    assert not isinstance(stream, Gap)
    for count, _line in enumerate(stream, 1):
        if count == 3:
            stream.close()
    assert count >= 3


def test_the_session_only_looked(watch: Watch, proxy: LoggingProxy) -> None:
    """Last in this file: everything above went through the proxy."""
    assert len(proxy.requests) > 100
    assert proxy.methods == {"GET", "HEAD"}
    looked = [one.path for one in proxy.requests if not one.path.endswith("/json")]  # who is inside may be asked
    assert not [path for path in looked if "/exec" in path or "/attach" in path]


def test_the_followed_store_equals_a_new_reading(lab: Lab, watch: Watch) -> None:
    """Whatever happened above: no more is known and no less. What changes by itself all the time is left out."""
    began = time.monotonic()
    while different := _different(watch.snapshot, lab):
        waited = time.monotonic() - began
        assert waited < BOUND, f"not the same after {waited:.1f} s: {different}"
        time.sleep(0.3)


def _different(live: Snapshot, lab: Lab) -> list[str]:
    store = Store()
    assert read(Endpoint(lab.docker_host, "test"), store).status is Status.OK
    one, other = _steady(live), _steady(store.snapshot())
    return [
        f"{key}: {[name for name in one.get(key, {}) if one[key][name] != other.get(key, {}).get(name)]}"
        for key in one.keys() | other.keys()
        if one.get(key) != other.get(key)
    ]


def _steady(snapshot: Snapshot) -> dict[ResourceKey, dict[str, object]]:
    """Without what restarts, the tasks, the engine's counters, and the results of probes."""
    moving = {Kind.ENGINE, Kind.HOST, Kind.TASK}
    return {
        key: {name: _settled(value) for name, value in found.items() if name not in {"health", "status"}}
        for key, found in facts(snapshot).items()
        if key.kind not in moving and not str(found["name"]).startswith(RESTARTING)
    }


def _settled(value: object) -> object:
    """Of a network's members, those that do not come and go."""
    if isinstance(value, tuple) and value and all(isinstance(item, Member) for item in value):
        return tuple(item for item in value if not item.name.startswith(RESTARTING))
    return value


def test_a_busy_hosts_events_do_not_become_a_poll(watch: Watch, proxy: LoggingProxy) -> None:
    """Health probes of sixty containers and a crash loop go on; what they do not change is not read again."""
    before, began = len(proxy.requests), time.time() - 1.0
    time.sleep(BOUND)
    asked = [one.path for one in proxy.requests[before:]]
    changed = {one.id for one in watch.snapshot.of(Container) if one.name == "crash-loop"}
    # The engine tells of a probe's result only when the health differs: that is a change, and is read.
    changed |= {one.id for one in watch.snapshot.events if one.time >= began and one.action.startswith("health_status")}
    inspected = [path for path in asked if path.endswith("/json") and not any(one in path for one in changed)]
    assert len(inspected) <= BOUND * 2, inspected
