"""Reads files into a store: the objects, what is wrong with the files, and what a set of files cannot tell.

A kind of which there is an object is as complete as the set: what looks for others of that kind finds these. A kind of
which there is none is a gap, for the cluster that the files are meant for may have some: nobody may conclude from one
Deployment in one file that its namespace has no NetworkPolicy. Where a document could not be read, the kinds that it
may have held are gaps too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.derivation import derive
from inventory.kubernetes.derived import DERIVED
from inventory.kubernetes.resource import KubeResource
from inventory.resource import CLUSTER_KINDS, Kind, Resource, ResourceKey
from inventory.snapshot import SourceHealth, Status
from inventory.sources.compose.read import Composed, compose, is_compose, untold
from inventory.sources.manifests.documents import TEMPLATE, Document, documents, is_template
from inventory.sources.manifests.files import KUSTOMIZATIONS, Named, content, find, standard_input
from inventory.sources.manifests.note import Note
from inventory.sources.manifests.objects import Place, changed, objects
from inventory.store import Store

NAME = "manifests"
COMPOSE = "compose"
_KINDS = tuple(dict.fromkeys((*CLUSTER_KINDS, *(one.kind for one in DERIVED))))
NONE_THERE = "none among the manifests; the cluster may have some"
_TOLD = 3  # notes in one sentence
_WHERE = frozenset({"manifest", "observed_at", "gaps", "raw"})


class Read(msgspec.Struct):
    """What was read of a set of files."""

    found: dict[ResourceKey, KubeResource] = {}
    composed: list[Composed] = []
    notes: list[Note] = []
    files: int = 0

    @property
    def broken(self) -> list[Note]:
        """What objects may be missing for."""
        return [note for note in self.notes if note.broken]

    def told(self) -> list[Note]:
        """The notes, what is broken first; what is said of many places in a file is said once."""
        found: dict[tuple[str, str, bool], list[Note]] = {}
        for note in sorted(self.notes, key=lambda note: (not note.broken, note.judged)):
            found.setdefault((note.file, note.message, note.broken), []).append(note)
        return [
            notes[0]
            if len(notes) == 1
            else msgspec.structs.replace(notes[0], message=f"{message} ({len(notes)} times)")
            for (_, message, _), notes in found.items()
        ]

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all can be judged."""
        return not self.found and not self.composed


def read(
    paths: Iterable[str],
    *,
    namespace: str = "default",
    stdin: Callable[[], bytes] = standard_input,
    at: float | None = None,
) -> Read:
    """Everything in the files."""
    at = time.time() if at is None else at
    result = Read({}, [], [])
    named: list[Named] = []
    for one in find(paths):
        (named if isinstance(one, Named) else result.notes).append(one)  # type: ignore[arg-type]
    patches = _patches(named, stdin)
    charts: dict[Path, bool] = {}
    for file in named:
        if not file.asked_for and os.path.realpath(file.path) in patches:
            said = "is a patch of a kustomization, no whole object"
            result.notes.append(Note(file.name, 0, said, broken=False))
            continue
        raw = content(file, stdin)
        if isinstance(raw, Note):
            result.notes.append(raw)
            continue
        result.files += 1
        if _in_templates(file.path, charts) and is_template(raw):
            result.notes.append(Note(file.name, 0, TEMPLATE, broken=True))
            continue
        _take(documents(raw, file.name), Place(file.name, NAME, namespace, at), file, result)
    return result


def _take(found: Iterator[Document | Note], place: Place, file: Named, result: Read) -> None:
    for document in found:
        if isinstance(document, Note):
            result.notes.append(document)
        elif is_compose(document.value):
            composed = compose(document.value, document.lines, place.file, file.path, place.at)
            result.composed.append(composed)
            result.notes += composed.notes
        else:
            for one in objects(document, place):
                if isinstance(one, Note):
                    result.notes.append(one)
                else:
                    _keep(one, result)


def _keep(one: KubeResource, result: Read) -> None:
    """Of two objects with one name the later one is what others find; the earlier is judged all the same."""
    before = result.found.get(one.key)
    if before is not None and before.manifest is not None and one.manifest is not None:
        where = f"{before.manifest.file}:{before.manifest.line}"
        same = _alike(before, one)
        again = f"{one.api_kind or one.key.kind} {one.key.id} is {'the same as' if same else 'defined again; before'}"
        note = Note(one.manifest.file, one.manifest.line, f"{again} in {where}", broken=False, judged=True)
        result.notes.append(note)
        if same:
            return
        other = before.key._replace(id=f"{before.key.id} ({where})")
        result.found[other] = changed(before, key=other)
    result.found[one.key] = one


def _alike(one: KubeResource, other: KubeResource) -> bool:
    """Whether they say the same, wherever they are written."""
    return all(one.peek(name) == other.peek(name) for name in one.field_names if name not in _WHERE)


