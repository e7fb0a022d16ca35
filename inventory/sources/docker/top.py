"""The processes of a container as the engine tells them: rows of ps(1) by Docker, of its own tool by Podman."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from inventory.activity import Process
from inventory.gap import Gap, Reason
from inventory.sources.docker.details import Processes, top
from inventory.sources.docker.session import Session

ARGUMENTS: Mapping[str, str] = {
    # The parent comes twice: what stands between is the short name, which may hold blanks.
    "docker": "-eo pid,ppid,uid,tty,comm,ppid,args",
    # Podman looks into /proc for these; for anything else, its default included, it runs ps(1) inside the container.
    "podman": "hpid,pid,ppid,huser,tty,comm,ppid,args",
}
PATH = "GET /containers/{id}/top"
_PID, _USER, _TERMINAL = ("HPID", "PID"), ("HUSER", "UID", "USER"), ("TT", "TTY")
_COMMANDS = ("COMMAND", "CMD", "ARGS")
_NONE = ("?", "-")
_SANDBOXES = ("runsc", "qemu", "firecracker", "cloud-hypervisor")
Row = tuple[str, ...]


def processes(session: Session, container: str) -> tuple[Process, ...] | Gap:
    """The processes, or why they cannot be told.

    Docker asks the ps(1) of its host; one that does not know these columns (BusyBox) is asked for its own.
    """
    arguments = ARGUMENTS.get(session.flavour, "")
    found = top(session, container, arguments=arguments)
    if isinstance(found, Gap) and found.reason is Reason.ERROR and session.flavour == "docker":
        found = top(session, container)
    return found if isinstance(found, Gap) else understood(found)


def understood(found: Processes) -> tuple[Process, ...] | Gap:
    """The rows as processes. Arguments were one line: they are split at blanks, which need not be how they were given.

    A parent's number that only means something inside the container (Podman) is looked up among the rows.
    """
    titles = [word for title in found.titles for word in title.split()]
    command = next((index for index, title in enumerate(titles) if title in _COMMANDS), -1)
    if command < 0 or not any(title in titles[:command] for title in _PID):
        return Gap(Reason.MALFORMED, PATH, "no columns PID and COMMAND")
    columns = {title: index for index, title in reversed(list(enumerate(titles[:command])))}
    rows = [" ".join(row).split(" ") for row in found.rows]
    whole = [tuple(word for word in row if word) for row in rows]
    own = _own_numbers(columns, whole)
    known = tuple(process for row in whole if (process := _process(row, columns, command, titles, own)) is not None)
    sandbox = next((process.comm for process in known if process.comm.startswith(_SANDBOXES)), "")
    if sandbox:
        return Gap(Reason.UNSUPPORTED, PATH, f"runs in a sandbox ({sandbox}) that the engine sees as one")
    return known if len(known) == len(whole) else Gap(Reason.MALFORMED, PATH, "a row without a process number")


def _own_numbers(columns: Mapping[str, int], rows: Sequence[Row]) -> dict[str, str]:
    """The container's number of a process -> the host's, where both are told."""
    if not ("HPID" in columns and "PID" in columns):
        return {}
    last = max(columns["HPID"], columns["PID"])
    return {row[columns["PID"]]: row[columns["HPID"]] for row in rows if len(row) > last}


def _process(
    row: Row, columns: Mapping[str, int], command: int, titles: Sequence[str], own: Mapping[str, str]
) -> Process | None:
    def told(names: Sequence[str]) -> str:
        return next((row[columns[name]] for name in names if name in columns and columns[name] < len(row)), "")

    pid, parent, terminal = told(_PID), told(("PPID",)), told(_TERMINAL)
    number = _decimal(pid)
    if number is None:
        return None
    comm, args = _commands(row[command:], parent) if len(titles) > command + 1 else ("", row[command:])
    first = args[0].rpartition("/")[2] if args else ""
    return Process(
        pid=number,
        ppid=_decimal(own.get(parent, "0") if own else parent) or 0,
        comm=comm or first[:15].strip("[]"),
        args=args,
        uid=_user(told(_USER)),
        terminal=None if not terminal else terminal not in _NONE,
    )


def _commands(words: Row, parent: str) -> tuple[str, Row]:
    """Short name and command line, parted by the parent's number."""
    at = next((index for index, word in enumerate(words) if index and word == parent), 0)
    return (" ".join(words[:at]), words[at + 1 :]) if at else (" ".join(words[:1]), words[1:])


def _user(text: str) -> int | None:
    return 0 if text == "root" else _decimal(text)


def _decimal(text: str) -> int | None:
    """A number of a process or user; none is longer than 32 bits, and Python refuses thousands of digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def entered(found: Sequence[Process], first: int) -> Iterator[Process]:
    """Those whose parent is not among them, beside the first: what an exec session or a health probe has started."""
    pids = {process.pid for process in found}
    return (process for process in found if process.pid != first and process.ppid not in pids)
