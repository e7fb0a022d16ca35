"""What `kubectl get` prints of a pod or workload: READY, STATUS, RESTARTS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from inventory.kubernetes.podspec import PodSpec
from inventory.kubernetes.times import epoch
from inventory.kubernetes.workloads import (
    ContainerStatus,
    CronJob,
    DaemonSet,
    Job,
    Pod,
    PodBearer,
    PodTemplate,
    Terminated,
    Workload,
)


class Restarts(NamedTuple):
    """How often containers were started again; `last` is when the last one ended before, 0.0 when not told."""

    number: int
    last: float


class Printed(NamedTuple):
    """A pod as a line of `kubectl get pods`."""

    ready: int
    total: int
    status: str
    restarts: Restarts


def state(pod: Pod) -> str:
    """The word in STATUS. Raises `Unread` where the spec or the status could not be read."""
    return printed(pod).status


def restarts(pod: Pod) -> Restarts:
    """What RESTARTS says. Raises as `state` does."""
    return printed(pod).restarts


def restarts_of(pods: Iterable[Pod]) -> Restarts:
    """The restarts of several pods together, such as a workload's. Raises as `state` does."""
    found = [restarts(pod) for pod in pods]
    return Restarts(sum(one.number for one in found), max((one.last for one in found), default=0.0))


def ready_of(bearer: PodBearer) -> tuple[int, int] | None:
    """How many are ready of how many wanted: containers of a pod, pods of a workload, completions of a job.

    None for what has no such number (CronJob, PodTemplate). Raises `Unread` where it could not be read.
    """
    if isinstance(bearer, Pod):
        line = printed(bearer)
        return line.ready, line.total
    if not isinstance(bearer, Workload) or isinstance(bearer, CronJob | PodTemplate):
        return None
    if isinstance(bearer, DaemonSet):
        return bearer.status.number_ready, bearer.status.desired_number_scheduled
    if isinstance(bearer, Job):
        wanted = bearer.spec.completions
        return bearer.status.succeeded, 1 if wanted is None else wanted
    wanted = bearer.spec.replicas
    return bearer.status.ready_replicas, 1 if wanted is None else wanted


def sidecars(spec: PodSpec) -> frozenset[str]:
    """The names of init containers that keep running."""
    return frozenset(one.name for one in spec.init_containers if one.restart_policy == "Always")


def ended(status: ContainerStatus) -> float:
    """When its run before this one ended, 0.0 when not told."""
    before = status.last_state.terminated
    return epoch(before.finished_at) if before is not None else 0.0


def printed(pod: Pod) -> Printed:
    """The columns of one pod, by the API server's own rules (`printPod` of pkg/printers/internalversion)."""
    status, spec = pod.status, pod.pod_spec
    kept = sidecars(spec)
    word = status.reason or status.phase
    if any(one.type == "PodScheduled" and one.reason == "SchedulingGated" for one in status.conditions):
        word = "SchedulingGated"
    ready, initial = _initial(pod, kept)
    count = _restarts(status.init_container_statuses)
    if initial:
        word = initial
    if not initial or _true(pod, "Initialized"):
        count = _restarts(one for one in status.init_container_statuses if one.name in kept)
        mine = _restarts(status.container_statuses)
        count = Restarts(count.number + mine.number, max(count.last, mine.last))
        running = False
        for one in reversed(status.container_statuses):
            waiting, over = one.state.waiting, one.state.terminated
            if waiting is not None and waiting.reason:
                word = waiting.reason
            elif over is not None:
                word = over.reason or _how(over)
            elif one.ready and one.state.running is not None:
                running = True
                ready += 1
        if word == "Completed" and running:
            word = "Running" if _true(pod, "Ready") else "NotReady"
    if pod.deleted and status.reason == "NodeLost":
        word = "Unknown"
    elif pod.deleted and status.phase not in ("Failed", "Succeeded"):
        word = "Terminating"
    return Printed(ready, len(spec.containers) + len(kept), word, count)


def _initial(pod: Pod, kept: frozenset[str]) -> tuple[int, str]:
    """Ready sidecars, and the word of the init container that is not through."""
    ready = 0
    for at, one in enumerate(pod.status.init_container_statuses):
        waiting, over = one.state.waiting, one.state.terminated
        if over is not None and over.exit_code == 0:
            continue
        if one.name in kept and one.started:
            ready += one.ready
            continue
        if over is not None:
            return ready, f"Init:{over.reason or _how(over)}"
        if waiting is not None and waiting.reason and waiting.reason != "PodInitializing":
            return ready, f"Init:{waiting.reason}"
        return ready, f"Init:{at}/{len(pod.pod_spec.init_containers)}"
    return ready, ""


def _restarts(statuses: Iterable[ContainerStatus]) -> Restarts:
    found = tuple(statuses)
    return Restarts(sum(one.restart_count for one in found), max(map(ended, found), default=0.0))


def _how(over: Terminated) -> str:
    return f"Signal:{over.signal}" if over.signal else f"ExitCode:{over.exit_code}"


def _true(pod: Pod, condition: str) -> bool:
    return any(one.type == condition and one.status == "True" for one in pod.status.conditions)
