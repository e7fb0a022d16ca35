"""What really listens in a container's network, against what it says it offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.check import Domain, check
from checks.data.ports import SENSITIVE
from checks.images.usage import SHOWN
from checks.listening import beyond_loopback, socket_seen
from checks.network.segments import NOBODY, networks_by_name, segments
from checks.processes import lives
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.activity import Listener
from inventory.model import Container, Network

# Linux, net.ipv4.ip_local_port_range: a UDP socket up there waits for the answer to a question of its own.
_FIRST_EPHEMERAL = 32768
_JOINED = "container:"


@check(
    "NET-027",
    "Listener that is neither exposed nor published",
    domain=Domain.NETWORK,
    severity=Severity.LOW,
    subject=Container,
    why="What really listens is the real surface: every neighbour on the network reaches it, whatever is published.",
    remediation=(
        "Bind what only the container itself needs to 127.0.0.1, switch off what nobody needs, and EXPOSE what is "
        "meant to be reached; give the project a network of its own (`networks:` in Compose)."
    ),
    references=("CIS-Docker-1.6:5.9", "NIST-800-190:4.4.2", "ATT&CK:T1046", "CWE-668"),
)
def undeclared_listener(container: Container, view: View) -> Verdict:
    """Compares the sockets in the container's network namespace (/proc/PID/net) with `Config.ExposedPorts` and the
    published ports. Loopback does not count, nor UDP from 32768 on, where clients wait for answers.

    F: one beyond loopback that is neither, on a network where other projects run, too, or containers that belong to
    none (medium for the services of NET-003). M (info): one that is neither, on networks of its own. P: each is
    exposed or published, or none listens.
    Ports exposed by containers that joined this one's network count as well. NA: it does not run, or its network is
    the host's or another container's. U: the engine is not on this machine or the reader is not root.
    Source: CIS Docker 5.9.
    """
    if not lives(container):
        return not_applicable("it does not run")
    if container.network_mode == "host":
        return not_applicable("shares the host's network (RUN-006)")
    if container.network_mode.startswith(_JOINED):
        return not_applicable("shares another container's network, and is judged there")
    listeners = beyond_loopback(view.activity(container.id).listeners)
    published = frozenset((port.container_port, port.protocol) for port in container.ports)
    others = view.index_of(Container, joined, container.id) or frozenset()
    declared = published | _exposed(container.exposed_ports) | others
    strange = [listener for listener in listeners if not _client(listener) and _port(listener) not in declared]
    if not strange:
        return passed("", *(socket_seen(listener) for listener in listeners[:SHOWN]))
    names = ", ".join(dict.fromkeys(f"{number}/{protocol}" for number, protocol in map(_port, strange)))
    evidence = [socket_seen(listener) for listener in strange[:SHOWN]]
    evidence.append(Evidence("exposed or published", ", ".join(f"{n}/{p}" for n, p in sorted(declared)) or "none"))
    neighbours = _neighbours(container, view)
    if not neighbours:
        return manual(f"{names}: listens, but is neither exposed nor published", *evidence, severity=Severity.INFO)
    sensitive = any(listener.port in SENSITIVE for listener in strange)
    return failed(
        f"{names}: neither exposed nor published, and within reach of {', '.join(neighbours[:SHOWN])}",
        *evidence,
        severity=Severity.MEDIUM if sensitive else None,
        salient=names,
    )


def joined(containers: tuple[Container, ...]) -> Mapping[str, frozenset[tuple[int, str]]]:
    """By container id: the ports declared by those that joined its network (an index for `View.index_of`)."""
    found: dict[str, frozenset[tuple[int, str]]] = {}
    for container in containers:
        mode, exposed = container.peek("network_mode"), container.peek("exposed_ports")
        if isinstance(mode, str) and mode.startswith(_JOINED) and isinstance(exposed, tuple):
            key = mode.removeprefix(_JOINED)
            found[key] = found.get(key, frozenset()) | _exposed(exposed)
    return found


def _exposed(texts: Iterable[str]) -> frozenset[tuple[int, str]]:
    """`6379/tcp`, `9000-9010/udp`."""
    ports: set[tuple[int, str]] = set()
    for text in texts:
        number, _, protocol = text.partition("/")
        first, _, last = number.partition("-")
        if first.isdigit() and (last or first).isdigit():
            ports.update((port, protocol or "tcp") for port in range(int(first), min(int(last or first), 65535) + 1))
    return frozenset(ports)


def _port(listener: Listener) -> tuple[int, str]:
    return listener.port, listener.protocol.removesuffix("6")


def _client(listener: Listener) -> bool:
    return listener.protocol.startswith("udp") and listener.port >= _FIRST_EPHEMERAL


def _neighbours(container: Container, view: View) -> list[str]:
    """Who else runs on its networks, where these let their members talk: projects, and containers without one."""
    found: set[str] = set()
    for attachment in container.networks:
        bridge = view.index_of(Network, networks_by_name, attachment.network)
        if bridge is not None and bridge.driver == "bridge" and not bridge.icc:
            continue
        members = (view.index_of(Container, segments, attachment.network) or NOBODY).running
        found.update(member.project or member.name for member in members if member.key != container.key)
    return sorted(found - {container.project})
