"""Traces that outlive what happened: the audit daemon, the engine's events, and who may change log files."""

from __future__ import annotations

from collections.abc import Iterator

from checks.check import Domain, check
from checks.evidence import capped
from checks.host.options import containers_option
from checks.hostpaths import inside, normalise
from checks.images.usage import SHOWN
from checks.monitoring.collection import ended
from checks.sockets import runtime_sockets
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.gap import Gap
from inventory.model import Component, Container, Engine, FileFacts, Journal, Kind

_COLLECTORS = frozenset({"log shipper", "log store", "collector", "detection"})
_READERS = frozenset({"log shipper", "detection"})
_SOCKET, _JOURNAL = "socket", "journal"
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
    remediation="Run a collector that reads the engine's events, or a unit whose output the journal keeps: "
    "`ExecStart=/usr/bin/docker events --format json`, with `Storage=persistent` and `SystemMaxUse=` in journald.conf. "
    'Podman: `events_logger = "journald"` in containers.conf. Busy hosts write some lines per container and minute.',
    references=("CIS-Docker-1.6:5.23", "CIS-Docker-1.6:5.24", "NIST-800-190:4.4.5", "CWE-778"),
)
def kept_events(engine: Engine, view: View) -> Verdict:
    """Judges collectors, journald's storage, and where the engine writes its events.

    Docker keeps the last 256 events in memory and logs neither create nor exec: a journal on disk does not have them.
    Podman writes them into the journal with `events_logger = "journald"` (containers.conf), nowhere with "none".

    P: a log shipper or a sensor that runs with the engine's socket; on Podman with that logger also a journal on disk
    (`Storage=persistent`, or `auto` with journals in /var/log/journal) or a collector of the journal. F: none of these,
    and no journal on disk, or Podman logs no events. M: a journal on disk, or a collector on the host or of telemetry:
    whether events get there is in no file that is read here. M: no journal and no collector. U: the engine is remote,
    or its configuration may not be read, and no collector was found.
    Source: Docker documentation, `docker events`; containers.conf(5); journald.conf(5).
    """
    collectors = [(one, by) for one in view.all(Component) if (by := _reads(one, view))]
    reader = next((one for one, by in collectors if by == _SOCKET and one.role in _READERS), None)
    if reader is not None:
        return passed("", _named(reader))
    host, journal = view.host(), view.host().journal
    logger = str(containers_option(host, "engine", "events_logger") or "") if engine.flavour == "podman" else ""
    kept = journal.kept and journal.storage in {"persistent", "auto"}
    found = [_stored(journal) if journal.present else Evidence("/run/systemd/journal/socket", "no such file")]
    found += [_named(one) for one, _ in collectors[:SHOWN]]
    if logger:
        found.append(Evidence(f"{host.daemon_config_path}: events_logger", logger))
    if logger == "journald" and (kept or any(by == _JOURNAL for _, by in collectors)):
        return passed("", *found)
    if logger == "none":
        return failed("Podman is told to log no events", *found)
    if collectors:
        return manual("whether a collector reads the engine's events is in its options", *found)
    if not journal.present:
        return manual("no journal and no collector was found", *found)
    if kept:
        return manual("the journal is kept, but events get there only where something writes them", *found)
    return failed("the journal is lost with the next reboot, and nobody collects events", *found)


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
    rootless engine's user); or a container mounts one of the paths, a directory above it, `DockerRootDir`/containers
    with the logs of json-file and local, or something in that, writable. P: none. U: the engine is remote, a path may
    not be looked at, or containers were not listed. Files are examined from outside, never opened.
    """
    logs = view.host().logs
    owners = {0, _remapped(engine)}
    strange = () if engine.rootless else [one for one in logs.found.values() if one.uid not in owners]
    bad = [one for one in logs.found.values() if _writable(one) or one in strange]
    containers = view.all(Container)
    mounts = list(_mounted(containers, tuple(logs.found), normalise(f"{engine.root_dir}/containers")))
    if bad or mounts:
        facts = [
            Evidence(f"stat {one.path}", f"{one.owner or one.uid}:{one.group or one.gid} {one.mode:04o}") for one in bad
        ]
        parts = [f"{len(bad)} path(s) that others may change"] if bad else []
        parts += [f"{len(mounts)} container(s) that may"] if mounts else []
        return failed(" and ".join(parts), *capped(facts, SHOWN), *capped(mounts, SHOWN))
    return passed(f"{len(logs.whole())} path(s) examined")


def _stored(journal: Journal) -> Evidence:
    return Evidence("journald.conf: Storage", f"{journal.storage}, {'' if journal.kept else 'no '}journals on disk")


def _reads(component: Component, view: View) -> str:
    """From where a collector that runs may have the engine's events: its socket, the journal; "" from nowhere."""
    if component.role not in _COLLECTORS or ended(component):
        return ""
    if component.carrier.kind is Kind.HOST:
        return _JOURNAL
    carrier = view.get(component.carrier)
    mounts = carrier.peek("mounts") if isinstance(carrier, Container) else ()
    known = () if isinstance(mounts, Gap) else mounts
    if next(runtime_sockets(known), None):
        return _SOCKET
    journal = any(normalise(mount.source) in _JOURNALS for mount in known if mount.type == "bind")
    return _JOURNAL if journal else ""


def _named(component: Component) -> Evidence:
    return Evidence(component.role, f"{component.product} ({component.name})", component.carrier)


def _remapped(engine: Engine) -> int:
    """Whom the engine's files belong to, where that is not root: its data directory is named after a remapped root."""
    remapped = engine.root_dir.rstrip("/").rpartition("/")[2].partition(".")[0]
    return int(remapped) if remapped.isdecimal() else 0


def _writable(facts: FileFacts) -> bool:
    sticky = facts.kind == "directory" and facts.mode & _STICKY
    return bool(facts.mode & 0o002 and not sticky) or bool(facts.mode & 0o020 and facts.group not in _LOG_GROUPS)


def _mounted(containers: tuple[Container, ...], logs: tuple[str, ...], engines: str) -> Iterator[Evidence]:
    """`engines`: the engine's directory of log files; what is mounted from within is the log of some container."""
    paths = {"/var/log", engines, *map(normalise, logs)}
    for container in containers:
        for index, mount in enumerate(container.mounts):
            source = normalise(mount.source)
            if mount.type != "bind" or not mount.rw:
                continue
            if inside(source, engines) or any(inside(path, source) for path in paths):
                value = f"{mount.source} -> {mount.destination} rw"
                yield Evidence(f"{container.name}: Mounts[{index}]", value, container.key)
                break
