"""Programs that no service needs while it runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from checks.check import Domain, check
from checks.data.programs import (
    CONTROL_TOOLS,
    ENGINE_INITS,
    INITS,
    MINERS,
    MINING_WORDS,
    NETWORK_TOOLS,
    PACKAGE_MANAGERS,
    RUNTIMES,
    SHELLS,
)
from checks.evidence import capped
from checks.processes import SHOWN, base, is_one_of, lives, programs, shown, words
from checks.verdict import Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.activity import Process
from inventory.container import Container, Healthcheck

_UNTRUSTED = ("/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/")  # noqa: S108 - places to distrust, nothing is put there
_SEALED = ("/memfd:runc_cloned:", "/memfd:crun_cloned:")  # what runc and crun call the copies of themselves
_DELETED = " (deleted)"
_STARTING = 10.0  # seconds; a runtime's first step takes less than one of an idle machine
_WITH_A_VALUE = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})


class _Watched:
    """One look at a container's processes, and what of it was made to be."""

    def __init__(self, container: Container, processes: Sequence[Process], seen_at: float) -> None:
        self.first = container.pid
        self.seen_at = seen_at
        self.made_for = _made_for(processes, container.pid)

    def is_main(self, process: Process) -> bool:
        """Whether it is what the container was made for, or one that this forked."""
        return (process.exe, process.args) in self.made_for


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
    """Fail, critical: a program whose file is below /tmp, /var/tmp or /dev/shm, deleted or in memory only (memfd), or a
    miner by name or arguments. Fail, medium: network tools, package managers at work, and clients of engines and
    clusters (docker, kubectl, ...) unless that is what the container was made for: its first process, below an init
    the next one, and what has the same file and arguments (forked, as `socat ...,fork` does).

    Names are the process's own choice, so none of them excuses a file: only runc's and crun's sealed copies while they
    start something (10 s), and the engine's init as the first process, at the very path where engines put it.

    Manual (low): a shell at a terminal; a network tool that the container was made for. The declared health check's own
    commands are left out. Pass: none of these. Not applicable: it does not run. Unknown: nothing found, but the program
    files cannot be read (only root on the engine's host sees them), or tools run and the health check was not read.
    Source: NIST SP 800-190 4.4.5.
    """
    if not lives(container):
        return not_applicable("it does not run")
    activity = view.activity(container.id)
    processes = activity.processes
    watched = _Watched(container, processes, activity.observed_at)
    found = [(process, *judged) for process in processes if (judged := _strange(process, watched)) is not None]
    if found and max(severity for _, _, severity in found) is Severity.MEDIUM:
        probes = _probes(container.healthcheck)
        found = [one for one in found if one[2] is not Severity.MEDIUM or one[0].args not in probes]
    if found:
        worst = max(severity for _, _, severity in found)
        told = [(process, why) for process, why, severity in found if severity is worst]
        message = "; ".join(dict.fromkeys(why for _, why in told))
        evidence = capped((shown(process, processes) for process, _ in told), SHOWN)
        salient = ", ".join(sorted({why for _, why in told}))
        if worst is Severity.LOW:
            return manual(message, *evidence, severity=worst)
        return failed(message, *evidence, severity=worst, salient=salient)
    if any(process.args and not process.exe for process in processes):
        return unknown("which file each process runs cannot be read (run as root on the engine's host)")
    return passed()


def _strange(process: Process, watched: _Watched) -> tuple[str, Severity] | None:
    """What is strange about a process, and how much."""
    file = _file(process, watched)
    if file:
        return file, Severity.CRITICAL
    names = programs(process)
    if is_one_of(process, MINERS) or any(word in argument for argument in process.args for word in MINING_WORDS):
        return f"{names[0] if names else process.comm} mines", Severity.CRITICAL
    tool = _tool(process, watched)
    if tool is not None:
        return tool
    if process.terminal and names and is_one_of(process, SHELLS) and _interactive(process):
        return "a shell at a terminal", Severity.LOW
    return None


def _tool(process: Process, watched: _Watched) -> tuple[str, Severity] | None:
    main = watched.is_main(process)
    network = is_one_of(process, NETWORK_TOOLS)
    if network and main:
        return f"{network} is what it was made for", Severity.LOW
    tool = network or _package_manager(process) or ("" if main else is_one_of(process, CONTROL_TOOLS))
    return (f"{tool} runs", Severity.MEDIUM) if tool else None


def _file(process: Process, watched: _Watched) -> str:
    """Why the program's file is not to be trusted, "" where nothing speaks against it."""
    exe = process.exe
    if exe.startswith(_UNTRUSTED):
        return "runs a program from a temporary directory"
    if exe.startswith("/memfd:"):
        sealed = exe.startswith(_SEALED) and _starting(process, watched)
        return "" if sealed else "runs a program that is in memory only"
    if not exe.endswith(_DELETED):
        return ""
    path = exe.removesuffix(_DELETED)
    init = path in ENGINE_INITS and process.pid == watched.first
    return "" if init or (path in RUNTIMES and _starting(process, watched)) else "runs a program whose file is deleted"


def _starting(process: Process, watched: _Watched) -> bool:
    """Just started: a runtime's first step, which becomes the container's program or an exec session's."""
    return process.started is not None and abs(watched.seen_at - process.started) <= _STARTING


def _made_for(processes: Sequence[Process], first: int) -> frozenset[tuple[str, tuple[str, ...]]]:
    """Files and arguments of the first process or, where that is an init, of those that it started itself."""
    main = [process for process in processes if process.pid == first]
    if any(is_one_of(process, INITS) for process in main):
        main = [process for process in processes if process.ppid == first and process.args in _after_init(main)]
    return frozenset((process.exe, process.args) for process in main)


def _after_init(inits: Sequence[Process]) -> list[tuple[str, ...]]:
    """What an init is told to start: each ending of its arguments, for its options are its own."""
    return [process.args[start:] for process in inits for start in range(1, len(process.args))]


def _probes(check_: Healthcheck | None) -> frozenset[tuple[str, ...]]:
    """The command lines of the declared health check: as it is, or each command of its shell's line."""
    if check_ is None or len(check_.test) < 2:
        return frozenset()
    how, *command = check_.test
    if how != "CMD-SHELL":
        return frozenset({tuple(command)} if how == "CMD" else ())
    lexer = shlex.shlex(command[0], posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    try:
        for word in lexer:
            if word.strip("();<>|&"):
                commands[-1].append(word)
            else:
                commands.append([])
    except ValueError:  # a quotation without an end: the shell refuses it too
        return frozenset()
    return frozenset(tuple(words_) for words_ in commands if words_)


def _package_manager(process: Process) -> str:
    name = is_one_of(process, PACKAGE_MANAGERS)
    tasks = PACKAGE_MANAGERS.get(name, frozenset())
    return name if name and (not tasks or tasks.intersection(words(process))) else ""


def _interactive(process: Process) -> bool:
    """Started without a script or a command: only options, none of which brings one."""
    rest = list(process.args[1:])
    if rest and base(process.args[0]) == "busybox":
        rest = rest[1:]
    while rest:
        word = rest.pop(0)
        if word in _WITH_A_VALUE and rest:
            rest.pop(0)
        elif not word.startswith("-") or word.startswith("--command") or ("c" in word and not word.startswith("--")):
            return False
    return True
