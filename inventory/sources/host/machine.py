"""The machine itself: uptime, load, memory, release, security modules, clock, disks."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

import msgspec

from inventory.gap import Gap, Reason
from inventory.host import DiskFacts
from inventory.sources.host.reader import HostReader, NotRecordedError

T = TypeVar("T")


def told(read: Callable[[], T], path: str) -> T | Gap:
    """What `read` returns, or why it could not."""
    try:
        return read()
    except PermissionError:
        return Gap(Reason.DENIED, path)
    except NotRecordedError:
        return Gap(Reason.ABSENT, path, "this recording does not tell")
    except FileNotFoundError:
        return Gap(Reason.UNSUPPORTED, path, "no such file on this host")
    except OSError as error:
        return Gap(Reason.ERROR, path, error.strerror or str(error))
    except (ValueError, KeyError, IndexError):
        return Gap(Reason.MALFORMED, path, "not in the form that the kernel documents")


def machine(reader: HostReader) -> dict[str, Any]:
    """Fields of `Host` that every Linux machine tells, each a value or a gap."""
    memory = told(lambda: _memory(reader), "/proc/meminfo")
    return {
        "uptime": told(lambda: float(reader.read("/proc/uptime").split()[0]), "/proc/uptime"),
        "load": told(lambda: _load(reader), "/proc/loadavg"),
        "ncpu": told(lambda: _cpus(reader), "/proc/stat"),
        "memory_total": memory if isinstance(memory, Gap) else memory["MemTotal"],
        "memory_available": memory if isinstance(memory, Gap) else memory["MemAvailable"],
        "os_release": told(lambda: _os_release(reader), "/etc/os-release"),
        "lsm": told(lambda: _lsm(reader), "/sys/kernel/security/lsm"),
        "clock_synchronised": told(reader.clock_synchronised, "adjtimex"),
    }


class Place(msgspec.Struct, frozen=True):
    """A path to know the disk of: `root` is its prefix as this process sees it, `pid` whose mounts it is below."""

    role: str
    path: str
    root: str = ""
    pid: str = "self"


def disks(reader: HostReader, places: Iterable[Place]) -> tuple[DiskFacts, ...] | Gap:
    """The file systems of some places; one that cannot be asked is left out, and when none can be that is a gap."""
    found = []
    gap: Gap | None = None
    for place in places:
        space = told(partial(reader.space, place.root + place.path), place.path)
        if isinstance(space, Gap):
            gap = space
            continue
        mounts = (mount for mount in _mounts(reader, place.pid) if _below(place.path, mount))
        mount = max(mounts, key=len, default="/")
        found.append(DiskFacts(place.role, place.path, mount, space.size, space.free, space.inodes, space.inodes_free))
    return tuple(found) if found or gap is None else gap


def _load(reader: HostReader) -> tuple[float, float, float]:
    one, five, fifteen = reader.read("/proc/loadavg").split()[:3]
    return float(one), float(five), float(fifteen)


def _cpus(reader: HostReader) -> int:
    lines = reader.read("/proc/stat").splitlines()
    return sum(line.startswith(b"cpu") and line[3:4].isdigit() for line in lines)


def _memory(reader: HostReader) -> Mapping[str, int]:
    """Bytes."""
    rows = (line.split() for line in reader.read("/proc/meminfo").decode("ascii", "replace").splitlines())
    found = {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows if len(row) > 1}
    return {"MemTotal": found["MemTotal"], "MemAvailable": found["MemAvailable"]}


def _os_release(reader: HostReader) -> Mapping[str, str]:
    """os-release(5): shell-quoted assignments."""
    found: dict[str, str] = {}
    for line in reader.read("/etc/os-release").decode("utf-8", "replace").splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name] = "".join(shlex.split(value)[:1])
    return found


def _lsm(reader: HostReader) -> tuple[str, ...]:
    return tuple(reader.read("/sys/kernel/security/lsm").decode("ascii", "replace").strip().split(","))


def _mounts(reader: HostReader, pid: str) -> list[str]:
    """Mount points; proc(5) writes a space in a path as \\040."""
    table = told(partial(reader.read, f"/proc/{pid}/mountinfo"), "mountinfo")
    if isinstance(table, Gap):
        return []
    rows = (line.split(" ") for line in table.decode("utf-8", "replace").splitlines())
    return [row[4].replace("\\040", " ") for row in rows if len(row) > 4]


def _below(path: str, mount: str) -> bool:
    return path == mount or path.startswith(mount.rstrip("/") + "/")
