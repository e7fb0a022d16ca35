"""The ports by which the nodes of a swarm talk to each other."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from checks.check import Domain, check
from checks.images.usage import SHOWN
from checks.machine import public
from checks.network.exposure import everywhere
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed
from checks.view import View
from inventory.activity import Listener
from inventory.gap import Unread
from inventory.model import Engine, Swarm

_PORTS = {("tcp", 2377), ("tcp", 7946), ("udp", 7946)}
_DATA = 4789


@check(
    "NET-031",
    "Swarm ports exposed beyond the cluster",
    domain=Domain.NETWORK,
    severity=Severity.HIGH,
    subject=Engine,
    why="Join, gossip and data ports of the cluster answer on a public address.",
    remediation="Let the node leave and join again with `--listen-addr`, `--advertise-addr` and `--data-path-addr` of "
    "the cluster's own network; until then close 2377/tcp, 7946/tcp+udp and 4789/udp to everybody but the nodes.",
    references=("CIS-Docker-1.6:7.2", "ATT&CK:T1190", "CWE-668"),
)
def swarm_ports(engine: Engine, view: View) -> Verdict:
    """Judges listeners on 2377/tcp, 7946/tcp, 7946/udp and the data path port (4789/udp by default).

    F: bound to all interfaces of a host with a public address, or to a public address; bound to all interfaces of a
    host with private addresses only (low: a router may still lead there). P: bound to private addresses. NA: no swarm.
    U: the engine is remote, or the tables of sockets were not read. Source: CIS Docker 7.2.
    """
    if engine.swarm.state in {"", "inactive"}:
        return not_applicable("no swarm")
    host = view.host()
    data = {swarm.data_path_port for swarm in _swarms(view)} - {0} or {_DATA}
    ports = _PORTS | {("udp", port) for port in data}
    found = [one for one in host.listeners if (one.protocol.removesuffix("6"), one.port) in ports]
    wide = [one for one in found if everywhere(one.address)]
    direct = [one for one in found if public((one.address,))]
    outside = public(host.addresses)
    if direct or (wide and outside):
        addresses = Evidence("addresses of the host", ", ".join(outside[:SHOWN]))
        return failed("on a public address", *_evidence([*direct, *wide]), addresses)
    if wide:
        return failed("on all interfaces of a host with private addresses", *_evidence(wide), severity=Severity.LOW)
    return passed("", *_evidence(found))


def _swarms(view: View) -> tuple[Swarm, ...]:
    """The swarm as a manager tells it; a worker cannot, and then the usual port is looked for."""
    with suppress(Unread):
        return tuple(one for one in view.all(Swarm) if isinstance(one.peek("data_path_port"), int))
    return ()


def _evidence(listeners: Iterable[Listener]) -> list[Evidence]:
    return [
        Evidence(
            f"/proc/net/{one.protocol}",
            f"[{one.address}]:{one.port}" if ":" in one.address else f"{one.address}:{one.port}",
        )
        for one in listeners
    ]
