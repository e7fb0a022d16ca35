"""Which containers' logs a collector on this host can see, and which of the worst containers nobody watches."""

from __future__ import annotations

from collections.abc import Mapping

from checks.check import REGISTRY, Domain, check
from checks.evidence import capped
from checks.hostpaths import inside, normalise
from checks.images.usage import SHOWN
from checks.monitoring.drivers import REMOTE
from checks.sockets import socket_in
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Component, Container, Engine, Kind

_COLLECTORS = frozenset({"log shipper", "collector"})
_NOTHING_KEPT = frozenset({"none", "passthrough"})
_ENDED = frozenset({"exited", "dead", "created", "removing", "shutdown", "failed", "rejected", "complete"})


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

    A container is covered when its driver is remote, or when it keeps a file below a directory that a log shipper
    mounts, or when a log shipper mounts the engine's socket. F: some are not, and nothing here could read them. M: what
    could read the others is no container, or a collector of telemetry (Telegraf, OpenTelemetry Collector, Alloy), for
    which the socket or the host's files may be there for metrics alone: its options decide. P: all are covered.
    NA: nothing runs, or no collector at all (MON-002). U: containers were not read.
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
    shown = capped((Evidence(one.role, one.name, one.carrier) for one in collectors), SHOWN)
    if not missed:
        return passed("", *shown)
    lost = [container for container in missed if not perhaps(container, collectors, view)]
    if not lost:
        return manual(f"whether {len(missed)} container(s) are read is in the options of the collector", *shown)
    drivers = (Evidence(f"{one.name}: log driver", one.log_config.driver, one.key) for one in lost)
    return failed(f"{len(lost)} of {len(running)} containers are not collected", *shown, *capped(drivers, SHOWN))


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

    F: a check fails on it with severity high or critical, as the verdict and the policy weigh it, and no collector
    covers it. M: the same, and whether a collector covers it is in that collector's options. P: it is covered, or
    nothing of that severity fails. NA: it does not run, or no collector runs on this host, which MON-002 says once.
    U: the components were not read. Whether its metrics are scraped is not known from here.
    """
    if not container.running:
        return not_applicable("the container does not run")
    collectors = _collectors(view)
    if not collectors:
        return not_applicable("no collector runs here: MON-002")
    if covered(container, collectors, view):
        return passed()
    grave = [rule for rule in _rules() if (view.severity(rule, container.key) or Severity.INFO) >= Severity.HIGH]
    if not grave:
        return passed()
    driver = Evidence("HostConfig.LogConfig.Type", container.log_config.driver)
    evidence = [driver, *capped((Evidence("fails", rule, container.key) for rule in grave), SHOWN)]
    worst = ", ".join(grave[:SHOWN])
    if perhaps(container, collectors, view):
        return manual(f"{worst}, and whether its log is collected is in the collector's options", *evidence)
    return failed(f"{worst} and nobody collects its log", *evidence)


def ended(component: Component) -> bool:
    """Whether nothing of it runs; the state of a service is `running/desired`."""
    return component.state in _ENDED or component.state.startswith("0/")


def covered(container: Container, collectors: list[Component], view: View) -> bool:
    """Whether its log is collected for certain: by its driver, or by what the container of a log shipper mounts."""
    driver = container.log_config.driver
    if driver in REMOTE:
        return True
    return driver not in _NOTHING_KEPT and any(
        one.role == "log shipper" and _mounts(one, container, view) for one in collectors
    )


def perhaps(container: Container, collectors: list[Component], view: View) -> bool:
    """Whether a collector could read its log: from beside the containers, or by what it mounts."""
    return container.log_config.driver not in _NOTHING_KEPT and any(
        one.carrier.kind is not Kind.CONTAINER or _mounts(one, container, view) for one in collectors
    )


def _mounts(component: Component, container: Container, view: View) -> bool:
    carrier = view.index_of(Container, carriers, component.carrier.id)
    return carrier is not None and _reads(carrier, container)


def _reads(collector: Container, container: Container) -> bool:
    if any(socket_in(mount) for mount in collector.mounts):
        return True
    log = container.log_path
    return bool(log) and any(
        inside(normalise(log), normalise(mount.source)) for mount in collector.mounts if mount.source
    )


def _collectors(view: View) -> list[Component]:
    return [one for one in view.all(Component) if one.role in _COLLECTORS and not ended(one)]


def _rules() -> list[str]:
    return [rule.id for rule in REGISTRY.values() if rule.subject is Container and not rule.derived]
