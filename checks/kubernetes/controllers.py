"""The flags of kube-controller-manager and kube-scheduler (CIS Kubernetes Benchmark 1.12, sections 1.3 and 1.4)."""

from __future__ import annotations

from collections.abc import Mapping

from checks.kubernetes.component_flags import flag_check, must_be, must_set, only_local, shown
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from inventory.kubernetes.components import CONTROLLER_MANAGER, SCHEDULER, ControlPlaneComponent

_MANAGER = "in /etc/kubernetes/manifests/kube-controller-manager.yaml; it restarts"
_SCHEDULER = "in /etc/kubernetes/manifests/kube-scheduler.yaml; it restarts"
_MOST_PODS = 12_500


@flag_check(
    "ORC-435",
    "Terminated pods pile up",
    component=CONTROLLER_MANAGER,
    severity=Severity.LOW,
    condition="F: `--terminated-pod-gc-threshold` is above 12500, or 0 (never). M: not set, so the default of 12500 "
    "counts. P: set to 12500 or less.",
    why="Pods that ended stay in etcd and slow the whole control plane.",
    remediation=f"Set `--terminated-pod-gc-threshold=1000` {_MANAGER}.",
    cis="1.3.1",
    references=("CWE-770",),
)
def terminated_pods(program: ControlPlaneComponent) -> Verdict:
    value = program.flag("terminated-pod-gc-threshold")
    evidence = shown(program, "terminated-pod-gc-threshold", "not set, the default is 12500")
    if value is None:
        return manual("up to 12500 terminated pods are kept", evidence)
    if value.isdigit() and 0 < int(value) <= _MOST_PODS:
        return passed("", evidence)
    return failed("terminated pods are hardly ever removed", evidence)


@flag_check(
    "ORC-436",
    "Controller manager offers profiling",
    component=CONTROLLER_MANAGER,
    severity=Severity.LOW,
    condition="F: `--profiling` is not false. P: it is.",
    why="Profiles tell about the program's inside and cost it time.",
    remediation=f"Set `--profiling=false` {_MANAGER}.",
    cis="1.3.2",
    references=("CWE-489",),
)
def profiling(program: ControlPlaneComponent) -> Verdict:
    return must_be(program, "profiling", wanted=False, default=True)


@flag_check(
    "ORC-437",
    "Controllers share one account",
    component=CONTROLLER_MANAGER,
    severity=Severity.MEDIUM,
    condition="F: `--use-service-account-credentials` is not true. P: it is.",
    why="Every controller then has the rights of all of them together.",
    remediation=f"Set `--use-service-account-credentials=true` {_MANAGER}.",
    cis="1.3.3",
    references=("CWE-250",),
)
def own_credentials(program: ControlPlaneComponent) -> Verdict:
    return must_be(program, "use-service-account-credentials", wanted=True, default=False)


@flag_check(
    "ORC-438",
    "Controller manager has no key to sign tokens",
    component=CONTROLLER_MANAGER,
    severity=Severity.MEDIUM,
    condition="F: `--service-account-private-key-file` is not set. P: it is.",
    why="Tokens are then signed with a key that cannot be changed by itself, or not at all.",
    remediation=f"Set `--service-account-private-key-file` to a key of its own {_MANAGER}.",
    cis="1.3.4",
    references=("CWE-320",),
)
def token_key(program: ControlPlaneComponent) -> Verdict:
    return must_set(program, "service-account-private-key-file")


@flag_check(
    "ORC-439",
    "Pods are not given the API server's CA",
    component=CONTROLLER_MANAGER,
    severity=Severity.MEDIUM,
    condition="F: `--root-ca-file` is not set. P: it is.",
    why="Pods cannot check whom they send their token to.",
    remediation=f"Set `--root-ca-file` to the API server's CA {_MANAGER}.",
    cis="1.3.5",
    references=("CWE-295",),
)
def root_authority(program: ControlPlaneComponent) -> Verdict:
    return must_set(program, "root-ca-file")


@flag_check(
    "ORC-440",
    "Kubelets' serving certificates are not renewed",
    component=CONTROLLER_MANAGER,
    severity=Severity.MEDIUM,
    condition="F: the feature gate RotateKubeletServerCertificate is false. P: it is not (the default is true).",
    why="Certificates that run out are replaced by self-signed ones, or by nothing.",
    remediation=f"Take RotateKubeletServerCertificate=false out of `--feature-gates` {_MANAGER}.",
    cis="1.3.6",
    references=("CWE-324",),
)
def kubelet_certificates(program: ControlPlaneComponent) -> Verdict:
    evidence = shown(program, "feature-gates")
    gates = {word.partition("=")[0]: word.partition("=")[2].lower() for word in program.words("feature-gates")}
    if gates.get("RotateKubeletServerCertificate") in ("false", "f", "0"):
        return failed("RotateKubeletServerCertificate is off", evidence)
    return passed("", evidence)


@flag_check(
    "ORC-441",
    "Controller manager listens beyond the node",
    component=CONTROLLER_MANAGER,
    severity=Severity.MEDIUM,
    condition="F: `--bind-address` is not an address of the machine itself (the default is 0.0.0.0). P: it is.",
    why="Metrics and health of the control plane are open to the network.",
    remediation=f"Set `--bind-address=127.0.0.1` {_MANAGER}. A Prometheus elsewhere then needs a proxy on the node.",
    cis="1.3.7",
    references=("CWE-668",),
)
def manager_address(program: ControlPlaneComponent) -> Verdict:
    return only_local(program, "bind-address", "0.0.0.0")  # noqa: S104 - the default that is judged


@flag_check(
    "ORC-442",
    "Scheduler offers profiling",
    component=SCHEDULER,
    severity=Severity.LOW,
    condition="F: `--profiling` is not false, nor `enableProfiling` of its configuration file. P: it is. U: the "
    "configuration file, which goes before the flag, is on another machine.",
    why="Profiles tell about the program's inside and cost it time.",
    remediation=f"Set `--profiling=false` {_SCHEDULER}; with `--config`, `enableProfiling: false` there.",
    cis="1.4.1",
    references=("CWE-489",),
)
def scheduler_profiling(program: ControlPlaneComponent) -> Verdict:
    if not program.flag("config"):
        return must_be(program, "profiling", wanted=False, default=True)
    document: Mapping[str, object] = program.document("config")
    enabled = document.get("enableProfiling", True)
    evidence = Evidence(f"{program.flag('config')}: enableProfiling", str(enabled).lower())
    return passed("", evidence) if enabled is False else failed("enableProfiling is on", evidence)


@flag_check(
    "ORC-443",
    "Scheduler listens beyond the node",
    component=SCHEDULER,
    severity=Severity.MEDIUM,
    condition="F: `--bind-address` is not an address of the machine itself (the default is 0.0.0.0). P: it is.",
    why="Metrics and health of the control plane are open to the network.",
    remediation=f"Set `--bind-address=127.0.0.1` {_SCHEDULER}. A Prometheus elsewhere then needs a proxy on the node.",
    cis="1.4.2",
    references=("CWE-668",),
)
def scheduler_address(program: ControlPlaneComponent) -> Verdict:
    return only_local(program, "bind-address", "0.0.0.0")  # noqa: S104 - the default that is judged
