"""The kernel's view of processes: what a container's first process may do, and monitoring agents outside containers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from inventory.components import PROCESS_NAMES
from inventory.gap import Gap
from inventory.host import Effective, HostProcess
from inventory.sources.host import confinement
from inventory.sources.host.daemon import arguments
from inventory.sources.host.machine import told
from inventory.sources.host.namespaces import hosts_namespaces, shared_with_host
from inventory.sources.host.reader import HostReader

# Docker, Podman, containerd and CRI-O all put the 64 hexadecimal digits of the container's id into the path.
_CONTAINER = re.compile(rb"[0-9a-f]{64}")
_COMM = 15  # bytes that the kernel keeps of a process name
_SHORT_NAMES = {name[:_COMM]: name for name in PROCESS_NAMES}
_INTERPRETERS = frozenset({"ruby", "python", "python3", "node", "beam.smp"})
_WHOLE_RANGE = 4294967295


def commands(reader: HostReader) -> Mapping[int, str] | Gap:
    """The name of every process that this user may see, by its pid; "" where it has just ended."""
    names = told(lambda: reader.names("/proc"), "/proc")
    if isinstance(names, Gap):
        return names
    return {int(name): _text(reader, f"/proc/{name}/comm") for name in names if name.isdigit()}


def agents(reader: HostReader, seen: Mapping[int, str] | Gap) -> tuple[HostProcess, ...] | Gap:
    """Monitoring programs that run on the host itself, among the `commands` that were seen."""
    return seen if isinstance(seen, Gap) else tuple(_agents(reader, seen))


def _agents(reader: HostReader, seen: Mapping[int, str]) -> Iterator[HostProcess]:
    for pid, comm in seen.items():
        if comm not in _SHORT_NAMES and comm not in _INTERPRETERS:
            continue
        line = told(partial(reader.read, f"/proc/{pid}/cmdline"), "cmdline")
        args = () if isinstance(line, Gap) else arguments(line)
        if comm in _INTERPRETERS and not any(word.rpartition("/")[2] in PROCESS_NAMES for word in args[:3]):
            continue
        if not in_container(reader, pid):
            yield HostProcess(pid, comm, args)


def in_container(reader: HostReader, pid: int) -> bool:
    """Whether a process's control group belongs to a container; unreadable counts as the host's."""
    groups = told(lambda: reader.read(f"/proc/{pid}/cgroup"), "cgroup")
    return not isinstance(groups, Gap) and _CONTAINER.search(groups) is not None


def effective(reader: HostReader, running: Iterable[tuple[str, int]]) -> dict[str, Effective]:
    """The kernel's view of `(container id, pid)`; a container whose process cannot be read is left out."""
    found: dict[str, Effective] = {}
    hosts = hosts_namespaces(reader)
    for key, pid in running:
        view = told(partial(_view, reader, key, pid, hosts), "status")
        if isinstance(view, Effective):
            found[key] = view
    return found


def _view(reader: HostReader, key: str, pid: int, hosts: Mapping[str, str]) -> Effective:
    rows = (line.partition(":") for line in _text(reader, f"/proc/{pid}/status").splitlines())
    fields = {name: value.split() for name, _, value in rows}
    told_groups = told(lambda: reader.read(f"/proc/{pid}/cgroup"), "cgroup")
    groups = b"" if isinstance(told_groups, Gap) else told_groups
    others = set(_CONTAINER.findall(groups))
    if others and key.encode() not in others:
        raise ValueError("the pid has been given to another process")
    memory, pids = confinement.limits(reader, groups, key)
    mounts = confinement.mounts(reader, pid)
    shared = shared_with_host(reader, pid, hosts)
    return Effective(
        seccomp=int(fields["Seccomp"][0]),
        no_new_privs=int(fields["NoNewPrivs"][0]),
        cap_eff=int(fields["CapEff"][0], 16),
        cap_bnd=int(fields["CapBnd"][0], 16),
        uid=int(fields["Uid"][1]),
        identity_uid_map=_identity(reader.read(f"/proc/{pid}/uid_map")),
        apparmor=confinement.apparmor(reader, pid),
        memory_max=memory,
        pids_max=pids,
        read_only_root=None if mounts is None else mounts.read_only_root,
        masked=None if mounts is None else mounts.masked,
        host_namespaces=shared if hosts and isinstance(shared, tuple) else None,
    )


def _identity(uid_map: bytes) -> bool:
    rows = [line.split() for line in uid_map.splitlines()]
    return len(rows) == 1 and [int(number) for number in rows[0]] == [0, 0, _WHOLE_RANGE]


def _text(reader: HostReader, path: str) -> str:
    found = told(lambda: reader.read(path), path)
    return "" if isinstance(found, Gap) else found.decode("utf-8", "replace").strip()
