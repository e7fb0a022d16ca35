"""Cases of the monitoring checks."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.container import Container, LogConfig, Port
from inventory.resource import Kind
from tests.checks.builders import GAP, NOW, SOURCE, changed, docker, host
from tests.checks.cases import ENGINE, Case
from tests.checks.facts import component

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity

_plain = docker("plain")
_syslog = docker("logsyslog")
_local = docker("loglocal")
_prometheus = component("Prometheus", "metrics store", _plain, "network:9090")
_alertmanager = component("Alertmanager", "alerting", _plain)
_vector = component("Vector", "log shipper", _plain)
_exporter = component("node_exporter", "exporter", _plain, "0.0.0.0:9100")
_inside = component("node_exporter", "exporter", _plain, "network:9100")
_loki = component("Loki", "log store", _plain, "0.0.0.0:3100")
_grafana = component("Grafana", "dashboard", _plain)
_unlisted = {(SOURCE, Kind.COMPONENT): GAP}
_no_containers = {(SOURCE, Kind.CONTAINER): GAP}


def _logging(driver: str, **options: str) -> Container:
    return changed(
        _plain, log_config=LogConfig(driver, {name.replace("_", "-"): text for name, text in options.items()})
    )


def _with(**values: Any) -> tuple[Container]:
    return (changed(_plain, **values),)


STACK = [
    Case("MON-001", ENGINE, FAIL, MEDIUM, others=(_plain,)),
    Case("MON-001", ENGINE, MANUAL, others=(_exporter,), note="agent only"),
    Case("MON-001", ENGINE, PASS, others=(_prometheus,)),
    Case(
        "MON-001",
        ENGINE,
        FAIL,
        others=(component("Prometheus", "metrics store", _plain, state="exited"),),
        note="ended",
    ),
    Case("MON-001", ENGINE, UNKNOWN, others=(), gaps=_unlisted),
    Case("MON-002", ENGINE, FAIL, MEDIUM, others=(_plain,)),
    Case("MON-002", ENGINE, PASS, others=(_vector,)),
    Case("MON-002", ENGINE, PASS, others=(_syslog,), note="remote driver"),
    Case("MON-002", ENGINE, MANUAL, others=(_logging("journald"),)),
    Case("MON-002", ENGINE, UNKNOWN, others=(), gaps=_no_containers),
    Case("MON-003", ENGINE, FAIL, MEDIUM, others=(_prometheus,)),
    Case("MON-003", ENGINE, MANUAL, others=(_grafana,)),
    Case("MON-003", ENGINE, PASS, others=(_alertmanager,)),
    Case("MON-003", ENGINE, UNKNOWN, others=(), gaps=_unlisted),
    Case("MON-043", ENGINE, FAIL, note="apart", others=(host(clock_synchronised=True),)),
    Case("MON-043", changed(ENGINE, system_time=NOW), FAIL, MEDIUM, others=(host(clock_synchronised=False),)),
    Case("MON-043", changed(ENGINE, system_time=NOW + 1), PASS, others=(host(clock_synchronised=True),)),
    Case("MON-043", changed(ENGINE, system_time=NOW + 1, local=False), PASS, others=(), note="remote"),
    Case("MON-043", changed(ENGINE, system_time=NOW), UNKNOWN, others=(), note="no host facts"),
]
DRIVERS = [
    Case("MON-020", _plain, FAIL, LOW, note="the engine's default"),
    Case("MON-020", _local, FAIL, MEDIUM, note="its own choice"),
    Case("MON-020", _plain, PASS, others=(ENGINE, _vector), note="collector"),
    Case("MON-020", _logging("journald"), MANUAL),
    Case("MON-020", _syslog, PASS),
    Case("MON-020", _plain, UNKNOWN, gaps=_unlisted),
    Case("MON-021", _logging("none"), FAIL, MEDIUM),
    Case("MON-021", changed(_logging("none"), ports=(Port(80, "tcp", "0.0.0.0", 80),)), FAIL, HIGH, note="published"),
    Case("MON-021", changed(_logging("none"), state="exited"), NA),
    Case("MON-021", _plain, PASS),
    Case("MON-022", _logging("json-file"), FAIL, LOW),
    Case("MON-022", _plain, PASS, note="captured: max-size"),
    Case("MON-022", _logging("json-file", max_size="10m"), PASS),
    Case("MON-022", _local, PASS),
    Case("MON-022", changed(_plain, log_config=GAP), UNKNOWN),
    Case("MON-023", _logging("gelf", gelf_address="udp://10.1.2.3:12201"), FAIL, MEDIUM),
    Case("MON-023", _logging("syslog", syslog_address="tcp+tls://logs:6514"), PASS),
    Case(
        "MON-023",
        _logging("syslog", syslog_address="tcp+tls://logs", syslog_tls_skip_verify="true"),
        FAIL,
        note="unchecked",
    ),
    Case("MON-023", _logging("fluentd"), PASS, note="loopback by default"),
    Case("MON-023", docker("loggelf"), PASS, note="captured: loopback"),
    Case("MON-023", _plain, NA),
    Case("MON-024", _logging("syslog"), MANUAL),
    Case("MON-024", _logging("syslog", mode="non-blocking"), PASS),
    Case("MON-024", _plain, NA),
]
COMPONENTS = [
    Case("MON-012", _prometheus, FAIL, HIGH, others=_with(args=("--web.enable-admin-api",))),
    Case("MON-012", _prometheus, FAIL, MEDIUM, others=_with(args=("--web.enable-lifecycle",)), note="lifecycle"),
    Case(
        "MON-012",
        _prometheus,
        PASS,
        others=_with(args=("--web.enable-lifecycle", "--web.config.file=/x")),
        note="guarded",
    ),
    Case("MON-012", _prometheus, PASS, others=_with(args=("--web.enable-admin-api=false",))),
    Case("MON-012", _prometheus, UNKNOWN, others=_with(args=GAP)),
    Case("MON-012", _grafana, NA),
    Case(
        "MON-026",
        _grafana,
        FAIL,
        CRITICAL,
        note="anonymous",
        others=_with(env=("GF_AUTH_ANONYMOUS_ENABLED=true", "GF_AUTH_ANONYMOUS_ORG_ROLE=Admin")),
    ),
    Case("MON-026", _grafana, FAIL, MEDIUM, others=_with(env=("GF_AUTH_ANONYMOUS_ENABLED=true",)), note="viewer"),
    Case(
        "MON-026",
        _grafana,
        FAIL,
        HIGH,
        others=_with(env=("GF_SECURITY_ADMIN_PASSWORD=admin",)),
        note="default password",
    ),
    Case("MON-026", _grafana, MANUAL, others=_with(env=())),
    Case("MON-026", _grafana, PASS, others=_with(env=("GF_SECURITY_ADMIN_PASSWORD__FILE=/run/secrets/g",))),
    Case("MON-026", _grafana, UNKNOWN, others=_with(env=GAP)),
    Case("MON-028", _exporter, MANUAL, MEDIUM),
    Case("MON-028", component("Pushgateway", "exporter", _plain, "[::]:9091"), MANUAL, HIGH, note="takes writes"),
    Case("MON-028", _inside, PASS),
    Case("MON-028", _vector, NA),
    Case("MON-032", _loki, MANUAL, HIGH),
    Case("MON-032", component("Loki", "log store", _plain, "network:3100"), PASS),
    Case("MON-032", _prometheus, NA),
]
CASES = [*STACK, *DRIVERS, *COMPONENTS]
