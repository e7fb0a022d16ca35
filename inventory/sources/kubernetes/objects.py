"""From an object's JSON to a resource, the same for a cluster's answers, recordings and manifests.

A member of a wrong type costs the field that it belongs to, which then is a gap that names the path; `null` is *not
set*, as it is for the server.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_type_hints

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import CustomResource
from inventory.kubernetes.configuration import ConfigMap, KubeEvent, KubeSecret
from inventory.kubernetes.part import Part, api_name
from inventory.kubernetes.resource import FieldManager, KubeResource, Manifest, OwnerReference, object_id
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import EMPTY, ResourceKey
from inventory.sources.decode import AnswerError, convert, decode, plain, without_nulls
from inventory.sources.docker.facts import moment
from inventory.sources.kubernetes.configuration import config_map_values, event_values, secret_values
from inventory.sources.kubernetes.pods import pod_spec

T = TypeVar("T", bound=msgspec.Struct)
F = TypeVar("F", bound=KubeResource)
Values = dict[str, Any]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_API_VERSION = re.compile(r'"apiVersion"\s*:\s*"([^"]{1,100})"')
_OWN = frozenset(KubeResource.field_names)


class Meta(Part, frozen=True):
    """`metadata`, the members that are kept."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    managed_fields: tuple[FieldManager, ...] = ()
    finalizers: tuple[str, ...] = ()


class Head(Part, frozen=True):
    """What says which kind an object is."""

    api_version: str = ""
    kind: str = ""
    metadata: Meta = Meta()


def translate(
    family: type[F],
    raw: bytes | msgspec.Raw,
    source: str,
    at: float,
    *,
    api_version: str = "",
    namespace: str = "",
    manifest: Manifest | None = None,
) -> F:
    """The object as a resource.

    Args:
        family: what it is.
        raw: its JSON.
        source: the name of the cluster or of the set of manifests.
        at: when it was read (epoch seconds).
        api_version: for items of a list, which do not repeat it.
        namespace: where a manifest without one goes.
        manifest: where it was read, if in a file.

    Raises `AnswerError` when it is no object or has no name.
    """
    raw = bytes(raw)
    wire, special = _wire(family)
    answer, malformed = _read(raw, wire)
    head: Head = answer  # type: ignore[assignment]  # every wire type begins as a head does
    meta = head.metadata
    name = meta.name or (meta.generate_name and f"{meta.generate_name}*")
    if not name:
        raise AnswerError("an object without a name")
    where = meta.namespace or namespace
    values = _common(meta, name, where, source, at, head.api_version or api_version, manifest, family)
    paths: dict[str, str] = {}
    if special is not None:
        values |= special(answer)
        paths |= dict.fromkeys((field for field in family.field_names if field not in _OWN), "")
    else:
        for field in family.field_names:
            if field not in _OWN:
                values[field] = getattr(answer, field)
                paths[field] = _MEMBERS.get(field, api_name(field))
    _mark(values, paths, malformed)
    return family.build(**values)


def custom(
    raw: bytes | msgspec.Raw, source: str, at: float, api_version: str, kind: str, manifest: Manifest | None = None
) -> CustomResource:
    """An object of a kind that came with something installed. Raises `AnswerError` as `translate` does."""
    found = translate(CustomResource, raw, source, at, api_version=api_version, manifest=manifest)
    group = api_version.partition("/")[0] if "/" in api_version else ""
    named = f"{kind}.{group}/{found.key.id}"
    values = {name: found.peek(name) for name in found.field_names if name != "gaps"}
    values |= {"key": found.key._replace(id=named), "api_group": group, "api_object": kind}
    return CustomResource.build(**values)


def _read(raw: bytes, wire: type[T]) -> tuple[T, dict[str, str]]:
    """As `decode`, with nulls taken for members that are not there."""
    answer, malformed = decode(raw, wire)
    if not malformed and answer is not None:
        return answer, malformed
    document = without_nulls(plain(raw))
    try:
        return msgspec.convert(document, wire), {}
    except (msgspec.ValidationError, RecursionError, OverflowError, ValueError):
        return convert(document, wire)


