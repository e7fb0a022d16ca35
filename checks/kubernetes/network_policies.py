"""NetworkPolicies: whom they isolate, whom they let through, and whether anything enforces them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.kubernetes.population import BUSY, LABEL_SETS
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.kubernetes.cluster import Cluster, CustomResource, KubeNode, Namespace
from inventory.kubernetes.cni import Plugin, enforcer, plugins
from inventory.kubernetes.part import LabelSelector, selects
from inventory.kubernetes.policies import NetworkPolicy, PolicyPeer
from inventory.kubernetes.reach.endpoints import NAMESPACE_NAME
from inventory.kubernetes.reach.foreign import POLICIES
from inventory.kubernetes.workloads import DaemonSet, PodBearer, PodTemplate

SYSTEM = frozenset({"kube-system", "kube-public", "kube-node-lease"})
"""Namespaces of the cluster's own components, which the plugin itself depends on."""
_OPEN = frozenset({"0.0.0.0/0", "::/0"})
_REFERENCES = ("CIS-Kubernetes-1.12:5.3.2", "NSA-CISA:network-separation", "OWASP-K8s:K05")


def by_namespace(policies: tuple[NetworkPolicy, ...]) -> Mapping[str, tuple[NetworkPolicy, ...]]:
    """The policies of each namespace."""
    found: dict[str, list[NetworkPolicy]] = {}
    for one in policies:
        found.setdefault(one.namespace, []).append(one)
    return {namespace: tuple(them) for namespace, them in found.items()}


def others_by_namespace(objects: tuple[CustomResource, ...]) -> Mapping[str, tuple[str, ...]]:
    """Network policies of other kinds by namespace, "" for those of the whole cluster."""
    found: dict[str, list[str]] = {}
    for one in objects:
        if (one.api_group, one.api_object) in POLICIES:
            found.setdefault(one.namespace, []).append(f"{one.api_object} {one.name}")
    return {namespace: tuple(sorted(names)) for namespace, names in found.items()}


def enforcing(sets: tuple[DaemonSet, ...]) -> Mapping[str, Plugin]:
    """Under "", the plugin that decides whether policies count."""
    return {"": enforcer(plugins(sets))}


def distributions(nodes: tuple[KubeNode, ...]) -> Mapping[str, tuple[str, ...]]:
    """Under "", the kubelets' versions."""
    return {"": tuple(sorted({one.status.node_info.kubelet_version for one in nodes if "status" not in one.gaps}))}


def isolates(policy: NetworkPolicy, way: str) -> bool:
    """Whether what the policy selects is isolated in a direction (`Ingress`, `Egress`)."""
    spec = policy.spec
    types = spec.policy_types or (("Ingress", "Egress") if spec.egress else ("Ingress",))
    return way in types


def selects_all(selector: LabelSelector) -> bool:
    """Whether every pod of the namespace is selected."""
    return not selector.match_labels and not selector.match_expressions


def open_rules(policy: NetworkPolicy, way: str) -> Iterator[str]:
    """The paths of rules that let everybody through to every port."""
    spec = policy.spec
    rules: Iterable[tuple[tuple[PolicyPeer, ...], tuple[object, ...]]]
    if way == "Ingress":
        rules = [(rule.from_, rule.ports) for rule in spec.ingress]
    else:
        rules = [(rule.to, rule.ports) for rule in spec.egress]
    for at, (peers, ports) in enumerate(rules):
        if not ports and (not peers or any(_anywhere(peer) for peer in peers)):
            yield f"spec.{way.lower()}[{at}]"


def _anywhere(peer: PolicyPeer) -> bool:
    return peer.ip_block is not None and peer.ip_block.cidr in _OPEN and not peer.ip_block.except_


def _others(view: View, namespace: str) -> tuple[str, ...]:
    wide = view.index_of(CustomResource, others_by_namespace, "") or ()
    return (*wide, *(view.index_of(CustomResource, others_by_namespace, namespace) or ()))


