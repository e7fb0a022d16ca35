"""CIS Kubernetes Benchmark 1.12: all 131 recommendations by number, in words of our own.

Numbers and order as in kube-bench's profile for that version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.frameworks.facet import Facet
from checks.frameworks.framework import Entry

ID = "CIS-Kubernetes-1.12"
TITLE = "CIS Kubernetes Benchmark"
VERSION = "1.12"


def _files(section: str, first: int, *files: tuple[str, str, str, int]) -> Iterator[Entry]:
    """Two items for each file, mode and owner: (what it is, check, pattern of its path, mode)."""
    for at, (what, check, path, mode) in enumerate(files):
        yield Entry(
            f"{section}.{first + 2 * at}",
            f"{what}: mode {mode:04o} or stricter",
            facet=Facet(check, path, "mode", mode),
        )
        yield Entry(f"{section}.{first + 2 * at + 1}", f"{what}: owned by root:root", facet=Facet(check, path, "owner"))


_MANIFEST = "^stat /etc/kubernetes/manifests/{}"
SECTIONS: Mapping[str, tuple[Entry, ...]] = {
    "1.1 Control plane files": (
        *_files(
            "1.1", 1,
            ("API server's manifest", "ORC-475", _MANIFEST.format("kube-apiserver"), 0o600),
            ("Controller manager's manifest", "ORC-475", _MANIFEST.format("kube-controller-manager"), 0o600),
            ("Scheduler's manifest", "ORC-475", _MANIFEST.format("kube-scheduler"), 0o600),
            ("etcd's manifest", "ORC-475", _MANIFEST.format("etcd"), 0o600),
            ("Network plugin's files", "ORC-476", "^stat /etc/cni/net[.]d/", 0o600),
        ),
        Entry("1.1.11", "etcd's data: mode 0700 or stricter", facet=Facet("ORC-477", "^stat ", "mode", 0o700)),
        Entry(
            "1.1.12",
            "etcd's data: owned by etcd:etcd",
            facet=Facet("ORC-477", "^stat ", "owner", owners=("etcd:etcd",)),
        ),
        *_files(
            "1.1", 13,
            ("Administrator's kubeconfigs", "ORC-478", "^stat ", 0o600),
            ("Scheduler's kubeconfig", "ORC-479", "/scheduler[.]conf$", 0o600),
            ("Controller manager's kubeconfig", "ORC-479", "/controller-manager[.]conf$", 0o600),
        ),
        Entry("1.1.19", "Keys and certificates: owned by root:root", facet=Facet("ORC-480", "^stat ", "owner")),
        Entry("1.1.20", "Certificates: mode 0644 or stricter", facet=Facet("ORC-480", "[.]crt$", "mode", 0o644)),
        Entry("1.1.21", "Keys: mode 0600 or stricter", facet=Facet("ORC-480", "[.]key$", "mode", 0o600)),
    ),
    "1.2 API server": (
        Entry("1.2.1", "Anonymous requests are not let in"),
        Entry("1.2.2", "No tokens from a file"),
        Entry("1.2.3", "DenyServiceExternalIPs is on"),
        Entry("1.2.4", "A certificate for kubelets"),
        Entry("1.2.5", "Kubelets' certificates are checked"),
        Entry("1.2.6", "Not everything is allowed"),
        Entry("1.2.7", "Node authorizer"),
        Entry("1.2.8", "RBAC"),
        Entry("1.2.9", "EventRateLimit is on"),
        Entry("1.2.10", "AlwaysAdmit is off"),
        Entry("1.2.11", "AlwaysPullImages is on"),
        Entry("1.2.12", "ServiceAccount is on"),
        Entry("1.2.13", "NamespaceLifecycle is on"),
        Entry("1.2.14", "NodeRestriction is on"),
        Entry("1.2.15", "Profiling is off"),
        Entry("1.2.16", "An audit log is written"),
        Entry("1.2.17", "Audit log kept for 30 days"),
        Entry("1.2.18", "Ten audit log files kept"),
        Entry("1.2.19", "Audit log files of 100 MB"),
        Entry("1.2.20", "Request timeout as needed"),
        Entry("1.2.21", "Service accounts are looked up"),
        Entry("1.2.22", "A key pair for service account tokens"),
        Entry("1.2.23", "A certificate for etcd"),
        Entry("1.2.24", "A serving certificate"),
        Entry("1.2.25", "The clients' CA is known"),
        Entry("1.2.26", "etcd's certificate is checked"),
        Entry("1.2.27", "Encryption of secrets is configured"),
        Entry("1.2.28", "The encryption provider encrypts"),
        Entry("1.2.29", "Strong cipher suites"),
        Entry("1.2.30", "Tokens are not extended"),
    ),
    "1.3 Controller manager": (
        Entry("1.3.1", "Terminated pods are removed"),
        Entry("1.3.2", "Profiling is off"),
        Entry("1.3.3", "An account for each controller"),
        Entry("1.3.4", "A key for service account tokens"),
        Entry("1.3.5", "Pods are given the API server's CA"),
        Entry("1.3.6", "Kubelets' serving certificates are renewed"),
        Entry("1.3.7", "Listens on the node alone"),
    ),
    "1.4 Scheduler": (
        Entry("1.4.1", "Profiling is off"),
        Entry("1.4.2", "Listens on the node alone"),
    ),
    "2 etcd": (
        Entry("2.1", "A serving certificate"),
        Entry("2.2", "Clients need a certificate"),
        Entry("2.3", "No certificates of its own making"),
        Entry("2.4", "A certificate between members"),
        Entry("2.5", "Members need a certificate"),
        Entry("2.6", "No peer certificates of its own making"),
        Entry("2.7", "A CA of its own"),
    ),
    "3.1 Authentication": (
        Entry("3.1.1", "No client certificates for users"),
        Entry("3.1.2", "No service account tokens for users"),
        Entry("3.1.3", "No bootstrap tokens for users"),
    ),
    "3.2 Logging": (
        Entry("3.2.1", "A minimal audit policy"),
        Entry("3.2.2", "The audit policy covers what matters"),
    ),
    "4.1 Node files": (
        *_files(
            "4.1", 1,
            ("Kubelet's unit", "ORC-481", "^stat ", 0o600),
            ("kube-proxy's kubeconfig", "ORC-482", "^stat ", 0o600),
            ("Kubelet's kubeconfig", "ORC-483", "^stat ", 0o600),
            ("Kubelet's client CA", "ORC-484", "^stat ", 0o644),
            ("Kubelet's configuration", "ORC-485", "^stat ", 0o600),
        ),
    ),
    "4.2 Kubelet": (
        Entry("4.2.1", "Anonymous requests are not let in"),
        Entry("4.2.2", "Not everything is allowed"),
        Entry("4.2.3", "The clients' CA is known"),
        Entry("4.2.4", "No read-only port"),
        Entry("4.2.5", "Idle sessions end"),
        Entry("4.2.6", "Packet filter chains are kept"),
        Entry("4.2.7", "The machine's own name"),
        Entry("4.2.8", "Events are limited as needed"),
        Entry("4.2.9", "A serving certificate"),
        Entry("4.2.10", "The client certificate is renewed"),
        Entry("4.2.11", "The serving certificate is renewed"),
        Entry("4.2.12", "Strong cipher suites"),
        Entry("4.2.13", "Processes of pods are limited"),
        Entry("4.2.14", "seccomp by default"),
    ),
    "4.3 kube-proxy": (Entry("4.3.1", "Metrics on the node alone"),),
    "5.1 RBAC and service accounts": (
        Entry("5.1.1", "cluster-admin only where it is needed"),
        Entry("5.1.2", "Few may read secrets"),
        Entry("5.1.3", "No wildcards in roles"),
        Entry("5.1.4", "Few may create pods"),
        Entry("5.1.5", "Default service accounts are not used"),
        Entry("5.1.6", "Tokens are mounted only where they are needed"),
        Entry("5.1.7", "system:masters is not used"),
        Entry("5.1.8", "Few may bind, impersonate, escalate"),
        Entry("5.1.9", "Few may create persistent volumes"),
        Entry("5.1.10", "Few may proxy to nodes"),
        Entry("5.1.11", "Few may approve certificate requests"),
        Entry("5.1.12", "Few may change admission webhooks"),
        Entry("5.1.13", "Few may make tokens of service accounts"),
    ),
    "5.2 Pod security": (
        Entry("5.2.1", "A mechanism enforces pod security"),
        Entry("5.2.2", "Few privileged containers"),
        Entry("5.2.3", "Few pods in the host's process namespace"),
        Entry("5.2.4", "Few pods in the host's IPC namespace"),
        Entry("5.2.5", "Few pods in the host's network namespace"),
        Entry("5.2.6", "Few containers may gain privileges"),
        Entry("5.2.7", "Few containers run as root"),
        Entry("5.2.8", "Few containers with NET_RAW"),
        Entry("5.2.9", "Few containers with capabilities"),
        Entry("5.2.10", "Few host process containers"),
        Entry("5.2.11", "Few host path volumes"),
        Entry("5.2.12", "Few host ports"),
    ),
    "5.3 Network policies": (
        Entry("5.3.1", "The network plugin enforces policies"),
        Entry("5.3.2", "Every namespace has policies"),
    ),
    "5.4 Secrets": (
        Entry("5.4.1", "Secrets as files, not as variables"),
        Entry("5.4.2", "Secrets outside of the cluster considered"),
    ),
    "5.5 Admission": (Entry("5.5.1", "Only trusted images are admitted"),),
    "5.6 General": (
        Entry("5.6.1", "Namespaces separate resources"),
        Entry("5.6.2", "seccomp RuntimeDefault in pods"),
        Entry("5.6.3", "Security contexts are set"),
        Entry("5.6.4", "The default namespace is not used"),
    ),
}  # fmt: skip
