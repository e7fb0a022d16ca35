"""Cases of what subjects may do; those of the recorded cluster where it has one."""

from __future__ import annotations

from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import Access, ClientCertificate, Cluster
from inventory.resource import Kind, Resource, ResourceKey
from tests.checks.cases import Case
from tests.checks.kubernetes.objects import RECORDED, recorded, written
from tests.kubernetes.captured import NOW, SOURCE
from tests.kubernetes.rbac_facts import account, binding, recorded_subjects, role, subjects_of

_FAIL, _PASS, _MANUAL, _NA = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.NOT_APPLICABLE
_KNOWN = recorded_subjects()
_EVERYTHING = (*RECORDED, *_KNOWN.values())
_TRIAGE = _KNOWN["ServiceAccount/default/triage"]
_MANAGER = _KNOWN["User/system:kube-controller-manager"]
_JANE = "[{kind: User, name: jane}]"
_DENIED = Gap(Reason.DENIED, "GET /api/v1/pods")


def _subject(rules: str, namespace: str = "", who: str = "User/jane", subjects: str = _JANE) -> Resource:
    """Somebody who has these rules, everywhere or in a namespace."""
    return subjects_of([role(rules), binding(subjects, namespace=namespace)])[who]


def _rule(verbs: str, resources: str, group: str = "''", names: str = "") -> str:
    named = f", resourceNames: [{names}]" if names else ""
    return f"[{{verbs: [{verbs}], apiGroups: [{group}], resources: [{resources}]{named}}}]"


def _case(check: str, subject: Resource, expected: Outcome, severity: Severity | None = None, note: str = "") -> Case:
    around = tuple(one for one in _EVERYTHING if one.key != subject.key)
    return Case(check, subject, expected, severity, others=around, now=NOW, note=note)


_RBAC = "rbac.authorization.k8s.io"
_CERTIFICATES = "certificates.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_ALL = "[{verbs: ['*'], apiGroups: ['*'], resources: ['*']}]"
_SYSTEM_ACCOUNT = "[{kind: ServiceAccount, name: cni, namespace: kube-system}]"

_TAKEOVER = [
    _case("ORC-200", _KNOWN["ServiceAccount/legacy/tiller"], _FAIL, Severity.CRITICAL, "a pod runs as it"),
    _case("ORC-200", _KNOWN["Group/system:masters"], _NA, note="as shipped"),
    _case("ORC-200", _TRIAGE, _PASS),
    _case("ORC-200", _subject(_ALL), _FAIL, Severity.HIGH, "by a role of its own name"),
    _case("ORC-200", _subject(_ALL, "prod"), _FAIL, Severity.HIGH, "in a namespace"),
    _case("ORC-200", _subject("[{verbs: ['*'], apiGroups: [''], resources: ['*']}]"), _PASS, note="of one group"),
    _case(
        "ORC-200", _subject(_ALL, who="Group/kubeadm:cluster-admins", subjects="[{kind: Group, name: "
        "'kubeadm:cluster-admins'}]"), _MANUAL, note="kubeadm",
    ),
    _case(
        "ORC-200", _subject(_ALL, who="Group/system:authenticated", subjects="[{kind: Group, name: "
        "'system:authenticated'}]"), _FAIL, Severity.CRITICAL, "everybody",
    ),
    Case(
        "ORC-200", _KNOWN["ServiceAccount/legacy/tiller"], _FAIL, Severity.HIGH, others=(),
        gaps={(SOURCE, Kind.POD): _DENIED}, note="pods forbidden",
    ),
    _case("ORC-202", _KNOWN["ServiceAccount/monitoring/kube-state-metrics"], _FAIL, Severity.HIGH),
    _case("ORC-202", _KNOWN["ServiceAccount/staging/staging-dev"], _FAIL, Severity.MEDIUM, "in a namespace"),
    _case("ORC-202", _KNOWN["ServiceAccount/prod/checkout"], _PASS, note="a named secret"),
    _case("ORC-202", _KNOWN["ServiceAccount/prod/storefront"], _PASS),
    _case("ORC-202", _KNOWN["ServiceAccount/kube-system/token-cleaner"], _NA, note="as shipped"),
    _case("ORC-202", _subject(_rule("list", "'*'", "'*'")), _FAIL, Severity.HIGH, "by a wildcard"),
    _case(
        "ORC-202", _subject(_rule("list", "secrets"), who="ServiceAccount/kube-system/cni", subjects=_SYSTEM_ACCOUNT),
        _FAIL, Severity.MEDIUM, "an add-on",
    ),
    _case("ORC-203", _subject(_rule("create", "pods")), _FAIL, Severity.HIGH),
    _case("ORC-203", _subject(_rule("patch", "daemonsets", "apps"), "kube-system"), _FAIL, Severity.CRITICAL, "system"),
    _case("ORC-203", _KNOWN["Group/dev-team"], _MANUAL, note="in its namespace"),
    _case("ORC-203", _TRIAGE, _PASS),
    _case("ORC-203", _KNOWN["ServiceAccount/kube-system/job-controller"], _NA, note="as shipped"),
    _case("ORC-204", _KNOWN["User/system:anonymous"], _FAIL, Severity.HIGH),
    _case("ORC-204", _KNOWN["Group/on-call"], _FAIL, Severity.MEDIUM, "in a namespace"),
    _case("ORC-204", _subject(_rule("create", "'*/exec'")), _FAIL, Severity.HIGH, "by the subresource"),
    _case("ORC-204", _subject(_rule("create", "'pods/*'")), _PASS, note="which matches nothing"),
    _case("ORC-204", _TRIAGE, _PASS),
    _case("ORC-205", _KNOWN["Group/platform-team"], _FAIL, Severity.CRITICAL),
    _case("ORC-205", _KNOWN["Group/dev-team"], _FAIL, Severity.MEDIUM, "in a namespace"),
    _case("ORC-205", _subject(_rule("create", "clusterrolebindings", _RBAC)), _FAIL, Severity.HIGH, "bindings alone"),
    _case("ORC-205", _subject(_rule("bind", "clusterroles", _RBAC, "cluster-admin")), _FAIL, note="a strong one"),
    _case("ORC-205", _subject(_rule("bind", "clusterroles", _RBAC, "view")), _MANUAL, note="a weak one"),
    _case("ORC-205", _subject(_rule("impersonate", "users"), "prod"), _PASS, note="users are in no namespace"),
    _case("ORC-205", _TRIAGE, _PASS),
    _case("ORC-206", _subject(_rule("create", "serviceaccounts/token")), _FAIL, Severity.HIGH),
    _case("ORC-206", _subject(_rule("create, get", "secrets"), "prod"), _FAIL, Severity.MEDIUM, "by a secret"),
    _case("ORC-206", _subject(_rule("create", "secrets")), _PASS, note="which it cannot read"),
    _case("ORC-206", _subject(_rule("create", "serviceaccounts/token", names="app"), "prod"), _MANUAL, note="named"),
    _case("ORC-206", _MANAGER, _NA, note="as shipped"),
    _case("ORC-206", _TRIAGE, _PASS),
]  # fmt: skip

