"""Pods, decoded in one go: there are thousands of them, of every other kind dozens.

The same as `objects.translate` makes; a pod that is in any way odd is left to that.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from inventory.gap import Gap
from inventory.kubernetes.part import Part
from inventory.kubernetes.resource import OwnerReference
from inventory.kubernetes.workloads import Pod, PodStatus
from inventory.resource import EMPTY, Kind, ResourceKey
from inventory.sources.docker.facts import moment
from inventory.sources.kubernetes.objects import LAST_APPLIED, managers, shared
from inventory.sources.kubernetes.pods import pod_spec


class _Manager(Part, frozen=True, gc=False):
    manager: str = ""
    operation: str = ""
    api_version: str = ""


class _Meta(Part, frozen=True, gc=False):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    managed_fields: tuple[_Manager, ...] = ()
    finalizers: tuple[str, ...] = ()


class _Pod(Part, frozen=True, gc=False):
    metadata: _Meta = _Meta()
    spec: msgspec.Raw = msgspec.Raw()
    status: PodStatus = PodStatus()


class _Event(Part, frozen=True, gc=False):
    type: str = ""
    object: _Pod = _Pod()


_event = msgspec.json.Decoder(_Event).decode
_pod = msgspec.json.Decoder(_Pod).decode
_FAILURES = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_PUT = tuple(getattr(Pod, name).__set__ for name in Pod.field_names)
_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})


def pod_event(line: bytes, source: str, at: float) -> tuple[str, Pod] | None:
    """What happened to which pod; None for everything else, and for what is odd."""
    try:
        found = _event(line)
    except _FAILURES:
        return None
    if found.type not in _CHANGES:
        return None
    made = _made(found.object, source, at)
    return None if made is None else (found.type, made)


def pod(raw: msgspec.Raw, source: str, at: float) -> Pod | None:
    """An item of a list; None when it is odd."""
    try:
        return _made(_pod(raw), source, at)
    except _FAILURES:
        return None


def _made(found: _Pod, source: str, at: float) -> Pod | None:
    meta = found.metadata
    annotations: Any = meta.annotations or EMPTY
    if not meta.name or not meta.resource_version or LAST_APPLIED in annotations:
        return None
    spec, node = pod_spec(bytes(found.spec), meta.annotations, "spec")
    created, deleted = moment(meta.creation_timestamp, 0.0), moment(meta.deletion_timestamp, 0.0)
    if isinstance(spec, Gap) or not isinstance(created, float) or not isinstance(deleted, float):
        return None
    namespace = sys.intern(meta.namespace)
    labels = shared(meta.labels)
    values = {
        "key": ResourceKey(Kind.POD, source, f"{namespace}/{meta.name}" if namespace else meta.name),
        "name": meta.name,
        "labels": labels,
        "observed_at": at,
        "raw": b"",
        "gaps": EMPTY,
        "namespace": namespace,
        "uid": meta.uid,
        "resource_version": meta.resource_version,
        "api_version": "v1",
        "created": created,
        "deleted": deleted,
        "annotations": annotations,
        "owners": meta.owner_references,
        "managers": managers(meta.managed_fields),
        "finalizers": meta.finalizers,
        "manifest": None,
        "pod_spec": spec,
        "pod_labels": labels,
        "pod_annotations": annotations,
        "node_name": node,
        "status": found.status,
    }
    made = object.__new__(Pod)
    for put, name in zip(_PUT, Pod.field_names, strict=True):
        put(made, values[name])
    return made
