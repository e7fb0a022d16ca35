"""Reads only, one deadline for the whole call, and a typed error for everything that an engine can do wrong."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.gap import Reason
from inventory.sources.docker.endpoint import Endpoint, transport
from inventory.sources.docker.http1 import Connection, ProtocolError
from inventory.sources.docker.session import connect
from inventory.sources.docker.sockets import Clock, GuardedSocket, ReadOnlyError, ssh_command
from inventory.sources.docker.transport import ApiError, Transport, message_of, refusal
from lab.fake_engine import Answer, FakeEngine, Manner
from tests.inventory.docker.captured import raw

PING = Answer(b"OK", 200, {"Api-Version": "1.41", "Server": "Docker/20.10.24 (linux)"})
VERSION = Answer(raw("docker-api/version.json"))


@pytest.fixture
def engine(socket_directory: Path) -> Iterator[FakeEngine]:
    with FakeEngine(socket_directory / "e.sock", {"/_ping": PING, "/version": VERSION}) as engine:
        yield engine


@pytest.fixture
def channel(engine: FakeEngine) -> Transport:
    return transport(Endpoint(engine.url))


class Bytes:
    """A peer that has already said everything, and remembers what it was sent."""

    def __init__(self, said: bytes) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.theirs.sendall(said)
        self.theirs.shutdown(socket.SHUT_WR)
        self.connection = Connection(GuardedSocket(self.ours, Clock()))

    def heard(self) -> bytes:
        self.theirs.setblocking(False)
        try:
            return self.theirs.recv(1 << 16)
        except BlockingIOError:
            return b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", "CONNECT"])
def test_no_byte_of_anything_but_get_and_head_leaves(method: str, engine: FakeEngine, channel: Transport) -> None:
    peer = Bytes(b"")
    with pytest.raises(ReadOnlyError):
        peer.connection.ask(method, "/containers/x/start")
    assert peer.heard() == b""
    with pytest.raises(ReadOnlyError):
        channel.get("/containers/x/start", deadline=1.0, method=method)
    assert channel.get("/_ping", deadline=1.0).body == b"OK"  # and the transport is still usable
    assert engine.methods == {"GET"}


def test_a_request_cannot_be_smuggled_into_a_path() -> None:
    peer = Bytes(b"")
    for path in ("/x HTTP/1.1\r\nHost: a\r\n\r\nPOST /y", "/a\nb", "/\x00", "/é", "/a b"):
        with pytest.raises(ProtocolError):
            peer.connection.ask("GET", path)
    assert peer.heard() == b""


def test_one_connection_is_kept_and_replaced_when_the_engine_closed_it(engine: FakeEngine, channel: Transport) -> None:
    assert channel.get("/version", deadline=1.0).headers["content-length"] == str(len(VERSION.body))
    engine.stop()
    engine.start()
    assert channel.get("/version", deadline=1.0).body == VERSION.body


def test_head_has_no_body(channel: Transport) -> None:
    answer = channel.get("/_ping", deadline=1.0, method="HEAD")
    assert (answer.status, answer.body, answer.headers["api-version"]) == (200, b"", "1.41")


@pytest.mark.parametrize(
    ("answer", "reason", "message"),
    [
        (Answer(raw("docker-api/err404-container.json"), 404), Reason.ABSENT, "No such container: nosuch"),
        (Answer(raw("docker-api/err404-page.json"), 404), Reason.UNSUPPORTED, "page not found"),
        (Answer(raw("podman-api/swarmlike-swarm.json"), 404), Reason.UNSUPPORTED, "Not Found"),
        (Answer(raw("docker-api/err503-services.json"), 503), Reason.UNSUPPORTED, "not a swarm manager"),
        (Answer(raw("docker-api/logs-driver-none.json"), 501), Reason.UNSUPPORTED, "does not support reading"),
        (Answer(raw("docker-api/err400-oldversion.json"), 400), Reason.ERROR, "client version 1.11 is too old"),
        (Answer(raw("podman-api/err400-filter.json"), 500), Reason.ERROR, "failed to decode filter"),
        (Answer.json({"message": "authorization denied by plugin x"}, 403), Reason.DENIED, "authorization denied"),
        (Answer.text("client certificate required", 401), Reason.DENIED, "client certificate"),
        (Answer(b"", 502), Reason.ERROR, "Bad Gateway"),
        (Answer(b"", 599), Reason.ERROR, "status 599"),
        (Answer(b"", 301, {"Location": "/elsewhere"}), Reason.ERROR, "Moved Permanently"),
        (Answer(b"[]", 305), Reason.ERROR, "[]"),
        (Answer(b"", 307, {"Location": "/elsewhere"}), Reason.ERROR, "Temporary Redirect"),
        (Answer(b"", 308, {"Location": "/elsewhere"}), Reason.ERROR, "Permanent Redirect"),
        (Answer(b"", 399), Reason.ERROR, "status 399"),
        (Answer(b"", 504), Reason.TIMEOUT, "Gateway"),
    ],
)
def test_every_refusal_has_a_reason_and_a_sentence(
    answer: Answer, reason: Reason, message: str, engine: FakeEngine, channel: Transport
) -> None:
    engine.everything = answer
    with pytest.raises(ApiError) as caught:
        channel.get("/x", deadline=1.0)
    assert (caught.value.reason, caught.value.status) == (reason, answer.status)
    assert message in caught.value.message
    assert caught.value.gap("GET /x").path == "GET /x"


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff\xfe", b'{"message": 5}', b'{"error": "x"}', b"{" * 9000])
def test_an_error_body_of_any_shape_has_a_text(body: bytes) -> None:
    assert isinstance(message_of(body), str)
    assert refusal(500, body).message


@pytest.mark.parametrize("manner", [Manner.SILENT, Manner.HALF, Manner.DRIP])
def test_the_deadline_is_for_the_whole_call(manner: Manner, engine: FakeEngine, channel: Transport) -> None:
    engine.everything = Answer(b"x" * 400, 200, {}, manner, pause=0.02)  # a drip is never silent for long
    began = time.monotonic()
    with pytest.raises(ApiError) as caught:
        channel.get("/x", deadline=0.3)
    assert caught.value.reason is Reason.TIMEOUT
    assert time.monotonic() - began < 3.0


def test_a_cut_answer_is_an_error(engine: FakeEngine, channel: Transport) -> None:
    engine.everything = Answer(b"x" * 4000, 200, {}, Manner.TRUNCATED)
    with pytest.raises(ApiError, match="cut off"):
        channel.get("/x", deadline=2.0)
    engine.everything = None
    assert channel.get("/_ping", deadline=1.0).body == b"OK"


def test_an_answer_may_not_be_endless(engine: FakeEngine, channel: Transport) -> None:
    engine.everything = Answer(b"x" * 5000)
    with pytest.raises(ApiError, match="limit"):
        channel.get("/x", deadline=2.0, limit=1000)


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n12345",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabX\r\n",
        b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 70_000,
    ],
    ids=range(8),
)
def test_what_is_no_http_is_said_to_be_so(said: bytes) -> None:
    peer = Bytes(said)
    connection = peer.connection
    with pytest.raises(ProtocolError):
        list(connection.pieces("GET", connection.ask("GET", "/x")))


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nT: 1\r\n\r\n", b"abcd"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokmore", b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", b""),
    ],
    ids=["chunks", "until-close", "interim", "no-content", "not-modified"],
)
def test_every_framing_of_a_body(said: bytes, body: bytes) -> None:
    peer = Bytes(said)
    connection = peer.connection
    assert b"".join(connection.pieces("GET", connection.ask("GET", "/x"))) == body


@pytest.mark.parametrize(
    ("url", "words"), [("unix:///nowhere/e.sock", "no such socket"), ("tcp://127.0.0.1:1", "connection refused")]
)
def test_an_engine_that_is_not_there(url: str, words: str) -> None:
    with pytest.raises(ApiError) as caught:
        transport(Endpoint(url)).get("/_ping", deadline=2.0)
    assert words in caught.value.message
    assert caught.value.status == 0


def test_a_stream_gives_what_has_come_and_can_be_closed_from_elsewhere(engine: FakeEngine, channel: Transport) -> None:
    stream = channel.stream("/events", deadline=2.0)
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.extend(stream), daemon=True)
    reader.start()
    engine.emit({"Type": "x"})
    until = time.monotonic() + 5
    while not heard and time.monotonic() < until:
        time.sleep(0.01)
    assert heard == [b'{"Type": "x"}\n']
    stream.close()
    reader.join(5)
    assert not reader.is_alive()


def test_a_refused_stream_is_an_error(engine: FakeEngine, channel: Transport) -> None:
    engine.everything = Answer.json({"message": "denied"}, 403)
    with pytest.raises(ApiError) as caught:
        channel.stream("/events", deadline=2.0)
    assert caught.value.reason is Reason.DENIED


@pytest.mark.parametrize(
    ("told", "used"), [("1.41", "1.41"), ("1.44", "1.44"), ("1.51", "1.51"), ("1.56", "1.51"), ("1.9", "1.9")]
)
def test_the_version_is_ours_capped_by_the_daemons(
    told: str, used: str, engine: FakeEngine, channel: Transport
) -> None:
    engine.routes["/_ping"] = Answer(b"OK", 200, {"Api-Version": told})
    session = connect(channel, deadline=2.0)
    assert (session.version, session.flavour) == (used, "docker")
    assert engine.requests[-1].path == f"/v{used}/version"


def test_the_version_is_never_below_the_daemons_minimum(engine: FakeEngine, channel: Transport) -> None:
    refused = "client version 1.51 is too old. Minimum supported API version is 1.60, please upgrade your client"
    engine.routes["/_ping"] = Answer(b"OK", 200, {"Api-Version": "1.70"})
    engine.routes["/v1.51/version"] = Answer.text(refused, 400)
    assert connect(channel, deadline=2.0).version == "1.60"


def test_podman_is_known_by_its_headers(engine: FakeEngine, channel: Transport) -> None:
    engine.routes["/_ping"] = Answer(b"OK", 200, {"Api-Version": "1.41", "Libpod-Api-Version": "4.3.1"})
    assert connect(channel, deadline=2.0).flavour == "podman"


def test_what_is_no_engine_is_said_to_be_so(engine: FakeEngine, channel: Transport) -> None:
    engine.routes["/_ping"] = Answer(b"<html>", 200, {"Api-Version": "x<y>"})
    with pytest.raises(ApiError, match="not an engine"):
        connect(channel, deadline=2.0)


def test_ssh_runs_the_command_that_the_docker_client_runs() -> None:
    command = ssh_command("ssh://me@host.example:2222")
    assert command[-5:] == ["--", "host.example", "docker", "system", "dial-stdio"]
    assert command[command.index("-l") + 1] == "me"
    assert command[command.index("-p") + 1] == "2222"
    for url in ("ssh://-oProxyCommand=x", "ssh://", "ssh://-l@host", "ssh://u:pw@host", "ssh://host/path"):
        with pytest.raises(ValueError, match="ssh://"):
            ssh_command(url)


def test_an_engine_over_ssh(tmp_path: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for ssh that connects its standard input and output to the socket."""
    script = tmp_path / "ssh"
    script.write_text(
        "#!/usr/bin/env python3\n"
        "import os, socket, threading\n"
        f"s = socket.socket(socket.AF_UNIX); s.connect({str(engine.path)!r})\n"
        "def up():\n"
        "    while data := os.read(0, 65536): s.sendall(data)\n"
        "threading.Thread(target=up, daemon=True).start()\n"
        "while data := s.recv(65536): os.write(1, data)\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    channel = transport(Endpoint("ssh://somewhere"))
    assert channel.get("/_ping", deadline=10.0).body == b"OK"
    assert channel.get("/version", deadline=10.0).body == VERSION.body
    channel.close()
