"""Cases of the cluster as a whole: release, access, consoles, audit log, metrics."""

from __future__ import annotations

from typing import Any

import msgspec

from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import Access, ClientCertificate
from inventory.kubernetes.components import flags_of
from inventory.kubernetes.derivation import derive
from inventory.kubernetes.resource import OwnerReference, object_key
from inventory.kubernetes.subjects import SUBJECTS
from inventory.kubernetes.workloads import PodStatus
from inventory.resource import Kind
from tests.checks.builders import changed
from tests.checks.cases import Case
from tests.checks.kubernetes.objects import RECORDED, pod, recorded, written
from tests.checks.kubernetes.surroundings import ACCESS, API, COMPONENTS, api_server, around, cluster
from tests.kubernetes.captured import NOW, SOURCE

FAIL, PASS, MANUAL, NA, UNKNOWN = (
    Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN,
)  # fmt: skip
_DAY = 86400.0
_CP = recorded(Kind.KUBE_NODE, "cp-1")
_ETCD = next(one for one in COMPONENTS if one.component == "etcd")
_SCHEDULER = next(one for one in COMPONENTS if one.component == "kube-scheduler")
_LOG = ("--audit-log-path=/var/log/a.log",)
_POLICY = (*_LOG, "--audit-policy-file=/etc/kubernetes/audit.yaml")
_WHOLE = {
    "rules": [
        {"level": "None", "users": ["system:kube-proxy"], "verbs": ["watch"], "resources": [{"group": ""}]},
        {"level": "None", "nonResourceURLs": ["/healthz*"]},
        {"level": "Metadata", "resources": [{"group": "", "resources": ["secrets", "configmaps"]}]},
        {"level": "Request", "resources": [{"group": "", "resources": ["pods/*"]}]},
        {"level": "Metadata"},
    ]
}
_THIN = {"rules": [{"level": "Metadata", "resources": [{"group": "", "resources": ["secrets", "configmaps"]}]}]}
_NO_EXEC = {
    "rules": [{"level": "None", "resources": [{"group": "", "resources": ["pods/exec"]}]}, {"level": "Request"}]
}


def _release(version: str, expected: Outcome, severity: Severity | None, note: str, *nodes: Any) -> Case:
    return Case("ORC-250", cluster(version=version), expected, severity, others=nodes, now=NOW, note=note)


def _kubelet(version: str) -> Any:
    info = msgspec.structs.replace(_CP.peek("status").node_info, kubelet_version=version)
    return changed(_CP, status=msgspec.structs.replace(_CP.peek("status"), node_info=info))


def _reached(expected: Outcome, severity: Severity | None, note: str, **values: Any) -> Case:
    access = msgspec.structs.replace(ACCESS, **values)
    return Case("ORC-253", cluster(access), expected, severity, others=(), now=NOW, note=note)


def _credential(kind: str, expected: Outcome, **values: Any) -> Case:
    access = Access("c", "c", "me", "", "https://10.0.0.1:6443", kind, **values)
    return Case("ORC-258", cluster(access), expected, others=(), now=NOW, note=kind)


def _service(check: str, name: str, expected: Outcome, note: str, *put: Any, **more: Any) -> Case:
    subject = recorded(Kind.KUBE_SERVICE, name)
    others = more.pop("others", None) or around(*put)
    return Case(check, subject, expected, more.pop("severity", None), others=others, now=NOW, note=note, **more)


def _audit(expected: Outcome, severity: Severity | None, note: str, *others: Any) -> Case:
    return Case("MON-041", cluster(), expected, severity, others=others, now=NOW, note=note)


def _metrics(expected: Outcome, note: str, *others: Any) -> Case:
    return Case("MON-036", cluster(), expected, others=others, now=NOW, note=note)


def _flags(program: Any, *words: str) -> Any:
    return changed(program, flags={**program.flags, **flags_of(words)})


def _deployment(image: str, name: str = "x", args: str = "[]") -> Any:
    return written(
        f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: legacy, labels: {{app: x}}}}
spec:
  selector: {{matchLabels: {{app: x}}}}
  template:
    metadata: {{labels: {{app: x}}}}
    spec: {{serviceAccountName: admin, containers: [{{name: c, image: "{image}", args: {args}}}]}}
"""
    )


def _door(kind: str = "ClusterIP", name: str = "x", port: int = 80) -> Any:
    return written(
        f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: legacy}}
spec: {{type: {kind}, selector: {{app: x}}, ports: [{{port: {port}}}]}}
"""
    )