@check(
    "NET-040",
    "Pods that no NetworkPolicy isolates",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=PodBearer,
    why="Every pod of the cluster can connect to it, or it to everything: one taken pod is a way to all others.",
    remediation="Add a NetworkPolicy with an empty podSelector and policyTypes [Ingress, Egress] to the namespace, "
    "then one for each connection that is needed, DNS first. Side effect: what is not allowed stops at once.",
    references=(*_REFERENCES, "ATT&CK:T1046", "CWE-653"),
)
def not_isolated(bearer: PodBearer, view: View) -> Verdict:
    """F: no NetworkPolicy of its namespace selects the pods for Ingress, or none for Egress. P: one does for each.

    M: none does, but policies of other kinds (Cilium, Calico, AdminNetworkPolicy) exist that may. NA: pods on the
    node's network, to which policies do not apply; namespaces of the cluster itself; templates that nothing makes pods
    of; a network plugin that enforces nothing (NET-042). (CIS Kubernetes 5.3.2)
    """
    if bearer.namespace in SYSTEM:
        return not_applicable("a namespace of the cluster itself")
    if isinstance(bearer, PodTemplate):
        return not_applicable("nothing makes pods of it by itself")
    if bearer.pod_spec.host_network:
        return not_applicable("on the node's network, where NetworkPolicies do not apply")
    policies = view.index_of(NetworkPolicy, by_namespace, bearer.namespace) or ()
    selecting = [one for one in policies if selects(one.spec.pod_selector, bearer.pod_labels)]
    missing = [way for way in ("Ingress", "Egress") if not any(isolates(one, way) for one in selecting)]
    if not missing:
        return passed()
    plugin = view.index_of(DaemonSet, enforcing, "")
    if plugin is not None and plugin.enforces is False:
        return not_applicable(f"{plugin.name} enforces no NetworkPolicy")
    ways = " and ".join(way.lower() for way in missing)
    evidence = [Evidence("NetworkPolicy", f"none of {len(policies)} selects it for {way}") for way in missing]
    evidence += [Evidence("NetworkPolicy.spec.podSelector", f"of {one.name} selects it", one.key) for one in selecting]
    others = _others(view, bearer.namespace)
    if others:
        return manual(f"no NetworkPolicy isolates it for {ways}; policies of other kinds may", *capped(evidence, 20))
    return failed(f"no NetworkPolicy isolates it for {ways}", *capped(evidence, 20))


@check(
    "NET-041",
    "Namespace without default deny, or with a policy that allows everything",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Namespace,
    why="Policies add up: one that lets everybody in undoes all others, and a pod that none selects is open.",
    remediation="kubectl apply a NetworkPolicy with `podSelector: {}` and `policyTypes: [Ingress, Egress]` without "
    "rules, and take out rules without `from`, `to` and `ports`. Side effect: connections without a rule of their own "
    "stop.",
    references=(*_REFERENCES, "CWE-653"),
)
def no_default_deny(namespace: Namespace, view: View) -> Verdict:
    """F: the namespace has pods on the pod network, and no policy with an empty selector isolates them for Ingress,
    or a rule for Ingress has neither peers (or 0.0.0.0/0, ::/0) nor ports. F low: so for Egress alone, by
    a policy with an empty selector. P: both are.
    M: no default deny, but policies of other kinds exist. NA: without such pods; namespaces of the cluster itself.
        (CIS Kubernetes 5.3.2)
    """
    if namespace.name in SYSTEM:
        return not_applicable("a namespace of the cluster itself")
    if not any(view.index_of(family, busy, namespace.name) for family, busy in BUSY.items()):
        return not_applicable("no pods on the pod network")
    policies = view.index_of(NetworkPolicy, by_namespace, namespace.name) or ()
    wide_open = [(one, path) for one in policies for path in open_rules(one, "Ingress") if isolates(one, "Ingress")]
    if wide_open:
        evidence = [Evidence(f"{one.name}: {path}", "no peers, no ports", one.key) for one, path in wide_open]
        return failed(f"{len(evidence)} rule(s) let everybody in on every port", *capped(evidence, 20))
    whole = [one for one in policies if selects_all(one.spec.pod_selector)]
    ingress = [one for one in whole if isolates(one, "Ingress")]
    egress = [one for one in whole if isolates(one, "Egress")]
    let_out = [(one, path) for one in egress for path in open_rules(one, "Egress")]
    if ingress and egress and not let_out:
        return passed(
            "default deny for both directions", *(Evidence("NetworkPolicy", one.name, one.key) for one in ingress)
        )
    evidence = [seen("NetworkPolicy", [one.name for one in policies])]
    others = _others(view, namespace.name)
    if others:
        return manual(
            "no default deny by NetworkPolicy; policies of other kinds exist", *evidence, seen("others", others)
        )
    if ingress:
        evidence += [Evidence(f"{one.name}: {path}", "no peers, no ports", one.key) for one, path in let_out]
        return failed("default deny for ingress, not for egress", *capped(evidence, 20), severity=Severity.LOW)
    return failed("no default deny for ingress", *evidence)


