"""Who is bound that should not be, to what is not there, and what roles give away by a wildcard."""

from __future__ import annotations

from collections.abc import Mapping

from checks.check import Domain, check
from checks.evidence import capped
from checks.kubernetes.rbac import granted, rights, scope, told
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.authority.aggregation import gathers, resolved
from inventory.kubernetes.authority.powers import BIND, ESCALATE, EVERYTHING, IMPERSONATE, powers
from inventory.kubernetes.authority.rules import ALL, is_everything, written
from inventory.kubernetes.authority.shipped import is_shipped_name, shipped_role
from inventory.kubernetes.cluster import Cluster
from inventory.kubernetes.rbac import (
    Binding,
    ClusterRole,
    ClusterRoleBinding,
    Granting,
    PolicyRule,
    Role,
    RoleBinding,
    Rules,
    ServiceAccount,
)
from inventory.kubernetes.resource import KubeResource, object_id
from inventory.kubernetes.subjects import (
    ANONYMOUS,
    AUTHENTICATED,
    GROUP,
    MASTERS,
    UNAUTHENTICATED,
    USER,
    Grant,
    Subject,
)

_PUBLIC = (
    "/healthz", "/livez", "/readyz", "/version", "/version/", "/api", "/api/*", "/apis", "/apis/*", "/openapi",
    "/openapi/*", "/.well-known", "/.well-known/*", "/.well-known/openid-configuration",
    "/.well-known/openid-configuration/", "/openid/v1/jwks", "/openid/v1/jwks/", "/healthz/*", "/livez/*", "/readyz/*",
)  # fmt: skip
_ABOUT_ONESELF = frozenset({"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"})
_CORE = frozenset({"", ALL, "rbac.authorization.k8s.io"})
_MOST = 10
_RAISES = (EVERYTHING, BIND, ESCALATE, IMPERSONATE)


@check(
    "ORC-201",
    "Wildcard in a role",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Rules,
    why="It gives what is added later too: new kinds, new verbs, whatever an operator installs.",
    remediation="List the verbs, resources and groups that are used: `kubectl auth can-i --list --as=SUBJECT` shows "
    "what there is, the audit log what is asked for. A client that discovers kinds by itself loses those not listed.",
    references=("CIS-Kubernetes-1.12:5.1.3", "OWASP-K8s:K02", "CWE-269"),
)
def wildcard(role: Rules, view: View) -> Verdict:
    """F: a rule, of an aggregated role one of those it is made of, has `*` among its verbs, resources or groups: high,
    critical with every verb on every resource of the core, of RBAC or of all groups. P: none. NA: a role that
    Kubernetes ships, with the powers that it has upstream.

    Source: CIS Kubernetes 5.1.3.
    """
    rules = _rules(role, view)
    found = [(at, rule) for at, rule in enumerate(rules) if _wild(rule)]
    if not found:
        return passed()
    if shipped_role(role.key.id, role.labels, powers(rules)):
        return not_applicable("as Kubernetes ships it")
    worst = any(ALL in rule.verbs and ALL in rule.resources and _CORE & {*rule.api_groups} for _, rule in found)
    what = "every verb on every resource" if worst else "a wildcard"
    pieces = capped([Evidence(f"rules[{at}]", written(rule)) for at, rule in found], _MOST)
    holders = _holders(role, view)
    return failed(f"gives {what}", *pieces, *holders, severity=Severity.CRITICAL if worst else Severity.HIGH)


def _wild(rule: PolicyRule) -> bool:
    return bool(rule.resources) and (is_everything(rule) or ALL in {*rule.verbs, *rule.resources, *rule.api_groups})


def _rules(role: Rules, view: View) -> tuple[PolicyRule, ...]:
    if isinstance(role, ClusterRole) and role.aggregation_rule is not None:
        found = view.index_of(ClusterRole, resolved, role.name)
        if isinstance(found, Gap):
            raise Unread(found)
        return role.rules if found is None else found
    return role.rules


def holders(subjects: tuple[Subject, ...]) -> Mapping[str, tuple[str, ...]]:
    """Who holds each role, by the role's kind and id; the first few."""
    found: dict[str, tuple[str, ...]] = {}
    for subject in subjects:
        grants = subject.peek("grants")
        for grant in () if isinstance(grants, Gap) else grants:
            name = f"{grant.role.kind.value}/{grant.role.id}"
            known = found.get(name, ())
            if len(known) < _MOST and subject.key.id not in known:
                found[name] = (*known, subject.key.id)
    return found


