"""Asking a cluster's programs as a stranger: real servers, with and without TLS, open, locked and sick."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from checks.verdict import Outcome, Severity
from inventory.gap import Gap
from inventory.kubernetes.cluster import KubeNode, NodeAddress
from inventory.kubernetes.opening import API, ETCD, KUBELET
from inventory.resource import Kind
from inventory.sources.kubernetes import probe
from inventory.store import Store
from tests.checks.builders import changed
from tests.checks.cases import Case, check_of, results
from tests.checks.kubernetes.surroundings import ACCESS, cluster
from tests.kubernetes.apiserver import ApiServer
from tests.kubernetes.captured import NOW, SOURCE, one
from tui.probing import look_at_clusters


class Recorder(BaseHTTPRequestHandler):
    """Answers 200 to /version and 403 to all else, and keeps what it was asked."""

    asked: list[tuple[str, str, dict[str, str]]]

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, dict(self.headers)))
        self.send_response(200 if self.path == "/version" else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
        return


@contextmanager
def served(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[tuple[str, str, dict[str, str]]]]]:
    asked: list[tuple[str, str, dict[str, str]]] = []
    handler = type("Handler", (Recorder,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a stranger who is refused is no error
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def speaking(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does this with its one connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            peer, _ = listener.accept()
            with peer:
                talk(peer)
        except OSError:
            return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "etcd")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def context(certificate: Path, mutual: bool = False) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    if mutual:
        made.load_verify_locations(certificate)
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def test_a_stranger_sends_nothing_but_a_get() -> None:
    with served() as (port, asked):
        assert probe.ask(f"http://127.0.0.1:{port}/version").code == 200
        assert probe.ask(f"http://127.0.0.1:{port}/api/v1/pods?limit=1").code == 403
    assert [(method, path) for method, path, _ in asked] == [("GET", "/version"), ("GET", "/api/v1/pods?limit=1")]
    assert not any({"Authorization", "Cookie"} & set(headers) for _, _, headers in asked)


def test_any_certificate_will_do(certificate: Path) -> None:
    with served(context(certificate)) as (port, _):
        assert probe.ask(f"https://127.0.0.1:{port}/version").code == 200


def test_who_asks_for_a_certificate_is_not_open(certificate: Path) -> None:
    with served(context(certificate, mutual=True)) as (port, asked):
        answer = probe.ask(f"https://127.0.0.1:{port}/version")
    assert answer.code == 0
    assert answer.reached
    assert not asked


def test_clear_text_where_tls_was_expected() -> None:
    with served() as (port, _):
        answer = probe.ask(f"https://127.0.0.1:{port}/version")
    assert (answer.code, answer.reached) == (0, True)
    assert answer.said.startswith("no handshake")


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = probe.ask(f"http://127.0.0.1:{port}/")
    assert (answer.code, answer.reached) == (0, False)


def silent(peer: socket.socket) -> None:
    peer.recv(1)
    time.sleep(2)


def dripping(peer: socket.socket) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(100):
        peer.sendall(b"a")
        time.sleep(0.02)


def stammering(peer: socket.socket) -> None:
    for byte in b"HTTP/1.1 2" * 10:
        peer.sendall(bytes([byte]))
        time.sleep(0.05)


def babbling(peer: socket.socket) -> None:
    peer.sendall(b"\x00\x1b]0;x\x07" * 1000 + b"\r\n")


@pytest.mark.parametrize(("talk", "code"), [(silent, 0), (stammering, 0), (dripping, 200)])
def test_who_takes_too_long_is_left(talk: Callable[[socket.socket], None], code: int) -> None:
    """What the first line said counts, however long the rest would take."""
    with speaking(talk) as port:
        began = time.monotonic()
        answer = probe.ask(f"http://127.0.0.1:{port}/", limit=0.3)
    assert time.monotonic() - began < 1.5
    assert (answer.code, answer.reached) == (code, True if code else None)


def test_what_is_no_http_is_no_answer() -> None:
    with speaking(babbling) as port:
        answer = probe.ask(f"http://127.0.0.1:{port}/")
    assert (answer.code, answer.reached) == (0, True)
    assert "\x1b" not in answer.said


def test_what_is_asked_follows_from_the_inventory() -> None:
    node = one(Kind.KUBE_NODE, "cp-1")
    worker = one(Kind.KUBE_NODE, "worker-1")
    assert isinstance(node, KubeNode)
    assert isinstance(worker, KubeNode)
    found = probe.targets([cluster()], [node, worker])
    assert [(target.component, target.address, target.node) for target in found] == [
        (API, "10.10.0.10:6443", ""),
        (KUBELET, "10.10.0.10", "cp-1"),
        (ETCD, "10.10.0.10", "cp-1"),
        (KUBELET, "10.10.0.11", "worker-1"),
    ]
    assert all(url.partition("://")[2].startswith(target.address) for target in found for url in target.urls)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "fe80::1", "0.0.0.0", "db.internal", ""])
def test_a_node_object_does_not_choose_any_address(address: str) -> None:
    node = one(Kind.KUBE_NODE, "worker-1")
    assert isinstance(node, KubeNode)
    status = msgspec.structs.replace(node.status, addresses=(NodeAddress("InternalIP", address),))
    assert probe.targets([], [changed(node, status=status)]) == ()


@pytest.mark.parametrize("server", ["", "ftp://10.0.0.1", "https://[", "https://10.0.0.1:99999"])
def test_a_server_that_is_no_url_is_not_asked(server: str) -> None:
    assert probe.targets([cluster(msgspec.structs.replace(ACCESS, server=server))], []) == ()


def test_past_a_proxy_nobody_is_asked() -> None:
    assert probe.targets([cluster(msgspec.structs.replace(ACCESS, proxy="http://proxy:3128"))], []) == ()


def test_what_answers_goes_into_the_store() -> None:
    with served() as (port, asked):
        access = msgspec.structs.replace(ACCESS, server=f"http://127.0.0.1:{port}")
        store = Store()
        store.replace(SOURCE, Kind.CLUSTER, [cluster(access)])
        look_at_clusters(store)
    opening = next(iter(store.snapshot().by_kind[Kind.OPENING].values()))
    answers = opening.peek("answers")
    assert not isinstance(answers, Gap)
    assert [answer.code for answer in answers] == [200, *[403] * (len(answers) - 1)]
    assert len(asked) == len(answers)


def test_a_budget_that_is_used_up_is_said() -> None:
    with speaking(silent) as port:
        target = probe.Target(API, f"127.0.0.1:{port}", "", (f"http://127.0.0.1:{port}/version",))
        [opening] = probe.probe([target], SOURCE, NOW, budget=0.1)
    assert isinstance(opening.peek("answers"), Gap)


def test_the_recorded_api_server_lists_pods_for_a_stranger() -> None:
    """Its binding of system:anonymous to pod-exec is one of the recorded cluster's faults."""
    with ApiServer() as server:
        access = msgspec.structs.replace(ACCESS, server=f"https://127.0.0.1:{server.port}")
        store = Store()
        store.put([cluster(access)])
        look_at_clusters(store)
        assert not server.journal.writes()
    [opening] = store.snapshot().by_kind[Kind.OPENING].values()
    found = results([check_of("ORC-252")], Case("ORC-252", opening, Outcome.FAIL, others=()))["ORC-252"]
    assert (found.outcome, found.severity) == (Outcome.FAIL, Severity.CRITICAL)
    paths = [evidence.path.partition("/api")[2] or evidence.path[-8:] for evidence in found.verdict.evidence]
    assert paths == ["/version", "/v1/pods?limit=1"]
