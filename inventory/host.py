"""What the host itself shows to a local reader: files, daemon options, kernel, clock, disks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from inventory.gap import Gap, Reason, Unread
from inventory.resource import Kind, Resource


class FileFacts(msgspec.Struct, frozen=True):
    """`stat` of a path that exists: permission bits without the type, owner and group ids and names ("" if unnamed)."""

    path: str
    mode: int
    uid: int
    gid: int
    owner: str
    group: str
    kind: str  # file, directory, socket, block, char, other


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
    """The kernel's view of a container's first process (`/proc/PID/status`); masks are integers."""

    seccomp: int
    no_new_privs: int
    cap_eff: int
    cap_bnd: int
    uid: int
    identity_uid_map: bool


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
    files: Mapping[str, FileFacts]  # path -> facts, only of paths that exist
    files_denied: tuple[str, ...]  # paths that may not be looked at
    docker_group: tuple[str, ...]  # members of the socket's group
    processes: tuple[HostProcess, ...]
    effective: Mapping[str, Effective]  # container id -> kernel's view

    def file(self, path: str) -> FileFacts | None:
        """Facts of a path, None if there is no such file; raises `Unread` when the path may not be looked at."""
        denied = self.peek("files_denied")
        if not isinstance(denied, Gap) and path in denied:
            raise Unread(Gap(Reason.DENIED, path))
        return self.files.get(path)

    def daemon_option(self, key: str) -> object | None:
        """The daemon's effective option: the flag of the running process, else the file's value, else None.

        `key` as in daemon.json (`icc`, `userland-proxy`, `hosts`); repeated flags give a tuple of strings.
        """
        flags = tuple(_flag_values(self.daemon_flags, key))
        if len(flags) > 1:
            return flags
        return flags[0] if flags else self.daemon_config.get(key)


_FLAG_OF = {"hosts": ("host", "H"), "labels": ("label",), "log-opts": ("log-opt",), "storage-opts": ("storage-opt",)}


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
