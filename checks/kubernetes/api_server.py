"""The flags of kube-apiserver (CIS Kubernetes Benchmark 1.12, section 1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.kubernetes.component_flags import at_least, flag_check, must_be, must_set, shown
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from inventory.kubernetes.components import API_SERVER, ControlPlaneComponent

_FILE = "in /etc/kubernetes/manifests/kube-apiserver.yaml; the API server restarts"


def _plugins(program: ControlPlaneComponent) -> tuple[str, ...]:
    return program.words("enable-admission-plugins")


def _plugin_on(program: ControlPlaneComponent, name: str) -> Verdict:
    evidence = shown(program, "enable-admission-plugins")
    off = shown(program, "disable-admission-plugins")
    if name in program.words("disable-admission-plugins"):
        return failed(f"admission plugin {name} is switched off", off)
    return passed("", evidence) if name in _plugins(program) else failed(f"admission plugin {name} is off", evidence)


def _plugin_kept(program: ControlPlaneComponent, name: str) -> Verdict:
    evidence = shown(program, "disable-admission-plugins")
    if name in program.words("disable-admission-plugins"):
        return failed(f"admission plugin {name} is switched off", evidence)
    return passed("", evidence)


def _modes(program: ControlPlaneComponent) -> tuple[tuple[str, ...], Evidence]:
    """The authorizers in order, by flag or by configuration file."""
    if program.flag("authorization-config"):
        document = program.document("authorization-config")
        found = document.get("authorizers")
        modes = tuple(str(one.get("type")) for one in found or () if isinstance(one, Mapping))
        return modes, Evidence(f"{program.flag('authorization-config')}: authorizers[].type", ",".join(modes))
    modes = program.words("authorization-mode") or ("AlwaysAllow",)
    return modes, shown(program, "authorization-mode", "not set, the default is AlwaysAllow")


@flag_check(
    "ORC-401",
    "API server lets anonymous requests in",
    component=API_SERVER,
    severity=Severity.HIGH,
    condition="F: `--anonymous-auth` is not false and no `--authentication-config` limits it. M: the configuration "
    "limits it to paths. P: false there or here. U: that file is on another machine.",
    why="Whatever is bound to system:unauthenticated is open to everybody who reaches the port.",
    remediation=f"Set `--anonymous-auth=false` {_FILE}. Health probes of load balancers then need a credential, or an "
    "AuthenticationConfiguration with `anonymous: {enabled: true, conditions: [{path: /livez}]}`.",
    cis="1.2.1",
    references=("OWASP-K8s:K06", "ATT&CK:T1133", "CWE-306"),
)
def anonymous(program: ControlPlaneComponent) -> Verdict:
    if program.flag("authentication-config"):
        return _anonymous_by_file(program.document("authentication-config"), str(program.flag("authentication-config")))
    return must_be(program, "anonymous-auth", wanted=False, default=True)


def _anonymous_by_file(document: Mapping[str, Any], path: str) -> Verdict:
    found = document.get("anonymous")
    enabled = found.get("enabled") if isinstance(found, Mapping) else None
    conditions = found.get("conditions") if isinstance(found, Mapping) else None
    evidence = Evidence(
        f"{path}: anonymous.enabled", "not set, the default is true" if enabled is None else str(enabled)
    )
    if enabled is False:
        return passed("", evidence)
    if isinstance(conditions, list) and conditions:
        paths = ",".join(str(one.get("path")) for one in conditions if isinstance(one, Mapping))
        return manual("anonymous requests are let in to some paths", Evidence(f"{path}: anonymous.conditions", paths))
    return failed("anonymous requests are let in", evidence)


@flag_check(
    "ORC-402",
    "API server accepts tokens from a file",
    component=API_SERVER,
    severity=Severity.HIGH,
    condition="F: `--token-auth-file` is set. P: it is not.",
    why="Such tokens are in clear text, never expire and cannot be revoked without a restart.",
    remediation=f"Remove `--token-auth-file` {_FILE}. Give its users certificates or OIDC first.",
    cis="1.2.2",
    references=("ATT&CK:T1078", "CWE-522"),
)
def token_file(program: ControlPlaneComponent) -> Verdict:
    evidence = shown(program, "token-auth-file")
    return failed("static tokens are accepted", evidence) if program.flag("token-auth-file") else passed("", evidence)


@flag_check(
    "ORC-403",
    "Services may claim any external address",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: the admission plugin DenyServiceExternalIPs is not enabled. P: it is.",
    why="Who may create a Service can draw traffic for any address to its pods (CVE-2020-8554).",
    remediation=f"Add DenyServiceExternalIPs to `--enable-admission-plugins` {_FILE}. Services with externalIPs can no "
    "longer be made.",
    cis="1.2.3",
    references=("CVE-2020-8554", "ATT&CK:T1557"),
)
def external_ips(program: ControlPlaneComponent) -> Verdict:
    return _plugin_on(program, "DenyServiceExternalIPs")


@flag_check(
    "ORC-404",
    "API server has no certificate for kubelets",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: `--kubelet-client-certificate` or `--kubelet-client-key` is not set. P: both are.",
    why="Then its requests to kubelets are anonymous, and kubelets must let anonymous requests in.",
    remediation=f"Set both to a certificate that the kubelets' client CA signed, {_FILE}.",
    cis="1.2.4",
    references=("CWE-306",),
)
def kubelet_certificate(program: ControlPlaneComponent) -> Verdict:
    return must_set(program, "kubelet-client-certificate", "kubelet-client-key")


@flag_check(
    "ORC-405",
    "API server does not check the kubelets' certificates",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: `--kubelet-certificate-authority` is not set. P: it is.",
    why="Logs, exec and port-forward go to whoever answers on the node's address.",
    remediation=f"Set `--kubelet-certificate-authority` {_FILE}, after every kubelet has a serving certificate of that "
    "authority (serverTLSBootstrap), or logs and exec stop working.",
    cis="1.2.5",
    references=("CWE-295", "ATT&CK:T1557"),
)
def kubelet_authority(program: ControlPlaneComponent) -> Verdict:
    return must_set(program, "kubelet-certificate-authority")


@flag_check(
    "ORC-406",
    "API server allows everything to everybody",
    component=API_SERVER,
    severity=Severity.CRITICAL,
    condition="F: the authorizers hold AlwaysAllow, which is the default of `--authorization-mode`. P: they do not. "
    "U: `--authorization-config` names a file on another machine.",
    why="Any credential, an anonymous request included, is as good as cluster-admin.",
    remediation=f"Set `--authorization-mode=Node,RBAC` {_FILE}. Give rights to what relied on having them all first.",
    cis="1.2.6",
    references=("OWASP-K8s:K02", "CWE-862"),
)
def always_allow(program: ControlPlaneComponent) -> Verdict:
    modes, evidence = _modes(program)
    return failed("every request is allowed", evidence) if "AlwaysAllow" in modes else passed("", evidence)


@flag_check(
    "ORC-407",
    "API server without the Node authorizer",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: the authorizers do not hold Node. P: they do. U: `--authorization-config` names a file elsewhere.",
    why="Without it kubelets need rights over every node's secrets instead of those of their own pods.",
    remediation=f"Set `--authorization-mode=Node,RBAC` {_FILE}.",
    cis="1.2.7",
    references=("CWE-269",),
)
def node_authorizer(program: ControlPlaneComponent) -> Verdict:
    modes, evidence = _modes(program)
    return passed("", evidence) if "Node" in modes else failed("no Node authorizer", evidence)


@flag_check(
    "ORC-408",
    "API server without RBAC",
    component=API_SERVER,
    severity=Severity.HIGH,
    condition="F: the authorizers do not hold RBAC. P: they do. U: `--authorization-config` names a file elsewhere.",
    why="Roles and bindings then mean nothing.",
    remediation=f"Set `--authorization-mode=Node,RBAC` {_FILE}. Have roles and bindings for all users ready first.",
    cis="1.2.8",
    references=("OWASP-K8s:K02", "CWE-862"),
)
def rbac(program: ControlPlaneComponent) -> Verdict:
    modes, evidence = _modes(program)
    return passed("", evidence) if "RBAC" in modes else failed("RBAC is not asked", evidence)


@flag_check(
    "ORC-409",
    "No limit on the rate of events",
    component=API_SERVER,
    severity=Severity.LOW,
    condition="F: the admission plugin EventRateLimit is off, or no configuration file is given for it. P: both.",
    why="One misbehaving workload can fill etcd with events.",
    remediation=f"Add EventRateLimit to `--enable-admission-plugins` with `--admission-control-config-file` {_FILE}.",
    cis="1.2.9",
    references=("CWE-770",),
)
def event_rate(program: ControlPlaneComponent) -> Verdict:
    verdict = _plugin_on(program, "EventRateLimit")
    if "EventRateLimit" not in _plugins(program):
        return verdict
    return must_set(program, "admission-control-config-file")


@flag_check(
    "ORC-410",
    "API server admits everything",
    component=API_SERVER,
    severity=Severity.HIGH,
    condition="F: the admission plugin AlwaysAdmit is enabled. P: it is not.",
    why="It admits without looking; it was deprecated for that reason.",
    remediation=f"Remove AlwaysAdmit from `--enable-admission-plugins` {_FILE}.",
    cis="1.2.10",
    references=("CWE-862",),
)
def always_admit(program: ControlPlaneComponent) -> Verdict:
    evidence = shown(program, "enable-admission-plugins")
    return failed("AlwaysAdmit is on", evidence) if "AlwaysAdmit" in _plugins(program) else passed("", evidence)


@flag_check(
    "ORC-411",
    "Images on a node are anybody's",
    component=API_SERVER,
    severity=Severity.LOW,
    condition="F: the admission plugin AlwaysPullImages is not enabled. P: it is.",
    why="A pod may start a private image that another pod's credentials brought to the node.",
    remediation=f"Add AlwaysPullImages to `--enable-admission-plugins` {_FILE}. Every start then asks the registry: "
    "pods do not start while it is away.",
    cis="1.2.11",
    references=("CWE-862",),
)
def always_pull(program: ControlPlaneComponent) -> Verdict:
    return _plugin_on(program, "AlwaysPullImages")


@flag_check(
    "ORC-412",
    "Admission plugin ServiceAccount is off",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: `--disable-admission-plugins` holds ServiceAccount. P: it does not.",
    why="Pods then get no account of their own, and any they name goes unchecked.",
    remediation=f"Take ServiceAccount out of `--disable-admission-plugins` {_FILE}.",
    cis="1.2.12",
    references=("CWE-862",),
)
def service_account_plugin(program: ControlPlaneComponent) -> Verdict:
    return _plugin_kept(program, "ServiceAccount")


@flag_check(
    "ORC-413",
    "Admission plugin NamespaceLifecycle is off",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: `--disable-admission-plugins` holds NamespaceLifecycle. P: it does not.",
    why="Objects can then be made in namespaces that are being deleted, or do not exist.",
    remediation=f"Take NamespaceLifecycle out of `--disable-admission-plugins` {_FILE}.",
    cis="1.2.13",
    references=("CWE-664",),
)
def namespace_plugin(program: ControlPlaneComponent) -> Verdict:
    return _plugin_kept(program, "NamespaceLifecycle")


@flag_check(
    "ORC-414",
    "Kubelets may change other nodes",
    component=API_SERVER,
    severity=Severity.MEDIUM,
    condition="F: the admission plugin NodeRestriction is not enabled. P: it is.",
    why="A kubelet's credential, stolen from one node, then labels and changes all nodes and their pods.",
    remediation=f"Add NodeRestriction to `--enable-admission-plugins` {_FILE}.",
    cis="1.2.14",
    references=("ATT&CK:T1078", "CWE-269"),
)
def node_restriction(program: ControlPlaneComponent) -> Verdict:
    return _plugin_on(program, "NodeRestriction")


@flag_check(
    "ORC-415",
    "API server offers profiling",
    component=API_SERVER,
    severity=Severity.LOW,
    condition="F: `--profiling` is not false. P: it is.",
    why="Profiles tell about the program's inside and cost it time.",
    remediation=f"Set `--profiling=false` {_FILE}.",
    cis="1.2.15",
    references=("CWE-489",),
)
def profiling(program: ControlPlaneComponent) -> Verdict:
    return must_be(program, "profiling", wanted=False, default=True)


@flag_check(
    "ORC-416",
    "API server writes no audit log",
    component=API_SERVER,
    severity=Severity.HIGH,
    condition="F: neither `--audit-log-path` nor `--audit-webhook-config-file` is set. P: one of them is.",
    why="Nobody can tell afterwards who did what.",
    remediation=f"Set `--audit-policy-file` and `--audit-log-path` {_FILE}; mind the disk.",
    cis="1.2.16",
    references=("OWASP-K8s:K10", "ATT&CK:T1562.008", "CWE-778"),
)
def audit_log(program: ControlPlaneComponent) -> Verdict:
    names = ("audit-log-path", "audit-webhook-config-file")
    evidence = [shown(program, name) for name in names]
    if any(program.flag(name) for name in names):
        return passed("", *evidence)
    return failed("requests are not recorded", *evidence)


def _kept(program: ControlPlaneComponent, name: str, least: int) -> Verdict:
    if not program.flag("audit-log-path"):
        return not_applicable("no audit log is written to a file")
    return at_least(program, name, least)


@flag_check(
    "ORC-417",
    "Audit log kept for less than 30 days",
    component=API_SERVER,
    severity=Severity.LOW,
    condition="F: `--audit-log-maxage` is not set or below 30. P: 30 or more. NA: no audit log is written to a file.",
    why="Intrusions are often found weeks later.",
    remediation=f"Set `--audit-log-maxage=30` {_FILE}.",
    cis="1.2.17",
    references=("CWE-779",),
)
def audit_age(program: ControlPlaneComponent) -> Verdict:
    return _kept(program, "audit-log-maxage", 30)


@flag_check(
    "ORC-418",
    "Fewer than 10 audit log files kept",
    component=API_SERVER,
    severity=Severity.LOW,
    condition="F: `--audit-log-maxbackup` is not set or below 10. P: 10 or more. NA: no audit log in a file.",
    why="A busy hour then overwrites the evidence.",
    remediation=f"Set `--audit-log-maxbackup=10` {_FILE}.",
    cis="1.2.18",
    references=("CWE-779",),
)
def audit_backups(program: ControlPlaneComponent) -> Verdict:
    return _kept(program, "audit-log-maxbackup", 10)


@flag_check(
    "ORC-419",
    "Audit log files below 100 MB",
    component=API_SERVER,
    severity=Severity.LOW,
    condition="F: `--audit-log-maxsize` is not set or below 100 MB. P: 100 or more. NA: no audit log in a file.",
    why="A busy hour then overwrites the evidence.",
    remediation=f"Set `--audit-log-maxsize=100` {_FILE}.",
    cis="1.2.19",
    references=("CWE-779",),
)
def audit_size(program: ControlPlaneComponent) -> Verdict:
    return _kept(program, "audit-log-maxsize", 100)
