"""What the kernel under all containers is told: resource control, hardening settings, handling of core dumps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from checks.check import Domain, check
from checks.hostpaths import inside, normalise
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed, unknown
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.model import Engine, FileFacts, Host

_STORAGE = ("/var/lib/containerd", "/var/lib/containers", "/var/lib/docker")
_STICKY = 0o1000
_NUMBER = re.compile(r"-?[0-9]{1,18}")


class Setting(NamedTuple):
    """A kernel setting: what it should be in words, the test, and how bad it is otherwise."""

    wanted: str
    good: Callable[[int], bool]
    severity: Severity = Severity.LOW


def _at_least(number: int, severity: Severity = Severity.LOW) -> Setting:
    return Setting(f">= {number}", lambda value: value >= number, severity)


def _exactly(number: int, severity: Severity = Severity.LOW) -> Setting:
    return Setting(str(number), lambda value: value == number, severity)


SETTINGS: Mapping[str, Setting] = MappingProxyType({
    "kernel.kptr_restrict": _at_least(1),
    "kernel.dmesg_restrict": _exactly(1),
    "kernel.unprivileged_bpf_disabled": _at_least(1, Severity.MEDIUM),
    "kernel.yama.ptrace_scope": _at_least(1),
    "kernel.kexec_load_disabled": _exactly(1),
    "kernel.randomize_va_space": _exactly(2),
    "kernel.perf_event_paranoid": _at_least(2),
    "fs.protected_hardlinks": _exactly(1),
    "fs.protected_symlinks": _exactly(1),
    "fs.protected_fifos": _at_least(1),
    "fs.protected_regular": _at_least(1),
    "fs.suid_dumpable": _exactly(0),
    "net.ipv4.conf.all.route_localnet": _exactly(0, Severity.MEDIUM),
    "net.ipv4.conf.all.accept_redirects": _exactly(0),
    "net.ipv4.conf.all.send_redirects": _exactly(0),
})  # fmt: skip
"""What is expected of each; `rp_filter` is judged apart, because the greater of two values counts."""
_FILTERS = ("net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter")


@check(
    "HOST-008",
    "cgroup v1",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="Weaker control of resources and devices, and the release_agent way out of a container.",
    remediation="Boot with `systemd.unified_cgroup_hierarchy=1` (or a current distribution). Programs that read cgroup "
    "files, such as old Java versions and monitoring agents, have to know version 2.",
    references=("CVE-2022-0492", "CWE-1104"),
)
def cgroup_version(engine: Engine, view: View) -> Verdict:
    """Judges `CgroupVersion` of the engine's info. M: 1. P: 2. U: not read, or an engine that does not tell."""
    evidence = Evidence("CgroupVersion", engine.cgroup_version or "none")
    if engine.cgroup_version == "2":
        return passed("", evidence)
    if engine.cgroup_version != "1":
        return unknown("the engine does not tell its version of cgroups", evidence)
    return manual("cgroup v1: escapes by release_agent depend on it", evidence)


