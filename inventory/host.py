"""What the host itself shows to a local reader: files, daemon options, kernel, clock, disks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from inventory.engine_files import Certificate, CertificateFile, ClientCredentials
from inventory.gap import Gap, Reason, Unread
from inventory.resource import Kind, Resource

if TYPE_CHECKING:  # their module needs `FileFacts`
    from inventory.activity import Listener
    from inventory.machine import (
        Audit,
        AuditRule,
        Examined,
        Journal,
        KubeConfig,
        Route,
        RuntimeProgram,
        SwarmAddresses,
    )
    from inventory.signatures.host_policy import HostPolicy


class FileFacts(msgspec.Struct, frozen=True):
    """`stat` of a path that exists: permission bits without the type, owner and group ids and names ("" if unnamed).

    `modified` is a regular file's in epoch seconds, 0 where that was not recorded.
    """

    path: str
    mode: int
    uid: int
    gid: int
    owner: str
    group: str
    kind: str  # file, directory, socket, block, char, other
    modified: float = 0.0


class DiskFacts(msgspec.Struct, frozen=True):
    """A file system that matters here: `role` says why; sizes in bytes; `mount_point` it is mounted at."""

    role: str
    path: str
    mount_point: str
    size: int
    free: int
    inodes: int
    inodes_free: int


class HostProcess(msgspec.Struct, frozen=True):
    """A host process outside the containers that matters to this tool: pid, its name and its command line, exact."""

    pid: int
    comm: str
    args: tuple[str, ...]


class Effective(msgspec.Struct, frozen=True):
    """The kernel's view of a container's first process (`/proc/PID/status`); masks are integers.

    None: not told. `apparmor` is the profile with its mode, `docker-default (enforce)` or `unconfined`. Limits are
    those of its control group, bytes and processes, 0 is none. `masked` are the paths of /proc and /sys that are hidden
    from it, `host_namespaces` the kinds that it shares with the host: net, pid, ipc, uts, user, cgroup.
    """

    seccomp: int
    no_new_privs: int
    cap_eff: int
    cap_bnd: int
    uid: int
    identity_uid_map: bool
    apparmor: str | None = None
    memory_max: int | None = None
    pids_max: int | None = None
    read_only_root: bool | None = None
    masked: tuple[str, ...] | None = None
    host_namespaces: tuple[str, ...] | None = None


class Host(Resource):
    """The machine that runs a local engine. Every field may be a gap: remote engine, no permission, no such file."""

    kind: ClassVar[Kind] = Kind.HOST

    uptime: float
    load: tuple[float, float, float]
    ncpu: int
    memory_total: int
    memory_available: int
    os_release: Mapping[str, str]
    lsm: tuple[str, ...]  # /sys/kernel/security/lsm
    clock_synchronised: bool  # adjtimex STA_UNSYNC clear
    disks: tuple[DiskFacts, ...]
    daemon_pid: int
    daemon_flags: tuple[str, ...]  # argv of the running daemon, without the program
    daemon_config: Mapping[str, object]  # daemon.json, decoded; {} when there is no such file
    daemon_config_path: str
    daemon_started: float
    binaries: Mapping[str, float]  # path of a program of the engine -> when it was installed
    tls_files: Mapping[str, str]  # tlscacert, tlscert, tlskey -> path; {} when the daemon uses no TLS
    certificates: tuple[CertificateFile, ...]  # those of the daemon and of this swarm node
    registry_certificates: tuple[str, ...]  # files in the directories of registry certificates
    credentials: tuple[ClientCredentials, ...]  # in the homes that may be looked at
    credentials_unread: tuple[Gap, ...]  # where such a file may be that was not looked at
    content_trust: Mapping[str, str]  # where DOCKER_CONTENT_TRUST is set -> its value
    image_policy: HostPolicy  # policy.json and registries.d of who runs the engine, which Docker's does not read
    files: Mapping[str, FileFacts]  # path -> facts, only of paths that exist
    files_denied: tuple[str, ...]  # paths that may not be looked at
    docker_group: tuple[str, ...]  # members of the socket's group
    processes: tuple[HostProcess, ...]
    effective: Mapping[str, Effective]  # container id -> kernel's view

    # how the machine is kept
    audit: Audit
    audit_rules: tuple[AuditRule, ...]
    runtime_files: Examined  # programs of the engine's runtime where they usually are, as the engine sees them
    programs: tuple[RuntimeProgram, ...]  # running programs of container runtimes, outside of containers
    kernel_release: str
    kernels: tuple[str, ...]  # releases below /lib/modules that are installed
    reboot_required: bool
    sysctls: Mapping[str, str | Gap]  # dotted name -> value; one that the kernel does not have is not in it
    core_pattern: str
    core_handler: Examined  # the program that core_pattern names, and the directories above it
    runtime_sockets: Examined  # sockets of container runtimes, and the directories they are in
    containerd_namespaces: tuple[str, ...]
    kubeconfigs: tuple[KubeConfig, ...]
    kubeconfigs_unread: tuple[Gap, ...]  # where one may be that could not be looked at
    journal: Journal
    logs: Examined  # log files of containers, and directories of logs

    # its networks, as the engine's daemon sees them
    addresses: tuple[str, ...]
    routes: tuple[Route, ...]
    listeners: tuple[Listener, ...]  # of a node of a swarm only
    dmi: Mapping[str, str]  # /sys/class/dmi/id: sys_vendor, product_name, ...
    swarm_addresses: SwarmAddresses  # of a node of a swarm only

    def file(self, path: str) -> FileFacts | None:
        """Facts of a path, None if there is no such file; raises `Unread` when the path may not be looked at."""
        denied = self.peek("files_denied")
        if not isinstance(denied, Gap) and path in denied:
            raise Unread(Gap(Reason.DENIED, path))
        return self.files.get(path)

    def certificates_in(self, path: str) -> tuple[Certificate, ...]:
        """The certificates of one file; raises `Unread` when they could not be read or nobody looked."""
        found = next((file for file in self.certificates if file.path == path), None)
        if found is None:
            raise Unread(Gap(Reason.ABSENT, path, "this certificate was not looked at"))
        if found.unread is not None:
            raise Unread(found.unread)
        return found.certificates

    def daemon_option(self, key: str) -> object | None:
        """The daemon's effective option: the flag of the running process, else the file's value, else None.

        `key` as in daemon.json (`icc`, `userland-proxy`, `hosts`); repeated flags give a tuple of strings.
        """
        flags = self.daemon_flag(key)
        if len(flags) > 1:
            return flags
        return flags[0] if flags else self.daemon_config.get(key)

    def daemon_flag(self, key: str) -> tuple[str, ...]:
        """The values that the daemon's command line gives an option, by its name in daemon.json; () for none."""
        return tuple(_flag_values(self.daemon_flags, key))


