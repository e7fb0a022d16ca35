"""Cases of the checks of Services, ports of nodes, Ingresses, Gateways and their controller."""

from __future__ import annotations

from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.kubernetes.resource import KubeResource, Manifest
from inventory.resource import Kind, Resource
from tests.checks.builders import changed
from tests.checks.cases import Case
from tests.checks.kubernetes.objects import others, pod, recorded, written
from tests.kubernetes.captured import NOW, SOURCE

FAIL, PASS, MANUAL, NA, UNKNOWN = (
    Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN,
)  # fmt: skip
MARCH = 1772323200.0  # 2026-03-01, when ingress-nginx still had releases
NO_SECRETS = {(SOURCE, Kind.KUBE_SECRET): Gap(Reason.DENIED, "GET /api/v1/secrets")}
FILE = Manifest("shop.yaml", 1, {})


def of(kind: Kind, name: str, check: str, expected: Outcome, severity: Severity | None = None) -> Case:
    subject = recorded(kind, name)
    return Case(check, subject, expected, severity, others=others(subject), now=NOW)


def service(spec: str, **annotations: str) -> KubeResource:
    notes = ", ".join(f"'{name}': '{value}'" for name, value in annotations.items())
    return written(
        "{apiVersion: v1, kind: Service,"
        f" metadata: {{name: web, namespace: prod, annotations: {{{notes}}}}}, spec: {spec}}}"
    )


def ingress(spec: str, **annotations: str) -> KubeResource:
    notes = ", ".join(f"'nginx.ingress.kubernetes.io/{name}': '{value}'" for name, value in annotations.items())
    return written(
        "{apiVersion: networking.k8s.io/v1, kind: Ingress,"
        f" metadata: {{name: web, namespace: prod, annotations: {{{notes}}}}}, spec: {spec}}}"
    )


def controller(image: str) -> KubeResource:
    return pod(f"containers: [{{name: controller, image: '{image}'}}]")


PATHS = "http: {paths: [{path: /, backend: {service: {name: web, port: {number: 80}}}}]}"
NAMED = ingress(f"{{rules: [{{host: a.example.com, {PATHS}}}], tls: [{{hosts: ['*.example.com']}}]}}")
WEB = service("{type: ClusterIP, ports: [{port: 80, targetPort: 8080}]}")
DATABASE = service("{type: ClusterIP, ports: [{port: 80, targetPort: 5432}]}")
BALANCED = "{type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]%s}"
READY = written(
    "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: web-1, namespace: prod,"
    " labels: {kubernetes.io/service-name: web}}, addressType: IPv4, endpoints: [{addresses: [10.1.0.1]}]}"
)
GATEWAY = "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g, namespace: prod}, spec: %s}"
CLOSED = written(GATEWAY % "{listeners: [{name: s, port: 443, protocol: HTTPS, hostname: a.example.com}]}")
REFERRED = written(
    GATEWAY % "{listeners: [{name: s, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: gone}]}}]}"
)
GCP = "{type: LoadBalancer, ports: [{port: 80}]}"
SNIPPET: Resource = ingress("{}", **{"configuration-snippet": "x;"})
PATCHED = "registry.k8s.io/ingress-nginx/controller:v1.15.0@sha256:aa"
CLOUD = "alb.ingress.kubernetes.io/certificate-arn"


def _redirect(name: str = "to-https", rule: str = "", section: str = "http", scheme: str = "https") -> Resource:
    rule = rule or f"{{filters: [{{type: RequestRedirect, requestRedirect: {{scheme: {scheme}}}}}]}}"
    return written(
        f"{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: {name}, namespace: prod}}, "
        f"spec: {{parentRefs: [{{name: edge, sectionName: {section}}}], rules: [{rule}]}}}}"
    )


