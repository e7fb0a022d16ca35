"""What a check may look at besides its subject. Every look is recorded: these are the dependency edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from checks.policy import Policy
from checks.verdict import Outcome, Severity
from inventory.activity import Activity
from inventory.engine import Engine
from inventory.gap import Gap, Reason, Unread
from inventory.host import Effective, Host
from inventory.image import Image
from inventory.image_analysis import ImageAnalysis, nothing_found
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Event, Snapshot

R = TypeVar("R", bound=Resource)
T = TypeVar("T")

# What was read: a resource, a whole kind of one source, the clock, the event log or one object's part of it, the
# kernel's view of one container, another check's verdict, the policy's severities, or one entry of an index: its
# builder, source and key.
Builder = Callable[[Any], Mapping[str, Any]]
Entry = tuple[Builder, str, str]
Read = ResourceKey | tuple[str, Kind] | str | tuple[str, str] | tuple[str, ResourceKey] | Entry
Indexes = dict[tuple[Builder, str], tuple[type[Resource], Mapping[str, Any]]]
"""What `View.index_of` looked into: (builder, source) -> (the family, the index)."""
CLOCK = "clock"
EVENTS = "events"
EFFECTIVE = "effective"
SEVERITIES = "severities"

# What `View.index` made last: (builder, source) -> (the family it was made from, the result).
_INDEXES: dict[tuple[Callable[..., object], str], tuple[object, object]] = {}


# What indexes were last made from: (kind, source) -> (the family, those of it that are of the source).
_FAMILIES: dict[tuple[Kind, str], tuple[object, tuple[Resource, ...]]] = {}

# What `View.events_of` made last: the log it was made from, and its events by source and id.
_EVENT_INDEX: list[tuple[tuple[Event, ...], dict[tuple[str, str], tuple[Event, ...]]]] = [((), {})]


class View:
    """A read-only, recording window on a snapshot, as seen from one source.

    Methods raise `Unread` where the facts are missing; a check lets that pass, and the engine makes it *unknown*.
    """

    __slots__ = ("_families", "_indexes", "_outcome", "_severity", "_snapshot", "policy", "reads", "source")

    def __init__(
        self,
        snapshot: Snapshot,
        source: str,
        policy: Policy,
        outcome: Callable[[str, ResourceKey], Outcome | None] = lambda _check, _key: None,
        indexes: Indexes | None = None,
        severity: Callable[[str, ResourceKey], Severity | None] = lambda _check, _key: None,
    ) -> None:
        self._snapshot = snapshot
        self._outcome = outcome
        self._severity = severity
        self.source = source
        self.policy = policy
        self._indexes = {} if indexes is None else indexes
        self._families: dict[Kind, tuple[Resource, ...]] = {}
        self.reads: set[Read] = set()

    @property
    def now(self) -> float:
        """When the snapshot was taken (epoch seconds). A check that asks is run again as time passes."""
        self.reads.add(CLOCK)
        return self._snapshot.taken_at

    def get(self, key: ResourceKey) -> Resource | None:
        """The resource with this key, or None if its kind was read and it is not there."""
        self.reads.add(key)
        found = self._snapshot.get(key)
        if found is None:
            gap_key = (key.source, key.kind)
            self.reads.add(gap_key)
            gap = self._snapshot.gaps.get(gap_key)
            if gap is not None:
                raise Unread(gap)
        return found

    def all(self, cls: type[R]) -> tuple[R, ...]:
        """Every resource of this family that the subject's source has."""
        self.reads.add((self.source, cls.kind))
        found = self._families.get(cls.kind)
        if found is None:
            found = self._families[cls.kind] = self._snapshot.require(cls, self.source)
        return cast("tuple[R, ...]", found)

    def index(self, cls: type[R], build: Callable[[tuple[R, ...]], T]) -> T:
        """`build` of every resource of this family, made once per state of the family however many checks ask.

        `build` must be a module-level function: it is also the name under which its result is kept.
        """
        self.reads.add((self.source, cls.kind))
        return indexed(self._snapshot, self.source, cls, build)

    def index_of(self, cls: type[R], build: Callable[[tuple[R, ...]], Mapping[str, T]], key: str) -> T | None:
        """One entry of `index`; only a change of this very entry makes the check run again, whatever the family does.

        Entries are compared with `==`, so they must hold all that the check looks at.
        """
        if (self.source, cls.kind) in self._snapshot.gaps:
            self.reads.add((self.source, cls.kind))
        found = indexed(self._snapshot, self.source, cls, build)
        self._indexes[build, self.source] = (cls, found)
        self.reads.add((build, self.source, key))
        return found.get(key)

    def engine(self) -> Engine:
        """The engine that the subject belongs to."""
        found = self.all(Engine)
        if not found:
            raise Unread(self._snapshot.engine_gap(self.source))
        return found[0]

    def host(self) -> Host:
        """The machine under the engine; only a local engine has one."""
        found = self.all(Host)
        if not found:
            raise Unread(
                Gap(Reason.UNSUPPORTED, "host files and /proc", "the machine below the engine was not looked at")
            )
        return found[0]

    def effective(self, container_id: str) -> Effective | None:
        """The kernel's view of a container, or None if its process could not be looked at. Raises as `host` does.

        Once there is one, only a change of this very view makes the check run again: the host's own numbers never rest.
        """
        hosts = () if (self.source, Kind.HOST) in self._snapshot.gaps else self._snapshot.of(Host, self.source)
        view = next((views[container_id] for host in hosts if container_id in (views := effective_views(host))), None)
        if view is None:
            return self.host().effective.get(container_id)
        self.reads.add((EFFECTIVE, container_id))
        return view

    def activity(self, container_id: str) -> Activity:
        """What a running container does now; raises `Unread` where nobody has looked (yet)."""
        found = self.get(ResourceKey(Kind.ACTIVITY, self.source, container_id))
        if found is None:
            raise Unread(Gap(Reason.PENDING, "processes, changed files and sessions of the container"))
        return cast("Activity", found)

    def image(self, image_id: str) -> Image | None:
        """The image with this content id, or None if the engine no longer has it."""
        return cast("Image | None", self.get(ResourceKey(Kind.IMAGE, self.source, image_id)))

    def analysis(self, image_id: str) -> ImageAnalysis:
        """What was found in an image and about it; its parts, or this itself, raise `Unread` until somebody looked."""
        found = self.get(ResourceKey(Kind.IMAGE_ANALYSIS, self.source, image_id))
        if found is None:
            return nothing_found(self._snapshot.sources.get(self.source))
        return cast("ImageAnalysis", found)

    def events(self) -> tuple[Event, ...]:
        """What happened on this source since it is being watched, oldest first."""
        self.reads.add(EVENTS)
        return tuple(event for event in self._snapshot.events if event.source == self.source)

    def events_of(self, id: str) -> tuple[Event, ...]:  # noqa: A002 - the event's own word
        """What happened to one object of this source, oldest first; only its own events make the check run again."""
        self.reads.add((EVENTS, id))
        return _events_by_id(self._snapshot.events).get((self.source, id), ())

    def outcome(self, check: str, key: ResourceKey) -> Outcome | None:
        """How another check judged a resource (before any waiver), or None if it has not; derived checks only."""
        self.reads.add((check, key))
        return self._outcome(check, key)

    def severity(self, check: str, key: ResourceKey) -> Severity | None:
        """How bad another check's failure on a resource is, by the verdict and the policy; None if it does not fail.

        As `outcome`: before any waiver, for derived checks only.
        """
        self.reads |= {(check, key), SEVERITIES}
        return self._severity(check, key)


