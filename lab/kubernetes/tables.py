"""Objects as other representations: metadata alone, or the columns that `kubectl get` shows."""

from __future__ import annotations

import json
import time
from calendar import timegm
from typing import Any

from lab.kubernetes.catalogue import Served
from lab.kubernetes.entry import Entry
from lab.kubernetes.problem import dumped

_PARTIAL = b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":%s}'
_POD = ("Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates")


def partial(entry: Entry) -> bytes:
    """The object's metadata alone."""
    return _PARTIAL % entry.metadata()


def columns(kind: Served) -> list[dict[str, Any]]:
    """`columnDefinitions`."""
    names = _POD if kind.resource == "pods" and not kind.group else ("Name", "Age")
    return [
        {"name": name, "type": "string", "format": "name" if name == "Name" else "", "description": name,
         "priority": int(name in _POD[5:])}
        for name in names
    ]  # fmt: skip


def row(kind: Served, entry: Entry, include: str) -> bytes:
    """A row of a table; `include` is the request's `includeObject`."""
    cells = dumped(_pod_cells(entry.object()) if kind.resource == "pods" and not kind.group else _cells(entry))
    if include == "None":
        return b'{"cells":%s,"object":null}' % cells
    return b'{"cells":%s,"object":%s}' % (cells, kind.whole(entry.raw()) if include == "Object" else partial(entry))


def _cells(entry: Entry) -> list[str]:
    return [entry.name, age(json.loads(entry.metadata()).get("creationTimestamp"))]


def _pod_cells(pod: dict[str, Any]) -> list[str]:
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
