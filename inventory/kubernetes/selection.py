"""What selects what: Services, policies and budgets their pods, Ingresses their Services, makers what they made.

All of it follows from one snapshot. Functions raise `Unread` where a kind that they need could not be read; an object
whose selector could not be read selects nothing here. What is looked up is indexed once per state of a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

import msgspec

from inventory.gap import Unread
from inventory.kubernetes.cluster import CustomResource, KubeNode, Namespace
from inventory.kubernetes.exposure import Gateway, HttpRoute, Ingress, IngressBackend, KubeService
from inventory.kubernetes.part import LabelSelector, selects
from inventory.kubernetes.policies import NetworkPolicy, PodDisruptionBudget
from inventory.kubernetes.resource import KubeResource, OwnerReference, object_key
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
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot

R = TypeVar("R", bound=Resource)
K = TypeVar("K", bound=KubeResource)
T = TypeVar("T")
Pair = tuple[str, str]
DEEPEST = 10
"""How long a chain of owners may be; the API does not forbid circles."""


class Owner(msgspec.Struct, frozen=True):
    """One link of the chain upwards; `resource` is None for what is gone, or of a kind that is not read."""

    reference: OwnerReference
    resource: KubeResource | None


# -- indexes --------------------------------------------------------------------------------------------------------

_MADE: dict[tuple[Callable[..., object], str, Kind], tuple[object, object]] = {}


def indexed(snapshot: Snapshot, source: str, cls: type[R], build: Callable[[tuple[R, ...]], T]) -> T:
    """`build` of a family of one source, made once per state of it; raises `Unread` where it could not be read.

    `build` must be a function of a module: it is also the name under which its result is kept.
    """
    gap = snapshot.gaps.get((source, cls.kind))
    if gap is not None:
        raise Unread(gap)
    state = snapshot.by_kind.get(cls.kind)
    kept = _MADE.get((build, source, cls.kind))
    if kept is None or kept[0] is not state or state is None:
        kept = _MADE[build, source, cls.kind] = (state, build(tuple(snapshot.of(cls, source))))
    return cast(T, kept[1])


class Selectors:
    """Objects by what they select: looked up by labels without asking each."""

    __slots__ = ("_by_pair", "_rest")

    def __init__(self, objects: Iterable[KubeResource]) -> None:
        self._by_pair: dict[tuple[str, Pair], list[KubeResource]] = {}
        self._rest: dict[str, list[KubeResource]] = {}
        for one in objects:
            selector = selector_of(one)
            if selector is None:
                continue
            pair = next(iter(selector.match_labels.items()), None)
            if pair is None:
                self._rest.setdefault(one.namespace, []).append(one)
            else:
                self._by_pair.setdefault((one.namespace, pair), []).append(one)

    def matching(self, namespace: str, labels: Mapping[str, str]) -> Iterator[KubeResource]:
        """Those of the namespace that select these labels."""
        yield from (one for one in self._rest.get(namespace, ()) if selects(selector_of(one), labels))
        for pair in labels.items():
            yield from (one for one in self._by_pair.get((namespace, pair), ()) if selects(selector_of(one), labels))


def selector_of(resource: KubeResource) -> LabelSelector | None:
    """What it selects pods by; None: none at all, or it could not be read."""
    spec = resource.peek("spec")
    if isinstance(resource, KubeService):
        labels = getattr(spec, "selector", {})
        return LabelSelector(match_labels=labels) if labels and spec.type != "ExternalName" else None
    if isinstance(resource, NetworkPolicy):
        return getattr(spec, "pod_selector", None)
    selector: LabelSelector | None = getattr(spec, "selector", None)
    if isinstance(resource, PodDisruptionBudget) and resource.api_version == "policy/v1beta1":
        # Before v1 an empty selector of a budget selected nothing.
        return selector if selector is not None and (selector.match_labels or selector.match_expressions) else None
    return selector


class Pods:
    """Pods of each namespace, by label."""

    __slots__ = ("_by_pair", "by_namespace")

    def __init__(self, pods: Iterable[Pod]) -> None:
        self.by_namespace: dict[str, list[Pod]] = {}
        self._by_pair: dict[tuple[str, Pair], list[Pod]] = {}
        for pod in pods:
            self.by_namespace.setdefault(pod.namespace, []).append(pod)
            labels = pod.peek("labels")
            for pair in labels.items() if isinstance(labels, Mapping) else ():
                self._by_pair.setdefault((pod.namespace, pair), []).append(pod)

    def selected(self, namespace: str, selector: LabelSelector | None) -> tuple[Pod, ...]:
        """Those of the namespace that the selector matches; a pod whose labels were not read is not among them."""
        if selector is None:
            return ()
        candidates = [self._by_pair.get((namespace, pair), []) for pair in selector.match_labels.items()]
        fewest = min(candidates, key=len) if candidates else self.by_namespace.get(namespace, ())
        return tuple(pod for pod in fewest if not pod.gaps.get("labels") and selects(selector, pod.labels))


def service_selectors(services: tuple[KubeService, ...]) -> Selectors:
    """Index of Services by what they select."""
    return Selectors(services)


def policy_selectors(policies: tuple[NetworkPolicy, ...]) -> Selectors:
    """Index of NetworkPolicies by what they select."""
    return Selectors(policies)


def budget_selectors(budgets: tuple[PodDisruptionBudget, ...]) -> Selectors:
    """Index of PodDisruptionBudgets by what they select."""
    return Selectors(budgets)


def pods_by_label(pods: tuple[Pod, ...]) -> Pods:
    """Index of pods by namespace and label."""
    return Pods(pods)


# -- from a pod (or the template of pods) to what selects it ---------------------------------------------------------


def services_of(snapshot: Snapshot, bearer: PodBearer) -> tuple[KubeService, ...]:
    """The Services that select a pod, or the pods that a workload makes."""
    found = indexed(snapshot, bearer.key.source, KubeService, service_selectors)
    return cast("tuple[KubeService, ...]", _ordered(found.matching(bearer.namespace, bearer.pod_labels)))


def policies_of(snapshot: Snapshot, bearer: PodBearer) -> tuple[NetworkPolicy, ...]:
    """The NetworkPolicies that select it; none apply to a pod on its node's network, whatever they select."""
    if bearer.pod_spec.host_network:
        return ()
    found = indexed(snapshot, bearer.key.source, NetworkPolicy, policy_selectors)
    return cast("tuple[NetworkPolicy, ...]", _ordered(found.matching(bearer.namespace, bearer.pod_labels)))


