"""Cases of pods: resources, probes, images, identity, secrets."""

from __future__ import annotations

from typing import Any

import yaml

from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind, Resource
from tests.checks.builders import changed
from tests.checks.cases import Case
from tests.checks.kubernetes.objects import others, pod, recorded, written
from tests.kubernetes.captured import SOURCE

F, P, M, NA, U = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
REFUSED = Gap(Reason.DENIED, "the list", "forbidden")


def deployment(spec: str, namespace: str = "prod", name: str = "x", **meta: Any) -> KubeResource:
    """A Deployment of this pod spec (YAML)."""
    template = {"metadata": {"labels": {"app": "x"}}, "spec": yaml.safe_load(spec)}
    metadata = {"name": name, "namespace": namespace, **meta}
    document = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}}
    return written(yaml.safe_dump(document))


def _core(kind: str, members: str, name: str) -> Resource:
    more = f", {members}" if members else ""
    return written(f"{{apiVersion: v1, kind: {kind}, metadata: {{name: {name}, namespace: prod}}{more}}}")


def service(selector: str) -> Resource:
    """A Service of the namespace prod."""
    return written(
        f"{{apiVersion: v1, kind: Service, metadata: {{name: s, namespace: prod}}, spec: {{selector: {selector}}}}}"
    )


def ranges(limits: str) -> Resource:
    """A LimitRange of the namespace prod."""
    return written(
        f"{{apiVersion: v1, kind: LimitRange, metadata: {{name: l, namespace: prod}}, spec: {{limits: {limits}}}}}"
    )


def account(name: str, mounts: str = "") -> Resource:
    """A ServiceAccount of the namespace prod."""
    return _core("ServiceAccount", mounts, name)


def binding(kind: str, name: str, labels: str = "{}") -> Resource:
    """A RoleBinding of the role `edit` in the namespace prod, to this subject."""
    where = ", namespace: prod" if kind == "ServiceAccount" else ""
    return written(
        f"{{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: b, namespace: prod, labels: "
        f"{labels}}}, roleRef: {{kind: ClusterRole, name: edit}}, subjects: [{{kind: {kind}, name: '{name}'{where}}}]}}"
    )


_BILLING = recorded(Kind.DEPLOYMENT, "legacy/billing-php")
_STORE = recorded(Kind.DEPLOYMENT, "prod/storefront")
_WINDOWS = recorded(Kind.POD, "legacy/win-agent")
_CHECKOUT = recorded(Kind.DEPLOYMENT, "prod/checkout-api")
_FULL = "resources: {limits: {memory: 1Gi, cpu: 1, ephemeral-storage: 1Gi}}"
_PROBE = "{exec: {command: [test]}}"
_DIGEST = "registry.example/team/app@sha256:" + "a" * 64
_SHIPPED = "{kubernetes.io/bootstrapping: rbac-defaults}"
_TRUSTED = Policy(registries=("registry.example",))


def _c(more: str = "", image: str = _DIGEST) -> str:
    return f"containers: [{{name: app, image: '{image}'{', ' if more else ''}{more}}}]"


def _replica(number: int, digest: str) -> Resource:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x-1", "controller": True}
    labels = {"app": "x", "pod-template-hash": "1"}
    one = pod(_c(image="registry.example/team/app:1"), name=f"x-1-{number}", labels=labels, ownerReferences=[owner])
    image_id = f"registry.example/team/app@sha256:{digest}"
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "s"}, "spec": yaml.safe_load(_c()),
                "status": {"containerStatuses": [{"name": "app", "imageID": image_id}]}}  # fmt: skip
    return changed(one, status=written(yaml.safe_dump(document)).peek("status"))


