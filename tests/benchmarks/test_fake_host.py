"""The synthetic host changes what it tells, and tells that it did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.fake_host import FakeHost
from benchmarks.floor import Floor
from lab.client import UnixConnection
from lab.synthetic import container_id


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FakeHost]:
    found = FakeHost(tmp_path / "engine.sock", 3)
    with found.engine:
        yield found


def _get(host: FakeHost, path: str) -> object:
    connection = UnixConnection(host.engine.path, 5)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def test_the_floor_reads_everything_over_one_connection(host: FakeHost) -> None:
    floor = Floor(str(host.engine.path))
    floor.everything()
    asked = [request.path for request in host.engine.requests]
    assert floor.requests == len(asked)
    assert {f"/containers/{container_id(number)}/json" for number in range(3)} <= set(asked)
    assert floor.bytes > 10_000


def test_a_renamed_and_stopped_container_is_told_by_list_and_inspect(host: FakeHost) -> None:
    host.rename(1, "app-90000")
    host.stop(1)
    listed = _get(host, "/containers/json")
    inspected = _get(host, f"/containers/{container_id(1)}/json")
    assert isinstance(listed, list)
    assert isinstance(inspected, dict)
    assert (listed[1]["Names"], listed[1]["State"]) == (["/app-90000"], "exited")
    assert (inspected["Name"], inspected["State"]["Status"]) == ("/app-90000", "exited")
    assert listed[0]["State"] == "running"
    host.start(1)
    again = _get(host, f"/containers/{container_id(1)}/json")
    assert isinstance(again, dict)
    assert again["State"]["Running"] is True


def test_every_change_is_an_event(host: FakeHost) -> None:
    stream = host.engine.follow()
    host.rename(0, "app-90001")
    event = json.loads(stream.get(timeout=5))
    assert (event["Type"], event["Action"], event["Actor"]["ID"]) == ("container", "rename", container_id(0))
    assert event["Actor"]["Attributes"]["name"] == "app-90001"


def test_requests_are_counted(host: FakeHost) -> None:
    _get(host, "/version")
    found = host.counts()
    assert (found["requests"], found["methods"]) == (1, ["GET"])