def indexed(snapshot: Snapshot, source: str, cls: type[R], build: Callable[[tuple[R, ...]], T]) -> T:
    """`build` of a family of one source, made once per state of it; raises `Unread` where it could not be read."""
    gap = snapshot.gaps.get((source, cls.kind))
    if gap is not None:
        raise Unread(gap)
    state = snapshot.by_kind.get(cls.kind)
    kept = _INDEXES.get((build, source))
    if kept is None or kept[0] is not state:
        kept = _INDEXES[build, source] = (state, build(_family(snapshot, source, cls)))
    return cast(T, kept[1])


def _family(snapshot: Snapshot, source: str, cls: type[R]) -> tuple[R, ...]:
    """All of a family of one source, put together once per state of it however many indexes are made of it."""
    state = snapshot.by_kind.get(cls.kind)
    kept = _FAMILIES.get((cls.kind, source))
    if kept is None or kept[0] is not state:
        kept = _FAMILIES[cls.kind, source] = (state, snapshot.require(cls, source))
    return cast("tuple[R, ...]", kept[1])


def effective_views(host: Resource | None) -> Mapping[str, Effective]:
    """The kernel's views that a host carries, by container; none where they could not be read."""
    views = host.peek("effective") if isinstance(host, Host) else None
    return cast("Mapping[str, Effective]", views) if isinstance(views, Mapping) else {}


def _events_by_id(events: tuple[Event, ...]) -> dict[tuple[str, str], tuple[Event, ...]]:
    kept, index = _EVENT_INDEX[0]
    if kept is not events:
        index = {}
        for event in events:
            slot = (event.source, event.id)
            index[slot] = (*index.get(slot, ()), event)
        _EVENT_INDEX[0] = (events, index)
    return index
