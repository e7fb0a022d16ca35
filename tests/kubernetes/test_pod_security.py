"""The Pod Security Standards: every control, what it forbids and allows, in every place and every kind of template."""

from __future__ import annotations

import copy
import json
from typing import Any, cast

import pytest
import yaml

from checks.kubernetes.standards import CONTROLS, Level, level
from checks.verdict import Outcome, Verdict
from checks.view import View
from inventory.kubernetes.podspec import PodSpec
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import Kind
from inventory.sources.kubernetes.kinds import BY_API
from inventory.sources.kubernetes.objects import translate
from tests.checks.cases import check_of
from tests.kubernetes import captured

_HARD: dict[str, Any] = {
    "image": "app:1",
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}
HARDENED: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "runAsUser": 20000, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [{"name": "app", **_HARD}],
    "initContainers": [{"name": "setup", **_HARD}, {"name": "side", "restartPolicy": "Always", **_HARD}],
    "ephemeralContainers": [{"name": "debug", **_HARD}],
}
PLACES = (("containers", 0), ("initContainers", 0), ("initContainers", 1), ("ephemeralContainers", 0))

# What is laid over the pod's spec -> the checks whose control it violates.
OF_THE_POD = [
    ("{}", ""),
    ("securityContext: {windowsOptions: {hostProcess: true}}", "ORC-100"),
    ("securityContext: {windowsOptions: {hostProcess: false}}", ""),
    ("hostNetwork: true", "ORC-102"),
    ("hostNetwork: false", ""),
    ("hostPID: true", "ORC-103"),
    ("hostPID: false", ""),
    ("hostIPC: true", "ORC-104"),
    ("hostIPC: false", ""),
    ("volumes: [{name: v, hostPath: {path: /data}}]", "ORC-106 ORC-114"),
    ("volumes: [{name: v, hostPath: {path: /dev/null, type: CharDevice}}]", "ORC-106 ORC-114"),
    ("securityContext: {appArmorProfile: {type: Unconfined}}", "ORC-109"),
    ("securityContext: {appArmorProfile: {type: ''}}", "ORC-109"),
    ("securityContext: {appArmorProfile: {type: RuntimeDefault}}", ""),
    ("securityContext: {appArmorProfile: {type: Localhost, localhostProfile: mine}}", ""),
    ("securityContext: {seLinuxOptions: {type: spc_t}}", "ORC-110"),
    ("securityContext: {seLinuxOptions: {user: sysadm_u}}", "ORC-110"),
    ("securityContext: {seLinuxOptions: {role: sysadm_r}}", "ORC-110"),
    ("securityContext: {seLinuxOptions: {level: 's0:c1,c2'}}", ""),
    *(
        (f"securityContext: {{seLinuxOptions: {{type: container_{one}t}}}}", "")
        for one in ("", "init_", "kvm_", "engine_")
    ),
    ("securityContext: {seccompProfile: {type: Unconfined}}", "ORC-112 ORC-118"),
    ("securityContext: {seccompProfile: {type: Localhost, localhostProfile: mine.json}}", ""),
    ("securityContext: {seccompProfile: null}", "ORC-118"),
    ("{os: {name: windows}, securityContext: {seccompProfile: null}}", ""),
    ("{os: {name: linux}, securityContext: {seccompProfile: null}}", "ORC-118"),
    ("securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}", "ORC-113"),
    ("securityContext: {sysctls: [{name: net.ipv4.ip_forward, value: '1'}]}", "ORC-113"),
    *(
        (f"securityContext: {{sysctls: [{{name: {one}, value: '1'}}]}}", "")
        for one in (
            "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
            "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports",
            "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
            "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat",
        )
    ),
    *(
        (f"volumes: [{{name: v, {one}: {{}}}}]", "ORC-114")
        for one in (
            "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd", "flexVolume",
            "cinder", "cephfs", "flocker", "fc", "azureFile", "vsphereVolume", "quobyte", "azureDisk",
            "portworxVolume", "scaleIO", "storageos",
        )
    ),
    *(
        (f"volumes: [{{name: v, {one}: {{}}}}]", "")
        for one in (
            "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
            "secret",
        )
    ),
    ("volumes: [{name: v}]", ""),
    ("securityContext: {runAsNonRoot: false}", "ORC-116"),
    ("securityContext: {runAsNonRoot: null}", "ORC-116"),
    ("{hostUsers: false, securityContext: {runAsNonRoot: null}}", ""),
    ("{hostUsers: false, securityContext: {runAsNonRoot: false, runAsUser: 0}}", ""),
    ("{hostUsers: true, securityContext: {runAsNonRoot: null}}", "ORC-116"),
    ("securityContext: {runAsUser: 0}", "ORC-117"),
    ("securityContext: {runAsUser: null}", ""),
]  # fmt: skip