@check(
    "HOST-009",
    "Kernel hardening sysctls",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="All containers share this kernel; each weak setting is a step that an attacker need not take.",
    remediation="Write `NAME = VALUE` for each row into /etc/sysctl.d/90-hardening.conf and run `sysctl --system`. "
    "Profilers need perf_event_paranoid, debuggers ptrace_scope: loosen those on machines of developers only.",
    references=("CIS-Docker-1.6:1.2.1", "NIST-800-190:4.5.1", "CVE-2020-8558", "CWE-1188"),
)
def weak_settings(engine: Engine, view: View) -> Verdict:
    """Judges settings below /proc/sys; one that this kernel does not have is not judged.

    F: a value is weaker than wanted (medium for unprivileged_bpf_disabled and route_localnet, else low). P: none is.
    U: the engine is remote, or a setting may not be read and none that was read is weak. Reverse path filtering counts
    as on when `all` or `default` is 1 or 2: the kernel takes the greater of `all` and the interface's own.
    Limits of user namespaces are not judged, because rootless engines need them.
    Source: CIS Docker 1.2.1, Documentation/admin-guide/sysctl of the kernel.
    """
    settings = view.host().sysctls
    weak = [(name, value) for name, value in settings.items() if _weak(name, value)]
    filters = [value for name in _FILTERS if isinstance(value := settings.get(name), str)]
    if len(filters) == len(_FILTERS) and not {"1", "2"}.intersection(filters):
        weak.append((_FILTERS[0], filters[0]))
    if weak:
        evidence = (Evidence(name, f"have {value}, want {_wanted(name)}") for name, value in weak)
        severity = max(SETTINGS[name].severity if name in SETTINGS else Severity.LOW for name, _ in weak)
        return failed(f"{len(weak)} of {len(settings)} weaker than wanted", *evidence, severity=severity)
    for value in settings.values():
        if isinstance(value, Gap):
            raise Unread(value)
    if not settings:
        raise Unread(Gap(Reason.ABSENT, "/proc/sys"))
    return passed("", *(Evidence(name, str(value)) for name, value in settings.items()))


@check(
    "HOST-012",
    "core_pattern handler",
    domain=Domain.HOST,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="The kernel runs the handler as root on the host whenever a process in a container crashes.",
    remediation="`sysctl -w kernel.core_pattern=core` (and in /etc/sysctl.d), or a handler that belongs to root in "
    "directories that only root changes. Crash reports of the distribution stop with the former.",
    references=("ATT&CK:T1611", "CVE-2025-52881", "CWE-426"),
)
def core_handler(engine: Engine, view: View) -> Verdict:
    """Judges /proc/sys/kernel/core_pattern, and the program that it names as the host sees it (core(5)).

    F: a pipe to a program that is missing, that somebody other than root may change (itself or a directory above it),
    or that lies in the storage of containers (critical). M: a pipe to another program. P: a file name, or empty.
    U: the engine is remote, or the program may not be looked at.
    """
    host = view.host()
    pattern = host.core_pattern
    evidence = Evidence("/proc/sys/kernel/core_pattern", pattern or "empty")
    if not pattern.startswith("|"):
        return passed("", evidence)
    path = "/" + (pattern[1:].split() or [""])[0].lstrip("/")
    if path == "/":
        return passed("nothing is run", evidence)
    storage = [root for root in (engine.root_dir, *_STORAGE) if root and inside(normalise(path), normalise(root))]
    if storage:
        message = "the handler lies in the storage of containers"
        return failed(message, evidence, Evidence("storage", storage[0]), severity=Severity.CRITICAL)
    return _handler(host, path, evidence)


def _handler(host: Host, path: str, evidence: Evidence) -> Verdict:
    examined = host.core_handler
    changeable = [one for one in examined.found.values() if _changeable(one)]
    if changeable:
        facts = (Evidence(f"stat {one.path}", f"{one.owner or one.uid} {one.mode:04o}") for one in changeable)
        message = "somebody other than root may change the handler"
        return failed(message, evidence, *facts, severity=Severity.CRITICAL)
    if normalise(path) not in {normalise(one) for one in examined.whole()}:
        message = "the handler is missing: who can create it, is root at the next crash"
        return failed(message, evidence, Evidence(f"stat {path}", "no such file"))
    return manual("crashes of containers run a program of the host as root", evidence)


def _changeable(facts: FileFacts) -> bool:
    """By somebody other than root; a sticky directory lets nobody replace what belongs to others."""
    shared = facts.mode & 0o002 or (facts.mode & 0o020 and facts.gid)
    return facts.uid != 0 or (bool(shared) and not (facts.kind == "directory" and facts.mode & _STICKY))


def _weak(name: str, value: str | Gap) -> bool:
    setting = SETTINGS.get(name)
    if setting is None or isinstance(value, Gap):
        return False
    return not (_NUMBER.fullmatch(value) and setting.good(int(value)))


def _wanted(name: str) -> str:
    return SETTINGS[name].wanted if name in SETTINGS else "1 or 2"
