"""Paths from outside a cluster to its pods: load balancers, ports of nodes, external addresses, Ingresses, Gateways."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from inventory.gap import Gap, Unread
from inventory.kubernetes.exposure import Gateway, HttpRoute, KubeService, Listener, ServicePort
from inventory.kubernetes.selection import gateways_of, ingress_backends, ingresses_of, routes_of, services_of
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import ResourceKey
from inventory.snapshot import Snapshot


class Way(StrEnum):
    """How it comes in."""

    LOAD_BALANCER = "load balancer"
    NODE_PORT = "port of every node"
    EXTERNAL_IP = "external address"
    INGRESS = "Ingress"
    GATEWAY = "Gateway"
    HOST_PORT = "port of its node"
    HOST_NETWORK = "network of its node"


class Path(msgspec.Struct, frozen=True):
    """One path: `outside` is where it is answered, as people write it (`203.0.113.10:80`, `shop.example.com/`).

    `through` are the objects on the way, the outermost first. `target` is the container's port, by number or name; 0
    for every one. `limited` says what keeps strangers out, "" if nothing does.
    """

    way: Way
    outside: str
    target: int | str
    through: tuple[ResourceKey, ...] = ()
    protocol: str = "TCP"
    limited: str = ""


class Exposure(msgspec.Struct, frozen=True):
    """All paths that are known. `unread` says which others there may be."""

    paths: tuple[Path, ...] = ()
    unread: tuple[Gap, ...] = ()

    def __or__(self, other: Exposure) -> Exposure:
        return Exposure((*self.paths, *other.paths), tuple(dict.fromkeys((*self.unread, *other.unread))))

    def __bool__(self) -> bool:
        return bool(self.paths)


# Annotations by which load balancers of the clouds are kept inside: the value that does so, "" for any but false.
_INTERNAL = (
    ("service.beta.kubernetes.io/aws-load-balancer-internal", ""),
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", "true"),
    ("networking.gke.io/load-balancer-type", "internal"),
    ("cloud.google.com/load-balancer-type", "internal"),
    ("service.beta.kubernetes.io/openstack-internal-load-balancer", "true"),
    ("service.beta.kubernetes.io/oci-load-balancer-internal", "true"),
    ("service.beta.kubernetes.io/cce-load-balancer-internal-vpc", "true"),
    ("service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", "intranet"),
    ("service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", "private"),
    ("load-balancer.hetzner.cloud/disable-public-network", "true"),
)


def internal_by(service: KubeService) -> str:
    """The annotation that keeps its load balancer inside, or "". Raises `Unread`."""
    for name, wanted in _INTERNAL:
        value = service.annotations.get(name)
        if value is not None and (value.lower() == wanted if wanted else value.lower() not in ("", "false")):
            return name
    return ""


def limits(ranges: tuple[str, ...]) -> bool:
    """Whether source ranges keep anybody out."""
    networks = []
    for one in ranges:
        try:
            networks.append(ipaddress.ip_network(one.strip(), strict=False))
        except ValueError:
            continue
    return bool(networks) and not any(network.prefixlen == 0 for network in networks)


def exposure_of(snapshot: Snapshot, bearer: PodBearer) -> Exposure:
    """All paths to a pod, or to the pods of a workload."""
    found = Exposure()
    try:
        found |= Exposure(tuple(_on_node(bearer)))
        for service in services_of(snapshot, bearer):
            found |= service_exposure(snapshot, service)
    except Unread as unread:
        found |= Exposure(unread=(unread.gap,))
    return found


def service_exposure(snapshot: Snapshot, service: KubeService) -> Exposure:
    """All paths to a Service."""
    found = Exposure()
    for paths in (_direct(service), _through_ingresses(snapshot, service), _through_gateways(snapshot, service)):
        try:
            for path in paths:
                found |= Exposure((path,))
        except Unread as unread:
            found |= Exposure(unread=(unread.gap,))
    return found


def exposures(snapshot: Snapshot, source: str) -> tuple[tuple[KubeService, Exposure], ...]:
    """Every Service of a cluster that is reached from outside, or of which that is not known. Raises `Unread`."""
    services = sorted(snapshot.require(KubeService, source), key=lambda one: one.key.id)
    found = ((service, service_exposure(snapshot, service)) for service in services)
    return tuple((service, exposure) for service, exposure in found if exposure.paths or exposure.unread)


def _on_node(bearer: PodBearer) -> Iterator[Path]:
    spec = bearer.pod_spec
    node = (bearer.node_name if isinstance(bearer, Pod) else "") or "its node"
    if spec.host_network:
        yield Path(Way.HOST_NETWORK, node, 0)
        return
    for _, container in spec.all_containers():
        for port in container.ports:
            if port.host_port:
                where = _at(port.host_ip or node, port.host_port)
                yield Path(Way.HOST_PORT, where, port.container_port, protocol=port.protocol)


def _direct(service: KubeService) -> Iterator[Path]:
    spec = service.spec
    if spec.type == "ExternalName":
        return
    for port in spec.ports:
        target, through = _target(port), (service.key,)
        for address in spec.external_ips:
            yield Path(Way.EXTERNAL_IP, _at(address, port.port), target, through, port.protocol)
        if spec.type == "LoadBalancer":
            limited = internal_by(service)
            if limits(spec.load_balancer_source_ranges):
                limited = ", ".join(spec.load_balancer_source_ranges)
            answering = [one.ip or one.hostname for one in service.status.load_balancer.ingress] or ["pending"]
            for address in answering:
                yield Path(Way.LOAD_BALANCER, _at(address, port.port), target, through, port.protocol, limited)
        if port.node_port:
            yield Path(Way.NODE_PORT, _at("every node", port.node_port), target, through, port.protocol)


def _through_ingresses(snapshot: Snapshot, service: KubeService) -> Iterator[Path]:
    for ingress in ingresses_of(snapshot, service):
        for host, path, backend in ingress_backends(ingress):
            one = backend.service
            if one is None or one.name != service.name:
                continue
            wanted = one.port.number or one.port.name
            target = next((_target(port) for port in service.spec.ports if wanted in (port.port, port.name)), wanted)
            yield Path(Way.INGRESS, f"{host or 'every host'}{path or '/'}", target, (ingress.key, service.key))


def _through_gateways(snapshot: Snapshot, service: KubeService) -> Iterator[Path]:
    for route in routes_of(snapshot, service):
        wanted = {
            backend.port
            for rule in route.spec.rules
            for backend in rule.backend_refs
            if backend.kind == "Service"
            and backend.name == service.name
            and (backend.namespace or route.namespace) == service.namespace
        }
        targets = [_target(port) for port in service.spec.ports if port.port in wanted] or sorted(wanted)
        for gateway in gateways_of(snapshot, route):
            for listener in _attached(route, gateway):
                hosts = route.spec.hostnames or (listener.hostname or "every host",)
                for host in hosts:
                    for target in targets:
                        through = (gateway.key, route.key, service.key)
                        yield Path(Way.GATEWAY, _at(host, listener.port), target, through)


def _attached(route: HttpRoute, gateway: Gateway) -> Iterator[Listener]:
    """The listeners that the route names and that let it attach; a selector of namespaces is taken to match."""
    for listener in gateway.spec.listeners:
        allowed = listener.allowed_routes
        who = allowed.namespaces.from_ if allowed is not None and allowed.namespaces is not None else ""
        if who in ("", "Same") and route.namespace != gateway.namespace:
            continue
        for parent in route.spec.parent_refs:
            named = (parent.namespace or route.namespace, parent.name) == (gateway.namespace, gateway.name)
            if named and parent.section_name in ("", listener.name) and parent.port in (0, listener.port):
                yield listener
                break


def _target(port: ServicePort) -> int | str:
    return port.target_port or port.port


def _at(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
