"""Whether changes of the engine's programs, directories and configuration leave a trace in the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import structs

from checks.check import Domain, check
from checks.hostpaths import inside, normalise
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import AuditRule, Engine, Host

UNWATCHED = "no rule"
IN_PART = "in part: "
_CHANGES = frozenset("wax")
_USUAL = re.compile(r"auid>=[0-9]+|auid!=(?:unset|-1|4294967295)|arch=b(?:32|64)")
_BOTH = {("arch=b32",), ("arch=b64",)}
_MERGED = re.compile(r"^/(?=(?:bin|sbin|lib|lib32|lib64|libx32)(?:/|$))")
_REMEDY = (
    "Put `-w PATH -p wa -k docker` for each path listed into /etc/audit/rules.d/docker.rules and run `augenrules "
    "--load`. The audit log grows; a directory below which containers write floods it."
)
_SOCKETS = ("/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock", "/run/docker.sock")
_UNITS = re.compile(r"/(?:docker|containerd)\.(?:service|socket)$")
_CONFIGURATION = (
    "/etc/default/docker", "/etc/sysconfig/docker", "/etc/docker/daemon.json", "/etc/containerd/config.toml",
)  # fmt: skip


@check(
    "HOST-003",
    "Audit rules for runtime binaries",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="Nobody records who replaced, or ran, the programs that start containers.",
    remediation=_REMEDY,
    references=(
        "CIS-Docker-1.6:1.1.3", "CIS-Docker-1.6:1.1.14", "CIS-Docker-1.6:1.1.15", "CIS-Docker-1.6:1.1.16",
        "CIS-Docker-1.6:1.1.17", "CIS-Docker-1.6:1.1.18", "ATT&CK:T1562.001", "CWE-778",
    ),
    implied_by=("MON-040",),
)  # fmt: skip
def audited_programs(engine: Engine, view: View) -> Verdict:
    """Judges dockerd, containerd, its shims, runc and their like in /usr/bin, /usr/sbin and /usr/local/bin.

    F: one exists and no rule in /etc/audit/audit.rules or /etc/audit/rules.d/*.rules watches it for writes, attribute
    changes or execution. M: all are watched, some only for what users do who logged in (`-F auid>=1000 -F
    auid!=unset`, the usual form for users), or on one of two architectures: what daemons and intruders do leaves no
    trace. P: all are watched. NA: none of the programs is there. A rule that is narrowed otherwise (to one user, to
    system calls) watches nothing here. U: the engine is remote, or the rules
    may not be read. Whether the kernel has loaded the rules is not told by files. Without an audit daemon nothing is
    watched: that is no reason to call it not applicable, but it is said once, by MON-040.
    Source: CIS Docker 1.1.3, 1.1.14-1.1.18.
    """
    host = view.host()
    return _covered(
        host, [*host.runtime_files.whole(), *_running(host)], "no program of a runtime where they usually are"
    )


@check(
    "HOST-004",
    "Audit rules for runtime directories and sockets",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="Nobody records who changed the containers' data, or who used the sockets that give root.",
    remediation=_REMEDY,
    references=(
        "CIS-Docker-1.6:1.1.4", "CIS-Docker-1.6:1.1.5", "CIS-Docker-1.6:1.1.6", "CIS-Docker-1.6:1.1.8",
        "CIS-Docker-1.6:1.1.9", "CWE-778",
    ),
    implied_by=("MON-040",),
)  # fmt: skip
def audited_directories(engine: Engine, view: View) -> Verdict:
    """Judges /run/containerd, `DockerRootDir`, /etc/docker, and the sockets of containerd and the engine.

    F, M, P, NA, U: as HOST-003. Source: CIS Docker 1.1.4-1.1.6, 1.1.8, 1.1.9.
    """
    host = view.host()
    wanted = {"/run/containerd", normalise(engine.root_dir), "/etc/docker", *_SOCKETS}
    return _covered(host, _existing(host, wanted), "none of them is there")


@check(
    "HOST-005",
    "Audit rules for runtime configuration",
    domain=Domain.HOST,
    severity=Severity.LOW,
    subject=Engine,
    why="Nobody records who changed how the engine starts and what it allows.",
    remediation=_REMEDY,
    references=(
        "CIS-Docker-1.6:1.1.7", "CIS-Docker-1.6:1.1.10", "CIS-Docker-1.6:1.1.11", "CIS-Docker-1.6:1.1.12",
        "CIS-Docker-1.6:1.1.13", "CWE-778",
    ),
    implied_by=("MON-040",),
)  # fmt: skip
def audited_configuration(engine: Engine, view: View) -> Verdict:
    """Judges the units docker.service, docker.socket and containerd.service, /etc/default/docker, daemon.json and such.

    F, M, P, NA, U: as HOST-003. Source: CIS Docker 1.1.7, 1.1.10-1.1.13.
    """
    host = view.host()
    wanted = {*_CONFIGURATION, host.daemon_config_path}
    units = [path for path in (*host.files, *host.files_denied) if _UNITS.search(path)]
    return _covered(host, _existing(host, {*wanted, *units}), "none of them is there")


def watched(path: str, rules: Iterable[AuditRule]) -> AuditRule | None:
    """The rule that notes changes of a path, on itself or on a tree that it is in; one that is not narrowed first.

    Of a narrowed one only the usual form counts. Two that differ by nothing but the architecture are one whole rule.
    """
    wanted = _merged(path)
    found: list[AuditRule] = []
    for rule in rules:
        place = _merged(rule.path)
        if _CHANGES.intersection(rule.access) and (wanted == place or (rule.tree and inside(wanted, place))):
            if not rule.narrowed:
                return rule
            if all(_USUAL.fullmatch(word) for word in rule.narrowed):
                found.append(rule)
    pair = {rule.narrowed for rule in found} >= _BOTH
    return structs.replace(found[0], narrowed=()) if pair else next(iter(found), None)


def _covered(host: Host, paths: Iterable[str], none: str) -> Verdict:
    written = host.audit_rules if host.audit.installed else ()
    rules = {path: watched(path, written) for path in sorted(set(paths))}
    if not rules:
        return not_applicable(none)
    evidence = [Evidence(path, _said(rule)) for path, rule in rules.items()]
    missing = sum(rule is None for rule in rules.values())
    if missing:
        return failed(f"{missing} of {len(rules)} are not watched", *sorted(evidence, key=_found))
    partial = sum(bool(rule and rule.narrowed) for rule in rules.values())
    if partial:
        return manual(f"{partial} of {len(rules)} are watched in part only", *sorted(evidence, key=_found))
    return passed("", *evidence)


def _said(rule: AuditRule | None) -> str:
    if rule is None:
        return UNWATCHED
    where = f"{rule.path} in {rule.where}"
    return f"{IN_PART}{where}, only {' '.join(rule.narrowed)}" if rule.narrowed else where


def _found(evidence: Evidence) -> int:
    return (evidence.value != UNWATCHED) + (not evidence.value.startswith((UNWATCHED, IN_PART)))


def _merged(path: str) -> str:
    """/bin, /sbin and /lib are links into /usr on every current distribution; the kernel watches what they lead to."""
    return _MERGED.sub("/usr/", normalise(path), count=1)


def _running(host: Host) -> list[str]:
    """Programs of the runtime that run from somewhere else."""
    programs = [
        one.exe for one in host.programs if one.comm in {"dockerd", "containerd", "containerd-shim"} and one.exe
    ]
    return [path for path in programs if path.startswith("/") and not path.endswith(" (deleted)")]


def _existing(host: Host, paths: Iterable[str]) -> list[str]:
    """Those that are there, under whichever name of /run they were examined."""
    found = []
    for path in paths:
        other = f"/var{path}" if path.startswith("/run/") else path
        if path and (host.file(path) or host.file(other)):
            found.append(path)
    return found
