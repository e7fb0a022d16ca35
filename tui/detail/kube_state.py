"""What is wrong with a pod, a workload or a node, in words; and the pods that belong to something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from checks.report.wrap import wrapped
from inventory.gap import Gap, Unread
from inventory.kubernetes.cluster import KubeNode, Namespace
from inventory.kubernetes.configuration import KubeEvent
from inventory.kubernetes.part import Condition
from inventory.kubernetes.podspec import PodContainer
from inventory.kubernetes.policies import PodDisruptionBudget
from inventory.kubernetes.reasons import about, how, legible, troubles
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.selection import pods_of
from inventory.kubernetes.states import printed, ready_of
from inventory.kubernetes.times import epoch
from inventory.kubernetes.workloads import ContainerState, ContainerStatus, Pod, PodBearer, Workload
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot
from inventory.text import safe
from tui.detail.tab import Context
from tui.format import known, missing, since
from tui.verdicts import badge
from widgets.cells import Cell
from widgets.style import Role
from widgets.textview import TextLine, line

_GOOD_WHEN_FALSE = frozenset({
    "MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable", "ReplicaFailure", "Failed", "FailureTarget",
    "DisruptionTarget", "PodResizePending", "Stalled",
})  # fmt: skip
_WELL = frozenset({"Running", "Completed", "Succeeded"})


def gap_line(gap: Gap) -> TextLine:
    """Why something is not known."""
    return line(f" {safe(str(gap), 400)}", "unknown")


def state_lines(resource: KubeResource, context: Context) -> Iterator[TextLine]:
    """Troubles first, then containers or numbers, then conditions."""
    try:
        if isinstance(resource, PodBearer):
            yield from _troubles(resource, context)
        if isinstance(resource, Pod):
            yield from _pod(resource, context)
        elif isinstance(resource, Workload):
            yield from _workload(resource, context)
        status: Any = getattr(resource, "status", None)
        conditions: tuple[Condition, ...] = getattr(status, "conditions", ())
        if isinstance(resource, Namespace):
            yield line(f" {safe(resource.status.phase) or '-'}")
        elif not conditions and not isinstance(resource, PodBearer):
            yield line(" nothing in the cluster has said anything of its state", "dim")
        yield from condition_lines(conditions, context)
        if isinstance(resource, KubeNode):
            yield from _node(resource)
    except Unread as missing_:
        yield gap_line(missing_.gap)


def _troubles(bearer: PodBearer, context: Context) -> Iterator[TextLine]:
    snapshot, source = context.picture.snapshot, bearer.key.source
    events = tuple(snapshot.of(KubeEvent, source))
    pods = _pods(bearer, snapshot) if isinstance(bearer, Workload) else ()
    place = known(bearer, "node_name", "") if isinstance(bearer, Pod) else ""
    node = snapshot.get(ResourceKey(Kind.KUBE_NODE, source, place))
    found = troubles(
        bearer,
        context.now,
        events,
        node=node if isinstance(node, KubeNode) else None,
        budgets=snapshot.of(PodDisruptionBudget, source),
        pods=pods,
    )
    for one in found:
        role: Role = "error" if one.grave else "accent"
        yield line(f" {safe(one.word)}", role)
        yield from (line(piece, role) for piece in wrapped(safe(one.text, 1500), context.width - 2, "   "))
    if not found:
        yield line(" nothing is wrong that the cluster tells of", "pass")
    gap = snapshot.gaps.get((source, Kind.EVENT))
    if gap is not None:
        yield line(f" events: {safe(missing(gap))}: {safe(str(gap), 300)}", "unknown")
    yield from _malformed(events)
    yield line("")


def _malformed(events: Iterable[KubeEvent]) -> Iterator[TextLine]:
    """Events that may be about anything: what they are about could not be read."""
    gaps = [next(iter(event.gaps.values())) for event in events if not legible(event)]
    if gaps:
        yield line(f" events that could not be read: {len(gaps)}, one for this: {safe(str(gaps[0]), 300)}", "unknown")


def _pods(workload: KubeResource, snapshot: Snapshot) -> tuple[Pod, ...]:
    try:
        return pods_of(snapshot, workload)
    except Unread:
        return ()


def _pod(pod: Pod, context: Context) -> Iterator[TextLine]:
    shown, spec = printed(pod), pod.pod_spec
    status = pod.status
    restarts = f"{shown.restarts.number}" + (
        f" (last {since(shown.restarts.last, context.now)} ago)" if shown.restarts.last else ""
    )
    words = f" {safe(shown.status)}   ready {shown.ready}/{shown.total}   restarts {restarts}"
    words += f"   QoS {safe(status.qos_class) or '-'}"
    yield line(words, "normal" if shown.status in _WELL else "error")
    node = ResourceKey(Kind.KUBE_NODE, pod.key.source, pod.node_name)
    where = f" on {safe(pod.node_name) or 'no node yet'}   pod IP {safe(status.pod_ip) or '-'}   service account "
    account = spec.service_account_name or "default"
    yield TextLine(Cell.join(where, safe(account)), meta=node if pod.node_name else None)
    yield line("")
    states = {
        one.name: one
        for one in (*status.container_statuses, *status.init_container_statuses, *status.ephemeral_container_statuses)
    }
    yield line(f" {'CONTAINER':<24} {'STATE':<28} {'READY':<5} {'RESTARTS':>8}  IMAGE", "header")
    everyone = spec.all_containers()
    first = [one for one in everyone if one[0].startswith("init")]  # in the order in which they are started
    for path, container in (*first, *(one for one in everyone if one not in first)):
        yield from _container(path, container, states.get(container.name), context)


def _container(
    path: str, container: PodContainer, status: ContainerStatus | None, context: Context
) -> Iterator[TextLine]:
    kind = "" if path.startswith("containers") else " (init)" if path.startswith("init") else " (debug)"
    if kind == " (init)" and container.restart_policy == "Always":
        kind = " (sidecar)"
    name = f"{safe(container.name)}{kind}"
    if status is None:
        yield line(f" {name:<24.40} {'not started':<28} {'-':<5} {'-':>8}  {safe(container.image)}", "dim")
        return
    word, role = state_word(status.state, context.now)
    ready = "yes" if status.ready else "no"
    words = f" {name:<24.40} {safe(word):<28.60} {ready:<5} {status.restart_count:>8}  {safe(container.image)}"
    yield line(words, role)
    last = status.last_state.terminated
    if last is not None:
        ended = since(epoch(last.finished_at), context.now) if last.finished_at else "?"
        yield line(f"   last run: {safe(how(last, container), 300)}, {ended} ago", "accent")
    for text in (status.state.waiting.message if status.state.waiting else "", last.message if last else ""):
        if text:
            yield from (line(piece, "dim") for piece in wrapped(safe(text.strip(), 1500), context.width - 2, "   "))


def state_word(state: ContainerState, now: float) -> tuple[str, Role]:
    """A container's state in words."""
    if state.waiting is not None:
        return f"waiting: {state.waiting.reason or 'no reason told'}", "error" if state.waiting.reason else "accent"
    if state.terminated is not None:
        over = state.terminated
        return f"ended: {over.reason or f'exit {over.exit_code}'}", "dim" if over.exit_code == 0 else "error"
    if state.running is not None:
        started = epoch(state.running.started_at)
        return f"running for {since(started, now)}" if started else "running", "normal"
    return "not told", "unknown"


