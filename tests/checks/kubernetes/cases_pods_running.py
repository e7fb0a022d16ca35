"""Cases of pods: where they stand, how they do, what makes them again."""

from __future__ import annotations

from typing import Any

import yaml

from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind, Resource
from tests.checks.cases import Case
from tests.checks.kubernetes.cases_pods import deployment, service
from tests.checks.kubernetes.objects import others, pod, recorded, written
from tests.kubernetes.captured import NOW, SOURCE

F, P, M, NA, U = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
REFUSED = Gap(Reason.DENIED, "the list", "forbidden")
_FTP = recorded(Kind.DEPLOYMENT, "legacy/ftp")
_STORE = recorded(Kind.DEPLOYMENT, "prod/storefront")
_PROXY = recorded(Kind.DAEMONSET, "kube-system/kube-proxy")
_EXPORTER = recorded(Kind.DAEMONSET, "monitoring/node-exporter")
_ETCD = recorded(Kind.POD, "kube-system/etcd-cp-1")
_TOOLBOX = recorded(Kind.POD, "staging/toolbox")
_READY = recorded(Kind.POD, "prod/storefront-6b874c95c6-gf6l4")
_WINDOWS = recorded(Kind.POD, "legacy/win-agent")
_C = "containers: [{name: app, image: 'registry.example/app:1'}]"
_UNTRUSTED = Policy(untrusted=("app=x",))


def _pod(name: str) -> KubeResource:
    return recorded(Kind.POD, name)


def _stated(status: str, spec: str = _C, **meta: Any) -> KubeResource:
    """A pod in this state (YAML)."""
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "prod", **meta},
                "spec": yaml.safe_load(spec), "status": yaml.safe_load(status)}  # fmt: skip
    return written(yaml.safe_dump(document))


def _made(kind: str, spec: str, template: str, **meta: Any) -> KubeResource:
    """A maker of pods with this spec and pod spec (YAML)."""
    inner: dict[str, Any] = {"template": {"metadata": {"labels": {"app": "x"}}, "spec": yaml.safe_load(template)}}
    if kind == "CronJob":
        inner = {"jobTemplate": {"spec": inner}}
    version = "batch/v1" if kind in ("CronJob", "Job") else "apps/v1"
    document = {"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": "prod", **meta},
                "spec": yaml.safe_load(spec) | inner}  # fmt: skip
    return written(yaml.safe_dump(document))


def _budget(spec: str, status: str = "{}") -> Resource:
    return written(
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b, namespace: prod}, "
        f"spec: {{selector: {{matchLabels: {{app: x}}}}, {spec}}}, status: {status}}}"
    )


_OOM = ("{{phase: Running, containerStatuses: [{{name: app, ready: true, restartCount: 1, state: {{running: {{}}}}, "
        "lastState: {{terminated: {{exitCode: 137, reason: OOMKilled, finishedAt: '{at}'}}}}}}]}}")  # fmt: skip
_SPREAD = f"{{topologySpreadConstraints: [{{topologyKey: kubernetes.io/hostname}}], {_C}}}"
_HOST_ACCESS = f"{{hostPID: true, tolerations: [{{operator: Exists}}], {_C}}}"
_OLD = {"creationTimestamp": "2026-01-01T00:00:00Z"}

