"""Owner and mode of a node's files (CIS Kubernetes Benchmark 1.12, sections 1.1 and 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from checks.check import Domain, check
from checks.host.ownership import beyond, stats
from checks.verdict import Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.host import FileFacts
from inventory.kubernetes.node_files import KubeHost

Paths = Callable[[KubeHost], Iterable[str]]
_KEYS = (".key",)


def _files_check(
    id: str,  # noqa: A002 - as in `check`
    title: str,
    *,
    severity: Severity,
    what: str,
    paths: Paths,
    mode: int,
    cis: Iterable[str],
    why: str,
    fix: str,
) -> None:
    """Register a check that all these files are root:root and no more open than `mode`; NA where there is none."""

    def judge(host: KubeHost, view: View) -> Verdict:
        found = host.facts(*paths(host))
        return _owned(found, mode) if found else not_applicable(f"no {what} here")

    judge.__doc__ = (
        f"Judges {what}. F: not root:root, or a mode beyond {mode:04o}. P: neither. NA: there is none. U: a path "
        f"may not be looked at. Source: CIS Kubernetes {', '.join(cis)}."
    )
    check(
        id,
        title,
        domain=Domain.ORCHESTRATION,
        severity=severity,
        subject=KubeHost,
        why=why,
        remediation=f"`chown root:root FILE; chmod {mode:o} FILE` for each file listed. {fix}",
        references=(*(f"CIS-Kubernetes-1.12:{number}" for number in cis), "CWE-732"),
    )(judge)


def _owned(found: Iterable[FileFacts], mode: int) -> Verdict:
    judged = tuple(found)
    bad = [one for one in judged if one.uid or one.gid or beyond(one, mode)]
    return failed(f"{len(bad)} too open or not root's", *stats(bad)) if bad else passed("", *stats(judged))


_files_check(
    "ORC-475",
    "Static pod manifests too open",
    severity=Severity.MEDIUM,
    what="the static pods' manifests and their directory",
    paths=lambda host: (*host.manifests, *(("/etc/kubernetes/manifests",) if host.manifests else ())),
    mode=0o600,
    cis=tuple(f"1.1.{number}" for number in range(1, 9)),
    why="Whoever writes there starts a privileged pod on the node.",
    fix="Nothing else reads them but the kubelet.",
)
_files_check(
    "ORC-479",
    "Controllers' kubeconfigs too open",
    severity=Severity.MEDIUM,
    what="the scheduler's and the controller manager's kubeconfig",
    paths=lambda host: ("/etc/kubernetes/scheduler.conf", "/etc/kubernetes/controller-manager.conf"),
    mode=0o600,
    cis=("1.1.15", "1.1.16", "1.1.17", "1.1.18"),
    why="They hold the controllers' credentials.",
    fix="Programs that run as another user need to be its owner instead.",
)
_files_check(
    "ORC-478",
    "Administrator's kubeconfig too open",
    severity=Severity.HIGH,
    what="admin.conf and super-admin.conf",
    paths=lambda host: ("/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf"),
    mode=0o600,
    cis=("1.1.13", "1.1.14"),
    why="Whoever reads it is cluster-admin, and no role or binding can take that away again.",
    fix="Users of a copy need one of their own.",
)
_files_check(
    "ORC-482",
    "kube-proxy's kubeconfig too open",
    severity=Severity.MEDIUM,
    what="kube-proxy's kubeconfig",
    paths=lambda host: host.proxy_configs,
    mode=0o600,
    cis=("4.1.3", "4.1.4"),
    why="It holds a credential that reads every service and node.",
    fix="kube-proxy as a pod has none on the node.",
)
_files_check(
    "ORC-483",
    "Kubelet's kubeconfig too open",
    severity=Severity.MEDIUM,
    what="the kubelet's kubeconfig",
    paths=lambda host: ("/etc/kubernetes/kubelet.conf",),
    mode=0o600,
    cis=("4.1.5", "4.1.6"),
    why="Whoever reads it acts as the node.",
    fix="Nothing else reads it.",
)
_files_check(
    "ORC-484",
    "Kubelet's client CA too open",
    severity=Severity.MEDIUM,
    what="the file that the kubelet checks its clients with",
    paths=lambda host: (host.client_ca,) if host.client_ca else (),
    mode=0o644,
    cis=("4.1.7", "4.1.8"),
    why="Whoever changes it lets in whom they like, to every pod of the node.",
    fix="Reading it does no harm.",
)
_files_check(
    "ORC-485",
    "Kubelet's configuration too open",
    severity=Severity.MEDIUM,
    what="the kubelet's configuration",
    paths=lambda host: host.kubelet_configs,
    mode=0o600,
    cis=("4.1.9", "4.1.10"),
    why="Whoever changes it switches authentication off.",
    fix="Nothing else reads it.",
)


@check(
    "ORC-476",
    "Network plugin's files too open",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=KubeHost,
    why="The kubelet starts these programs as root for every pod.",
    remediation="`chown root:root FILE; chmod 600 FILE` for each configuration, `chmod 755` for each program listed.",
    references=("CIS-Kubernetes-1.12:1.1.9", "CIS-Kubernetes-1.12:1.1.10", "ATT&CK:T1543", "CWE-732"),
)
def network_plugin(host: KubeHost, view: View) -> Verdict:
    """Judges /etc/cni/net.d and what is in it, and /opt/cni/bin and what is in it.

    F: not root:root, a configuration beyond 0600, or a program beyond 0755. P: neither. NA: no network plugin here.
    U: a directory may not be looked at. Source: CIS Kubernetes 1.1.9, 1.1.10.
    """
    found = host.facts(*host.cni, "/etc/cni/net.d", "/opt/cni/bin")
    if not found:
        return not_applicable("no network plugin here")
    bad = [one for one in found if one.uid or one.gid or beyond(one, _plugin_mode(one))]
    return failed(f"{len(bad)} too open or not root's", *stats(bad)) if bad else passed("", *stats(found))


def _plugin_mode(one: FileFacts) -> int:
    return 0o600 if one.path.startswith("/etc/cni/net.d/") and one.kind == "file" else 0o755


@check(
    "ORC-477",
    "etcd's data too open",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=KubeHost,
    why="Whoever reads it has every secret of the cluster; whoever writes it has the cluster.",
    remediation="`chmod 700 DIR; chown etcd:etcd DIR`, with the user that etcd runs as.",
    references=("CIS-Kubernetes-1.12:1.1.11", "CIS-Kubernetes-1.12:1.1.12", "ATT&CK:T1552.007", "CWE-732"),
)
def etcd_data(host: KubeHost, view: View) -> Verdict:
    """Judges the directory that `--data-dir` of the running etcd names.

    F: a mode beyond 0700, or an owner other than etcd or root. M: root's, as where etcd runs as root (kubeadm). P: 0700
    and etcd's. NA: no etcd runs here. Source: CIS Kubernetes 1.1.11, 1.1.12.
    """
    if not host.etcd_data:
        return not_applicable("no etcd runs on this machine")
    found = host.facts(host.etcd_data)
    if not found:
        return not_applicable(f"{host.etcd_data} is not on this machine")
    one = found[0]
    if one.mode & 0o077:
        return failed("others than its owner may look in", *stats(found))
    if one.owner == "etcd" and one.group == "etcd":
        return passed("", *stats(found))
    if one.uid == 0:
        return manual("it is root's: right where etcd runs as root, as kubeadm has it", *stats(found))
    return failed("its owner is neither etcd nor root", *stats(found))


@check(
    "ORC-480",
    "Cluster's keys and certificates too open",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=KubeHost,
    why="A CA's key makes a certificate for any user, cluster-admin included.",
    remediation="`chown -R root:root /etc/kubernetes/pki`; `chmod 644` for certificates, `chmod 600` for keys.",
    references=(
        "CIS-Kubernetes-1.12:1.1.19", "CIS-Kubernetes-1.12:1.1.20", "CIS-Kubernetes-1.12:1.1.21", "ATT&CK:T1552.004",
        "CWE-732",
    ),
)  # fmt: skip
def pki(host: KubeHost, view: View) -> Verdict:
    """Judges /etc/kubernetes/pki, its directories and files.

    F: not root:root, a certificate beyond 0644, or a key beyond 0600. P: neither. NA: there is no such directory.
    U: it may not be looked at. Source: CIS Kubernetes 1.1.19, 1.1.20, 1.1.21.
    """
    found = host.facts(*host.pki)
    if not found:
        return not_applicable("no /etc/kubernetes/pki here")
    bad = [one for one in found if one.uid or one.gid or beyond(one, 0o600 if one.path.endswith(_KEYS) else 0o644)]
    return failed(f"{len(bad)} too open or not root's", *stats(bad)) if bad else passed("", *stats(found))


@check(
    "ORC-481",
    "Kubelet's unit too open",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=KubeHost,
    why="Who edits the unit starts what they like as root.",
    remediation="`chown root:root FILE; chmod 600 FILE` for each file listed, then `systemctl daemon-reload`.",
    references=("CIS-Kubernetes-1.12:4.1.1", "CIS-Kubernetes-1.12:4.1.2", "ATT&CK:T1543.002", "CWE-732"),
)
def unit(host: KubeHost, view: View) -> Verdict:
    """Judges kubelet.service and its drop-ins.

    F: not root:root, or others may write. M: others may read (0644, as packages install it; CIS wants 0600). P: 0600 or
    stricter. NA: there is no such unit. Source: CIS Kubernetes 4.1.1, 4.1.2.
    """
    found = [one for one in host.facts(*host.units) if one.kind == "file"]
    if not found:
        return not_applicable("no kubelet.service here")
    bad = [one for one in found if one.uid or one.gid or beyond(one, 0o644)]
    if bad:
        return failed(f"{len(bad)} too open or not root's", *stats(bad))
    readable = [one for one in found if beyond(one, 0o600)]
    return (
        manual("everybody may read it, as packages install it", *stats(readable))
        if readable
        else passed("", *stats(found))
    )