_ADMIN = written(
    """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: x-admin}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: admin, namespace: legacy}]
"""
)
_ACCOUNT = written("{apiVersion: v1, kind: ServiceAccount, metadata: {name: admin, namespace: legacy}}")
_ALL = written(
    """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cluster-admin}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
"""
)


def _subjects(*objects: Any) -> tuple[Any, ...]:
    """These, and who may do what by them."""
    by_kind: dict[Kind, list[Any]] = {}
    for one in objects:
        by_kind.setdefault(one.key.kind, []).append(one)
    return (*objects, *derive(SUBJECTS, by_kind, SOURCE))


_TAKING = _subjects(_ADMIN, _ACCOUNT, _ALL)
_POD = pod("{serviceAccountName: admin, containers: [{name: c, image: a}]}", namespace="legacy", labels={"app": "x"})
_OPERATED = changed(_POD, owners=(OwnerReference("core.strimzi.io/v1", "StrimziPodSet", "kafka", "u", True),))
_ENDED = changed(_POD, status=PodStatus(phase="Succeeded"))
_PROXY = written(
    """
apiVersion: v1
kind: ConfigMap
metadata: {name: kube-proxy, namespace: kube-system}
data: {config.conf: "kind: KubeProxyConfiguration\\nmetricsBindAddress: 0.0.0.0:10249\\n"}
"""
)
_QUIET = tuple(one for one in RECORDED if one.key.id != "monitoring/kube-state-metrics")
_SEEN = ("CN=api", "CN=ca", NOW - 300 * _DAY, NOW + 60 * _DAY)

