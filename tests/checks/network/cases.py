"""Cases of the network checks, and of the findings that combine exposure with something else."""

from __future__ import annotations

from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.container import Attachment, Container, Port
from inventory.engine import Engine
from inventory.network import Network
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import GAP, SOURCE, changed, docker, engine, host, podman_engine
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import built, network, service

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity

_pub4, _pub6, _plain, _hardened = docker("pub4"), docker("pub6"), docker("plain"), docker("hardened")
_bridge = network("bridge")
_no_containers = {(SOURCE, Kind.CONTAINER): GAP}


def _ports(*ports: Port) -> Container:
    return changed(_plain, ports=ports)


def _member(name: str, network_name: str, project: str) -> Container:
    key = ResourceKey(Kind.CONTAINER, SOURCE, name)
    attached = (Attachment(network_name, ""),)
    return changed(_plain, key=key, id=name, name=name, project=project, networks=attached)


def _open(container_port: int, host_ip: str = "0.0.0.0", host_port: int = 0, protocol: str = "tcp") -> Container:
    return _ports(Port(container_port, protocol, host_ip, host_port or container_port))


def _cluster(nodes: int = 3, version: str = "29.1.0") -> Engine:
    state = ENGINE.swarm
    return engine(version=version, swarm=type(state)("active", state.node_id, "10.0.0.1", True, nodes, 1))


