"""The tabs of a cluster's objects. What fills them is imported when one is opened: most hosts have no cluster."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from inventory.gap import Unread
from inventory.resource import CLUSTER_KINDS, Kind, Resource
from tui.detail.tab import Context, Shape, Tab
from widgets.textview import TextLine

if TYPE_CHECKING:
    from inventory.kubernetes.workloads import PodBearer

MADE = frozenset({
    Kind.CLUSTER, Kind.SUBJECT, Kind.CONTROL_PLANE, Kind.KUBELET, Kind.KUBE_HOST, Kind.OPENING, Kind.EVENT,
})  # fmt: skip
"""Kinds that are no objects of the API: they have no YAML, no events."""
OBJECTS = frozenset(CLUSTER_KINDS) - MADE
WORKLOADS = frozenset({
    Kind.DEPLOYMENT, Kind.REPLICASET, Kind.STATEFULSET, Kind.DAEMONSET, Kind.JOB, Kind.CRONJOB,
    Kind.REPLICATIONCONTROLLER,
})  # fmt: skip
_SELECTING = frozenset({
    Kind.KUBE_SERVICE, Kind.NETWORKPOLICY, Kind.PODDISRUPTIONBUDGET, Kind.KUBE_NODE, Kind.NAMESPACE, Kind.INGRESS,
    Kind.HTTPROUTE,
})  # fmt: skip
_ASKED = frozenset({
    Kind.POD, Kind.KUBE_SECRET, Kind.CONFIGMAP, Kind.DEPLOYMENT, Kind.STATEFULSET, Kind.DAEMONSET, Kind.CRONJOB,
    Kind.KUBE_NODE, Kind.SERVICEACCOUNT, Kind.NETWORKPOLICY, Kind.NAMESPACE,
})  # fmt: skip
_STATES = frozenset({
    Kind.NAMESPACE, Kind.HORIZONTALPODAUTOSCALER, Kind.GATEWAY, Kind.APISERVICE,
})  # fmt: skip


def opens_on(resource: Resource | None, now: float) -> str:
    """The tab that shows first: of a pod or workload that is not well why not, else what is found."""
    if resource is None or resource.key.kind not in {Kind.POD, *WORKLOADS}:
        return "findings"
    from inventory.kubernetes.reasons import troubles

    try:
        return "state" if any(one.grave for one in troubles(cast("PodBearer", resource), now)) else "findings"
    except Unread:
        return "findings"


def _late(module: str, name: str) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        return getattr(importlib.import_module(f"tui.detail.{module}"), name)(*arguments)

    return call


def _text(name: str, title: str, place: int, module: str, function: str, kinds: Iterable[Kind]) -> Tab:
    lines: Callable[[Any, Context], Iterable[TextLine]] = _late(module, function)
    return Tab(name, title, Shape.TEXT, frozenset(kinds), place, lines=lines)


def _read(name: str, title: str, place: int, read: str, show: str, kinds: Iterable[Kind]) -> Tab:
    module = "kube_reading"
    return Tab(
        name, title, Shape.READ, frozenset(kinds), place, read=_late(module, read), show=_late(module, show)
    )  # fmt: skip


TABS = (
    Tab("logs", "Logs", Shape.LOGS, frozenset({Kind.POD, *WORKLOADS}), 30, read=_late("kube_reading", "show_log")),
    _read("previous", "Previous", 32, "read_previous", "previous_lines", {Kind.POD}),
    _text(
        "rights", "Rights", 60, "kube_rights", "right_lines", {Kind.POD, Kind.SERVICEACCOUNT, Kind.SUBJECT, *WORKLOADS}
    ),
    _text("who", "Who may", 62, "kube_rights", "who_lines", _ASKED),
    _text("reach", "Reach", 64, "kube_reach", "reach_lines", {Kind.POD, Kind.KUBE_SERVICE, *WORKLOADS}),
    _read("inspect", "YAML", 50, "read_object", "yaml_lines", OBJECTS),
    _text("state", "State", -1, "kube_state", "state_lines", {Kind.POD, Kind.KUBE_NODE, *WORKLOADS, *_STATES}),
    _text("pods", "Pods", 20, "kube_state", "pod_lines", WORKLOADS | _SELECTING),
    _text("events", "Events", 40, "kube_state", "event_lines", OBJECTS),
)