GATE = written(
    "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: edge, namespace: prod}, "
    "spec: {listeners: [{name: http, port: 80, protocol: HTTP}]}}"
)
SERVING = _redirect("more", "{backendRefs: [{name: x}]}")
NO_ROUTES = {(SOURCE, Kind.HTTPROUTE): Gap(Reason.DENIED, "GET httproutes")}
CASES = [
    of(Kind.KUBE_SERVICE, "legacy/ftp", "NET-044", FAIL, Severity.HIGH),
    of(Kind.KUBE_SERVICE, "staging/web-public", "NET-044", FAIL, Severity.MEDIUM),
    of(Kind.KUBE_SERVICE, "monitoring/grafana", "NET-044", FAIL, Severity.LOW),
    of(Kind.KUBE_SERVICE, "ingress-nginx/ingress-nginx-controller", "NET-044", PASS),
    of(Kind.KUBE_SERVICE, "prod/postgres", "NET-044", PASS),
    Case("NET-044", service(BALANCED % ", loadBalancerSourceRanges: [0.0.0.0/0]"), FAIL, others=(), note="any source"),
    Case("NET-044", service(BALANCED % ", loadBalancerSourceRanges: [nonsense]"), FAIL, others=(), note="no range"),
    Case("NET-044", service(GCP, **{"networking.gke.io/load-balancer-type": "Internal"}), PASS, others=()),
    Case(
        "NET-044", service(GCP, **{"service.beta.kubernetes.io/aws-load-balancer-internal": "false"}), FAIL, others=(),
        note="not inside",
    ),
    of(Kind.KUBE_SERVICE, "legacy/billing", "NET-045", FAIL, Severity.HIGH),
    of(Kind.KUBE_SERVICE, "prod/redis", "NET-045", PASS),
    of(Kind.INGRESS, "legacy/billing", "NET-046", FAIL, Severity.MEDIUM),
    of(Kind.INGRESS, "legacy/wildcard-all", "NET-046", FAIL, Severity.HIGH),
    of(Kind.INGRESS, "staging/staging", "NET-046", FAIL, Severity.HIGH),
    of(Kind.INGRESS, "prod/shop", "NET-046", PASS),
    of(Kind.GATEWAY, "prod/edge", "NET-046", FAIL, Severity.MEDIUM),
    of(Kind.HTTPROUTE, "prod/shop", "NET-046", NA),
    Case("NET-046", GATE, FAIL, others=(_redirect(scheme="http"),), note="not to https"),
    Case("NET-046", GATE, PASS, others=(_redirect(),), note="only redirects"),
    Case("NET-046", GATE, FAIL, others=(_redirect(), SERVING), note="and serves"),
    Case("NET-046", GATE, FAIL, others=(_redirect(section="other"),), note="redirects at another listener"),
    Case("NET-046", GATE, UNKNOWN, others=(), gaps=NO_ROUTES, note="routes are forbidden"),
    Case("NET-046", CLOSED, PASS, others=()),
    Case("NET-046", REFERRED, FAIL, Severity.HIGH, others=(), note="no such Secret"),
    Case("NET-046", NAMED, PASS, others=(), note="wildcard without a Secret"),
    Case("NET-046", ingress(f"{{rules: [{{{PATHS}}}]}}"), FAIL, others=(), note="no host"),
    Case(
        "NET-046", changed(ingress(f"{{rules: [{{{PATHS}}}]}}"), annotations={CLOUD: "a"}), PASS, others=(),
    ),
    Case("NET-046", recorded(Kind.INGRESS, "prod/shop"), UNKNOWN, others=(), gaps=NO_SECRETS, note="forbidden"),
    Case(
        "NET-046", recorded(Kind.INGRESS, "legacy/wildcard-all"), FAIL, Severity.MEDIUM, others=(), gaps=NO_SECRETS,
        note="forbidden",
    ),
    Case("NET-046", changed(recorded(Kind.INGRESS, "prod/shop"), manifest=FILE), UNKNOWN, others=(), note="file"),
    of(Kind.INGRESS, "legacy/wildcard-all", "NET-047", FAIL),
    of(Kind.INGRESS, "prod/shop", "NET-047", PASS),
    of(Kind.GATEWAY, "prod/edge", "NET-047", MANUAL),
    Case("NET-047", CLOSED, PASS, others=()),
    Case("NET-047", ingress(f"{{rules: [{{{PATHS}}}]}}"), MANUAL, others=(WEB,), note="no host"),
    Case("NET-047", ingress(f"{{rules: [{{{PATHS}}}]}}"), FAIL, Severity.MEDIUM, others=(DATABASE,), note="database"),
    Case(
        "NET-047", ingress("{defaultBackend: {service: {name: web, port: {number: 80}}}}"), FAIL, others=(DATABASE,),
        note="default backend",
    ),
    of(Kind.DEPLOYMENT, "ingress-nginx/ingress-nginx-controller", "NET-048", FAIL, Severity.CRITICAL),
    of(Kind.DEPLOYMENT, "prod/storefront", "NET-048", NA),
    Case("NET-048", controller(PATCHED), PASS, others=(), now=MARCH),
    Case("NET-048", controller(PATCHED), FAIL, Severity.MEDIUM, others=(), now=NOW, note="retired"),
    Case("NET-048", controller(PATCHED), FAIL, Severity.HIGH, others=(SNIPPET,), now=MARCH, note="snippets"),
    Case(
        "NET-048", controller("registry.k8s.io/ingress-nginx/controller-chroot:v1.12.0"), FAIL, Severity.CRITICAL,
        others=(), now=MARCH, note="chroot",
    ),
    Case(
        "NET-048", controller("rancher/nginx-ingress-controller:nginx-1.9.4-hardened1"), MANUAL, others=(), now=NOW,
        note="distribution",
    ),
    Case("NET-048", controller("bitnami/nginx-ingress-controller@sha256:aa"), MANUAL, others=(), now=NOW, note="by id"),
    Case("NET-048", controller("docker.io/library/traefik:v3.3"), PASS, others=(), now=NOW, note="another"),
    Case("NET-048", controller("localhost:5000/app"), NA, others=(), now=NOW, note="no controller"),
    of(Kind.INGRESS, "prod/shop", "NET-049", PASS),
    of(Kind.HTTPROUTE, "prod/shop", "NET-049", PASS),
    of(Kind.GATEWAY, "prod/edge", "NET-049", NA),
    Case("NET-049", NAMED, FAIL, Severity.LOW, others=()),
    Case("NET-049", NAMED, MANUAL, others=(WEB,), note="no endpoints"),
    Case("NET-049", NAMED, PASS, others=(WEB, READY), note="ready"),
    Case("NET-049", NAMED, FAIL, others=(service("{ports: [{port: 81}]}"), READY), note="another port"),
    Case("NET-049", NAMED, PASS, others=(service("{type: ExternalName, externalName: x.example}"),), note="outside"),
    Case("NET-049", changed(NAMED, manifest=FILE), MANUAL, others=(), note="not among the files"),
    Case("NET-049", changed(NAMED, manifest=FILE), PASS, others=(WEB,), note="a file"),
    of(Kind.DEPLOYMENT, "legacy/billing-php", "NET-050", FAIL, Severity.MEDIUM),
    of(Kind.DEPLOYMENT, "prod/storefront", "NET-050", PASS),
]  # fmt: skip
