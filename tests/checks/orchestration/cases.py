"""Cases of the Swarm checks."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.container import Mount
from inventory.engine import Engine
from inventory.resource import Kind
from inventory.swarm import Node, Privileges, ServicePort
from tests.checks.builders import GAP, NOW, SOURCE, changed, engine
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import config, network, node, secret, service, swarm, tasks

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity
DAY = 86400.0

_web, _agent, _crash = service(), service("stk_agent"), service("crash")
_tasks = tasks()
_alone = engine("info-noswarm")
_configured = (ENGINE, config())


def _in_swarm(**state: Any) -> Engine:
    before = ENGINE.swarm
    values = {name: getattr(before, name) for name in ("state", "node_id", "node_addr", "control_available", "nodes")}
    return changed(ENGINE, swarm=type(before)(**{**values, **state}))


def _nodes(managers: int, workers: int = 0, **last: Any) -> tuple[Node, ...]:
    found = [node(id=f"m{number}", name=f"m{number}") for number in range(managers)]
    found += [node(id=f"w{number}", role="worker", reachability="") for number in range(workers)]
    return (*found[:-1], changed(found[-1], **last)) if last else tuple(found)


SWARM = [
    Case("ORC-001", ENGINE, FAIL, LOW, others=(), note="unused"),
    Case("ORC-001", ENGINE, MANUAL, others=(_web,)),
    Case("ORC-001", _in_swarm(control_available=False), MANUAL, others=(), note="a worker"),
    Case("ORC-001", _alone, PASS, others=()),
    Case("ORC-001", ENGINE, UNKNOWN, others=(), gaps={(SOURCE, Kind.SERVICE): GAP}),
    Case("ORC-002", swarm(), FAIL, MEDIUM, others=_nodes(2), note="even"),
    Case("ORC-002", swarm(), FAIL, MEDIUM, others=_nodes(1, 2), note="one of three"),
    Case("ORC-002", swarm(), FAIL, MEDIUM, others=_nodes(9), note="too many"),
    Case("ORC-002", swarm(), FAIL, HIGH, others=_nodes(3, reachability="unreachable"), note="no margin"),
    Case("ORC-002", swarm(), FAIL, MEDIUM, others=_nodes(5, reachability="unreachable"), note="one may still fail"),
    Case("ORC-002", swarm(), MANUAL, others=_nodes(1), note="single node"),
    Case("ORC-002", swarm(), PASS, others=_nodes(3)),
    Case("ORC-002", swarm(), UNKNOWN, others=(), gaps={(SOURCE, Kind.NODE): GAP}),
    Case("ORC-003", _in_swarm(node_addr="8.8.8.8"), FAIL, MEDIUM, others=(), note="public"),
    Case("ORC-003", _in_swarm(node_addr="10.0.0.5"), MANUAL, others=(), note="private"),
    Case("ORC-003", _in_swarm(node_addr=""), UNKNOWN, others=()),
    Case("ORC-003", _alone, PASS, others=()),
    Case("ORC-004", swarm(), FAIL, HIGH),
    Case("ORC-004", swarm(autolock_managers=True), PASS),
    Case("ORC-004", swarm(autolock_managers=GAP), UNKNOWN),
    Case("ORC-006", swarm(), MANUAL, note="90 days"),
    Case("ORC-006", swarm(node_cert_expiry=100 * DAY), FAIL, LOW),
    Case("ORC-006", swarm(node_cert_expiry=30 * DAY), PASS),
    Case("ORC-007", swarm(), PASS, others=(node(),)),
    Case("ORC-007", swarm(), FAIL, MEDIUM, others=(node(trust_root="another"),), note="another root"),
    Case(
        "ORC-007",
        swarm(root_rotation_in_progress=True, updated=NOW - DAY),
        FAIL,
        MEDIUM,
        others=(node(),),
        note="rotation",
    ),
    Case("ORC-007", swarm(), MANUAL, others=(node(),), now=NOW + 1000 * DAY, note="old"),
    Case("ORC-007", swarm(), FAIL, MEDIUM, others=(node(),), now=NOW + 19.5 * 365.25 * DAY, note="ends"),
    Case("ORC-007", swarm(trust_root="garbage"), UNKNOWN, others=(node(),)),
]
NODES = [
    Case("ORC-009", node(), FAIL, MEDIUM, others=(*_nodes(0, 1), *_tasks)),
    Case("ORC-009", node(), NA, others=(), note="no worker"),
    Case("ORC-009", node(availability="drain"), PASS, others=_nodes(0, 1)),
    Case("ORC-009", node(), UNKNOWN, others=(), gaps={(SOURCE, Kind.NODE): GAP}),
    Case("ORC-010", node(state="down"), FAIL, MEDIUM),
    Case("ORC-010", node(), FAIL, LOW, others=_nodes(0, 1, engine_version="29.1.0"), note="skew"),
    Case("ORC-010", node(), PASS, others=_nodes(0, 1)),
    Case("ORC-010", node(engine_version="dev"), UNKNOWN),
]
SERVICES = [
    Case("ORC-011", _agent, FAIL, CRITICAL, note="socket and root"),
    Case("ORC-011", changed(_web, mounts=(Mount("bind", "/etc", "/x", False),)), FAIL, HIGH, note="/etc read-only"),
    Case("ORC-011", changed(_web, cap_add=("NET_ADMIN",)), FAIL, HIGH, note="capability"),
    Case("ORC-011", changed(_web, privileges=Privileges(seccomp_mode="unconfined")), FAIL, HIGH, note="seccomp"),
    Case("ORC-011", changed(_web, privileges=Privileges(selinux_disable=True)), FAIL, MEDIUM, note="selinux"),
    Case(
        "ORC-011",
        changed(_web, networks=(network("host").id,)),
        FAIL,
        HIGH,
        others=(network("host"),),
        note="host network",
    ),
    Case("ORC-011", _web, PASS),
    Case("ORC-011", changed(_web, mounts=GAP), UNKNOWN),
    Case("ORC-012", _crash, FAIL, MEDIUM),
    Case("ORC-012", changed(_web, pids_limit=100, nano_cpus_limit=0), FAIL, LOW, note="cpu only"),
    Case("ORC-012", changed(_web, pids_limit=100), PASS),
    Case("ORC-012", changed(_web, memory_limit=GAP), UNKNOWN),
    Case("ORC-013", _web, FAIL, LOW),
    Case("ORC-013", changed(_web, image_ref="a/b:1@sha256:" + "0" * 64), PASS),
    Case("ORC-014", _agent, FAIL, MEDIUM),
    Case(
        "ORC-014", changed(_web, args=("serve", "--url=postgres://app:s3cr3tpw9@db/x")), FAIL, HIGH, others=_configured
    ),
    Case(
        "ORC-014",
        _web,
        FAIL,
        HIGH,
        note="config",
        others=(config(data="[db]\npassword: x9f8e7d6c5\nkey=AKIAQWERTYUIOPASDFGH\n"),),
    ),
    Case("ORC-014", _web, PASS, others=(config(data="level=debug\ndb_password_file=/run/secrets/db\n"),)),
    Case("ORC-014", _web, UNKNOWN, gaps={(SOURCE, Kind.CONFIG): GAP}),
    Case("ORC-015", secret(), FAIL, LOW, now=NOW + 31 * DAY, note="unused"),
    Case("ORC-015", secret(), FAIL, LOW, others=(_web,), now=NOW + 400 * DAY, note="old"),
    Case("ORC-015", secret(), MANUAL, others=(_web,), note="world-readable inside"),
    Case("ORC-015", secret(), PASS, note="young"),
    Case("ORC-015", secret(), UNKNOWN, gaps={(SOURCE, Kind.SERVICE): GAP}),
    Case("ORC-016", _crash, FAIL, MEDIUM, others=_tasks),
    Case("ORC-016", changed(_web, running=3, desired=3), PASS),
    Case("ORC-016", changed(_web, running=1, desired=3, updated=NOW - 10), PASS, note="settling"),
    Case("ORC-016", service("job2"), NA),
    Case("ORC-016", _web, UNKNOWN, gaps={(SOURCE, Kind.TASK): GAP}),
    Case("ORC-017", changed(_web, update_failure_action="continue"), MANUAL),
    Case("ORC-017", changed(_web, healthcheck=None), MANUAL, note="no health check"),
    Case("ORC-017", _web, PASS),
    Case("ORC-017", _crash, NA),
    Case("ORC-018", _web, MANUAL),
    Case("ORC-018", changed(_web, ports=(ServicePort("tcp", 5432, 5432, "ingress"),)), FAIL, HIGH),
    Case("ORC-018", changed(_web, ports=(ServicePort("tcp", 5432, 5432, "host"),)), PASS),
]
CASES = [*SWARM, *NODES, *SERVICES]
