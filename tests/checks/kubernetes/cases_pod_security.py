"""Cases of the Pod Security Standards; tests/kubernetes/test_pod_security.py has each control in every place."""

from __future__ import annotations

from checks.verdict import Outcome, Severity
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind
from tests.checks.cases import Case
from tests.checks.kubernetes.objects import pod, recorded

F, P, NA = Outcome.FAIL, Outcome.PASS, Outcome.NOT_APPLICABLE
_KUBE_PROXY = recorded(Kind.DAEMONSET, "kube-system/kube-proxy")
_EXPORTER = recorded(Kind.DAEMONSET, "monitoring/node-exporter")
_FTP = recorded(Kind.DEPLOYMENT, "legacy/ftp")
_SHELL = recorded(Kind.DEPLOYMENT, "staging/debug-shell")
_SIDECAR = recorded(Kind.DEPLOYMENT, "staging/sidecar-app")
_PAYMENTS = recorded(Kind.DEPLOYMENT, "prod/payments")
_WINDOWS = recorded(Kind.POD, "legacy/win-agent")
_API_SERVER = recorded(Kind.POD, "kube-system/kube-apiserver-cp-1")
_HARD = recorded(Kind.DEPLOYMENT, "prod/storefront")
_C = "containers: [{name: app, image: 'app:1'"


def _mount(path: str, how: str = "") -> str:
    mounts = f"volumeMounts: [{{name: v, mountPath: /m{how}}}]"
    return f"volumes: [{{name: v, hostPath: {{path: '{path}'}}}}]\n{_C}, {mounts}}}]"


def _adds(names: str, more: str = "") -> KubeResource:
    return pod(f"{more}\n{_C}, securityContext: {{capabilities: {{add: [{names}]}}}}}}]")


CASES = [
    Case("ORC-100", _WINDOWS, F, Severity.CRITICAL, others=()),
    Case("ORC-101", _KUBE_PROXY, F, Severity.CRITICAL, others=()),
    Case("ORC-102", _KUBE_PROXY, F, Severity.HIGH, others=(), note="system components are shown"),
    Case("ORC-103", _EXPORTER, F, Severity.HIGH, others=()),
    Case("ORC-104", _SHELL, F, Severity.HIGH, others=()),
    Case("ORC-105", _SIDECAR, F, None, others=()),
    Case("ORC-105", _adds("NET_RAW"), F, Severity.MEDIUM, others=()),
    Case("ORC-105", _adds("NET_ADMIN"), F, Severity.HIGH, others=()),
    Case("ORC-105", _adds("SYS_ADMIN, NET_RAW"), F,
         Severity.CRITICAL, others=()),
    Case("ORC-105", _adds("ALL"), F, Severity.CRITICAL, others=()),
    Case("ORC-105", _adds("SYS_PTRACE", "hostPID: true"), F,
         Severity.CRITICAL, others=()),
    Case("ORC-106", _SHELL, F, Severity.CRITICAL, others=(), note="the node's root"),
    Case("ORC-106", pod(_mount("/data")), F, Severity.HIGH, others=()),
    Case("ORC-106", pod(_mount("/dev/null")), F, Severity.MEDIUM, others=()),
    Case("ORC-106", pod(_mount("/etc/ssl/certs", ", readOnly: true")), F, Severity.MEDIUM, others=()),
    Case("ORC-106", pod(_mount("/var/run/docker.sock", ", readOnly: true")), F, Severity.CRITICAL, others=()),
    Case("ORC-106", pod(_mount("/var/lib/kubelet", ", readOnly: true")), F, Severity.HIGH, others=()),
    Case("ORC-106", pod(_mount("/var/lib/kubelet")), F, Severity.CRITICAL, others=()),
    Case("ORC-106", pod(_mount("/", ", subPath: etc/cron.d")), F, Severity.CRITICAL, others=(), note="sub path"),
    Case("ORC-106", pod(_mount("/", ", subPath: srv/app")), F, Severity.HIGH, others=(), note="harmless sub path"),
    Case("ORC-106", pod(f"volumes: [{{name: v, hostPath: {{path: /}}}}]\n{_C}}}]"), F, Severity.HIGH, others=(),
         note="mounted by none"),
    Case("ORC-107", recorded(Kind.DEPLOYMENT, "legacy/billing-php"), F, Severity.MEDIUM, others=()),
    Case("ORC-108", _API_SERVER, F, Severity.LOW, others=(), note="its own node's address"),
    Case("ORC-109", _FTP, F, Severity.MEDIUM, others=()),
    Case("ORC-110", _FTP, F, Severity.MEDIUM, others=()),
    Case("ORC-111", pod(f"{_C}, securityContext: {{procMount: Unmasked}}}}]"), F, Severity.MEDIUM, others=()),
    Case("ORC-111", _FTP, F, Severity.LOW, others=(), note="with users of its own"),
    Case("ORC-112", _FTP, F, Severity.HIGH, others=()),
    Case("ORC-112", pod(annotations={"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}), F, Severity.LOW,
         others=(), note="old annotation"),
    Case("ORC-113", _FTP, F, Severity.MEDIUM, others=()),
    Case("ORC-114", pod(f"volumes: [{{name: v, nfs: {{server: s, path: /}}}}]\n{_C}}}]"), F, Severity.LOW, others=()),
    Case("ORC-114", pod(f"volumes: [{{name: v, gitRepo: {{repository: r}}}}]\n{_C}}}]"), F, Severity.HIGH, others=()),
    Case("ORC-114", pod(_mount("/data")), P, others=(), note="hostPath is another's"),
    Case("ORC-115", _PAYMENTS, F, Severity.MEDIUM, others=()),
    Case("ORC-115", _WINDOWS, NA, others=()),
    Case("ORC-116", _PAYMENTS, F, Severity.MEDIUM, others=()),
    Case("ORC-117", _PAYMENTS, F, Severity.MEDIUM, others=()),
    Case("ORC-117", pod(f"securityContext: {{runAsUser: 999}}\n{_C}}}]"), F, Severity.LOW, others=()),
    Case("ORC-117", pod(f"{_C}, securityContext: {{runAsUser: 999}}}}]"), F, Severity.LOW, others=(), note="own"),
    Case("ORC-117", pod(f"{{hostUsers: false, securityContext: {{runAsUser: 999}}, {_C}}}]}}"), P, others=()),
    Case("ORC-118", _PAYMENTS, F, Severity.LOW, others=()),
    Case("ORC-118", _WINDOWS, NA, others=()),
    Case("ORC-119", _PAYMENTS, F, Severity.LOW, others=()),
    Case("ORC-119", _WINDOWS, NA, others=()),
    *(Case(f"ORC-{number}", _HARD, P, others=()) for number in range(100, 120) if number != 117),
    Case("ORC-117", pod(f"securityContext: {{runAsUser: 20000}}\n{_C}}}]"), P, others=()),
]  # fmt: skip