def _common(
    meta: Meta,
    name: str,
    namespace: str,
    source: str,
    at: float,
    api_version: str,
    manifest: Manifest | None,
    family: type[KubeResource],
) -> Values:
    annotations, written_by = meta.annotations, meta.managed_fields
    if LAST_APPLIED in annotations:  # a copy of the whole object, secrets included; what it was written as is enough
        applied = _API_VERSION.search(annotations[LAST_APPLIED])
        annotations = {key: value for key, value in annotations.items() if key != LAST_APPLIED}
        written_by = (
            *written_by,
            FieldManager("last-applied-configuration", "Apply", applied.group(1) if applied else ""),
        )
    return {
        "key": ResourceKey(family.kind, source, object_id(namespace, name)),
        "name": name,
        "labels": shared(meta.labels),
        "observed_at": at,
        "namespace": sys.intern(namespace),
        "uid": meta.uid,
        "resource_version": meta.resource_version,
        "api_version": sys.intern(api_version),
        "created": moment(meta.creation_timestamp, 0.0),
        "deleted": moment(meta.deletion_timestamp, 0.0),
        "annotations": annotations or EMPTY,
        "owners": meta.owner_references,
        "managers": managers(written_by),
        "finalizers": meta.finalizers,
        "manifest": manifest,
    }


_LABELS: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}
_LABELS_KEPT = 20_000
_MANAGERS: dict[tuple[tuple[str, str, str], ...], tuple[FieldManager, ...]] = {}


def shared(labels: dict[str, str]) -> Mapping[str, str]:
    """One mapping for all objects with the same labels: a thousand replicas need not have a thousand."""
    if not labels:
        return EMPTY
    if len(_LABELS) > _LABELS_KEPT:
        _LABELS.clear()
    return _LABELS.setdefault(tuple(labels.items()), labels)


def managers(found: tuple[Any, ...]) -> tuple[FieldManager, ...]:
    """Without the times, which differ for each object and which nobody asks for."""
    if len(_MANAGERS) > _LABELS_KEPT:
        _MANAGERS.clear()
    names = tuple([(one.manager, one.operation, one.api_version) for one in found])
    if len(names) > 1:
        names = tuple(dict.fromkeys(names))
    kept = _MANAGERS.get(names)
    return kept if kept is not None else _MANAGERS.setdefault(names, tuple(FieldManager(*name) for name in names))


def _mark(values: Values, paths: Mapping[str, str], malformed: Mapping[str, str]) -> None:
    """Make a gap of every field that a malformed member belongs to."""
    gaps: dict[str, Gap] = {}
    for where, detail in malformed.items():
        gap = Gap(Reason.MALFORMED, where, detail)
        if where.startswith("metadata."):
            field = _METADATA.get(where.split(".")[1])
            if field == "labels":
                gaps["labels"] = gap
            elif field is not None:
                values[field] = gap
        for field, path in paths.items():
            if not path or where == path or where.startswith((f"{path}.", f"{path}[")) or path.startswith(f"{where}."):
                values[field] = gap
    if gaps:
        values["gaps"] = gaps


_METADATA = {
    "labels": "labels", "annotations": "annotations", "ownerReferences": "owners", "managedFields": "managers",
    "finalizers": "finalizers", "creationTimestamp": "created", "deletionTimestamp": "deleted",
}  # fmt: skip
_MEMBERS = {"automount_token": "automountServiceAccountToken"}


# -- the wire types: made from what a family declares ---------------------------------------------------------------


@cache
def _wire(family: type[KubeResource]) -> tuple[type[msgspec.Struct], Callable[[Any], Values] | None]:
    """The type that the JSON is decoded into, and what makes field values of it where names alone do not."""
    if family is Pod:
        return _PodWire, _pod
    if issubclass(family, PodBearer):
        return _TEMPLATES.get(family.api_kind, _WorkloadWire), _SHAPES.get(family.api_kind, _workload)
    if family in _SPECIAL:
        return _SPECIAL[family]
    hints = get_type_hints(family)
    fields = [
        (field, hints[field], msgspec.field(default=_default(hints[field]), name=_MEMBERS.get(field, api_name(field))))
        for field in family.field_names
        if field not in _OWN and field not in ("api_group", "api_object")
    ]
    made = msgspec.defstruct(f"{family.__name__}Wire", fields, bases=(Head,), frozen=True, rename=api_name)
    return made, _custom if family is CustomResource else None


def _custom(answer: Any) -> Values:
    return {"api_group": "", "api_object": answer.kind, "spec": answer.spec}


