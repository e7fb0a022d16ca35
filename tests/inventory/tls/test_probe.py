"""Handshakes with real servers of every sort, and the certificates of real ones."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from inventory.container import Container, Port
from inventory.gap import Gap, Reason
from inventory.resource import ResourceKey
from inventory.sources.tls import handshake
from inventory.sources.tls.certificates import certificate
from inventory.sources.tls.probe import Target, look, probe, targets
from tests.checks.builders import changed, docker

VECTORS = Path(__file__).parents[2] / "data" / "tls"
EXPECTED: dict[str, Any] = json.loads((VECTORS / "expected.json").read_text())["certs"]
Serve = Callable[[socket.socket], None]


@contextmanager
def listening(serve: Serve) -> Iterator[int]:
    """A server on a port of its own; counts nothing and never blocks the test."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_served, args=(serve, connection), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def _served(serve: Serve, connection: socket.socket) -> None:
    with connection:
        try:
            connection.settimeout(10)
            serve(connection)
        except OSError:
            pass


def tls(context: ssl.SSLContext) -> Serve:
    """Completes handshakes and hangs up."""

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    return serve


def context(
    issuer: trustme.CA,
    *names: str,
    minimum: str = "TLSv1_2",
    maximum: str = "MAXIMUM_SUPPORTED",
    suites: str = "DEFAULT",
) -> ssl.SSLContext:
    """A server's, with a certificate for these names."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers(f"{suites}:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = ssl.TLSVersion[minimum]
        made.maximum_version = ssl.TLSVersion[maximum]
    issuer.issue_cert(*names, key_type=trustme.KeyType.RSA).configure_cert(made)
    return made


@pytest.fixture(scope="module")
def issuer() -> trustme.CA:
    """Somebody whom this machine does not trust."""
    return trustme.CA(key_type=trustme.KeyType.RSA)


def target(port: int, name: str = "") -> Target:
    """That port of this machine."""
    return Target("127.0.0.1", port, "0.0.0.0", (), port, name)


def test_a_current_server(issuer: trustme.CA) -> None:
    with listening(tls(context(issuer, "shop.example"))) as port:
        found = look(target(port, "shop.example"), "docker", 1.0)
    assert (found.speaks, found.version, found.accepts, found.weak) == ("tls", "TLSv1.3", (), ("AES256-GCM-SHA384",))
    assert found.named is True
    assert found.trusted is False
    assert "issuer" in found.distrust or "self-signed" in found.distrust
    assert found.certificates[0].names == ("DNS:shop.example",)
    assert found.name == f"127.0.0.1:{port}"


def test_forward_secrecy_only(issuer: trustme.CA) -> None:
    with listening(tls(context(issuer, "shop.example", suites="ECDHE+AESGCM"))) as port:
        assert look(target(port), "docker", 1.0).weak == ()


def test_families_that_cannot_be_offered_are_said(issuer: trustme.CA) -> None:
    """A pass that rests on suites which were never offered would be none."""
    with listening(tls(context(issuer, "a.example"))) as port:
        found = look(target(port), "docker", 1.0)
    assert set(handshake.unknown_families()) <= set(found.not_offered)
    assert set(handshake.unknown_families()) < set(handshake.FAMILIES)


def test_old_protocols(issuer: trustme.CA) -> None:
    with listening(tls(context(issuer, "a.example", minimum="TLSv1", maximum="TLSv1_1"))) as port:
        found = look(target(port), "docker", 1.0)
    assert found.accepts == ("TLSv1", "TLSv1.1")
    assert found.version == "TLSv1.1"


def test_another_name(issuer: trustme.CA) -> None:
    with listening(tls(context(issuer, "a.example", "10.0.0.9"))) as port:
        assert look(target(port, "b.example"), "docker", 1.0).named is False
        assert look(target(port, "10.0.0.9"), "docker", 1.0).named is True
        assert look(target(port, "10.0.0.8"), "docker", 1.0).named is False
        assert isinstance(look(target(port), "docker", 1.0).peek("named"), Gap)


def test_a_trusted_chain(issuer: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(issuer.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with listening(tls(context(issuer, "a.example"))) as port:
        found = look(target(port, "a.example"), "docker", 1.0)
    assert found.trusted is True
    assert found.distrust == ""


def _http(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def _hang_up(connection: socket.socket) -> None:
    connection.recv(1000)


def _silence(connection: socket.socket) -> None:
    connection.settimeout(None)
    while connection.recv(1000):
        pass


@pytest.mark.parametrize(("serve", "speaks"), [(_http, "plain"), (_hang_up, "closed")])
def test_no_tls(serve: Serve, speaks: str) -> None:
    with listening(serve) as port:
        found = look(target(port), "docker", 1.0)
    assert found.speaks == speaks
    assert isinstance(found.peek("certificates"), Gap)


def test_silence_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "DEADLINE", 0.2)
    with listening(_silence) as port:
        gap = look(target(port), "docker", 1.0).peek("speaks")
    assert isinstance(gap, Gap)
    assert gap.reason is Reason.TIMEOUT


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (found,) = probe([target(port)], "docker", 1.0)
    assert isinstance(found.peek("speaks"), Gap)


def test_silent_ports_do_not_hold_the_rest() -> None:
    with listening(_silence) as port:
        found = probe([target(port)] * 20, "docker", 1.0, budget=0.3)
    gaps = [one.peek("speaks") for one in found]
    assert all(isinstance(gap, Gap) and gap.reason is Reason.TIMEOUT for gap in gaps)


def test_a_library_without_the_old_protocols(issuer: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it cannot offer is said; the rest is known as anywhere."""
    made = handshake._context

    def poorer(minimum: str = "", maximum: str = "", suites: str = "DEFAULT") -> ssl.SSLContext:
        if minimum in {"TLSv1", "TLSv1.1"}:
            raise handshake.NotOfferedError("no such protocol")
        return made(minimum, maximum, suites)

    monkeypatch.setattr(handshake, "_context", poorer)
    with listening(tls(context(issuer, "shop.example"))) as port:
        found = look(target(port, "shop.example"), "docker", 1.0)
    assert {"TLSv1", "TLSv1.1"} <= set(found.not_offered)
    assert found.named is True
    assert found.trusted is False


