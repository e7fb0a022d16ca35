"""Rights that are, or lead to, every right."""

from __future__ import annotations

from checks.check import Domain, check
from checks.kubernetes.rbac import (
    REMEDIATION,
    SYSTEM,
    Right,
    everything,
    evidence,
    fails,
    is_everybody,
    judged,
    of,
    of_any_name,
    pod_with_token,
    rights,
    scope,
    told,
    without,
)
from checks.verdict import Evidence, Severity, Verdict, manual, not_applicable
from checks.view import View
from inventory.kubernetes.authority import powers
from inventory.kubernetes.authority.powers import Held
from inventory.kubernetes.cluster import Namespace
from inventory.kubernetes.resource import object_key
from inventory.kubernetes.subjects import GROUP, MASTERS, Grant, Subject
from inventory.resource import Kind

_KUBEADM = "kubeadm:cluster-admins"
_ENFORCE = "pod-security.kubernetes.io/enforce"
_STRONG = frozenset({"cluster-admin", "admin", "edit", MASTERS, "*"})


@check(
    "ORC-200",
    "Subject with all rights in the cluster",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Subject,
    why="Whoever has its credential has the cluster: every secret, every node, every other identity.",
    remediation="Bind `admin` or `edit` in the namespaces that it works in (`kubectl create rolebinding NAME "
    "--clusterrole=edit --serviceaccount=NS:NAME -n NS`) and delete the old binding. An operator that makes roles "
    "itself needs those rights listed, or it stops reconciling.",
    references=(
        "CIS-Kubernetes-1.12:5.1.1", "NSA-CISA:Authentication and authorization", "OWASP-K8s:K02", "ATT&CK:T1078",
        "ATT&CK:T1098.006", "CWE-269",
    ),
)  # fmt: skip
def all_rights(subject: Subject, view: View) -> Verdict:
    """F: a binding gives it a rule with every verb on every resource of every group, such as cluster-admin: critical
    everywhere for a service account whose token a running pod mounts, for system:anonymous, system:unauthenticated,
    system:authenticated and system:serviceaccounts; else high. M: kubeadm's own group of administrators. P: none.
    NA: only as Kubernetes ships it (system:masters), or by a group, where it is said.

    Source: CIS Kubernetes 5.1.1.
    """
    found = everything(subject)
    if not found:
        return without(subject, of(powers.EVERYTHING))
    where = scope(right.where for right in found)
    if where != "everywhere":
        wide = [one for one in rights(subject.grants, lambda held: held.act is not None) if not one.where]
        also = _also(wide)
        return fails(subject, f"may do everything {where}{also}", [*found, *wide], Severity.HIGH)
    if (subject.subject_kind, subject.name) == (GROUP, _KUBEADM):
        return manual("is kubeadm's group of administrators: who is in it, certificates say", *evidence(found))
    pod = pod_with_token(subject, view)
    if pod:
        held = Evidence("running pod with its token", pod, object_key(Kind.POD, view.source, subject.namespace, pod))
        verdict = fails(subject, "may do everything, and running pods hold its token", found, Severity.CRITICAL)
        return Verdict(verdict.outcome, verdict.message, (*verdict.evidence, held), verdict.severity)
    severity = Severity.CRITICAL if is_everybody(subject) else Severity.HIGH
    return fails(subject, "may do everything", found, severity)


def _also(wide: list[Right]) -> str:
    """What is worse than a namespace must not be folded away with it."""
    return f", and everywhere: {told(wide)}" if wide else ""


