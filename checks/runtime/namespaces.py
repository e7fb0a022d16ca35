"""Host namespaces, and namespaces shared with another container."""

from __future__ import annotations

from checks.capabilities import effective
from checks.check import Domain, check
from checks.evidence import seen
from checks.runtime.kernel import kernel_view
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.container import Container
from inventory.resource import Kind, Resource, ResourceKey

_PSS = "PSS:baseline:Host Namespaces"


@check(
    "RUN-006",
    "Host network namespace",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="Sniffs and binds on the host's interfaces and reaches services that listen on the host's loopback only.",
    remediation=(
        "Drop --network host (Compose: `network_mode: host`), use a bridge network and publish the needed ports: "
        "-p 127.0.0.1:8080:8080. Clients' addresses and discovery by broadcast change."
    ),
    references=("CIS-Docker-1.6:5.10", _PSS, "NIST-800-190:4.4.2", "ATT&CK:T1611", "ATT&CK:T1040", "CWE-668"),
)
def host_network(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.NetworkMode` is "host". Pass: any other mode. Source: CIS Docker 5.10."""
    if container.network_mode != "host":
        return passed()
    return failed("shares the host's network", seen("HostConfig.NetworkMode", "host"))


@check(
    "RUN-007",
    "Host PID namespace",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="Sees and signals every host process, and enters them where it may trace.",
    remediation=(
        "Drop --pid host (Compose: `pid: host`). Monitoring agents that need it: read-only, cap-drop ALL, non-root; "
        "they then see less of other users' processes."
    ),
    references=("CIS-Docker-1.6:5.16", _PSS, "ATT&CK:T1611", "ATT&CK:T1057", "CWE-668"),
)
def host_pid(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.PidMode` is "host"; critical with SYS_PTRACE or SYS_ADMIN in effect, which open
    /proc/1/root, the host's root directory. Pass: any other mode. Source: CIS Docker 5.16."""
    if container.pid_mode != "host":
        return passed()
    granted = effective(container.cap_add, container.cap_drop, container.privileged)
    tracing = sorted(granted & {"SYS_PTRACE", "SYS_ADMIN"})
    evidence = [seen("HostConfig.PidMode", "host")]
    if not tracing:
        return failed("sees and signals the host's processes", *evidence)
    evidence.append(seen("HostConfig.CapAdd", container.cap_add or "privileged"))
    return failed(f"enters host processes with {' and '.join(tracing)}", *evidence, severity=Severity.CRITICAL)


@check(
    "RUN-008",
    "Host IPC namespace",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="Reads and writes the shared memory and message queues of host processes.",
    remediation=(
        "Drop --ipc host (Compose: `ipc: host`); --shm-size 1g gives programs that need much shared memory what they "
        "asked for. Programs that share memory with a host process no longer find it."
    ),
    references=("CIS-Docker-1.6:5.17", _PSS, "ATT&CK:T1611", "CWE-668"),
)
def host_ipc(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.IpcMode` is "host". Manual: "shareable" or "container:ID", unless both are of one pod.

    Podman writes "shareable" for its default and for the host's alike: there /proc/PID/ns/ipc decides, so a container
    without a process is unknown. Pass: private, none or empty. Unknown: the mode, or which engine it is, was not read.
    Source: CIS Docker 5.17.
    """
    mode = container.ipc_mode
    declared = seen("HostConfig.IpcMode", mode)
    if mode == "host":
        return failed("shares the host's IPC objects", declared)
    if mode.startswith("container:"):
        return (
            passed()
            if _of_its_pod(container, mode, view)
            else manual("shares another container's IPC objects", declared)
        )
    if mode != "shareable":
        return passed()
    if view.engine().flavour != "podman":
        return manual("lets other containers share its IPC objects", declared)
    return _podmans_ipc(container, view, declared)


def _podmans_ipc(container: Container, view: View, declared: Evidence) -> Verdict:
    kernel = kernel_view(container, view)
    if kernel is None or kernel.host_namespaces is None:
        return unknown("Podman writes shareable for the host's IPC namespace too; a running process would tell")
    if "ipc" not in kernel.host_namespaces:
        return passed()
    return failed("shares the host's IPC objects", declared, seen("/proc/PID/ns/ipc", "the host's"))


def _of_its_pod(container: Container, mode: str, view: View) -> bool:
    """Whether `mode` joins the container that holds the namespaces of the same pod."""
    return _holds_its_pod(
        container, view.get(ResourceKey(Kind.CONTAINER, container.key.source, mode.removeprefix("container:")))
    )


def _holds_its_pod(container: Container, peer: Resource | None) -> bool:
    return isinstance(peer, Container) and bool(container.pod) and peer.pod == container.pod and peer.infra


@check(
    "RUN-009",
    "Host UTS namespace",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="May rename the host (with SYS_ADMIN), which breaks whatever identifies hosts by name.",
    remediation="Drop --uts host (Compose: `uts: host`); the container then sees its own host name.",
    references=("CIS-Docker-1.6:5.21", "CWE-668"),
    implied_by=("RUN-006",),
)
def host_uts(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.UTSMode` is "host"; folded into RUN-006 where the network is the host's too.

    Not applicable: host network without it (the host name is shared by design). Pass: else. Source: CIS Docker 5.21.
    """
    if container.uts_mode == "host":
        return failed("shares the host's name", seen("HostConfig.UTSMode", "host"))
    if container.network_mode == "host":
        return not_applicable("the host network shares the host name by design")
    return passed()


@check(
    "RUN-010",
    "User namespace remapping switched off for the container",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Opts out of the remapping that the operator set up: root inside is root on the host again.",
    remediation=(
        "Drop --userns host (Compose: `userns_mode: host`). Volumes that it wrote as host root need a chown to the "
        "remapped range."
    ),
    references=("CIS-Docker-1.6:5.31", "ATT&CK:T1611", "CWE-250"),
)
def userns_off(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.UsernsMode` is "host" although the engine remaps (SecurityOptions name=userns); low where it
    does not, since it will matter once it does. Pass: else. Source: CIS Docker 5.31."""
    if container.userns_mode != "host":
        return passed()
    mode = seen("HostConfig.UsernsMode", "host")
    if view.engine().security_option("userns") is not None:
        return failed("not remapped although the engine remaps", mode, seen("SecurityOptions", "name=userns"))
    options = seen("SecurityOptions", view.engine().security_options)
    return failed("would not be remapped if the engine did", mode, options, severity=Severity.LOW)


@check(
    "RUN-012",
    "Host cgroup namespace",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Shows the host's cgroup tree; with a writable mount of it that is an escape.",
    remediation=(
        "--cgroupns private (Compose: `cgroup: private`), the default on cgroup v2. Agents that read other "
        "containers' cgroups need the tree mounted read-only instead."
    ),
    references=("ATT&CK:T1611", "CWE-668"),
)
def host_cgroup(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.CgroupnsMode` is "host"; low on cgroup v1, where it is the default. Pass: private.

    Unknown: the engine does not tell (empty). Podman tells it as `HostConfig.CgroupMode` of its own API.
    """
    mode = container.cgroupns_mode
    if mode == "host":
        version = view.engine().cgroup_version
        severity = Severity.LOW if version == "1" else None
        evidence = (seen("HostConfig.CgroupnsMode", mode), seen("CgroupVersion", version))
        return failed("shares the host's cgroup namespace", *evidence, severity=severity)
    if not mode:
        return unknown("HostConfig.CgroupnsMode is empty: this engine does not tell")
    return passed()


@check(
    "RUN-051",
    "Namespaces shared with another container",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="Whoever takes over one of the two has the other.",
    remediation=(
        "Give each container its own namespaces and connect them by a user-defined network, or accept the pair as one "
        "unit (a pod) and harden both alike."
    ),
    references=("ATT&CK:T1611", "CWE-668"),
)
def shared_namespaces(container: Container, view: View) -> Verdict:
    """Fail (medium): joins the network, PID or IPC namespace of a container that is privileged or in a host namespace.

    Manual: joins another container. Pass: joins none, or only the one that holds the namespaces of its own pod.
    Unknown: the other container cannot be read.
    """
    modes = {
        "HostConfig.NetworkMode": container.network_mode,
        "HostConfig.PidMode": container.pid_mode,
        "HostConfig.IpcMode": container.ipc_mode,
    }
    joined = {path: mode for path, mode in modes.items() if mode.startswith("container:")}
    evidence: list[Evidence] = []
    weak: list[str] = []
    alone = True
    for path, mode in joined.items():
        key = ResourceKey(Kind.CONTAINER, container.key.source, mode.removeprefix("container:"))
        peer = view.get(key)
        evidence.append(seen(path, mode, key))
        alone &= _holds_its_pod(container, peer)
        if isinstance(peer, Container):
            weak += _weaknesses(peer)
    if weak:
        message = f"joins a container that is weaker than itself: {', '.join(dict.fromkeys(weak))}"
        return failed(message, *evidence, severity=Severity.MEDIUM)
    return passed() if alone else manual("shares namespaces with another container", *evidence)


def _weaknesses(peer: Container) -> list[str]:
    found = ["privileged"] if peer.privileged else []
    modes = {"network": peer.network_mode, "PID": peer.pid_mode, "IPC": peer.ipc_mode}
    return found + [f"host {name} namespace" for name, mode in modes.items() if mode == "host"]
