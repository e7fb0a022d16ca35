"""Pod Security Standards, restricted: what a hardened pod gives up. One check per control."""

from __future__ import annotations

from collections.abc import Iterator

from checks.kubernetes import controls
from checks.kubernetes.controls import Violation, judged, values
from checks.template import pod_check
from checks.verdict import Severity, Verdict, not_applicable
from inventory.kubernetes.podspec import PodSpec

_WINDOWS = "Windows has nothing like it"


@pod_check(
    "ORC-114",
    "Volume type beyond restricted in a pod",
    severity=Severity.LOW,
    why="Such volumes name servers, disks or repositories in the pod itself, with the node's rights.",
    remediation="Use a persistentVolumeClaim. In place of gitRepo clone in an init container into an emptyDir.",
    references=("PSS:restricted:Volume Types", "CVE-2024-10220", "CVE-2025-1767"),
)
def volume_types(spec: PodSpec) -> Verdict:
    """F: a volume's type is none of configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim,
    projected, secret. High for gitRepo, which runs git on the node. P: else. ORC-106 says hostPath.

    Source: Pod Security Standards, restricted.
    """
    found = tuple(one for one in controls.volume_types(spec) if not one.path.endswith(".hostPath"))
    types = sorted({one.path.rpartition(".")[2] for one in found})
    severity = Severity.HIGH if "gitRepo" in types else None
    return judged(found, f"volumes of type {', '.join(types)}", severity)


@pod_check(
    "ORC-115",
    "Privilege escalation not ruled out in a pod",
    severity=Severity.MEDIUM,
    why="A set-user-id program or file capability gives back what the container was started without.",
    remediation="Set `securityContext.allowPrivilegeEscalation: false` in every container. sudo and ping inside stop "
    "working.",
    references=(
        "PSS:restricted:Privilege Escalation", "CIS-Kubernetes-1.12:5.2.6", "ATT&CK:T1548", "CWE-250",
    ),
    implied_by=("ORC-101",),
)  # fmt: skip
def escalation(spec: PodSpec) -> Verdict:
    """F: `allowPrivilegeEscalation` of a container is not false. P: false in all. NA: `os.name` is windows.

    Source: Pod Security Standards, restricted.
    """
    if controls.windows(spec):
        return not_applicable(_WINDOWS)
    return judged(controls.escalation(spec), "may gain privileges")


@pod_check(
    "ORC-116",
    "Pod may run as root",
    severity=Severity.MEDIUM,
    why="Root in a container meets faults of the kernel and the runtime as root.",
    remediation="Set `securityContext: {runAsNonRoot: true, runAsUser: 10001}` for the pod, and make the image's files "
    "readable for that user; or `hostUsers: false`, which maps root to nobody of the node.",
    references=(
        "PSS:restricted:Running as Non-root", "CIS-Kubernetes-1.12:5.2.7", "CIS-Kubernetes-1.12:5.6.3",
        "NSA-CISA:pod security", "ATT&CK:T1611", "CWE-250",
    ),
)  # fmt: skip
def root_allowed(spec: PodSpec) -> Verdict:
    """F: `runAsNonRoot` is false for the pod, or not true for a container (its own value, else the pod's). P: true, or
    `hostUsers` is false. Source: Pod Security Standards, restricted.
    """
    return judged(controls.root_allowed(spec), "may run as root")


@pod_check(
    "ORC-117",
    "Pod runs as root, or as a user of its node",
    severity=Severity.MEDIUM,
    why="The user id counts on the node too: 0 is its root, low ones are often its system users.",
    remediation="Set `securityContext.runAsUser: 10001` (any above 10000). Volumes that hold the old user's files need "
    "`fsGroup` or a chown.",
    references=("PSS:restricted:Running as Non-root user", "CWE-250"),
)
def root_user(spec: PodSpec) -> Verdict:
    """F: `runAsUser` is 0 for the pod or a container; low for 1 to 9999, which may be a user of the node. P: else, or
    `hostUsers` is false. Source: Pod Security Standards, restricted.
    """
    found = tuple(controls.root_user(spec))
    if found:
        return judged(found, "runs as user 0")
    low = tuple(_low_users(spec))
    return judged(low, f"runs as user {values(low)}, which may be one of the node", Severity.LOW)


def _low_users(spec: PodSpec) -> Iterator[Violation]:
    if controls.in_user_namespace(spec):
        return
    for path, one in spec.all_containers():
        own = one.security_context.run_as_user if one.security_context is not None else None
        user = spec.security_context.run_as_user if own is None else own
        if user is not None and 0 < user < 10_000:
            where = "" if own is None else f"{path}."
            yield Violation(f"{where}securityContext.runAsUser", str(user), one.name)


@pod_check(
    "ORC-118",
    "No seccomp profile in a pod",
    severity=Severity.LOW,
    why="Without one every system call is open, unless the kubelet was told to set the runtime's filter by default.",
    remediation="Set `securityContext.seccompProfile: {type: RuntimeDefault}` for the pod. Programs that need a system "
    "call which it refuses (some debuggers, old glibc on new runtimes) fail.",
    references=("PSS:restricted:Seccomp", "CIS-Kubernetes-1.12:5.6.2", "CWE-693"),
    implied_by=("ORC-101", "ORC-112"),
)
def seccomp_unset(spec: PodSpec) -> Verdict:
    """F: `seccompProfile.type` is neither RuntimeDefault nor Localhost at a container, or at the pod for it. P: set.
    NA: `os.name` is windows. Source: Pod Security Standards, restricted.
    """
    if controls.windows(spec):
        return not_applicable(_WINDOWS)
    return judged(controls.seccomp_unset(spec), "no filter of system calls is asked for")


@pod_check(
    "ORC-119",
    "Capabilities not dropped in a pod",
    severity=Severity.LOW,
    why="Most programs need none of the capabilities that a container's root has by default.",
    remediation="Set `securityContext.capabilities: {drop: [ALL]}` in every container; add NET_BIND_SERVICE where a "
    "port below 1024 is bound. Entry points that chown or switch users then fail.",
    references=("PSS:restricted:Capabilities", "CIS-Kubernetes-1.12:5.2.9", "CWE-250"),
    implied_by=("ORC-101",),
)
def capabilities_kept(spec: PodSpec) -> Verdict:
    """F: `capabilities.drop` of a container does not hold ALL, or `add` holds another than NET_BIND_SERVICE. P: else.
    NA: `os.name` is windows. Source: Pod Security Standards, restricted.
    """
    if controls.windows(spec):
        return not_applicable(_WINDOWS)
    return judged(controls.capabilities_kept(spec), "keeps capabilities")
