"""Cases of monitoring checks that need the host: the audit daemon, the engine's events, log files."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.component import Component
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.machine import Audit, AuditRule, Examined, Journal
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import GAP, SOURCE, changed, docker, engine, host, podman_engine
from tests.checks.cases import Case
from tests.checks.facts import component, files

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity

_engine = engine("info-noswarm")
_podman = podman_engine()
_plain = docker("plain")
_RULE = AuditRule("/etc/docker", True, "wa", "/etc/audit/audit.rules")
_HIDDEN = Gap(Reason.DENIED, "/etc/audit/rules.d")


def _audit(installed: bool, running: bool, rules: Any = (), config: Any = None) -> Host:
    return host(audit=Audit(installed, running, config or {}), audit_rules=rules)


AUDIT = [
    Case("MON-040", _engine, FAIL, MEDIUM, others=(_audit(False, False),)),
    Case("MON-040", _engine, FAIL, MEDIUM, others=(_audit(True, False, (_RULE,)),), note="stopped"),
    Case("MON-040", _engine, FAIL, LOW, others=(_audit(True, True),), note="no rules"),
    Case("MON-040", _engine, PASS, others=(_audit(True, True, (_RULE,), {"disk_full_action": "HALT"}),)),
    Case("MON-040", _engine, PASS, others=(_audit(True, True, _HIDDEN, GAP),), note="closed rules"),
    Case("MON-040", _engine, UNKNOWN, others=(host(audit=GAP),)),
    Case("MON-040", _engine, UNKNOWN, others=(), note="remote"),
]

_PERSISTENT, _VOLATILE = Journal(True, "persistent", True), Journal(True, "volatile", True)
_shipper = component("Fluent Bit", "log shipper", _plain)
_rsyslog = Component.build(
    key=ResourceKey(Kind.COMPONENT, SOURCE, "host:9"),
    name="rsyslog",
    product="rsyslog",
    role="log shipper",
    carrier=ResourceKey(Kind.HOST, SOURCE, "host"),
    state="running",
)
_watcher = docker("sockro")


def _journal(journal: Any) -> Host:
    return host(journal=journal)


def _logging(events: str, journal: Journal = _PERSISTENT) -> Host:
    config = {"engine": {"events_logger": events}} if events else {}
    return host(journal=journal, daemon_flags=(), daemon_config=config, daemon_config_path="/etc/containers.conf")


EVENTS = [
    Case("MON-042", _engine, MANUAL, others=(_journal(_PERSISTENT),), note="Docker logs no events"),
    Case("MON-042", _engine, MANUAL, others=(_journal(Journal(True, "auto", True)),), note="auto"),
    Case("MON-042", _podman, PASS, others=(_logging("journald"),), note="events in the journal"),
    Case("MON-042", _podman, PASS, others=(_logging("journald", _VOLATILE), _rsyslog), note="and collected"),
    Case("MON-042", _podman, FAIL, LOW, others=(_logging("journald", _VOLATILE),), note="volatile"),
    Case("MON-042", _podman, FAIL, LOW, others=(_logging("none"),), note="no events"),
    Case("MON-042", _podman, MANUAL, others=(_logging("file"),), note="in a file of /run"),
    Case("MON-042", _podman, MANUAL, others=(_logging(""),), note="by the platform"),
    Case("MON-042", _engine, FAIL, LOW, others=(_journal(Journal(True, "auto", False)),), note="auto, no directory"),
    Case("MON-042", _engine, FAIL, LOW, others=(_journal(_VOLATILE),)),
    Case(
        "MON-042", _engine, FAIL, others=(_journal(_VOLATILE), _shipper, _plain), note="a shipper that sees no events"
    ),
    Case("MON-042", _engine, MANUAL, others=(_journal(_VOLATILE), _rsyslog), note="rsyslog"),
    Case(
        "MON-042",
        _engine,
        PASS,
        others=(_journal(_VOLATILE), component("Vector", "log shipper", _watcher), _watcher),
        note="by the socket",
    ),
    Case(
        "MON-042",
        _engine,
        MANUAL,
        others=(_journal(_VOLATILE), component("Telegraf", "collector", _watcher), _watcher),
        note="telemetry",
    ),
    Case(
        "MON-042",
        _engine,
        FAIL,
        others=(_journal(_VOLATILE), component("Vector", "log shipper", _watcher, state="exited"), _watcher),
        note="a shipper that ended",
    ),
    Case("MON-042", _engine, MANUAL, others=(_journal(Journal(False, "", False)),), note="no journal"),
    Case("MON-042", _engine, UNKNOWN, others=(_journal(GAP),)),
    Case("MON-042", _engine, UNKNOWN, others=(), note="remote"),
]


def _logs(mode: int = 0o640, owner: str = "root", group: str = "root", denied: tuple[str, ...] = ()) -> Host:
    found = files(
        ("/var/log", 0o775, "root", "syslog", "directory"),
        ("/var/log/journal", 0o2755, "root", "systemd-journal", "directory"),
        (_plain.log_path, mode, owner, group, "file"),
    )
    return host(logs=Examined(found, {path: Gap(Reason.DENIED, path) for path in denied}))


def _mounting(source: str, rw: bool) -> Any:
    mount = changed(docker("hostfs")).mounts[0]
    return changed(_plain, mounts=(type(mount)("bind", source, "/logs", rw),))


_OURS = f"{_engine.root_dir}/containers"
LOGS = [
    Case("MON-044", _engine, PASS, others=(_logs(), _plain)),
    Case("MON-044", _engine, FAIL, LOW, others=(_logs(0o666), _plain), note="everybody"),
    Case("MON-044", _engine, FAIL, LOW, others=(_logs(0o660, group="users"), _plain), note="a group"),
    Case("MON-044", _engine, FAIL, LOW, others=(_logs(owner="ann"), _plain), note="somebody's"),
    Case("MON-044", changed(_engine, rootless=True), PASS, others=(_logs(owner="ann"), _plain), note="rootless"),
    Case("MON-044", changed(_engine, root_dir="/var/lib/docker/1000.1000"), PASS, others=(_logs(owner="ann"),)),
    Case("MON-044", _engine, FAIL, LOW, others=(_logs(), _mounting("/var/log", True)), note="mounted"),
    Case("MON-044", _engine, FAIL, LOW, others=(_logs(), _mounting("/var", True)), note="mounted from above"),
    Case("MON-044", _engine, PASS, others=(_logs(), _mounting("/var/log", False)), note="read-only"),
    Case("MON-044", _engine, FAIL, LOW, others=(_logs(), _mounting(_OURS, True)), note="the engine's log files"),
    Case("MON-044", _engine, FAIL, LOW, others=(_logs(), _mounting(f"{_OURS}/{'a' * 64}", True)), note="one of them"),
    Case("MON-044", _engine, PASS, others=(_logs(), _mounting(_OURS, False)), note="collected"),
    Case(
        "MON-044",
        changed(_engine, root_dir="/somewhere/else"),
        FAIL,
        LOW,
        others=(_logs(), _mounting(_plain.log_path, True)),
        note="the file itself",
    ),
    Case("MON-044", _engine, PASS, others=(_logs(), _mounting("/var/log/nginx", True)), note="its own directory"),
    Case("MON-044", _engine, UNKNOWN, others=(_logs(denied=("/var/log/audit",)), _plain), note="closed"),
    Case("MON-044", _engine, UNKNOWN, others=(_logs(),), gaps={(SOURCE, Kind.CONTAINER): GAP}),
    Case("MON-044", _engine, UNKNOWN, others=(_plain,), note="remote"),
]
CASES = [*AUDIT, *EVENTS, *LOGS]