def _holders(role: Rules, view: View) -> list[Evidence]:
    """Only says more about what is proven by the role itself: unreadable bindings take nothing from it."""
    try:
        names = view.index_of(Subject, holders, f"{role.kind.value}/{role.key.id}") or ()
    except Unread as missing:
        return [Evidence("held by", str(missing))]
    return [Evidence("held by", ", ".join(names) or "nobody")]


@check(
    "ORC-214",
    "Everybody is given rights",
    domain=Domain.ORCHESTRATION,
    severity=Severity.CRITICAL,
    subject=Subject,
    why="No login is needed, or any login at all will do.",
    remediation="Delete the binding that the evidence names (`kubectl delete clusterrolebinding NAME`) and bind the "
    "groups that need it by name. Probes of load balancers need /livez and /readyz, which the shipped roles give.",
    references=("NSA-CISA:Authentication and authorization", "OWASP-K8s:K09", "ATT&CK:T1078.001", "CWE-306"),
)
def everybody(subject: Subject, view: View) -> Verdict:
    """F: a binding names user system:anonymous or group system:unauthenticated (critical) or group
    system:authenticated (high; critical if the right leads to every other), and its role allows more than the health,
    version, discovery and issuer paths and asking about oneself. P: these alone. NA: other subjects.

    Source: NSA/CISA Kubernetes Hardening Guide; the shipped bindings of kube-apiserver 1.36.
    """
    kind, name = subject.subject_kind, subject.name
    if (kind, name) not in ((USER, ANONYMOUS), (GROUP, UNAUTHENTICATED), (GROUP, AUTHENTICATED)):
        return not_applicable("neither everybody who logs in nor everybody who does not")
    found = [
        granted(grant, written(rule))
        for grant in subject.grants
        for rule in grant.rules
        if not _harmless(grant, rule)
    ]  # fmt: skip
    if not found:
        return passed() if subject.whole else not_applicable("")
    dangerous = rights(subject.grants, lambda held: True)
    worst = any(right.held.power in _RAISES for right in dangerous)
    severity = Severity.CRITICAL if worst or name != AUTHENTICATED else Severity.HIGH
    who = "everybody who logs in has rights" if name == AUTHENTICATED else "everybody has rights without any login"
    also = f": {told(dangerous)} {scope(right.where for right in dangerous)}" if dangerous else ""
    return failed(f"{who}{also}", *capped(dict.fromkeys(found), _MOST), severity=severity)


def _harmless(grant: Grant, rule: PolicyRule) -> bool:
    if not rule.resources:
        return bool(grant.namespace) or (rule.verbs == ("get",) and all(u in _PUBLIC for u in rule.non_resource_urls))
    return rule.verbs == ("create",) and ALL not in rule.api_groups and _ABOUT_ONESELF.issuperset(rule.resources)


@check(
    "ORC-215",
    "System:masters is used",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Subject,
    why="The server asks no role about its members: no change of RBAC takes anything from them.",
    remediation="Delete the binding; it gives nothing that the group does not have. For daily work use a certificate "
    "or login of another group (kubeadm: `kubeadm kubeconfig user --client-name=NAME --org=kubeadm:cluster-admins`), "
    "and keep super-admin.conf locked away for the day on which RBAC is broken.",
    references=("CIS-Kubernetes-1.12:5.1.7", "CIS-Kubernetes-1.12:3.1.1", "CWE-269"),
)
def masters(subject: Subject, view: View) -> Verdict:
    """F: a binding other than the shipped `cluster-admin` names group system:masters. M: the kubeconfig in use is a
    member by its certificate, or the server says so. P: neither. NA: other subjects.

    Source: CIS Kubernetes 5.1.7.
    """
    if (subject.subject_kind, subject.name) != (GROUP, MASTERS):
        return not_applicable("another subject")
    found = [granted(grant, written(rule)) for grant in subject.grants if not grant.shipped for rule in grant.rules[:1]]
    if found:
        return failed("a binding names system:masters", *capped(found, _MOST))
    for cluster in view.all(Cluster):
        certificate = cluster.access.client_certificate
        if certificate is not None and MASTERS in certificate.organizations:
            name = certificate.common_name
            return manual(
                "the kubeconfig in use is a member of system:masters",
                Evidence("client certificate: subject", f"O={MASTERS}, CN={name}", cluster.key),
            )
        if MASTERS in cluster.groups:
            said = Evidence("SelfSubjectReview: status.userInfo.groups", MASTERS, cluster.key)
            return manual("the kubeconfig in use is a member of system:masters", said)
    return passed() if subject.whole else not_applicable("")


