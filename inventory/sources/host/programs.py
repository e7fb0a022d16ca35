"""The engine's own programs: when the running daemon was started, and when each program was installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from inventory.gap import Gap, Reason
from inventory.sources.host.daemon import Daemon
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

_TICKS = 100  # USER_HZ, what the kernel counts in towards programs on every architecture in use
_STARTED = 19  # proc(5): `starttime` is the 22nd field of /proc/PID/stat, the 20th after the name
_SEARCH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_PROGRAMS = {
    "docker": ("dockerd", "containerd", "containerd-shim-runc-v2"),
    "podman": ("podman", "conmon"),
}
_DELETED = " (deleted)"


def started(reader: HostReader, pid: int) -> float | Gap:
    """When a process was started, epoch seconds, to a second or so."""
    return told(lambda: _started(reader, pid), f"/proc/{pid}/stat")


def _started(reader: HostReader, pid: int) -> float:
    fields = reader.read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    lines = reader.read("/proc/stat").splitlines()
    boot = next((line for line in lines if line.startswith(b"btime ")), b"")
    return float(boot.split()[1]) + int(fields[_STARTED]) / _TICKS


def binaries(reader: HostReader, daemon: Daemon, flavour: str, runtimes: Iterable[str]) -> dict[str, float] | Gap:
    """Path of each program -> when it was put there (st_ctime: packages keep the time of their making as st_mtime).

    `runtimes` are names or paths of OCI runtimes. A gap where no program is found at all.
    """
    wanted = (*_PROGRAMS.get(flavour, ()), *runtimes)
    program = told(partial(reader.link, f"/proc/{daemon.pid}/exe"), "exe")
    if isinstance(program, Gap) and program.reason is Reason.ABSENT:
        return program
    own = program.removesuffix(_DELETED).rpartition("/")[0] if isinstance(program, str) else ""
    directories = tuple(dict.fromkeys((own, *_SEARCH) if own.startswith("/") else _SEARCH))
    found = dict(_found(reader, daemon.root, dict.fromkeys(wanted), directories))
    return found or Gap(Reason.UNSUPPORTED, "programs of the engine", "none was found in the usual directories")


def _found(
    reader: HostReader, root: str, wanted: Iterable[str], directories: tuple[str, ...]
) -> Iterator[tuple[str, float]]:
    for name in wanted:
        for path in (name,) if name.startswith("/") else (f"{directory}/{name}" for directory in directories):
            seen = told(partial(reader.stat, root + path), path)
            if not isinstance(seen, Gap) and seen.kind == "file" and seen.changed:
                yield path, seen.changed
                break
