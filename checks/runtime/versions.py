"""Published vulnerabilities of what runs the containers: runc, containerd, the engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from checks.check import Domain, check
from checks.data import containerd, docker_engine, runc
from checks.data.advisories import Advisory, Needs, affecting
from checks.data.tables import day, outdated
from checks.data.updates import advisories
from checks.evidence import seen
from checks.users import Identity, parse_user
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.versions import Version, parse_version
from checks.view import View
from inventory.container import Container
from inventory.engine import Engine
from inventory.network import Network

_NUMBER = re.compile(r"v?\d+\.\d+\S*")
_SHOWN = 12


@check(
    "RUN-063",
    "runc with known vulnerability",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Engine,
    why="Published ways out of a container, in the program that starts every container.",
    remediation=(
        "Upgrade runc (package runc or containerd.io). Running containers keep going; each new start and exec uses the "
        "new one, so no restart is needed for the fix to hold."
    ),
    references=(
        "NIST-800-190:4.4.1", "ATT&CK:T1611", "ATT&CK:T1068", "CVE-2019-5736", "CVE-2024-21626", "CVE-2025-31133",
        "CWE-1395",
    ),
)  # fmt: skip
def vulnerable_runc(engine: Engine, view: View) -> Verdict:
    """Fail: the version that the engine reports is in the range of a published vulnerability; severity of the worst.

    Manual: in range, but with a distribution's suffix (fixes may be back-ported), or out of all ranges by a table older
    than 180 days. Pass: out of all ranges. Not applicable: the engine names no runc (another runtime). Unknown: only a
    commit hash. Source: Go vulnerability database; version from GET /version Components.
    """
    path, text = _component(engine.components, "runc")
    if not path:
        return not_applicable("the engine reports no runc")
    return judge_version(path, text, *advisories("runc", runc.ADVISORIES, runc.TABLE_DATE, view.policy.tables), view)


@check(
    "RUN-064",
    "containerd with known vulnerability",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Engine,
    why="Published ways out of a container, in the manager of all containers.",
    remediation=(
        "Upgrade containerd (package containerd or containerd.io) and restart it. Running containers survive the "
        "restart; the engine must be restarted with it, which stops containers unless live-restore is on."
    ),
    references=(
        "NIST-800-190:4.4.1", "ATT&CK:T1611", "CVE-2020-15257", "CVE-2022-23648", "CVE-2024-25621", "CWE-1395",
    ),
)  # fmt: skip
def vulnerable_containerd(engine: Engine, view: View) -> Verdict:
    """Fail, manual, pass, unknown: as RUN-063 for containerd. CVE-2020-15257 is critical while a container with the
    host's network runs as root. Not applicable: the engine has no containerd (Podman). Source: as RUN-063."""
    path, text = _component(engine.components, "containerd")
    if not path:
        return not_applicable("the engine reports no containerd")

    def severity(entry: Advisory) -> Severity:
        if entry.id == containerd.HOST_NETWORK_SHIM and _root_on_host_network(view):
            return Severity.CRITICAL
        return entry.severity

    table, made = advisories("containerd", containerd.ADVISORIES, containerd.TABLE_DATE, view.policy.tables)
    return judge_version(path, text, table, made, view, severity)


@check(
    "RUN-065",
    "Docker Engine with known vulnerability",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Engine,
    why="Published ways past the engine's own barriers.",
    remediation=(
        "Upgrade the engine (package docker-ce or docker.io). The daemon restarts: containers stop unless live-restore "
        "is on."
    ),
    references=(
        "CIS-Docker-1.6:1.2.2", "NIST-800-190:4.4.1", "CVE-2024-41110", "CVE-2026-34040", "CVE-2026-41567", "CWE-1395",
    ),
)  # fmt: skip
def vulnerable_engine(engine: Engine, view: View) -> Verdict:
    """Fail: as RUN-063 for the engine. A flaw that needs something the engine does not have (authorization plugin,
    userns-remap, encrypted or internal network, firewalld) counts as low; one whose condition nobody can see from
    outside (how people copy and build) counts as medium at most.

    Manual, pass, unknown: as RUN-063. Not applicable: not a Docker engine. Source: as RUN-063.
    """
    if engine.flavour != "docker":
        return not_applicable(f"the engine is {engine.flavour}")

    def severity(entry: Advisory) -> Severity:
        met = _met(entry.needs, engine, view)
        if met is None:
            return min(entry.severity, Severity.MEDIUM)
        return entry.severity if met else Severity.LOW

    shipped, tables = docker_engine.ADVISORIES, view.policy.tables
    table, made = advisories("docker-engine", shipped, docker_engine.TABLE_DATE, tables)
    return judge_version("Version", engine.version, table, made, view, severity)


