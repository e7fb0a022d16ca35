"""Rights over what everybody depends on: nodes, certificates, webhooks, volumes, traces, traffic, cloud identities."""

from __future__ import annotations

from checks.check import Domain, check
from checks.kubernetes.rbac import (
    REMEDIATION,
    SYSTEM,
    Right,
    evidence,
    fails,
    judged,
    of,
    of_any_name,
    rights,
    scope,
    without,
)
from checks.verdict import Severity, Verdict, manual, not_applicable
from checks.view import View
from inventory.kubernetes.authority import powers
from inventory.kubernetes.authority.powers import Held
from inventory.kubernetes.cluster import Cluster
from inventory.kubernetes.resource import object_key
from inventory.kubernetes.subjects import Subject
from inventory.resource import Kind

_CLIENT = "kubernetes.io/kube-apiserver-client"
_AWS = "aws-auth"


@check(
    "ORC-207",
    "Subject that reaches kubelets through the API server",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Subject,
    why="The kubelet runs commands in every pod of its node, past admission and the audit log.",
    remediation="Metrics need `nodes/metrics` and `nodes/stats`, health `nodes/healthz` (1.33): give those instead of "
    "`nodes/proxy`. An agent that reads them through the proxy needs its URL changed to the kubelet's port 10250.",
    references=("CIS-Kubernetes-1.12:5.1.10", "ATT&CK:T1609", "CWE-269"),
    implied_by=("ORC-200", "ORC-214"),
)
def proxies_to_nodes(subject: Subject, view: View) -> Verdict:
    """F: get or create on nodes/proxy by a cluster role binding, of named nodes too. P: none. NA: as Kubernetes ships
    it, or by a group.

    Source: CIS Kubernetes 5.1.10.
    """
    return judged(
        subject, of_any_name(powers.NODE_PROXY), "reach the kubelet of every node", Severity.HIGH, Severity.HIGH
    )


@check(
    "ORC-208",
    "Subject that approves certificates",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Subject,
    why="An approved request is a client certificate for any user or group that no one can revoke.",
    remediation="Limit the verb approve on signers by `resourceNames` to the signer that it serves, such as "
    "`kubernetes.io/kubelet-serving`. " + REMEDIATION,
    references=("CIS-Kubernetes-1.12:5.1.11", "ATT&CK:T1098", "CWE-269"),
    implied_by=("ORC-200", "ORC-214"),
)
def approves(subject: Subject, view: View) -> Verdict:
    """F: update or patch on certificatesigningrequests/approval and approve on signers: high for all of them or
    kubernetes.io/kube-apiserver-client, medium for others. M: one of the two alone, which approves nothing yet. P:
    neither. NA: as Kubernetes ships it, or by a group.

    Source: CIS Kubernetes 5.1.11.
    """
    changes = rights(subject.grants, of_any_name(powers.APPROVE))
    signers = rights(subject.grants, of_any_name(powers.SIGNERS))
    if changes and signers:
        strong = any(_any_client(right) for right in signers)
        severity = Severity.HIGH if strong else Severity.MEDIUM
        return fails(subject, "may approve certificate requests", [*changes, *signers], severity)
    if changes or signers:
        return manual("has one of the two rights that approve certificates", *evidence([*changes, *signers]))
    return without(subject, of_any_name(powers.APPROVE, powers.SIGNERS))


def _any_client(right: Right) -> bool:
    names = right.held.names
    return not names or any(name in (_CLIENT, "kubernetes.io/*", "*") for name in names)


@check(
    "ORC-209",
    "Subject that changes admission webhooks",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Subject,
    why="A webhook sees every object that is written, secrets too, and may change it.",
    remediation="Limit update and patch by `resourceNames` to the one configuration whose certificate it renews; "
    "create belongs to who installs. " + REMEDIATION,
    references=("CIS-Kubernetes-1.12:5.1.12", "ATT&CK:T1546", "CWE-269"),
    implied_by=("ORC-200", "ORC-214"),
)
def changes_webhooks(subject: Subject, view: View) -> Verdict:
    """F: create, update or patch on validating- or mutatingwebhookconfigurations by a cluster role binding: high, of
    named ones alone medium. P: none. NA: as Kubernetes ships it, or by a group.

    Source: CIS Kubernetes 5.1.12.
    """
    if rights(subject.grants, of(powers.WEBHOOKS)):
        return judged(subject, of(powers.WEBHOOKS), "change admission webhooks", Severity.HIGH, Severity.HIGH)
    does = "change the named admission webhooks"
    return judged(subject, of_any_name(powers.WEBHOOKS), does, Severity.MEDIUM, Severity.MEDIUM)


@check(
    "ORC-210",
    "Subject that creates persistent volumes",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Subject,
    why="A volume of its own making may be any path of a node, which pod security does not look into.",
    remediation="Leave volumes to a StorageClass with a provisioner: users need claims alone. " + REMEDIATION,
    references=("CIS-Kubernetes-1.12:5.1.9", "ATT&CK:T1611"),
    implied_by=("ORC-200", "ORC-214"),
)
def creates_volumes(subject: Subject, view: View) -> Verdict:
    """F: create on persistentvolumes by a cluster role binding. P: none. NA: as Kubernetes ships it, or by a group.

    Source: CIS Kubernetes 5.1.9.
    """
    return judged(subject, of(powers.VOLUMES), "create persistent volumes", Severity.MEDIUM, Severity.MEDIUM)


