"""Who the processes of a container really run as."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import capped, seen
from checks.processes import SHOWN, lives, root_inside, shown
from checks.runtime.kernel import kernel_view, root_is_mapped
from checks.users import Identity, parse_user
from checks.verdict import Severity, Verdict, failed, not_applicable, passed, unknown
from checks.view import View
from inventory.container import Container

_NO_USERS = "the list of processes does not tell every user (run on the engine's host)"


@check(
    "RUN-011",
    "No user-namespace isolation in effect",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Root in the container is root on the host: whatever it breaks out of, it does so as root.",
    remediation=(
        'Run it as a user (--user 10001:10001), or map users: `"userns-remap": "default"` in daemon.json, or a '
        "rootless engine. Remapping gives every container new owners for its files: volumes need a chown."
    ),
    references=("CIS-Docker-1.6:2.9", "OWASP-Docker:D01", "ATT&CK:T1611", "CWE-250"),
    implied_by=("RUN-023",),
)
def no_user_namespace(container: Container, view: View) -> Verdict:
    """Fail: a process is uid 0 and `/proc/PID/uid_map` of the first one is the identity (0 0 4294967295).

    Where the kernel's view cannot be had, the engine's description counts: neither name=userns nor name=rootless in
    SecurityOptions. Pass: mapped, or rootless. Not applicable: it does not run, or no process is root. Unknown: the
    processes, or the users of them, were not read. Told with RUN-023 where the container is declared to run as root.
    Source: CIS Docker 2.9, user_namespaces(7).
    """
    if not lives(container):
        return not_applicable("it does not run")
    kernel = kernel_view(container, view)
    if root_is_mapped(container, view):
        return passed("users are mapped to others outside")
    processes = view.activity(container.id).processes
    root = [process for process in processes if process.uid == 0]
    if not root:
        doubtful = any(process.uid is None for process in processes)
        return unknown(_NO_USERS) if doubtful else not_applicable("no process is root")
    mapping = (
        seen("SecurityOptions", view.engine().security_options)
        if kernel is None
        else seen("/proc/PID/uid_map", "0 0 4294967295")
    )
    count = seen("processes with uid 0", len(root))
    message = f"{len(root)} of {len(processes)} processes are root on the host"
    return failed(message, mapping, count, *capped((shown(process, processes) for process in root), SHOWN))


@check(
    "RUN-024",
    "Root process in a non-root container",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="The declared user says non-root, and yet a process is root: a set-uid program, an exec session or an exploit.",
    remediation=(
        "Find out where it comes from (docker top NAME, the parents below), end it, and take the way away: "
        "--security-opt no-new-privileges, no set-uid files in the image. Programs that need sudo stop working."
    ),
    references=("CIS-Docker-1.6:4.1", "ATT&CK:T1548", "CWE-250"),
)
def root_in_non_root(container: Container, view: View) -> Verdict:
    """Fail: a process is root, as the container counts users, although `Config.User` is another user.

    Pass: none is. Not applicable: it does not run, or is declared to run as root (RUN-023). Unknown: the processes, or
    the users of them, were not read. Source: CIS Docker 4.1.
    """
    if not lives(container):
        return not_applicable("it does not run")
    if parse_user(container.user).identity is Identity.ROOT:
        return not_applicable("runs as root as declared (RUN-023)")
    processes = view.activity(container.id).processes
    kernel = kernel_view(container, view)
    mapped = kernel is not None and not kernel.identity_uid_map
    judged = [(process, root_inside(process, mapped)) for process in processes]
    root = [process for process, is_root in judged if is_root]
    if root:
        names = ", ".join(dict.fromkeys(process.comm for process in root))
        evidence = capped((shown(process, processes) for process in root), SHOWN)
        declared = seen("Config.User", container.user)
        return failed(f"root inside: {names}", declared, *evidence, salient=", ".join(sorted({p.comm for p in root})))
    return unknown(_NO_USERS) if any(is_root is None for _, is_root in judged) else passed()
