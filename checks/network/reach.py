"""What gets past the engine's own firewall: neighbours that route to containers, and IPv6."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from checks.check import Domain, check
from checks.host.options import option_evidence, switch
from checks.images.usage import SHOWN
from checks.machine import machine_fact, public
from checks.network.exposure import bindings, everywhere, loopback, published
from checks.network.segments import NOBODY, segments
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.versions import parse_version
from checks.view import View
from inventory.gap import Unread
from inventory.model import Container, Engine, Network, Port

_MODES = ("com.docker.network.bridge.gateway_mode_ipv4", "com.docker.network.bridge.gateway_mode_ipv6")
_TRUSTED = "com.docker.network.bridge.trusted_host_interfaces"
_BLOCKS_SINCE = (28, 0, 0)
_IP6TABLES_SINCE = (27, 0, 0)
_RULES = "firewall rules are not in any file; `iptables -S` as root shows them"


@check(
    "NET-012",
    "Engine lets neighbours reach unpublished or loopback-published ports",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Network,
    why="Ports that were meant to be private are reachable from the local network.",
    remediation="Upgrade the engine to 28 or newer; create the network without `gateway_mode_ipv4=nat-unprotected` "
    "(`nat` is the default) and remove `allow-direct-routing`. Peers that route to containers lose their way.",
    references=("NIST-800-190:4.4.2", "ATT&CK:T1190", "CWE-1188"),
)
def direct_reach(network: Network, view: View) -> Verdict:
    """Judges the gateway modes of a bridge, the engine's version and its option `allow-direct-routing`.

    F: nat-unprotected with members (high when the host has a public address); an engine before 28.0.0, or the mode
    routed, and a running member publishes a port on loopback only. M: such a mode without these, the option
    trusted_host_interfaces or allow-direct-routing; a distribution's engine, which may hold the fix; since 28.0.0 with
    `iptables` off (for IPv6: `ip6tables`), because the drop is made of the rules that the engine then does not write
    (DMN-004), and the host's own decide. P: mode nat or isolated on an engine since 28.0.0, which drops packets to
    containers that do not come by a published port. NA: no bridge, internal, or nobody is on it. U: an older engine,
    because the policy of the chain FORWARD, which then decides, is in no file; another engine than Docker. The mode
    routed by itself opens no unpublished port.
    Source: Docker Engine 28 release notes; Docker documentation, port publishing (gateway modes, direct routing).
    """
    if network.driver != "bridge" or network.internal:
        return not_applicable("no bridge that reaches outside")
    members = (view.index_of(Container, segments, network.name) or NOBODY).running
    modes = [
        Evidence(f"Options[{name}]", mode) for name in _MODES if (mode := network.options.get(name, "nat")) != "nat"
    ]
    unprotected = [mode for mode in modes if mode.value == "nat-unprotected"]
    if unprotected and members:
        severity = Severity.HIGH if _public_host(view) else None
        return failed("every port of its members is reachable from outside", *unprotected, severity=severity)
    if not members:
        return not_applicable("no running container is attached")
    private = [Evidence(f"{one.name}: {at.path}", at.value, one.key) for one in members for at in _on_loopback(one)]
    if private and any(mode.value == "routed" for mode in modes):
        return failed("routed: ports published on loopback are open to the network", *modes, *private[:SHOWN])
    opened = [mode for mode in modes if mode.value != "isolated"]
    if network.options.get(_TRUSTED):
        opened.append(Evidence(f"Options[{_TRUSTED}]", network.options[_TRUSTED]))
    if opened:
        return manual("others may route to its members", *opened)
    return _by_version(network, view, private)


def _by_version(network: Network, view: View, private: list[Evidence]) -> Verdict:
    engine = view.engine()
    version = parse_version(engine.version)
    if engine.flavour != "docker" or version is None:
        return unknown(f"what {engine.flavour} {engine.version} lets through: {_RULES}")
    evidence = Evidence("Version", engine.version, engine.key)
    if version.release < _BLOCKS_SINCE:
        if not private:
            return unknown(f"before 28.0.0 the policy of the chain FORWARD decides; {_RULES}", evidence)
        message = "neighbours reach ports published on loopback (before 28.0.0)"
        if version.distribution:
            return manual(message, evidence, *private[:SHOWN])
        return failed(message, evidence, *private[:SHOWN])
    host = view.host()
    families = ("iptables", "ip6tables") if network.enable_ipv6 else ("iptables",)
    unwritten = [option_evidence(host, name) for name in families if not switch(host, name, default=True)]
    if unwritten:
        message = "the engine writes no firewall rules: what the host's own let through reaches the members"
        return manual(message, *unwritten, evidence, *private[:SHOWN])
    if switch(host, "allow-direct-routing", default=False):
        return manual("others may route to published ports", option_evidence(host, "allow-direct-routing"), evidence)
    return passed("", evidence)


@check(
    "NET-014",
    "IPv6 exposure without IPv6 filtering",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="What is closed to IPv4 is open to IPv6.",
    remediation='Upgrade the engine to 27 or newer (`ip6tables` is on by default) or set `"ip6tables": true`; put the '
    "same rules into DOCKER-USER of ip6tables, or bind ports to IPv4 addresses (`-p 192.0.2.1:80:80`).",
    references=("NIST-800-190:4.4.2", "CVE-2024-32473", "CWE-668"),
)
def unfiltered_ipv6(engine: Engine, view: View) -> Verdict:
    """Judges published ports bound to `::` or a public IPv6 address, the host's addresses and the option `ip6tables`.

    F: the host has a public IPv6 address, such a port is published, and `ip6tables` is off (before 27.0.0 the default).
    M: the same with `ip6tables` on: the engine then forwards by rules of its own, but whether DOCKER-USER filters them
    as for IPv4 is in no file. P: no such port, or no public IPv6 address (unique local addresses are none).
    U: the engine is remote, or containers were not listed.
    """
    bound = [(one, at) for one in view.all(Container) if one.running for at in bindings(one, _over_ipv6(one))]
    if not bound:
        return passed("no port is published over IPv6")
    host = view.host()
    addresses = [address for address in public(host.addresses) if ":" in address]
    ports = [Evidence(f"{one.name}: {at.path}", at.value, one.key) for one, at in bound[:SHOWN]]
    if not addresses:
        return passed("the host has no public IPv6 address", *ports)
    where = Evidence("/proc/net/if_inet6", ", ".join(addresses[:SHOWN]))
    option = option_evidence(host, "ip6tables")
    version = parse_version(engine.version)
    if engine.flavour != "docker" or version is None:
        return unknown(f"whether {engine.flavour} filters IPv6: {_RULES}", where, *ports)
    if switch(host, "ip6tables", default=version.release >= _IP6TABLES_SINCE):
        return manual(f"{len(bound)} binding(s) over IPv6; {_RULES}", where, option, *ports)
    return failed(f"{len(bound)} binding(s) over IPv6 that the engine does not filter", where, option, *ports)


def _over_ipv6(container: Container) -> Iterator[Port]:
    for port in published(container):
        if ":" in port.host_ip and (everywhere(port.host_ip) or public((port.host_ip.strip("[]"),))):
            yield port


def _on_loopback(container: Container) -> list[Evidence]:
    """IPv4 only: other hosts cannot route to ::1."""
    ports = (port for port in published(container) if loopback(port.host_ip) and ":" not in port.host_ip)
    return bindings(container, ports)


def _public_host(view: View) -> bool:
    with suppress(Unread):
        return bool(public(machine_fact(view, "addresses")))
    return False