CASES = [
    Case("ORC-130", _BILLING, F, Severity.MEDIUM, others=()),
    Case("ORC-130", _STORE, P, others=()),
    Case("ORC-130", recorded(Kind.POD, "staging/toolbox"), F, Severity.MEDIUM, others=(), note="ephemeral"),
    Case("ORC-130", pod("{os: {name: windows}, containers: [{name: a}]}"), NA, others=()),
    # Limits
    Case("ORC-131", _BILLING, F, Severity.MEDIUM, others=others(_BILLING)),
    Case("ORC-131", deployment(_c(_FULL)), P, others=()),
    Case("ORC-131", pod(_c(_FULL)), P, others=()),
    Case("ORC-131", pod(f"{{resources: {{limits: {{memory: 1Gi, cpu: 1, ephemeral-storage: 1Gi}}}}, {_c()}}}"), P,
         others=(), note="of the whole pod"),
    Case("ORC-131", pod(_c("resources: {limits: {memory: 1Gi, cpu: 1}}")), F, Severity.LOW, others=()),
    Case("ORC-131", pod(_c("resources: {limits: {memory: 1Gi, ephemeral-storage: 1Gi}}")), F, Severity.LOW, others=()),
    Case("ORC-131", pod(f"{{{_c(_FULL)}, initContainers: [{{name: i}}]}}"), F, Severity.MEDIUM, others=(), note="init"),
    Case("ORC-131", pod(f"{{{_c(_FULL)}, ephemeralContainers: [{{name: e}}]}}"), P, others=(), note="ephemeral"),
    Case("ORC-131", deployment(_c()), NA, others=(ranges(
        "[{type: Container, default: {memory: 1Gi, cpu: 1, ephemeral-storage: 1Gi}}]"),), note="defaults"),
    Case("ORC-131", deployment(_c()), NA, others=(ranges(
        "[{type: Container, max: {memory: 1Gi, ephemeral-storage: 1Gi}, defaultRequest: {cpu: 10m}}]"),),
        note="a maximum is a default"),
    Case("ORC-131", deployment(_c()), F, Severity.LOW, others=(ranges("[{type: Container, default: {memory: 1Gi}}]"),)),
    Case("ORC-131", deployment(_c()), F, Severity.MEDIUM, others=(ranges("[{type: Pod, max: {memory: 1Gi}}]"),)),
    Case("ORC-131", pod(_c()), F, Severity.MEDIUM, others=(ranges("[{type: Container, default: {memory: 1Gi}}]"),),
         note="a pod shows what it was given"),
    Case("ORC-131", deployment(_c()), U, others=(), gaps={(SOURCE, Kind.LIMITRANGE): REFUSED}),
    # Probes
    Case("ORC-132", recorded(Kind.DEPLOYMENT, "staging/init-fails"), F, Severity.INFO,
         others=others(_BILLING)),
    Case("ORC-132", deployment(_c()), F, Severity.LOW, others=(service("{app: x}"),)),
    Case("ORC-132", deployment(_c()), F, Severity.INFO, others=(service("{app: y}"),)),
    Case("ORC-132", deployment(_c(f"livenessProbe: {_PROBE}")), P, others=(service("{}"),), note="selects nothing"),
    Case("ORC-132", deployment(_c(f"livenessProbe: {_PROBE}")), F, Severity.LOW, others=(service("{app: x}"),),
         note="alive"),
    Case("ORC-132", deployment(_c(f"livenessProbe: {_PROBE}, readinessProbe: {_PROBE}")), P,
         others=(service("{app: x}"),)),
    Case("ORC-132", deployment(f"containers: [{{name: a, image: {_DIGEST}, readinessProbe: {_PROBE}, livenessProbe: "
                               f"{_PROBE}}}, {{name: proxy, image: {_DIGEST}}}]"), P,
         others=(service("{app: x}"),), note="one container speaks for the pod"),
    Case("ORC-132", recorded(Kind.JOB, "prod/migrate-2026-11"), NA, others=()),
    Case("ORC-132", recorded(Kind.CRONJOB, "prod/db-backup"), NA, others=()),
    Case("ORC-132", recorded(Kind.POD, "prod/migrate-2026-11-qls95"), NA, others=()),
    Case("ORC-132", deployment(_c()), F, Severity.INFO, others=(), gaps={(SOURCE, Kind.KUBE_SERVICE): REFUSED},
         note="nothing restarts it, whatever leads to it"),
    Case("ORC-132", deployment(_c(f"livenessProbe: {_PROBE}")), U, others=(),
         gaps={(SOURCE, Kind.KUBE_SERVICE): REFUSED}),
    # Images
    Case("ORC-133", recorded(Kind.DEPLOYMENT, "staging/web"), F, Severity.MEDIUM, others=()),
    Case("ORC-133", _CHECKOUT, F, Severity.LOW, others=()),
    Case("ORC-133", _STORE, M, others=(), note="nobody trusts anything"),
    Case("ORC-133", deployment(_c(image="")), U, others=(), note="no image"),
    Case("ORC-133", _STORE, P, others=(), policy=Policy(registries=("registry.example.com",))),
    Case("ORC-133", _STORE, F, Severity.HIGH, others=(), policy=_TRUSTED, note="another registry"),
    Case("ORC-133", pod(_c("imagePullPolicy: IfNotPresent", "registry.example/app:latest")), F, Severity.MEDIUM,
         others=(), policy=_TRUSTED),
    Case("ORC-133", deployment(_c(image="registry.example/team/app:1")), F, Severity.MEDIUM,
         others=(_replica(1, "a" * 64), _replica(2, "b" * 64)), note="replicas differ"),
    Case("ORC-133", deployment(_c(image="registry.example/team/app:1")), F, Severity.LOW,
         others=(_replica(1, "a" * 64), _replica(2, "a" * 64)), note="replicas agree"),
    Case("ORC-133", deployment(_c()), U, others=(), gaps={(SOURCE, Kind.POD): REFUSED}),
    Case("ORC-133", deployment(_c(image="registry.example/app")), F, Severity.MEDIUM, others=(),
         gaps={(SOURCE, Kind.POD): REFUSED}, note="its own words"),
    # Tokens and accounts
    Case("ORC-134", _BILLING, F, Severity.MEDIUM, others=others(_BILLING), note="default"),
    Case("ORC-134", recorded(Kind.DEPLOYMENT, "monitoring/kube-state-metrics"), M, others=others(_BILLING)),
    Case("ORC-134", _STORE, P, others=others(_STORE)),
    Case("ORC-134", pod(_c()), F, Severity.MEDIUM, others=(), gaps={(SOURCE, Kind.ROLEBINDING): REFUSED},
         note="default, whatever is bound to it"),
    Case("ORC-134", pod(f"{{serviceAccountName: own, {_c()}}}"), U,
         others=(account("own"), changed(binding("ServiceAccount", "x"), subjects=Gap(Reason.MALFORMED, "subjects"))),
         note="a binding is not read"),
    Case("ORC-134", pod(f"{{serviceAccountName: own, {_c()}}}"), F, Severity.LOW, others=(account("own"),)),
    Case("ORC-134", pod(f"{{serviceAccountName: own, {_c()}}}"), M,
         others=(account("own"), binding("ServiceAccount", "own"))),
    Case("ORC-134", pod(f"{{serviceAccountName: own, {_c()}}}"), M,
         others=(account("own"), binding("Group", "system:serviceaccounts:prod")), note="by its group"),
    Case("ORC-134", pod(f"{{serviceAccountName: own, {_c()}}}"), F, Severity.LOW,
         others=(account("own"), binding("Group", "system:serviceaccounts", _SHIPPED)), note="shipped"),
    Case("ORC-134", pod(f"{{serviceAccountName: own, {_c()}}}"), P,
         others=(account("own", "automountServiceAccountToken: false"),), note="by the account"),
    Case("ORC-134", pod(f"{{serviceAccountName: own, automountServiceAccountToken: true, {_c()}}}"), F, Severity.LOW,
         others=(account("own", "automountServiceAccountToken: false"),), note="the pod has the last word"),
    Case("ORC-134", pod(f"{{automountServiceAccountToken: false, volumes: [{{name: t, projected: {{sources: "
                        f"[{{serviceAccountToken: {{path: t}}}}]}}}}], {_c()}}}"), M, others=()),
    Case("ORC-134", recorded(Kind.POD, "kube-system/etcd-cp-1"), NA, others=()),
    Case("ORC-134", pod(f"{{serviceAccountName: own, {_c()}}}"), U, others=(account("own"),),
         gaps={(SOURCE, Kind.ROLEBINDING): REFUSED}),
    Case("ORC-134", pod(_c()), U, others=(), gaps={(SOURCE, Kind.SERVICEACCOUNT): REFUSED}, note="accounts"),
    Case("ORC-135", _BILLING, F, None, others=others(_BILLING)),
    Case("ORC-135", pod(_c()), F, Severity.LOW, others=()),
    Case("ORC-135", pod(_c()), F, Severity.LOW, others=(), gaps={(SOURCE, Kind.ROLEBINDING): REFUSED},
         note="whatever is bound to it"),
    Case("ORC-135", pod(_c()), F, Severity.MEDIUM, others=(binding("ServiceAccount", "default"),), note="bound"),
    Case("ORC-135", pod(_c()), P, others=(account("default", "automountServiceAccountToken: false"),), note="not used"),
    Case("ORC-135", recorded(Kind.DEPLOYMENT, "prod/payments"), P, others=()),
    Case("ORC-135", recorded(Kind.POD, "kube-system/etcd-cp-1"), NA, others=()),
    # Secrets
    Case("ORC-136", _CHECKOUT, F, Severity.HIGH, others=()),
    Case("ORC-136", recorded(Kind.DEPLOYMENT, "monitoring/grafana"), F, Severity.MEDIUM, others=()),
    Case("ORC-136", recorded(Kind.CRONJOB, "prod/db-backup"), F, Severity.LOW, others=(), note="from a Secret"),
    Case("ORC-136", pod(_c("envFrom: [{secretRef: {name: s}}]")), F, Severity.LOW, others=()),
    Case("ORC-136", pod(_c("env: [{name: DB_PASSWORD, value: changeme}]")), M, others=()),
    Case("ORC-136", pod(_c("env: [{name: DB_PASSWORD_FILE, value: /run/secrets/db}]")), P, others=()),
    Case("ORC-136", pod(_c("args: ['--db-password=Tr0ub4dor-and-3']")), F, Severity.MEDIUM, others=()),
    Case("ORC-136", pod(_c("livenessProbe: {exec: {command: [curl, -H, 'Authorization: Bearer abcdefghijklmnopqr']}}")),
         F, Severity.HIGH, others=(), note="probe"),
    Case("ORC-136", pod(_c(), annotations={"x.example/token": "ghp_" + "a1B2" * 9}), F, Severity.HIGH, others=()),
    Case("ORC-136", deployment(_c(), annotations={"x.example/api-token": "Tr0ub4dor-and-3"}), F, Severity.MEDIUM,
         others=(), note="its own annotation"),
    Case("ORC-136", _STORE, P, others=()),
]  # fmt: skip
