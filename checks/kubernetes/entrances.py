"""Ingresses, Gateways and routes: TLS, names that they answer for, and where they lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.check import Domain, check
from checks.evidence import capped
from checks.kubernetes.exposure import known_service
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.configuration import KubeSecret, TlsCertificate
from inventory.kubernetes.exposure import (
    EndpointSlice,
    Entrance,
    Gateway,
    HttpRoute,
    Ingress,
    KubeService,
    Listener,
    RouteFilter,
)
from inventory.kubernetes.resource import object_key
from inventory.kubernetes.selection import ingress_backends
from inventory.resource import Kind

_SOLVER = "acme.cert-manager.io/http01-solver"
# Annotations by which a cloud's load balancer gets its certificate, outside of spec.tls.
_CLOUD_TLS = (
    "alb.ingress.kubernetes.io/certificate-arn", "networking.gke.io/managed-certificates",
    "ingress.gcp.kubernetes.io/pre-shared-cert", "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
)  # fmt: skip
_SERVICE_OF = "kubernetes.io/service-name"


@check(
    "NET-046",
    "Entrance to the cluster without TLS",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Entrance,
    why="Passwords, cookies and data pass in the clear between the client and the edge.",
    remediation="List the host under spec.tls with a Secret of type kubernetes.io/tls (cert-manager issues and renews "
    "it); listeners of a Gateway: protocol HTTPS. Side effect: clients are redirected to https.",
    references=("NSA-CISA:network-separation", "OWASP-K8s:K05", "ATT&CK:T1040", "CWE-319"),
)
def without_tls(entrance: Entrance, view: View) -> Verdict:
    """F: a host of an Ingress is covered by no entry of spec.tls, or a listener of a Gateway speaks HTTP and any of its
    HTTPRoutes does more than redirect to https, or it has none. F high: the Secret of an entry or HTTPS listener is
    missing, holds no certificate, or one that has expired. P: all are covered and all certificates valid. Of a manifest
    no Secret is missed. NA: routes; solvers of ACME challenges.
    """
    if isinstance(entrance, Gateway):
        return _gateway_tls(entrance, view)
    if not isinstance(entrance, Ingress):
        return not_applicable("the listeners of its Gateway decide")
    if entrance.labels.get(_SOLVER) == "true":
        return not_applicable("solves an ACME challenge, which is asked over HTTP")
    spec = entrance.spec
    hosts = dict.fromkeys(host for host, _, _ in ingress_backends(entrance))
    by_cloud = next((name for name in _CLOUD_TLS if name in entrance.annotations), "")
    every = any(not one.hosts for one in spec.tls)
    names = frozenset(name for one in spec.tls for name in one.hosts)
    bare = [] if by_cloud or every else [host for host in hosts if not _covered(host, names)]
    wrong = _wrong_secrets(entrance, view, certain=bool(bare))
    if bare:
        evidence = [Evidence("spec.rules[].host", host or "every host") for host in bare] + wrong
        words = f"{len(bare)} of {len(hosts)} host(s) without TLS" + (f"; {_wrong(wrong)}" if wrong else "")
        return failed(words, *capped(evidence, 20), severity=Severity.HIGH if wrong else None)
    return failed(_wrong(wrong), *capped(wrong, 20), severity=Severity.HIGH) if wrong else passed()


def _wrong_secrets(ingress: Ingress, view: View, *, certain: bool) -> list[Evidence]:
    """What is wrong with its certificates; where it fails for `certain`, those that cannot be read change nothing."""
    wrong: list[Evidence] = []
    for at, one in enumerate(ingress.spec.tls):
        try:
            path = f"spec.tls[{at}].secretName"
            found = _broken(ingress, path, ingress.namespace, one.secret_name, view) if one.secret_name else None
        except Unread:
            if not certain:
                raise
            continue
        if found is not None:
            wrong.append(found)
    return wrong


def _gateway_tls(gateway: Gateway, view: View) -> Verdict:
    listeners = gateway.spec.listeners
    clear = [(at, one) for at, one in enumerate(listeners) if one.protocol == "HTTP"]
    routes = (view.index_of(HttpRoute, redirecting, gateway.key.id) or ()) if clear else ()
    bare = [(at, one) for at, one in clear if not _only_redirects(one, routes)]
    if bare:
        evidence = [Evidence(f"spec.listeners[{at}].protocol", f"HTTP on port {one.port}") for at, one in bare]
        return failed(f"{len(bare)} of {len(listeners)} listener(s) without TLS", *capped(evidence, 20))
    wrong = [
        found
        for at, one in enumerate(listeners)
        for number, ref in enumerate(one.tls.certificate_refs if one.tls is not None else ())
        if (ref.kind or "Secret") == "Secret"
        and (
            found := _broken(
                gateway,
                f"spec.listeners[{at}].tls.certificateRefs[{number}]",
                ref.namespace or gateway.namespace,
                ref.name,
                view,
            )
        )
    ]
    return failed(_wrong(wrong), *capped(wrong, 20), severity=Severity.HIGH) if wrong else passed()


Attached = tuple[tuple[str, int, bool], ...]
"""Of each route at a Gateway: the listener's name and port, where it names them, and whether it only redirects."""