def test_a_port_is_asked_a_handful_of_times(issuer: trustme.CA) -> None:
    count = []

    def serve(connection: socket.socket) -> None:
        count.append(1)
        tls(made)(connection)

    made = context(issuer, "a.example")
    with listening(serve) as port:
        look(target(port, "a.example"), "docker", 1.0)
    assert len(count) <= 7


def _running(*ports: Port, name: str = "web") -> Container:
    return changed(docker("plain"), name=name, ports=ports, state="running")


def test_published_ports_are_targets() -> None:
    container = _running(
        Port(443, "tcp", "0.0.0.0", 8443), Port(443, "tcp", "::", 8443), Port(53, "udp", "0.0.0.0", 53),
        Port(80, "tcp"), Port(9000, "tcp", "127.0.0.1", 9000), Port(1, "tcp", "10.1.1.1", 1),
    )  # fmt: skip
    near = targets([container], "unix:///run/docker.sock", {"w*": "shop.example"})
    assert [(one.address, one.port, one.name) for one in near] == [
        ("127.0.0.1", 8443, "shop.example"), ("127.0.0.1", 9000, "shop.example"), ("10.1.1.1", 1, "shop.example"),
    ]  # fmt: skip
    far = targets([container], "ssh://me@far.example", {})
    assert [(one.address, one.port) for one in far] == [("far.example", 8443), ("10.1.1.1", 1)]


def test_what_is_not_known_or_does_not_run_is_no_target() -> None:
    gap = Gap(Reason.TIMEOUT, "x")
    stopped = changed(_running(Port(443, "tcp", "0.0.0.0", 1)), state="exited")
    unread = changed(docker("plain"), ports=gap)
    odd = _running(Port(443, "tcp", "not an address", 1))
    assert targets([stopped, unread, odd], "unix:///x", {}) == ()


def test_two_containers_behind_one_port_are_one_target() -> None:
    one = _running(Port(443, "tcp", "0.0.0.0", 1))
    two = changed(one, key=ResourceKey(one.key.kind, one.key.source, "other"))
    (found,) = targets([one, two], "unix:///x", {})
    assert len(found.containers) == 2


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_real_certificates(name: str) -> None:
    expected = EXPECTED[name]
    pem = (VECTORS / f"{name}.pem").read_text().split("-----END")[0].split("-----\n")[1]
    found = certificate(base64.b64decode(pem))
    assert found is not None
    kind, bits = (*expected["key"], 0)[:2]
    assert found.key in {kind, kind.removesuffix("PublicKey")}
    assert not isinstance(bits, int) or found.bits == bits
    assert found.signature in {expected["sig"], ""}
    assert found.not_after == datetime.fromisoformat(expected["not_after"]).timestamp()
    assert found.self_issued is expected["self_signed"]
    assert {entry.partition(":")[2] for entry in found.names} == set(expected["san"] or ())


@pytest.mark.parametrize("raw", [b"", b"x", b"\x30\x82\x01", bytes(2000)])
def test_no_certificate(raw: bytes) -> None:
    assert certificate(raw) is None
