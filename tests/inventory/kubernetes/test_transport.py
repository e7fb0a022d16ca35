"""A transport against a server that is sick in every way: typed errors, in time, and nothing leaks."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inventory.gap import Reason
from inventory.sources.kubernetes.access import open_way
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.pool import proxy_of
from inventory.sources.kubernetes.transport import Opened, Transport
from tests.kubernetes.apiserver import ApiServer, Manner

PODS = "/api/v1/pods"


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with ApiServer() as running:
        yield running


@pytest.fixture
def api(server: ApiServer, tmp_path: Path) -> Iterator[Transport]:
    path = server.kubeconfig(tmp_path / "config")
    server.faults.clear()
    server.journal.clear()
    yield Transport(lambda: open_way("admin", str(path)).opened)
    server.faults.clear()


def error_of(work: Callable[[], object]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        work()
    return caught.value


def test_bytes_by_tls_with_a_client_certificate(api: Transport, server: ApiServer) -> None:
    assert api.get(PODS, deadline=5).startswith(b'{"kind":"PodList"')
    assert {one.account for one in server.journal.requests} == {"admin"}
    assert not server.journal.writes()


def test_connections_are_kept(api: Transport, server: ApiServer) -> None:
    before = server.accepted
    for _ in range(5):
        api.get("/version", deadline=5)
    assert server.accepted - before == 1


@pytest.mark.parametrize(
    ("manner", "how", "reason", "status", "words"),
    [
        (Manner.DROP, {}, Reason.ERROR, 0, "closed by"),
        (Manner.NOISE, {}, Reason.ERROR, 0, "no HTTP answer|cut off"),
        (Manner.CUT, {}, Reason.ERROR, 0, "cut off|closed by"),
        (Manner.ERROR, {"value": 502}, Reason.ERROR, 502, "upstream connect error"),
        (Manner.ERROR, {"value": 504}, Reason.TIMEOUT, 504, "upstream"),
        (Manner.GONE, {}, Reason.ERROR, 410, "too old"),
        (Manner.THROTTLE, {"value": 7}, Reason.ERROR, 429, ""),
    ],
)
def test_failures_are_typed(
    api: Transport, server: ApiServer, manner: Manner, how: dict[str, int], reason: Reason, status: int, words: str
) -> None:
    server.fail(manner, PODS, **how)
    found = error_of(lambda: api.get(PODS, deadline=5))
    assert (found.reason, found.status) == (reason, status)
    assert re.search(words, found.message)
    assert found.retry_after == (7.0 if manner is Manner.THROTTLE else 0.0)
    server.faults.clear()
    assert api.get(PODS, deadline=5)


@pytest.mark.parametrize("manner", [Manner.HANG, Manner.SLOW])
def test_a_deadline_is_one_for_everything(api: Transport, server: ApiServer, manner: Manner) -> None:
    server.fail(manner, PODS, pause=0.4)
    began = time.monotonic()
    found = error_of(lambda: api.get(PODS, deadline=0.8))
    assert found.reason is Reason.TIMEOUT
    assert time.monotonic() - began < 2.5


def test_an_answer_that_is_too_large(api: Transport) -> None:
    assert "larger than" in error_of(lambda: api.get(PODS, deadline=5, limit=1000)).message


def test_a_stream_that_falls_silent(api: Transport, server: ApiServer) -> None:
    api.get("/version", deadline=5)
    stream = api.stream(PODS, {"watch": "1", "resourceVersion": str(server.cluster.version)}, deadline=5, silence=0.6)
    began = time.monotonic()
    assert error_of(lambda: list(stream)).reason is Reason.TIMEOUT
    assert time.monotonic() - began < 2.5


def test_a_stream_is_ended_from_another_thread(api: Transport, server: ApiServer) -> None:
    query = {"watch": "1", "resourceVersion": str(server.cluster.version)}
    stream = api.stream(PODS, query, deadline=5, silence=60)
    threading.Timer(0.2, stream.close).start()
    began = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - began < 2
    assert api.get("/version", deadline=5)


def test_lines_of_a_watch_arrive_at_once(api: Transport, server: ApiServer) -> None:
    query = {"watch": "1", "resourceVersion": str(server.cluster.version)}
    stream = api.stream(PODS, query, deadline=5, silence=10)
    began = time.monotonic()
    server.cluster.touch("pods", server.cluster.names("pods")[0])
    assert b'"MODIFIED"' in next(iter(stream))
    assert time.monotonic() - began < 0.5
    stream.close()


def test_credentials_are_read_again_once_then_left_alone(server: ApiServer, tmp_path: Path) -> None:
    path = server.kubeconfig(tmp_path / "config")
    opened = []

    def connect() -> object:
        opened.append(1)
        return open_way("bad-token", str(path)).opened

    api = Transport(connect)  # type: ignore[arg-type]
    server.journal.clear()
    for _ in range(5):
        found = error_of(lambda: api.get(PODS, deadline=5))
        assert (found.status, found.reason) == (401, Reason.DENIED)
    assert len(opened) == 2
    assert len(server.journal.requests) == 2


def test_an_expired_token_is_replaced(server: ApiServer, tmp_path: Path) -> None:
    path = server.kubeconfig(tmp_path / "config")
    names = iter(["bad-token", "viewer", "viewer"])
    api = Transport(lambda: open_way(next(names), str(path)).opened)
    assert api.get(PODS, deadline=5)
    assert next(names) == "viewer"


def test_a_refresh_tries_refused_credentials_again(server: ApiServer, tmp_path: Path) -> None:
    path = server.kubeconfig(tmp_path / "config")
    names = iter(["bad-token", "bad-token", "viewer"])
    api = Transport(lambda: open_way(next(names), str(path)).opened)
    error_of(lambda: api.get(PODS, deadline=5))
    api.again()
    assert api.get(PODS, deadline=5)


# -- what is no API server ----------------------------------------------------------------------------------------


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """A server that says the same to everybody."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(raw)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def plain(url: str) -> Transport:
    from inventory.sources.kubernetes.guard import Looking
    from inventory.sources.kubernetes.pool import manager

    return Transport(lambda: Opened(url, Looking(manager(None, "", ""), url), {"Authorization": "Bearer secret"}))


