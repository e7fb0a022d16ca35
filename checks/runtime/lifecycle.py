"""How a container starts, restarts and ends: policy, crash loops, memory kills, exit codes, leftovers."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import seen
from checks.runtime.owners import orchestrator
from checks.verdict import Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.container import Container
from inventory.secrets import mask_text

_MINUTE, _DAY = 60.0, 86400.0
_LOOP_WINDOW = 10 * _MINUTE
_SIGNALS = {132: "illegal instruction", 134: "aborted", 137: "killed", 139: "segmentation fault"}
_CLEAN = {0, 143}


@check(
    "RUN-034",
    "Unbounded restart policy",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="Endless restarts hide faults, burn CPU and give an exploit as many tries as it needs.",
    remediation=(
        "--restart on-failure:5 (Compose: `restart: on-failure:5`); `docker update --restart` works on a running one. "
        "After a reboot the container does not come back by itself: start it from systemd where it must."
    ),
    references=("CIS-Docker-1.6:5.15", "OWASP-Docker:D07"),
)
def unbounded_restart(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.RestartPolicy` always, unless-stopped, or on-failure with a count of 0 or above 5.

    Pass: no, or on-failure 1 to 5. Not applicable: Swarm or Kubernetes decides. Source: CIS Docker 5.15.
    """
    decides = orchestrator(container)
    if decides:
        return not_applicable(f"{decides} decides about restarts")
    policy = container.restart_policy
    if policy.name in {"", "no"} or (policy.name == "on-failure" and 1 <= policy.maximum_retry_count <= 5):
        return passed()
    return failed(
        "restarts without end",
        seen("HostConfig.RestartPolicy.Name", policy.name),
        seen("HostConfig.RestartPolicy.MaximumRetryCount", policy.maximum_retry_count),
    )


@check(
    "RUN-035",
    "Restart loop",
    domain=Domain.RUNTIME,
    severity=Severity.HIGH,
    subject=Container,
    why="An outage, or an exploit that is being retried.",
    remediation=(
        "Read the last output (docker logs --tail 50 NAME) and fix the cause; stop the loop meanwhile with "
        "docker update --restart no NAME. The service is then down for good until it is started again."
    ),
    references=("NIST-800-190:4.4.4", "ATT&CK:T1499"),
)
def restart_loop(container: Container, view: View) -> Verdict:
    """Fail: three or more ends within ten minutes that the engine answered with a restart; or, without having watched
    it, a `RestartCount` of 5 or more while it restarts or runs for less than ten minutes.

    Manual: it was restarted, but not in a loop now. Pass: `RestartCount` is 0.
    """
    count = container.restart_count
    if count == 0:
        return passed()
    evidence = (seen("RestartCount", count), seen("State.ExitCode", container.exit_code))
    now = view.now
    ends = sum(event.action == "die" and now - event.time <= _LOOP_WINDOW for event in view.events_of(container.id))
    if ends >= 3:
        return failed(f"ended {ends} times within ten minutes", *evidence, seen("events: die", ends))
    young = container.state == "restarting" or (container.running and now - container.started_at < _LOOP_WINDOW)
    if count >= 5 and young:
        return failed(f"restarted {count} times, last just now", *evidence, seen("State.Status", container.state))
    return manual("the engine had to restart it", *evidence)


@check(
    "RUN-036",
    "OOM-killed",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="The limit is too small, the program leaks, or somebody feeds it until it breaks.",
    remediation=(
        "Compare the use with the limit (docker stats NAME), then raise --memory or fix the leak. A higher limit takes "
        "memory from its neighbours."
    ),
    references=("NIST-800-190:4.4.4", "ATT&CK:T1499", "CWE-770"),
)
def oom_killed(container: Container, view: View) -> Verdict:
    """Fail: `State.OOMKilled`, or an `oom` event of the last 24 hours (since the engine is watched). Pass: neither."""
    if container.oom_killed:
        return failed(
            "killed for want of memory",
            seen("State.OOMKilled", True),
            seen("HostConfig.Memory", container.memory),
            seen("State.ExitCode", container.exit_code),
        )
    kills = [event for event in view.events_of(container.id) if event.action == "oom"]
    if not kills:
        return passed()
    recent = sum(view.now - event.time <= _DAY for event in kills)
    memory = seen("HostConfig.Memory", container.memory)
    return failed("lost a process for want of memory", seen("events: oom", recent), memory) if recent else passed()


@check(
    "RUN-037",
    "Exited abnormally",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="Something failed and nobody looked.",
    remediation=(
        "Read its last output (docker logs --tail 50 NAME), fix the cause or remove it: docker rm NAME. "
        "Removing it removes its writable layer and logs."
    ),
    references=("NIST-800-190:4.4.4",),
)
def exited_abnormally(container: Container, view: View) -> Verdict:
    """Fail: exited or dead within the last 7 days with a code other than 0 and 143 (SIGTERM): medium for 132, 134, 137
    and 139 (signals) and for dead, else low; or created and the engine could not start it (`State.Error`).

    Pass: a clean exit, or an older one. Not applicable: it runs or has not run.
    """
    state, code = container.state, container.exit_code
    if state == "created" and container.error:
        return failed("the engine could not start it", seen("State.Error", mask_text(container.error)))
    if state not in {"exited", "dead"}:
        return not_applicable(f"it has not ended ({state})")
    evidence = (seen("State.Status", state), seen("State.ExitCode", code))
    if state == "dead":
        return failed("the engine could not remove it", *evidence, severity=Severity.MEDIUM)
    if code in _CLEAN or view.now - container.finished_at > 7 * _DAY:
        return passed()
    if code in _SIGNALS:
        return failed(f"ended with {code}: {_SIGNALS[code]}", *evidence, severity=Severity.MEDIUM)
    return failed(f"ended with {code}", *evidence)


@check(
    "RUN-058",
    "Container sprawl",
    domain=Domain.RUNTIME,
    severity=Severity.INFO,
    subject=Container,
    why="Leftover containers keep risky settings, secrets and layers, one start away.",
    remediation="docker rm NAME, or docker container prune for all that ended. Writable layers and logs are lost.",
    references=("CIS-Docker-1.6:6.2", "NIST-800-190:4.4.5"),
)
def sprawl(container: Container, view: View) -> Verdict:
    """Fail (low): created more than a day ago and never started, exited more than 30 days ago, or dead. Pass: else.

    Source: CIS Docker 6.2.
    """
    state = container.state
    if state == "dead":
        return failed("dead", seen("State.Status", state), severity=Severity.LOW)
    if state == "created" and view.now - container.created > _DAY:
        return _leftover("never started", state, "Created", view.now - container.created)
    if state == "exited" and view.now - container.finished_at > 30 * _DAY:
        return _leftover("ended long ago", state, "State.FinishedAt", view.now - container.finished_at)
    return passed()


def _leftover(why: str, state: str, path: str, age: float) -> Verdict:
    days = seen(path, f"{age / _DAY:.0f} days ago")
    return failed(why, seen("State.Status", state), days, severity=Severity.LOW)
