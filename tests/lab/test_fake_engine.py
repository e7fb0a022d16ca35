"""The fake engine answers as told, well or badly, and remembers what it was asked."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import synthetic
from lab.client import UnixConnection
from lab.fake_engine import Answer, FakeEngine, Manner, Request, recorded, unversioned
from lab.logging_proxy import LoggingProxy

BODY = json.dumps({"key": "value" * 20}).encode()


@pytest.fixture
def engine(socket_directory: Path) -> Iterator[FakeEngine]:
    with FakeEngine(socket_directory / "fake.sock", {"/info": Answer(BODY)}) as fake:
        yield fake


def _get(path: Path, target: str, timeout: float = 5.0, method: str = "GET") -> tuple[int, bytes]:
    connection = UnixConnection(path, timeout)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_route_answers_with_and_without_version_and_query(engine: FakeEngine) -> None:
    assert _get(engine.path, "/info") == (200, BODY)
    assert _get(engine.path, "/v1.41/info?x=1") == (200, BODY)


def test_the_exact_query_wins_over_the_bare_path(engine: FakeEngine) -> None:
    engine.routes["/info?all=1"] = Answer(b"{}")
    assert _get(engine.path, "/v1.41/info?all=1") == (200, b"{}")


def test_an_unknown_path_is_not_found(engine: FakeEngine) -> None:
    assert _get(engine.path, "/nothing")[0] == 404


def test_every_request_is_recorded(engine: FakeEngine) -> None:
    _get(engine.path, "/v1.41/info")
    _get(engine.path, "/containers/x/start", method="POST")
    assert engine.requests == [Request("GET", "/v1.41/info"), Request("POST", "/containers/x/start")]
    assert engine.methods == {"GET", "POST"}


@pytest.mark.parametrize("manner", [Manner.SILENT, Manner.HALF])
def test_an_answer_that_hangs_runs_into_the_clients_deadline(engine: FakeEngine, manner: Manner) -> None:
    engine.routes["/info"] = Answer(BODY, manner=manner)
    with pytest.raises(TimeoutError):
        _get(engine.path, "/info", timeout=0.2)


def test_a_truncated_answer_ends_early(engine: FakeEngine) -> None:
    engine.routes["/info"] = Answer(BODY, manner=Manner.TRUNCATED)
    with pytest.raises(http.client.IncompleteRead):
        _get(engine.path, "/info")


def test_a_cut_answer_is_valid_http_and_broken_json(engine: FakeEngine) -> None:
    engine.routes["/info"] = Answer(BODY, manner=Manner.CUT)
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(_get(engine.path, "/info")[1])


def test_a_dripping_answer_arrives_whole(engine: FakeEngine) -> None:
    engine.routes["/info"] = Answer(b"abc", manner=Manner.DRIP, pause=0.001)
    assert _get(engine.path, "/info") == (200, b"abc")


def test_one_answer_for_everything_may_spare_the_ping(engine: FakeEngine) -> None:
    engine.routes["/_ping"] = Answer(b"OK")
    engine.everything = Answer.text("no\n", 403)
    engine.spare_ping = True
    assert _get(engine.path, "/v1.41/_ping") == (200, b"OK")
    assert _get(engine.path, "/info") == (403, b"no\n")


def test_events_are_streamed_to_their_end(engine: FakeEngine) -> None:
    connection = UnixConnection(engine.path, 5.0)
    connection.request("GET", "/v1.41/events?filters=%7B%7D")
    answer = connection.getresponse()
    engine.emit({"Action": "start"})
    assert json.loads(answer.readline()) == {"Action": "start"}
    engine.end_events()
    assert answer.read() == b""
    connection.close()


def test_frozen_events_stay_open_and_silent(engine: FakeEngine) -> None:
    connection = UnixConnection(engine.path, 0.2)
    connection.request("GET", "/events")
    answer = connection.getresponse()
    engine.freeze_events()
    engine.emit({"Action": "start"})
    with pytest.raises(TimeoutError):
        answer.readline()
    connection.close()


def test_it_disappears_and_returns(engine: FakeEngine) -> None:
    engine.stop()
    with pytest.raises(OSError, match=r"No such file|refused"):
        _get(engine.path, "/info")
    engine.start()
    assert _get(engine.path, "/info") == (200, BODY)


def test_stopping_ends_answers_that_hang(engine: FakeEngine) -> None:
    engine.routes["/info"] = Answer(BODY, manner=Manner.SILENT)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        client.connect(str(engine.path))
        client.sendall(b"GET /info HTTP/1.1\r\nHost: x\r\n\r\n")
        while not engine.requests:
            pass
        engine.stop()
        assert client.recv(1) == b""


@pytest.mark.parametrize(
    ("target", "bare"),
    [("/v1.41/info", "/info"), ("/info", "/info"), ("/volumes/x", "/volumes/x"), ("/v9.99/a/b?c=d", "/a/b?c=d")],
)
def test_the_version_prefix_is_recognised(target: str, bare: str) -> None:
    assert unversioned(target) == bare


def test_recorded_answers_are_read_with_their_status(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    lines = [
        {"file": "a.json", "method": "GET", "path": "/v1.41/info", "status": 503, "headers": [["Server", "x"]]},
        {"file": "a.json", "method": "POST", "path": "/v1.41/x", "status": 200, "headers": []},
        {"file": "absent.json", "method": "GET", "path": "/v1.41/y", "status": 200, "headers": []},
    ]
    (tmp_path / "meta.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    assert recorded(tmp_path) == {"/info": Answer(b"{}", 503, {"Server": "x"})}


def test_a_synthetic_host_lists_and_inspects_the_same_containers() -> None:
    routes = synthetic.routes(3)
    listed = json.loads(routes["/containers/json"].body)
    assert [entry["Names"] for entry in listed] == [["/app-00000"], ["/app-00001"], ["/app-00002"]]
    inspected = json.loads(routes[f"/containers/{listed[1]['Id']}/json"].body)
    assert (inspected["Id"], inspected["Name"]) == (listed[1]["Id"], "/app-00001")
    assert f"/images/{inspected['Image']}/json" in routes


def test_the_proxy_passes_on_and_notes_each_request(engine: FakeEngine, socket_directory: Path) -> None:
    log = socket_directory / "requests.log"
    with LoggingProxy(socket_directory / "proxy.sock", engine.path, log) as proxy:
        connection = UnixConnection(proxy.listen, 5.0)
        for method in ("GET", "HEAD"):
            connection.request(method, "/v1.41/info")
            connection.getresponse().read()
        connection.close()
    assert proxy.requests == [Request("GET", "/v1.41/info"), Request("HEAD", "/v1.41/info")]
    assert log.read_text() == "GET /v1.41/info\nHEAD /v1.41/info\n"


def test_the_proxy_closes_when_there_is_no_engine(socket_directory: Path) -> None:
    with LoggingProxy(socket_directory / "proxy.sock", socket_directory / "none.sock") as proxy:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            _get(proxy.listen, "/info")
        assert proxy.requests == []