def budgets_of(snapshot: Snapshot, bearer: PodBearer) -> tuple[PodDisruptionBudget, ...]:
    """The PodDisruptionBudgets that count it."""
    found = indexed(snapshot, bearer.key.source, PodDisruptionBudget, budget_selectors)
    return cast("tuple[PodDisruptionBudget, ...]", _ordered(found.matching(bearer.namespace, bearer.pod_labels)))


# -- from a Service to what leads to it ------------------------------------------------------------------------------


def ingress_backends(ingress: Ingress) -> Iterator[tuple[str, str, IngressBackend]]:
    """(host, path, backend) of each rule; the default backend's host and path are "". Raises `Unread`."""
    spec = ingress.spec
    if spec.default_backend is not None:
        yield "", "", spec.default_backend
    for rule in spec.rules:
        for path in rule.http.paths if rule.http is not None else ():
            yield rule.host, path.path, path.backend


def ingresses_by_service(ingresses: tuple[Ingress, ...]) -> Mapping[str, tuple[Ingress, ...]]:
    """Ingresses by `namespace/name` of a Service that they lead to."""
    found: dict[str, dict[ResourceKey, Ingress]] = {}
    for ingress in ingresses:
        for _, _, backend in ingress_backends(ingress) if "spec" not in ingress.gaps else ():
            if backend.service is not None:
                found.setdefault(f"{ingress.namespace}/{backend.service.name}", {})[ingress.key] = ingress
    return {service: tuple(them.values()) for service, them in found.items()}


def routes_by_service(routes: tuple[HttpRoute, ...]) -> Mapping[str, tuple[HttpRoute, ...]]:
    """HTTPRoutes by `namespace/name` of a Service that they lead to."""
    found: dict[str, dict[ResourceKey, HttpRoute]] = {}
    for route in routes:
        for rule in route.spec.rules if "spec" not in route.gaps else ():
            for backend in rule.backend_refs:
                if backend.kind == "Service":
                    name = f"{backend.namespace or route.namespace}/{backend.name}"
                    found.setdefault(name, {})[route.key] = route
    return {service: tuple(them.values()) for service, them in found.items()}