_REACH = [
    _case("ORC-207", _KNOWN["Group/system:authenticated"], _FAIL, Severity.HIGH),
    _case("ORC-207", _TRIAGE, _NA, note="by a group"),
    _case("ORC-207", _KNOWN["User/system:anonymous"], _PASS),
    _case("ORC-207", _subject(_rule("get", "nodes/proxy"), "prod"), _PASS, note="nodes are in no namespace"),
    _case(
        "ORC-208", _subject("[{verbs: [update], apiGroups: [certificates.k8s.io], resources: "
        "[certificatesigningrequests/approval]}, {verbs: [approve], apiGroups: [certificates.k8s.io], resources: "
        "[signers], resourceNames: [kubernetes.io/kube-apiserver-client]}]"), _FAIL, Severity.HIGH,
    ),
    _case("ORC-208", _subject(_rule("approve", "signers", _CERTIFICATES)), _MANUAL, note="half of it"),
    _case("ORC-208", _TRIAGE, _PASS),
    _case("ORC-209", _subject(_rule("create, update", "'*'", _ADMISSION)), _FAIL, Severity.HIGH),
    _case(
        "ORC-209", _subject(_rule("update", "mutatingwebhookconfigurations", _ADMISSION, "cert-manager")), _FAIL,
        Severity.MEDIUM, "its own",
    ),
    _case("ORC-209", _TRIAGE, _PASS),
    _case("ORC-210", _subject(_rule("create", "persistentvolumes")), _FAIL, Severity.MEDIUM),
    _case("ORC-210", _TRIAGE, _PASS),
    _case("ORC-211", _subject(_rule("patch", "nodes")), _FAIL, Severity.MEDIUM),
    _case("ORC-211", _KNOWN["Group/dev-team"], _FAIL, Severity.LOW, "in a namespace"),
    _case("ORC-211", _TRIAGE, _PASS),
    _case("ORC-212", _subject(_rule("delete", "events", "events.k8s.io")), _FAIL, Severity.MEDIUM),
    _case("ORC-212", _TRIAGE, _PASS),
    _case("ORC-213", _subject(_rule("update", "configmaps"), "kube-system"), _FAIL, Severity.MEDIUM),
    _case("ORC-213", _subject(_rule("patch", "ingresses", "networking.k8s.io")), _FAIL, Severity.MEDIUM, "everywhere"),
    _case("ORC-213", _KNOWN["Group/dev-team"], _PASS, note="in its namespace"),
    Case(
        "ORC-217", _subject(_rule("update", "configmaps"), "kube-system"), _FAIL, Severity.HIGH, now=NOW, others=(
            written("{apiVersion: v1, kind: ConfigMap, metadata: {name: aws-auth, namespace: kube-system}}"),
        ),
    ),
    _case("ORC-217", _subject(_rule("update", "configmaps"), "kube-system"), _NA, note="no EKS"),
    _case("ORC-217", _TRIAGE, _PASS),
]  # fmt: skip


