"""As whom pods speak to the API server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from checks.check import Domain, check
from checks.evidence import seen
from checks.kubernetes.proven import among_none, if_read
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.rbac import Binding, ClusterRoleBinding, RoleBinding, ServiceAccount
from inventory.kubernetes.resource import object_key
from inventory.kubernetes.workloads import PodBearer
from inventory.resource import Kind, ResourceKey

MIRROR = "kubernetes.io/config.mirror"
_BOOTSTRAP = "kubernetes.io/bootstrapping"
_UNREAD = "unread"  # in place of a subject's kind
Granted = tuple[tuple[ResourceKey, str], ...]
"""(binding, role) of everything that is given to one subject."""


@check(
    "ORC-134",
    "Service-account token mounted needlessly",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=PodBearer,
    why="Whoever reads a file in the pod speaks to the API server as its account.",
    remediation="Set `automountServiceAccountToken: false` in the pod, or in the ServiceAccount for all its pods. "
    "Programs that use the API need it: give them an account of their own with the few rights that they use.",
    references=(
        "CIS-Kubernetes-1.12:5.1.6", "NSA-CISA:authentication and authorization", "OWASP-K8s:K03", "ATT&CK:T1528",
        "CWE-668",
    ),
)  # fmt: skip
def needless_token(bearer: PodBearer, view: View) -> Verdict:
    """`automountServiceAccountToken` of the pod, else of its ServiceAccount, else true. An account that does not exist
    (yet) mounts by default.

    F: mounted, and the account is `default` (medium), or has no binding of its own nor by the group of its namespace or
    of all accounts (low). M: mounted, and bound. P: not mounted; M where the pod then asks for a token for the API
    server by a volume of its own. NA: a static pod, which can have none. U: account or bindings could not be read;
    `default` fails where no account is among the manifests, and the evidence says so.

    Source: CIS Kubernetes 5.1.6.
    """
    if _static(bearer):
        return not_applicable("a static pod has no service account")
    account, evidence, mounts = mounted(bearer, view)
    if not mounts:
        asked = [
            Evidence(f"{bearer.spec_path}.volumes[{at}].projected", volume.name)
            for at, volume in enumerate(bearer.pod_spec.volumes)
            for source in (volume.projected.sources if volume.projected is not None else ())
            if source.service_account_token is not None and not source.service_account_token.audience
        ]
        return manual("asks for a token by a volume of its own", *asked) if asked else passed()
    if account == "default":
        return failed(*_of_default(bearer, evidence, view))
    bound = granted(bearer.namespace, account, view)
    if not bound:
        none = Evidence("RoleBindings, ClusterRoleBindings", "0 for this account")
        return failed(
            f"mounts a token of {account}, which has no rights of its own", *evidence, none, severity=Severity.LOW
        )
    return manual(f"mounts a token of {account}, which has {_many(bound)}", *evidence, *_roles(bound))


def _of_default(bearer: PodBearer, evidence: list[Evidence], view: View) -> tuple[Any, ...]:
    """Message and evidence. ORC-135 is folded into this, so it says too what is bound to the account.

    Only says more about what is proven without: bindings that may not be read take nothing from it.
    """
    bound = if_read(lambda: granted(bearer.namespace, "default", view), ())
    message = "mounts a token of the default account"
    return (f"{message}, which has {_many(bound)}" if bound else message, *evidence, *_roles(bound))


def _many(bound: Granted) -> str:
    return "1 binding" if len(bound) == 1 else f"{len(bound)} bindings"


def _roles(bound: Granted) -> list[Evidence]:
    return [Evidence(f"{key.kind.value} {key.id}", role, key) for key, role in bound[:5]]


@check(
    "ORC-135",
    "Default service account used",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=PodBearer,
    why="What one pod of the namespace is given all others that name no account have too.",
    remediation="Make a ServiceAccount for the workload (`kubectl create serviceaccount NAME`) and set "
    "`serviceAccountName: NAME`; take bindings off `default`.",
    references=("CIS-Kubernetes-1.12:5.1.5", "ATT&CK:T1078"),
    implied_by=("ORC-134",),
)
def default_account(bearer: PodBearer, view: View) -> Verdict:
    """F: `serviceAccountName` is `default` or not set, and its token is mounted; medium where anything is bound to the
    account. P: an account of its own, or no token. NA: a static pod. U: the account could not be read, as in ORC-134.

    Source: CIS Kubernetes 5.1.5.
    """
    if _static(bearer):
        return not_applicable("a static pod has no service account")
    if bearer.pod_spec.service_account_name not in ("", "default"):
        return passed()
    account, evidence, mounts = mounted(bearer, view)
    if not mounts:
        return passed("its token is not mounted", *evidence)
    bound = if_read(lambda: granted(bearer.namespace, account, view), ())
    if not bound:
        return failed("runs as the default account", *evidence)
    message = f"runs as the default account, which has {_many(bound)}"
    return failed(message, *evidence, *_roles(bound), severity=Severity.MEDIUM)


def _static(bearer: PodBearer) -> bool:
    return bearer.kind is Kind.POD and MIRROR in bearer.annotations


def mounted(bearer: PodBearer, view: View) -> tuple[str, list[Evidence], bool]:
    """The account's name, what says whether its token is mounted, and whether it is."""
    spec = bearer.pod_spec
    name = spec.service_account_name or "default"
    evidence = [seen(f"{bearer.spec_path}.serviceAccountName", spec.service_account_name)]
    path = f"{bearer.spec_path}.automountServiceAccountToken"
    if spec.automount_service_account_token is not None:
        evidence.append(seen(path, spec.automount_service_account_token))
        return name, evidence, spec.automount_service_account_token
    key = object_key(Kind.SERVICEACCOUNT, bearer.key.source, bearer.namespace, name)
    try:
        account = cast("ServiceAccount | None", view.get(key))
    except Unread as missing:
        if name != "default" or not among_none(bearer, missing.gap):
            raise
        told = "none among the manifests; its token is mounted unless that of the cluster says otherwise"
        return name, [*evidence, seen(path, None), Evidence("ServiceAccount default", told)], True
    if account is None:
        return name, [*evidence, seen(path, None)], True
    evidence.append(seen("ServiceAccount automountServiceAccountToken", account.automount_token, key))
    return name, evidence, account.automount_token is not False


