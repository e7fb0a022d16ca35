"""A host of any size for the fake engine, multiplied from one real container's list entry and inspect answer."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from lab.fake_engine import Answer

DATA = Path(__file__).parent / "data"


def container_id(number: int) -> str:
    """64 hex digits, the same for the same number."""
    return hashlib.sha256(f"container {number}".encode()).hexdigest()


def list_entry(number: int) -> dict[str, Any]:
    """The entry of container `number` in ``GET /containers/json``."""
    return {**_template("list_entry.json"), "Id": container_id(number), "Names": [f"/app-{number:05}"]}


def inspection(number: int) -> dict[str, Any]:
    """The answer of ``GET /containers/{id}/json`` for container `number`."""
    return {**_template("inspect.json"), "Id": container_id(number), "Name": f"/app-{number:05}"}


def routes(count: int) -> dict[str, Answer]:
    """Everything a client reads from a host with `count` containers (1 to 10,000) and one image, without a swarm."""
    image = _template("image.json")
    not_manager = Answer.json({"message": "This node is not a swarm manager."}, 503)
    found = {
        "/_ping": Answer(b"OK", 200, {"Api-Version": "1.41", "Content-Type": "text/plain; charset=utf-8"}),
        "/version": Answer((DATA / "version.json").read_bytes()),
        "/info": Answer.json({**_template("info.json"), "Containers": count, "ContainersRunning": count}),
        "/containers/json": Answer.json([list_entry(number) for number in range(count)]),
        "/images/json": Answer.json(_images()),
        f"/images/{image['Id']}/json": Answer.json(image),
        f"/images/{image['Id']}/history": Answer((DATA / "history.json").read_bytes()),
        "/networks": Answer.json([]),
        "/volumes": Answer.json({"Volumes": [], "Warnings": None}),
    }
    for path in ("/swarm", "/services", "/tasks", "/nodes", "/secrets", "/configs"):
        found[path] = not_manager
    top, changes = _activity()
    for number in range(count):
        path = f"/containers/{container_id(number)}"
        found[f"{path}/json"] = Answer.json(inspection(number))
        found[f"{path}/top"], found[f"{path}/changes"] = top, changes
    return found


def _activity() -> tuple[Answer, Answer]:
    """What every container does: its one process, in the columns that are asked for, and no changed file."""
    pid = str(_template("inspect.json")["State"]["Pid"])
    titles = ["PID", "PPID", "UID", "TT", "COMMAND", "PPID", "COMMAND"]
    rows = [[pid, "1", "0", "?", "sleep", "1", "sleep 100000"]]
    return Answer.json({"Titles": titles, "Processes": rows}), Answer.json(None)


@cache
def _template(name: str) -> dict[str, Any]:
    document = json.loads((DATA / name).read_bytes())
    if not isinstance(document, dict):
        raise TypeError(f"{name}: expected an object")
    return document


def _images() -> list[Any]:
    return list(json.loads((DATA / "images.json").read_bytes()))
