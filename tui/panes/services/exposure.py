"""Exposure: what leads to pods, from where it is reached, and whether anybody answers behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from inventory.gap import Gap
from inventory.kubernetes.exposure import (
    EndpointSlice,
    Gateway,
    HttpRoute,
    Ingress,
    KubeService,
    LoadBalancerStatus,
    SliceEndpoint,
)
from inventory.kubernetes.resource import object_key
from inventory.kubernetes.selection import ingress_backends, ingresses_of, routes_of, services_behind
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot
from inventory.text import safe
from tui.panes.services.population import Population
from tui.panes.services.view import KubeEntry, KubeView, namespace_cell, rule, sec
from tui.panes.services.words import SHORT, attempt, cell
from tui.picture import Picture
from widgets.cells import Cell
from widgets.columns import Column
from widgets.textview import TextLine, line

SERVICE_NAME = "kubernetes.io/service-name"


class Behind(NamedTuple):
    """Ready endpoints of all that there are."""

    ready: int
    total: int


class ExposureView(KubeView):
    """One row per Service, Ingress, Gateway and route."""

    name = "Exposure"
    short = "Exposure"
    families = (KubeService, Ingress, Gateway, HttpRoute)
    also_reads: ClassVar[tuple[Kind, ...]] = (Kind.ENDPOINTSLICE,)
    order: ClassVar[tuple[str, bool]] = ("ns", False)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("ns", "NAMESPACE", 10, weight=1, limit=24, cut="middle", groups=True),
        Column("kind", "KIND", 5),
        Column("name", "NAME", 14, weight=2, limit=44, cut="middle"),
        Column("type", "TYPE", 9, weight=1, limit=20, priority=2),
        Column("where", "REACHED AT", 16, weight=3, limit=70),
        Column("tls", "TLS", 4, weight=1, limit=20, priority=1),
        Column("leads", "LEADS TO", 10, weight=2, limit=44),
        Column("age", "AGE", 4, align="right", priority=4),
    )

    def __init__(self) -> None:
        super().__init__()
        self._slices: tuple[object, Mapping[ResourceKey, Behind]] = (None, {})

    def beside(self, resource: Any, pods: Population, picture: Picture) -> tuple[str, Behind | Gap | None]:
        """What it leads to, and how much of that is ready."""
        snapshot = picture.everything.snapshot
        found = attempt(self._leads, resource, snapshot)
        return ("", found) if isinstance(found, Gap) else found

    def _leads(self, resource: Any, snapshot: Snapshot) -> tuple[str, Behind | None]:
        if isinstance(resource, KubeService):
            if resource.spec.type == "ExternalName":
                return resource.spec.external_name, None
            return "", self._behind(resource.key, snapshot)
        if isinstance(resource, Ingress | HttpRoute):
            names = _backends(resource)
            known = services_behind(snapshot, resource)
            counts = [self._behind(one.key, snapshot) for one in known]
            lost = len(names) - len(known)
            words = ",".join(names) + (f" ({lost} missing)" if lost > 0 else "")
            return words, Behind(sum(one.ready for one in counts), sum(one.total for one in counts))
        routes = [
            route
            for route in snapshot.of(HttpRoute, resource.key.source)
            if "spec" not in route.gaps
            and any(
                (one.namespace or route.namespace, one.name) == (resource.namespace, resource.name)
                for one in route.spec.parent_refs
            )
        ]
        return f"{len(routes)} route{'s' * (len(routes) != 1)}", None

    def _behind(self, service: ResourceKey, snapshot: Snapshot) -> Behind:
        snapshot.require(EndpointSlice, service.source) if (
            service.source,
            Kind.ENDPOINTSLICE,
        ) in snapshot.gaps else None
        state = snapshot.by_kind.get(Kind.ENDPOINTSLICE)
        if self._slices[0] is not state or state is None:
            self._slices = (state, endpoints(snapshot))
        return self._slices[1].get(service, Behind(0, 0))

    def cells(self, entry: KubeEntry) -> tuple[Cell, ...]:
        """One cell per column."""
        resource = entry.resource
        return (
            sec(entry),
            namespace_cell(entry),
            Cell.of(SHORT[entry.kind], "dim"),
            cell(entry.name),
            cell(attempt(_type, resource)),
            cell(attempt(reached_at, resource)),
            _shown(attempt(_tls, resource)),
            _leads_cell(resource, entry.beside),
            Cell.of(entry.age),
        )

    def value(self, entry: KubeEntry, column: str) -> Any:
        """What leads nowhere comes last."""
        if column == "leads":
            behind = entry.beside[1]
            return behind if isinstance(behind, Behind) else (-1, 0)
        return super().value(entry, column)

    def fields(self, entry: KubeEntry) -> dict[str, str]:
        """Type, addresses, ports, what is behind."""
        texts = [each.text for each in entry.cells]
        state = "broken" if _broken(entry.resource, entry.beside) else "ok"
        return super().fields(entry) | {
            "type": texts[4], "port": texts[5], "net": texts[5], "tls": texts[6], "leads": texts[7], "state": state,
        }  # fmt: skip

    def telling(self, picture: Picture) -> Cell:
        """What is reached from outside the cluster."""
        outside = sum(
            1 for one in picture.snapshot.of(KubeService) if attempt(_type, one) in ("LoadBalancer", "NodePort")
        )
        return Cell.of(f"{outside} services open to the outside, {picture.snapshot.count(Kind.INGRESS)} ingresses")

    def none(self, picture: Picture) -> str:
        """Nothing leads anywhere."""
        return "no Service, Ingress or Gateway here"

    def facts(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Addresses in full, rules, and who is behind it."""
        resource, lines = entry.resource, [rule(width)]
        lines.append(TextLine(Cell.join(" reached at ", entry.cells[5], "   tls ", entry.cells[6])))
        lines.append(TextLine(Cell.join(" leads to   ", entry.cells[7])))
        found = attempt(self._fact_lines, resource, picture.everything.snapshot)
        return [*lines, *([line(f" {safe(str(found), 300)}", "unknown")] if isinstance(found, Gap) else found)]

    def _fact_lines(self, resource: Any, snapshot: Snapshot) -> list[TextLine]:
        lines = []
        if isinstance(resource, KubeService):
            for found in (*ingresses_of(snapshot, resource), *routes_of(snapshot, resource)):
                words = f" from {found.api_kind} {safe(found.name, 200)}"
                lines.append(TextLine(Cell.of(words, "accent"), meta=found.key))
            for one in snapshot.of(EndpointSlice, resource.key.source):
                if _service_of(one) == resource.key:
                    lines += [_endpoint_line(each, one) for each in one.endpoints[:40]]
        elif isinstance(resource, Ingress):
            for host, path, backend in ingress_backends(resource):
                to = backend.service
                name = f"{to.name}:{to.port.number or to.port.name}" if to is not None else "another object"
                key = object_key(Kind.KUBE_SERVICE, resource.key.source, resource.namespace, to.name) if to else None
                lines.append(TextLine(Cell.of(f"   {safe(f'{host or chr(42)}{path} -> {name}', 300)}"), meta=key))
        elif isinstance(resource, HttpRoute | Gateway):
            behind = services_behind(snapshot, resource) if isinstance(resource, HttpRoute) else ()
            lines += [TextLine(Cell.of(f"   {safe(one.name, 200)}", "accent"), meta=one.key) for one in behind]
        return lines


