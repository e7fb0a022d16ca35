"""Cases of where services land."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.container import Mount
from inventory.resource import Kind, ResourceKey
from inventory.swarm import Node, Service, Task
from tests.checks.builders import GAP, SOURCE, changed
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import node, service, tasks

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity

_manager, _worker = node(), node(id="w", name="w", role="worker")
_socket = Mount("bind", "/var/run/docker.sock", "/var/run/docker.sock", True)


def _service(name: str, stack: str, **changes: Any) -> Service:
    key = ResourceKey(Kind.SERVICE, SOURCE, name)
    fields = {"ports": (), "constraints": (), "mounts": (), "stack": stack, **changes}
    return changed(service(), key=key, id=name, name=name, **fields)


def _task(of: Service, on: Node) -> Task:
    key = ResourceKey(Kind.TASK, SOURCE, f"{of.name}.1")
    return changed(tasks()[0], key=key, id=key.id, name=key.id, service_id=of.id, node_id=on.id, state="running")


_web, _ledger = _service("web", "shop", ports=service().ports), _service("ledger", "bank")
_mixed = (ENGINE, _worker, _web, _ledger, _task(_web, _manager), _task(_ledger, _manager))
_agent = _service("agent", "", mode="global", mounts=(_socket,))

CASES = [
    Case("ORC-019", _manager, MANUAL, MEDIUM, others=_mixed),
    Case("ORC-019", _worker, PASS, others=(ENGINE, _manager, *_mixed[2:]), note="nothing lands here"),
    Case(
        "ORC-019",
        _manager,
        PASS,
        others=(*_mixed[:2], changed(_web, constraints=("node.labels.zone==dmz",)), *_mixed[3:]),
        note="constrained",
    ),
    Case("ORC-019", _manager, NA, others=(ENGINE, *_mixed[2:]), note="one node"),
    Case("ORC-019", _manager, UNKNOWN, others=_mixed, gaps={(SOURCE, Kind.TASK): GAP}),
    Case("ORC-020", _agent, FAIL, HIGH, note="managers too"),
    Case("ORC-020", changed(_agent, constraints=("node.role == worker",)), FAIL, MEDIUM, note="workers"),
    Case("ORC-020", changed(_agent, mounts=()), PASS),
    Case("ORC-020", changed(_agent, mode="replicated"), NA),
    Case("ORC-020", changed(_agent, mounts=GAP), UNKNOWN),
]