def redirecting(routes: tuple[HttpRoute, ...]) -> Mapping[str, Attached]:
    """By Gateway, its routes."""
    found: dict[str, list[tuple[str, int, bool]]] = {}
    for route in routes:
        spec = route.peek("spec")
        if isinstance(spec, Gap):
            continue
        only = bool(spec.rules) and all(any(_to_https(one) for one in rule.filters) for rule in spec.rules)
        for parent in spec.parent_refs:
            if parent.kind == "Gateway":
                name = f"{parent.namespace or route.namespace}/{parent.name}"
                found.setdefault(name, []).append((parent.section_name, parent.port, only))
    return {name: tuple(sorted(them)) for name, them in found.items()}


def _to_https(one: RouteFilter) -> bool:
    return one.type == "RequestRedirect" and one.request_redirect is not None and one.request_redirect.scheme == "https"


def _only_redirects(listener: Listener, routes: Attached) -> bool:
    own = [only for name, port, only in routes if name in ("", listener.name) and port in (0, listener.port)]
    return bool(own) and all(own)


def _wrong(found: list[Evidence]) -> str:
    return f"{len(found)} certificate(s) missing, expired or broken"


def _covered(host: str, names: frozenset[str]) -> bool:
    return host in names or f"*.{host.partition('.')[2]}" in names