@check(
    "NET-042",
    "Network plugin that does not enforce NetworkPolicies",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Cluster,
    why="The API server accepts policies that nobody enforces: everything stays open although it looks closed.",
    remediation="Install a plugin or controller that enforces them (Calico, Cilium, kube-network-policies beside "
    "flannel; on EKS enableNetworkPolicy of the VPC CNI). Side effect: policies that were ignored so far take effect "
    "at once.",
    references=("CIS-Kubernetes-1.12:5.3.1", "OWASP-K8s:K05", "CWE-693"),
)
def not_enforced(cluster: Cluster, view: View) -> Verdict:
    """F: the network plugin, known by the images of DaemonSets, enforces no NetworkPolicy, and there are some.

    P: it enforces them. M: no plugin or none that is known; one that enforces only if told so; none enforces and there
    are no policies yet. (CIS Kubernetes 5.3.1)
    """
    plugin = view.index_of(DaemonSet, enforcing, "")
    if plugin is not None and plugin.enforces:
        return passed(
            f"{plugin.name} {plugin.version}".strip(), Evidence("DaemonSet", plugin.why or "enforces", plugin.key)
        )
    if plugin is None or plugin.enforces is None:
        versions = view.index_of(KubeNode, distributions, "") or ()
        hint = (
            "k3s and RKE2 bring their own, unless it is turned off" if _own(versions) else "the DaemonSets do not tell"
        )
        name = plugin.name if plugin is not None and plugin.name else "no known network plugin"
        return manual(f"{name}: {hint}", seen("status.nodeInfo.kubeletVersion", versions))
    policies = view.index_of(NetworkPolicy, everywhere, "") or 0
    evidence = (
        Evidence("DaemonSet", f"{plugin.name} {plugin.version} {plugin.why}".strip(), plugin.key),
        Evidence("NetworkPolicy", f"{policies} in the cluster"),
    )
    if policies:
        return failed(f"{plugin.name} enforces no NetworkPolicy, of which there are {policies}", *evidence)
    return manual(f"{plugin.name} enforces no NetworkPolicy; there are none", *evidence)


def _own(versions: Iterable[str]) -> bool:
    return any("+k3s" in one or "+rke2" in one for one in versions)


def everywhere(policies: tuple[NetworkPolicy, ...]) -> Mapping[str, int]:
    """Under "", how many there are."""
    return {"": len(policies)}


def namespace_label_sets(namespaces: tuple[Namespace, ...]) -> Mapping[str, tuple[tuple[str, Mapping[str, str]], ...]]:
    """Under "", the labels of each namespace."""
    known = ((one.name, {**one.labels, NAMESPACE_NAME: one.name}) for one in namespaces if "labels" not in one.gaps)
    return {"": tuple(sorted(known, key=lambda one: one[0]))}


@check(
    "NET-043",
    "NetworkPolicy that selects nothing",
    domain=Domain.NETWORK,
    severity=Severity.LOW,
    subject=NetworkPolicy,
    why="A selector that nothing matches any more protects nothing, or allows nobody, and looks as if it did.",
    remediation="Compare the selector with `kubectl get pods --show-labels` and correct it, or delete the policy. "
    "Side effect: a corrected selector isolates pods that were open.",
    references=("OWASP-K8s:K05", "CIS-Kubernetes-1.12:5.3.2"),
)
def selects_nothing(policy: NetworkPolicy, view: View) -> Verdict:
    """M: no pod or pod template of the namespace has labels that the podSelector matches, or none in the cluster those
    of a peer. P: each selector matches something. Peers by address are not looked up.
    """
    spec = policy.spec
    dead: list[Evidence] = []
    if not _anyone(view, policy.namespace, spec.pod_selector):
        dead.append(seen("spec.podSelector", _written(spec.pod_selector)))
    ways = [
        ("ingress", "from", [rule.from_ for rule in spec.ingress]),
        ("egress", "to", [rule.to for rule in spec.egress]),
    ]
    for way, word, rules in ways:
        for at, peers in enumerate(rules):
            for number, peer in enumerate(peers):
                if peer.ip_block is None and not _peer_matches(view, policy.namespace, peer):
                    dead.append(Evidence(f"spec.{way}[{at}].{word}[{number}]", _peer_written(peer)))
    if not dead:
        return passed()
    return manual(f"{len(dead)} selector(s) match nothing now", *capped(dead, 20))


def _peer_matches(view: View, own: str, peer: PolicyPeer) -> bool:
    if peer.namespace_selector is None:
        return _anyone(view, own, peer.pod_selector)
    known = view.index_of(Namespace, namespace_label_sets, "") or ()
    if not known:
        return True  # manifests seldom have the namespaces with them
    places = [name for name, labels in known if selects(peer.namespace_selector, labels)]
    if peer.pod_selector is None or selects_all(peer.pod_selector):
        return bool(places)
    return any(_anyone(view, name, peer.pod_selector) for name in places)


def _anyone(view: View, namespace: str, selector: LabelSelector | None) -> bool:
    for family, label_sets in LABEL_SETS.items():
        if any(selects(selector, dict(labels)) for labels in view.index_of(family, label_sets, namespace) or ()):
            return True
    return False


def _written(selector: LabelSelector | None) -> object:
    if selector is None:
        return None
    expressions = [f"{one.key} {one.operator} {','.join(one.values)}".strip() for one in selector.match_expressions]
    return {**selector.match_labels, **({"matchExpressions": expressions} if expressions else {})}


def _peer_written(peer: PolicyPeer) -> str:
    names = (("namespaceSelector", peer.namespace_selector), ("podSelector", peer.pod_selector))
    return "; ".join(f"{name} {_written(one)}" for name, one in names if one is not None)
