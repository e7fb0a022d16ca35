"""What can be said of a container's processes: which program each is, who it runs as, how it came to be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from checks.data.programs import INTERPRETERS
from checks.verdict import Evidence
from inventory.activity import Process
from inventory.container import Container
from inventory.secrets import mask_args

SHOWN = 6
_LONGEST = 200
_VERSION = re.compile(r"(?<=[a-z])[\d.]+$")  # python3.12


def lives(container: Container) -> bool:
    """Whether it has processes now; between two starts it has none."""
    return container.state in {"running", "paused"}


def programs(process: Process) -> tuple[str, ...]:
    """The names of the program that a process runs, the likeliest first: its file, its first word, its own name.

    Of an interpreter or a multi-call program (`python3 -m pip`, `node /usr/bin/npm`, `busybox telnetd`) also the first
    word after it that is no option.
    """
    line = words(process)
    first = line[0] if line else ""
    names = [base(process.exe.removesuffix(" (deleted)")), base(first.partition(":")[0].lstrip("-")), process.comm]
    if any(_interpreter(name) for name in names):
        names += [base(word) for word in line[1:] if not word.startswith("-")][:1]
    return tuple(dict.fromkeys(name for name in names if name))


def words(process: Process) -> Sequence[str]:
    """The command line. A program may write what it does where it was: `npm install x`, `sshd: root@pts/0`."""
    return process.args if len(process.args) != 1 else process.args[0].split()


def is_one_of(process: Process, names: Mapping[str, object] | frozenset[str]) -> str:
    """The one of these names that a process goes by, "" for none; upper and lower case are one (`lolMiner`)."""
    known = _folded(frozenset(names))
    return next((found for name in programs(process) if (found := known.get(name.casefold()))), "")


def root_inside(process: Process, mapped: bool) -> bool | None:
    """Whether a process is root as its container counts users; None where that was not told.

    `mapped`: its user namespace maps root to somebody else outside.
    """
    if process.inside_uid is not None:
        return process.inside_uid == 0
    return None if process.uid is None or (mapped and process.uid != 0) else process.uid == 0


def shown(process: Process, others: Sequence[Process] = ()) -> Evidence:
    """A process as evidence: its command line with secrets masked, user, program file, start and parents."""
    line = " ".join(mask_args(process.args))[:_LONGEST] or f"[{process.comm}]"
    told = [line]
    if process.uid is not None:
        inside = process.inside_uid if process.inside_uid is not None else process.uid
        told.append(f"uid {inside}" + (f" (host {process.uid})" if inside != process.uid else ""))
    if process.exe:
        told.append(process.exe[:_LONGEST])
    if process.started is not None:
        told.append(f"since {datetime.fromtimestamp(process.started, UTC):%Y-%m-%d %H:%M:%SZ}")
    parents = " < ".join(f"{parent.comm} ({parent.pid})" for parent in ancestors(process, others))
    return Evidence(f"process {process.pid}", ", ".join(told) + (f", child of {parents}" if parents else ""))


def ancestors(process: Process, others: Sequence[Process]) -> Iterator[Process]:
    """The parents of a process inside the container, nearest first."""
    by_pid = {other.pid: other for other in others}
    parent = by_pid.pop(process.ppid, None)
    while parent is not None:
        yield parent
        parent = by_pid.pop(parent.ppid, None)


def base(path: str) -> str:
    """The last part of a path."""
    return path.rstrip("/").rpartition("/")[2]


@lru_cache(maxsize=64)
def _folded(names: frozenset[str]) -> Mapping[str, str]:
    return {name.casefold(): name for name in sorted(names)}


def _interpreter(name: str) -> bool:
    return name in INTERPRETERS or _VERSION.sub("", name) in INTERPRETERS
