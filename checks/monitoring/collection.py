"""Which containers' logs a collector on this host can see, and which of the worst containers nobody watches."""

from __future__ import annotations

from collections.abc import Mapping

from checks.check import REGISTRY, Domain, check
from checks.hostpaths import inside, normalise
from checks.images.usage import SHOWN
from checks.monitoring.drivers import REMOTE
from checks.sockets import socket_in
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Component, Container, Engine, Kind

_COLLECTORS = frozenset({"log shipper", "collector"})
ENDED = frozenset({"exited", "dead", "created", "removing", "shutdown", "failed", "rejected", "complete"})


def carriers(containers: tuple[Container, ...]) -> Mapping[str, Container]:
    """Containers by id (an index for `View.index`)."""
    return {container.id: container for container in containers}


@check(
    "MON-007",
    "Running containers not covered by log collection",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="What these containers did is gone with this host.",
    remediation="Mount the directory of the container logs (/var/lib/docker/containers, read-only) into the collector, "
    "or give the containers a remote driver. A container with `logging: {driver: none}` has to be re-created.",
    references=("NIST-800-190:4.4.4", "OWASP-K8S:K10", "OWASP-Docker:D10", "CWE-778"),
    implied_by=("MON-002",),
)
def uncovered(engine: Engine, view: View) -> Verdict:
    """Judges each running container's log driver and what the collectors that run here can read.

    A container is covered when its driver is remote, or when it keeps a file below a directory that a collector
    mounts, or when a collector reads the engine's socket. F: some are not. M: the collector runs on the host itself or
    forwards journald, which its options decide. P: all are covered. NA: nothing runs, or no collector at all (MON-002).
    U: containers were not read.
    """
    running = [container for container in view.all(Container) if container.running]
    if not running:
        return not_applicable("no container runs")
    collectors = _collectors(view)
    if not collectors:
        if all(container.log_config.driver in REMOTE for container in running):
            return passed("every driver is remote")
        return not_applicable("no collector runs here: MON-002")
    missed = [container for container in running if not covered(container, collectors, view)]
    shown = [Evidence(one.role, one.name, one.carrier) for one in collectors[:SHOWN]]
    if not missed:
        return passed("", *shown)
    silent = [container for container in missed if container.log_config.driver == "none"]
    if not silent and any(one.carrier.kind is not Kind.CONTAINER for one in collectors):
        return manual("a collector runs beside the containers; what it reads is in its options", *shown)
    shown += [Evidence(f"{one.name}: log driver", one.log_config.driver, one.key) for one in missed[:SHOWN]]
    return failed(f"{len(missed)} of {len(running)} containers are not collected", *shown)


@check(
    "CMB-007",
    "Worst containers unmonitored",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Container,
    why="When the container that is easiest to take is taken, nothing tells.",
    remediation="Collect its logs first (a remote driver, or a collector that reads its file), then repair what makes "
    "it the worst. Re-creating it with another driver loses the local log.",
    references=("OWASP-K8S:K10", "OWASP-Docker:D10", "ATT&CK:T1562", "CWE-778"),
    derived=True,
)
def worst_unwatched(container: Container, view: View) -> Verdict:
    """Combines verdicts on a running container with MON-007's rule.

    F: a check of severity high or critical fails on it and no collector covers it, while others here are covered.
    P: it is covered, or nothing of that severity fails. NA: it does not run, or no collector runs on this host, which
    MON-002 says once. U: the components were not read. Whether its metrics are scraped is not known from here.
    """
    if not container.running:
        return not_applicable("the container does not run")
    collectors = _collectors(view)
    if not collectors:
        return not_applicable("no collector runs here: MON-002")
    grave = [rule for rule in _grave() if view.outcome(rule, container.key) is Outcome.FAIL]
    if not grave or covered(container, collectors, view):
        return passed()
    if any(one.carrier.kind is not Kind.CONTAINER for one in collectors) and container.log_config.driver != "none":
        return manual("whether the collector on the host reads it is in the collector's options")
    driver = Evidence("HostConfig.LogConfig.Type", container.log_config.driver)
    message = f"{', '.join(grave[:SHOWN])} and nobody collects its log"
    return failed(message, driver, *(Evidence("fails", rule, container.key) for rule in grave[:SHOWN]))


def covered(container: Container, collectors: list[Component], view: View) -> bool:
    """Whether its log is collected for certain: by its driver, or by what the container of a collector mounts."""
    driver = container.log_config.driver
    if driver in REMOTE:
        return True
    if driver in {"none", "passthrough"}:
        return False
    hosts = (view.index_of(Container, carriers, one.carrier.id) for one in collectors)
    return any(host is not None and _reads(host, container) for host in hosts)


def _reads(collector: Container, container: Container) -> bool:
    if any(socket_in(mount) for mount in collector.mounts):
        return True
    log = container.log_path
    return bool(log) and any(
        inside(normalise(log), normalise(mount.source)) for mount in collector.mounts if mount.source
    )


def _collectors(view: View) -> list[Component]:
    return [one for one in view.all(Component) if one.role in _COLLECTORS and one.state not in ENDED]


def _grave() -> list[str]:
    rules = REGISTRY.values()
    return [
        rule.id for rule in rules if rule.subject is Container and rule.severity >= Severity.HIGH and not rule.derived
    ]