def granted(namespace: str, account: str, view: View) -> Granted:
    """Everything bound to a service account by name, or by the groups that only service accounts are in.

    Raises `Unread` where a binding is there whose subjects or role could not be read: it may be of this account.
    """
    names = (
        f"ServiceAccount:{namespace}/{account}",
        f"Group:system:serviceaccounts:{namespace}",
        "Group:system:serviceaccounts",
    )
    found: list[tuple[ResourceKey, str]] = []
    for name in names:
        found += view.index_of(RoleBinding, bindings_of, name) or ()
        found += view.index_of(ClusterRoleBinding, bindings_everywhere, name) or ()
    if not found:
        where = f"{_UNREAD}:{namespace}"
        broken = view.index_of(RoleBinding, bindings_of, where) or view.index_of(
            ClusterRoleBinding, bindings_everywhere, f"{_UNREAD}:"
        )
        if broken:
            raise Unread(Gap(Reason.MALFORMED, f"{broken[0][0].kind.value} {broken[0][0].id}"))
    return tuple(dict.fromkeys(found))


def bindings_of(bindings: tuple[RoleBinding, ...]) -> Mapping[str, Granted]:
    """RoleBindings by subject."""
    return _by_subject(bindings)


def bindings_everywhere(bindings: tuple[ClusterRoleBinding, ...]) -> Mapping[str, Granted]:
    """ClusterRoleBindings by subject."""
    return _by_subject(bindings)


def _by_subject(bindings: Iterable[Binding]) -> Mapping[str, Granted]:
    found: dict[str, list[tuple[ResourceKey, str]]] = {}
    for binding in bindings:
        if "subjects" in binding.gaps or "role_ref" in binding.gaps:
            namespace = binding.peek("namespace")
            where = namespace if isinstance(namespace, str) else ""
            found.setdefault(f"{_UNREAD}:{where}", []).append((binding.key, ""))
            continue
        shipped = not isinstance(binding.peek("labels"), Gap) and binding.labels.get(_BOOTSTRAP) == "rbac-defaults"
        for subject in binding.subjects:
            name = subject.name
            if shipped and subject.kind == "Group":
                continue  # what the API server itself gives to all accounts: how to check their tokens
            if subject.kind == "ServiceAccount":
                name = f"{subject.namespace or binding.namespace}/{name}"
            found.setdefault(f"{subject.kind}:{name}", []).append((binding.key, binding.role_ref.name))
    return {name: tuple(given) for name, given in found.items()}
