"""Services that are reached from outside, ports of nodes, and pods that reach the cloud's metadata."""

from __future__ import annotations

from checks.check import Domain, check
from checks.data.ports import SENSITIVE
from checks.data.ports import Service as Known
from checks.evidence import capped, seen
from checks.template import pod_check
from checks.verdict import Evidence, Severity, Verdict, failed, passed
from checks.view import View
from inventory.kubernetes.exposure import KubeService, ServicePort
from inventory.kubernetes.outside import internal_by, limits
from inventory.kubernetes.podspec import PodSpec


def known_service(port: ServicePort) -> Known | None:
    """What usually listens at a port of a Service, by the pods' port, else by its own; a name tells nothing."""
    target = port.target_port
    found = SENSITIVE.get(target) if isinstance(target, int) and target else None
    return found or SENSITIVE.get(port.port)


@check(
    "NET-044",
    "Service reachable from outside the cluster",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=KubeService,
    why="Whoever reaches the load balancer or a node's port reaches the pods behind it.",
    remediation="type: ClusterIP behind an Ingress, or spec.loadBalancerSourceRanges, or the cloud's annotation for an "
    "internal load balancer. Side effect: clients outside the ranges lose their connection.",
    references=("NSA-CISA:network-separation", "OWASP-K8s:K06", "ATT&CK:T1190", "ATT&CK:T1133", "CWE-668"),
)
def reachable_from_outside(service: KubeService, view: View) -> Verdict:
    """F: type LoadBalancer without loadBalancerSourceRanges that keep anybody out and without an annotation for an
    internal load balancer; high where a port is one of NET-003. F low: type NodePort. P: another type, or limited.
    """
    spec = service.spec
    ports = [f"{one.port}/{one.protocol}" for one in spec.ports]
    nodes = [one.node_port for one in spec.ports if one.node_port]
    if spec.type == "NodePort":
        evidence = [
            seen("spec.type", spec.type),
            seen("spec.ports[].nodePort", nodes),
            seen("spec.selector", spec.selector),
        ]
        return failed("reachable on a port of every node", *evidence, severity=Severity.LOW)
    if spec.type != "LoadBalancer":
        return passed()
    if limits(spec.load_balancer_source_ranges):
        return passed(
            "limited by source ranges", seen("spec.loadBalancerSourceRanges", spec.load_balancer_source_ranges)
        )
    inside = internal_by(service)
    if inside:
        return passed("an internal load balancer", seen(f"metadata.annotations[{inside}]", service.annotations[inside]))
    answering = service.peek("status")
    addresses = [one.ip or one.hostname for one in getattr(answering, "load_balancer", _NOWHERE).ingress]
    evidence = [
        seen("spec.type", spec.type),
        seen("spec.ports", ports),
        seen("status.loadBalancer.ingress", addresses),
        seen("spec.loadBalancerSourceRanges", spec.load_balancer_source_ranges),
        seen("spec.selector", spec.selector),
    ]
    names = sorted({found.name for one in spec.ports if (found := known_service(one)) is not None})
    if names:
        words = f"reachable from outside through a load balancer on a port of {', '.join(names)}"
        return failed(words, *evidence, severity=Severity.HIGH)
    return failed("reachable from outside through a load balancer", *evidence)


class _Nowhere:
    ingress = ()


_NOWHERE = _Nowhere()


@check(
    "NET-045",
    "Service with external IPs",
    domain=Domain.NETWORK,
    severity=Severity.HIGH,
    subject=KubeService,
    why="Every node sends what goes to that address to the Service's pods instead: whoever may make Services can take "
    "over connections of the whole cluster (CVE-2020-8554, without a fix).",
    remediation="Take out spec.externalIPs, use a LoadBalancer or an Ingress; enable the DenyServiceExternalIPs "
    "admission plugin. Side effect: the address is no longer answered.",
    references=("CVE-2020-8554", "CIS-Kubernetes-1.12:1.2.3", "ATT&CK:T1557", "CWE-283"),
)
def external_ips(service: KubeService, view: View) -> Verdict:
    """F: `spec.externalIPs` is not empty. P: it is. (CVE-2020-8554; CIS Kubernetes 1.2.3)"""
    found = service.spec.external_ips
    if not found:
        return passed()
    writers = service.peek("managers")
    names = sorted({one.manager for one in writers}) if isinstance(writers, tuple) else []
    evidence = [Evidence(f"spec.externalIPs[{at}]", address) for at, address in enumerate(found)]
    if names:
        evidence.append(seen("metadata.managedFields[].manager", names))
    return failed(f"answers for {len(found)} external address(es)", *capped(evidence, 20))


@pod_check(
    "NET-050",
    "Port of the node bound by a pod",
    severity=Severity.MEDIUM,
    why="Whoever reaches the node reaches the container, past Services; many plugins enforce no policy there.",
    remediation="Take out ports[].hostPort and put a Service before the pods. Side effect: clients that use the node's "
    "address have to change; DaemonSets that serve the node itself may need it.",
    references=("PSS:baseline:Host Ports", "CIS-Kubernetes-1.12:5.2.12", "CWE-668"),
    implied_by=("ORC-107",),
    domain=Domain.NETWORK,
)
def host_port(spec: PodSpec) -> Verdict:
    """F: `ports[].hostPort` of a container, init container or ephemeral container is set. P: none is."""
    found = [
        (f"{path}.ports[{at}].hostPort", one.host_port)
        for path, container in spec.all_containers()
        for at, one in enumerate(container.ports)
        if one.host_port
    ]
    if not found:
        return passed()
    numbers = ", ".join(sorted({str(port) for _, port in found}))
    return failed(f"binds port {numbers} of its node", *capped([seen(path, port) for path, port in found], 20))
