"""The nodes of a swarm: what managers run, who is down, who lags behind."""

from __future__ import annotations

from checks.check import Domain, check
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed, unknown
from checks.versions import parse_version
from checks.view import View
from inventory.model import Node, Task


@check(
    "ORC-009",
    "Managers run workloads",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Node,
    why="An escape from a workload on a manager owns the whole cluster.",
    remediation="`docker node update --availability drain NODE`. Its tasks move to the workers, which need the room.",
    references=("NIST-800-190:4.3.4", "NIST-800-190:4.3.5", "ATT&CK:T1611"),
)
def working_manager(node: Node, view: View) -> Verdict:
    """Judges role and `Spec.Availability`.

    F: a manager that is active while there are workers. P: drained or paused. NA: a worker, or a swarm without workers.
    U: nodes were not listed.
    """
    if node.role != "manager":
        return not_applicable("a worker")
    evidence = Evidence("Spec.Availability", node.availability)
    if node.availability != "active":
        return passed("", evidence)
    if not any(other.role == "worker" for other in view.all(Node)):
        return not_applicable("the swarm has no worker")
    running = [task for task in view.all(Task) if task.node_id == node.id and task.state == "running"]
    tasks = [Evidence("GET /tasks", task.name, task.key) for task in running[:SHOWN]]
    return failed(f"takes tasks, {len(running)} run now", evidence, *tasks)


@check(
    "ORC-010",
    "Node down, version skew",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Node,
    why="Lost capacity, or a straggler without the others' fixes.",
    remediation="Start or repair the node, or remove it (`docker node rm --force NODE`). Bring all engines to one "
    "version, managers first, one node at a time, drained.",
    references=("NIST-800-190:4.3.5", "OWASP-Docker:D02"),
)
def node_trouble(node: Node, view: View) -> Verdict:
    """Judges `Status.State` and the engine's version.

    F: not ready (medium); another major version than the newest node (low). P: ready, same major version. U: nodes were
    not listed, or a version is no number.
    """
    if node.state != "ready":
        return failed(f"is {node.state}", Evidence("Status.State", node.state))
    own = parse_version(node.engine_version)
    all_ = [parse_version(other.engine_version) for other in view.all(Node)]
    newest = max((found for found in all_ if found is not None), default=None)
    if own is None or newest is None:
        return unknown(f"the engine's version {node.engine_version!r} is no number")
    evidence = Evidence("Description.Engine.EngineVersion", node.engine_version)
    if own.release[0] < newest.release[0]:
        message = f"{node.engine_version} while others run {'.'.join(map(str, newest.release))}"
        return failed(message, evidence, severity=Severity.LOW)
    return passed("", evidence)