def _workload(workload: Workload, context: Context) -> Iterator[TextLine]:
    numbers = ready_of(workload)
    status, spec = workload.status, workload.spec
    if numbers is not None:
        yield line(f" {numbers[0]} of {numbers[1]} ready", "normal" if numbers[0] >= numbers[1] else "error")
    if spec.schedule:
        last = epoch(status.last_schedule_time)
        words = f" schedule {safe(spec.schedule)}{'   suspended' if spec.suspend else ''}"
        yield line(f"{words}   last run {since(last, context.now)} ago" if last else f"{words}   never ran")
    if spec.paused:
        yield line(" the rollout is paused", "accent")
    if status.updated_replicas and numbers is not None and status.updated_replicas < numbers[1]:
        yield line(f" {status.updated_replicas} of {numbers[1]} are of the newest revision", "accent")
    yield line("")


def condition_lines(conditions: tuple[Condition, ...], context: Context) -> Iterator[TextLine]:
    """Conditions with since when, reason and message."""
    if not conditions:
        return
    yield line("")
    yield line(f" {'CONDITION':<28} {'STATUS':<8} {'FOR':>5}  REASON", "header")
    for one in conditions:
        good = one.status == ("False" if one.type in _GOOD_WHEN_FALSE else "True")
        role: Role = "normal" if good else "unknown" if one.status == "Unknown" else "accent"
        moment = epoch(one.last_transition_time)
        aged = since(moment, context.now) if moment else "-"
        yield line(f" {safe(one.type):<28.40} {safe(one.status):<8} {aged:>5}  {safe(one.reason)}", role)
        if one.message and not good:
            yield from (line(piece, "dim") for piece in wrapped(safe(one.message, 1500), context.width - 2, "   "))