def _patches(named: Iterable[Named], stdin: Callable[[], bytes]) -> frozenset[str]:
    """The files that kustomizations among them use as patches."""
    found: set[str] = set()
    for file in named:
        if file.path.name in KUSTOMIZATIONS:
            raw = content(file, stdin)
            for one in documents(raw, file.name) if isinstance(raw, bytes) else ():
                if isinstance(one, Document) and isinstance(one.value, dict):
                    found |= {os.path.realpath(file.path.parent / path) for path in _patch_paths(one.value)}
    return frozenset(found)


def _patch_paths(kustomization: dict[str, Any]) -> Iterator[str]:
    for name in ("patches", "patchesStrategicMerge", "patchesJson6902"):
        listed = kustomization.get(name)
        for patch in listed if isinstance(listed, list) else ():
            path = patch.get("path") if isinstance(patch, dict) else patch
            if isinstance(path, str) and "\n" not in path and "\0" not in path:
                yield path


def _in_templates(path: Path, charts: dict[Path, bool]) -> bool:
    """Whether the file is among the templates of a Helm chart."""
    for folder in path.parents:
        if folder.name == "templates":
            if folder not in charts:
                charts[folder] = (folder.parent / "Chart.yaml").is_file()
            return charts[folder]
    return False


# -- into a store ----------------------------------------------------------------------------------------------------


def fill(store: Store, found: Read, target: str) -> tuple[SourceHealth, ...]:
    """Make a store hold what was read, and nothing else of files; returns how the sources are."""
    healths: list[SourceHealth] = []
    before = store.snapshot().sources  # of files that were read before and may have become others
    if found.found or not found.composed or NAME in before:
        healths.append(_manifests(store, found, target))
    if found.composed or COMPOSE in before:
        healths.append(_compose(store, found, target))
    return tuple(healths)


def _manifests(store: Store, found: Read, target: str) -> SourceHealth:
    by_kind: dict[Kind, list[Resource]] = {}
    for resource in found.found.values():
        by_kind.setdefault(resource.key.kind, []).append(resource)
    gaps = _gaps(found, frozenset(by_kind))
    for derivation in DERIVED:
        if derivation.inputs & by_kind.keys() and not any(
            gaps[kind].reason is Reason.ERROR for kind in derivation.inputs & gaps.keys()
        ):
            try:
                by_kind[derivation.kind] = list(derive(derivation, by_kind, NAME))
                gaps.pop(derivation.kind, None)
            except Unread as missing:  # it needs what only a server tells
                gaps[derivation.kind] = missing.gap
    for kind in _KINDS:
        store.replace(NAME, kind, by_kind.get(kind, ()))
        if kind in gaps:
            store.set_gap(NAME, kind, gaps[kind])
    health = SourceHealth("manifests", target, _status(found, bool(found.found)), said(found, compose=False))
    store.set_health(NAME, health)
    store.answered(NAME)
    return health


def _gaps(found: Read, present: frozenset[Kind]) -> dict[Kind, Gap]:
    gaps = {kind: Gap(Reason.UNSUPPORTED, kind.plural, NONE_THERE) for kind in _KINDS if kind not in present}
    for note in found.broken:
        for kind in _KINDS if note.kinds is None else note.kinds:
            if gaps.get(kind) is None or gaps[kind].reason is not Reason.ERROR:
                gaps[kind] = Gap(Reason.ERROR, kind.plural, f"there may be some in {note}")
    return gaps


def _compose(store: Store, found: Read, target: str) -> SourceHealth:
    for kind in (Kind.CONTAINER, Kind.NETWORK):
        store.replace(COMPOSE, kind, [one for each in found.composed for one in each.resources if one.key.kind is kind])
    for kind, gap in untold().items():
        store.set_gap(COMPOSE, kind, gap)
    health = SourceHealth("compose", target, _status(found, bool(found.composed)), said(found, compose=True))
    store.set_health(COMPOSE, health)
    store.answered(COMPOSE)
    return health


def _status(found: Read, anything: bool) -> Status:
    if not anything:
        return Status.UNREACHABLE
    return Status.DEGRADED if found.broken else Status.OK


def said(found: Read, *, compose: bool) -> str:
    """What was read and what was not, in a sentence."""
    told = found.told()
    broken = [note for note in told if note.broken]
    skipped = [note for note in told if not note.broken and not note.judged]
    count = sum(len(one.resources) for one in found.composed) if compose else len(found.found)
    files = "1 file" if found.files == 1 else f"{found.files} files"
    words = [f"{count} {'services and networks' if compose else 'objects'} in {files}"]
    for notes, what, most in ((broken, "not read", _TOLD), (skipped, "left out", 1)):
        if notes:
            more = f" and {len(notes) - most} more" if len(notes) > most else ""
            words.append(f"{what}: {'; '.join(map(str, notes[:most]))}{more}")
    return "; ".join(words)
