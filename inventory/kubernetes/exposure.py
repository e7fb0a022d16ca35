"""What leads to pods: Services, EndpointSlices, Ingresses, and the Gateway API."""

from __future__ import annotations

from typing import ClassVar

from inventory.kubernetes.part import Condition, LabelSelector, ObjectReference, Part
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind


class Entrance(KubeResource):
    """Where requests come in and are led to Services."""

    noun: ClassVar[str] = "Ingress, Gateway or HTTPRoute"


class ServicePort(Part, frozen=True):
    """`target_port` is a number or a port's name, 0 when it is the same as `port`."""

    name: str = ""
    protocol: str = "TCP"
    port: int = 0
    target_port: int | str = 0
    node_port: int = 0
    app_protocol: str = ""


class ServiceSpec(Part, frozen=True):
    """`type`: ClusterIP, NodePort, LoadBalancer, ExternalName. An empty selector selects nothing."""

    type: str = "ClusterIP"
    cluster_ip: str = ""
    cluster_ips: tuple[str, ...] = ()
    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    external_ips: tuple[str, ...] = ()
    external_name: str = ""
    load_balancer_ip: str = ""
    load_balancer_source_ranges: tuple[str, ...] = ()
    load_balancer_class: str = ""
    external_traffic_policy: str = ""
    publish_not_ready_addresses: bool = False
    session_affinity: str = ""


class IngressAddress(Part, frozen=True):
    """Where a load balancer answers."""

    ip: str = ""
    hostname: str = ""


class LoadBalancerStatus(Part, frozen=True):
    """Where from outside it is reached; empty while pending."""

    ingress: tuple[IngressAddress, ...] = ()


class ExposureStatus(Part, frozen=True):
    """Of a Service or an Ingress."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()
    conditions: tuple[Condition, ...] = ()


class KubeService(KubeResource):
    """`v1` Service."""

    kind: ClassVar[Kind] = Kind.KUBE_SERVICE
    api_kind: ClassVar[str] = "Service"

    spec: ServiceSpec
    status: ExposureStatus


class EndpointConditions(Part, frozen=True):
    """None means true, as the API documents it."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class SliceEndpoint(Part, frozen=True):
    """One backend of a slice."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    target_ref: ObjectReference | None = None
    node_name: str = ""


class SlicePort(Part, frozen=True):
    """One port of a slice; None is every port."""

    name: str | None = ""
    protocol: str | None = "TCP"
    port: int | None = None


class EndpointSlice(KubeResource):
    """`discovery.k8s.io/v1` EndpointSlice; the label `kubernetes.io/service-name` says of which Service."""

    kind: ClassVar[Kind] = Kind.ENDPOINTSLICE
    api_kind: ClassVar[str] = "EndpointSlice"

    address_type: str
    endpoints: tuple[SliceEndpoint, ...]
    ports: tuple[SlicePort, ...]


class BackendPort(Part, frozen=True):
    """By name or number."""

    name: str = ""
    number: int = 0


class BackendService(Part, frozen=True):
    """A Service of the Ingress's namespace."""

    name: str = ""
    port: BackendPort = BackendPort()


class IngressBackend(Part, frozen=True):
    """A Service or, by `resource`, something else."""

    service: BackendService | None = None
    resource: ObjectReference | None = None


class HttpPath(Part, frozen=True):
    """One path of a host."""

    path: str = ""
    path_type: str = ""
    backend: IngressBackend = IngressBackend()


class HttpRule(Part, frozen=True):
    """All paths of a host."""

    paths: tuple[HttpPath, ...] = ()


class IngressRule(Part, frozen=True):
    """`host` "" is every host."""

    host: str = ""
    http: HttpRule | None = None


class IngressTls(Part, frozen=True):
    """`secret_name` "" leaves the certificate to the controller."""

    hosts: tuple[str, ...] = ()
    secret_name: str = ""


class IngressSpec(Part, frozen=True):
    """`networking.k8s.io/v1` IngressSpec."""

    ingress_class_name: str = ""
    default_backend: IngressBackend | None = None
    rules: tuple[IngressRule, ...] = ()
    tls: tuple[IngressTls, ...] = ()


class Ingress(Entrance):
    """`networking.k8s.io/v1` Ingress."""

    kind: ClassVar[Kind] = Kind.INGRESS
    api_kind: ClassVar[str] = "Ingress"

    spec: IngressSpec
    status: ExposureStatus


class GatewayTls(Part, frozen=True):
    """`mode`: Terminate or Passthrough."""

    mode: str = ""
    certificate_refs: tuple[ObjectReference, ...] = ()


class FromNamespaces(Part, frozen=True):
    """`from`: All, Selector, Same."""

    from_: str = ""
    selector: LabelSelector | None = None


class AllowedRoutes(Part, frozen=True):
    """Whose routes may attach."""

    namespaces: FromNamespaces | None = None


class Listener(Part, frozen=True):
    """`protocol`: HTTP, HTTPS, TLS, TCP, UDP."""

    name: str = ""
    port: int = 0
    protocol: str = ""
    hostname: str = ""
    tls: GatewayTls | None = None
    allowed_routes: AllowedRoutes | None = None


class GatewaySpec(Part, frozen=True):
    """`gateway.networking.k8s.io` GatewaySpec."""

    gateway_class_name: str = ""
    listeners: tuple[Listener, ...] = ()


class GatewayAddress(Part, frozen=True):
    """Where it listens."""

    type: str = ""
    value: str = ""


class GatewayStatus(Part, frozen=True):
    """What its controller says."""

    addresses: tuple[GatewayAddress, ...] = ()
    conditions: tuple[Condition, ...] = ()


class Gateway(Entrance):
    """`gateway.networking.k8s.io` Gateway."""

    kind: ClassVar[Kind] = Kind.GATEWAY
    api_kind: ClassVar[str] = "Gateway"

    spec: GatewaySpec
    status: GatewayStatus


class ParentReference(Part, frozen=True):
    """What a route attaches to; `section_name` is the listener's name."""

    kind: str = "Gateway"
    name: str = ""
    namespace: str = ""
    section_name: str = ""
    port: int = 0


class RouteBackend(Part, frozen=True):
    """Where a route leads."""

    kind: str = "Service"
    name: str = ""
    namespace: str = ""
    port: int = 0


class RouteRedirect(Part, frozen=True):
    """Where a client is sent to; of it the `scheme`, "" for that of the request."""

    scheme: str = ""


class RouteFilter(Part, frozen=True):
    """`type`: RequestRedirect, RequestHeaderModifier, URLRewrite..."""

    type: str = ""
    request_redirect: RouteRedirect | None = None


class RouteRule(Part, frozen=True):
    """One rule of a route; its matches are not kept."""

    filters: tuple[RouteFilter, ...] = ()
    backend_refs: tuple[RouteBackend, ...] = ()


class RouteSpec(Part, frozen=True):
    """HTTPRouteSpec, and what the other routes share with it."""

    parent_refs: tuple[ParentReference, ...] = ()
    hostnames: tuple[str, ...] = ()
    rules: tuple[RouteRule, ...] = ()


class HttpRoute(Entrance):
    """`gateway.networking.k8s.io` HTTPRoute."""

    kind: ClassVar[Kind] = Kind.HTTPROUTE
    api_kind: ClassVar[str] = "HTTPRoute"

    spec: RouteSpec
