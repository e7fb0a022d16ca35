"""One look at each published TCP port: at most seven connections, each closed after its handshake."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec

from inventory.container import Container
from inventory.endpoint import TlsEndpoint
from inventory.gap import Gap, Reason
from inventory.resource import Kind, ResourceKey
from inventory.sources.docker.workers import run_all
from inventory.sources.tls import handshake
from inventory.sources.tls.certificates import certificate

WORKERS = 4
BUDGET = 60.0
"""Seconds for all ports together."""
_OLD = ("TLSv1", "TLSv1.1")
_SUITES = {"broken suites": handshake.BROKEN, "no forward secrecy": handshake.NO_FORWARD_SECRECY}
_PATH = "TLS handshake"
_UNSAID = Gap(Reason.ERROR, _PATH, "it failed before the certificates were verified")
_ANSWERS = (
    "speaks", "said", "server_name", "version", "cipher", "accepts", "weak", "not_offered", "certificates", "trusted",
    "distrust", "named",
)  # fmt: skip


class Target(msgspec.Struct, frozen=True):
    """A published port: where to connect to, what it belongs to, and the name to ask for."""

    address: str
    port: int
    host_ip: str
    containers: tuple[ResourceKey, ...]
    container_port: int
    name: str = ""


def targets(containers: Iterable[Container], engine_url: str, names: Mapping[str, str]) -> tuple[Target, ...]:
    """The ports that running containers publish, as they can be reached from here.

    Of an engine on another machine that is what it binds to all addresses or to one of its own, never its loopback.
    `names` gives the host name that is expected of containers, by a glob on their names.
    """
    far = "" if engine_url.startswith("unix://") else urlsplit(engine_url).hostname or ""
    found: dict[tuple[str, int], Target] = {}
    for container in containers:
        if container.peek("state") != "running" or isinstance(container.peek("ports"), Gap):
            continue
        name = next((host for pattern, host in names.items() if fnmatchcase(container.name, pattern)), "")
        for port in container.ports:
            address = _reachable(port.host_ip, far)
            if port.protocol != "tcp" or not port.host_port or not address:
                continue
            place = (address, port.host_port)
            before = found[place].containers if place in found else ()
            keys = before if container.key in before else (*before, container.key)
            found[place] = Target(address, port.host_port, port.host_ip, keys, port.container_port, name)
    return tuple(found.values())


def _reachable(host_ip: str, far: str) -> str:
    if host_ip in {"", "0.0.0.0"}:  # noqa: S104 - an address to recognise
        return far or "127.0.0.1"
    if host_ip in {"::", "[::]"}:
        return far  # the same port on IPv4 stands for both on this machine
    try:
        loopback = ipaddress.ip_address(host_ip.strip("[]")).is_loopback
    except ValueError:
        return ""
    return "" if far and loopback else host_ip.strip("[]")


def probe(wanted: Sequence[Target], source: str, at: float, budget: float = BUDGET) -> list[TlsEndpoint]:
    """What answers there, a few at a time. A port that was not reached in `budget` seconds says so."""
    jobs = [partial(look, target, source, at) for target in wanted]
    found = run_all(jobs, WORKERS, time.monotonic() + budget)
    return [_settled(one, target, source, at) for one, target in zip(found, wanted, strict=True)]


def _settled(found: TlsEndpoint | BaseException, target: Target, source: str, at: float) -> TlsEndpoint:
    if isinstance(found, TlsEndpoint):
        return found
    reason = Reason.TIMEOUT if isinstance(found, TimeoutError) else Reason.ERROR
    return _endpoint(target, source, at, {}, Gap(reason, _PATH, str(found) or type(found).__name__))


def look(target: Target, source: str, at: float) -> TlsEndpoint:
    """One port. What could not be found out is a gap."""
    name = target.name or (target.address if _is_name(target.address) else "")
    place = (target.address, target.port)
    seen = handshake.first(*place, name)
    values: dict[str, Any] = {"speaks": seen.speaks, "said": seen.reason, "server_name": name}
    if seen.speaks == "tls":
        values |= _details(place, name, seen)
    elif seen.speaks in {"away", "silent"}:
        reason = Reason.TIMEOUT if seen.speaks == "silent" else Reason.ERROR
        values |= dict.fromkeys(("speaks", "said"), Gap(reason, _PATH, seen.reason))
    return _endpoint(target, source, at, values, Gap(Reason.UNSUPPORTED, _PATH, seen.reason or "no TLS"))


def _endpoint(target: Target, source: str, at: float, values: Mapping[str, Any], missing: Gap) -> TlsEndpoint:
    """The endpoint; whatever is not among the values is missing for that reason."""
    shown = f"[{target.address}]" if ":" in target.address else target.address
    return TlsEndpoint.build(
        key=ResourceKey(Kind.ENDPOINT, source, f"{shown}:{target.port}"),
        name=f"{shown}:{target.port}",
        observed_at=at,
        address=target.address,
        port=target.port,
        host_ip=target.host_ip,
        containers=target.containers,
        container_port=target.container_port,
        **{**dict.fromkeys(_ANSWERS, missing), **values},
    )


def _details(place: tuple[str, int], name: str, seen: handshake.Outcome) -> dict[str, Any]:
    accepted: list[str] = []
    chosen: list[str] = []
    not_offered: list[str] = []
    for protocol in _OLD:
        try:
            if seen.version == protocol or handshake.accepts(*place, name, protocol):
                accepted.append(protocol)
        except handshake.NotOfferedError:
            not_offered.append(protocol)
    for group, suites in _SUITES.items():
        try:
            chosen += filter(None, (handshake.chosen(*place, name, suites),))
        except handshake.NotOfferedError:
            not_offered.append(group)
    not_offered += handshake.unknown_families()
    parsed = tuple(certificate(encoded) for encoded in seen.chain)
    whole = tuple(found for found in parsed if found is not None)
    why = handshake.distrust(*place, name)
    return {
        "version": seen.version,
        "cipher": seen.cipher,
        "accepts": tuple(accepted),
        "weak": tuple(dict.fromkeys(chosen)),
        "not_offered": tuple(not_offered),
        "certificates": whole if len(whole) == len(parsed) else Gap(Reason.MALFORMED, "certificate"),
        "trusted": _UNSAID if why is None else not why,
        "distrust": _UNSAID if why is None else why,
        "named": _named(place, name, seen),
    }


def _named(place: tuple[str, int], name: str, seen: handshake.Outcome) -> bool | Gap:
    if not name or not seen.chain:
        return Gap(Reason.UNSUPPORTED, "expected host name", "none is known; see [probe] names")
    found = handshake.named(*place, name, seen.chain)
    return Gap(Reason.ERROR, "host name", "OpenSSL does not say whether it fits") if found is None else found


def _is_name(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return True
    return False
