"""The recorded cluster: real answers of a real API server, as resources."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.sources.kubernetes.kinds import SERVED, ServedKind
from inventory.sources.kubernetes.objects import translate

DATA = Path(__file__).parents[1] / "data" / "kubernetes-api"
SOURCE = "kubernetes"
NOW = 1795442400.0  # 2026-11-23 14:00 UTC, the day of the recording: certificates expire relative to it


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None


def answer(kind: ServedKind, version: str = "") -> bytes:
    """The recorded list of a kind."""
    stem = "GET" + kind.path(version or kind.versions[0]).replace("/", "_")
    return (DATA / f"{stem}.json").read_bytes()


@cache
def objects() -> tuple[KubeResource, ...]:
    """Everything that the recorded lists hold."""
    found: list[KubeResource] = []
    for kind in SERVED:
        try:
            raw = answer(kind)
        except FileNotFoundError:
            continue
        version = f"{kind.group}/{kind.versions[0]}" if kind.group else kind.versions[0]
        items = msgspec.json.decode(raw, type=_List).items or ()
        found += [translate(kind.family, item, SOURCE, NOW, api_version=version) for item in items]
    return tuple(found)


@cache
def snapshot() -> Snapshot:
    """All of them in a snapshot."""
    by_kind: dict[Kind, dict[ResourceKey, Resource]] = {}
    for one in objects():
        by_kind.setdefault(one.key.kind, {})[one.key] = one
    return Snapshot(1, NOW, by_kind)


def one(kind: Kind, name: str) -> KubeResource:
    """The recorded object with this id (`namespace/name`)."""
    found = snapshot().get(ResourceKey(kind, SOURCE, name))
    assert isinstance(found, KubeResource), f"no {kind} {name} was recorded"
    return found