CASES = [
    Case("ORC-250", cluster(), FAIL, Severity.HIGH, others=around(), now=NOW, note="recorded: old kubelets"),
    _release("v1.36.2", PASS, None, "supported", _kubelet("v1.36.2")),
    _release("v1.36.2", FAIL, Severity.HIGH, "an old kubelet", _kubelet("v1.33.4")),
    _release("v1.34.6", FAIL, Severity.HIGH, "ended a month ago"),
    _release("v1.12.2", FAIL, Severity.CRITICAL, "ended, and open to a takeover"),
    _release("v1.33.4-eks-1a2b3c", MANUAL, None, "a vendor's"),
    _release("v1.36.2+k3s1", MANUAL, None, "a vendor's, supported"),
    _release("v1.41.0", MANUAL, None, "newer than the table"),
    _release("main", UNKNOWN, None, "no version"),
    Case(
        "ORC-250", cluster(version="v1.36.2"), MANUAL, others=(), now=NOW + 150 * _DAY, note="the table is old",
    ),
    Case(
        "ORC-250", cluster(), UNKNOWN, others=(),
        gaps={(SOURCE, Kind.KUBE_NODE): Gap(Reason.DENIED, "GET /api/v1/nodes")}, now=NOW, note="nodes are forbidden",
    ),
    _reached(PASS, None, "private"),
    _reached(FAIL, Severity.CRITICAL, "any certificate", skip_tls_verify=True),
    _reached(FAIL, Severity.CRITICAL, "clear text", server="http://10.0.0.1:8080"),
    _reached(PASS, None, "clear text to itself", server="http://localhost:8080"),
    _reached(MANUAL, None, "public", server="https://8.8.4.4:6443"),
    _reached(MANUAL, None, "a name", server="https://api.example.com"),
    _reached(FAIL, Severity.HIGH, "expired", server_certificate=("CN=a", "CN=b", 0.0, NOW - _DAY)),
    _reached(PASS, None, "with a certificate", server_certificate=_SEEN),
    _reached(UNKNOWN, None, "no URL", server="https://[nonsense"),
    _credential("exec", PASS),
    _credential("auth-provider", PASS),
    _credential("basic", FAIL),
    _credential("token", MANUAL),
    _credential("in-cluster", NA),
    _credential("none", NA),
    _credential(
        "client-certificate", MANUAL, client_certificate=ClientCertificate("me", ("system:masters",), 0.0, NOW),
    ),
    _service("ORC-256", "legacy/kubernetes-dashboard", FAIL, "recorded", severity=Severity.CRITICAL),
    _service("ORC-256", "prod/storefront", PASS, "recorded: no console"),
    Case(
        "ORC-256", _door("LoadBalancer"), FAIL, Severity.HIGH,
        others=(_deployment("ghcr.io/headlamp-k8s/headlamp:v0.30"),), note="by image, from outside",
    ),
    Case(
        "ORC-256", _door(), MANUAL, others=(_deployment("ghcr.io/headlamp-k8s/headlamp:v0.30"),), note="inside only",
    ),
    Case(
        "ORC-256", _door(), FAIL, Severity.CRITICAL,
        others=(_deployment("ghcr.io/headlamp-k8s/headlamp:v0.30"), _ADMIN), note="cluster-admin, inside only",
    ),
    Case(
        "ORC-257", recorded(Kind.DEPLOYMENT, "legacy/tiller-deploy"), FAIL, Severity.CRITICAL, others=around(),
        note="recorded",
    ),
    Case("ORC-257", recorded(Kind.DEPLOYMENT, "prod/storefront"), PASS, others=around(), note="recorded"),
    Case(
        "ORC-257", _deployment("gcr.io/kubernetes-helm/tiller:v2", args='["--listen=localhost:44134"]'), FAIL,
        Severity.MEDIUM, others=(_door(port=44134),), note="bound to localhost",
    ),
    Case("ORC-257", _deployment("k8s.gcr.io/kubernetes-dashboard-amd64:v1.10.0"), FAIL, others=(), note="dashboard"),
    Case("ORC-257", _deployment("k8s.gcr.io/kubernetes-dashboard-amd64:v1.10.1"), PASS, others=(), note="fixed"),
    _audit(FAIL, Severity.HIGH, "recorded", *around()),
    _audit(MANUAL, None, "managed"),
    _audit(FAIL, Severity.HIGH, "no policy", api_server(*_LOG)),
    _audit(MANUAL, None, "the policy is elsewhere", api_server(*_POLICY)),
    _audit(PASS, None, "a whole policy", api_server(*_POLICY, audit_policy_file=_WHOLE)),
    _audit(FAIL, Severity.MEDIUM, "a thin policy", api_server(*_POLICY, audit_policy_file=_THIN)),
    _audit(FAIL, Severity.MEDIUM, "exec is left out", api_server(*_POLICY, audit_policy_file=_NO_EXEC)),
    _audit(FAIL, Severity.MEDIUM, "no rules", api_server(*_POLICY, audit_policy_file={"rules": "x"})),
    _metrics(PASS, "recorded", *_QUIET, API, _ETCD, _SCHEDULER),
    _metrics(FAIL, "kube-proxy", _PROXY),
    _metrics(FAIL, "kube-proxy of EKS", changed(_PROXY, name="kube-proxy-config", key=object_key(
        Kind.CONFIGMAP, SOURCE, "kube-system", "kube-proxy-config"))),
    _metrics(PASS, "kube-proxy by default", changed(_PROXY, data={"config.conf": "kind: KubeProxyConfiguration"})),
    _metrics(MANUAL, "nothing can be seen"),
    _metrics(FAIL, "etcd", _flags(_ETCD, "--listen-metrics-urls=http://0.0.0.0:2381")),
    _metrics(PASS, "etcd on loopback", _flags(_ETCD, "--listen-metrics-urls=http://127.0.0.1:2381")),
    _metrics(FAIL, "an old scheduler", _flags(_SCHEDULER, "--port=10251")),
    _metrics(FAIL, "an exporter", changed(_door("NodePort"), name="node-exporter")),
    Case(
        "CMB-004", _door("LoadBalancer"), FAIL, Severity.CRITICAL, others=(*_TAKING, _deployment("app:1")),
        note="a load balancer before cluster-admin",
    ),
    Case("CMB-004", _door(), PASS, others=(*_TAKING, _deployment("app:1")), note="inside only"),
    Case("CMB-004", _door("NodePort"), FAIL, others=(*_TAKING, _POD), note="a pod that nothing made"),
    Case("CMB-004", _door("NodePort"), FAIL, others=(*_TAKING, _OPERATED), note="a pod that an operator made"),
    Case("CMB-004", _door("NodePort"), PASS, others=(*_TAKING, _ENDED), note="a pod that has ended"),
    Case(
        "CMB-004", _door("NodePort"), UNKNOWN, others=_TAKING,
        gaps={(SOURCE, Kind.POD): Gap(Reason.DENIED, "GET pods")}, note="pods are not known",
    ),
    Case("CMB-004", _door("NodePort"), PASS, others=(_deployment("app:1"),), note="no rights"),
    Case(
        "CMB-004", _door("NodePort"), UNKNOWN, others=(_deployment("app:1"),),
        gaps={(SOURCE, Kind.SUBJECT): Gap(Reason.DENIED, "GET clusterroles")}, note="rights are not known",
    ),
]  # fmt: skip