def ingresses_of(snapshot: Snapshot, service: KubeService) -> tuple[Ingress, ...]:
    """The Ingresses that lead to a Service."""
    return indexed(snapshot, service.key.source, Ingress, ingresses_by_service).get(service.key.id, ())


def routes_of(snapshot: Snapshot, service: KubeService) -> tuple[HttpRoute, ...]:
    """The HTTPRoutes that lead to a Service."""
    return indexed(snapshot, service.key.source, HttpRoute, routes_by_service).get(service.key.id, ())


def gateways_of(snapshot: Snapshot, route: HttpRoute) -> tuple[Gateway, ...]:
    """The Gateways that a route names, where they exist; whether they let it attach is theirs to say."""
    source = route.key.source
    gap = snapshot.gaps.get((source, Gateway.kind))
    if gap is not None:
        raise Unread(gap)
    parents = (parent for parent in route.spec.parent_refs if parent.kind == "Gateway")
    keys = (object_key(Gateway.kind, source, one.namespace or route.namespace, one.name) for one in parents)
    return tuple(cast("Gateway", found) for key in dict.fromkeys(keys) if (found := snapshot.get(key)) is not None)


def services_behind(snapshot: Snapshot, leading: Ingress | HttpRoute) -> tuple[KubeService, ...]:
    """The Services that an Ingress or a route leads to, where they exist."""
    source, own = leading.key.source, leading.namespace
    gap = snapshot.gaps.get((source, KubeService.kind))
    if gap is not None:
        raise Unread(gap)
    if isinstance(leading, Ingress):
        names = [(own, one.service.name) for _, _, one in ingress_backends(leading) if one.service is not None]
    else:
        backends = (one for rule in leading.spec.rules for one in rule.backend_refs if one.kind == "Service")
        names = [(one.namespace or own, one.name) for one in backends]
    keys = dict.fromkeys(object_key(KubeService.kind, source, *name) for name in names)
    return tuple(cast("KubeService", found) for key in keys if (found := snapshot.get(key)) is not None)


# -- down to pods, and along owners ----------------------------------------------------------------------------------

_MAKERS = (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, Pod)
_CHILDREN: Mapping[type[KubeResource], tuple[type[PodBearer], ...]] = {
    Deployment: (ReplicaSet,), CronJob: (Job,), ReplicaSet: (Pod,), StatefulSet: (Pod,), DaemonSet: (Pod,),
    Job: (Pod,), ReplicationController: (Pod,), Pod: (),
}  # fmt: skip


def by_maker(objects: tuple[PodBearer, ...]) -> Mapping[tuple[str, str, str], tuple[PodBearer, ...]]:
    """Objects by namespace, kind and name of what made them."""
    found: dict[tuple[str, str, str], list[PodBearer]] = {}
    for one in objects:
        owner = one.controller if "owners" not in one.gaps else None
        if owner is not None:
            found.setdefault((one.namespace, owner.kind, owner.name), []).append(one)
    return {name: tuple(made) for name, made in found.items()}


def made_by(snapshot: Snapshot, maker: KubeResource) -> tuple[PodBearer, ...]:
    """What it made itself: a Deployment its ReplicaSets, a ReplicaSet its pods; for a custom resource any workload."""
    kind = maker.api_kind or getattr(maker, "api_object", "")
    children = _CHILDREN.get(type(maker), _MAKERS)
    found: list[PodBearer] = []
    for child in children:
        made = indexed(snapshot, maker.key.source, child, by_maker).get((maker.namespace, kind, maker.name), ())
        found += (one for one in made if _made(one, maker))
    return _ordered(found)


