"""Other doors to containers on this machine: sockets of runtimes, their running programs, containerd's namespaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from posixpath import dirname
from typing import Any

from inventory.gap import Gap, Reason
from inventory.machine import RUNTIME_SOCKETS, Examined, RuntimeProgram
from inventory.sources.host import processes
from inventory.sources.host.examine import examined
from inventory.sources.host.files import Accounts
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

PROGRAMS = frozenset({
    "dockerd", "containerd", "containerd-shim", "crio", "kubelet", "k3s-server", "k3s-agent", "k3s", "rke2", "k0s",
    "podman", "lxd", "incusd", "buildkitd", "cri-dockerd",
})  # fmt: skip
"""Names of processes that are a runtime or drive one; the kernel keeps 15 bytes, so every shim is `containerd-shim`."""
_TASKS = "/run/containerd/io.containerd.runtime.v2.task"
_USERS = "/run/user"
_MOST_USERS = 32
_DELETED = " (deleted)"


def facts(reader: HostReader, accounts: Accounts | Gap, commands: Mapping[int, str] | Gap) -> dict[str, Any]:
    """The fields `runtime_sockets`, `containerd_namespaces` and `programs`."""
    sockets = examined(reader, _sockets(reader), accounts)
    return {
        "runtime_sockets": Examined(
            sockets.found, {path: gap for path, gap in sockets.unread.items() if not _own(gap)}
        ),
        "containerd_namespaces": _namespaces(reader),
        "programs": commands if isinstance(commands, Gap) else tuple(_programs(reader, commands)),
    }


def _own(gap: Gap) -> bool:
    """A closed directory of a user is nobody's door but the user's and root's."""
    return gap.reason is Reason.DENIED and gap.path.startswith(f"{_USERS}/")


def _sockets(reader: HostReader) -> Iterator[str]:
    users = told(lambda: reader.names(_USERS), _USERS)
    own = [] if isinstance(users, Gap) else [name for name in users if name.isdecimal()][:_MOST_USERS]
    rootless = (f"{_USERS}/{uid}/{name}" for uid in own for name in ("docker.sock", "podman/podman.sock"))
    for path in (*RUNTIME_SOCKETS, *rootless):
        yield path
        yield dirname(path)


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
