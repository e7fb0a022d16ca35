"""Programs that no service needs while it runs."""

from __future__ import annotations

from checks.check import Domain, check
from checks.data.programs import CONTROL_TOOLS, MINERS, MINING_WORDS, NETWORK_TOOLS, PACKAGE_MANAGERS, SHELLS
from checks.processes import SHOWN, base, is_one_of, lives, programs, shown, words
from checks.verdict import Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.activity import Process
from inventory.container import Container

_UNTRUSTED = ("/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/")  # noqa: S108 - places to distrust, nothing is put there


@check(
    "RUN-048",
    "Unexpected process",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Tools that no service needs while it runs are what intruders bring or find.",
    remediation=(
        "Look at the parents below and at `docker diff NAME`; if nobody of yours started it, keep the container for "
        "the investigation (docker pause NAME) and start a fresh one. Tools that are only needed to build belong into "
        "an earlier build stage."
    ),
    references=("NIST-800-190:4.4.5", "ATT&CK:T1059", "ATT&CK:T1496", "ATT&CK:T1620", "CWE-506"),
)
def unexpected_process(container: Container, view: View) -> Verdict:
    """Fail, critical: a program whose file is deleted, in memory only (memfd) or below /tmp, /var/tmp or /dev/shm, or a
    miner by name or arguments. Fail, medium: network tools, package managers at work, and clients of engines and
    clusters (docker, kubectl, ...) unless that is what the container was made for, its first process.

    Manual (low): a shell at a terminal. Pass: none of these. Not applicable: it does not run. Unknown: nothing found,
    but the program files cannot be read (only root on the engine's host sees them). Source: NIST SP 800-190 4.4.5.
    """
    if not lives(container):
        return not_applicable("it does not run")
    processes = view.activity(container.id).processes
    found = [(process, *judged) for process in processes if (judged := _strange(process, container.pid)) is not None]
    if found:
        worst = max(severity for _, _, severity in found)
        told = [(process, why) for process, why, severity in found if severity is worst]
        message = "; ".join(dict.fromkeys(why for _, why in told))
        evidence = [shown(process, processes) for process, _ in told[:SHOWN]]
        salient = ", ".join(sorted({why for _, why in told}))
        if worst is Severity.LOW:
            return manual(message, *evidence, severity=worst)
        return failed(message, *evidence, severity=worst, salient=salient)
    if any(process.args and not process.exe for process in processes):
        return unknown("which file each process runs cannot be read (run as root on the engine's host)")
    return passed()


def _strange(process: Process, first: int) -> tuple[str, Severity] | None:
    """What is strange about a process, and how much."""
    names = programs(process)
    file = _file(process)
    if file:
        return file, Severity.CRITICAL
    if is_one_of(process, MINERS) or any(word in argument for argument in process.args for word in MINING_WORDS):
        return f"{names[0] if names else process.comm} mines", Severity.CRITICAL
    tool = is_one_of(process, NETWORK_TOOLS) or _package_manager(process)
    if process.pid != first:
        tool = tool or is_one_of(process, CONTROL_TOOLS)
    if tool:
        return f"{tool} runs", Severity.MEDIUM
    if process.terminal and names and is_one_of(process, SHELLS) and _interactive(process):
        return "a shell at a terminal", Severity.LOW
    return None


def _file(process: Process) -> str:
    """Why the program's file is not to be trusted, "" where nothing speaks against it."""
    exe = process.exe
    if exe.startswith("/memfd:"):
        return "" if _runtime(process) else "runs a program that is in memory only"
    if exe.endswith(" (deleted)"):
        return "" if _runtime(process) else "runs a program whose file is deleted"
    return "runs a program from a temporary directory" if exe.startswith(_UNTRUSTED) else ""


def _runtime(process: Process) -> bool:
    """A runtime's own first step, which runs from a sealed copy of itself until it becomes the container's program, and
    the init that engines put into a container and replace when they are updated."""
    init = base(process.exe.removesuffix(" (deleted)")) in {"docker-init", "catatonit", "podman-init"}
    return init or process.comm.startswith(("runc:[", "crun:["))


def _package_manager(process: Process) -> str:
    name = is_one_of(process, PACKAGE_MANAGERS)
    tasks = PACKAGE_MANAGERS.get(name, frozenset())
    return name if name and (not tasks or tasks.intersection(words(process))) else ""


def _interactive(process: Process) -> bool:
    """Started without a script or a command: only options, none of which brings one."""
    rest = process.args[1:]
    if rest and base(process.args[0]) == "busybox":
        rest = rest[1:]
    return all(word.startswith("-") and not word.startswith("--") and "c" not in word for word in rest)
