"""Asks the API server, kubelets and etcd as a stranger would: GET, without credentials, one short answer each.

Asked are the API server's URL and the addresses of the nodes alone, on the ports that these programs have.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import Cluster, KubeNode
from inventory.kubernetes.opening import API, ETCD, KUBELET, Answer, Opening
from inventory.resource import Kind, ResourceKey
from inventory.sources.docker.workers import run_all

WORKERS = 8
BUDGET = 60.0
"""Seconds for all of them together."""
LIMIT = 3.0
"""Seconds for one request, connection and handshake included."""
MOST_NODES = 500
_API_PATHS = (
    "/version", "/api", "/apis", "/api/v1/namespaces?limit=1", "/api/v1/pods?limit=1", "/metrics", "/swagger.json",
)  # fmt: skip
_KUBELET = ("https://{}:10250/pods", "http://{}:10255/pods", "http://{}:10248/healthz", "http://{}:4194/containers/")
_ETCD = ("https://{}:2379/version", "http://{}:2379/version", "https://{}:2380/members", "http://{}:2380/members")
_ETCD_NODES = (
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/master",
    "node-role.kubernetes.io/etcd",
)


class Target(msgspec.Struct, frozen=True):
    """A program at an address, and what it is asked."""

    component: str
    address: str
    node: str
    urls: tuple[str, ...]


def targets(clusters: Iterable[Cluster], nodes: Iterable[KubeNode]) -> tuple[Target, ...]:
    """What there is to ask: of the API server the URL that this program uses, of nodes their own addresses.

    A name is not looked up, and an address that no node on a network has (loopback, link-local) is not asked: who
    writes Node objects must not choose what this machine connects to. Nodes without a role may run etcd too, where
    none has one.
    """
    found = [target for cluster in clusters for target in _servers(cluster)]
    known = list(nodes)[:MOST_NODES]
    leading = [node for node in known if any(label in node.labels for label in _ETCD_NODES)] or known
    for node in known:
        address = _address(node)
        if address:
            host = f"[{address}]" if ":" in address else address
            found.append(Target(KUBELET, address, node.name, tuple(url.format(host) for url in _KUBELET)))
            if node in leading:
                found.append(Target(ETCD, address, node.name, tuple(url.format(host) for url in _ETCD)))
    return tuple(found)


def _servers(cluster: Cluster) -> Iterator[Target]:
    access = cluster.peek("access")
    if isinstance(access, Gap) or access.proxy:
        return  # through a proxy is how it is reached: what is open to others cannot be seen past it
    try:
        url = urlsplit(access.server)
        host, port = url.hostname, url.port or (443 if url.scheme == "https" else 80)
    except ValueError:
        return
    if url.scheme in ("http", "https") and host:
        shown = f"[{host}]" if ":" in host else host
        root = f"{url.scheme}://{shown}:{port}{url.path.rstrip('/')}"
        yield Target(API, f"{shown}:{port}", "", tuple(root + path for path in _API_PATHS))


def _address(node: KubeNode) -> str:
    status = node.peek("status")
    if isinstance(status, Gap):
        return ""
    for wanted in ("InternalIP", "ExternalIP"):
        for one in status.addresses:
            if one.type == wanted and _on_a_network(one.address):
                return str(one.address)
    return ""


def _on_a_network(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified)


def probe(wanted: Sequence[Target], source: str, at: float, budget: float = BUDGET) -> list[Opening]:
    """What answers there, a few at a time. What was not reached in `budget` seconds says so."""
    jobs = [partial(look, target) for target in wanted]
    found = run_all(jobs, WORKERS, time.monotonic() + budget)
    return [_opening(target, answers, source, at) for target, answers in zip(wanted, found, strict=True)]


def _opening(target: Target, found: tuple[Answer, ...] | BaseException, source: str, at: float) -> Opening:
    reason = Reason.TIMEOUT if isinstance(found, TimeoutError) else Reason.ERROR
    name = f"{target.component}/{target.address}"
    return Opening.build(
        key=ResourceKey(Kind.OPENING, source, name),
        name=name,
        observed_at=at,
        component=target.component,
        address=target.address,
        node=target.node,
        answers=Gap(reason, target.urls[0], str(found)[:200]) if isinstance(found, BaseException) else found,
    )


def look(target: Target) -> tuple[Answer, ...]:
    """Ask one program, one URL after the other; after one that nothing answers, the same port is left alone."""
    silent: set[int | None] = set()
    answers = []
    for url in target.urls:
        port = urlsplit(url).port
        if port in silent:
            continue
        answer = ask(url)
        if not answer.reached:
            silent.add(port)
        answers.append(answer)
    return tuple(answers)


def ask(url: str, limit: float = LIMIT) -> Answer:
    """One GET without credentials. Only the status is read; the connection is closed at the limit, whoever drips."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 0
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=limit, context=_anybody())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=limit)
    late = threading.Event()

    def end() -> None:
        late.set()
        if connection.sock is not None:
            _drop(connection.sock)

    timer = threading.Timer(limit, end)
    timer.daemon = True
    timer.start()
    try:
        return _status(connection, url, parts.path + (f"?{parts.query}" if parts.query else ""), late)
    finally:
        timer.cancel()
        connection.close()


def _drop(sock: socket.socket) -> None:
    """Wake up whoever reads from it."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _status(connection: http.client.HTTPConnection, url: str, path: str, late: threading.Event) -> Answer:
    try:
        connection.connect()
    except ssl.SSLError as error:
        return Answer(url, 0, f"no handshake: {error.reason or 'failed'}")
    except TimeoutError:
        return Answer(url, 0, "no answer in time", reached=None)
    except OSError as error:
        return Answer(url, 0, error.strerror or "closed", reached=False if _refused(error) else None)
    try:
        connection.request("GET", path or "/", headers={"Accept": "application/json", "Connection": "close"})
        return Answer(url, connection.getresponse().status)
    except ssl.SSLError as error:  # TLS 1.3 asks for a client's certificate after the handshake
        return Answer(url, 0, f"not without a certificate: {error.reason or 'refused'}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        if late.is_set() or isinstance(error, TimeoutError):
            return Answer(url, 0, "connected, but no answer in time", reached=None)
        return Answer(url, 0, f"no HTTP: {type(error).__name__}")


def _refused(error: OSError) -> bool:
    """Whether the machine itself said that nothing listens there."""
    return isinstance(error, ConnectionRefusedError | ConnectionResetError)


def _anybody() -> ssl.SSLContext:
    """Whose certificate it is does not matter: nothing is sent that somebody could steal."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