# What is laid over one container.
OF_A_CONTAINER = [
    ("{}", ""),
    ("securityContext: {windowsOptions: {hostProcess: true}}", "ORC-100"),
    ("securityContext: {windowsOptions: {hostProcess: false}}", ""),
    ("securityContext: {privileged: true}", "ORC-101"),
    ("securityContext: {privileged: false}", ""),
    *(
        (f"securityContext: {{capabilities: {{add: [{one}]}}}}", "ORC-105 ORC-119")
        for one in ("SYS_ADMIN", "NET_RAW", "NET_ADMIN", "ALL", "CAP_CHOWN", "chown", "PERFMON")
    ),
    *(
        (f"securityContext: {{capabilities: {{add: [{one}]}}}}", "ORC-119")
        for one in (
            "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "SETFCAP", "SETGID",
            "SETPCAP", "SETUID", "SYS_CHROOT",
        )
    ),
    ("securityContext: {capabilities: {add: [NET_BIND_SERVICE]}}", ""),
    ("securityContext: {capabilities: {drop: [NET_RAW]}}", "ORC-119"),
    ("securityContext: {capabilities: {drop: [all]}}", "ORC-119"),
    ("securityContext: {capabilities: null}", "ORC-119"),
    ("securityContext: {capabilities: {drop: [KILL, ALL]}}", ""),
    ("ports: [{containerPort: 80, hostPort: 80}]", "ORC-107"),
    ("ports: [{containerPort: 80, hostPort: 0}, {containerPort: 81}]", ""),
    *(
        (f"{probe}: {{{how}: {{host: 169.254.169.254, port: 80}}}}", "ORC-108")
        for probe in ("livenessProbe", "readinessProbe", "startupProbe")
        for how in ("httpGet", "tcpSocket")
    ),
    *(
        (f"lifecycle: {{{hook}: {{{how}: {{host: other.example, port: 80}}}}}}", "ORC-108")
        for hook in ("postStart", "preStop")
        for how in ("httpGet", "tcpSocket")
    ),
    ("livenessProbe: {httpGet: {path: /, port: 80}}", ""),
    ("readinessProbe: {tcpSocket: {host: '', port: 80}}", ""),
    ("lifecycle: {preStop: {exec: {command: [sleep, '5']}}}", ""),
    ("securityContext: {appArmorProfile: {type: Unconfined}}", "ORC-109"),
    ("securityContext: {appArmorProfile: {type: RuntimeDefault}}", ""),
    ("securityContext: {appArmorProfile: {type: Localhost}}", ""),
    ("securityContext: {seLinuxOptions: {type: unconfined_t}}", "ORC-110"),
    ("securityContext: {seLinuxOptions: {user: u}}", "ORC-110"),
    ("securityContext: {seLinuxOptions: {role: r}}", "ORC-110"),
    ("securityContext: {seLinuxOptions: {type: container_t, level: s0}}", ""),
    ("securityContext: {procMount: Unmasked}", "ORC-111"),
    ("securityContext: {procMount: Default}", ""),
    ("securityContext: {seccompProfile: {type: Unconfined}}", "ORC-112 ORC-118"),
    ("securityContext: {seccompProfile: {type: ''}}", "ORC-112 ORC-118"),
    ("securityContext: {seccompProfile: {type: Localhost}}", ""),
    ("securityContext: {seccompProfile: {type: RuntimeDefault}}", ""),
    ("securityContext: {allowPrivilegeEscalation: true}", "ORC-115"),
    ("securityContext: {allowPrivilegeEscalation: null}", "ORC-115"),
    ("securityContext: null", "ORC-115 ORC-119"),
    ("securityContext: {runAsNonRoot: false}", "ORC-116"),
    ("securityContext: {runAsNonRoot: true}", ""),
    ("securityContext: {runAsUser: 0}", "ORC-117"),
    ("securityContext: {runAsUser: 30000}", ""),
]  # fmt: skip