def endpoints(snapshot: Snapshot) -> Mapping[ResourceKey, Behind]:
    """Endpoints of every Service; one that appears in several slices (by address family) counts once."""
    found: dict[ResourceKey, dict[object, bool]] = {}
    for one in snapshot.of(EndpointSlice):
        key = _service_of(one)
        if key is None or "endpoints" in one.gaps:
            continue
        mine = found.setdefault(key, {})
        for number, each in enumerate(one.endpoints):
            target = each.target_ref
            name: object = (target.kind, target.name) if target is not None else (one.key, number)
            mine[name] = mine.get(name, False) or _ready(each)
    return {key: Behind(sum(mine.values()), len(mine)) for key, mine in found.items()}


def _ready(each: SliceEndpoint) -> bool:
    return each.conditions.ready is not False


def _service_of(one: EndpointSlice) -> ResourceKey | None:
    labels, namespace = one.peek("labels"), one.peek("namespace")
    if isinstance(labels, Gap) or isinstance(namespace, Gap) or SERVICE_NAME not in labels:
        return None
    return object_key(Kind.KUBE_SERVICE, one.key.source, namespace, labels[SERVICE_NAME])


def _endpoint_line(each: SliceEndpoint, one: EndpointSlice) -> TextLine:
    target, conditions = each.target_ref, each.conditions
    word = "ready" if _ready(each) else "terminating" if conditions.terminating else "not ready"
    ports = ",".join(str(port.port or "any") for port in one.ports)
    name = target.name if target is not None else "no pod"
    key = (
        object_key(Kind.POD, one.key.source, target.namespace, target.name) if target and target.kind == "Pod" else None
    )
    words = f"   {safe(','.join(each.addresses), 60)}:{safe(ports, 60)}  {safe(name, 200)}  "
    return TextLine(Cell.join(words, (word, "normal" if _ready(each) else "error")), meta=key)


