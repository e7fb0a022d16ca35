"""A small host that a fake engine plays from captured answers, and a patient look at a store."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from inventory.snapshot import Snapshot
from inventory.store import Store
from lab.fake_engine import Answer
from tests.inventory.docker.captured import raw

CONTAINERS = ("plain", "healthy", "crashloop", "hardened")
IMAGES = ("busybox_1.35", "lab_app_2.0.1")
NETWORKS = ("bridge", "front")
PING = Answer(b"OK", 200, {"Api-Version": "1.41", "Server": "Docker/20.10.24 (linux)"})


def document(path: str) -> Any:
    return json.loads(raw(path))


def listed(path: str, key: str, wanted: set[str]) -> list[Any]:
    return [item for item in document(path) if item[key] in wanted]


def routes(*, swarm: bool = False) -> dict[str, Answer]:
    """Everything that a reader asks of four containers, two images and two networks."""
    found: dict[str, Answer] = {
        "/_ping": PING,
        "/version": Answer(raw("docker-api/version.json")),
        "/info": Answer(raw(f"docker-api/info{'' if swarm else '-noswarm'}.json")),
        "/volumes": Answer(raw("docker-api/volumes.json")),
        "/plugins": Answer(raw("docker-api/plugins.json")),
    }
    found |= _containers() | _activities() | _images() | _networks()
    if swarm:
        for path, name in (("/services", "services-status"), ("/tasks", "tasks"), ("/nodes", "nodes"),
                           ("/secrets", "secrets"), ("/configs", "configs"), ("/swarm", "swarm")):  # fmt: skip
            found[path] = Answer(raw(f"docker-api/{name}.json"))
    return found


def _containers() -> dict[str, Answer]:
    inspects = {name: raw(f"docker-api/inspect-{name}.json") for name in CONTAINERS}
    ids = {json.loads(body)["Id"] for body in inspects.values()}
    found = {f"/containers/{json.loads(body)['Id']}/json": Answer(body) for body in inspects.values()}
    return found | {"/containers/json": Answer.json(listed("docker-api/containers-nosize.json", "Id", ids))}


def _activities() -> dict[str, Answer]:
    """What the running ones do: the captured columns of ps(1), with one process each that is the container's own."""
    found: dict[str, Answer] = {}
    for name in CONTAINERS:
        inspect = document(f"docker-api/inspect-{name}.json")
        if pid := inspect["State"]["Pid"]:
            columns = document("docker-api/top-columns.json")
            columns["Processes"] = [[str(pid), "1", "0", "?", "sleep", "1", "sleep 100000"]]
            found[f"/containers/{inspect['Id']}/top"] = Answer.json(columns)
            found[f"/containers/{inspect['Id']}/changes"] = Answer(raw("docker-api/changes-plain.json"))
    return found


def _images() -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    for name in IMAGES:
        key = document(f"docker-api/image-inspect-{name}.json")["Id"]
        found[f"/images/{key}/json"] = Answer(raw(f"docker-api/image-inspect-{name}.json"))
        found[f"/images/{key}/history"] = Answer(raw(f"docker-api/image-history-{name}.json"))
    ids = {path.split("/")[2] for path in found}
    return found | {"/images/json": Answer.json(listed("docker-api/images.json", "Id", ids))}


def _networks() -> dict[str, Answer]:
    bodies = [raw(f"docker-api/network-{name}.json") for name in NETWORKS]
    found = {f"/networks/{json.loads(body)['Id']}": Answer(body) for body in bodies}
    ids = {json.loads(body)["Id"] for body in bodies}
    return found | {"/networks": Answer.json(listed("docker-api/networks.json", "Id", ids))}


def container_id(name: str) -> str:
    return str(document(f"docker-api/inspect-{name}.json")["Id"])


def event(kind: str, action: str, key: str, **attributes: str) -> dict[str, Any]:
    """An event as API 1.52 sends it: without status, id and from."""
    actor = {"ID": key, "Attributes": {name.replace("__", "."): value for name, value in attributes.items()}}
    return {"Type": kind, "Action": action, "Actor": actor, "scope": "local", "time": 1795433154}


def until(store: Store, holds: Callable[[Snapshot], object], seconds: float = 15.0) -> Snapshot:
    """The first snapshot for which something holds; fails with what there is instead."""
    end = time.monotonic() + seconds
    while True:
        snapshot = store.snapshot()
        if holds(snapshot):
            return snapshot
        left = end - time.monotonic()
        assert left > 0, f"waited in vain; {dict(snapshot.sources)} {dict(snapshot.gaps)}"
        store.wait(snapshot.generation, min(left, 0.5))