def _cluster() -> Cluster:
    """One that we reach with kubeadm's old admin.conf."""
    certificate = ClientCertificate("kubernetes-admin", ("system:masters",), 0.0, NOW)
    access = Access("c", "c", "u", "", "https://127.0.0.1:6443", "client-certificate", client_certificate=certificate)
    return Cluster.build(
        key=ResourceKey(Kind.CLUSTER, SOURCE, "c"), name="c", git_version="v1.36.2", platform="", access=access,
        username="kubernetes-admin", groups=("system:masters",), resources=(), stale=(), namespaces=(),
    )  # fmt: skip


_AGGREGATED = role(
    "[]", "gatherer",
    extra="aggregationRule: {clusterRoleSelectors: [{matchLabels: "
    "{rbac.authorization.k8s.io/aggregate-to-edit: 'true'}}]}",
)  # fmt: skip

_BOUND = [
    Case("ORC-201", recorded(Kind.CLUSTERROLE, "ops-wildcard"), _FAIL, Severity.CRITICAL, others=_EVERYTHING),
    Case("ORC-201", recorded(Kind.CLUSTERROLE, "triage-readonly"), _FAIL, Severity.HIGH, others=_EVERYTHING),
    Case("ORC-201", _AGGREGATED, _FAIL, Severity.HIGH, others=_EVERYTHING, note="by what it gathers"),
    Case("ORC-201", recorded(Kind.CLUSTERROLE, "cluster-admin"), _NA, others=_EVERYTHING, note="as shipped"),
    Case("ORC-201", recorded(Kind.ROLE, "prod/checkout-secrets"), _PASS, others=_EVERYTHING),
    _case("ORC-214", _KNOWN["User/system:anonymous"], _FAIL, Severity.CRITICAL),
    _case("ORC-214", _KNOWN["Group/system:authenticated"], _FAIL, Severity.HIGH),
    _case("ORC-214", _KNOWN["Group/system:unauthenticated"], _PASS, note="as shipped"),
    _case("ORC-214", _KNOWN["Group/system:authenticated-lab"], _NA, note="only looks like it"),
    _case(
        "ORC-215", subjects_of([*RECORDED, binding("[{kind: Group, name: 'system:masters'}]", "view", "more")])[
            "Group/system:masters"], _FAIL, Severity.HIGH,
    ),
    _case("ORC-215", _KNOWN["Group/system:masters"], _PASS),
    Case(
        "ORC-215", _KNOWN["Group/system:masters"], _MANUAL, others=(_cluster(),), now=NOW, note="we are one of them",
    ),
    _case("ORC-215", _TRIAGE, _NA),
    Case("ORC-216", recorded(Kind.ROLEBINDING, "prod/cross-ns"), _FAIL, Severity.LOW, others=RECORDED),
    Case("ORC-216", recorded(Kind.ROLEBINDING, "prod/dangling"), _MANUAL, others=RECORDED),
    Case("ORC-216", recorded(Kind.CLUSTERROLEBINDING, "viewer-view"), _PASS, others=RECORDED),
    Case("ORC-216", recorded(Kind.CLUSTERROLE, "csr-approver"), _MANUAL, others=RECORDED, note="unused"),
    Case("ORC-216", recorded(Kind.CLUSTERROLE, "pod-exec"), _PASS, others=RECORDED, note="used"),
    Case("ORC-216", recorded(Kind.CLUSTERROLE, "aggregate-monitoring-edit"), _PASS, others=RECORDED, note="gathered"),
]  # fmt: skip

_PODS = [
    Case("ORC-218", recorded(Kind.DEPLOYMENT, "legacy/tiller-deploy"), _FAIL, Severity.HIGH, others=_EVERYTHING),
    Case("ORC-218", recorded(Kind.DEPLOYMENT, "prod/checkout-api"), _NA, others=_EVERYTHING, note="by a group"),
    Case("ORC-218", recorded(Kind.DEPLOYMENT, "prod/checkout-api"), _PASS, others=RECORDED),
    Case(
        "ORC-218", recorded(Kind.DEPLOYMENT, "legacy/tiller-deploy"), _NA, note="its account mounts no token",
        others=(
            *(one for one in _EVERYTHING if one.key.id != "legacy/tiller"),
            account("tiller", "legacy", "automountServiceAccountToken: false"),
        ),
    ),
    Case(
        "ORC-218", recorded(Kind.DEPLOYMENT, "legacy/tiller-deploy"), Outcome.UNKNOWN, others=(),
        gaps={(SOURCE, Kind.SUBJECT): Gap(Reason.DENIED, "GET /apis/rbac.authorization.k8s.io/v1/clusterroles")},
        note="roles forbidden",
    ),
]  # fmt: skip

CASES = [*_TAKEOVER, *_REACH, *_BOUND, *_PODS]