@pytest.mark.parametrize(
    ("raw", "reason", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
         Reason.MALFORMED, "text/html"),
        (b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n", Reason.ERROR,
         "redirects to https://evil.example/, which is not followed"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 46\r\n\r\n"
         b"<html><style>x</style><h1>No entry</h1></html>", Reason.DENIED, "^No entry$"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", Reason.ERROR, "cut off"),
        (b"HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n" + b"x" * 100_000, Reason.ERROR, "^x{300}$"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", Reason.ERROR, "no HTTP answer|cut off"),
        (b"", Reason.ERROR, "closed by"),
    ],
)  # fmt: skip
def test_what_stands_before_a_cluster(raw: bytes, reason: Reason, words: str) -> None:
    with answering(raw) as url:
        found = error_of(lambda: plain(url).get(PODS, deadline=3))
    assert found.reason is reason
    assert re.search(words, found.message), found.message
    assert "secret" not in found.message


def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = error_of(lambda: plain(f"http://127.0.0.1:{port}").get(PODS, deadline=3))
    assert found.message == f"connection to 127.0.0.1:{port} refused, nothing listens there"


def test_headers_that_drip_do_not_outlive_the_deadline() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listener.accept()
        try:
            for _ in range(100):
                connection.sendall(b"H")
                time.sleep(0.1)
        except OSError:
            pass

    threading.Thread(target=drip, daemon=True).start()
    began = time.monotonic()
    found = error_of(lambda: plain(f"http://127.0.0.1:{listener.getsockname()[1]}").get(PODS, deadline=0.7))
    listener.close()
    assert found.reason is Reason.TIMEOUT
    assert time.monotonic() - began < 2.5


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("https://c:6443", {}, ""),
        ("https://c:6443", {"HTTPS_PROXY": "http://p:3128"}, "http://p:3128"),
        ("https://c:6443", {"https_proxy": "p:3128"}, "http://p:3128"),
        ("https://c:6443", {"HTTP_PROXY": "http://p:3128"}, ""),
        ("https://c.corp:6443", {"HTTPS_PROXY": "http://p", "NO_PROXY": "x,.corp"}, ""),
        ("https://c.corp:6443", {"HTTPS_PROXY": "http://p", "NO_PROXY": "c.corp:443"}, "http://p"),
        ("https://10.1.2.3", {"HTTPS_PROXY": "http://p", "NO_PROXY": "10.0.0.0/8"}, ""),
        ("https://10.1.2.3", {"HTTPS_PROXY": "http://p", "NO_PROXY": "*"}, ""),
        ("https://127.0.0.1:6443", {"HTTPS_PROXY": "http://p"}, ""),
        ("https://[fd00::1]:6443", {"HTTPS_PROXY": "http://p", "no_proxy": "fd00::/8"}, ""),
    ],
)
def test_the_environments_proxy(url: str, environ: dict[str, str], proxy: str) -> None:
    assert proxy_of(url, environ) == proxy


def test_a_refresh_does_not_wait_for_a_plugin() -> None:
    busy, go = threading.Event(), threading.Event()

    def slow() -> Opened:
        busy.set()
        go.wait(10)
        raise ApiError(Reason.ERROR, 0, "no plugin")

    api = Transport(slow)
    asking = threading.Thread(target=lambda: error_of(lambda: api.get(PODS, deadline=5)), daemon=True)
    asking.start()
    assert busy.wait(5)
    began = time.monotonic()
    api.again()
    assert time.monotonic() - began < 0.2
    go.set()
    asking.join(5)
