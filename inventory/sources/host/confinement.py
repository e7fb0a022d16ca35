"""What holds a container's process back, as the kernel shows it: its security module, mounts and control group."""

from __future__ import annotations

from functools import partial

import msgspec

from inventory.gap import Gap
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

_CGROUPS = "/sys/fs/cgroup"
_NO_LIMIT = 1 << 60  # cgroup v1 has no word for it: it answers the largest number of whole pages
_HIDDEN = ("/proc/", "/sys/")
_KERNELS_OWN = frozenset({"proc", "sysfs", "cgroup", "cgroup2", "mqueue"})


class Mounts(msgspec.Struct, frozen=True):
    """`read_only_root`: its root is mounted read-only; `masked`: paths of /proc and /sys that are hidden from it."""

    read_only_root: bool | None
    masked: tuple[str, ...]


def apparmor(reader: HostReader, pid: int) -> str | None:
    """The profile and its mode, `docker-default (enforce)` or `unconfined`; None without AppArmor or permission.

    `/proc/PID/attr/current` belongs to whichever security module came first, and only an SELinux context has colons.
    """
    for name in ("apparmor/current", "current"):
        found = told(partial(reader.read, f"/proc/{pid}/attr/{name}"), name)
        label = "" if isinstance(found, Gap) else found.decode("utf-8", "replace").strip("\0\n ")
        if label and ":" not in label.partition("//")[0]:
            return label
    return None


def mounts(reader: HostReader, pid: int) -> Mounts | None:
    """From `/proc/PID/mountinfo` (proc(5)); None where it may not be read.

    A runtime hides a path by an empty tmpfs or by /dev/null over it (OCI runtime specification, maskedPaths).
    """
    table = told(partial(reader.read, f"/proc/{pid}/mountinfo"), "mountinfo")
    if isinstance(table, Gap):
        return None
    root: bool | None = None
    masked: list[str] = []
    for line in table.decode("utf-8", "replace").splitlines():
        place, _, source = line.partition(" - ")
        words, kind = place.split(" "), source.split(" ")[0]
        if len(words) < 6:
            continue
        if words[4] == "/":
            root = "ro" in words[5].split(",")
        elif words[4].startswith(_HIDDEN) and kind not in _KERNELS_OWN and words[4] != _CGROUPS:
            masked.append(words[4])
    return Mounts(root, tuple(sorted(set(masked))))


def limits(reader: HostReader, groups: bytes, container: str) -> tuple[int | None, int | None]:
    """Bytes of memory and number of processes that its control group allows; 0 is no limit, None is not told.

    `groups` is `/proc/PID/cgroup`. The group named after the container counts, not one below it.
    """
    paths = _paths(groups.decode("utf-8", "surrogateescape"), container)
    return (
        _limit(reader, paths, "memory", "memory.limit_in_bytes", "memory.max"),
        _limit(reader, paths, "pids", "pids.max", "pids.max"),
    )


def _paths(groups: str, container: str) -> dict[str, str]:
    """Controller -> path; the unified hierarchy's is "". Not a path that this program's own namespace hides."""
    found: dict[str, str] = {}
    for line in groups.splitlines():
        words = line.split(":", 2)
        if len(words) < 3 or words[2] == "/" or words[2].startswith("/.."):
            continue
        before, named, after = words[2].partition(container)
        path = f"{before}{named}{after.partition('/')[0]}"
        found.update(dict.fromkeys(words[1].split(","), path))
    return found


def _limit(reader: HostReader, paths: dict[str, str], controller: str, first: str, second: str) -> int | None:
    """`first` is its file in version 1 of control groups, `second` in version 2."""
    if controller in paths:
        path = f"{_CGROUPS}/{controller}{paths[controller]}/{first}"
    elif "" in paths:
        path = f"{_CGROUPS}{paths['']}/{second}"
    else:
        return None
    found = told(lambda: reader.read(path).strip(), path)
    if isinstance(found, Gap):
        return None
    if found == b"max":
        return 0
    number = int(found) if found.isdigit() else None
    return 0 if number is not None and number > _NO_LIMIT else number
