"""An immutable view of everything known at one moment: resources, source health, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeVar, cast

import msgspec

from inventory.gap import Gap, Reason, Unread
from inventory.resource import OBJECTS, Kind, Resource, ResourceKey

R = TypeVar("R", bound=Resource)


class Status(StrEnum):
    """What can be said of a source as a whole."""

    CONNECTING = "connecting"
    OK = "ok"
    DEGRADED = "degraded"  # answers, but not everything could be read
    UNREACHABLE = "unreachable"
    FORBIDDEN = "forbidden"


class SourceHealth(msgspec.Struct, frozen=True):
    """One source: `kind` is docker, podman, host, ...; `since` (epoch s) dates the status; `tried` is for people."""

    kind: str
    target: str
    status: Status
    detail: str = ""
    version: str = ""
    since: float = 0.0
    tried: tuple[str, ...] = ()


class Event(msgspec.Struct, frozen=True):
    """Something that happened, as the source told it: `action` in its own words (`die`, `oom`, `create`)."""

    time: float
    source: str
    kind: str
    id: str
    name: str
    action: str
    detail: str = ""


GapKey = tuple[str, Kind]


class Snapshot(msgspec.Struct, frozen=True):
    """Resources by kind and key. A kind that could not be read from a source is in `gaps`, not an empty list."""

    generation: int = 0
    taken_at: float = 0.0
    by_kind: Mapping[Kind, Mapping[ResourceKey, Resource]] = msgspec.field(default_factory=dict)
    sources: Mapping[str, SourceHealth] = msgspec.field(default_factory=dict)
    gaps: Mapping[GapKey, Gap] = msgspec.field(default_factory=dict)
    events: tuple[Event, ...] = ()

    def get(self, key: ResourceKey) -> Resource | None:
        """The resource with this key, if there is one."""
        return self.by_kind.get(key.kind, {}).get(key)

    def of(self, cls: type[R], source: str | None = None) -> Iterator[R]:
        """All resources of a family, of one source or of all; without saying whether the reading was complete."""
        found = cast(Mapping[ResourceKey, R], self.by_kind.get(cls.kind, {}))
        return (resource for key, resource in found.items() if source is None or key.source == source)

    def count(self, kind: Kind) -> int:
        """How many resources of a kind are known."""
        return len(self.by_kind.get(kind, {}))

    def require(self, cls: type[R], source: str) -> tuple[R, ...]:
        """All resources of a family from one source; raises `Unread` when that list could not be read."""
        gap = self.gaps.get((source, cls.kind))
        if gap is not None:
            raise Unread(gap)
        return tuple(self.of(cls, source))

    @property
    def has_clusters(self) -> bool:
        """Whether anything of a Kubernetes cluster, or of manifests for one, is known or was asked for."""
        return bool(self.by_kind.get(Kind.CLUSTER)) or any(kind is Kind.CLUSTER for _, kind in self.gaps)

    @property
    def has_kubernetes(self) -> bool:
        """Whether there is anything that checks of Kubernetes judge: of a cluster, or a machine that is a node."""
        return self.has_clusters or bool(self.by_kind.get(Kind.KUBE_HOST))

    @property
    def has_engines(self) -> bool:
        """Whether anything of a container engine is known or was asked for."""
        return bool(self.by_kind.get(Kind.ENGINE)) or any(kind is Kind.ENGINE for _, kind in self.gaps)

    def engine_gap(self, source: str) -> Gap:
        """The reason to give when a source has not described itself."""
        return self.gaps.get((source, Kind.ENGINE)) or Gap(Reason.PENDING, "GET /info")

    def __iter__(self) -> Iterator[Resource]:
        """Every object; what only says more about another one is not among them."""
        for kind, found in self.by_kind.items():
            if kind in OBJECTS:
                yield from found.values()