PUBLISHED = [
    Case("NET-001", _pub4, FAIL),
    Case("NET-001", _open(8000, "::"), FAIL, note="IPv6"),
    Case("NET-001", _pub6, PASS, note="IPv6 loopback"),
    Case("NET-001", _open(8000), FAIL, MEDIUM, note="nothing sensitive"),
    Case("NET-001", _open(5432), FAIL, HIGH, note="a database"),
    Case("NET-001", _open(8000, ""), FAIL, note="no address"),
    Case("NET-001", _open(8000, "127.0.0.1"), PASS, note="loopback"),
    Case("NET-001", _hardened, PASS),
    Case("NET-001", changed(_plain, ports=GAP), UNKNOWN),
    Case("NET-002", _open(80), FAIL, LOW),
    Case("NET-002", _open(80), NA, policy=Policy(edge_proxies=("pl*",)), note="edge proxy"),
    Case(
        "NET-002",
        _ports(Port(80, "tcp", "0.0.0.0", 80), Port(22, "tcp", "0.0.0.0", 22)),
        FAIL,
        policy=Policy(edge_proxies=("pl*",)),
        note="edge proxy with ssh",
    ),
    Case("NET-002", _ports(Port(80, "tcp", "0.0.0.0", 0)), PASS, note="not chosen yet"),
    Case("NET-002", _hardened, PASS),
    Case("NET-003", _open(2375), FAIL, CRITICAL, note="control API"),
    Case("NET-003", _open(5432), FAIL, HIGH, note="database"),
    Case("NET-003", _open(5601), FAIL, MEDIUM, note="console"),
    Case("NET-003", _open(80, host_port=6379), FAIL, HIGH, note="by host port"),
    Case("NET-003", _open(80, host_port=9000), PASS, note="a console's host port says nothing"),
    Case("NET-003", _open(5432, "10.1.2.3"), FAIL, note="a specific address"),
    Case("NET-003", _open(5432, "127.0.0.1"), MANUAL, LOW, note="loopback"),
    Case("NET-003", _open(5432, "::1"), MANUAL, note="IPv6 loopback"),
    Case("NET-003", _hardened, PASS),
    Case("NET-004", changed(_pub4, publish_all_ports=True), FAIL, MEDIUM),
    Case("NET-004", _pub4, MANUAL, others=(ENGINE, built("busybox_1.35")), note="image declares nothing"),
    Case("NET-004", changed(_open(8080), image_id=built().id), PASS, others=(ENGINE, built())),
    Case("NET-004", _hardened, NA),
    Case("NET-022", _open(80), MANUAL),
    Case("NET-022", _open(443), PASS),
    Case("NET-022", _open(80, "127.0.0.1"), PASS, note="loopback"),
]
SEGMENTS = [
    Case("NET-005", _plain, FAIL, LOW, others=(ENGINE, _bridge)),
    Case(
        "NET-005",
        _plain,
        FAIL,
        MEDIUM,
        others=(ENGINE, _bridge, _member("a", "bridge", "x"), _member("b", "bridge", "y")),
        note="projects meet",
    ),
    Case(
        "NET-005",
        _plain,
        FAIL,
        LOW,
        note="icc off",
        others=(ENGINE, network("bridge-iccoff"), _member("a", "bridge", "x"), _member("b", "bridge", "y")),
    ),
    Case("NET-005", changed(_plain, state="exited"), NA, others=(ENGINE, _bridge)),
    Case("NET-005", docker("shop-web-1"), PASS, others=(ENGINE, _bridge)),
    Case("NET-005", _member("task", "ov1", "stk"), PASS, others=(ENGINE, _bridge), note="a task on its overlay"),
    Case("NET-005", changed(_plain, networks=()), FAIL, LOW, others=(ENGINE, _bridge), note="not attached yet"),
    Case("NET-006", network("front"), FAIL, MEDIUM, others=(_member("a", "front", "x"), _member("b", "front", "y"))),
    Case("NET-006", network("front"), MANUAL, INFO, others=(_member("a", "front", "x"), _member("b", "front", "x"))),
    Case("NET-006", network("front"), PASS, others=(_member("a", "front", "x"),), note="one member"),
    Case("NET-006", network("noicc"), PASS, others=(_member("a", "noicc", "x"), _member("b", "noicc", "y"))),
    Case("NET-006", _bridge, NA),
    Case("NET-006", network("front"), UNKNOWN, gaps=_no_containers),
    Case("NET-009", network("ov1"), FAIL, MEDIUM, others=(_cluster(),)),
    Case("NET-009", network("ov1"), NA, note="one node"),
    Case("NET-009", network("ingress"), NA, others=(_cluster(),), note="no routing mesh"),
    Case("NET-009", network("ingress"), FAIL, LOW, others=(_cluster(), service()), note="ingress"),
    Case("NET-009", network("ovenc"), PASS, others=(_cluster(),)),
    Case("NET-009", network("ovenc"), FAIL, others=(_cluster(version="20.10.23"),), note="CVE-2023-28840"),
    Case(
        "NET-009", network("ovenc"), MANUAL, others=(_cluster(version="20.10.5+dfsg1"),), note="a distribution's engine"
    ),
    Case("NET-009", network("ov1"), UNKNOWN, others=(engine("info-noswarm"),), note="no manager"),
    Case("NET-010", network("ovenc"), FAIL, MEDIUM, others=(ENGINE, _member("a", "ovenc", "")), note="standalone"),
    Case("NET-010", network("ovenc"), MANUAL),
    Case("NET-010", network("ov1"), PASS),
    Case("NET-010", network("front"), NA),
    Case("NET-011", changed(network("front"), driver="macvlan", options={"parent": "eth0"}), MANUAL),
    Case("NET-011", network("front"), PASS),
    Case("NET-013", _bridge, MANUAL),
    Case("NET-013", network("tuned"), PASS),
    Case("NET-013", network("front"), NA),
    Case("NET-013", network("back"), PASS, note="internal"),
    Case("NET-013", Network.build(key=_bridge.key, name="bridge"), UNKNOWN),
]
LISTENERS = [
    Case("NET-030", engine("info-noswarm"), FAIL, HIGH, others=(), note="warned of loopback"),
    Case(
        "NET-030",
        engine(warnings=("WARNING: API is accessible on http://0.0.0.0:2375 without encryption.",)),
        FAIL,
        CRITICAL,
        others=(),
        note="warned of all addresses",
    ),
    Case(
        "NET-030",
        engine("info-hardened"),
        PASS,
        others=(host(daemon_flags=(), daemon_config={}, daemon_config_path=""),),
    ),
    Case(
        "NET-030",
        engine("info-hardened"),
        FAIL,
        CRITICAL,
        note="options",
        others=(host(daemon_flags=("-H", "tcp://0.0.0.0:2375"), daemon_config={}, daemon_config_path=""),),
    ),
    Case(
        "NET-030",
        engine("info-hardened"),
        MANUAL,
        note="client certificates",
        others=(
            host(daemon_flags=("-H", "tcp://0.0.0.0:2376", "--tlsverify"), daemon_config={}, daemon_config_path=""),
        ),
    ),
    Case("NET-030", engine("info-hardened"), UNKNOWN, others=(), note="remote"),
    Case(
        "NET-030",
        podman_engine(),
        UNKNOWN,
        others=(host(daemon_flags=(), daemon_config={}, daemon_config_path=""),),
        note="podman",
    ),
]
CASES = [*PUBLISHED, *SEGMENTS, *LISTENERS]