def _backends(resource: Ingress | HttpRoute) -> tuple[str, ...]:
    if isinstance(resource, Ingress):
        names = [one.service.name for _, _, one in ingress_backends(resource) if one.service is not None]
    else:
        names = [one.name for each in resource.spec.rules for one in each.backend_refs if one.kind == "Service"]
    return tuple(dict.fromkeys(names))


def _type(resource: Any) -> str:
    match resource:
        case KubeService():
            spec = resource.spec
            return "headless" if spec.cluster_ip == "None" and spec.type == "ClusterIP" else str(spec.type)
        case Ingress():
            return str(resource.spec.ingress_class_name) or "default"
        case Gateway():
            return str(resource.spec.gateway_class_name)
    return ""


def reached_at(resource: Any) -> str:
    """Addresses and ports, from the outside first."""
    match resource:
        case KubeService():
            return _service_words(resource)
        case Ingress():
            hosts = dict.fromkeys(one.host or "*" for one in resource.spec.rules) or {"*": None}
            outside = _balancer(resource.status.load_balancer)
            return " ".join(hosts) + (f" at {' '.join(outside)}" if outside else "")
        case Gateway():
            ports = " ".join(f"{one.hostname or '*'}:{one.port}" for one in resource.spec.listeners)
            outside = [one.value for one in resource.status.addresses]
            return ports + (f" at {' '.join(outside)}" if outside else "")
        case HttpRoute():
            return " ".join(resource.spec.hostnames) or "*"
    return ""


def _service_words(service: KubeService) -> str:
    spec = service.spec
    ports = ",".join(
        f"{one.port}{f'>{one.node_port}' if one.node_port else ''}{'' if one.protocol == 'TCP' else f'/{one.protocol}'}"
        for one in spec.ports
    )
    if spec.type == "ExternalName":
        return spec.external_name
    outside = [*_balancer(service.status.load_balancer), *spec.external_ips]
    if spec.type == "LoadBalancer" and not outside:
        outside = ["pending"]
    if spec.type == "NodePort" and not outside:
        outside = ["every node"]
    inside = [] if spec.cluster_ip in ("", "None") else [spec.cluster_ip]
    return f"{' '.join(outside or inside or ['pods'])}:{ports}" if ports else " ".join(outside or inside)


def _balancer(status: LoadBalancerStatus) -> list[str]:
    return [one.ip or one.hostname for one in status.ingress if one.ip or one.hostname]


def _tls(resource: Any) -> Cell:
    match resource:
        case Ingress():
            found = resource.spec.tls
            if not found:
                return Cell.of("no", "error")
            return cell(" ".join(dict.fromkeys(one.secret_name or "controller's" for one in found)))
        case Gateway():
            ways = dict.fromkeys(one.protocol for one in resource.spec.listeners)
            plain = any(way in ("HTTP", "TCP") for way in ways)
            return cell(" ".join(ways), "error" if plain and len(ways) == 1 else "normal")
    return Cell.of("-", "dim")


def _shown(value: Cell | Gap) -> Cell:
    return value if isinstance(value, Cell) else cell(value)


def _leads_cell(resource: Any, beside: tuple[str, Behind | Gap | None]) -> Cell:
    words, behind = beside
    if isinstance(behind, Gap):
        return cell(behind)
    if behind is None:
        return cell(words)
    count = f"{behind.ready} of {behind.total} ready" if behind.total else "nobody"
    return cell(f"{words}  {count}" if words else count, "error" if _broken(resource, beside) else "normal")


def _broken(resource: Any, beside: tuple[str, Behind | Gap | None]) -> bool:
    behind = beside[1]
    return isinstance(behind, Behind) and (behind.ready == 0 or "missing)" in beside[0])