@check(
    "ORC-202",
    "Subject that reads secrets",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Subject,
    why="Secrets hold the passwords of every application, and tokens of other accounts.",
    remediation="Name what it needs: `resourceNames: [NAME]` with verb get alone in a Role of that namespace; list and "
    "watch give the values too. An operator that watches secrets needs a Role for each namespace it serves.",
    references=("CIS-Kubernetes-1.12:5.1.2", "OWASP-K8s:K03", "ATT&CK:T1552.007", "CWE-522"),
    implied_by=("ORC-200", "ORC-214"),
)
def reads_secrets(subject: Subject, view: View) -> Verdict:
    """F: get, list or watch on secrets that are not named: everywhere (high), in a namespace (medium). P: none, or
    named ones alone. NA: as Kubernetes ships it, or by a group.

    Source: CIS Kubernetes 5.1.2.
    """
    return judged(subject, of(powers.READ_SECRETS), "read secrets", Severity.HIGH, Severity.MEDIUM)


@check(
    "ORC-203",
    "Subject that makes pods or their controllers",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Subject,
    why="A pod runs as any service account of its namespace and, where nothing forbids it, as root on the node.",
    remediation="Bind it in its own namespaces alone, enforce the baseline of pod security there (`kubectl label ns NS "
    "pod-security.kubernetes.io/enforce=baseline`), and keep strong service accounts in others. " + REMEDIATION,
    references=("CIS-Kubernetes-1.12:5.1.4", "OWASP-K8s:K02", "ATT&CK:T1610", "CWE-269"),
    implied_by=("ORC-200", "ORC-214"),
)
def makes_pods(subject: Subject, view: View) -> Verdict:
    """F: create, update or patch on pods, deployments, daemonsets, statefulsets, replicasets, jobs, cronjobs or
    replicationcontrollers everywhere (high) or in kube-system (critical). M: in other namespaces alone, with the level
    of pod security that each enforces. P: none. NA: as Kubernetes ships it, or by a group.

    Source: CIS Kubernetes 5.1.4.
    """
    wanted = of_any_name(powers.WRITE_PODS)
    verdict = judged(subject, wanted, "make pods", Severity.HIGH, None, Severity.CRITICAL)
    found = rights(subject.grants, wanted)
    if not found or any(not right.where for right in found):
        return verdict
    levels = [_level(name, view) for name in sorted({right.where for right in found})[:5]]
    return Verdict(verdict.outcome, verdict.message, (*verdict.evidence, *levels), verdict.severity)


def _level(namespace: str, view: View) -> Evidence:
    key = object_key(Kind.NAMESPACE, view.source, "", namespace)
    found = view.get(key)
    labels = found.labels if isinstance(found, Namespace) else {}
    value = labels.get(_ENFORCE, "not set") if found is not None else "no such namespace"
    return Evidence(f"namespace/{namespace}: metadata.labels[{_ENFORCE}]", value, key)


@check(
    "ORC-204",
    "Subject that runs commands in other pods",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Subject,
    why="A shell in a pod has its files, its memory, its network and its service account's token.",
    remediation="Bind it for the time that it is needed and in one namespace. " + REMEDIATION,
    references=(
        "NSA-CISA:Authentication and authorization", "OWASP-K8s:K02", "ATT&CK:T1609", "CWE-269",
    ),
    implied_by=("ORC-200", "ORC-214"),
)  # fmt: skip
def executes(subject: Subject, view: View) -> Verdict:
    """F: create or get on pods/exec, pods/attach or pods/portforward, or create, update or patch on
    pods/ephemeralcontainers: everywhere (high), in a namespace (medium). P: none. NA: as Kubernetes ships it, or by a
    group.

    Source: NSA/CISA Kubernetes Hardening Guide, OWASP K02.
    """
    return judged(subject, of_any_name(powers.EXEC), "run commands in pods", Severity.HIGH, Severity.MEDIUM)


def _raises(held: Held) -> bool:
    """Names that are no better than none count, others are for a person."""
    if held.power not in (powers.BIND, powers.ESCALATE, powers.IMPERSONATE, powers.WRITE_BINDINGS):
        return False
    return not held.names or not _STRONG.isdisjoint(held.names)


def _raises_named(held: Held) -> bool:
    return held.power in (powers.BIND, powers.ESCALATE, powers.IMPERSONATE, powers.WRITE_BINDINGS)


