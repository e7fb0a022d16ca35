"""Other doors to containers on this machine: sockets of runtimes, their running programs, containerd's namespaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from posixpath import dirname
from typing import Any

from inventory.gap import Gap, Reason
from inventory.machine import RUNTIME_SOCKETS, Examined, RuntimeProgram
from inventory.sources.host import processes
from inventory.sources.host.examine import examined, sorted_out
from inventory.sources.host.files import Accounts
from inventory.sources.host.homes import Homes, bounded
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader, Stat

PROGRAMS = frozenset({
    "dockerd", "containerd", "containerd-shim", "crio", "kubelet", "k3s-server", "k3s-agent", "k3s", "rke2", "k0s",
    "podman", "lxd", "incusd", "buildkitd", "cri-dockerd",
})  # fmt: skip
"""Names of processes that are a runtime or drive one; the kernel keeps 15 bytes, so every shim is `containerd-shim`."""
_TASKS = "/run/containerd/io.containerd.runtime.v2.task"
_USERS = "/run/user"
_DELETED = " (deleted)"


def facts(reader: HostReader, accounts: Accounts | Gap, commands: Mapping[int, str] | Gap) -> dict[str, Any]:
    """The fields `runtime_sockets`, `containerd_namespaces` and `programs`."""
    sockets = examined(reader, (place for path in RUNTIME_SOCKETS for place in (path, dirname(path))), accounts)
    users, unlisted = _users(reader)
    rootless = sorted_out(_rootless(Homes(reader), users), accounts)
    closed = {path: gap for path, gap in rootless.unread.items() if gap.reason is not Reason.DENIED}
    return {
        "runtime_sockets": Examined({**sockets.found, **rootless.found}, {**sockets.unread, **closed, **unlisted}),
        "containerd_namespaces": _namespaces(reader),
        "programs": commands if isinstance(commands, Gap) else tuple(_programs(reader, commands)),
    }


def _users(reader: HostReader) -> tuple[list[str], dict[str, Gap]]:
    """The run directories of users, and why there may be more of them."""
    names = told(lambda: reader.names(_USERS), _USERS)
    if isinstance(names, Gap):
        return [], {} if names.reason is Reason.UNSUPPORTED else {_USERS: names}
    every = list(bounded(f"{_USERS}/{name}" for name in names if name.isdecimal()))
    return [one for one in every if isinstance(one, str)], {one.path: one for one in every if isinstance(one, Gap)}


def _rootless(homes: Homes, users: list[str]) -> Iterator[tuple[str, Stat | Gap]]:
    """Their sockets, and the directories those are in.

    A directory that is closed to this user is nobody's door but its owner's and root's, and none is listed.
    """
    for user in users:
        for name in ("docker.sock", "", "podman/podman.sock", "podman"):
            yield f"{user}/{name}".rstrip("/"), homes.stat(user, name)


def _namespaces(reader: HostReader) -> tuple[str, ...] | Gap:
    names = told(lambda: reader.names(_TASKS), _TASKS)
    if isinstance(names, Gap):
        return () if names.reason is Reason.UNSUPPORTED else names
    return tuple(names)


def _programs(reader: HostReader, commands: Mapping[int, str]) -> Iterator[RuntimeProgram]:
    for pid, comm in commands.items():
        if comm not in PROGRAMS:
            continue
        exe = told(partial(reader.link, f"/proc/{pid}/exe"), "exe")
        path = None if isinstance(exe, Gap) else exe
        # An engine inside a container is not this host's; only where that would matter it is asked for.
        if not ((comm == "kubelet" or (path or "").endswith(_DELETED)) and processes.in_container(reader, pid)):
            yield RuntimeProgram(pid, comm, path)
