"""Where from outside a Service is reached: its own type, and what routes lead to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.evidence import seen
from checks.kubernetes.by_namespace import by_namespace
from checks.verdict import Evidence
from checks.view import View
from inventory.gap import Gap
from inventory.kubernetes.exposure import HttpRoute, Ingress, KubeService
from inventory.kubernetes.workloads import DaemonSet, Deployment, Pod, PodBearer, StatefulSet
from inventory.resource import ResourceKey

Route = tuple[str, ResourceKey]
"""The host that is asked for, `*` for any, and what routes it."""


def _ingress_routes(found: tuple[Ingress, ...]) -> Mapping[str, tuple[Route, ...]]:
    routes: dict[str, set[Route]] = {}
    for ingress in found:
        spec = ingress.peek("spec")
        if isinstance(spec, Gap):
            continue
        backends = [("*", spec.default_backend)] if spec.default_backend is not None else []
        for rule in spec.rules:
            backends += [(rule.host or "*", path.backend) for path in (rule.http.paths if rule.http else ())]
        for host, backend in backends:
            if backend.service is not None:
                routes.setdefault(f"{ingress.namespace}/{backend.service.name}", set()).add((host, ingress.key))
    return {service: tuple(sorted(ones)) for service, ones in routes.items()}


def _gateway_routes(found: tuple[HttpRoute, ...]) -> Mapping[str, tuple[Route, ...]]:
    routes: dict[str, set[Route]] = {}
    for route in found:
        spec = route.peek("spec")
        if isinstance(spec, Gap):
            continue
        for backend in (one for rule in spec.rules for one in rule.backend_refs):
            if backend.kind == "Service":
                service = f"{backend.namespace or route.namespace}/{backend.name}"
                routes.setdefault(service, set()).update((host, route.key) for host in spec.hostnames or ("*",))
    return {service: tuple(sorted(ones)) for service, ones in routes.items()}


def routes_to(service: KubeService, view: View) -> tuple[Route, ...]:
    """Ingresses and HTTPRoutes that lead to a Service."""
    return (
        *(view.index_of(Ingress, _ingress_routes, service.key.id) or ()),
        *(view.index_of(HttpRoute, _gateway_routes, service.key.id) or ()),
    )


def ways_in(service: KubeService, view: View) -> Iterator[Evidence]:
    """How the Service is reached from outside the cluster; nothing where it is not."""
    spec = service.spec
    if spec.type in ("NodePort", "LoadBalancer"):
        ports = [one.node_port or one.port for one in spec.ports]
        yield Evidence("spec.type", f"{spec.type} {', '.join(map(str, ports))}")
    if spec.external_ips:
        yield seen("spec.externalIPs", list(spec.external_ips))
    for host, key in routes_to(service, view):
        yield Evidence(f"{key.kind.value} {key.id}", host, key)


# -- what is behind it ---------------------------------------------------------------------------------------------

Maker = tuple[ResourceKey, tuple[tuple[str, str], ...], str, tuple[str, ...], tuple[str, ...]]
"""What makes pods: its key, their labels, their account, the images, the arguments."""


def _maker(one: PodBearer) -> Maker | None:
    spec, labels = one.peek("pod_spec"), one.peek("pod_labels")
    if isinstance(spec, Gap) or isinstance(labels, Gap):
        return None
    images = tuple(container.image for container in spec.containers)
    words = tuple(word for container in spec.containers for word in (*container.command, *container.args))
    return one.key, tuple(sorted(labels.items())), spec.service_account_name or "default", images, words


def _grouped(found: tuple[PodBearer, ...]) -> Mapping[str, tuple[Maker, ...]]:
    makers: dict[str, list[Maker]] = {}
    for one in found:
        made = _maker(one)
        if made is not None:
            makers.setdefault(one.namespace, []).append(made)
    return {namespace: tuple(sorted(ones)) for namespace, ones in makers.items()}


def _deployments(found: tuple[Deployment, ...]) -> Mapping[str, tuple[Maker, ...]]:
    return _grouped(found)


def _stateful_sets(found: tuple[StatefulSet, ...]) -> Mapping[str, tuple[Maker, ...]]:
    return _grouped(found)


def _daemon_sets(found: tuple[DaemonSet, ...]) -> Mapping[str, tuple[Maker, ...]]:
    return _grouped(found)


def makers_behind(service: KubeService, view: View) -> tuple[Maker, ...]:
    """The Deployments, StatefulSets and DaemonSets whose pods the Service selects."""
    wanted = service.spec.selector.items()
    if not wanted:
        return ()
    found = (
        *(view.index_of(Deployment, _deployments, service.namespace) or ()),
        *(view.index_of(StatefulSet, _stateful_sets, service.namespace) or ()),
        *(view.index_of(DaemonSet, _daemon_sets, service.namespace) or ()),
    )
    return tuple(one for one in found if wanted <= dict(one[1]).items())


_STAND_FOR_PODS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_HASH = "pod-template-hash"


def _others(pods: list[PodBearer]) -> tuple[Maker, ...]:
    """The pods of a namespace that no Deployment, StatefulSet or DaemonSet stands for; one for each way to be made."""
    found: dict[tuple[object, ...], Maker] = {}
    for pod in pods:
        owners, labels = pod.peek("owners"), pod.peek("pod_labels")
        owner = None if isinstance(owners, Gap) else next((one for one in owners if one.controller), None)
        if owner is not None and (
            owner.kind in _STAND_FOR_PODS
            or (owner.kind == "ReplicaSet" and not isinstance(labels, Gap) and _HASH in labels)
        ):
            continue
        made = _maker(pod)
        if made is not None:
            found.setdefault(made[1:] if owner is not None else (made[0],), made)
    return tuple(sorted(found.values()))


_OTHER_PODS = by_namespace(_others)


def pods_behind(service: KubeService, view: View) -> tuple[Maker, ...]:
    """The pods that the Service selects and that none of `makers_behind` makes: naked ones, those of operators."""
    wanted = service.spec.selector.items()
    found = view.index_of(Pod, _OTHER_PODS, service.namespace) if wanted else None
    return tuple(one for one in found or () if wanted <= dict(one[1]).items())
