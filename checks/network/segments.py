"""Who shares a network segment with whom: default bridge, user bridges, overlays, macvlan."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from checks.check import Domain, check
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.versions import parse_version
from checks.view import View
from inventory.model import Container, Engine, Network, Service

DEFAULT_BRIDGE = "bridge"
_PODMANS = "podman"
_ICC = "Options[com.docker.network.bridge.enable_icc]"
_BINDING = "com.docker.network.bridge.host_binding_ipv4"


class Segment(msgspec.Struct, frozen=True):
    """Containers attached to one network; `running` can talk now, `projects` are the Compose projects among those."""

    members: tuple[Container, ...] = ()
    running: tuple[Container, ...] = ()
    projects: tuple[str, ...] = ()


NOBODY = Segment()


def segments(containers: tuple[Container, ...]) -> Mapping[str, Segment]:
    """Containers by the name of each network that they are attached to (an index for `View.index`)."""
    found: dict[str, list[Container]] = {}
    for container in containers:
        for name in {attachment.network for attachment in container.networks}:
            found.setdefault(name, []).append(container)
    return {name: _segment(members) for name, members in found.items()}


def networks_by_name(networks: tuple[Network, ...]) -> Mapping[str, Network]:
    """Networks by name (an index for `View.index`)."""
    return {network.name: network for network in networks}


def default_network(engine: Engine) -> str:
    """The network of containers that name none."""
    return _PODMANS if engine.flavour == "podman" else DEFAULT_BRIDGE


def is_default(name: str, view: View) -> bool:
    """Whether a network is the one of containers that name none."""
    return name == DEFAULT_BRIDGE or (name == _PODMANS and default_network(view.engine()) == _PODMANS)


def icc_evidence(network: Network) -> Evidence:
    """The effective inter-container communication of a bridge."""
    return Evidence(f"{network.name}: {_ICC}", "true" if network.icc else "false", network.key)


@check(
    "NET-005",
    "Default bridge used",
    domain=Domain.NETWORK,
    severity=Severity.LOW,
    subject=Container,
    why="All containers there share one flat segment, without names and without separation by project.",
    remediation="`docker network create APP` and attach only the containers that talk to each other (`networks:` in "
    "Compose; `podman network create` alike). Links and fixed 172.17.0.x addresses stop working; names start to.",
    references=(
        "CIS-Docker-1.6:5.30", "NIST-800-190:4.3.3", "OWASP-Docker:D03", "ATT&CK:T1046", "CWE-653",
    ),
)  # fmt: skip
def default_bridge(container: Container, view: View) -> Verdict:
    """Judges `NetworkSettings.Networks` and `HostConfig.NetworkMode`.

    F: the container runs and is attached to "bridge" (medium when at least two projects meet there and inter-container
    communication is on), on Podman to "podman", for whose API every bridge is the mode "bridge". NA: it does not run.
    P: other networks. U: networks were not read. Source: CIS Docker 5.30.
    """
    default = default_network(view.engine())
    attached = any(attachment.network == default for attachment in container.networks)
    asked = default == DEFAULT_BRIDGE and container.network_mode in {"default", DEFAULT_BRIDGE}
    if not attached and (container.networks or not asked):  # a service's task asks for "default", gets its overlay
        return passed()
    if not container.running:
        return not_applicable("the container does not run")
    evidence = [Evidence("HostConfig.NetworkMode", container.network_mode)]
    if attached:
        evidence.append(Evidence("NetworkSettings.Networks", default))
    projects = (view.index_of(Container, segments, default) or NOBODY).projects
    bridge = view.index_of(Network, networks_by_name, default)
    if len(projects) > 1 and bridge is not None and bridge.icc:
        evidence.append(icc_evidence(bridge))
        message = f"on the default bridge, where {', '.join(projects[:SHOWN])} meet"
        return failed(message, *evidence, severity=Severity.MEDIUM)
    return failed("on the default bridge", *evidence)


@check(
    "NET-006",
    "Inter-container traffic unrestricted on a user bridge",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Network,
    why="Every member reaches every port of every other, so one compromised container reaches the next project.",
    remediation="Give each project a network of its own and join only the pairs that talk; where nobody talks, "
    "create the network with `--opt com.docker.network.bridge.enable_icc=false` (then none reaches another).",
    references=(
        "CIS-Docker-1.6:2.2", "NIST-800-190:4.3.3", "OWASP-Docker:D03", "ATT&CK:T1046", "ATT&CK:T1021", "CWE-653",
    ),
)  # fmt: skip
def shared_bridge(network: Network, view: View) -> Verdict:
    """Judges user-defined bridges by the containers attached to them.

    F: inter-container communication is on and members of more than one project or stack run there. M (info): on, and
    several members of one project. P: off, or at most one member. NA: no bridge, or the default one (DMN-002). U:
    containers could not be listed. Source: CIS Docker 2.2, applied to every bridge.
    """
    if network.driver != "bridge" or is_default(network.name, view):
        return not_applicable("no user-defined bridge")
    segment = view.index_of(Container, segments, network.name) or NOBODY
    members = segment.running
    if not network.icc or len(members) < 2:
        return passed("", icc_evidence(network))
    shown = [Evidence("Containers", member.name, member.key) for member in members[:SHOWN]]
    if len(segment.projects) > 1:
        return failed(f"{', '.join(segment.projects[:SHOWN])} meet here", icc_evidence(network), *shown)
    message = f"{len(members)} containers reach each other's ports"
    return manual(message, icc_evidence(network), *shown, severity=Severity.INFO)


@check(
    "NET-009",
    "Overlay without encryption",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Network,
    why="Traffic between nodes can be read and changed by whoever is on the wire.",
    remediation="Re-create the network with `docker network create -d overlay --opt encrypted NAME`; services have "
    "to be moved over. IPsec costs throughput and needs protocol 50 open between the nodes.",
    references=("CIS-Docker-1.6:7.3", "NIST-800-190:4.3.3", "ATT&CK:T1040", "ATT&CK:T1557", "CWE-319"),
)
def plain_overlay(network: Network, view: View) -> Verdict:
    """Judges overlay networks of a swarm with at least two nodes.

    F: no option `encrypted` (low for the ingress network), or it is there but the engine ignores it (CVE-2023-28840,
    before 20.10.24 and 23.0.3). M: the same with a distribution's engine. P: encrypted. NA: another driver, one node,
    or an ingress network without routing-mesh ports. U: not on a manager, which alone knows the nodes. Source: CIS 7.3.
    """
    if network.driver != "overlay":
        return not_applicable("no overlay network")
    engine = view.engine()
    if not engine.swarm.control_available:
        return unknown("only a manager knows how many nodes the network spans: ask one")
    if engine.swarm.nodes < 2:
        return not_applicable("one node: the traffic never leaves it")
    option = Evidence("Options", ", ".join(sorted(network.options)) or "none")
    if network.encrypted:
        return _encrypted(engine, option)
    nodes = Evidence("Swarm.Nodes", str(engine.swarm.nodes), engine.key)
    if not network.ingress:
        return failed("not encrypted", option, nodes)
    if not any(port.publish_mode == "ingress" for service in view.all(Service) for port in service.ports):
        return not_applicable("no service publishes through the routing mesh")
    return failed("routing-mesh traffic between nodes is not encrypted", option, nodes, severity=Severity.LOW)


@check(
    "NET-010",
    "Attachable overlay",
    domain=Domain.NETWORK,
    severity=Severity.LOW,
    subject=Network,
    why="Any container on any node can join the services' network.",
    remediation="Re-create the network without `--attachable`; run what needs it as a service instead.",
    references=("NIST-800-190:4.3.3", "ATT&CK:T1610", "CWE-653"),
)
def attachable_overlay(network: Network, view: View) -> Verdict:
    """Judges `Attachable` of overlay networks and the standalone containers attached to them.

    F: containers of no service and no stack are attached (medium). M: attachable. P: not attachable. NA: another
    driver. U: containers could not be listed. Only containers of this engine are seen.
    """
    if network.driver != "overlay":
        return not_applicable("no overlay network")
    evidence = Evidence("Attachable", str(network.attachable).lower())
    if not network.attachable:
        return passed("", evidence)
    members = (view.index_of(Container, segments, network.name) or NOBODY).members
    strangers = [member for member in members if not member.service_id and not member.project]
    if strangers:
        shown = [Evidence("Containers", member.name, member.key) for member in strangers[:SHOWN]]
        return failed("standalone containers are attached", evidence, *shown, severity=Severity.MEDIUM)
    return manual("containers may join without being a service", evidence)


@check(
    "NET-011",
    "macvlan/ipvlan network",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Network,
    why="Its members stand in the host's own network, past the host's firewall and the bridge's isolation.",
    remediation="Use a bridge network and publish ports, unless the members need addresses of their own; then give "
    "them a VLAN of their own as parent (`-o parent=eth0.50`) and filter on the router.",
    references=("NIST-800-190:4.3.3", "ATT&CK:T1046", "CWE-653"),
)
def direct_network(network: Network, view: View) -> Verdict:
    """Judges the driver.

    M: macvlan or ipvlan, with its parent interface and subnets. P: another driver. U: the network was not read.
    """
    if network.driver not in {"macvlan", "ipvlan"}:
        return passed()
    evidence = [Evidence("Driver", network.driver)]
    evidence += [Evidence(f"Options[{name}]", value) for name, value in network.options.items() if name == "parent"]
    evidence += [Evidence("IPAM.Config[].Subnet", subnet.subnet) for subnet in network.subnets]
    return manual(f"{network.driver}: members bypass the host's firewall", *evidence)


@check(
    "NET-013",
    "Bridge default bind address is wildcard",
    domain=Domain.NETWORK,
    severity=Severity.LOW,
    subject=Network,
    why="A port that is published without an address lands on every interface.",
    remediation='Set `"ip": "127.0.0.1"` in daemon.json, or create the network with '
    "`--opt com.docker.network.bridge.host_binding_ipv4=127.0.0.1`. Ports meant for outside then need their address.",
    references=("CIS-Docker-1.6:5.14", "CWE-1188"),
)
def wildcard_default(network: Network, view: View) -> Verdict:
    """Judges the option com.docker.network.bridge.host_binding_ipv4 of bridges.

    M: 0.0.0.0, or empty on the default bridge: whether the host has a public address is not known here. P: a specific
    address, or an internal network. NA: another driver, or a user bridge without the option, which takes the engine's
    default and is judged on the default bridge. U: the network was not read.
    """
    if network.driver != "bridge":
        return not_applicable("no bridge")
    if network.internal:
        return passed("an internal network publishes nothing")
    value = network.options.get(_BINDING, "")
    if not value and not is_default(network.name, view):
        return not_applicable("takes the engine's default, which the default bridge shows")
    evidence = Evidence(f"Options[{_BINDING}]", value or "none")
    if value not in {"", "0.0.0.0", "::"}:  # noqa: S104 - addresses to recognise, none to listen on
        return passed("", evidence)
    return manual("ports published without an address land on every interface", evidence)


def _segment(members: list[Container]) -> Segment:
    running = tuple(member for member in members if member.running)
    return Segment(tuple(members), running, tuple(sorted({one.project for one in running if one.project})))


def _encrypted(engine: Engine, option: Evidence) -> Verdict:
    version_read = parse_version(engine.version)
    if version_read is None:
        return unknown(f"the engine's version {engine.version!r} says nothing about CVE-2023-28840")
    if version_read.release >= (23, 0, 3) or (20, 10, 24) <= version_read.release < (21,):
        return passed("", option)
    version = Evidence("ServerVersion", engine.version, engine.key)
    message = "encrypted in name only: the engine accepts and sends clear text (CVE-2023-28840)"
    return manual(message, option, version) if version_read.distribution else failed(message, option, version)
