"""The ports by which the nodes of a swarm talk to each other."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from checks.check import Domain, check
from checks.images.usage import SHOWN
from checks.machine import public
from checks.network.exposure import everywhere
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
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
    remediation="Let the node leave and join again with `--listen-addr` and `--advertise-addr` of the cluster's own "
    "network; until then close 2377/tcp and 7946/tcp+udp to everybody but the nodes. 4789/udp has to be closed in any "
    "case (a firewall in front of the host, or `iptables -I INPUT -p udp --dport 4789 ! -s NODES -j DROP`), or the "
    "overlays encrypted (`--opt encrypted`): nodes that the rule forgets lose their overlay networks.",
    references=("CIS-Docker-1.6:7.2", "ATT&CK:T1190", "CWE-668"),
)
def swarm_ports(engine: Engine, view: View) -> Verdict:
    """Judges listeners on 2377/tcp, 7946/tcp, 7946/udp and the data path port (4789/udp by default).

    F: management or gossip is bound to all interfaces of a host with a public address, or to a public address; bound to
    all interfaces of a host with private addresses only (low: a router may still lead there). M: they are not, but the
    data path port is open on a host with a public address: the kernel binds VXLAN to all addresses, and
    `--data-path-addr` only chooses the address that other nodes are told, so whether a firewall closes it decides.
    P: bound to private addresses, and no public address. NA: no swarm. U: the engine is remote, the tables of sockets
    were not read, or management and gossip are not in them although the node is in a swarm.
    Source: CIS Docker 7.2; Docker documentation, swarm mode ports; Linux, drivers/net/vxlan.
    """
    if engine.swarm.state in {"", "inactive"}:
        return not_applicable("no swarm")
    host = view.host()
    data = {swarm.data_path_port for swarm in _swarms(view)} - {0} or {_DATA}
    found = [one for one in host.listeners if (one.protocol.removesuffix("6"), one.port) in _PORTS]
    tunnels = [one for one in host.listeners if one.protocol.startswith("udp") and one.port in data]
    wide = [one for one in found if everywhere(one.address)]
    direct = [one for one in found if public((one.address,))]
    outside = public(host.addresses)
    if direct or (wide and outside):
        addresses = Evidence("addresses of the host", ", ".join(outside[:SHOWN]))
        return failed("on a public address", *_evidence([*direct, *wide]), addresses)
    if wide:
        return failed("on all interfaces of a host with private addresses", *_evidence(wide), severity=Severity.LOW)
    if not found:
        return unknown("in a swarm, but nothing listens on 2377 or 7946 here", *_evidence(tunnels))
    if tunnels and outside:
        addresses = Evidence("addresses of the host", ", ".join(outside[:SHOWN]))
        said = "the kernel listens on all addresses: close it in the firewall, or encrypt the overlays"
        return manual(said, *_evidence(tunnels), addresses)
    return passed("", *_evidence([*found, *tunnels]))


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
