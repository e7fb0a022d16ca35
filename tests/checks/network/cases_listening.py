"""Cases of what listens in a container's network namespace."""

from __future__ import annotations

from checks.verdict import Outcome, Severity
from inventory.activity import Activity, Listener
from inventory.container import Attachment, Container, Port
from inventory.gap import Gap, Reason
from inventory.network import Network
from inventory.resource import Kind, Resource, ResourceKey
from inventory.sources.host.netns import listeners
from tests.checks.builders import GAP, SOURCE, changed, container, docker
from tests.checks.cases import ENGINE, Case
from tests.inventory.host import recorded

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, *_ = Severity

_NET = Attachment("shared", "n1")
SUBJECT = container(networks=(_NET,), exposed_ports=("8080/tcp",), ports=(), project="shop")


def other(project: str, **values: object) -> Container:
    """Another container that runs on the same network."""
    key = ResourceKey(Kind.CONTAINER, SOURCE, "e" * 64)
    return changed(SUBJECT, key=key, id=key.id, project=project, **values)


def bridge(icc: bool) -> Network:
    """The network, as far as it matters here."""
    options = {"com.docker.network.bridge.enable_icc": str(icc).lower()}
    return Network.build(key=ResourceKey(Kind.NETWORK, SOURCE, "n1"), name="shared", driver="bridge", options=options)


def does(listening: tuple[Listener, ...] | Gap, subject: Container = SUBJECT) -> Activity:
    """What listens in one container."""
    return Activity.build(
        key=ResourceKey(Kind.ACTIVITY, SOURCE, subject.id), name=subject.name, listeners=listening, processes=()
    )


def at(port: int, address: str = "::", protocol: str = "tcp6") -> Listener:
    """A listener beyond loopback, unless told otherwise."""
    return Listener(protocol, address, port, 10001)


def real(name: str) -> tuple[Listener, ...] | Gap:
    """What listened in a recorded container."""
    return listeners(recorded.kernel(), recorded.containers()[name].pid)


def case(
    expected: Outcome, listening: tuple[Listener, ...] | Gap, *others: Resource, note: str,
    severity: Severity | None = None, subject: Container = SUBJECT,
) -> Case:  # fmt: skip
    """A case of NET-027."""
    around = (ENGINE, does(listening, subject), *others)
    return Case("NET-027", subject, expected, severity, others=around, note=note)


_far = Gap(Reason.UNSUPPORTED, "/proc/PID/net", "the engine is not on this machine")
_joined = other("shop", network_mode=f"container:{SUBJECT.id}", exposed_ports=("9000-9001/tcp",))
_published = changed(SUBJECT, ports=(Port(3000, "tcp", "127.0.0.1", 3000),))
CASES = [
    case(FAIL, real("telnet-inside"), other("blog"), bridge(True), note="recorded, another project", severity=LOW),
    case(FAIL, real("telnet-inside"), other(""), bridge(True), note="one that belongs to no project", severity=LOW),
    case(FAIL, (at(6379),), other("blog"), bridge(True), note="a database", severity=MEDIUM),
    case(FAIL, (at(9999, "172.18.0.2", "tcp"),), other("blog"), bridge(True), note="one address", severity=LOW),
    case(FAIL, (at(53, "0.0.0.0", "udp"),), other("blog"), bridge(True), note="UDP", severity=LOW),
    case(MANUAL, real("telnet-inside"), bridge(True), note="recorded, alone", severity=INFO),
    case(MANUAL, (at(6379),), other("shop"), bridge(True), note="its own project", severity=INFO),
    case(
        MANUAL, (at(6379),), other("blog", state="exited"), bridge(True), note="the other stands still", severity=INFO
    ),
    case(MANUAL, (at(6379),), other("blog"), bridge(False), note="members may not talk", severity=INFO),
    case(PASS, (at(8080),), other("blog"), bridge(True), note="exposed"),
    case(PASS, (at(3000, "0.0.0.0", "tcp"),), other("blog"), bridge(True), note="published", subject=_published),
    case(PASS, (at(9001),), _joined, bridge(True), note="exposed by one that joined"),
    case(PASS, (at(9999, "127.0.0.1", "tcp"), at(9999, "::1")), other("blog"), bridge(True), note="loopback"),
    case(PASS, (at(41000, "0.0.0.0", "udp"),), other("blog"), bridge(True), note="a client's UDP socket"),
    case(PASS, (at(37000, "127.0.0.11", "udp"),), other("blog"), bridge(True), note="Docker's name server"),
    case(PASS, (), other("blog"), bridge(True), note="nothing listens"),
    case(UNKNOWN, _far, note="not on this machine"),
    Case("NET-027", SUBJECT, UNKNOWN, note="nobody looked"),
    Case(
        "NET-027", SUBJECT, UNKNOWN, others=(does((at(6379),)), other("blog")), gaps={(SOURCE, Kind.NETWORK): GAP},
        note="networks not read",
    ),
    Case("NET-027", docker("exited-zero"), NA, note="does not run"),
    Case("NET-027", container(network_mode="host"), NA, note="the host's network"),
    Case("NET-027", docker("sharednet"), NA, note="another container's network"),
]  # fmt: skip
