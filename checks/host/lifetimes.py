"""Whether the engine, the kernel and the distribution still get their security fixes."""

from __future__ import annotations

from datetime import date

from checks.check import Domain, check
from checks.data import kernel, lifetimes
from checks.data.tables import SOON, day, outdated
from checks.data.updates import engine_ends
from checks.data.updates import lifetime as updated_lifetime
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed, unknown
from checks.versions import parse_version
from checks.view import View
from inventory.gap import Unread
from inventory.model import Engine


@check(
    "DMN-018",
    "Engine end of life",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="Holes in the engine are not fixed any more.",
    remediation="Upgrade to a supported major version (29, or 25.0 until its end). Read the release notes for removed "
    "features, and set live-restore first so that containers survive the restart.",
    references=("CIS-Docker-1.6:1.2.2", "NIST-800-190:4.4.1", "OWASP-Docker:D02", "CWE-1104"),
)
def engine_end_of_life(engine: Engine, view: View) -> Verdict:
    """Judges `Version` by the dated table of Moby's major versions.

    F: the end is past. M: the end is past but a distribution built it and may patch it; the end is less than 90 days
    off; the table is older than 180 days; or it does not know the version (newer major, Podman). P: supported.
    U: the version is no number. Source: CIS Docker 1.2.2.
    """
    today = day(view.now)
    release = parse_version(engine.version)
    version = Evidence("Version", engine.version)
    if release is None:
        return unknown(f"version {engine.version!r} is no number", version)
    ends, made = engine_ends(lifetimes.DOCKER_ENGINE, lifetimes.TABLE_DATE, view.policy.tables)
    table = _table(made)
    if engine.flavour != "docker" or release.release[0] not in ends:
        return manual(f"no end of life known for {engine.flavour} {release.release[0]}", version, table)
    end = ends[release.release[0]]
    if end is None:
        return _supported(f"{release.release[0]} is the current version", today, made, version, table)
    evidence = (version, Evidence("end of life", str(end)), table)
    if end < today and release.distribution:
        return manual(f"upstream ended on {end}; the distribution that built it may still patch it", *evidence)
    if end < today:
        return failed(f"no fixes since {end}", *evidence)
    if end - today < SOON:
        return manual(f"fixes end on {end}", *evidence)
    return _supported(f"fixes until {end}", today, made, *evidence)


@check(
    "HOST-006",
    "Kernel with a known container escape",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="All containers share the kernel: one bug leads out of every one of them.",
    remediation="Install the distribution's kernel update and reboot. Until then: no user namespaces for "
    "unprivileged users (`sysctl user.max_user_namespaces=0`, which breaks rootless engines), no NET_ADMIN.",
    references=("NIST-800-190:4.5.3", "ATT&CK:T1068", "ATT&CK:T1611", "CWE-1395"),
)
def vulnerable_kernel(engine: Engine, view: View) -> Verdict:
    """Judges `KernelVersion` by the dated table of kernel bugs used from containers.

    F: a mainline version with such a bug. M: a distribution's kernel with such a number (its fixes do not show in it),
    or the table is older than 180 days. P: the number is past every fix. U: the version is no number.
    """
    return judge_kernel("KernelVersion", engine.kernel_version, view)


@check(
    "HOST-010",
    "Host OS end of life",
    domain=Domain.HOST,
    severity=Severity.HIGH,
    subject=Engine,
    why="Holes in the host's system are not fixed any more.",
    remediation="Upgrade the distribution, or move the containers to a host that is supported. Where extended "
    "support was bought, say so in a waiver with its end as expiry.",
    references=("CIS-Docker-1.6:1.2.1", "NIST-800-190:4.5.3", "CWE-1104"),
)
def host_end_of_life(engine: Engine, view: View) -> Verdict:
    """Judges `OperatingSystem` (else the host's os-release) by the dated table of distributions.

    F: free fixes and any extended support have ended, or there is none to buy. M: only extended support is left; less
    than 90 days; distribution or release not in the table; table older than 180 days. P: supported. U: not read.
    """
    return judge_system("OperatingSystem", _operating_system(engine, view), view)


def judge_kernel(path: str, text: str, view: View) -> Verdict:
    """HOST-006 of a kernel version found at `path`."""
    release = parse_version(text)
    version = Evidence(path, text)
    if release is None:
        return unknown(f"kernel version {text!r} is no number", version)
    table = _table(kernel.TABLE_DATE)
    found = kernel.bugs(release)
    if not found:
        return _supported("", day(view.now), kernel.TABLE_DATE, version, table)
    names = ", ".join(bug.cve for bug in found)
    evidence = [
        Evidence(bug.cve, f"{bug.what}; {f'needs {bug.needs}' if bug.needs else 'no condition'}") for bug in found
    ]
    if release.distribution:
        return manual(
            f"upstream {release.release[0]}.{release.release[1]} had {names}; the distribution may have fixed them",
            version,
            *evidence,
            table,
        )
    return failed(f"has {names}", version, *evidence, table)


def judge_system(path: str, name: str, view: View) -> Verdict:
    """HOST-010 of an operating system's name found at `path`."""
    today = day(view.now)
    found = lifetimes.distribution(name)
    system = Evidence(path, name)
    if found is None:
        return manual(f"no end of life known for {name!r}", system, _table(lifetimes.TABLE_DATE))
    release, shipped, tables = str(found), lifetimes.TABLE_DATE, view.policy.tables
    lifetime, made = updated_lifetime(found.distribution, found.release, found.lifetime, shipped, tables)
    table = _table(made)
    if lifetime is None:
        return manual(f"no end of life known for {release!r}", system, table)
    evidence = (system, Evidence("end of life", str(lifetime.end)), table)
    if lifetime.end < today:
        if lifetime.extended and lifetime.extended >= today:
            message = f"{release}: free fixes ended on {lifetime.end}, paid ones end on {lifetime.extended}"
            return manual(message, *evidence)
        return failed(f"{release} gets no fixes since {lifetime.end}", *evidence)
    if lifetime.end - today < SOON:
        return manual(f"fixes for {release} end on {lifetime.end}", *evidence)
    return _supported(f"{release}: fixes until {lifetime.end}", today, made, *evidence)


def _operating_system(engine: Engine, view: View) -> str:
    if lifetimes.distribution(engine.operating_system):
        return engine.operating_system
    try:
        pretty = view.host().os_release.get("PRETTY_NAME", "")
    except Unread:
        return engine.operating_system
    return pretty if lifetimes.distribution(pretty) else engine.operating_system


def _supported(message: str, today: date, table: date, *evidence: Evidence) -> Verdict:
    if outdated(table, today):
        return manual(f"fine by a table of {table}, which is too old to prove it", *evidence)
    return passed(message, *evidence)


def _table(made: date) -> Evidence:
    return Evidence("table of", str(made))
