"""The flags of etcd (CIS Kubernetes Benchmark 1.12, section 2)."""

from __future__ import annotations

from checks.check import Domain, check
from checks.kubernetes.component_flags import flag_check, must_be, must_set, shown
from checks.verdict import Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.components import API_SERVER, ETCD, ControlPlaneComponent

_FILE = "in /etc/kubernetes/manifests/etcd.yaml; etcd restarts and the API server waits for it"


def _alone(program: ControlPlaneComponent) -> bool:
    """Whether the member is the only one, by the members that it was started with."""
    if program.flag("initial-cluster"):
        return len(program.words("initial-cluster")) == 1
    return (
        not program.flag("discovery")
        and not program.flag("discovery-srv")
        and not program.flag("initial-advertise-peer-urls")
    )


@flag_check(
    "ORC-445",
    "etcd serves its clients in the clear",
    component=ETCD,
    severity=Severity.HIGH,
    condition="F: `--cert-file` or `--key-file` is not set. P: both are.",
    why="Every secret of the cluster crosses the network unencrypted.",
    remediation=f"Set both to a server certificate {_FILE}.",
    cis="2.1",
    references=("CWE-319",),
)
def certificate(program: ControlPlaneComponent) -> Verdict:
    return must_set(program, "cert-file", "key-file")


@flag_check(
    "ORC-446",
    "etcd lets clients in without a certificate",
    component=ETCD,
    severity=Severity.CRITICAL,
    condition="F: `--client-cert-auth` is not true. P: it is.",
    why="Whoever reaches the port reads and writes all of the cluster's state.",
    remediation=f"Set `--client-cert-auth=true` and `--trusted-ca-file` {_FILE}.",
    cis="2.2",
    references=("OWASP-K8s:K06", "ATT&CK:T1552.007", "CWE-306"),
)
def client_certificates(program: ControlPlaneComponent) -> Verdict:
    return must_be(program, "client-cert-auth", wanted=True, default=False)


@flag_check(
    "ORC-447",
    "etcd makes its own client certificates",
    component=ETCD,
    severity=Severity.HIGH,
    condition="F: `--auto-tls` is true. P: it is not.",
    why="Nobody can check a certificate that it signed itself.",
    remediation=f"Remove `--auto-tls=true`, set `--cert-file` and `--key-file` {_FILE}.",
    cis="2.3",
    references=("CWE-295",),
)
def auto_tls(program: ControlPlaneComponent) -> Verdict:
    return must_be(program, "auto-tls", wanted=False, default=False)


@flag_check(
    "ORC-448",
    "etcd's members talk in the clear",
    component=ETCD,
    severity=Severity.HIGH,
    condition="F: `--peer-cert-file` or `--peer-key-file` is not set. P: both are. NA: there is one member.",
    why="All of the cluster's state crosses the network unencrypted.",
    remediation=f"Set both {_FILE}, on every member.",
    cis="2.4",
    references=("CWE-319",),
)
def peer_certificate(program: ControlPlaneComponent) -> Verdict:
    if _alone(program):
        return not_applicable("etcd has one member")
    return must_set(program, "peer-cert-file", "peer-key-file")


@flag_check(
    "ORC-449",
    "etcd lets members in without a certificate",
    component=ETCD,
    severity=Severity.HIGH,
    condition="F: `--peer-client-cert-auth` is not true. P: it is. NA: there is one member.",
    why="Whoever reaches the port may join and read everything.",
    remediation=f"Set `--peer-client-cert-auth=true` and `--peer-trusted-ca-file` {_FILE}, on every member.",
    cis="2.5",
    references=("CWE-306",),
)
def peer_certificates(program: ControlPlaneComponent) -> Verdict:
    if _alone(program):
        return not_applicable("etcd has one member")
    return must_be(program, "peer-client-cert-auth", wanted=True, default=False)


@flag_check(
    "ORC-450",
    "etcd makes its own peer certificates",
    component=ETCD,
    severity=Severity.HIGH,
    condition="F: `--peer-auto-tls` is true. P: it is not.",
    why="Nobody can check a certificate that it signed itself.",
    remediation=f"Remove `--peer-auto-tls=true`, set `--peer-cert-file` and `--peer-key-file` {_FILE}.",
    cis="2.6",
    references=("CWE-295",),
)
def peer_auto_tls(program: ControlPlaneComponent) -> Verdict:
    return must_be(program, "peer-auto-tls", wanted=False, default=False)


@check(
    "ORC-451",
    "etcd trusts the cluster's CA",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=ControlPlaneComponent,
    why="Then any client certificate of the cluster opens etcd, past the API server and its rules.",
    remediation=f"Give etcd a CA of its own: `--trusted-ca-file` {_FILE}.",
    references=("CIS-Kubernetes-1.12:2.7", "CWE-295"),
)
def own_authority(program: ControlPlaneComponent, view: View) -> Verdict:
    """F: `--trusted-ca-file` of etcd is the file of the API server's `--client-ca-file`. P: another file.

    M: the API server's flags cannot be seen. NA: another program. U: etcd names no CA. Source: CIS Kubernetes 2.7.
    """
    if program.component != ETCD:
        return not_applicable(f"not {ETCD}")
    ours = program.flag("trusted-ca-file")
    evidence = shown(program, "trusted-ca-file")
    if not ours:
        raise Unread(Gap(Reason.ABSENT, "--trusted-ca-file", "etcd names no CA"))
    servers = [one for one in view.all(ControlPlaneComponent) if one.component == API_SERVER]
    theirs = [shown(one, "client-ca-file") for one in servers]
    if any(one.flag("client-ca-file") == ours for one in servers):
        return failed("etcd and the API server trust the same CA", evidence, *theirs)
    return passed("", evidence, *theirs) if servers else manual("the API server's flags cannot be seen", evidence)
