"""The monitoring stack of a cluster, recognised in its workloads by image, labels and program, as on a single host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from inventory.component import Component
from inventory.components import Product, recognise, version_of
from inventory.gap import Gap, Unread
from inventory.kubernetes.derivation import Derivation, Objects
from inventory.kubernetes.exposure import KubeService
from inventory.kubernetes.podspec import PodContainer, PodSpec
from inventory.kubernetes.states import printed, ready_of
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import Kind, ResourceKey

_KINDS = (Kind.DEPLOYMENT, Kind.STATEFULSET, Kind.DAEMONSET, Kind.REPLICATIONCONTROLLER, Kind.POD)
_OUTSIDE = frozenset({"NodePort", "LoadBalancer"})


def components(objects: Objects, source: str) -> Iterator[Component]:
    """One for each container of a workload that is known; pods that nothing made count as workloads."""
    services: dict[str, list[KubeService]] = {}
    for service in objects[Kind.KUBE_SERVICE]:
        if "spec" not in service.gaps:
            services.setdefault(service.namespace, []).append(service)
    for kind in _KINDS:
        for bearer in objects[kind]:
            spec = bearer.peek("pod_spec")
            if isinstance(spec, Gap) or (kind is Kind.POD and bearer.controller is not None):
                continue
            for container in spec.containers:
                found = recognise(container.image, bearer.labels, (*container.command, *container.args))
                if found is not None:
                    selecting = [one for one in services.get(bearer.namespace, ()) if _selects(one, bearer.pod_labels)]
                    yield _component(bearer, spec, container, *found, selecting, source)


def _selects(service: KubeService, labels: Mapping[str, str]) -> bool:
    selector = service.spec.selector
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def _component(
    bearer: PodBearer,
    spec: PodSpec,
    container: PodContainer,
    product: Product,
    signs: tuple[str, ...],
    services: list[KubeService],
    source: str,
) -> Component:
    return Component.build(
        key=ResourceKey(Kind.COMPONENT, source, f"{bearer.kind.value}/{bearer.key.id}/{container.name}"),
        name=bearer.key.id if len(spec.containers) == 1 else f"{bearer.key.id} ({container.name})",
        labels=bearer.labels,
        observed_at=bearer.observed_at,
        product=product.name,
        role=product.role,
        where="workload",
        carrier=bearer.key,
        version=version_of(container.image),
        endpoints=tuple(dict.fromkeys(_endpoints(spec, container, services))),
        state=_state(bearer),
        signs=signs,
    )


def _endpoints(spec: PodSpec, container: PodContainer, services: list[KubeService]) -> Iterator[str]:
    """As on a host: `0.0.0.0:PORT` on every node, `host:PORT` on the pod's node, `network:PORT` inside the cluster."""
    mine = {port.container_port for port in container.ports} | {port.name for port in container.ports if port.name}
    for service in services:
        for port in service.spec.ports:
            if (port.target_port or port.port) not in mine:
                continue
            if service.spec.type in _OUTSIDE and port.node_port:
                yield f"0.0.0.0:{port.node_port}"
            elif service.spec.type == "LoadBalancer" or service.spec.external_ips:
                yield f"0.0.0.0:{port.port}"
    for listened in container.ports:
        if listened.host_port and not spec.host_network:
            yield f"{listened.host_ip or '0.0.0.0'}:{listened.host_port}"  # noqa: S104 - what the node listens on
        yield f"{'host' if spec.host_network else 'network'}:{listened.container_port}"


def _state(bearer: PodBearer) -> str:
    try:
        if isinstance(bearer, Pod):
            return printed(bearer).status.lower()
        numbers = ready_of(bearer)
    except Unread:
        return ""
    return "" if numbers is None else f"{numbers[0]}/{numbers[1]}"


DERIVATION = Derivation(frozenset({*_KINDS, Kind.KUBE_SERVICE}), Kind.COMPONENT, components)