# dockerd's command line names an option in the singular where the file takes a list, and knows a letter for some.
_FLAG_OF = {
    "hosts": ("host", "H"), "labels": ("label",), "log-opts": ("log-opt",), "storage-opts": ("storage-opt",),
    "exec-opts": ("exec-opt",), "dns-opts": ("dns-opt",), "insecure-registries": ("insecure-registry",),
    "registry-mirrors": ("registry-mirror",), "authorization-plugins": ("authorization-plugin",),
    "default-ulimits": ("default-ulimit",), "default-address-pools": ("default-address-pool",),
    "node-generic-resources": ("node-generic-resource",), "cdi-spec-dirs": ("cdi-spec-dir",), "debug": ("debug", "D"),
    "log-level": ("log-level", "l"), "data-root": ("data-root", "g", "graph"), "group": ("group", "G"),
    "pidfile": ("pidfile", "p"), "storage-driver": ("storage-driver", "s"), "bridge": ("bridge", "b"),
}  # fmt: skip


def _flag_values(argv: tuple[str, ...], key: str) -> list[str]:
    names = _FLAG_OF.get(key, (key,))
    values = []
    for index, word in enumerate(argv):
        for name in names:
            flag = f"-{name}" if len(name) == 1 else f"--{name}"
            if word.startswith(flag + "="):
                values.append(word[len(flag) + 1 :])
            elif word == flag:
                following = argv[index + 1] if index + 1 < len(argv) else ""
                values.append(following if following and not following.startswith("-") else "true")
    return values
