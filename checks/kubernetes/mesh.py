"""Encryption between pods, and the way from pods to the metadata of the cloud."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.kubernetes.network_policies import SYSTEM, by_namespace, isolates, open_rules, selects_all
from checks.kubernetes.population import BUSY
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.kubernetes.cluster import CustomResource, KubeNode, Namespace
from inventory.kubernetes.policies import EgressPolicyRule, NetworkPolicy, PolicyPeer
from inventory.resource import ResourceKey

_METADATA = ipaddress.ip_address("169.254.169.254")
_CLOUDS = frozenset(
    {
        "aws",
        "gce",
        "azure",
        "openstack",
        "digitalocean",
        "alicloud",
        "oci",
        "ibm",
        "hcloud",
        "linode",
        "scaleway",
        "vultr",
    }
)
_ROOT = "istio-system"
Modes = tuple[tuple[ResourceKey, str, bool], ...]


def peer_authentications(objects: tuple[CustomResource, ...]) -> Mapping[str, Modes]:
    """By namespace: (key, mode, whether it is about some pods only) of Istio's PeerAuthentications."""
    found: dict[str, list[tuple[ResourceKey, str, bool]]] = {}
    for one in objects:
        if (one.api_group, one.api_object) == ("security.istio.io", "PeerAuthentication") and "spec" not in one.gaps:
            mtls = one.spec.get("mtls")
            mode = mtls.get("mode") if isinstance(mtls, dict) else None
            known = mode if isinstance(mode, str) and mode else "UNSET"
            found.setdefault(one.namespace, []).append((one.key, known, bool(one.spec.get("selector"))))
    return {namespace: tuple(sorted(them)) for namespace, them in found.items()}


@check(
    "NET-051",
    "Traffic between workloads without mutual TLS",
    domain=Domain.NETWORK,
    severity=Severity.INFO,
    subject=Namespace,
    why="Whoever can read the network between nodes reads what pods say to each other, and can answer in their place.",
    remediation="A service mesh with a PeerAuthentication of mode STRICT, or the plugin's own encryption (WireGuard, "
    "IPsec). Side effect: clients without a sidecar are refused.",
    references=("NSA-CISA:network-separation", "OWASP-K8s:K05", "ATT&CK:T1040", "CWE-319"),
)
def no_mutual_tls(namespace: Namespace, view: View) -> Verdict:
    """F (medium): a PeerAuthentication about the namespace, or else about the mesh, has mode PERMISSIVE or DISABLE.
    P: STRICT, and none about some pods says otherwise; or Linkerd is injected by annotation. M: nothing of the kind is
    found; encryption by the network plugin cannot be seen. NA: without pods; namespaces of the cluster itself.
    """
    if namespace.name in SYSTEM:
        return not_applicable("a namespace of the cluster itself")
    if not any(view.index_of(family, busy, namespace.name) for family, busy in BUSY.items()):
        return not_applicable("no pods on the pod network")
    if namespace.annotations.get("linkerd.io/inject") == "enabled":
        return passed("Linkerd encrypts", seen("metadata.annotations[linkerd.io/inject]", "enabled"))
    own = view.index_of(CustomResource, peer_authentications, namespace.name) or ()
    wide = view.index_of(CustomResource, peer_authentications, _ROOT) or ()
    whole = [one for one in own if not one[2] and one[1] != "UNSET"] or [one for one in wide if not one[2]]
    deciding = [*whole, *(one for one in own if one[2])]
    weak = [one for one in deciding if one[1] in ("PERMISSIVE", "DISABLE")]
    if weak:
        modes = ", ".join(sorted({mode for _, mode, _ in weak}))
        named = (
            (f"PeerAuthentication {key.id.rpartition('/')[2]}: spec.mtls.mode", mode, key) for key, mode, _ in weak
        )
        evidence = capped((Evidence(*one) for one in named), 20)
        return failed(f"mutual TLS is {modes}", *evidence, severity=Severity.MEDIUM)
    if whole and all(mode == "STRICT" for _, mode, _ in whole):
        return passed("mutual TLS is STRICT", *(Evidence("spec.mtls.mode", mode, key) for key, mode, _ in whole[:5]))
    words = "no service mesh encrypts here; encryption by the network plugin cannot be seen"
    return manual(words, seen("PeerAuthentication", [key.id for key, _, _ in deciding]))


def clouds(nodes: tuple[KubeNode, ...]) -> Mapping[str, tuple[str, ...]]:
    """Under "", the clouds whose nodes these are."""
    names = {one.spec.provider_id.partition("://")[0] for one in nodes if "spec" not in one.gaps}
    return {"": tuple(sorted(names & _CLOUDS))}


@check(
    "NET-052",
    "Pods can reach the metadata of their node",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Namespace,
    why="The metadata service gives the node's cloud credentials to whoever asks from there.",
    remediation="Isolate the namespace for egress, and except 169.254.169.254/32 from address blocks; demand IMDSv2 "
    "with a hop limit of 1, or workload identity. Side effect: pods that used the node's role lose it.",
    references=("NSA-CISA:network-separation", "OWASP-K8s:K08", "ATT&CK:T1552.005"),
)
def reaches_metadata(namespace: Namespace, view: View) -> Verdict:
    """F: the nodes are a cloud's, and a rule for egress has neither peers (or 0.0.0.0/0 without exceptions) nor ports.
    P: all pods are isolated for egress and no rule's peers hold 169.254.169.254. M: else; the hop limit cannot be
    seen. NA: the nodes' providerID is of no cloud; without pods.
    """
    known = view.index_of(KubeNode, clouds, "")
    if not known:
        return not_applicable("the nodes are of no known cloud")
    if not any(view.index_of(family, busy, namespace.name) for family, busy in BUSY.items()):
        return not_applicable("no pods on the pod network")
    there = view.index_of(NetworkPolicy, by_namespace, namespace.name) or ()
    policies = [one for one in there if isolates(one, "Egress")]
    cloud = seen("Node.spec.providerID", ", ".join(known))
    wide = [(one, path) for one in policies for path in open_rules(one, "Egress")]
    if wide:
        evidence = (Evidence(f"{one.name}: {path}", "no peers, no ports", one.key) for one, path in wide)
        return failed("a rule lets pods reach every address", *capped(evidence, 20), cloud)
    whole = any(selects_all(one.spec.pod_selector) for one in policies)
    reaching = [one.name for one in policies if any(_reaches(rule) for rule in one.spec.egress)]
    if whole and not reaching:
        return passed("no rule for egress holds 169.254.169.254", cloud)
    words = "pods may reach 169.254.169.254; the hop limit cannot be seen"
    return manual(words, cloud, seen("NetworkPolicy", reaching))


def _reaches(rule: EgressPolicyRule) -> bool:
    ports = [one for one in rule.ports if (one.protocol or "TCP") == "TCP"]
    web = not rule.ports or any(
        one.port is None or (isinstance(one.port, int) and one.port <= 80 <= (one.end_port or one.port))
        for one in ports
    )
    return web and (not rule.to or any(_holds(peer) for peer in rule.to))


def _holds(peer: PolicyPeer) -> bool:
    if peer.ip_block is None:
        return False
    try:
        inside = _METADATA in ipaddress.ip_network(peer.ip_block.cidr, strict=False)
        return inside and not any(_METADATA in ipaddress.ip_network(one, strict=False) for one in peer.ip_block.except_)
    except ValueError:
        return True