def cluster_roles(found: tuple[ClusterRole, ...]) -> Mapping[str, bool]:
    """The cluster roles that there are. One function for each family: an index is kept under its builder's name."""
    return _ids(found)


def roles(found: tuple[Role, ...]) -> Mapping[str, bool]:
    """The roles that there are."""
    return _ids(found)


def accounts(found: tuple[ServiceAccount, ...]) -> Mapping[str, bool]:
    """The service accounts that there are."""
    return _ids(found)


def _ids(found: tuple[KubeResource, ...]) -> Mapping[str, bool]:
    return {one.key.id: True for one in found}


def referred_here(bindings: tuple[RoleBinding, ...]) -> Mapping[str, bool]:
    """The roles that bindings in namespaces refer to, by kind and id."""
    return _referred(bindings)


def referred_everywhere(bindings: tuple[ClusterRoleBinding, ...]) -> Mapping[str, bool]:
    """The roles that cluster role bindings refer to, by kind and id."""
    return _referred(bindings)


def _referred(bindings: tuple[Binding, ...]) -> Mapping[str, bool]:
    found: dict[str, bool] = {}
    for binding in bindings:
        role = binding.role_ref
        where = binding.namespace if role.kind == "Role" else ""
        found[f"{role.kind}/{object_id(where, role.name)}"] = True
    return found


def gathered(roles: tuple[ClusterRole, ...]) -> Mapping[str, bool]:
    """The roles that are copied into an aggregated one."""
    return dict.fromkeys(gathers(roles), True)


@check(
    "ORC-216",
    "Role or binding that leads nowhere",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Granting,
    why="Whoever makes an account or role of that name has the rights at once.",
    remediation="Delete it (`kubectl delete rolebinding NAME -n NS`), or make what it names. Charts that are installed "
    "in parts may bring the rest later.",
    references=("OWASP-K8s:K02", "ATT&CK:T1098"),
)
def dangling(one: Granting, view: View) -> Verdict:
    """F: a binding names a service account that does not exist. M: its role does not exist; or a role that no binding
    and no aggregated role uses. P: all of it exists; users and groups cannot be looked up. NA: what Kubernetes ships.
    U: of a manifest, where the role or account may be in the cluster.

    Source: OWASP K02.
    """
    return _dangling(one, view) if isinstance(one, Binding) else _unused(one, view)


def _dangling(binding: Binding, view: View) -> Verdict:
    if binding.labels.get("kubernetes.io/bootstrapping") == "rbac-defaults" and binding.name.startswith("system:"):
        return not_applicable("as Kubernetes ships it")
    role, here = binding.role_ref, binding.namespace
    clusterwide = role.kind == "ClusterRole"
    missing: list[Evidence] = []
    there = (
        view.index_of(ClusterRole, cluster_roles, role.name)
        if clusterwide
        else view.index_of(Role, roles, object_id(here, role.name))
    )
    gone = [
        (at, f"{subject.namespace or here}/{subject.name}")
        for at, subject in enumerate(binding.subjects)
        if subject.kind == "ServiceAccount"
        and not view.index_of(ServiceAccount, accounts, f"{subject.namespace or here}/{subject.name}")
    ]
    if binding.manifest is not None:
        there = there or (clusterwide and is_shipped_name(role.name)) or None
        if gone or not there:
            what = f"serviceaccount {gone[0][1]}" if gone else f"{role.kind} {role.name}"
            raise Unread(Gap(Reason.ABSENT, what, "no manifest holds it; the cluster may"))
        return passed()
    if not there:
        missing.append(Evidence("roleRef", f"{role.kind} {role.name} does not exist"))
    if gone:
        missing += [Evidence(f"subjects[{at}]", f"ServiceAccount {name} does not exist") for at, name in gone]
        return failed("names what does not exist", *capped(missing, _MOST))
    return manual("refers to a role that does not exist", *missing) if missing else passed()


def _unused(role: Granting, view: View) -> Verdict:
    kind = "ClusterRole" if isinstance(role, ClusterRole) else "Role"
    name = f"{kind}/{role.key.id}"
    if role.labels.get("kubernetes.io/bootstrapping") == "rbac-defaults":
        return not_applicable("as Kubernetes ships it")
    if role.manifest is not None:
        return not_applicable("of a manifest: what binds it may be in the cluster")
    if view.index_of(RoleBinding, referred_here, name):
        return passed()
    if isinstance(role, ClusterRole) and (
        view.index_of(ClusterRoleBinding, referred_everywhere, name) or view.index_of(ClusterRole, gathered, role.name)
    ):
        return passed()
    return manual("no binding gives it to anybody", Evidence("bindings that refer to it", "none"))
