"""TCP and TLS through docker-py's session keep the same promises as the other transports."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from inventory.gap import Reason
from inventory.sources.docker.endpoint import Endpoint, TlsFiles, transport
from inventory.sources.docker.sockets import ReadOnlyError
from inventory.sources.docker.transport import ApiError
from tests.inventory.docker.captured import raw


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[str]

    def do_any(self) -> None:
        self.seen.append(self.command)
        if self.path == "/drip":
            self._drip()
        elif self.path == "/events":
            self._stream()
        else:
            status = int(self.path[1:]) if self.path[1:].isdigit() else 200
            body = raw("docker-api/err404-container.json") if status == 404 else b"OK"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_any  # noqa: N815 - names the base class looks up

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        pass

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "4000")
        self.end_headers()
        for _ in range(200):
            self.wfile.write(b"x")
            time.sleep(0.02)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"3\r\nabc\r\n")
        time.sleep(5)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Handler.seen = []
    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.daemon_threads = True
    yield found
    found.shutdown()
    found.server_close()


def serve(server: ThreadingHTTPServer) -> int:
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return int(server.server_address[1])


def test_plain_tcp(server: ThreadingHTTPServer) -> None:
    channel = transport(Endpoint(f"tcp://127.0.0.1:{serve(server)}"))
    assert channel.get("/_ping", deadline=5.0).body == b"OK"
    assert channel.get("/_ping", deadline=5.0, method="HEAD").body == b""
    with pytest.raises(ApiError) as caught:
        channel.get("/404", deadline=5.0)
    assert (caught.value.reason, caught.value.message) == (Reason.ABSENT, "No such container: nosuch")


@pytest.mark.parametrize("status", [301, 302, 305, 307, 308, 399])
def test_a_redirect_is_a_refusal(status: int, server: ThreadingHTTPServer) -> None:
    with pytest.raises(ApiError) as caught:
        transport(Endpoint(f"tcp://127.0.0.1:{serve(server)}")).get(f"/{status}", deadline=5.0)
    assert (caught.value.reason, caught.value.status) == (Reason.ERROR, status)


def test_nothing_but_reads_leaves(server: ThreadingHTTPServer) -> None:
    channel = transport(Endpoint(f"tcp://127.0.0.1:{serve(server)}"))
    with pytest.raises(ReadOnlyError):
        channel.get("/containers/x/start", deadline=5.0, method="POST")
    assert Handler.seen == []


def test_the_deadline_is_for_the_whole_call(server: ThreadingHTTPServer) -> None:
    channel = transport(Endpoint(f"tcp://127.0.0.1:{serve(server)}"))
    began = time.monotonic()
    with pytest.raises(ApiError) as caught:
        channel.get("/drip", deadline=0.4)
    assert caught.value.reason is Reason.TIMEOUT
    assert time.monotonic() - began < 3.0


def test_an_answer_may_not_be_endless(server: ThreadingHTTPServer) -> None:
    channel = transport(Endpoint(f"tcp://127.0.0.1:{serve(server)}"))
    with pytest.raises(ApiError, match="limit"):
        channel.get("/_ping", deadline=5.0, limit=1)


def test_a_stream_can_be_closed_from_elsewhere(server: ThreadingHTTPServer) -> None:
    stream = transport(Endpoint(f"tcp://127.0.0.1:{serve(server)}")).stream("/events", deadline=5.0)
    pieces = iter(stream)
    assert next(pieces) == b"abc"
    threading.Timer(0.1, stream.close).start()
    began = time.monotonic()
    assert list(pieces) == []
    assert time.monotonic() - began < 3.0


def test_tls_with_a_client_certificate(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    port = serve(server)
    client = authority.issue_cert("client.example")
    ca, cert, key = (str(tmp_path / name) for name in ("ca.pem", "cert.pem", "key.pem"))
    authority.cert_pem.write_to_path(ca)
    client.private_key_pem.write_to_path(key)
    client.cert_chain_pems[0].write_to_path(cert)
    trusted = transport(Endpoint(f"https://127.0.0.1:{port}", "", TlsFiles(ca, cert, key)))
    assert trusted.get("/_ping", deadline=5.0).body == b"OK"
    with pytest.raises(ReadOnlyError):
        trusted.get("/x", deadline=5.0, method="DELETE")
    stranger = transport(Endpoint(f"https://127.0.0.1:{port}", "", TlsFiles("", cert, key)))
    with pytest.raises(ApiError, match="certificate"):
        stranger.get("/_ping", deadline=5.0)
    missing = Endpoint(f"https://127.0.0.1:{port}", "", TlsFiles("/nowhere/ca.pem", cert, key))
    with pytest.raises(ApiError):
        transport(missing)
