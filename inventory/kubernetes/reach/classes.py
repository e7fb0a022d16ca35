"""Pods that policies cannot tell apart, taken together: thousands of pods are some dozen classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from inventory.kubernetes.cluster import Namespace
from inventory.kubernetes.part import LabelSelector
from inventory.kubernetes.reach.endpoints import Endpoint, Labels, endpoint_of, namespace_labels
from inventory.kubernetes.reach.rules import Block, Compiled, Network, Rule
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.selection import owners_of
from inventory.kubernetes.workloads import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    Pod,
    PodBearer,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
    Workload,
)
from inventory.resource import ResourceKey
from inventory.snapshot import Snapshot

WORKLOADS: tuple[type[Workload], ...] = (
    Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob,
)  # fmt: skip
Numbers = tuple[int, int]
"""A network and its mask."""
ENDED = frozenset({"Succeeded", "Failed"})


class PodClass(msgspec.Struct, frozen=True, eq=False):
    """Pods of one workload that every policy treats alike.

    `workload` is the key of the topmost maker, or of the pod itself. `pods` is empty for a workload that has none now:
    then it is what its template says. `endpoint` stands for all of them: it names no node.
    """

    namespace: str
    workload: ResourceKey
    endpoint: Endpoint
    pods: tuple[ResourceKey, ...]


class Alike:
    """Tells by what policies look at whether two pods are the same to them."""

    __slots__ = ("_blocks", "_keys")

    def __init__(self, policies: Iterable[Compiled]) -> None:
        self._keys: set[str] = set()
        self._blocks: dict[Block, tuple[int, Numbers, tuple[Numbers, ...]]] = {}
        for one in policies:
            self._note(one.selector)
            for rule in (*(one.ingress or ()), *(one.egress or ())):
                self._rule(rule)

    def _rule(self, rule: Rule) -> None:
        for peer in rule.peers or ():
            self._note(peer.pod_selector)
        for one in rule.blocks:
            if one is not None and one.network is not None and one not in self._blocks:
                less = tuple(
                    _numbers(exception) for exception in one.exceptions if exception.version == one.network.version
                )
                self._blocks[one] = (one.network.version, _numbers(one.network), less)

    def _note(self, selector: LabelSelector | None) -> None:
        if selector is not None:
            self._keys.update(selector.match_labels)
            self._keys.update(one.key for one in selector.match_expressions)

    def of(self, endpoint: Endpoint) -> object:
        """Equal for ends of the same namespace that no policy tells apart."""
        known = endpoint.labels.known
        labels = tuple(pair for pair in sorted(known.items()) if pair[0] in self._keys)
        # Two addresses of which the one is in a block and the other is not are two kinds of pods.
        inside = tuple(self._holding(address.version, int(address)) for address in endpoint.addresses)
        names = frozenset(endpoint.names.items()) if endpoint.names is not None else None
        return (labels, endpoint.labels.complete, endpoint.host_network, names, endpoint.families, inside)

    def _holding(self, family: int, address: int) -> tuple[int, ...]:
        """Which blocks an address is in. In numbers: there are as many questions as pods times blocks."""
        return tuple(
            at
            for at, (version, (network, mask), less) in enumerate(self._blocks.values())
            if version == family and address & mask == network and not any(address & m == n for n, m in less)
        )


def _numbers(network: Network) -> Numbers:
    return int(network.network_address), int(network.netmask)


def pod_classes(
    snapshot: Snapshot,
    source: str,
    pods: Sequence[Pod],
    alike: Alike,
    namespaces: Mapping[str, Namespace] | None,
) -> tuple[PodClass, ...]:
    """The classes of all pods that have not ended, and of workloads without any."""
    where: dict[str, Labels] = {}
    makers: dict[tuple[str, str, str, str], ResourceKey] = {}
    found: dict[tuple[str, ResourceKey, object], tuple[Endpoint, list[ResourceKey]]] = {}
    busy: set[ResourceKey] = set()
    for pod in pods:
        top = _top(snapshot, pod, makers)
        busy.add(top)
        if has_ended(pod):
            continue
        labels = where.get(pod.namespace)
        if labels is None:
            labels = where[pod.namespace] = namespace_labels(pod.namespace, namespaces)
        endpoint = endpoint_of(pod, labels)
        _, members = found.setdefault((pod.namespace, top, alike.of(endpoint)), (endpoint, []))
        members.append(pod.key)
    for bearer in _without_pods(snapshot, source, {top for _, top, _ in found}):
        labels = where.get(bearer.namespace) or namespace_labels(bearer.namespace, namespaces)
        found[bearer.namespace, bearer.key, None] = (endpoint_of(bearer, labels), [])
    classes = (
        PodClass(where, top, replace(one, key=None, node=""), tuple(them))
        for (where, top, _), (one, them) in found.items()
    )
    return tuple(sorted(classes, key=lambda one: (one.namespace, one.workload.id, one.pods)))


def has_ended(pod: Pod) -> bool:
    """Whether it is over: nothing of it can be reached, or reach anything."""
    return "status" not in pod.gaps and pod.status.phase in ENDED


def _top(snapshot: Snapshot, pod: Pod, makers: dict[tuple[str, str, str, str], ResourceKey]) -> ResourceKey:
    """The topmost workload that is known; looked up once for all pods of one maker."""
    owner = pod.controller if "owners" not in pod.gaps else None
    if owner is None:
        return pod.key
    name = (pod.namespace, owner.kind, owner.name, owner.uid)
    found = makers.get(name)
    if found is None:
        chain: list[KubeResource] = [one.resource for one in owners_of(snapshot, pod) if one.resource is not None]
        works = [one.key for one in chain if isinstance(one, Workload)]
        found = works[-1] if works else pod.key
        if works:
            makers[name] = found
    return found


def _without_pods(snapshot: Snapshot, source: str, busy: set[ResourceKey]) -> Iterable[PodBearer]:
    """Workloads that nothing else made and that have no pods now."""
    for family in WORKLOADS:
        for one in snapshot.of(family, source):
            made = "owners" not in one.gaps and one.controller is not None
            if one.key not in busy and not made and not _over(one):
                yield one


def _over(workload: Workload) -> bool:
    """Whether it will not make any more: a job that is through."""
    if not isinstance(workload, Job) or "status" in workload.gaps:
        return False
    return any(one.type in ("Complete", "Failed") and one.status == "True" for one in workload.status.conditions)
