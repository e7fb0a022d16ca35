"""Cases of kubelets, kube-proxy and a node's files."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.host import FileFacts
from inventory.kubernetes.kubelet import Kubelet
from inventory.kubernetes.node_files import KubeHost
from inventory.machine import Examined
from inventory.resource import Kind, ResourceKey
from inventory.sources.host.kubernetes_node import configz
from tests.checks.builders import changed
from tests.checks.cases import Case
from tests.checks.kubernetes.objects import recorded, written
from tests.kubernetes.captured import NOW, SOURCE

FAIL, PASS, MANUAL, NA, UNKNOWN = (
    Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN,
)  # fmt: skip
DENIED = Gap(Reason.DENIED, "/var/lib/kubelet/config.yaml")
# What a kubelet of a kubeadm cluster answers (kubernetes 1.32, shortened to what rules look at).
CONFIGZ: dict[str, Any] = {
    "authentication": {
        "x509": {"clientCAFile": "/etc/kubernetes/pki/ca.crt"},
        "webhook": {"enabled": True, "cacheTTL": "2m0s"},
        "anonymous": {"enabled": False},
    },
    "authorization": {"mode": "Webhook"},
    "readOnlyPort": 0,
    "rotateCertificates": True,
    "serverTLSBootstrap": True,
    "streamingConnectionIdleTimeout": "4h0m0s",
    "makeIPTablesUtilChains": True,
    "eventRecordQPS": 50,
    "podPidsLimit": -1,
    "seccompDefault": False,
    "protectKernelDefaults": False,
    "featureGates": {},
}


def kubelet(flags: dict[str, tuple[str, ...]] | None = None, origin: str | None = None, **config: Any) -> Any:
    """The kubelet with other settings."""
    found = configz("worker-1", json.dumps({"kubeletconfig": CONFIGZ | config}).encode(), SOURCE, NOW)
    changes: dict[str, Any] = {"flags": flags} if flags is not None else {}
    return changed(found, **changes, **({} if origin is None else {"origin": origin}))


def _bare(**flags: Any) -> Any:
    """A kubelet without a configuration file."""
    empty = msgspec.convert({}, type(kubelet().config))
    given: dict[str, tuple[str, ...]] = {name.replace("_", "-"): (value,) for name, value in flags.items()}
    return changed(kubelet(given, ""), config=empty, effective=False)


def _pair(check: str, bad: Kubelet, good: Kubelet, note: str = "") -> list[Case]:
    return [
        Case(check, bad, FAIL, others=(), note=f"bad {note}"),
        Case(check, good, PASS, others=(), note=f"good {note}"),
    ]


_X509: dict[str, Any] = {"authentication": {"anonymous": {"enabled": True}}}
_FILES = {
    "/etc/kubernetes/manifests": 0o700, "/etc/kubernetes/manifests/etcd.yaml": 0o600,
    "/etc/cni/net.d": 0o755, "/etc/cni/net.d/10-calico.conflist": 0o600, "/opt/cni/bin": 0o755,
    "/opt/cni/bin/calico": 0o755, "/var/lib/etcd": 0o700, "/etc/kubernetes/admin.conf": 0o600,
    "/etc/kubernetes/scheduler.conf": 0o600, "/etc/kubernetes/kubelet.conf": 0o600, "/etc/kubernetes/pki": 0o755,
    "/etc/kubernetes/pki/ca.crt": 0o644, "/etc/kubernetes/pki/ca.key": 0o600,
    "/usr/lib/systemd/system/kubelet.service": 0o600, "/var/lib/kube-proxy/kubeconfig": 0o600,
    "/var/lib/kubelet/config.yaml": 0o600,
}  # fmt: skip


def machine(unread: dict[str, Gap] | None = None, owner: str = "root", **modes: Any) -> KubeHost:
    """A node laid out by kubeadm; `modes` gives other modes, by the file's name with _ for dots and dashes."""
    found: dict[str, FileFacts] = {}
    for path, mode in _FILES.items():
        name = path.rpartition("/")[2].replace(".", "_").replace("-", "_")
        kind = (
            "directory"
            if "." not in path.rpartition("/")[2] and "kubeconfig" not in path and "/bin/" not in path
            else "file"
        )
        uid = 0 if owner == "root" else 103
        found[path] = FileFacts(path, modes.get(name, mode), uid, uid, owner, owner, kind)
    return KubeHost.build(
        key=ResourceKey(Kind.KUBE_HOST, "node", "cp-1"), name="cp-1", observed_at=NOW,
        files=Examined(found, unread or {}),
        manifests=("/etc/kubernetes/manifests/etcd.yaml",),
        cni=("/etc/cni/net.d/10-calico.conflist", "/opt/cni/bin/calico"),
        pki=("/etc/kubernetes/pki", "/etc/kubernetes/pki/ca.crt", "/etc/kubernetes/pki/ca.key"),
        units=("/usr/lib/systemd/system/kubelet.service",),
        proxy_configs=("/var/lib/kube-proxy/kubeconfig",),
        kubelet_configs=("/var/lib/kubelet/config.yaml",),
        client_ca="/etc/kubernetes/pki/ca.crt",
        etcd_data="/var/lib/etcd",
    )  # fmt: skip


def _file(check: str, hidden: str, **modes: Any) -> list[Case]:
    return [
        Case(check, machine(**modes), FAIL, others=(), note="too open"),
        Case(check, machine(), PASS, others=(), note="as it should be"),
        Case(check, machine(owner="kube"), FAIL, others=(), note="not root's"),
        Case(check, machine({hidden: Gap(Reason.DENIED, hidden)}), UNKNOWN, others=(), note="hidden"),
    ]