# Annotations of the pod.
ANNOTATIONS = [
    ("container.apparmor.security.beta.kubernetes.io/app: unconfined", "ORC-109"),
    ("container.apparmor.security.beta.kubernetes.io/no-such: unconfined", "ORC-109"),
    ("container.apparmor.security.beta.kubernetes.io/app: runtime/default", ""),
    ("container.apparmor.security.beta.kubernetes.io/app: localhost/mine", ""),
    ("container.apparmor.security.beta.kubernetes.io/app: ''", ""),
    ("seccomp.security.alpha.kubernetes.io/pod: unconfined", ""),  # not read by the standards since 1.19
]
KINDS = [
    ("v1", "Pod", ""), ("apps/v1", "Deployment", "spec.template"), ("apps/v1", "ReplicaSet", "spec.template"),
    ("apps/v1", "StatefulSet", "spec.template"), ("apps/v1", "DaemonSet", "spec.template"),
    ("batch/v1", "Job", "spec.template"), ("batch/v1", "CronJob", "spec.jobTemplate.spec.template"),
    ("v1", "ReplicationController", "spec.template"), ("v1", "PodTemplate", "template"),
]  # fmt: skip
BY_CHECK = {control.check for control in CONTROLS}


def laid(base: Any, over: Any) -> Any:
    """`over` on `base`, member by member; null takes a member away."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    found = {key: value for key, value in base.items() if over.get(key, 0) is not None}
    return found | {key: laid(base.get(key), value) for key, value in over.items() if value is not None}


def specs() -> list[tuple[str, dict[str, Any], dict[str, str], str]]:
    """(name, pod spec, annotations, violated) of every row in every place."""
    rows: list[tuple[str, dict[str, Any], dict[str, str], str]] = []
    for text, violated in OF_THE_POD:
        rows.append((text, laid(HARDENED, yaml.safe_load(text)), {}, violated))
    for text, violated in OF_A_CONTAINER:
        for group, at in PLACES:
            spec = copy.deepcopy(HARDENED)
            spec[group][at] = laid(spec[group][at], yaml.safe_load(text))
            rows.append((f"{group}[{at}] {text}", spec, {}, violated))
    for text, violated in ANNOTATIONS:
        rows.append((text, HARDENED, yaml.safe_load(text), violated))
    return rows


def made(api: str, kind: str, under: str, spec: dict[str, Any], annotations: dict[str, str]) -> PodBearer:
    """An object of the kind with this pod spec."""
    template: dict[str, Any] = {"metadata": {"annotations": annotations}, "spec": spec}
    for member in reversed(under.split(".") if under else ()):
        template = {member: template}
    meta = template.pop("metadata", {}) if not under else {}
    document = {"apiVersion": api, "kind": kind, "metadata": {"name": "x", "namespace": "n", **meta}, **template}
    family = BY_API[api.partition("/")[0] if "/" in api else "", kind].family
    return cast(PodBearer, translate(family, json.dumps(document).encode(), "kubernetes", captured.NOW))


def verdict(check: str, bearer: PodBearer) -> Verdict:
    return check_of(check).judge(bearer, cast(View, None))


ROWS = specs()


@pytest.mark.parametrize(("spec", "annotations", "violated"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_control(spec: dict[str, Any], annotations: dict[str, str], violated: str) -> None:
    expected = set(violated.split())
    for api, kind, under in KINDS if spec is HARDENED or len(expected) > 1 else KINDS[:2]:
        bearer = made(api, kind, under, spec, annotations)
        standing = level(bearer.pod_spec)
        assert {control.check for control in standing.violated} == expected
        assert standing.level is _level(expected)
        for check in sorted(expected):
            if check == "ORC-114" and "ORC-106" in expected:
                continue
            found = verdict(check, bearer)
            assert found.outcome is Outcome.FAIL
            beside = bearer.spec_path.removesuffix("spec")
            assert all(one.path.startswith((f"{bearer.spec_path}.", f"{beside}metadata.")) for one in found.evidence)


def _level(violated: set[str]) -> Level:
    least = [control.level for control in CONTROLS if control.check in violated]
    return Level(min(least) - 1) if least else Level.RESTRICTED


@pytest.mark.parametrize(("api", "kind", "under"), KINDS)
@pytest.mark.parametrize("check", sorted(BY_CHECK))
def test_every_control_in_every_kind(check: str, api: str, kind: str, under: str) -> None:
    """The first row that violates it fails with evidence in this kind's own paths; the hardened spec passes."""
    rows = [row for row in ROWS if check in row[3].split() and ("hostPath" in row[0]) is (check == "ORC-106")]
    _, spec, annotations, _ = rows[0]
    found = verdict(check, made(api, kind, under, spec, annotations))
    assert found.outcome is Outcome.FAIL
    assert found.evidence[0].path.startswith(f"{under}.spec." if under else "spec.")
    assert verdict(check, made(api, kind, under, HARDENED, {})).outcome is Outcome.PASS


