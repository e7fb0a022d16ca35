"""The processes of all containers, in one pass over /proc and without entering one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial

import msgspec

from inventory.activity import Process
from inventory.gap import Gap, Reason
from inventory.sources.host.daemon import arguments
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

# The container's id in a control group's path, by Docker, Podman, containerd and CRI-O alike: `/docker/ID`,
# `/system.slice/docker-ID.scope`, `/machine.slice/libpod-ID.scope/container`, `/user.slice/.../libpod-ID.scope`.
# Not in the container, though named after it: its monitor (conmon) and the unit that runs Podman's health check.
_ID = re.compile(
    rb"(?<![0-9a-f])(?<!conmon-)([0-9a-f]{64})(?![0-9a-f])(?!(?:-[0-9a-f]+)?\.(?:service|timer))(?!\.scope/supervisor)"
)
_TICKS = 100
"""USER_HZ: the unit of times in /proc, the same on every machine since Linux 2.6 but Alpha and Itanium."""
_SANDBOX = ("runsc", "qemu", "firecracker", "cloud-hypervisor")
_Uids = tuple[tuple[int, int, int], ...]  # rows of uid_map: first id inside, first id outside, how many


class _Found(msgspec.Struct):
    """What one pass over /proc tells: pids of each container, and those that belong to none by their control group."""

    members: dict[str, list[int]]
    others: list[int]
    denied: int


def processes_of(reader: HostReader, running: Iterable[tuple[str, int]]) -> dict[str, tuple[Process, ...] | Gap]:
    """The processes of each `(container id, pid of its first process)`, by pid; a gap for one that cannot be told.

    A process belongs to the innermost of these containers in whose control group it is (its own children's groups
    included), so that those of an engine inside a container count as the container's. Where the first process is in no
    group that names its container (no control groups, a rootless Podman without them), the process tree below it
    counts, and whatever shares its process namespace. Five reads per process of a container, one per other process.
    Sources: proc(5), cgroups(7).
    """
    wanted = dict(running)
    if not wanted:
        return {}
    names = told(partial(reader.names, "/proc"), "/proc")
    if isinstance(names, Gap):
        return dict.fromkeys(wanted, names)
    found = _sorted_out(reader, wanted, (int(name) for name in names if name.isdigit()))
    _without_group(reader, wanted, found)
    booted = told(partial(_booted, reader), "/proc/stat")
    return {key: _container(reader, pid, found, key, booted) for key, pid in wanted.items()}


def _sorted_out(reader: HostReader, wanted: Mapping[str, int], pids: Iterable[int]) -> _Found:
    ids = {key.encode(): key for key in wanted}
    found = _Found({key: [] for key in wanted}, [], 0)
    for pid in pids:
        try:
            groups = reader.read(f"/proc/{pid}/cgroup")
        except PermissionError:
            found.denied += 1  # hidepid=1
            continue
        except OSError:
            continue  # it has ended
        known = [ids[match] for match in _ID.findall(groups) if match in ids]
        if known:
            found.members[known[-1]].append(pid)
        else:
            found.others.append(pid)
    return found


def _without_group(reader: HostReader, wanted: Mapping[str, int], found: _Found) -> None:
    """Where no control group tells: what descends from the first process or shares its process namespace."""
    lost = {key: pid for key, pid in wanted.items() if pid in found.others}
    if not lost:
        return
    parents = {pid: _parent(reader, pid) for pid in found.others}
    spaces = {pid: told(partial(reader.link, f"/proc/{pid}/ns/pid"), "ns/pid") for pid in (1, *found.others)}
    for key, first in lost.items():
        own = spaces[first] if not isinstance(spaces[first], Gap) and spaces[first] != spaces[1] else None
        found.members[key] = [
            pid for pid in found.others if (own and spaces[pid] == own) or _descends(pid, first, parents)
        ]


def _parent(reader: HostReader, pid: int) -> int:
    words = told(lambda: reader.read(f"/proc/{pid}/stat").rpartition(b")")[2].split(), "stat")
    return 0 if isinstance(words, Gap) or len(words) < 2 else int(words[1])


def _descends(pid: int, first: int, parents: Mapping[int, int]) -> bool:
    seen = set()
    while pid and pid not in seen:
        if pid == first:
            return True
        seen.add(pid)
        pid = parents.get(pid, 0)
    return False


def _container(
    reader: HostReader, first: int, found: _Found, key: str, booted: float | Gap
) -> tuple[Process, ...] | Gap:
    members = found.members[key]
    if first not in members:
        return _missing(first, found)
    ids = told(partial(_uids, reader, first), f"/proc/{first}/uid_map")
    uids = () if isinstance(ids, Gap) else ids
    start = None if isinstance(booted, Gap) else booted
    processes = tuple(process for pid in members if (process := _process(reader, pid, uids, start)) is not None)
    sandbox = next((process for process in processes if process.pid == first and _sandboxed(process)), None)
    if sandbox is not None:
        return Gap(
            Reason.UNSUPPORTED, f"/proc/{first}", f"runs in a sandbox ({sandbox.comm}) that the host sees as one"
        )
    return processes or _missing(first, found)


def _missing(first: int, found: _Found) -> Gap:
    if found.denied:
        return Gap(Reason.DENIED, f"/proc/{first}/cgroup", "hidden from this user (hidepid; root sees it)")
    why = "its first process has ended, is hidden from this user (hidepid), or is another process by now"
    return Gap(Reason.UNSUPPORTED, f"/proc/{first}", why)


def _sandboxed(process: Process) -> bool:
    names = (process.comm, *process.args[:1])
    return any(name.rpartition("/")[2].startswith(_SANDBOX) for name in names)


def _process(reader: HostReader, pid: int, uids: _Uids, booted: float | None) -> Process | None:
    """None when it has ended, zombies included: they run nothing. What else may not be read of it is left empty."""
    stat = told(lambda: reader.read(f"/proc/{pid}/stat"), "stat")
    status = told(lambda: reader.read(f"/proc/{pid}/status"), "status")
    if isinstance(stat, Gap) or isinstance(status, Gap):
        return None
    numbers = stat.rpartition(b")")[2].split()  # the name before may hold anything, spaces and brackets included
    line = told(lambda: reader.read(f"/proc/{pid}/cmdline"), "cmdline")
    exe = told(lambda: reader.link(f"/proc/{pid}/exe"), "exe")
    uid = _effective_uid(status)
    if numbers[:1] in ([b"Z"], [b"X"]):
        return None
    try:
        ppid, terminal, ticks = int(numbers[1]), int(numbers[4]) != 0, int(numbers[19])
    except (ValueError, IndexError):
        return None
    return Process(
        pid=pid,
        ppid=ppid,
        comm=_comm(stat),
        args=() if isinstance(line, Gap) else arguments(line),
        uid=uid,
        inside_uid=None if uid is None else _inside(uid, uids),
        exe="" if isinstance(exe, Gap) else exe,
        started=None if booted is None else booted + ticks / _TICKS,
        terminal=terminal,
    )


def _comm(stat: bytes) -> str:
    return stat.partition(b"(")[2].rpartition(b")")[0].decode("utf-8", "surrogateescape")


def _effective_uid(status: bytes) -> int | None:
    """The second of `Uid: real effective saved file-system`; a name with a line break is written as \\n there."""
    for line in status.split(b"\n"):
        if line.startswith(b"Uid:"):
            words = line.split()
            return int(words[2]) if len(words) > 2 and words[2].isdigit() else None
    return None


def _uids(reader: HostReader, pid: int) -> _Uids:
    rows = (line.split() for line in reader.read(f"/proc/{pid}/uid_map").splitlines())
    return tuple((int(row[0]), int(row[1]), int(row[2])) for row in rows)


def _inside(uid: int, uids: _Uids) -> int | None:
    for inside, outside, count in uids:
        if outside <= uid < outside + count:
            return inside + uid - outside
    return None


def _booted(reader: HostReader) -> float:
    for line in reader.read("/proc/stat").splitlines():
        if line.startswith(b"btime "):
            return float(line.split()[1])
    raise ValueError("no btime")
