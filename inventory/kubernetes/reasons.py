"""Why a pod or workload is not well, in sentences. Pure: what is known is handed in, nothing is looked up.

Sentences quote the cluster's own messages: make them safe before they are shown.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from inventory.kubernetes.cluster import KubeNode
from inventory.kubernetes.configuration import KubeEvent
from inventory.kubernetes.part import Condition, selects
from inventory.kubernetes.podspec import PodContainer
from inventory.kubernetes.policies import PodDisruptionBudget
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.states import Restarts, ended, ready_of, restarts, restarts_of, sidecars, state
from inventory.kubernetes.times import epoch, for_people
from inventory.kubernetes.workloads import (
    ContainerStatus,
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    Pod,
    PodBearer,
    StatefulSet,
    Terminated,
    Workload,
)

__all__ = ["Restarts", "Trouble", "about", "ready_of", "restarts", "restarts_of", "state", "troubles"]

DAY = 86_400.0
_LONGEST = 600
PULL = frozenset(
    {"ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "RegistryUnavailable",
     "ImageInspectError", "SignatureValidationFailed"}
)  # fmt: skip
CREATE = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "PreCreateHookError", "PreStartHookError",
     "PostStartHookError", "RunContainerError", "StartError"}
)  # fmt: skip
_ON_THE_WAY = frozenset({"", "ContainerCreating", "PodInitializing"})
_MOUNT = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume", "VolumeFailedDelete"})
_TOLD = {
    "FailedCreatePodSandBox": "its network or sandbox cannot be set up",
    "FailedCreate": "pods cannot be made",
    "FailedKillPod": "it cannot be stopped",
    "NetworkNotReady": "the node's network is not ready",
    "FailedPreStopHook": "its stop hook fails",
    "FailedPostStartHook": "its start hook fails",
    "Preempted": "it had to make room for a pod of a higher priority",
    "NodeNotReady": "its node is not ready",
    "FailedNeedsStart": "a run was missed",
    "UnknownTimeZone": "its time zone is not known",
    "UnparseableSchedule": "its schedule cannot be read",
    "TooManyMissedTimes": "too many runs were missed",
}  # fmt: skip
"""Warning events that say what nothing in the object itself says."""
_TOLD_BY_EVENTS = frozenset({"involved", "type", "reason", "message", "last_seen"})


class Trouble(msgspec.Struct, frozen=True):
    """One thing that is wrong: its word as the API has it, a sentence, and where that stands.

    `path` is below the object, "" for what an event or another object told; `value` is what stands there. `grave` is
    false for what may be well in a moment, or only explains something else.
    """

    word: str
    text: str
    path: str = ""
    value: str = ""
    grave: bool = True


def legible(event: KubeEvent) -> bool:
    """Whether what is told, of what and when, could be read."""
    return _TOLD_BY_EVENTS.isdisjoint(event.gaps)


def about(resource: KubeResource, events: Iterable[KubeEvent]) -> tuple[KubeEvent, ...]:
    """The events that are about this object, the newest first; of one that is not legible nobody can tell."""
    mine = [
        event
        for event in events
        if legible(event)
        and (event.involved.kind, event.involved.name) == (resource.api_kind, resource.name)
        and event.involved.namespace in ("", resource.namespace)
        and event.involved.uid in ("", resource.uid)
    ]
    return tuple(sorted(mine, key=lambda event: event.last_seen, reverse=True))


def troubles(
    bearer: PodBearer,
    now: float,
    events: Iterable[KubeEvent] = (),
    *,
    node: KubeNode | None = None,
    budgets: Iterable[PodDisruptionBudget] = (),
    pods: Iterable[Pod] = (),
) -> tuple[Trouble, ...]:
    """All that is wrong with it, what matters most first.

    Args:
        bearer: the pod or workload.
        now: the time, in epoch seconds.
        events: those of its namespace, or of it alone; older than an hour do not count.
        node: where a pod runs.
        budgets: the disruption budgets of its namespace.
        pods: a workload's own pods, whose troubles are told once for all that share them.

    Raises `Unread` where the status could not be read.
    """
    recent = [one for one in about(bearer, events) if one.type == "Warning" and now - one.last_seen < 3600]
    if isinstance(bearer, Pod):
        found = [*_pod(bearer, now, recent, node), *_budgets(bearer, node, budgets)]
    elif isinstance(bearer, Workload):
        found = [*_workload(bearer, now), *_events(recent), *_of_pods(pods, now)]
    else:
        found = []
    return tuple(dict.fromkeys(sorted(found, key=lambda one: not one.grave)))


def _quoted(message: str) -> str:
    return " ".join(message.split())[:_LONGEST]


def _with(sentence: str, message: str) -> str:
    told = _quoted(message)
    return f"{sentence}: {told}" if told else sentence


# -- pods -------------------------------------------------------------------------------------------------------------


def _pod(pod: Pod, now: float, events: Sequence[KubeEvent], node: KubeNode | None) -> Iterator[Trouble]:
    status = pod.status
    if pod.deleted:
        yield _terminating(pod, now)
    if status.phase in ("Failed", "Unknown"):
        yield _over(pod)
    for at, condition in enumerate(status.conditions):
        yield from _condition(condition, f"status.conditions[{at}]")
    kept = sidecars(pod.pod_spec)
    specs = {one.name: one for _, one in pod.pod_spec.all_containers()}
    if status.phase not in ("Failed", "Succeeded"):
        for group, found in _statuses(pod):
            for at, one in enumerate(found):
                started_once = group == "initContainerStatuses" and one.name not in kept
                yield from _container(one, specs.get(one.name), f"status.{group}[{at}]", now, events, started_once)
    if status.phase not in ("Failed", "Succeeded"):
        yield from _events(events)
    if node is not None and (trouble := _node(node)) is not None:
        yield trouble


def _statuses(pod: Pod) -> tuple[tuple[str, tuple[ContainerStatus, ...]], ...]:
    return (
        ("initContainerStatuses", pod.status.init_container_statuses),
        ("containerStatuses", pod.status.container_statuses),
    )


def _terminating(pod: Pod, now: float) -> Trouble:
    late = now - pod.deleted
    path, value = "metadata.finalizers", ", ".join(pod.finalizers)
    if late <= 0:
        return Trouble("Terminating", "it is being stopped", "metadata.deletionTimestamp", str(pod.deleted), False)
    text = f"it should have been gone {for_people(late)} ago"
    if pod.finalizers:
        return Trouble("Terminating", f"{text}; it waits for finalizers: {value}", path, value, late > 60)
    text += "; its node has not confirmed that it stopped"
    return Trouble("Terminating", text, "metadata.deletionTimestamp", str(pod.deleted), late > 60)


def _over(pod: Pod) -> Trouble:
    status = pod.status
    if status.reason == "Evicted":
        return Trouble("Evicted", _with("it was evicted", status.message), "status.reason", "Evicted")
    if status.phase == "Unknown":
        return Trouble("Unknown", _with("its node does not tell how it is", status.message), "status.phase", "Unknown")
    ends = [
        f"container {one.name} ended with {how(one.state.terminated)}"
        for _, found in _statuses(pod)
        for one in found
        if one.state.terminated is not None and one.state.terminated.exit_code
    ]
    said = _with(f"it failed ({status.reason})" if status.reason else "it failed", status.message)
    text = said if status.message or not ends else f"{said}: {'; '.join(ends)}"
    return Trouble(status.reason or "Failed", text, "status.phase", "Failed")


_CONDITIONS = {
    "Unschedulable": "no node can take it",
    "SchedulingGated": "it is held back from scheduling by a gate",
    "SchedulerError": "the scheduler could not place it",
}  # fmt: skip


def _condition(one: Condition, path: str) -> Iterator[Trouble]:
    bad = one.status == "False"
    if one.type == "PodScheduled" and bad:
        text = _CONDITIONS.get(one.reason, "it has no node")
        yield Trouble(one.reason or "Pending", _with(text, one.message), f"{path}.reason", one.reason)
    elif one.type == "Ready" and bad and one.reason == "ReadinessGatesNotReady":
        yield Trouble(one.reason, _with("a readiness gate is not open", one.message), f"{path}.reason", one.reason)
    elif one.type == "DisruptionTarget" and one.status == "True" and one.reason != "TerminationByKubelet":
        text = _with(f"it is about to be disrupted ({one.reason})", one.message)
        yield Trouble(one.reason, text, f"{path}.reason", one.reason, grave=False)
    elif one.type == "PodResizePending" and one.status == "True":
        text = _with("its resize has to wait" if one.reason == "Deferred" else "it cannot be resized", one.message)
        yield Trouble(one.reason, text, f"{path}.reason", one.reason, grave=False)


def _container(
    one: ContainerStatus,
    spec: PodContainer | None,
    path: str,
    now: float,
    events: Sequence[KubeEvent],
    init: bool,
) -> Iterator[Trouble]:
    noun = f"init container {one.name}" if init else f"container {one.name}"
    waiting, over, before = one.state.waiting, one.state.terminated, one.last_state.terminated
    if waiting is not None and waiting.reason not in _ON_THE_WAY:
        where = f"{path}.state.waiting.reason"
        if waiting.reason == "CrashLoopBackOff":
            text = f"{noun} crashes again and again ({one.restart_count} restarts)"
            if before is not None:
                text += f"; last it ended with {how(before, spec)}{_ago(before, now)}"
        elif waiting.reason in PULL:
            image = spec.image if spec is not None else one.image
            text = _with(f"image {image} of {noun} cannot be pulled", waiting.message)
        elif waiting.reason in CREATE:
            text = _with(f"{noun} cannot be started", waiting.message)
        else:
            text = _with(f"{noun} waits ({waiting.reason})", waiting.message)
        yield Trouble(waiting.reason, text, where, waiting.reason)
    elif over is not None and over.exit_code:
        text = f"{noun} ended with {how(over, spec)}{_ago(over, now)}"
        yield Trouble(over.reason or "Error", text, f"{path}.state.terminated.exitCode", str(over.exit_code))
    elif before is not None and before.reason == "OOMKilled" and now - ended(one) < DAY:
        text = f"{noun} was ended by {how(before, spec)}{_ago(before, now)} ({one.restart_count} restarts)"
        yield Trouble("OOMKilled", text, f"{path}.lastState.terminated.reason", before.reason)
    if not init and one.state.running is not None and not one.ready:
        said = next((event for event in events if event.reason == "Unhealthy"), None)
        text = f"{noun} runs but is not ready"
        if one.started is False:
            text = f"{noun} runs but has not passed its startup probe"
        yield Trouble("NotReady", _with(text, said.message if said else ""), f"{path}.ready", "false")


def how(over: Terminated, spec: PodContainer | None = None) -> str:
    """How a container ended: `exit code 137 (SIGKILL), over its memory limit of 256Mi`."""
    number = over.signal or (over.exit_code - 128 if over.exit_code > 128 else 0)
    name = _signal(number)
    text = f"signal {over.signal}" if over.signal else f"exit code {over.exit_code}"
    if name:
        text += f" ({name})"
    if over.reason == "OOMKilled":
        limit = spec.resources.limits.get("memory") if spec is not None else None
        text += f", over its memory limit of {limit}" if limit is not None else ", out of memory (OOMKilled)"
    elif over.exit_code in _SHELL:
        text += f", {_SHELL[over.exit_code]}"
    return _with(text, over.message) if over.message else text


_SHELL = {126: "its command cannot be executed", 127: "its command was not found"}


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name if number > 0 else ""
    except ValueError:
        return ""


def _ago(over: Terminated, now: float) -> str:
    at = epoch(over.finished_at)
    return f", {for_people(now - at)} ago" if at else ""


def _node(node: KubeNode) -> Trouble | None:
    ready = next((one for one in node.status.conditions if one.type == "Ready"), None)
    if ready is None or ready.status == "True":
        return None
    reason = f" ({ready.reason})" if ready.reason else ""
    return Trouble("NodeNotReady", _with(f"its node {node.name} is not ready{reason}", ready.message))


def _budgets(pod: Pod, node: KubeNode | None, budgets: Iterable[PodDisruptionBudget]) -> Iterator[Trouble]:
    """A budget without room matters once somebody wants the pod gone: its node is cordoned."""
    if node is None or not node.spec.unschedulable or pod.status.phase in ("Failed", "Succeeded"):
        return
    for budget in budgets:
        selector, status = budget.spec.selector, budget.status
        if (budget.namespace == pod.namespace and selects(selector, pod.labels)) and not status.disruptions_allowed:
            text = f"its node {node.name} is cordoned, but budget {budget.name} allows no eviction"
            text += f" ({status.current_healthy} of {status.desired_healthy} needed pods are healthy)"
            yield Trouble("EvictionBlocked", text)


def _events(events: Sequence[KubeEvent]) -> Iterator[Trouble]:
    """What only events tell, once for each reason, by the newest."""
    said: set[str] = set()
    for event in events:
        reason = event.reason
        if reason in said:
            continue
        if reason in _MOUNT:
            text = "a volume cannot be mounted"
        elif "disruption budget" in event.message:
            text = "a disruption budget does not let it be evicted"
        elif reason in _TOLD:
            text = _TOLD[reason]
        else:
            continue
        said.add(reason)
        yield Trouble(reason, _with(text, event.message))


# -- workloads --------------------------------------------------------------------------------------------------------


def _workload(one: Workload, now: float) -> Iterator[Trouble]:
    if one.deleted and now - one.deleted > 60:
        value = ", ".join(one.finalizers)
        text = f"it should have been gone {for_people(now - one.deleted)} ago"
        text += f"; it waits for finalizers: {value}" if value else "; its pods are not gone"
        yield Trouble("Terminating", text, "metadata.finalizers", value)
    for at, condition in enumerate(one.status.conditions):
        yield from _maker(condition, f"status.conditions[{at}]")
    yield from _numbers(one)
    if isinstance(one, CronJob) and not one.spec.suspend and one.status.last_schedule_time:
        last, won = epoch(one.status.last_schedule_time), epoch(one.status.last_successful_time)
        if won < last and now - last > DAY and not one.status.active:
            text = f"its run of {for_people(now - last)} ago did not succeed"
            yield Trouble("NoSuccess", text, "status.lastSuccessfulTime", one.status.last_successful_time)


def _maker(one: Condition, path: str) -> Iterator[Trouble]:
    where, value = f"{path}.reason", one.reason
    match one.type, one.status:
        case "Progressing", "False":
            yield Trouble(value, _with("its rollout does not get on", one.message), where, value)
        case "ReplicaFailure", "True":
            yield Trouble(value or "ReplicaFailure", _with("pods cannot be made", one.message), where, value)
        case "Failed", "True":
            yield Trouble(value or "Failed", _with("the job failed", one.message), where, value)
        case "Suspended", "True":
            yield Trouble("Suspended", "it is suspended", where, value, grave=False)


def _numbers(one: Workload) -> Iterator[Trouble]:
    count = ready_of(one)
    if count is None or isinstance(one, Job):
        return
    ready, wanted = count
    if ready < wanted:
        path = "status.numberReady" if isinstance(one, DaemonSet) else "status.readyReplicas"
        text = f"{ready} of {wanted} pods are ready"
        if isinstance(one, StatefulSet):
            text += "; unless its pods start in parallel, each waits for the one before"
        yield Trouble("NotReady", text, path, str(ready))
    if isinstance(one, DaemonSet) and one.status.number_misscheduled:
        number = one.status.number_misscheduled
        text = f"{number} of its pods run on nodes where none should"
        yield Trouble("Misscheduled", text, "status.numberMisscheduled", str(number), grave=False)
    if isinstance(one, Deployment) and one.spec.paused:
        yield Trouble("Paused", "its rollout is paused", "spec.paused", "true", grave=False)


def _of_pods(pods: Iterable[Pod], now: float) -> Iterator[Trouble]:
    """The pods' troubles, each told once with the number of pods that have it."""
    told: dict[str, list[Trouble]] = {}
    total = 0
    for pod in pods:
        total += 1
        mine = {one.word: one for one in troubles(pod, now) if one.grave}
        for word, one in mine.items():
            told.setdefault(word, []).append(one)
    for word, found in told.items():
        yield Trouble(word, f"{len(found)} of {total} pods: {found[0].text}")
