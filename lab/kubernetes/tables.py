"""Objects as other representations: metadata alone, or the columns that `kubectl get` shows."""

from __future__ import annotations

import json
import time
from calendar import timegm
from collections.abc import Callable
from typing import Any

from lab.kubernetes.catalogue import Served
from lab.kubernetes.entry import Entry
from lab.kubernetes.problem import dumped

_PARTIAL = b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":%s}'
_POD = ("Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates")
_NUMBERS = ("Data", "Up-to-date", "Available")


def partial(entry: Entry) -> bytes:
    """The object's metadata alone."""
    return _PARTIAL % entry.metadata()


def columns(kind: Served) -> list[dict[str, Any]]:
    """`columnDefinitions`."""
    names, wide, _ = _FORMS.get(f"{kind.group}/{kind.resource}", _OTHER)
    return [
        {"name": name, "type": "integer" if name in _NUMBERS else "string", "format": "name" if name == "Name" else "",
         "description": name, "priority": int(at >= wide)}
        for at, name in enumerate(names)
    ]  # fmt: skip


def row(kind: Served, entry: Entry, include: str) -> bytes:
    """A row of a table; `include` is the request's `includeObject`."""
    cells = dumped(_FORMS.get(f"{kind.group}/{kind.resource}", _OTHER)[2](entry))
    if include == "None":
        return b'{"cells":%s,"object":null}' % cells
    return b'{"cells":%s,"object":%s}' % (cells, kind.whole(entry.raw()) if include == "Object" else partial(entry))


def _cells(entry: Entry) -> list[Any]:
    return [entry.name, age(json.loads(entry.metadata()).get("creationTimestamp"))]


def _secret_cells(entry: Entry) -> list[Any]:
    secret = entry.object()
    created = secret["metadata"].get("creationTimestamp")
    return [entry.name, secret.get("type", ""), len(secret.get("data") or ()), age(created)]


def _deployment_cells(entry: Entry) -> list[Any]:
    thing = entry.object()
    spec, status, created = thing["spec"], thing.get("status") or {}, thing["metadata"].get("creationTimestamp")
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}"
    return [entry.name, ready, status.get("updatedReplicas", 0), status.get("availableReplicas", 0), age(created)]


def _pod_cells(entry: Entry) -> list[Any]:
    pod = entry.object()
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    sidecars = {one["name"] for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always"}
    inits = status.get("initContainerStatuses") or []
    statuses = [*(status.get("containerStatuses") or []), *(one for one in inits if one["name"] in sidecars)]
    ready = sum(bool(one.get("ready")) for one in statuses)
    word = _word(pod["metadata"], status)
    gates = len(spec.get("readinessGates") or ())
    return [
        pod["metadata"]["name"], f"{ready}/{len(spec.get('containers') or ()) + len(sidecars)}", word,
        _restarts(inits if word.startswith("Init:") else statuses), age(pod["metadata"].get("creationTimestamp")),
        status.get("podIP") or "<none>", spec.get("nodeName") or "<none>", status.get("nominatedNodeName") or "<none>",
        f"0/{gates}" if gates else "<none>",
    ]  # fmt: skip


def _restarts(statuses: list[dict[str, Any]]) -> str:
    """`17 (5m45s ago)`."""
    count = sum(int(one.get("restartCount", 0)) for one in statuses)
    ends = [((one.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for one in statuses]
    last = max((end for end in ends if end), default=None)
    return f"{count} ({age(last)} ago)" if count and last else str(count)


def _word(meta: dict[str, Any], status: dict[str, Any]) -> str:
    """The status column: the reason of a container where there is one, as the real printer does."""
    if meta.get("deletionTimestamp"):
        return "Terminating"
    for one in status.get("initContainerStatuses") or ():
        state = one.get("state") or {}
        reason = (state.get("waiting") or state.get("terminated") or {}).get("reason")
        if reason and reason not in ("Completed", "PodInitializing"):
            return f"Init:{reason}"
    word = str(status.get("reason") or status.get("phase") or "Unknown")
    for one in reversed(status.get("containerStatuses") or []):
        state = one.get("state") or {}
        word = str((state.get("waiting") or state.get("terminated") or {}).get("reason") or word)
    return word


def age(created: str | None) -> str:
    """`4m31s`, `3d`, as the real printer rounds."""
    if not created:
        return "<unknown>"
    seconds = int(time.time()) - timegm(time.strptime(created, "%Y-%m-%dT%H:%M:%SZ"))
    if seconds < 0:
        return "<invalid>"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if hours < 3:
        return f"{minutes}m"
    return f"{hours}h" if hours < 48 else f"{days}d"


_FORMS: dict[str, tuple[tuple[str, ...], int, Callable[[Entry], list[Any]]]] = {
    "/pods": (_POD, 5, _pod_cells),
    "/secrets": (("Name", "Type", "Data", "Age"), 4, _secret_cells),
    "apps/deployments": (("Name", "Ready", "Up-to-date", "Available", "Age"), 5, _deployment_cells),
}
"""Columns, how many of them are shown at once, and the cells of an object, by group and resource."""
_OTHER = (("Name", "Age"), 2, _cells)