def _node(node: KubeNode) -> Iterator[TextLine]:
    info = node.status.node_info
    yield line("")
    yield line(f" kubelet {safe(info.kubelet_version)}   {safe(info.container_runtime_version)}")
    yield line(f" kernel {safe(info.kernel_version)}")
    yield line(f" {safe(info.os_image)}   {safe(info.architecture)}")
    for address in node.status.addresses:
        yield line(f" {safe(address.type):<14} {safe(address.address)}")
    for taint in node.spec.taints:
        yield line(f" taint {safe(taint.key)}={safe(taint.value)}:{safe(taint.effect)}", "accent")
    for name, amount in node.status.allocatable.items():
        yield line(f" {safe(name):<28} {safe(str(amount))} of {safe(str(node.status.capacity.get(name, '?')))}", "dim")


def pod_lines(resource: KubeResource, context: Context) -> Iterator[TextLine]:
    """The pods that a workload made, that something selects, or that run on a node; the worst first."""
    try:
        found = pods_of(context.picture.snapshot, resource)
    except Unread as missing_:
        yield gap_line(missing_.gap)
        return
    yield line(f" {'POD':<48} {'READY':<6} {'STATUS':<24} {'RESTARTS':>8} {'AGE':>5}  NODE", "header")
    for pod in sorted(found, key=_rank):
        yield TextLine(_pod_cell(pod, context), meta=pod.key)
    if not found:
        gap = context.picture.snapshot.gaps.get((resource.key.source, Kind.POD))
        yield gap_line(gap) if gap else line(" no pods", "dim")


def _rank(pod: Pod) -> tuple[bool, str]:
    try:
        shown = printed(pod)
    except Unread:
        return (False, pod.name)
    return (shown.status in _WELL and (shown.ready == shown.total or shown.status != "Running"), pod.name)


def _pod_cell(pod: Pod, context: Context) -> Cell:
    age = since(known(pod, "created", 0.0), context.now)
    try:
        shown = printed(pod)
    except Unread as missing_:
        return Cell.of(f" {safe(pod.name):<48.48} {safe(str(missing_.gap), 200)}", "unknown")
    ready = f"{shown.ready}/{shown.total}"
    words = f" {safe(pod.name):<48.48} {ready:<6} {safe(shown.status):<24.24} {shown.restarts.number:>8} {age:>5}  "
    role: Role = "normal" if _rank(pod)[0] else "error"
    return Cell.join(
        (words, role), safe(known(pod, "node_name", "")) or "-", "  ", badge(context.picture.judgement(pod.key))
    )


def event_lines(resource: KubeResource, context: Context) -> Iterator[TextLine]:
    """What the cluster tells has happened to it, newest first; and of a workload to what it made."""
    snapshot, source = context.picture.snapshot, resource.key.source
    gap = snapshot.gaps.get((source, Kind.EVENT))
    if gap is not None:
        yield gap_line(gap)
        return
    every = tuple(snapshot.of(KubeEvent, source))
    try:
        found = list(about(resource, every))
    except Unread as missing_:
        yield gap_line(missing_.gap)
        return
    if isinstance(resource, Workload):
        for pod in _pods(resource, snapshot)[:50]:
            found += about(pod, every)
        found.sort(key=lambda event: event.last_seen, reverse=True)
    yield from _malformed(every)
    yield line(f" {'AGE':>5} {'TIMES':>5} {'REASON':<22} MESSAGE", "header")
    for event in found:
        age, times = since(event.last_seen, context.now), known(event, "count", "?")
        words = f" {age:>5} {times:>5} {safe(event.reason):<22.30} "
        about_other = event.involved.name != resource.name
        whose = f"{safe(event.involved.name)}: " if about_other else ""
        role: Role = "accent" if event.type == "Warning" else "normal"
        yield TextLine(Cell.join((words, role), (whose, "dim"), (safe(event.message, 1500), role)))
    if not found:
        yield line(" no events: a cluster forgets them after an hour, unless it is told otherwise", "dim")