def test_every_control_has_a_check_and_a_row() -> None:
    assert {f"ORC-{number}" for number in range(100, 120)} == BY_CHECK
    assert {check for row in ROWS for check in row[3].split()} == BY_CHECK


def test_proc_mount_in_a_user_namespace_is_baseline_but_not_restricted() -> None:
    spec = copy.deepcopy(HARDENED)
    spec["hostUsers"] = False
    spec["containers"][0]["securityContext"] = {**_HARD["securityContext"], "procMount": "Unmasked"}
    standing = level(made(*KINDS[0], spec, {}).pod_spec)
    assert standing.level is Level.BASELINE
    assert [(one.name, one.level) for one in standing.violated] == [("/proc Mount Type", Level.RESTRICTED)]


def test_windows_is_let_off_what_it_has_not() -> None:
    spec = {"os": {"name": "windows"}, "containers": [{"name": "app"}], "securityContext": {"runAsNonRoot": True}}
    pod = made(*KINDS[0], spec, {})
    assert level(pod.pod_spec).level is Level.RESTRICTED
    outcomes = {check: verdict(check, pod).outcome for check in ("ORC-115", "ORC-118", "ORC-119")}
    assert set(outcomes.values()) == {Outcome.NOT_APPLICABLE}


def test_what_keeps_a_pod_out_of_a_level() -> None:
    spec = {"hostNetwork": True, "containers": [{"name": "app"}]}
    standing = level(made(*KINDS[0], spec, {}).pod_spec)
    assert standing.level is Level.PRIVILEGED
    assert [one.check for one in standing.against(Level.BASELINE)] == ["ORC-102"]
    assert {one.check for one in standing.against(Level.RESTRICTED)} == {
        "ORC-102", "ORC-115", "ORC-116", "ORC-118", "ORC-119",
    }  # fmt: skip
    assert standing.against(Level.PRIVILEGED) == ()
    assert Level.BASELINE.word == "baseline"


def test_a_shared_spec_is_concluded_once() -> None:
    pods = [one for one in captured.objects() if isinstance(one, Pod) and one.name.startswith("calico-node")]
    assert len({id(pod.pod_spec) for pod in pods}) == 1
    assert level(pods[0].pod_spec) is level(pods[-1].pod_spec)


RECORDED = {
    "kube-system/kube-proxy-27bvn": "privileged: 101 102 106 114 115 116 118 119",
    "monitoring/node-exporter-9rjkv": "privileged: 102 103 105 106 107 114 118 119",
    "legacy/ftp-8597d9df77-wnnw5": "privileged: 109 110 111 112 113 115 118 119",
    "legacy/win-agent": "privileged: 100 102 116",
    "staging/debug-shell-76b5cf9554-sx9jt": "privileged: 101 102 103 104 106 114 115 116 118 119",
    "staging/toolbox": "privileged: 105 115 116 118 119",
    "prod/payments-7d89c76d5-jglnm": "baseline: 115 116 117 118 119",
    "prod/notifications-65db589756-v5z9d": "baseline: 118",
    "prod/storefront-6b874c95c6-gf6l4": "restricted:",
}


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_pods(name: str) -> None:
    pod = captured.one(Kind.POD, name)
    assert isinstance(pod, Pod)
    standing = level(pod.pod_spec)
    found = " ".join((f"{standing.level.word}:", *(one.check.removeprefix("ORC-") for one in standing.violated)))
    assert found == RECORDED[name]


def test_every_kind_of_the_api_that_holds_a_template_is_here() -> None:
    families = {kind.family.api_kind for kind in BY_API.values() if issubclass(kind.family, PodBearer)}
    assert families == {kind for _, kind, _ in KINDS}


def test_an_empty_spec_meets_what_it_can() -> None:
    assert level(PodSpec()).level is Level.RESTRICTED