@check(
    "ORC-211",
    "Subject that changes nodes or their state",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Subject,
    why="Labels, taints and states decide where pods go: to the node that an attacker holds, or nowhere.",
    remediation="Cordon and drain need patch on nodes and create on pods/eviction, no more. " + REMEDIATION,
    references=("OWASP-K8s:K02", "ATT&CK:T1565"),
    implied_by=("ORC-200", "ORC-214"),
)
def changes_nodes(subject: Subject, view: View) -> Verdict:
    """F: update, patch or delete on nodes, update or patch on nodes/status or pods/status, delete on pods: everywhere
    (medium), in a namespace (low). P: none. NA: as Kubernetes ships it, or by a group.

    Source: OWASP K02; MITRE ATT&CK T1565.
    """
    does = "change or delete nodes, pods or their state"
    return judged(subject, of_any_name(powers.NODE_STATE), does, Severity.MEDIUM, Severity.LOW)


@check(
    "ORC-212",
    "Subject that deletes events or logs",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Subject,
    why="What was done can be made to look as if it had not been.",
    remediation="Take delete and deletecollection on events out of the role; events go by themselves after an hour. "
    + REMEDIATION,
    references=("OWASP-K8s:K10", "ATT&CK:T1070"),
    implied_by=("ORC-200", "ORC-214"),
)
def hides(subject: Subject, view: View) -> Verdict:
    """F: delete or deletecollection on events or pods/log: everywhere (medium), in a namespace (low). P: none. NA: as
    Kubernetes ships it, or by a group.

    Source: MITRE ATT&CK T1070.
    """
    return judged(subject, of(powers.HIDE), "delete events or logs", Severity.MEDIUM, Severity.LOW)


def _redirects(held: Held) -> bool:
    if held.power != powers.REDIRECT:
        return False
    return not held.names or (held.act is not None and held.act.resource == "configmaps" and "coredns" in held.names)


@check(
    "ORC-213",
    "Subject that redirects traffic of the cluster",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=Subject,
    why="Who writes the DNS configuration, endpoints or ingresses reads and answers other people's traffic.",
    remediation="Bind it in its own namespaces alone; name ConfigMaps by `resourceNames`. " + REMEDIATION,
    references=("OWASP-K8s:K02", "ATT&CK:T1557", "CVE-2020-8554"),
    implied_by=("ORC-200", "ORC-214"),
)
def redirects(subject: Subject, view: View) -> Verdict:
    """F: update or patch on configmaps, services/status, endpoints, endpointslices, ingresses or networkpolicies
    everywhere, or on configmaps in kube-system, where CoreDNS has its own. P: neither. NA: as Kubernetes ships it, or
    by a group.

    Source: OWASP K02; CVE-2020-8554.
    """
    found = [
        one for one in rights(subject.grants, _redirects)
        if not one.where or (one.where == SYSTEM and one.held.act is not None and one.held.act.resource == "configmaps")
    ]  # fmt: skip
    if not found:
        return without(subject, _redirects)
    where = scope(one.where for one in found)
    what = ", ".join(sorted({one.held.act.resource for one in found if one.held.act is not None}))
    return fails(subject, f"may change {what} {where}", found, Severity.MEDIUM)


def _maps_identities(held: Held) -> bool:
    named = not held.names or _AWS in held.names
    return held.power == powers.REDIRECT and held.act is not None and held.act.resource == "configmaps" and named


@check(
    "ORC-217",
    "Subject that maps cloud identities to cluster rights",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Subject,
    why="One line in that ConfigMap makes a cloud role a member of system:masters.",
    remediation="Move to EKS access entries (`aws eks update-cluster-config --access-config authenticationMode=API`), "
    "which no ConfigMap overrides; until then take update on configmaps in kube-system away. What maps nodes stays.",
    references=("OWASP-K8s:K08", "ATT&CK:T1098"),
    implied_by=("ORC-200", "ORC-214"),
)
def maps_identities(subject: Subject, view: View) -> Verdict:
    """F: update or patch on the ConfigMap aws-auth of kube-system, by name or not. P: none. NA: the server is not EKS
    and has no such ConfigMap; or by a group.

    Source: MITRE ATT&CK T1098; EKS best practices.
    """
    found = [one for one in rights(subject.grants, _maps_identities) if one.where in ("", SYSTEM)]
    if not found and not rights([grant for _, grant in subject.all_grants()], _maps_identities):
        return without(subject, _maps_identities)
    if not _is_eks(view):
        return not_applicable("no EKS: no ConfigMap maps cloud identities")
    if not found:
        return without(subject, _maps_identities)
    return fails(subject, "may change which cloud identities are who in the cluster", found, Severity.HIGH)


def _is_eks(view: View) -> bool:
    if any("-eks" in cluster.git_version for cluster in view.all(Cluster)):
        return True
    return view.get(object_key(Kind.CONFIGMAP, view.source, SYSTEM, _AWS)) is not None
