"""Pod Security Standards, baseline: what confines the containers of a pod. One check per control."""

from __future__ import annotations

from checks.capabilities import escape_grade, normalise
from checks.kubernetes import controls
from checks.kubernetes.controls import judged, values
from checks.template import pod_check
from checks.verdict import Severity, Verdict
from inventory.kubernetes.podspec import PodSpec


@pod_check(
    "ORC-105",
    "Capability beyond the baseline in a pod",
    severity=Severity.HIGH,
    why="Each capability is a part of root; several of them are the whole of it.",
    remediation="Remove it from `securityContext.capabilities.add`, or isolate the one program that needs it in a "
    "container of its own. `drop: [ALL]` first, then add what fails without.",
    references=(
        "PSS:baseline:Capabilities", "CIS-Kubernetes-1.12:5.2.8", "CIS-Kubernetes-1.12:5.2.9", "ATT&CK:T1611",
        "CWE-250",
    ),
    implied_by=("ORC-101",),
)  # fmt: skip
def capabilities(spec: PodSpec) -> Verdict:
    """F: `capabilities.add` holds a name outside AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD,
    NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT. Critical for SYS_ADMIN, SYS_MODULE, SYS_RAWIO,
    DAC_READ_SEARCH, BPF, ALL, and SYS_PTRACE with the node's PID namespace. Medium for NET_RAW alone. P: none.

    Source: Pod Security Standards, baseline.
    """
    found = tuple(controls.added_capabilities(spec))
    names = frozenset(normalise(one.value) for one in found)
    severity = None
    if "ALL" in names or escape_grade(names, spec.host_pid):
        severity = Severity.CRITICAL
    elif names == {"NET_RAW"}:
        severity = Severity.MEDIUM
    return judged(found, f"adds {values(found)}", severity)


@pod_check(
    "ORC-109",
    "AppArmor profile of a pod switched off",
    severity=Severity.MEDIUM,
    why="Mandatory access control is what still holds when a container's root breaks out of its file system.",
    remediation="Set `securityContext.appArmorProfile: {type: RuntimeDefault}` or remove it, and remove annotations "
    "`container.apparmor.security.beta.kubernetes.io/...: unconfined`. For what then fails, load a profile of its own "
    "(`type: Localhost`).",
    references=("PSS:baseline:AppArmor", "CWE-693"),
    implied_by=("ORC-101",),
)
def app_armor(spec: PodSpec) -> Verdict:
    """F: `appArmorProfile.type` of the pod or a container is set and neither RuntimeDefault nor Localhost, or the old
    annotation is neither empty, `runtime/default` nor `localhost/...`. P: not set or allowed.

    Source: Pod Security Standards, baseline.
    """
    found = tuple(controls.app_armor(spec))
    return judged(found, f"AppArmor {values(found)}")


@pod_check(
    "ORC-110",
    "SELinux options of a pod widened",
    severity=Severity.MEDIUM,
    why="Another type, user or role leaves what the policy lets containers do.",
    remediation="Remove `seLinuxOptions.user` and `.role`, and any `.type` but container_t, container_init_t, "
    "container_kvm_t or container_engine_t; `level` may stay.",
    references=("PSS:baseline:SELinux", "CWE-693"),
)
def selinux(spec: PodSpec) -> Verdict:
    """F: `seLinuxOptions.type` outside "", container_t, container_init_t, container_kvm_t, container_engine_t, or
    `user` or `role` set, for the pod or a container. P: else. Source: Pod Security Standards, baseline.
    """
    found = tuple(controls.selinux(spec))
    return judged(found, f"SELinux {values(found)}")


@pod_check(
    "ORC-111",
    "Unmasked /proc in a pod",
    severity=Severity.MEDIUM,
    why="Kernel files that are hidden from containers appear, some of them writable.",
    remediation="Remove `securityContext.procMount`. Builds of containers inside of containers need it: then also set "
    "`hostUsers: false`.",
    references=("PSS:baseline:/proc Mount Type", "PSS:restricted:/proc Mount Type", "CWE-693"),
)
def proc_mount(spec: PodSpec) -> Verdict:
    """F: `securityContext.procMount` is not Default. Low where `hostUsers` is false: baseline allows it there from
    1.35, restricted does not. P: Default or not set. Source: Pod Security Standards, baseline and restricted.
    """
    found = tuple(controls.proc_mount(spec))
    return judged(found, f"/proc is {values(found)}", Severity.LOW if controls.in_user_namespace(spec) else None)


@pod_check(
    "ORC-112",
    "Seccomp switched off in a pod",
    severity=Severity.HIGH,
    why="Every system call of the node's kernel is open, also those that break out through its faults.",
    remediation="Set `securityContext.seccompProfile: {type: RuntimeDefault}` for the pod and remove Unconfined. For "
    "what then fails, give a profile of its own (`type: Localhost`).",
    references=("PSS:baseline:Seccomp", "CIS-Kubernetes-1.12:5.6.2", "CWE-693"),
    implied_by=("ORC-101",),
)
def seccomp_off(spec: PodSpec) -> Verdict:
    """F: `seccompProfile.type` of the pod or a container is set and neither RuntimeDefault nor Localhost. Low where
    only the annotations from before 1.19 say so, which nothing since 1.27 obeys. P: else.

    Source: Pod Security Standards, baseline.
    """
    found = tuple(controls.seccomp_off(spec))
    if found:
        return judged(found, f"seccomp {values(found)}")
    old = tuple(controls.seccomp_annotations(spec))
    return judged(old, f"annotations ask for seccomp {values(old)}, which only releases before 1.27 obey", Severity.LOW)


@pod_check(
    "ORC-113",
    "Unsafe sysctl in a pod",
    severity=Severity.MEDIUM,
    why="Parameters outside the safe list reach beyond the pod, or are not known not to.",
    remediation="Remove it from `securityContext.sysctls`, or set it on dedicated nodes.",
    references=("PSS:baseline:Sysctls", "CWE-16"),
)
def sysctls(spec: PodSpec) -> Verdict:
    """F: a name in `securityContext.sysctls` outside the safe list of the standards. P: safe ones or none.

    Source: Pod Security Standards, baseline.
    """
    found = tuple(controls.sysctls(spec))
    return judged(found, f"sets {', '.join(sorted({one.value.partition('=')[0] for one in found}))}")
