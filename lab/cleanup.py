"""Removes what a lab left behind, also after a crash: processes first, then control groups, then files."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from lab.namespace import disconnect, mount_namespace
from lab.paths import LabPaths

CGROUPS = Path("/sys/fs/cgroup")


def cgroup_roots(paths: LabPaths) -> list[Path]:
    """The lab's parent group in every hierarchy (one on cgroup v2, one per controller on v1)."""
    relative = paths.cgroup.lstrip("/")
    candidates = [CGROUPS, *(p for p in CGROUPS.iterdir() if p.is_dir())] if CGROUPS.is_dir() else []
    return [root / relative for root in candidates if (root / relative).is_dir()]


def container_processes(paths: LabPaths) -> set[int]:
    """Pids of all processes in the lab's containers."""
    pids: set[int] = set()
    for root in cgroup_roots(paths):
        for directory, _, files in os.walk(root):  # unlike rglob it goes on where a group vanishes meanwhile
            if "cgroup.procs" in files:
                pids.update(_read_pids(Path(directory, "cgroup.procs")))
    return pids


def engine_processes(namespace: str | None) -> set[int]:
    """Pids of all processes in the lab's mount namespace: dockerd, containerd, shims, proxies, the holder."""
    if namespace is None:
        return set()
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {pid for pid in pids if mount_namespace(pid) == namespace}


def kill_all(paths: LabPaths, namespace: str | None) -> None:
    """SIGKILL everything that belongs to the lab until nothing is left, for at most ten seconds.

    The namespace is compared by identity, so a pid that was reused by somebody else is never hit.
    """
    if namespace == mount_namespace(os.getpid()):
        namespace = None
    _thaw(paths)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        victims = engine_processes(namespace) | container_processes(paths)
        victims.discard(os.getpid())
        if not victims:
            return
        for pid in victims:
            _kill(pid)
        _reap(victims)
        time.sleep(0.05)


def _thaw(paths: LabPaths) -> None:
    """Let paused containers run: on cgroup v1 a frozen process does not even die."""
    for root in cgroup_roots(paths):
        for directory in _directories(root):
            for name, word in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
                with suppress(OSError):
                    if (directory / name).exists():
                        (directory / name).write_text(word)


def kill_and_wait(pids: list[int], seconds: float = 5.0) -> None:
    """SIGKILL these processes and wait until the kernel has let go of them."""
    for pid in pids:
        _kill(pid)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(mount_namespace(pid) for pid in pids):
        _reap(pids)
        time.sleep(0.01)


def remove(paths: LabPaths, namespace: str | None) -> None:
    """Remove every trace of the lab. Safe to repeat and safe on a lab that never started."""
    kill_all(paths, namespace)
    disconnect(paths)
    for root in cgroup_roots(paths):
        for directory in sorted(_directories(root), reverse=True):
            remove_group(directory)
        remove_group(root.parent)
    shutil.rmtree(paths.root, ignore_errors=True)


def _directories(root: Path) -> Iterator[Path]:
    for directory, _, _ in os.walk(root):
        yield Path(directory)


def remove_group(path: Path) -> None:
    """Remove an empty control group; one that somebody else still uses stays."""
    for _ in range(20):
        try:
            path.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            # Either another lab still uses the shared parent, or the kernel has not released the last task yet.
            if any(child.is_dir() for child in path.iterdir()):
                return
            time.sleep(0.02)
        else:
            return


def _read_pids(listing: Path) -> list[int]:
    try:
        return [int(line) for line in listing.read_text().split()]
    except OSError:
        return []


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _reap(pids: Iterable[int]) -> None:
    """A dead child of this process stays in /proc until waited for; other people's children are not touched."""
    for pid in pids:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            continue