def pods_of(snapshot: Snapshot, selecting: KubeResource) -> tuple[Pod, ...]:
    """The pods that a Service, NetworkPolicy or budget selects, that a workload made, or that an Ingress leads to.

    Of a policy those that it applies to: none on their node's network. A Namespace's and a node's are those in it.
    """
    source = selecting.key.source
    if isinstance(selecting, KubeService | NetworkPolicy | PodDisruptionBudget):
        _ = selecting.spec  # raises where it was not read
        pods = indexed(snapshot, source, Pod, pods_by_label)
        found = pods.selected(selecting.namespace, selector_of(selecting))
        if isinstance(selecting, NetworkPolicy):
            found = tuple(pod for pod in found if "pod_spec" in pod.gaps or not pod.pod_spec.host_network)
        return _ordered(found)
    if isinstance(selecting, Ingress | HttpRoute):
        behind = (pod for service in services_behind(snapshot, selecting) for pod in pods_of(snapshot, service))
        return _ordered(dict.fromkeys(behind))
    if isinstance(selecting, Namespace):
        return tuple(indexed(snapshot, source, Pod, pods_by_label).by_namespace.get(selecting.name, ()))
    if isinstance(selecting, KubeNode):
        return indexed(snapshot, source, Pod, pods_by_node).get(selecting.name, ())
    return _ordered(dict.fromkeys(_made_pods(snapshot, selecting, DEEPEST)))


def pods_by_node(pods: tuple[Pod, ...]) -> Mapping[str, tuple[Pod, ...]]:
    """Pods by the node that they are on."""
    found: dict[str, list[Pod]] = {}
    for pod in pods:
        found.setdefault(pod.node_name if "node_name" not in pod.gaps else "", []).append(pod)
    return {node: tuple(them) for node, them in found.items()}


def owners_of(snapshot: Snapshot, resource: KubeResource) -> tuple[Owner, ...]:
    """The chain of makers, the nearest first: a pod's ReplicaSet, then its Deployment.

    It ends at what nothing made, what is gone, or what cannot be looked up.
    """
    chain: list[Owner] = []
    met = {resource.key}
    below: KubeResource | None = resource
    while below is not None and len(chain) < DEEPEST:
        reference = below.controller if "owners" not in below.gaps else None
        if reference is None:
            break
        above = _referred(snapshot, below, reference)
        if above is not None and above.key in met:
            break
        chain.append(Owner(reference, above))
        if above is not None:
            met.add(above.key)
        below = above
    return tuple(chain)


def top_of(snapshot: Snapshot, bearer: PodBearer) -> PodBearer:
    """The last workload of the chain upwards that is known; the pod itself if nothing made it."""
    found = bearer
    for owner in owners_of(snapshot, bearer):
        if isinstance(owner.resource, Workload):
            found = owner.resource
    return found


def _made_pods(snapshot: Snapshot, maker: KubeResource, depth: int) -> Iterator[Pod]:
    for one in made_by(snapshot, maker) if depth else ():
        if isinstance(one, Pod):
            yield one
        else:
            yield from _made_pods(snapshot, one, depth - 1)


def _made(child: KubeResource, maker: KubeResource) -> bool:
    """Whether it was this one and not another of the same name and kind, an earlier one or another group's."""
    owner = child.controller
    if owner is None:
        return False
    if owner.uid and maker.peek("uid"):
        return bool(owner.uid == maker.uid)
    return _group(owner.api_version) == _group(maker.api_version)


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _referred(snapshot: Snapshot, child: KubeResource, owner: OwnerReference) -> KubeResource | None:
    from inventory.sources.kubernetes.kinds import BY_API  # which knows every family, this one's users too

    group, source = _group(owner.api_version), child.key.source
    served = BY_API.get((group, owner.kind))
    if served is not None:
        key = object_key(served.family.kind, source, child.namespace if served.namespaced else "", owner.name)
        found = snapshot.get(key)
    else:
        named = f"{owner.kind}.{group}/"
        ids = (f"{named}{child.namespace}/{owner.name}", f"{named}{owner.name}")
        keys = (ResourceKey(CustomResource.kind, source, one) for one in ids)
        found = next((one for key in keys if (one := snapshot.get(key)) is not None), None)
    if not isinstance(found, KubeResource):
        return None
    uid: Any = found.peek("uid")
    return None if owner.uid and isinstance(uid, str) and uid and uid != owner.uid else found


def _ordered(found: Iterable[K]) -> tuple[K, ...]:
    return tuple(sorted(found, key=lambda one: one.key.id))
