"""Whether anybody watches this host: metrics, logs, alerts."""

from __future__ import annotations

from checks.check import Domain, check
from checks.images.usage import SHOWN
from checks.monitoring.drivers import LOCAL, REMOTE
from checks.verdict import Evidence, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.model import Component, Container, Engine

_STOPPED = frozenset({"exited", "dead", "created", "removing", "shutdown", "failed", "rejected", "complete"})
_METRICS = frozenset({"metrics store"})
_AGENTS = frozenset({"collector", "exporter"})
_LOGS = frozenset({"log shipper", "log store", "collector"})
_ALERTING = frozenset({"alerting"})


@check(
    "MON-001",
    "No metrics stack found",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="An attack, or a failure, that nobody measures is not seen.",
    remediation="Run Prometheus with node_exporter and cAdvisor (on an internal network), or an agent that sends to "
    "your monitoring. Agents need read access to the host: give them no more.",
    references=("NSA-CISA:audit logging and threat detection", "OWASP-K8S:K10", "OWASP-Docker:D10", "CWE-778"),
)
def no_metrics(engine: Engine, view: View) -> Verdict:
    """Judges the recognised components on this engine's host that run.

    F: no metrics store, collector or exporter. M: only a collector or exporter, whose back end is elsewhere. P: a
    metrics store. U: containers could not be listed.
    """
    stores = _running(view, _METRICS)
    if stores:
        return passed("", *_evidence(stores))
    agents = _running(view, _AGENTS)
    if agents:
        return manual("only agents here: what stores their numbers is elsewhere", *_evidence(agents))
    return failed("nothing here measures anything", _nothing(view))


@check(
    "MON-002",
    "No log collection found",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Logs that stay on the host die with the host, or with the traces of an attacker.",
    remediation="Run a collector (Vector, Fluent Bit, Alloy) that reads the container logs, or set a remote "
    "`log-driver` in daemon.json. The driver applies to containers created afterwards.",
    references=("CIS-Docker-1.6:2.13", "NSA-CISA:audit logging and threat detection", "OWASP-Docker:D10", "CWE-778"),
)
def no_logs(engine: Engine, view: View) -> Verdict:
    """Judges recognised components that run, the engine's `LoggingDriver` and the containers' drivers.

    F: no log shipper, log store or collector, and every driver is local. P: one of them runs, or a driver is remote.
    M: none runs, and the driver is journald or another whose way on is not known here. U: not read.
    Source: CIS Docker 2.13.
    """
    found = _running(view, _LOGS)
    if found:
        return passed("", *_evidence(found))
    drivers = {engine.logging_driver, *(one.log_config.driver for one in view.all(Container) if one.running)}
    evidence = Evidence("LoggingDriver, HostConfig.LogConfig.Type", ", ".join(sorted(drivers)))
    if drivers & REMOTE:
        return passed("", evidence)
    if drivers <= LOCAL:
        return failed("logs stay on this host", evidence)
    return manual("no collector found; journald may forward", evidence)


@check(
    "MON-003",
    "No alerting found",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="Numbers that nobody looks at warn nobody.",
    remediation="Run Alertmanager (or Grafana alerting) with a receiver that wakes somebody, and a rule that always "
    "fires so that its silence is noticed.",
    references=("NSA-CISA:audit logging and threat detection", "OWASP-K8S:K10", "CWE-778"),
)
def no_alerting(engine: Engine, view: View) -> Verdict:
    """Judges the recognised components on this engine's host that run.

    P: an alerting component. M: none, but a dashboard that can alert (Grafana), or only agents of a back end elsewhere.
    F: none of these. U: containers could not be listed.
    """
    found = _running(view, _ALERTING)
    if found:
        return passed("", *_evidence(found))
    grafana = [one for one in _running(view, frozenset({"dashboard"})) if "grafana" in one.product.lower()]
    if grafana:
        return manual("Grafana can alert; whether it does was not asked", *_evidence(grafana))
    if not _running(view, _METRICS) and _running(view, _AGENTS):
        return manual("only agents here: alerts may be raised elsewhere", *_evidence(_running(view, _AGENTS)))
    return failed("nothing here raises an alert", _nothing(view))


def _running(view: View, roles: frozenset[str]) -> list[Component]:
    return [one for one in view.all(Component) if one.role in roles and one.state not in _STOPPED]


def _evidence(components: list[Component]) -> list[Evidence]:
    return [Evidence(one.role, f"{one.product} ({one.name})", one.carrier) for one in components[:SHOWN]]


def _nothing(view: View) -> Evidence:
    return Evidence("GET /containers/json", f"none of {len(view.all(Container))} container(s) recognised")
