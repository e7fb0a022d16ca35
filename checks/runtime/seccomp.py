"""The system call filter of a container."""

from __future__ import annotations

import json
from typing import Any

from checks.check import Domain, check
from checks.evidence import seen
from checks.runtime.kernel import kernel_view
from checks.securityopts import option
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.container import Container

_BLOCKED_BY_DEFAULT = frozenset({
    "acct", "add_key", "bpf", "clock_settime", "create_module", "delete_module", "finit_module", "fsconfig", "fsmount",
    "fsopen", "fspick", "get_kernel_syms", "init_module", "io_uring_setup", "ioperm", "iopl", "kexec_file_load",
    "kexec_load", "keyctl", "lookup_dcookie", "mount", "mount_setattr", "move_mount", "nfsservctl",
    "open_by_handle_at", "open_tree", "perf_event_open", "personality", "pivot_root", "process_vm_readv",
    "process_vm_writev", "ptrace", "query_module", "quotactl", "reboot", "request_key", "setns", "settimeofday",
    "swapoff", "swapon", "sysfs", "syslog", "umount2", "unshare", "userfaultfd", "ustat", "vm86",
})  # fmt: skip
_ALLOW = {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG"}


@check(
    "RUN-017",
    "Seccomp off",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="Some forty dangerous system calls come back: a kernel bug in one of them is an escape.",
    remediation=(
        "Drop --security-opt seccomp=unconfined (Compose: `security_opt`); allow single calls in a profile of your own "
        "(seccomp=profile.json). Debuggers and some runtimes (ptrace, userfaultfd, keyctl) need such a profile."
    ),
    references=("CIS-Docker-1.6:5.22", "PSS:baseline:Seccomp", "ATT&CK:T1611", "CWE-693"),
    implied_by=("RUN-001",),
)
def seccomp_off(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.SecurityOpt` has seccomp unconfined; or it says nothing and the engine's own profile is
    unconfined or missing in SecurityOptions; or the kernel shows mode 0 for the first process; or privileged (folded
    into RUN-001).

    Pass: a filter is asked for, and the kernel, where it can be read, shows mode 2. Source: CIS Docker 5.22.
    """
    evidence: list[Evidence] = []
    kernel = kernel_view(container, view)
    if kernel is not None:
        evidence.append(seen("/proc/PID/status: Seccomp", kernel.seccomp))
    why = _off(container, view, evidence)
    if why:
        return failed(why, *evidence)
    if kernel is not None and kernel.seccomp == 0:
        return failed("no filter is in effect", *evidence)
    return passed("", *evidence)


def _off(container: Container, view: View, evidence: list[Evidence]) -> str:
    if container.privileged:
        evidence.append(seen("HostConfig.Privileged", True))
        return "privileged containers have no filter"
    declared = option(container.security_opt, "seccomp")
    if declared is not None:
        evidence.append(seen("HostConfig.SecurityOpt: seccomp", declared[:80]))
        return "switched off for this container" if declared == "unconfined" else ""
    engine = view.engine()
    profile = engine.security_option("seccomp")
    if profile is None or profile.get("profile") == "unconfined":
        evidence.append(seen("SecurityOptions", engine.security_options))
        return "the engine applies no filter"
    return ""


@check(
    "RUN-018",
    "Custom seccomp profile",
    domain=Domain.RUNTIME,
    severity=Severity.INFO,
    subject=Container,
    why="A profile of one's own may allow more than the engine's default.",
    remediation=(
        "Start from the engine's default profile and add the single calls that are needed; defaultAction must be "
        "SCMP_ACT_ERRNO. Run the workload's tests: a missing call shows as EPERM."
    ),
    references=("CIS-Docker-1.6:2.17", "ATT&CK:T1611"),
)
def custom_seccomp(container: Container, view: View) -> Verdict:
    """Fail (medium): a profile whose defaultAction allows and that denies nothing. Manual: any other profile, with the
    calls that it allows and the default blocks, or one given by a path. Pass: none set. Source: CIS Docker 2.17."""
    declared = option(container.security_opt, "seccomp")
    if declared in {None, "unconfined", "default", "builtin"}:
        return passed()
    profile = _decoded(declared or "")
    if profile is None:
        return manual("its content is not shown by the engine", seen("HostConfig.SecurityOpt: seccomp", declared))
    default, allowed, denied = _rules(profile)
    evidence = seen("HostConfig.SecurityOpt: seccomp.defaultAction", default)
    if default in _ALLOW and not denied:
        return failed("allows every system call", evidence, severity=Severity.MEDIUM)
    widened = _BLOCKED_BY_DEFAULT - denied if default in _ALLOW else _BLOCKED_BY_DEFAULT & allowed
    return manual(
        f"allows {len(widened)} calls that the default profile blocks",
        evidence,
        seen("allowed although blocked by default", widened),
    )


def _decoded(text: str) -> dict[str, Any] | None:
    try:
        profile = json.loads(text)
    except ValueError:
        return None
    return profile if isinstance(profile, dict) else None


def _rules(profile: dict[str, Any]) -> tuple[str, frozenset[str], frozenset[str]]:
    """The default action, the calls that a rule allows, and those that a rule denies."""
    allowed: set[str] = set()
    denied: set[str] = set()
    rules = profile.get("syscalls")
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, dict):
            names = rule.get("names") or [rule.get("name")]
            target = allowed if rule.get("action") in _ALLOW else denied
            target.update(name for name in names if isinstance(name, str))
    return str(profile.get("defaultAction", "")), frozenset(allowed), frozenset(denied)