_OPEN_CNI: dict[str, Any] = {"10_calico_conflist": 0o644}
_PROXY = """
apiVersion: v1
kind: ConfigMap
metadata: {name: kube-proxy, namespace: kube-system}
data:
  config.conf: |
    kind: KubeProxyConfiguration
    metricsBindAddress: %s
"""
_EKS = _PROXY.replace("{name: kube-proxy,", "{name: kube-proxy-config,").replace("config.conf", "config")

CASES = [
    Case("ORC-455", kubelet(**_X509), FAIL, Severity.CRITICAL, others=()),
    Case("ORC-455", kubelet(), PASS, others=()),
    Case("ORC-455", _bare(), FAIL, others=(), note="without a file"),
    Case("ORC-455", kubelet({"anonymous-auth": ("false",)}, **_X509), PASS, others=(), note="the flag goes first"),
    Case("ORC-455", changed(kubelet(), config=DENIED), UNKNOWN, others=(), note="not readable"),
    *_pair("ORC-456", kubelet(authorization={"mode": "AlwaysAllow"}), kubelet()),
    *_pair("ORC-456", _bare(), _bare(authorization_mode="Webhook"), "by flags"),
    *_pair("ORC-457", kubelet(authentication={}), kubelet()),
    *_pair("ORC-458", kubelet(readOnlyPort=10255), kubelet()),
    *_pair("ORC-458", _bare(), _bare(read_only_port="0"), "by flags"),
    *_pair("ORC-459", kubelet(streamingConnectionIdleTimeout="0s"), kubelet()),
    *_pair("ORC-460", kubelet(makeIPTablesUtilChains=False), kubelet()),
    *_pair("ORC-461", kubelet({"hostname-override": ("n1",)}), kubelet()),
    Case("ORC-462", kubelet(eventRecordQPS=0), MANUAL, others=()),
    *_pair("ORC-462", kubelet(eventRecordQPS=-1), kubelet()),
    *_pair("ORC-463", kubelet(serverTLSBootstrap=False), kubelet()),
    *_pair(
        "ORC-463",
        kubelet(serverTLSBootstrap=False, tlsCertFile="/a"),
        kubelet(tlsCertFile="/a", tlsPrivateKeyFile="/b"),
        "files",
    ),
    *_pair("ORC-464", kubelet(rotateCertificates=False), kubelet()),
    *_pair("ORC-465", kubelet(serverTLSBootstrap=False), kubelet()),
    *_pair("ORC-465", kubelet(featureGates={"RotateKubeletServerCertificate": False}), kubelet(), "gate"),
    Case("ORC-466", kubelet(), MANUAL, others=()),
    *_pair("ORC-466", kubelet(tlsMinVersion="VersionTLS10"), kubelet(tlsMinVersion="VersionTLS13")),
    *_pair(
        "ORC-466",
        kubelet(tlsCipherSuites=["TLS_RSA_WITH_AES_256_GCM_SHA384"]),
        kubelet(tlsCipherSuites=["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]),
        "suites",
    ),
    *_pair("ORC-467", kubelet(), kubelet(podPidsLimit=4096)),
    *_pair("ORC-468", kubelet(), kubelet(seccompDefault=True)),
    *_pair("ORC-469", kubelet(), kubelet(protectKernelDefaults=True)),
    Case("ORC-470", written(_PROXY % "0.0.0.0:10249"), FAIL, others=()),
    Case("ORC-470", written(_PROXY % "127.0.0.1:10249"), PASS, others=()),
    Case("ORC-470", written(_PROXY % '""'), PASS, others=(), note="by default"),
    Case("ORC-470", written(_EKS % "0.0.0.0:10249"), FAIL, others=(), note="of EKS"),
    Case("ORC-470", written(_PROXY % "*loop"), UNKNOWN, others=(), note="an alias"),
    Case("ORC-470", recorded(Kind.CONFIGMAP, "default/kube-root-ca.crt"), NA, others=()),
    *_file("ORC-475", "/etc/kubernetes/manifests/etcd.yaml", etcd_yaml=0o644),
    *_file("ORC-476", "/etc/cni/net.d", **_OPEN_CNI),
    *_file("ORC-478", "/etc/kubernetes/admin.conf", admin_conf=0o640),
    *_file("ORC-479", "/etc/kubernetes/scheduler.conf", scheduler_conf=0o644),
    *_file("ORC-480", "/etc/kubernetes/pki", ca_key=0o640),
    *_file("ORC-482", "/var/lib/kube-proxy/kubeconfig", kubeconfig=0o644),
    *_file("ORC-483", "/etc/kubernetes/kubelet.conf", kubelet_conf=0o604),
    *_file("ORC-484", "/etc/kubernetes/pki/ca.crt", ca_crt=0o666),
    *_file("ORC-485", "/var/lib/kubelet/config.yaml", config_yaml=0o644),
    Case("ORC-477", machine(etcd=0o755), FAIL, others=()),
    Case("ORC-477", machine(), MANUAL, others=(), note="root's, as kubeadm has it"),
    Case("ORC-477", machine(owner="etcd"), PASS, others=()),
    Case("ORC-477", machine(owner="daemon"), FAIL, others=(), note="somebody's"),
    Case("ORC-481", machine(kubelet_service=0o666), FAIL, others=()),
    Case("ORC-481", machine(kubelet_service=0o644), MANUAL, others=(), note="as packages install it"),
    Case("ORC-481", machine(), PASS, others=()),
]