def _default(kind: Any) -> Any:
    """What a member that is not there means."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind()
    if type(None) in get_args(kind):
        return None
    origin = getattr(kind, "__origin__", kind)
    return {tuple: (), dict: {}, str: "", int: 0, bool: False}[cast(type, origin)]


class _TemplateMeta(Part, frozen=True):
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class _Template(Part, frozen=True):
    metadata: _TemplateMeta = _TemplateMeta()
    spec: msgspec.Raw = msgspec.Raw()


class _PodWire(Head, frozen=True):
    spec: msgspec.Raw = msgspec.Raw()
    status: msgspec.Raw = msgspec.Raw()


class _JobSpec(Part, frozen=True):
    template: _Template = _Template()


class _JobTemplate(Part, frozen=True):
    spec: _JobSpec = _JobSpec()


class _TemplateOwner(Part, frozen=True):
    template: _Template = _Template()
    job_template: _JobTemplate = _JobTemplate()


class _WorkloadWire(Head, frozen=True):
    spec: msgspec.Raw = msgspec.Raw()
    status: msgspec.Raw = msgspec.Raw()


class _PodTemplateWire(Head, frozen=True):
    template: _Template = _Template()


def _pod(answer: _PodWire) -> Values:
    from inventory.kubernetes.workloads import PodStatus

    meta = answer.metadata
    spec, node = pod_spec(bytes(answer.spec), meta.annotations, "spec")
    return {
        "pod_spec": spec,
        "pod_labels": shared(meta.labels),
        "pod_annotations": meta.annotations or EMPTY,
        "node_name": node,
        "status": _part(answer.status, PodStatus, "status"),
    }


def _workload(answer: _WorkloadWire, within: str = "spec.template.spec", of_jobs: bool = False) -> Values:
    from inventory.kubernetes.workloads import WorkloadSpec, WorkloadStatus

    owner = _part(answer.spec, _TemplateOwner, "spec")
    values: Values = {
        "spec": _part(answer.spec, WorkloadSpec, "spec"),
        "status": _part(answer.status, WorkloadStatus, "status"),
    }
    if isinstance(owner, Gap):
        return values | dict.fromkeys(("pod_spec", "pod_labels", "pod_annotations"), owner)
    return values | _templated(owner.job_template.spec.template if of_jobs else owner.template, within)


def _templated(template: _Template, within: str) -> Values:
    spec, _ = pod_spec(bytes(template.spec), template.metadata.annotations, within)
    return {
        "pod_spec": spec,
        "pod_labels": shared(template.metadata.labels),
        "pod_annotations": template.metadata.annotations or EMPTY,
    }


def _cron_job(answer: _WorkloadWire) -> Values:
    return _workload(answer, "spec.jobTemplate.spec.template.spec", of_jobs=True)


def _pod_template(answer: _PodTemplateWire) -> Values:
    from inventory.kubernetes.workloads import WorkloadSpec, WorkloadStatus

    return {"spec": WorkloadSpec(), "status": WorkloadStatus(), **_templated(answer.template, "template.spec")}


_TEMPLATES: dict[str, type[Head]] = {"PodTemplate": _PodTemplateWire}
_SHAPES: dict[str, Callable[[Any], Values]] = {"CronJob": _cron_job, "PodTemplate": _pod_template}


def _part(raw: msgspec.Raw, part: type[T], path: str) -> T | Gap:
    """One member, or the gap that names what is wrong in it."""
    if not bytes(raw):
        return part()
    try:
        found, malformed = _read(bytes(raw), part)
    except AnswerError as error:
        return error.gap(path)
    for where, detail in malformed.items():
        return Gap(Reason.MALFORMED, f"{path}.{where}", detail)
    return found


class _ConfigMapWire(Head, frozen=True):
    data: dict[str, str] = {}
    binary_data: dict[str, str] = {}


class _SecretWire(Head, frozen=True):
    type: str = "Opaque"
    data: dict[str, str] = {}
    string_data: dict[str, str] = {}


class _EventWire(Head, frozen=True):
    involved_object: dict[str, Any] = {}
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int = 0
    first_timestamp: str = ""
    last_timestamp: str = ""
    event_time: str = ""
    series: dict[str, Any] = {}
    source: dict[str, str] = {}
    reporting_component: str = ""


_SPECIAL: dict[type[KubeResource], tuple[type[msgspec.Struct], Callable[[Any], Values]]] = {
    ConfigMap: (_ConfigMapWire, config_map_values),
    KubeSecret: (_SecretWire, secret_values),
    KubeEvent: (_EventWire, event_values),
}