def _broken(entrance: Entrance, path: str, namespace: str, name: str, view: View) -> Evidence | None:
    """What is wrong with the certificate in a Secret; None: nothing."""
    key = object_key(Kind.KUBE_SECRET, entrance.key.source, namespace, name)
    secret = view.get(key)
    if not isinstance(secret, KubeSecret):
        if entrance.manifest is not None:
            raise Unread(Gap(Reason.ABSENT, f"Secret {namespace}/{name}", "not among the manifests"))
        return Evidence(path, f"{name}: there is no such Secret")
    certificate: TlsCertificate | None = secret.certificate
    if certificate is None or certificate.error:
        return Evidence(path, f"{name}: {certificate.error if certificate else f'of type {secret.type}'}", key)
    if certificate.not_after <= view.now:
        days = int((view.now - certificate.not_after) // 86400)
        return Evidence(path, f"{name}: expired {days} day(s) ago", key)
    return None


@check(
    "NET-047",
    "Entrance that answers for every name",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Entrance,
    why="Requests for names that nobody meant to serve, or for the bare address, reach the Service behind it.",
    remediation="Set a host for every rule and drop spec.defaultBackend; give each listener of a Gateway a hostname. "
    "Side effect: clients that use the address or another name get 404.",
    references=("OWASP-K8s:K06", "CWE-1188"),
)
def answers_for_everything(entrance: Entrance, view: View) -> Verdict:
    """F: a rule without a host (or `*`), or the default backend, leads to a Service on a port of NET-003. M: there is
    such a rule, or a listener of a Gateway without a hostname. P: every rule has a name. NA: routes.
    """
    if isinstance(entrance, HttpRoute):
        return not_applicable("takes the names of its Gateway's listeners")
    if isinstance(entrance, Gateway):
        bare = [f"spec.listeners[{at}]" for at, one in enumerate(entrance.spec.listeners) if one.hostname in ("", "*")]
        evidence = [Evidence(f"{path}.hostname", '""') for path in bare]
        return manual(f"{len(bare)} listener(s) for every name", *capped(evidence, 20)) if bare else passed()
    if not isinstance(entrance, Ingress):
        return not_applicable("not an Ingress")
    found: list[Evidence] = []
    names: set[str] = set()
    for host, path, backend in ingress_backends(entrance):
        if host not in ("", "*"):
            continue
        service = backend.service
        told = f"{service.name}:{service.port.number or service.port.name}" if service is not None else "a resource"
        found.append(Evidence("spec.rules[].host" if path else "spec.defaultBackend", f'"" {path} to {told}'))
        if service is not None:
            names |= _sensitive(entrance, service.name, service.port.number, service.port.name, view)
    if names:
        return failed(f"every name leads to a port of {', '.join(sorted(names))}", *capped(found, 20))
    return manual(f"{len(found)} rule(s) for every name", *capped(found, 20)) if found else passed()


def _sensitive(entrance: Entrance, name: str, number: int, port_name: str, view: View) -> set[str]:
    service = view.get(object_key(Kind.KUBE_SERVICE, entrance.key.source, entrance.namespace, name))
    if not isinstance(service, KubeService):
        return set()
    ports = [one for one in service.spec.ports if one.port == number or (port_name and one.name == port_name)]
    return {known.name for one in ports if (known := known_service(one)) is not None}


def ready_services(slices: tuple[EndpointSlice, ...]) -> Mapping[str, bool]:
    """By `namespace/name` of a Service: whether any endpoint of it is ready."""
    found: dict[str, bool] = {}
    for one in slices:
        service = one.labels.get(_SERVICE_OF, "") if "labels" not in one.gaps else ""
        if not service or "endpoints" in one.gaps:
            continue
        name = f"{one.namespace}/{service}"
        found[name] = found.get(name, False) or any(each.conditions.ready is not False for each in one.endpoints)
    return found


@check(
    "NET-049",
    "Route to a Service that is not there",
    domain=Domain.NETWORK,
    severity=Severity.LOW,
    subject=Entrance,
    why="Whoever may make a Service of that name gets the requests that were meant for another one.",
    remediation="Correct the backend's name and port (`kubectl get service -n NAMESPACE`), or delete the rule. Side "
    "effect: none, the rule leads nowhere now.",
    references=("CWE-672", "OWASP-K8s:K06"),
)
def leads_nowhere(entrance: Entrance, view: View) -> Verdict:
    """F: a backend's Service, or the port of it, does not exist. M: it exists and has no ready endpoint; of a manifest,
    the Service is in none of the files. P: every backend has one. NA: Gateways, whose routes have the backends.
    """
    if isinstance(entrance, Gateway):
        return not_applicable("its routes have the backends")
    missing: list[Evidence] = []
    idle: list[Evidence] = []
    for path, namespace, name, number, port_name in _backends(entrance):
        key = object_key(Kind.KUBE_SERVICE, entrance.key.source, namespace, name)
        service = view.get(key)
        if not isinstance(service, KubeService):
            missing.append(Evidence(path, f"there is no Service {namespace}/{name}"))
            continue
        spec = service.spec
        if spec.type == "ExternalName":
            continue
        wanted = number or port_name
        if wanted and not any(wanted in (one.port, one.name) for one in spec.ports):
            missing.append(Evidence(path, f"Service {name} has no port {wanted}", key))
        elif entrance.manifest is None and not view.index_of(EndpointSlice, ready_services, service.key.id):
            idle.append(Evidence(path, f"Service {name} has no ready endpoint", key))
    if missing and (entrance.manifest is None or any(one.target for one in missing)):
        return failed(f"{len(missing)} backend(s) that do not exist", *capped(missing, 20))
    if missing:
        return manual(f"{len(missing)} backend(s) not among the manifests", *capped(missing, 20))
    return manual(f"{len(idle)} backend(s) without a ready endpoint", *capped(idle, 20)) if idle else passed()


def _backends(entrance: Entrance) -> Iterator[tuple[str, str, str, int, str]]:
    if isinstance(entrance, Ingress):
        for host, path, backend in ingress_backends(entrance):
            one = backend.service
            if one is not None:
                yield f"spec.rules[{host}{path}].backend", entrance.namespace, one.name, one.port.number, one.port.name
    elif isinstance(entrance, HttpRoute):
        for at, rule in enumerate(entrance.spec.rules):
            for number, ref in enumerate(rule.backend_refs):
                if ref.kind == "Service":
                    path = f"spec.rules[{at}].backendRefs[{number}]"
                    yield path, ref.namespace or entrance.namespace, ref.name, ref.port, ""
