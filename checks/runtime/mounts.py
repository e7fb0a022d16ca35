"""What of the host is mounted into a container."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import seen
from checks.hostpaths import Sensitive, inside, normalise, sensitive, sensitive_mounts
from checks.runtime.kernel import short_of_root
from checks.sockets import plain_engine_address, runtime_sockets, socket_of_endpoint
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.container import Container, Mount
from inventory.secrets import mask_text

_HOSTPATH = "PSS:baseline:HostPath Volumes"


@check(
    "RUN-002",
    "Runtime socket reachable inside",
    domain=Domain.RUNTIME,
    severity=Severity.CRITICAL,
    subject=Container,
    why="Whoever talks to the container runtime starts a privileged container and is root on the host.",
    remediation=(
        "Remove the mount. Where a tool must read the engine, put a filtering socket proxy that allows GET only in "
        "between, on an internal network. Mounting read-only does not help: it does not stop API calls."
    ),
    references=(
        "CIS-Docker-1.6:5.32", "NIST-800-190:4.4.3", "OWASP-Docker:RULE-1", "ATT&CK:T1610", "ATT&CK:T1611",
        "ATT&CK:T1552.007", "CWE-269",
    ),
)  # fmt: skip
def runtime_socket(container: Container, view: View) -> Verdict:
    """Fail: a bind mount (read-only counts the same) of a runtime socket or of a directory that holds one; or the
    environment points to an engine over TCP without TLS.

    Sockets: docker, containerd and its shims, CRI-O, Podman, cri-dockerd, BuildKit, k3s, and the engine's own endpoint
    wherever it lies; /var/run is /run. Pass: none of these. Unknown: mounts, environment or the engine's endpoint were
    not read. Source: CIS Docker 5.32.
    """
    evidence: list[Evidence] = []
    found = list(runtime_sockets(container.mounts))
    if not found and any(mount.type == "bind" for mount in container.mounts):
        found = list(runtime_sockets(container.mounts, (socket_of_endpoint(view.engine().target),)))
    for index, mount, socket in found:
        evidence.append(seen(f"Mounts[{index}].Source", _described(mount)))
        evidence.append(seen("socket", socket))
    address = plain_engine_address(container.env)
    if address:
        evidence.append(seen("Config.Env: DOCKER_HOST", mask_text(address)))
    if not evidence:
        return passed()
    return failed("can talk to a container runtime", *evidence)


@check(
    "RUN-003",
    "Sensitive host path mounted read-write",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="Writing to what the host executes, reads as configuration or keeps as data is a way to root on it.",
    remediation=(
        "Mount the one file or directory that is needed, read-only (-v /etc/app.conf:/etc/app.conf:ro), or use a named "
        "volume. Data written to the old path has to be copied."
    ),
    references=("CIS-Docker-1.6:5.6", _HOSTPATH, "NIST-800-190:4.5.5", "ATT&CK:T1611", "CWE-668"),
)
def sensitive_writable(container: Container, view: View) -> Verdict:
    """Fail: a writable bind mount that is or lies in /boot, /dev, /etc, /lib*, /proc, /sys, /usr, /bin, /sbin, /root,
    /var/lib/{docker,containerd,kubelet,etcd}, the engine's data directory, /var/log, /var/spool/cron, /opt/cni or the
    credentials in a home; or is /, /home, /var, /var/lib, /run, /opt, /srv or /mnt itself.

    Critical for /, /etc (and what the host acts upon in it: cron, passwd, sudoers, ssh, pam, ld.so, systemd, ...),
    /root, /boot, /proc, /sys and the docker, kubelet and etcd directories. Never: time zone, hosts and resolver files,
    zoneinfo, /dev/{null,zero,shm}, volumes that the kubelet made for the pod. High where root inside is an unprivileged
    user outside, who writes what that user may. Pass: none. Source: CIS Docker 5.6.
    """
    matches = _matches(container, view, rw=True)
    if not matches:
        return passed()
    critical = any(found.write_is_root for _, _, found in matches)
    return failed(
        f"may write to {_paths(matches)} of the host",
        *_evidence(matches),
        severity=(short_of_root(container, view) or Severity.CRITICAL) if critical else None,
    )


@check(
    "RUN-004",
    "Sensitive host path mounted read-only",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Host secrets and the host's layout leak into the container.",
    remediation=(
        "Mount only the file that is needed. Agents that read the whole host: cap-drop ALL, non-root, no published "
        "port; they then report less."
    ),
    references=("CIS-Docker-1.6:5.6", _HOSTPATH, "ATT&CK:T1552.001", "ATT&CK:T1611", "CWE-200"),
)
def sensitive_readable(container: Container, view: View) -> Verdict:
    """Fail: as RUN-003 with a read-only mount; high where secrets become readable: /, /etc, /root, /home,
    /var/lib/{docker,kubelet,etcd}, /etc/kubernetes. CA bundles are no finding. Pass: none. Source: CIS Docker 5.6."""
    matches = _matches(container, view, rw=False)
    if not matches:
        return passed()
    secrets = any(found.read_is_secrets for _, _, found in matches)
    return failed(
        f"may read {_paths(matches)} of the host", *_evidence(matches), severity=Severity.HIGH if secrets else None
    )


@check(
    "RUN-005",
    "Shared mount propagation",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="What the container mounts appears on the host and in other containers.",
    remediation=(
        "Leave propagation private, the default (-v SRC:DST instead of -v SRC:DST:shared). Storage plug-ins that mount "
        "for others need it: run nothing else beside them."
    ),
    references=("CIS-Docker-1.6:5.20", "ATT&CK:T1611", "CWE-668"),
)
def shared_propagation(container: Container, view: View) -> Verdict:
    """Fail: a mount with propagation shared or rshared. Manual: slave or rslave on a sensitive path (RUN-003's list).

    Pass: private, rprivate or none given. Source: CIS Docker 5.20.
    """
    shared, followed = [], []
    for index, mount in enumerate(container.mounts):
        if not mount.propagation.endswith(("shared", "slave")):
            continue
        evidence = seen(f"Mounts[{index}].Propagation", f"{mount.propagation}: {_described(mount)}")
        if mount.propagation in {"shared", "rshared"}:
            shared.append(evidence)
        elif mount.propagation in {"slave", "rslave"} and mount.type == "bind" and sensitive(mount.source, mount.rw):
            followed.append(evidence)
    if shared:
        return failed("its mounts spread to the host", *shared)
    return manual("mounts made on the host later appear inside", *followed) if followed else passed()


_KERNEL_WRITABLE = {
    "/sys/fs/cgroup": "a cgroup v1 release agent runs as host root",
    "/proc": "/proc/sys/kernel/core_pattern runs a program as host root",
    "/sys": "uevent_helper runs a program as host root",
    "/var/lib/lxcfs": "what the host reads as /proc is written here",
}
_KERNEL_ANY = {
    "/sys/kernel/debug": "debugfs exposes and changes kernel internals",
    "/sys/kernel/tracing": "tracefs reads other processes' system calls",
    "/sys/kernel/security": "the interface of the kernel's security modules",
    "/dev": "every device of the host, among them its disks",
}


@check(
    "RUN-053",
    "Kernel-interface mounts",
    domain=Domain.RUNTIME,
    severity=Severity.CRITICAL,
    subject=Container,
    why="These mounts are documented escape paths.",
    remediation=(
        "Remove the mount, or mount read-only the one file that is read. Metrics agents work with /proc and /sys "
        "read-only; systemd inside a container needs --cgroupns private instead of the host's tree."
    ),
    references=("ATT&CK:T1611", "CVE-2022-0492", "CWE-668"),
)
def kernel_interfaces(container: Container, view: View) -> Verdict:
    """Fail: a bind mount of /sys/fs/cgroup, /proc, /sys or lxcfs that is writable, or of
    /sys/kernel/{debug,tracing,security} or the whole /dev in any mode. Pass: none. Source: CVE-2022-0492."""
    evidence = [
        seen(f"Mounts[{index}].Source", f"{_described(mount)}: {way}")
        for index, mount in enumerate(container.mounts)
        if mount.type == "bind" and (way := _escape(mount))
    ]
    return failed("a documented escape path is mounted", *evidence) if evidence else passed()


def _escape(mount: Mount) -> str:
    path = normalise(mount.source)
    for tree, way in _KERNEL_ANY.items():
        if path == tree or (tree != "/dev" and inside(path, tree)):
            return way
    if not mount.rw:
        return ""
    return next((way for tree, way in _KERNEL_WRITABLE.items() if inside(path, tree)), "")


def _matches(container: Container, view: View, *, rw: bool) -> list[tuple[int, Mount, Sensitive]]:
    mounts = tuple(mount for mount in container.mounts if mount.type == "bind" and mount.rw is rw)
    if not mounts:
        return []
    found = list(sensitive_mounts(container.mounts))
    if not any(mount in mounts for _, mount, _ in found):
        found = list(sensitive_mounts(container.mounts, (view.engine().root_dir,)))
    return [match for match in found if match[1] in mounts]


def _paths(matches: list[tuple[int, Mount, Sensitive]]) -> str:
    return ", ".join(dict.fromkeys(found.path for _, _, found in matches))


def _evidence(matches: list[tuple[int, Mount, Sensitive]]) -> list[Evidence]:
    return [
        seen(f"Mounts[{index}].Source", f"{_described(mount)}: rule {found.rule}") for index, mount, found in matches
    ]


def _described(mount: Mount) -> str:
    return f"{mount.source} at {mount.destination} ({'rw' if mount.rw else 'ro'})"
