"""Whether the kernel enforces what the engine declares."""

from __future__ import annotations

from collections.abc import Iterator

from checks.capabilities import decode, effective
from checks.check import Domain, check
from checks.evidence import seen
from checks.securityopts import no_new_privileges, option
from checks.users import Identity, parse_user
from checks.verdict import Evidence, Severity, Verdict, failed, not_applicable, passed, unknown
from checks.view import View
from inventory.container import Container
from inventory.host import Effective

Side = tuple[str, Evidence, Evidence]  # what is weaker, declared, effective


@check(
    "RUN-054",
    "Effective protection weaker than declared",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="What is set is not what runs: every verdict that trusts the declaration is wrong.",
    remediation=(
        "Recreate the container (docker compose up -d --force-recreate NAME), then compare again. Where it stays: the "
        "runtime or the kernel lacks the feature (docker info, SecurityOptions)."
    ),
    references=("NIST-800-190:4.4.3", "ATT&CK:T1562.001", "CWE-693"),
)
def weaker_than_declared(container: Container, view: View) -> Verdict:
    """Fail: /proc/PID/status of the first process shows less protection than the declaration: no seccomp filter though
    one is in force, NoNewPrivs 0 though asked for, capabilities beyond the granted set, or uid 0 though the user is
    another number (only where the uid map is the identity).

    Pass: equal or stronger. Not applicable: it does not run. Unknown: the engine is not on this machine, or the
    process cannot be looked at. Source: proc(5).
    """
    if not container.running:
        return not_applicable("it does not run")
    kernel = view.effective(container.id)
    if kernel is None:
        return unknown("/proc/PID/status of its first process could not be read (run as root on the engine's host)")
    weaker = [*_seccomp(container, view, kernel), *_privileges(container, kernel), *_identity(container, kernel)]
    if not weaker:
        return passed()
    names = ", ".join(name for name, _, _ in weaker)
    return failed(f"weaker than declared: {names}", *(side for _, *sides in weaker for side in sides))


def _seccomp(container: Container, view: View, kernel: Effective) -> Iterator[Side]:
    if kernel.seccomp != 0 or container.privileged:
        return
    declared = option(container.security_opt, "seccomp")
    if declared is None:
        profile = view.engine().security_option("seccomp")
        declared = profile.get("profile", "default") if profile is not None else "unconfined"
    if declared != "unconfined":
        yield "seccomp", seen("declared seccomp", declared[:80]), seen("/proc/PID/status: Seccomp", kernel.seccomp)


def _privileges(container: Container, kernel: Effective) -> Iterator[Side]:
    if no_new_privileges(container.security_opt) and not kernel.no_new_privs:
        declared = seen("HostConfig.SecurityOpt", container.security_opt)
        yield "no-new-privileges", declared, seen("/proc/PID/status: NoNewPrivs", kernel.no_new_privs)
    granted = effective(container.cap_add, container.cap_drop, container.privileged)
    in_effect = decode(kernel.cap_bnd | kernel.cap_eff)
    if not container.privileged and not in_effect <= granted:
        yield "capabilities", seen("granted", granted), seen("/proc/PID/status: beyond it", in_effect - granted)


def _identity(container: Container, kernel: Effective) -> Iterator[Side]:
    other = parse_user(container.user).identity is Identity.OTHER
    if other and kernel.identity_uid_map and kernel.uid == 0:
        yield "user", seen("Config.User", container.user), seen("/proc/PID/status: Uid", kernel.uid)
