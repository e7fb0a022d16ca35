"""Whether something notices that a container no longer works, and what it says."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import seen
from checks.runtime.owners import is_kubernetes
from checks.verdict import Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.container import Container, Healthcheck
from inventory.secrets import mask_text

_OUTPUT_SHOWN = 200
# What the engine uses where the health check gives 0 (Engine API, HealthConfig).
_DEFAULT_INTERVAL, _DEFAULT_RETRIES = 30.0, 3


@check(
    "RUN-038",
    "Unhealthy",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="The service answers wrongly or not at all.",
    remediation=(
        "Run the probe's command by hand and read the container's log; restart it once the cause is known. "
        "A restart drops the connections it still serves."
    ),
    references=("CIS-Docker-1.6:5.27", "OWASP-Docker:D10"),
)
def unhealthy(container: Container, view: View) -> Verdict:
    """Fail: `State.Health.Status` is unhealthy. Manual: starting for longer than StartPeriod + Interval * Retries.

    Pass: healthy, or still within that time. Not applicable: no health check, or it does not run.
    """
    health = container.health
    # The engine calls everything unhealthy that is paused or between two restarts; no probe says so.
    if health is None or health.status in {"", "none"} or container.state != "running":
        return not_applicable("no health check is running")
    status = seen("State.Health.Status", health.status)
    if health.status == "unhealthy":
        return failed(
            f"failed its last {health.failing_streak} probes",
            status,
            seen("State.Health.FailingStreak", health.failing_streak),
            seen("State.Health.Log[-1].Output", mask_text(health.output)[:_OUTPUT_SHOWN]),
        )
    probe = container.healthcheck
    if health.status != "starting" or probe is None:
        return passed()
    allowed = _starting_time(probe)
    if view.now - container.started_at <= allowed:
        return passed("still starting", status)
    return manual(f"has been starting for longer than {allowed:g} s", status)


def _starting_time(probe: Healthcheck) -> float:
    return probe.start_period + (probe.interval or _DEFAULT_INTERVAL) * (probe.retries or _DEFAULT_RETRIES)


@check(
    "RUN-039",
    "No health check in effect",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="Nothing notices a service that hangs.",
    remediation=(
        "HEALTHCHECK CMD ... in the Dockerfile or --health-cmd (Compose: `healthcheck`). The probe runs every 30 s "
        "inside the container and costs a process each time."
    ),
    references=("CIS-Docker-1.6:5.27", "OWASP-Docker:D10"),
)
def no_healthcheck(container: Container, view: View) -> Verdict:
    """Fail: a running container without `Config.Healthcheck`, or with one that is switched off (NONE).

    Pass: one is in effect. Not applicable: it does not run, or Kubernetes probes it. Source: CIS Docker 5.27.
    """
    probe = container.healthcheck
    if probe is not None and probe.enabled:
        return passed()
    if is_kubernetes(container):
        return not_applicable("Kubernetes probes it")
    if not container.running:
        return not_applicable("it does not run")
    return failed("nothing probes it", seen("Config.Healthcheck", None if probe is None else probe.test))
