"""Monitoring components themselves: who can reach them, what they let anybody do, what they may do to the host."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from checks.check import Domain, check
from checks.data.ports import METRICS
from checks.images.usage import SHOWN
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Component, Container, Kind

_WILDCARDS = ("0.0.0.0:", "[::]:", ":::", "*:")
_INSIDE = ("network:", "loopback:", "127.", "[::1]:")
_STORES = frozenset({"log store", "tracing", "search"})
_WRITABLE = ("pushgateway", "blackbox", "alertmanager")
_RULES = ("RUN-001", "RUN-002", "RUN-003", "RUN-006", "RUN-007", "RUN-013")
# What a component cannot work without; everything beyond is too much.
_NEEDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "cadvisor": frozenset(),
        "node_exporter": frozenset({"RUN-006", "RUN-007"}),
        "node exporter": frozenset({"RUN-006", "RUN-007"}),
        "netdata": frozenset({"RUN-006", "RUN-007"}),
        "falco": frozenset({"RUN-001", "RUN-007", "RUN-013"}),
        "tetragon": frozenset({"RUN-001", "RUN-007", "RUN-013"}),
        "tracee": frozenset({"RUN-001", "RUN-007", "RUN-013"}),
    }
)


@check(
    "MON-028",
    "Exporter published to all interfaces without auth",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Component,
    why="Metrics reveal versions, users and topology to everybody; some components also take writes.",
    remediation="Do not publish the port: let Prometheus join the exporter's network, or bind it to 127.0.0.1. Where "
    "it must be reachable, `--web.config.file` with TLS and a password.",
    references=("OWASP-K8S:K06", "ATT&CK:T1046", "ATT&CK:T1613", "CWE-306", "CWE-200"),
)
def open_exporter(component: Component, view: View) -> Verdict:
    """Judges the endpoints of exporters and of other components on well-known metrics ports.

    M: published on all interfaces; nothing was asked over the network, so a password may be there (high for
    Pushgateway, blackbox exporter and Alertmanager, which take writes). P: other addresses, or none. NA: no
    exporter. U: not read.
    """
    ports = {_port(endpoint) for endpoint in component.endpoints}
    if component.role != "exporter" and not ports & METRICS.keys():
        return not_applicable("no exporter")
    open_ = [endpoint for endpoint in component.endpoints if endpoint.startswith(_WILDCARDS)]
    if not open_:
        return passed("", *_endpoints(component))
    severity = Severity.HIGH if any(word in component.product.lower() for word in _WRITABLE) else None
    evidence = (Evidence("endpoint", endpoint, component.carrier) for endpoint in open_[:SHOWN])
    return manual(f"{component.product} on every interface (not probed)", *evidence, severity=severity)


@check(
    "MON-032",
    "Log/trace/search back end without authentication",
    domain=Domain.MONITORING,
    severity=Severity.HIGH,
    subject=Component,
    why="Everybody reads, and often deletes, what the applications logged.",
    remediation="Do not publish the port, or put an authenticating proxy in front; Elasticsearch and OpenSearch: "
    "switch their security on. Shippers then need credentials.",
    references=("OWASP-K8S:K06", "ATT&CK:T1213", "ATT&CK:T1485", "CWE-306"),
)
def open_store(component: Component, view: View) -> Verdict:
    """Judges the endpoints of log stores, tracing and search back ends.

    M: reachable beyond this host; nothing was asked over the network. P: only inside container networks or on loopback.
    NA: another role. U: not read.
    """
    if component.role not in _STORES:
        return not_applicable("no log, trace or search back end")
    open_ = [endpoint for endpoint in component.endpoints if not endpoint.startswith(_INSIDE)]
    if not open_:
        return passed("", *_endpoints(component))
    evidence = (Evidence("endpoint", endpoint, component.carrier) for endpoint in open_[:SHOWN])
    return manual(f"{component.product} reachable from outside (not probed)", *evidence)


@check(
    "MON-012",
    "Prometheus admin or lifecycle API on",
    domain=Domain.MONITORING,
    severity=Severity.HIGH,
    subject=Component,
    why="Whoever reaches it deletes data, takes snapshots or stops the server.",
    remediation="Remove `--web.enable-admin-api` and `--web.enable-lifecycle` from the command; reload "
    "with SIGHUP instead.",
    references=("Prometheus:security model", "ATT&CK:T1485", "ATT&CK:T1565", "CWE-306"),
)
def prometheus_admin(component: Component, view: View) -> Verdict:
    """Judges the command line of the container that Prometheus runs in.

    F: --web.enable-admin-api (high); --web.enable-lifecycle, --web.enable-remote-write-receiver or
    --web.enable-otlp-receiver without a --web.config.file (medium). P: none of them. NA: not Prometheus, or no
    container. U: the container could not be inspected. Source: Prometheus security model.
    """
    container = _container(component, view, "prometheus")
    if container is None:
        return not_applicable("not Prometheus in a container")
    words = (*container.entrypoint, *container.command, *container.args)
    evidence = [Evidence("Args", word, container.key) for word in dict.fromkeys(words) if _is_on(word, "admin-api")]
    if evidence:
        return failed("the admin API is on", *evidence)
    guarded = any(word.startswith("--web.config.file") for word in words)
    others = ("lifecycle", "remote-write-receiver", "otlp-receiver")
    found = [word for word in dict.fromkeys(words) if any(_is_on(word, name) for name in others)]
    if found and not guarded:
        shown = (Evidence("Args", word, container.key) for word in found)
        return failed("may be stopped or written to without a password", *shown, severity=Severity.MEDIUM)
    return passed()


@check(
    "MON-026",
    "Grafana default credentials or anonymous access",
    domain=Domain.MONITORING,
    severity=Severity.HIGH,
    subject=Component,
    why="The default password gives full access to dashboards and through them to the data sources.",
    remediation="Set `GF_SECURITY_ADMIN_PASSWORD__FILE=/run/secrets/grafana` and `GF_AUTH_ANONYMOUS_ENABLED=false`, "
    "and change the password of an existing installation with `grafana cli admin reset-admin-password`.",
    references=("OWASP-K8S:K09", "ATT&CK:T1078.001", "ATT&CK:T1110", "CWE-1392", "CWE-306"),
)
def grafana_defaults(component: Component, view: View) -> Verdict:
    """Judges the environment of the container that Grafana runs in; no login is tried.

    F: anonymous access with role Admin or Editor (critical), with another role (medium); the password "admin" or an
    empty one. M: no password in the environment: whether the default was changed was not tried. P: a password or
    password file is set and anonymous access is off. NA: not Grafana, or no container. U: the container
    could not be inspected.
    """
    container = _container(component, view, "grafana")
    if container is None:
        return not_applicable("not Grafana in a container")
    env = dict(variable.partition("=")[::2] for variable in container.env)
    if env.get("GF_AUTH_ANONYMOUS_ENABLED", "").lower() == "true":
        role = env.get("GF_AUTH_ANONYMOUS_ORG_ROLE", "Viewer")
        severity = Severity.CRITICAL if role.lower() in {"admin", "editor"} else Severity.MEDIUM
        evidence = Evidence("Config.Env: GF_AUTH_ANONYMOUS_ORG_ROLE", role, container.key)
        return failed(f"anybody is {role}", evidence, severity=severity)
    password = env.get("GF_SECURITY_ADMIN_PASSWORD")
    path = "Config.Env: GF_SECURITY_ADMIN_PASSWORD"
    if password is not None and password in {"", "admin"}:
        return failed("the administrator's password is the default", Evidence(path, "the default", container.key))
    if password is None and "GF_SECURITY_ADMIN_PASSWORD__FILE" not in env:
        return manual(
            "whether the default password was changed was not tried", Evidence(path, "not set", container.key)
        )
    return passed()


@check(
    "MON-033",
    "Over-privileged monitoring container",
    domain=Domain.MONITORING,
    severity=Severity.HIGH,
    subject=Component,
    why="A collector with host rights is a prize: whoever takes it owns what it watches.",
    remediation="Give it the minimum: cAdvisor read-only mounts of /, /sys and the data root; node_exporter the "
    "host's PID namespace and / read-only; log shippers the log directory read-only. Drop all capabilities.",
    references=("NIST-800-190:4.4.3", "ATT&CK:T1611", "CWE-250"),
    derived=True,
)
def over_privileged(component: Component, view: View) -> Verdict:
    """Judges the verdicts of RUN-001, -002, -003, -006, -007 and -013 on the component's container.

    F: one fails that the component can work without. M: only those fail that it needs. P: none fails. NA: it runs in no
    container of this engine. U: one of them is unknown and none fails beyond the need.
    """
    if component.carrier.kind is not Kind.CONTAINER:
        return not_applicable("it runs in no container of this engine")
    outcomes = {rule: view.outcome(rule, component.carrier) for rule in _RULES}
    failing = [rule for rule, outcome in outcomes.items() if outcome is Outcome.FAIL]
    needed = next((needs for name, needs in _NEEDS.items() if name in component.product.lower()), frozenset())
    extra = [rule for rule in failing if rule not in needed]
    evidence = [Evidence("fails", rule, component.carrier) for rule in extra or failing]
    if extra:
        severity = Severity.CRITICAL if {"RUN-001", "RUN-002", "RUN-013"} & set(extra) else None
        return failed(f"{component.product} has more rights than it needs", *evidence, severity=severity)
    if any(outcome in {None, Outcome.UNKNOWN} for outcome in outcomes.values()):
        return _unjudged([rule for rule, outcome in outcomes.items() if outcome in {None, Outcome.UNKNOWN}])
    return manual("has exactly the rights that it needs", *evidence) if failing else passed()


def _unjudged(rules: list[str]) -> Verdict:
    return Verdict(Outcome.UNKNOWN, f"{', '.join(rules)} could not be judged on its container")


def _container(component: Component, view: View, product: str) -> Container | None:
    if product not in component.product.lower() or component.carrier.kind is not Kind.CONTAINER:
        return None
    found = view.get(component.carrier)
    return found if isinstance(found, Container) else None


def _is_on(word: str, name: str) -> bool:
    flag = f"--web.enable-{name}"
    return word == flag or (word.startswith(f"{flag}=") and word.rpartition("=")[2].lower() not in {"false", "0"})


def _port(endpoint: str) -> int:
    digits = endpoint.rpartition(":")[2]
    return int(digits) if digits.isdecimal() else 0


def _endpoints(component: Component) -> list[Evidence]:
    return [Evidence("endpoint", endpoint, component.carrier) for endpoint in component.endpoints[:SHOWN]]
