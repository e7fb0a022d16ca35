"""Whether a workload outlives the loss of a pod, and a drain of its node."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from checks.check import Domain, check
from checks.evidence import seen
from checks.kubernetes.pod_resources import behind_service
from checks.verdict import Evidence, Severity, Verdict, manual, not_applicable, passed
from checks.view import View
from inventory.kubernetes.part import LabelSelector, selects
from inventory.kubernetes.policies import PodDisruptionBudget
from inventory.kubernetes.workloads import Deployment, ReplicaSet, ReplicationController, StatefulSet, Workload
from inventory.resource import ResourceKey

_JUDGED = (Deployment, StatefulSet, ReplicaSet, ReplicationController)


class Guard(msgspec.Struct, frozen=True):
    """What of a budget counts; `blocks` says why no pod may be evicted, "" if one may."""

    key: ResourceKey
    selector: LabelSelector | None
    blocks: str


@check(
    "ORC-145",
    "Availability left to chance",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Workload,
    why="One node that goes, or is drained, takes the service with it; a budget that allows nothing stops the drain.",
    remediation="Two replicas or more, a PodDisruptionBudget (`maxUnavailable: 1`) and `topologySpreadConstraints` "
    "over kubernetes.io/hostname. A budget that blocks: raise `maxUnavailable` or the replicas. Stateful programs must "
    "be able to run twice.",
    references=("OWASP-K8s:K01",),
)
def availability(workload: Workload, view: View) -> Verdict:
    """Judges Deployments, StatefulSets and what of ReplicaSets and ReplicationControllers nothing made.

    M: one replica behind a Service; several without a PodDisruptionBudget, or without anti-affinity or topology spread;
    a budget that lets no pod go. P: none. NA: other kinds, none wanted, or made by another. U: Services or budgets
    could not be read. Source: kubernetes.io, disruptions.
    """
    if not isinstance(workload, _JUDGED):
        return not_applicable(f"nothing to keep available for a {workload.api_kind}")
    if workload.controller is not None:
        return not_applicable("said of what made it")
    replicas = 1 if workload.spec.replicas is None else workload.spec.replicas
    if not replicas:
        return not_applicable("none is wanted")
    budgets = [
        one
        for one in view.index_of(PodDisruptionBudget, guards, workload.namespace) or ()
        if selects(one.selector, workload.pod_labels)
    ]
    evidence: list[Evidence] = []
    said: list[str] = []
    if replicas == 1:
        services = behind_service(workload, view)
        if services:
            said.append("one replica behind a Service")
            evidence += [seen("spec.replicas", workload.spec.replicas), *services]
    else:
        if not budgets:
            said.append("no PodDisruptionBudget")
            evidence.append(Evidence("PodDisruptionBudgets that select the pods", "0"))
        spec = workload.pod_spec
        if not spec.topology_spread_constraints and not (spec.affinity or {}).get("podAntiAffinity"):
            said.append("its pods may all stand on one node")
            path = f"{workload.spec_path}.affinity.podAntiAffinity"
            evidence += [seen(path, None), seen(f"{workload.spec_path}.topologySpreadConstraints", ())]
    for one in budgets:
        if one.blocks:
            said.append("a budget lets none of its pods go")
            evidence.append(Evidence(f"PodDisruptionBudget {one.key.id}", one.blocks, one.key))
    return manual("; ".join(dict.fromkeys(said)), *evidence) if said else passed()


def guards(budgets: tuple[PodDisruptionBudget, ...]) -> Mapping[str, tuple[Guard, ...]]:
    """By namespace, its budgets."""
    found: dict[str, list[Guard]] = {}
    for one in budgets:
        if "spec" not in one.gaps:
            found.setdefault(one.namespace, []).append(Guard(one.key, one.spec.selector, _blocks(one)))
    return {name: tuple(them) for name, them in found.items()}


def _blocks(budget: PodDisruptionBudget) -> str:
    """Why it never lets a pod go, whatever the pods' health; or why it does not now though all are healthy."""
    spec = budget.spec
    if spec.max_unavailable in (0, "0", "0%"):
        return f"maxUnavailable {spec.max_unavailable}"
    if spec.min_available == "100%":
        return "minAvailable 100%"
    if "status" in budget.gaps:
        return ""
    status = budget.status
    if status.expected_pods and not status.disruptions_allowed and status.current_healthy >= status.expected_pods:
        return f"disruptionsAllowed 0, {status.desired_healthy} of {status.expected_pods} pods must be healthy"
    return ""
