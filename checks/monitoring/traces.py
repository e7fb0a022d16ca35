"""Traces that outlive what happened: the audit daemon, the engine's events, and who may change log files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from checks.check import Domain, check
from checks.hostpaths import inside, normalise
from checks.images.usage import SHOWN
from checks.sockets import runtime_sockets
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.gap import Gap, Unread
from inventory.model import Component, Container, Engine, FileFacts, Journal, Kind

_COLLECTORS = frozenset({"log shipper", "log store", "collector", "detection"})
_JOURNALS = ("/var/log", "/var/log/journal", "/run/log", "/run/log/journal")
_LOG_GROUPS = frozenset({"root", "adm", "syslog", "systemd-journal", "utmp"})
_STICKY = 0o1000


@check(
    "MON-040",
    "No audit daemon on host",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Who did what on the host is not known afterwards.",
    remediation="`apt install auditd` (or `dnf install audit`), then `systemctl enable --now auditd` and rules for "
    "the engine (HOST-003, HOST-004, HOST-005). Busy rules cost time at each system call.",
    references=("CIS-Docker-1.6:1.1.3", "NSA:logging", "CWE-778"),
)
def audit_daemon(engine: Engine, view: View) -> Verdict:
    """Judges whether auditd is installed and runs, and whether it has anything to watch.

    F: not installed or not running; running without a single watch on a file (low). P: it runs; where its rules and its
    configuration may be read (by root), the evidence says how many watches there are and what it does when the disk is
    full. U: the engine is remote, or other users' processes are hidden. Source: CIS Docker 1.1.3 ff., auditd.conf(5).
    """
    host = view.host()
    audit = host.audit
    state = Evidence("auditd", "running" if audit.running else "installed" if audit.installed else "not installed")
    if not audit.running:
        return failed("installed, but it does not run" if audit.installed else "not installed", state)
    rules, config = host.peek("audit_rules"), audit.config
    if not isinstance(rules, Gap) and not rules:
        where = Evidence("/etc/audit/rules.d", "no watch")
        return failed("it runs, but no file is watched", state, where, severity=Severity.LOW)
    watches = str(rules) if isinstance(rules, Gap) else f"{len(rules)} watch(es)"
    full = str(config) if isinstance(config, Gap) else config.get("disk_full_action", "not set")
    where = Evidence("/etc/audit/rules.d", watches)
    return passed("", state, where, Evidence("/etc/audit/auditd.conf: disk_full_action", full))


@check(
    "MON-042",
    "Engine events not kept",
    domain=Domain.MONITORING,
    severity=Severity.LOW,
    subject=Engine,
    why="Create, exec and die events are the cheapest trace of what happened to containers; a reboot erases them.",
    remediation="`mkdir -p /var/log/journal && systemctl restart systemd-journald`, or `Storage=persistent` in "
    "journald.conf with `SystemMaxUse=`; or run a collector that reads the engine's events.",
    references=("CIS-Docker-1.6:5.23", "CIS-Docker-1.6:5.24", "NIST-800-190:4.4.5", "CWE-778"),
)
def kept_events(engine: Engine, view: View) -> Verdict:
    """Judges journald's storage, and collectors: on the host itself, or with the engine's socket or journals mounted.

    F: the journal is volatile and there is no such collector. M: there is no journal and no such collector. P: a
    collector, or a journal on disk: `Storage=persistent`, or `auto` with journals in /var/log/journal. U: the engine is
    remote, or its configuration may not be read, and no collector was found. Source: journald.conf(5).
    """
    with suppress(Unread):  # a collector suffices
        journal = view.host().journal
        if journal.kept and journal.storage in {"persistent", "auto"}:
            return passed("", _stored(journal))
    collector = next(_collectors(view), None)
    if collector is not None:
        return passed("", collector)
    journal = view.host().journal
    evidence = _stored(journal)
    if not journal.present:
        return manual("no journal and no collector was found", Evidence("/run/systemd/journal/socket", "no such file"))
    return failed("the journal is lost with the next reboot, and nobody collects it", evidence)


@check(
    "MON-044",
    "Log files writable by others",
    domain=Domain.MONITORING,
    severity=Severity.LOW,
    subject=Engine,
    why="Evidence can be edited by those whom it is about.",
    remediation="`chown root:root FILE; chmod 640 FILE` (directories 750), and mount log directories read-only into "
    "containers. Programs that write there under another user need a directory of their own.",
    references=("ATT&CK:T1070", "CWE-732"),
)
def writable_logs(engine: Engine, view: View) -> Verdict:
    """Judges `LogPath` of containers, /var/log and its directories of containers, pods, audit and journals; and mounts.

    F: others may write, or a group that is not made for logs; the owner is another than root (the remapped root, a
    rootless engine's user); or a container mounts one of the directories writable. P: none. U: the engine is remote,
    a path may not be looked at, or containers were not listed. Files are examined from outside, never opened.
    """
    logs = view.host().logs
    owners = {0, _remapped(engine)}
    strange = () if engine.rootless else [one for one in logs.found.values() if one.uid not in owners]
    bad = [one for one in logs.found.values() if _writable(one) or one in strange]
    containers = view.all(Container)
    mounts = list(_mounted(containers, tuple(logs.found)))
    if bad or mounts:
        facts = [
            Evidence(f"stat {one.path}", f"{one.owner or one.uid}:{one.group or one.gid} {one.mode:04o}") for one in bad
        ]
        parts = [f"{len(bad)} path(s) that others may change"] if bad else []
        parts += [f"{len(mounts)} container(s) that may"] if mounts else []
        return failed(" and ".join(parts), *facts[:SHOWN], *mounts[:SHOWN])
    return passed(f"{len(logs.whole())} path(s) examined")


def _stored(journal: Journal) -> Evidence:
    return Evidence("journald.conf: Storage", f"{journal.storage}, {'' if journal.kept else 'no '}journals on disk")


def _collectors(view: View) -> Iterator[Evidence]:
    """Collectors that get to see the engine's events: by its socket, the journal, or as a program of the host."""
    for one in view.all(Component):
        if one.role not in _COLLECTORS:
            continue
        carrier = view.get(one.carrier)
        mounts = carrier.peek("mounts") if isinstance(carrier, Container) else ()
        known = () if isinstance(mounts, Gap) else mounts
        journal = any(normalise(mount.source) in _JOURNALS for mount in known if mount.type == "bind")
        if one.carrier.kind is Kind.HOST or journal or next(runtime_sockets(known), None):
            yield Evidence(one.role, f"{one.product} ({one.name})", one.carrier)


def _remapped(engine: Engine) -> int:
    """Whom the engine's files belong to, where that is not root: its data directory is named after a remapped root."""
    remapped = engine.root_dir.rstrip("/").rpartition("/")[2].partition(".")[0]
    return int(remapped) if remapped.isdecimal() else 0


def _writable(facts: FileFacts) -> bool:
    sticky = facts.kind == "directory" and facts.mode & _STICKY
    return bool(facts.mode & 0o002 and not sticky) or bool(facts.mode & 0o020 and facts.group not in _LOG_GROUPS)


def _mounted(containers: tuple[Container, ...], logs: tuple[str, ...]) -> Iterator[Evidence]:
    directories = [normalise(path) for path in logs if path.startswith("/var/log")] or ["/var/log"]
    for container in containers:
        for index, mount in enumerate(container.mounts):
            source = normalise(mount.source)
            if mount.type == "bind" and mount.rw and any(inside(path, source) for path in directories):
                value = f"{mount.source} -> {mount.destination} rw"
                yield Evidence(f"{container.name}: Mounts[{index}]", value, container.key)
                break
