"""Cases of networks that join owners, of names, and of weak neighbours."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.activity import Activity, Process
from inventory.container import Attachment, Container
from inventory.network import Network
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import GAP, NOW, SOURCE, changed, container, docker
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import network

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity

_front, _back, _bridge = network("front"), network("back"), network("bridge")
_db = docker("plain", Config__ExposedPorts={"5432/tcp": {}})
_no_containers = {(SOURCE, Kind.CONTAINER): GAP}


def _on(member: Container, name: str, project: str, *networks: str) -> Container:
    key = ResourceKey(Kind.CONTAINER, SOURCE, name)
    attached = tuple(Attachment(one, "") for one in networks)
    return changed(member, key=key, id=name, name=name, project=project, networks=attached, state="running")


def _net(name: str, like: Network = _front, **changes: object) -> Network:
    return changed(like, key=ResourceKey(Kind.NETWORK, SOURCE, name), id=name, name=name, **changes)


_a, _b, _ingress = _net("a"), _net("b"), _net("ingress", network("ingress"))
_good = container()
_between = _on(_good, "between", "x", "front", "back")
_web = _on(docker("pub4"), "web", "x", "front")
_privileged = _on(docker("privileged"), "between", "x", "front", "back")

TRUST = [
    Case("NET-007", _privileged, FAIL, MEDIUM, others=(ENGINE, _front, _back, _web), note="joins them"),
    Case("NET-007", _between, MANUAL, others=(ENGINE, _front, _back, _web), note="well confined"),
    Case(
        "NET-007",
        _on(_good, "between", "x", "a", "b"),
        MANUAL,
        others=(ENGINE, _a, _b, _on(_good, "one", "y", "a"), _on(_good, "two", "z", "b")),
        note="two owners",
    ),
    Case(
        "NET-007",
        _on(_good, "between", "x", "a", "b"),
        PASS,
        others=(ENGINE, _a, _b, _on(_good, "one", "x", "a"), _on(_good, "two", "x", "b")),
        note="one owner",
    ),
    Case("NET-007", _on(_good, "alone", "x", "a"), NA, others=(ENGINE, _a), note="one network"),
    Case("NET-007", changed(_between, state="exited"), NA, others=(ENGINE, _front, _back)),
    Case("NET-008", _front, MANUAL, INFO, others=(_on(_db, "db", "x", "front"),)),
    Case("NET-008", _back, PASS, others=(_on(_db, "db", "x", "back"),)),
    Case("NET-008", _front, NA, others=(_on(docker("plain"), "app", "x", "front"),), note="no database"),
    Case("NET-008", _bridge, NA),
    Case("NET-008", _front, UNKNOWN, others=(), gaps=_no_containers),
    Case(
        "NET-007",
        _on(_good, "between", "x", "ingress", "a", "docker_gwbridge"),
        NA,
        others=(ENGINE, _ingress, _a, _on(_good, "one", "y", "ingress"), _on(_good, "two", "z", "docker_gwbridge")),
        note="Swarm's own networks",
    ),
    Case(
        "NET-007",
        _on(_good, "between", "x", "ingress", "a", "b"),
        PASS,
        others=(ENGINE, _ingress, _a, _b, _on(_good, "one", "y", "ingress"), _on(_good, "two", "x", "b")),
        note="and two of one owner",
    ),
]
_app = _on(_good, "app", "x", "back")
_nowhere = changed(_good, network_mode="none", networks=())
EGRESS = [
    Case("NET-029", ENGINE, MANUAL, LOW, others=(_front, _back, _web, _app)),
    Case("NET-029", ENGINE, MANUAL, LOW, others=(docker("hostall"), network("host")), note="the host's own"),
    Case("NET-029", ENGINE, MANUAL, others=(changed(_nowhere, network_mode="pasta"),), note="rootless"),
    Case("NET-029", ENGINE, PASS, others=(_back, _app, _nowhere)),
    Case("NET-029", ENGINE, NA, others=(_front, changed(_web, state="exited")), note="nothing runs"),
    Case("NET-029", ENGINE, UNKNOWN, others=(), gaps=_no_containers),
    Case("NET-029", ENGINE, UNKNOWN, others=(_web,), note="network not listed"),
    Case("NET-029", ENGINE, MANUAL, others=(_front, _web, _app), note="and one that is not listed"),
]
NAMES = [
    Case("NET-025", changed(_good, dns=("8.8.8.8",)), MANUAL, INFO, note="public resolver"),
    Case("NET-025", changed(_good, dns=("not an address",)), MANUAL, note="resolver that is no address"),
    Case("NET-025", changed(_good, extra_hosts=("api.example.com:10.0.0.1",)), MANUAL, note="public name"),
    Case("NET-025", changed(_good, extra_hosts=("host.docker.internal:host-gateway",)), MANUAL, note="the host"),
    Case("NET-025", changed(_good, dns=("10.0.0.2", "127.0.0.11"), extra_hosts=("db:10.0.0.3",)), PASS, note="private"),
    Case("NET-025", docker("plain"), PASS),
]


def _quiet(name: str) -> Activity:
    """One process that nobody minds, and no listener."""
    key = ResourceKey(Kind.ACTIVITY, SOURCE, name)
    process = Process(10, 1, "app", ("app",), uid=1000, exe="/app", started=NOW, terminal=False)
    nothing: dict[str, Any] = dict.fromkeys(("listeners", "changes", "sessions"), ())
    return Activity.build(key=key, name=name, processes=(process,), changes_complete=True, size_rw=0, **nothing)


_flat = (ENGINE, _a, _on(_db, "db", "y", "a"))
_weak = _on(
    docker("privileged", NetworkSettings__Ports={"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "80"}]}), "weak", "x", "a"
)
NEIGHBOURS = [
    Case("CMB-003", _a, FAIL, HIGH, others=(ENGINE, _on(_db, "db", "y", "a"), _weak)),
    Case("CMB-003", _net("a", options={"com.docker.network.bridge.enable_icc": "false"}), NA, others=(*_flat, _weak)),
    Case("CMB-003", _a, NA, others=(ENGINE, _weak, _on(_good, "app", "y", "a")), note="no database"),
    Case("CMB-003", _a, NA, others=_flat, note="nobody beside it"),
    Case(
        "CMB-003",
        _a,
        PASS,
        others=(*_flat, _on(_good, "app", "y", "a"), _quiet("db"), _quiet("app")),
    ),
    Case("CMB-003", _a, UNKNOWN, others=(*_flat, _on(_good, "app", "y", "a")), note="nobody looked at processes"),
]
CASES = [*TRUST, *EGRESS, *NAMES, *NEIGHBOURS]
