"""Cases of what is collected, and of who watches inside."""

from __future__ import annotations

from typing import Any

from checks.verdict import Outcome, Severity
from inventory.component import Component
from inventory.container import Container, LogConfig, Mount
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import GAP, SOURCE, changed, container, docker, engine
from tests.checks.cases import Case
from tests.checks.facts import component

FAIL, PASS, MANUAL = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL
NA, UNKNOWN = Outcome.NOT_APPLICABLE, Outcome.UNKNOWN
INFO, LOW, MEDIUM, HIGH, CRITICAL = Severity


def _named(like: Container, name: str, **changes: Any) -> Container:
    key = ResourceKey(Kind.CONTAINER, SOURCE, name)
    return changed(like, key=key, id=name, name=name, state="running", **changes)


_engine, _swarm = engine("info-noswarm"), engine()
_LOGS = "/var/lib/docker/containers"
_plain = _named(docker("plain"), "plain", log_path=f"{_LOGS}/plain/plain-json.log")
_remote = _named(docker("plain"), "remote", log_config=LogConfig("syslog", {}))
_silent = _named(docker("plain"), "silent", log_config=LogConfig("none", {}), log_path="")
_shipper = _named(container(), "shipper", mounts=(Mount("bind", _LOGS, "/logs", False),), log_path=f"{_LOGS}/s/s.log")
_blind = _named(container(), "shipper", mounts=(), log_path=f"{_LOGS}/s/s.log")
_by_socket = _named(container(), "shipper", mounts=(Mount("bind", "/var/run/docker.sock", "/s", False),))
_bad = _named(docker("privileged"), "bad", log_config=LogConfig("none", {}), log_path="")


def _ships(carrier: Container) -> Component:
    return component("Fluent Bit", "log shipper", carrier)


def _on_host() -> Component:
    return changed(_ships(_shipper), carrier=ResourceKey(Kind.HOST, SOURCE, SOURCE))


COLLECTION = [
    Case("MON-007", _engine, FAIL, MEDIUM, others=(_plain, _silent, _shipper, _ships(_shipper)), note="one is silent"),
    Case("MON-007", _engine, FAIL, MEDIUM, others=(_plain, _blind, _ships(_blind)), note="the collector sees no files"),
    Case("MON-007", _engine, PASS, others=(_plain, _remote, _shipper, _ships(_shipper))),
    Case("MON-007", _engine, PASS, others=(_plain, _by_socket, _ships(_by_socket)), note="reads the engine"),
    Case("MON-007", _engine, PASS, others=(_remote,), note="remote drivers"),
    Case("MON-007", _engine, MANUAL, others=(_plain, _on_host()), note="on the host"),
    Case("MON-007", _engine, NA, others=(_plain,), note="no collector"),
    Case("MON-007", _engine, NA, others=(), note="nothing runs"),
    Case("MON-007", _engine, UNKNOWN, others=(), gaps={(SOURCE, Kind.CONTAINER): GAP}),
    Case("CMB-007", _bad, FAIL, MEDIUM, others=(_engine, _shipper, _ships(_shipper))),
    Case("CMB-007", _named(container(), "good"), PASS, others=(_engine, _shipper, _ships(_shipper))),
    Case("CMB-007", _bad, NA, others=(_engine,), note="no collector"),
    Case("CMB-007", changed(_bad, state="exited"), NA, others=(_engine, _shipper, _ships(_shipper))),
    Case("CMB-007", _bad, UNKNOWN, others=(_engine,), gaps={(SOURCE, Kind.COMPONENT): GAP}),
]
_falco = component("Falco", "detection", _shipper)
DETECTION = [
    Case("MON-004", _engine, MANUAL, others=(_plain,)),
    Case("MON-004", _engine, MANUAL, others=(changed(_falco, state="exited"),), note="stopped"),
    Case("MON-004", _engine, PASS, others=(_falco,)),
    Case("MON-004", _engine, UNKNOWN, others=(), gaps={(SOURCE, Kind.COMPONENT): GAP}),
]
CASES = [*COLLECTION, *DETECTION]
