"""Cases of what is collected, and of who watches inside."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from checks.catalogue import catalogue
from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.activity import Activity, Process
from inventory.component import Component
from inventory.container import Container, LogConfig, Mount
from inventory.resource import Kind, ResourceKey
from inventory.swarm import Service
from tests.checks.builders import GAP, SOURCE, changed, container, docker, engine
from tests.checks.cases import Case
from tests.checks.facts import component, service

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
_otel = _named(container(), "shipper", mounts=(Mount("bind", "/", "/hostfs", False),))
_kept = _named(docker("privileged"), "bad", log_path=f"{_LOGS}/bad/bad-json.log")
_soft = _named(container(), "soft", log_config=LogConfig("none", {}), log_path="")
_miner = Activity.build(
    key=ResourceKey(Kind.ACTIVITY, SOURCE, "soft"),
    name="soft",
    processes=(Process(77, 1, "xmrig", ("xmrig",), 10001, 10001, "/tmp/xmrig", 1.0, False),),
    **dict.fromkeys(("listeners", "changes", "sessions"), ()),
    changes_complete=True,
    size_rw=0,
)
_low = Policy(severity={rule.id: Severity.LOW for rule in catalogue()})
_bad = _named(docker("privileged"), "bad", log_config=LogConfig("none", {}), log_path="")


def _ships(carrier: Container) -> Component:
    return component("Fluent Bit", "log shipper", carrier)


def _measures(carrier: Container) -> Component:
    return component("Telegraf", "collector", carrier)


def _on_host() -> Component:
    return changed(_ships(_shipper), carrier=ResourceKey(Kind.HOST, SOURCE, SOURCE))


COLLECTION = [
    Case("MON-007", _engine, FAIL, MEDIUM, others=(_plain, _silent, _shipper, _ships(_shipper)), note="one is silent"),
    Case("MON-007", _engine, FAIL, MEDIUM, others=(_plain, _blind, _ships(_blind)), note="the collector sees no files"),
    Case("MON-007", _engine, PASS, others=(_plain, _remote, _shipper, _ships(_shipper))),
    Case("MON-007", _engine, PASS, others=(_plain, _by_socket, _ships(_by_socket)), note="reads the engine"),
    Case("MON-007", _engine, PASS, others=(_remote,), note="remote drivers"),
    Case("MON-007", _engine, MANUAL, others=(_plain, _on_host()), note="on the host"),
    Case("MON-007", _engine, MANUAL, others=(_plain, _by_socket, _measures(_by_socket)), note="metrics by the socket"),
    Case("MON-007", _engine, MANUAL, others=(_plain, _otel, _measures(_otel)), note="metrics of the host's files"),
    Case("MON-007", _engine, FAIL, others=(_plain, _blind, _measures(_blind)), note="a collector that sees no logs"),
    Case("MON-007", _engine, FAIL, others=(_silent, _otel, _measures(_otel)), note="nothing to collect"),
    Case("MON-007", _engine, NA, others=(_plain,), note="no collector"),
    Case("MON-007", _engine, NA, others=(), note="nothing runs"),
    Case("MON-007", _engine, UNKNOWN, others=(), gaps={(SOURCE, Kind.CONTAINER): GAP}),
    Case("CMB-007", _bad, FAIL, MEDIUM, others=(_engine, _shipper, _ships(_shipper))),
    Case("CMB-007", _named(container(), "good"), PASS, others=(_engine, _shipper, _ships(_shipper))),
    Case("CMB-007", _kept, MANUAL, others=(_engine, _otel, _measures(_otel)), note="perhaps"),
    Case("CMB-007", _kept, PASS, others=(_engine, _shipper, _ships(_shipper)), note="collected"),
    Case("CMB-007", _soft, PASS, others=(_engine, _shipper, _ships(_shipper)), note="nothing grave"),
    Case(
        "CMB-007",
        _soft,
        FAIL,
        others=(_engine, _shipper, _ships(_shipper), _miner),
        note="critical by the verdict, not by the check",
    ),
    Case("CMB-007", _bad, PASS, others=(_engine, _shipper, _ships(_shipper)), policy=_low, note="the policy's word"),
    Case("CMB-007", _bad, NA, others=(_engine,), note="no collector"),
    Case("CMB-007", changed(_bad, state="exited"), NA, others=(_engine, _shipper, _ships(_shipper))),
    Case("CMB-007", _bad, UNKNOWN, others=(_engine,), gaps={(SOURCE, Kind.COMPONENT): GAP}),
]
_falco = component("Falco", "detection", _shipper)
_five = changed(_swarm, swarm=structs.replace(_swarm.swarm, nodes=5, control_available=True))


def _service(mode: str, running: int = 5, **changes: Any) -> Service:
    return service("stk_web", **{"mode": mode, "running": running, "desired": 5, "constraints": ()} | changes)


def _sensor(state: str) -> Component:
    return changed(_falco, carrier=service("stk_web").key, state=state)


DETECTION = [
    Case("MON-004", _engine, MANUAL, others=(_plain,)),
    Case("MON-004", _engine, MANUAL, others=(changed(_falco, state="exited"),), note="stopped"),
    Case("MON-004", _engine, PASS, others=(_falco,)),
    Case("MON-004", _five, PASS, others=(_service("global"), _sensor("5/5")), note="on every node"),
    Case("MON-004", _five, MANUAL, others=(_service("replicated"), _sensor("1/1")), note="somewhere"),
    Case("MON-004", _five, MANUAL, others=(_service("global", running=4), _sensor("4/5")), note="not on one"),
    Case(
        "MON-004",
        _five,
        MANUAL,
        others=(_service("global", constraints=("node.role==manager",)), _sensor("5/5")),
        note="not everywhere",
    ),
    Case("MON-004", _engine, MANUAL, others=(_service("replicated"), _sensor("0/1")), note="no task runs"),
    Case("MON-004", _engine, UNKNOWN, others=(), gaps={(SOURCE, Kind.COMPONENT): GAP}),
]
CASES = [*COLLECTION, *DETECTION]
