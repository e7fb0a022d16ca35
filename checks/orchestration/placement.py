"""Where the tasks of a service land: on which nodes, beside whom."""

from __future__ import annotations

from checks.check import Domain, check
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.model import Node, Service, Task

_WORKERS_ONLY = frozenset({"node.role==worker", "node.role!=manager"})


@check(
    "ORC-019",
    "No placement separation",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Node,
    why="An escape from the service that faces outside lands beside the one that does not.",
    remediation="Label the nodes (`docker node update --label-add zone=dmz NODE`) and constrain the services "
    "(`placement: {constraints: [node.labels.zone==dmz]}`). Each zone then needs capacity of its own.",
    references=("NIST-800-190:4.3.4", "ATT&CK:T1611", "CWE-653"),
)
def mixed_node(node: Node, view: View) -> Verdict:
    """Judges the services whose tasks run on a node, in a swarm of at least two nodes.

    M: a service that publishes ports runs here beside a service of another stack that publishes none, and neither
    has a placement constraint. P: no such pair. NA: one node. U: services, tasks or nodes were not listed. What a
    service is trusted with is not in the API: publishing is taken for facing outside, the stack for its owner.
    """
    if len(view.all(Node)) < 2:
        return not_applicable("one node: there is nothing to choose")
    here = {task.service_id for task in view.all(Task) if task.node_id == node.id and task.state == "running"}
    free = [service for service in view.all(Service) if service.id in here and not service.constraints]
    facing = [service for service in free if service.ports]
    inner = [one for one in free if not one.ports and any(one.stack != other.stack for other in facing)]
    if not facing or not inner:
        return passed()
    shown = [Evidence("publishes", service.name, service.key) for service in facing[:SHOWN]]
    shown += [Evidence("publishes nothing", service.name, service.key) for service in inner[:SHOWN]]
    return manual(f"{facing[0].name} faces outside and shares the node with {inner[0].name}", *shown)


@check(
    "ORC-020",
    "Global service with host access",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Service,
    why="Root on every node at once, managers included.",
    remediation="Constrain it to the nodes that need it (`placement: {constraints: [node.role==worker]}`) and take "
    "away what ORC-011 names. Agents that watch managers have to be run there in another way.",
    references=("NIST-800-190:4.3.4", "ATT&CK:T1610", "ATT&CK:T1611", "CWE-250"),
    derived=True,
)
def global_access(service: Service, view: View) -> Verdict:
    """Combines `Spec.Mode` with ORC-011 on the same service.

    F: global (a global job too) and ORC-011 fails; high unless its constraints keep it off managers. P: ORC-011 does
    not fail. NA: not global. U: ORC-011 could not be judged.
    """
    if not service.mode.startswith("global"):
        return not_applicable("not a global service")
    outcome = view.outcome("ORC-011", service.key)
    if outcome in (None, Outcome.UNKNOWN):
        return unknown("ORC-011 could not be judged")
    if outcome is not Outcome.FAIL:
        return passed()
    constraints = {"".join(constraint.split()) for constraint in service.constraints}
    evidence = (
        Evidence("Spec.Mode", service.mode),
        Evidence("Placement.Constraints", ", ".join(sorted(constraints)) or "none"),
        Evidence("fails", "ORC-011", service.key),
    )
    everywhere = not constraints & _WORKERS_ONLY
    where = "every node, managers too" if everywhere else "every worker"
    return failed(f"host access on {where}", *evidence, severity=Severity.HIGH if everywhere else None)