@check(
    "ORC-205",
    "Subject that can give itself more rights",
    domain=Domain.ORCHESTRATION,
    severity=Severity.CRITICAL,
    subject=Subject,
    why="Who may bind or write any role, or act as anybody, is an administrator that nobody sees as one.",
    remediation="Take out the verbs bind, escalate and impersonate, or limit them by `resourceNames` to the roles or "
    "users that it hands out. " + REMEDIATION,
    references=("CIS-Kubernetes-1.12:5.1.8", "OWASP-K8s:K02", "ATT&CK:T1098.006", "ATT&CK:T1078", "CWE-269"),
    implied_by=("ORC-200", "ORC-214"),
)
def raises_itself(subject: Subject, view: View) -> Verdict:
    """F: bind or escalate on roles or clusterroles, impersonate on users, groups or serviceaccounts, unnamed or of
    cluster-admin, admin, edit, system:masters: critical everywhere and in kube-system, medium in another namespace.
    Create, update or patch on (cluster)rolebindings alone: high and medium, as the server lets it hand on only what it
    has. M: limited to other names. P: none. NA: as Kubernetes ships it, or by a group.

    Source: CIS Kubernetes 5.1.8.
    """
    found = rights(subject.grants, _raises)
    if not found:
        named = rights(subject.grants, _raises_named)
        if named:
            return manual("may bind, escalate or impersonate what is named", *evidence(named))
        return without(subject, _raises)
    where = {right.where for right in found}
    does = sorted({right.held.power.replace("write-bindings", "write bindings") for right in found})
    message = f"may {', '.join(does)} {scope(where)}"
    strong = {right.where for right in found if right.held.power != powers.WRITE_BINDINGS}
    if strong & {"", SYSTEM}:
        return fails(subject, message, found, Severity.CRITICAL)
    return fails(subject, message, found, Severity.HIGH if where & {"", SYSTEM} else Severity.MEDIUM)


@check(
    "ORC-206",
    "Subject that makes tokens of service accounts",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Subject,
    why="A token made on request is that account, for as long as the one who asks wants.",
    remediation="Limit `serviceaccounts/token` by `resourceNames` to the accounts that it serves; give no role both "
    "create and get on secrets. " + REMEDIATION,
    references=("CIS-Kubernetes-1.12:5.1.13", "ATT&CK:T1528", "CWE-269"),
    implied_by=("ORC-200", "ORC-214"),
)
def makes_tokens(subject: Subject, view: View) -> Verdict:
    """F: create on serviceaccounts/token of unnamed accounts, or create on secrets together with get, list or watch
    (a secret of type service-account-token is filled by the server): everywhere or in kube-system (high), in another
    namespace (medium). M: of named accounts. P: neither. NA: as Kubernetes ships it, or by a group.

    Source: CIS Kubernetes 5.1.13.
    """
    found = [*rights(subject.grants, of(powers.MAKE_TOKENS)), *_by_secret(subject.grants)]
    if not found:
        for membership in subject.memberships:
            if _by_secret(membership.grants):
                return not_applicable(f"said of group {membership.group}, which it belongs to")
        found = _by_secret(tuple(grant for _, grant in subject.all_grants()))
    if found:
        where = {right.where for right in found}
        severity = Severity.HIGH if where & {"", SYSTEM} else Severity.MEDIUM
        return fails(subject, f"may make tokens of service accounts {scope(where)}", found, severity)
    named = rights(subject.grants, of_any_name(powers.MAKE_TOKENS))
    if named:
        return manual("may make tokens of the accounts that are named", *evidence(named))
    return without(subject, of(powers.MAKE_TOKENS))


def _by_secret(grants: tuple[Grant, ...]) -> list[Right]:
    made = rights(grants, of(powers.MAKE_SECRETS))
    read = rights(grants, of(powers.READ_SECRETS))
    spaces = {right.where for right in read}
    return [one for one in made if not spaces.isdisjoint({one.where, ""}) or (not one.where and spaces)]
