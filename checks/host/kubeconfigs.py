"""Credentials of clusters that lie on the host."""

from __future__ import annotations

from checks.check import Domain, check
from checks.verdict import Evidence, Severity, Verdict, failed, passed
from checks.view import View
from inventory.gap import Unread
from inventory.model import Engine, KubeConfig

_BEYOND_OWNER = 0o077


@check(
    "HOST-014",
    "kubeconfig files readable by others",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="A cluster administrator's credentials lie around, or are sent to whoever answers in the cluster's place.",
    remediation="`chmod 600 FILE`; replace `insecure-skip-tls-verify` by `certificate-authority-data`, and tokens and "
    "passwords by an exec plugin or client certificates that expire. Rotate what others could have read.",
    references=(
        "CIS-Kubernetes-1.12:1.1.13", "CIS-Kubernetes-1.12:1.1.14", "CIS-Kubernetes-1.12:1.1.15",
        "CIS-Kubernetes-1.12:1.1.16", "CIS-Kubernetes-1.12:1.1.17", "CIS-Kubernetes-1.12:1.1.18", "ATT&CK:T1552.001",
        "CWE-732", "CWE-295",
    ),
)  # fmt: skip
def kubeconfigs(engine: Engine, view: View) -> Verdict:
    """Judges ~/.kube/config of root and of local people, /etc/kubernetes/*.conf, and those of k3s, rke2, k0s, MicroK8s.

    F: a mode beyond 0600, or a cluster with insecure-skip-tls-verify (high); a password or token in the file (medium).
    P: none of these, or no such file. U: the engine is remote; or a home or file may not be looked at, or is no
    kubeconfig that can be parsed, and nothing is wrong with the others. Credentials are never kept. The variable
    KUBECONFIG is not followed: it belongs to sessions, not to the host. Source: CIS Kubernetes 1.1.13-1.1.18.
    """
    host = view.host()
    wide = [one for one in host.kubeconfigs if one.file.mode & _BEYOND_OWNER]
    unchecked = [one for one in host.kubeconfigs if one.insecure]
    static = [one for one in host.kubeconfigs if one.static]
    evidence = [Evidence(f"stat {one.file.path}", f"{_owner(one)} {one.file.mode:04o}{_contexts(one)}") for one in wide]
    evidence += [Evidence(f"{one.file.path}: insecure-skip-tls-verify", ", ".join(one.insecure)) for one in unchecked]
    evidence += [Evidence(f"{one.file.path}: users", ", ".join(one.static)) for one in static]
    if evidence:
        severity = None if wide or unchecked else Severity.MEDIUM
        return failed(_message(len(wide), len(unchecked), len(static)), *evidence, severity=severity)
    for one in host.kubeconfigs:
        if one.unread is not None:
            raise Unread(one.unread)
    for gap in host.kubeconfigs_unread:
        raise Unread(gap)
    return passed("", *(Evidence(f"stat {one.file.path}", f"{one.file.mode:04o}") for one in host.kubeconfigs))


def _message(wide: int, unchecked: int, static: int) -> str:
    parts = [f"{wide} readable by others"] if wide else []
    parts += [f"{unchecked} without a check of the cluster's certificate"] if unchecked else []
    parts += [f"{static} with a password or token inside"] if static else []
    return "; ".join(parts)


def _owner(config: KubeConfig) -> str:
    file = config.file
    return f"{file.owner or file.uid}:{file.group or file.gid}"


def _contexts(config: KubeConfig) -> str:
    return f", contexts {', '.join(config.contexts)}" if config.contexts else ""
