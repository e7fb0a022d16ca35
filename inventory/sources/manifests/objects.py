"""Documents to resources: lists are taken apart, what no check knows is said to be left out.

A file tells what somebody wants, not what is: what the server adds to an object is a gap, not a default.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.resource import KubeResource, Manifest
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import Kind
from inventory.sources.decode import AnswerError
from inventory.sources.kubernetes.kinds import BY_API, CUSTOM_GROUPS, ServedKind
from inventory.sources.kubernetes.objects import custom, translate
from inventory.sources.manifests.builder import Skeleton, line_of
from inventory.sources.manifests.documents import Document
from inventory.sources.manifests.files import KUSTOMIZATIONS
from inventory.sources.manifests.lines import Lines
from inventory.sources.manifests.note import Note

Object = dict[str, Any]
UNTOLD = "a manifest does not tell what the server adds"
_LISTS = 4  # lists in lists
_BEFORE_GA = {("extensions", kind): group for group, kinds in (
    ("apps", ("Deployment", "DaemonSet", "ReplicaSet")), ("networking.k8s.io", ("Ingress", "NetworkPolicy")),
) for kind in kinds}  # fmt: skip
"""Groups that kinds were served under once; the server takes such objects no more, and a check says so."""
_CHART_FILES = ("Chart.yaml", "Chart.lock", "values.yaml", "values.schema.json")
_BUILD = "is a kustomization: build it (kubectl kustomize DIR | deckwatch scan --manifests -)"


class Place(msgspec.Struct, frozen=True):
    """What objects of a file have in common."""

    file: str
    source: str
    namespace: str
    at: float


def objects(document: Document, place: Place) -> Iterator[KubeResource | Note]:
    """The objects of a document, and what is left out of it."""
    value = document.value
    if value is None:
        return
    if not isinstance(value, dict):
        yield _skipped(place, document.line, "holds no Kubernetes object")
        return
    yield from _objects(value, document.lines, document.template, place)


def _objects(
    value: Object, lines: Skeleton, template: str, place: Place, above: tuple[str, str] = ("", ""), depth: int = 0
) -> Iterator[KubeResource | Note]:
    api_version, kind = value.get("apiVersion") or above[0], value.get("kind") or above[1]
    line = line_of(lines)
    if not isinstance(api_version, str) or not isinstance(kind, str) or not (api_version and kind):
        yield _no_object(value, api_version, kind, line, place)
        return
    items = value.get("items")
    if kind.endswith("List") and ("items" in value or kind == "List"):
        if depth >= _LISTS or not isinstance(items, list | None):
            yield _broken(place, line, f"{kind}: items is no list of objects")
            return
        of = ("", "") if kind == "List" else (api_version, kind.removesuffix("List"))
        for item, where in zip(items or (), lines["items"][1:] if items else (), strict=True):
            if isinstance(item, dict):
                yield from _objects(item, where, template, place, of, depth + 1)
            else:
                yield _broken(place, line_of(where), f"{kind}: an item is no object")
        return
    yield _object(value, lines, template, place, api_version, kind)


def _object(
    value: Object, lines: Skeleton, template: str, place: Place, api_version: str, kind: str
) -> KubeResource | Note:
    line = line_of(lines)
    group, _, version = api_version.rpartition("/")
    if group.endswith(("kustomize.config.k8s.io", "kustomize.toolkit.fluxcd.io")) and kind in (
        "Kustomization", "Component",
    ):  # fmt: skip
        return _skipped(place, line, _BUILD)
    served = BY_API.get((_BEFORE_GA.get((group, kind), group), kind))
    manifest = Manifest(place.file, line, Lines(lines), template)
    try:
        if served is not None:
            return _served(value, served, version, place, api_version, manifest)
        if kind in (names := CUSTOM_GROUPS.get(group, ())) or "*" in names:
            return _without_server(custom(_json(value), place.source, place.at, api_version, kind, manifest), value)
    except (AnswerError, msgspec.MsgspecError, UnicodeEncodeError, RecursionError, OverflowError, ValueError) as error:
        return _broken(place, line, f"{kind}: {error}", served.family.kind if served is not None else Kind.CUSTOM)
    return _skipped(place, line, f"{kind} of {api_version} is of no kind that is judged")


def _served(
    value: Object, served: ServedKind, version: str, place: Place, api_version: str, manifest: Manifest
) -> KubeResource:
    meta = value.get("metadata")
    if not served.namespaced and isinstance(meta, dict) and "namespace" in meta:
        value = {**value, "metadata": {name: one for name, one in meta.items() if name != "namespace"}}
    found = translate(
        served.family,
        _json(value),
        place.source,
        place.at,
        api_version=api_version,
        namespace=place.namespace if served.namespaced else "",
        manifest=manifest,
    )
    unread = {}
    if version not in served.versions and not isinstance(found, PodBearer):
        unread = {
            name: Gap(Reason.UNSUPPORTED, name, f"as {api_version} says it; known is {'/'.join(served.versions)}")
            for name in found.field_names
            if name not in KubeResource.field_names
        }
    return _without_server(found, value, unread)


def _without_server(found: KubeResource, value: Object, unread: dict[str, Gap] | None = None) -> KubeResource:
    """With gaps where only the server knows."""
    meta = value.get("metadata")
    told = meta if isinstance(meta, dict) else {}
    gaps = dict(unread or {})
    if not told.get("creationTimestamp"):
        gaps["created"] = Gap(Reason.UNSUPPORTED, "metadata.creationTimestamp", UNTOLD)
    if "status" in found.field_names and not value.get("status"):
        gaps["status"] = Gap(Reason.UNSUPPORTED, "status", UNTOLD)
    if isinstance(found, Pod) and found.peek("node_name") == "":
        gaps["node_name"] = Gap(Reason.UNSUPPORTED, "spec.nodeName", UNTOLD)
    return changed(found, **gaps)


def changed(found: KubeResource, **values: Any) -> KubeResource:
    """The same with other values, or gaps, for some fields."""
    before = {name: found.peek(name) for name in found.field_names if name != "gaps"}
    return type(found).build(**{**before, **values})


def _json(value: Object) -> bytes:
    return msgspec.json.encode(value)


def _no_object(value: Object, api_version: object, kind: object, line: int, place: Place) -> Note:
    name = place.file.rpartition("/")[2]
    if name in KUSTOMIZATIONS:
        return _skipped(place, line, _BUILD)
    if name in _CHART_FILES:
        return _skipped(place, line, "is a file of a Helm chart (helm template CHART | deckwatch scan --manifests -)")
    if not api_version and not kind:
        return _skipped(place, line, "holds no Kubernetes object (no apiVersion and kind)")
    missing = "kind" if api_version else "apiVersion"
    if value.get(missing) is not None:
        return _broken(place, line, "apiVersion and kind must be text")
    return _broken(place, line, f"{missing} not set")


def _skipped(place: Place, line: int, message: str) -> Note:
    return Note(place.file, line, message, broken=False)


def _broken(place: Place, line: int, message: str, kind: Kind | None = None) -> Note:
    return Note(place.file, line, message, broken=True, kinds=None if kind is None else frozenset({kind}))
