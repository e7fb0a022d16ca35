"""Updates that are on the disk but not in memory: of the kernel, and of the programs that run containers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from checks.check import Domain, check
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Severity, Verdict, failed, passed, unknown
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.model import Engine, Host, RuntimeProgram

_DELETED = " (deleted)"
_PROGRAMS = frozenset({"dockerd", "containerd", "containerd-shim"})
_NUMBER = re.compile(r"\d+")
_MARKS = re.compile(r"[\d._+~-]+")


@check(
    "HOST-011",
    "Reboot or daemon restart pending",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Patched on the disk, vulnerable in memory.",
    remediation="Reboot, or `systemctl restart containerd docker` for the daemons (containers keep running with live "
    "restore only). A shim keeps its old program until its container is re-created.",
    references=("NIST-800-190:4.5.3", "CWE-1104"),
)
def restart_pending(engine: Engine, view: View) -> Verdict:
    """Judges /run/reboot-required, the releases in /lib/modules, and /proc/PID/exe of dockerd, containerd and shims.

    F: the file is there; a kernel of the same flavour that is newer than the running one is installed; a program was
    replaced while it runs (low where only shims were). P: none of these. U: the engine is remote, the running kernel is
    not among the installed ones (a virtual machine may be given its kernel from outside), or links of processes may not
    be read (root may), and nothing is pending that was seen.
    """
    host = view.host()
    kernel = _kernel(host)
    old = [one for one in host.programs if one.comm in _PROGRAMS and (one.exe or "").endswith(_DELETED)]
    evidence = [Evidence("/run/reboot-required", "present")] if host.reboot_required else []
    evidence += [] if kernel is None else [kernel]
    evidence += [Evidence(f"/proc/{one.pid}/exe", one.exe or "") for one in old[:SHOWN]]
    if evidence:
        shims_only = not host.reboot_required and kernel is None and all(one.comm == "containerd-shim" for one in old)
        return failed(_message(host, kernel, old), *evidence, severity=Severity.LOW if shims_only else None)
    return _nothing(host)


def newer(running: str, installed: Iterable[str]) -> str:
    """The newest installed kernel of the running one's flavour if it is newer, else "".

    The flavour is what is left without numbers: 6.1.0-18-amd64 and 6.1.0-21-amd64 are of one, 6.1.0-21-cloud-amd64 is
    of another; all numbers are compared in order.
    """
    alike = [release for release in installed if _flavour(release) == _flavour(running)]
    newest = max(alike, key=_order, default=running)
    return newest if _order(newest) > _order(running) else ""


def _flavour(release: str) -> str:
    """Without numbers and the marks between them, of which there may be more in one release than in the next."""
    return _MARKS.sub("-", release)


def _order(release: str) -> tuple[list[int], list[int]]:
    """The numbers before the first word, then those after: 5.14.0-362.8.1.el9_3 is newer than 5.14.0-362.el9_3."""
    start = _MARKS.match(release)
    version = start[0] if start else ""
    return _numbers(version), _numbers(release[len(version) :])


def _numbers(text: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(text)]


def _kernel(host: Host) -> Evidence | None:
    installed = host.peek("kernels")
    found = "" if isinstance(installed, Gap) else newer(host.kernel_release, installed)
    return Evidence("kernel", f"{host.kernel_release} runs, {found} is installed") if found else None


def _message(host: Host, kernel: Evidence | None, old: list[RuntimeProgram]) -> str:
    parts = ["a reboot is asked for"] if host.reboot_required else []
    parts += ["a newer kernel waits"] if kernel else []
    names = ", ".join(sorted({one.comm for one in old}))
    parts += [f"{len(old)} process(es) run a program that was replaced ({names})"] if old else []
    return "; ".join(parts)


def _nothing(host: Host) -> Verdict:
    for one in host.programs:
        if one.comm in _PROGRAMS and one.exe is None:
            raise Unread(Gap(Reason.DENIED, f"/proc/{one.pid}/exe"))
    release = Evidence("/proc/sys/kernel/osrelease", host.kernel_release)
    if host.kernel_release not in host.kernels:
        return unknown(
            "which kernel the next boot starts cannot be told: the running one is not installed here", release
        )
    programs = [Evidence(f"/proc/{one.pid}/exe", one.exe or "") for one in host.programs if one.comm in _PROGRAMS]
    return passed("", release, *programs[:SHOWN])
