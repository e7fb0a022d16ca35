"""What a process and its children use, from /proc."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """`cpu` seconds of the process with its living and ended children, `rss` and `pss` bytes, numbers of the rest."""

    at: float
    cpu: float
    rss: int
    threads: int
    sockets: int
    files: int
    children: int

    def share_since(self, before: Usage) -> float:
        """Per cent of one core since an earlier look."""
        return 100 * (self.cpu - before.cpu) / (self.at - before.at)


def usage(pid: int) -> Usage:
    """A look at a living process; raises OSError when there is none."""
    family = [pid, *descendants(pid)]
    opened = _opened(pid)
    return Usage(
        at=time.monotonic(),
        cpu=sum(_cpu(member) for member in family),
        rss=_status(pid, "VmRSS") * 1024,
        threads=_status(pid, "Threads"),
        sockets=sum(target.startswith("socket:") for target in opened),
        files=len(opened),
        children=len(family) - 1,
    )


def children(pid: int) -> list[int]:
    """Direct children of all threads of a process."""
    found: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, listing.read_text().split())
        except OSError:
            continue
    return found


def descendants(pid: int) -> list[int]:
    """Children, their children, and so on."""
    found = children(pid)
    for child in found:
        found += children(child)
    return found


def reaped_faults(pid: int) -> int:
    """Page faults of children that have ended and been waited for: 0 for a process that never had one."""
    fields = _stat(pid)
    return int(fields[8]) + int(fields[10])


def _stat(pid: int) -> list[str]:
    """Fields of ``/proc/PID/stat`` from the state (field 3 in proc(5)) on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu(pid: int) -> float:
    try:
        fields = _stat(pid)
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICK


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


def _opened(pid: int) -> list[str]:
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(entry.readlink()))
        except OSError:
            continue
    return found