def judge_version(
    path: str,
    text: str,
    table: Iterable[Advisory],
    table_date: date,
    view: View,
    severity: Callable[[Advisory], Severity] = lambda entry: entry.severity,
) -> Verdict:
    version = parse_version(text)
    dated = Evidence("vulnerability table", table_date.isoformat())
    if version is None:
        return unknown(f"{path} {text!r} is no version that can be compared", dated)
    found = affecting(version, table)
    if not found:
        if outdated(table_date, day(view.now)):
            return manual("fixed as far as a table of this age can tell", seen(path, text), dated)
        return passed("", seen(path, text), dated)
    severities = {entry: severity(entry) for entry in found}
    found.sort(key=lambda entry: (-severities[entry], entry.id))
    return _in_range(version, found, severities, (seen(path, text), dated))


def _in_range(
    version: Version, found: list[Advisory], severities: Mapping[Advisory, Severity], base: tuple[Evidence, ...]
) -> Verdict:
    listed = tuple(
        Evidence(entry.id, f"{severities[entry].word}: {_described(entry)}; fixed in {entry.fixed_in}")
        for entry in found[:_SHOWN]
    )
    confirmed = [entry for entry in found if entry.confirmed]
    worst = max(severities[entry] for entry in (confirmed or found))
    names = ", ".join(entry.id for entry in found[:3]) + (" and more" if len(found) > 3 else "")
    if not confirmed:
        return manual(f"may be open to {names}", *base, *listed, severity=worst)
    if version.distribution:
        text = f"{names}: the suffix {version.suffix} may stand for back-ported fixes, see the distribution's tracker"
        return manual(text, *base, *listed, severity=worst)
    return failed(f"open to {names}", *base, *listed, severity=worst)


def _described(entry: Advisory) -> str:
    return f"{entry.what} ({entry.needs.value})" if entry.needs.value else entry.what


def _component(components: Mapping[str, str], name: str) -> tuple[str, str]:
    """Its path and version; Podman writes `OCI Runtime (runc)` and `runc version 1.1.5+ds1` with further lines."""
    for component, text in components.items():
        if component == name or component.endswith(f"({name})"):
            found = _NUMBER.search(text)
            return f"Components[{component}].Version", found[0] if found else text
    return "", ""


def _root_on_host_network(view: View) -> bool:
    return any(
        container.network_mode == "host" and parse_user(container.user).identity is Identity.ROOT
        for container in view.all(Container)
    )


def _met(needs: Needs, engine: Engine, view: View) -> bool | None:
    """Whether the engine has what a flaw needs; None where that cannot be seen."""
    match needs:
        case Needs.NOTHING:
            return True
        case Needs.AUTHORIZATION_PLUGIN:
            return bool(engine.authorization_plugins)
        case Needs.USERNS_REMAP:
            return engine.security_option("userns") is not None
        case Needs.ENCRYPTED_OVERLAY:
            return any(network.driver == "overlay" and network.encrypted for network in view.all(Network))
        case Needs.INTERNAL_NETWORK:
            return any(network.internal for network in view.all(Network))
        case Needs.FIREWALLD:
            return "firewalld" in engine.firewall_backend if "firewall_backend" not in engine.gaps else None
        case _:
            return None