CASES = [
    Case("ORC-137", _FTP, M, others=()),
    Case("ORC-137", _STORE, P, others=()),
    # User namespaces
    Case("ORC-138", deployment(_C), M, others=()),
    Case("ORC-138", deployment(f"{{hostUsers: false, {_C}}}"), P, others=()),
    Case("ORC-138", deployment(f"{{securityContext: {{runAsUser: 1000}}, {_C}}}"), P, others=(), note="another user"),
    Case("ORC-138", deployment(f"{{securityContext: {{runAsNonRoot: true}}, {_C}}}"), P, others=(), note="bound"),
    Case("ORC-138", deployment(f"{{securityContext: {{runAsNonRoot: true, runAsUser: 0}}, {_C}}}"), M, others=()),
    Case("ORC-138", _PROXY, NA, others=()),
    Case("ORC-138", deployment(f"{{os: {{name: windows}}, {_C}}}"), NA, others=(), note="windows"),
    Case("ORC-139", deployment(f"{{hostAliases: [{{ip: 10.0.0.1, hostnames: [db]}}], {_C}}}"), M, others=()),
    Case("ORC-139", deployment(f"{{dnsPolicy: None, dnsConfig: {{nameservers: [8.8.8.8]}}, {_C}}}"), M, others=()),
    Case("ORC-139", deployment(f"{{dnsConfig: {{searches: [example.org]}}, {_C}}}"), P, others=()),
    # Naked pods
    Case("ORC-140", _TOOLBOX, F, Severity.LOW, others=()),
    Case("ORC-140", _WINDOWS, F, Severity.MEDIUM, others=()),
    Case("ORC-140", pod(f"{{volumes: [{{name: v, hostPath: {{path: /}}}}], {_C}}}"), F, Severity.MEDIUM, others=()),
    Case("ORC-140", _READY, P, others=()),
    Case("ORC-140", _ETCD, NA, others=()),
    Case("ORC-141", deployment(_C, "default"), F, Severity.LOW, others=()),
    Case("ORC-141", deployment(_C), P, others=()),
    Case("ORC-141", deployment(_C, ""), NA, others=()),
    # Beside the control plane
    Case("ORC-142", deployment(_C, "kube-system"), F, Severity.MEDIUM, others=()),
    Case("ORC-142", deployment(_C, "kube-public"), F, Severity.MEDIUM, others=()),
    Case("ORC-142", deployment(_C, "kube-system", name="coredns"), M, others=(), note="passes for it"),
    Case("ORC-142", _PROXY, P, others=()),
    Case("ORC-142", _ETCD, P, others=()),
    Case("ORC-142", recorded(Kind.DAEMONSET, "kube-system/calico-node"), P, others=()),
    Case("ORC-142", deployment(_C), NA, others=()),
    # Health
    *(
        Case("ORC-143", _pod(name), F, Severity.MEDIUM, others=(), now=NOW)
        for name in (
            "prod/payments-7d89c76d5-jglnm", "prod/image-resizer-6646997678-chqpr",
            "staging/config-broken-6d855985ff-svb4z", "staging/crash-error-8669567648-vmvn4",
            "staging/batch-report-x7k2p", "staging/flaky-import-7ntnk", "staging/init-fails-6dffb48f85-47w5c",
        )
    ),
    *(
        Case("ORC-143", _pod(name), M, others=(), now=NOW)
        for name in ("prod/recommender-6c7b644b75-mvzg6", "legacy/stuck-terminating",
                     "prod/notifications-65db589756-v5z9d")
    ),
    Case("ORC-143", _READY, P, others=(), now=NOW),
    Case("ORC-143", _pod("prod/migrate-2026-11-qls95"), P, others=(), now=NOW, note="done"),
    Case("ORC-143", _pod("staging/sidecar-app-6c7b576875-52mbg"), P, others=(), now=NOW, note="a sidecar"),
    Case("ORC-143", _stated(_OOM.format(at="2026-11-23T01:00:00Z")), F, Severity.MEDIUM, others=(), now=NOW),
    Case("ORC-143", _stated(_OOM.format(at="2026-11-20T01:00:00Z")), P, others=(), now=NOW, note="long ago"),
    Case("ORC-143", _stated("{phase: Unknown}"), F, Severity.MEDIUM, others=(), now=NOW),
    Case("ORC-143", _stated("{phase: Pending, containerStatuses: [{name: app, state: {waiting: {reason: "
                            "ContainerCreating}}}]}"), NA, others=(), now=NOW),
    # Debugging
    Case("ORC-144", _TOOLBOX, M, others=()),
    Case("ORC-144", pod(f"{{ephemeralContainers: [{{name: d, securityContext: {{privileged: true}}}}], {_C}}}"), F,
         Severity.HIGH, others=()),
    Case("ORC-144", _READY, P, others=()),
    # Availability
    Case("ORC-145", recorded(Kind.DEPLOYMENT, "prod/notifications"), M, others=others(_STORE)),
    Case("ORC-145", recorded(Kind.STATEFULSET, "prod/redis"), M, others=others(_STORE), note="blocked, and alone"),
    Case("ORC-145", _made("Deployment", "{replicas: 2}", _SPREAD), P, others=(_budget("maxUnavailable: 1"),)),
    Case("ORC-145", _made("Deployment", "{replicas: 2}", f"{{affinity: {{podAntiAffinity: {{}}}}, {_C}}}"), M,
         others=(_budget("maxUnavailable: 1"),), note="empty"),
    Case("ORC-145", _made("Deployment", "{replicas: 2}", _SPREAD), M, others=()),
    Case("ORC-145", _made("Deployment", "{replicas: 2}", _SPREAD), M, others=(_budget("maxUnavailable: 0"),)),
    Case("ORC-145", _made("Deployment", "{replicas: 2}", _SPREAD), M, others=(_budget("minAvailable: 100%"),)),
    Case("ORC-145", _made("Deployment", "{replicas: 2}", _SPREAD), M, others=(
        _budget("minAvailable: 2", "{expectedPods: 2, currentHealthy: 2, desiredHealthy: 2}"),), note="as many as run"),
    Case("ORC-145", _made("Deployment", "{replicas: 2}", _SPREAD), P, others=(
        _budget("minAvailable: 1", "{expectedPods: 2, currentHealthy: 1, desiredHealthy: 1}"),), note="one is ill"),
    Case("ORC-145", _made("Deployment", "{}", _C), M, others=(service("{app: x}"),), note="alone"),
    Case("ORC-145", _made("Deployment", "{}", _C), P, others=(service("{app: y}"),), note="nobody asks it"),
    Case("ORC-145", recorded(Kind.DEPLOYMENT, "staging/scaled-to-zero"), NA, others=()),
    Case("ORC-145", recorded(Kind.REPLICASET, "prod/storefront-6b874c95c6"), NA, others=()),
    Case("ORC-145", _PROXY, NA, others=()),
    Case("ORC-145", _STORE, U, others=(), gaps={(SOURCE, Kind.PODDISRUPTIONBUDGET): REFUSED}),
    # Jobs
    Case("ORC-146", recorded(Kind.CRONJOB, "prod/db-backup"), M, others=(), now=NOW, note="young"),
    Case("ORC-146", _made("CronJob", "{schedule: '0 3 * * *'}", f"{{hostPID: true, {_C}}}", **_OLD), F, Severity.MEDIUM,
         others=()),
    Case("ORC-146", _made("Job", "{}", f"{{hostPID: true, {_C}}}"), F, Severity.MEDIUM, others=()),
    Case("ORC-146", _made("CronJob", "{schedule: '0 3 * * *'}", _C, **_OLD), P, others=()),
    Case("ORC-146", _made("CronJob", "{schedule: '*/2 * * * *'}", _C, **_OLD), M, others=(), note="often"),
    Case("ORC-146", _made("CronJob", "{schedule: '*/2 * * * *'}", _C, **_OLD,
                          labels={"argocd.argoproj.io/instance": "x"}), P, others=(), note="managed"),
    Case("ORC-146", _made("Job", "{}", _C), P, others=()),
    Case("ORC-146", _STORE, NA, others=()),
    # On every node
    Case("ORC-147", _EXPORTER, F, Severity.CRITICAL, others=()),
    Case("ORC-147", _made("DaemonSet", "{}", _HOST_ACCESS), F, Severity.CRITICAL, others=()),
    Case("ORC-147", _made("DaemonSet", "{}", _HOST_ACCESS.replace("Exists", "Exists, effect: NoExecute")), P,
         others=(), note="taints keep it off"),
    Case("ORC-147", _made("DaemonSet", "{}", f"{{tolerations: [{{operator: Exists}}], {_C}}}"), P, others=()),
    Case("ORC-147", _PROXY, P, others=(), note="a known part"),
    Case("ORC-147", recorded(Kind.DAEMONSET, "monitoring/fluent-bit"), P, others=(), note="a well-known collector"),
    Case("ORC-147", recorded(Kind.DAEMONSET, "legacy/log-scraper"), F, Severity.CRITICAL, others=(),
         note="such a collector, with root on the node"),
    # Sandboxes
    Case("ORC-148", deployment(_C), NA, others=()),
    Case("ORC-148", deployment(_C), F, Severity.MEDIUM, others=(), policy=_UNTRUSTED),
    Case("ORC-148", deployment(f"{{runtimeClassName: gvisor, {_C}}}"), P, others=(), policy=_UNTRUSTED),
    Case("ORC-148", deployment(_C), NA, others=(), policy=Policy(untrusted=("app=other",)), note="none that fit"),
]  # fmt: skip
