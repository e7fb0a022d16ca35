"""What a live source knows of its engine, what is to be read next, and how an answer changes the store."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from inventory.component import Component
from inventory.components import components_of
from inventory.engine import Engine
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Event
from inventory.sources.decode import AnswerError
from inventory.sources.docker.agenda import Agenda
from inventory.sources.docker.containers import timeless
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.fetch import (
    CALL,
    HOST_PATH,
    SWARM_KINDS,
    SWARM_PARTS,
    Fetch,
    Listed,
    Part,
    failure,
    missing_images,
    no_swarm,
    swarm_role,
)
from inventory.sources.docker.follow import Target, Touch
from inventory.sources.docker.lateness import Lateness
from inventory.sources.docker.session import Session
from inventory.sources.docker.transport import ApiError
from inventory.store import Store

Apply = Callable[[], None]
Job = Callable[[], Apply]
T = TypeVar("T")
_INSPECTED = (Kind.NETWORK, Kind.CONTAINER, Kind.IMAGE)
_DERIVED = frozenset({Kind.CONTAINER, Kind.SERVICE, Kind.HOST})
_REMEMBERED = 10_000
_NO_HOST = Gap(Reason.UNSUPPORTED, HOST_PATH, "the engine is not on this machine")
SETTLING = 2.0
"""Seconds after which a network that something happened to is read once more."""
RETRY = 5.0
"""Seconds until a call that brought no answer is tried again."""
# Of an engine's answer, what changes without anything happening.
_VOLATILE = frozenset({"observed_at", "raw", "system_time"})


class Ledger:
    """Everything here runs on the source's own thread, except the jobs, which only read.

    `due` gives jobs; each ends in a step that is to be run here. `flush` writes what has gathered.
    """

    def __init__(
        self,
        session: Session,
        source: str,
        endpoint: Endpoint,
        store: Store,
        lateness: Lateness | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = Fetch(session, source, endpoint.url, endpoint.local, deadline=CALL)
        self._store = store
        self._source = source
        self._agenda = Agenda()
        self._listed: dict[Target, bytes] = {}
        self._again: set[Target] = set()
        self._fresh: dict[ResourceKey, Resource] = {}
        self._gone: dict[ResourceKey, None] = {}
        self._events: list[Event] = []
        self._carriers: dict[ResourceKey, tuple[Component, ...]] = {}
        self._touched = {key for kind in _DERIVED for key in self._known(kind)}  # of a connection before this one
        self._seen: dict[ResourceKey, float] = {}
        self._late = lateness or Lateness()
        self._clock = clock
        self._derived = False
        self._role = "unknown"
        self.gaps: dict[Kind, Gap] = {}
        self.version = ""
        self.described = False
        self.host: Callable[[], Host | Gap] | None = None

    # -- planning -----------------------------------------------------------------------------------------------

    def relist(self, now: float) -> None:
        """List every kind. The lists show which objects changed, and only those are inspected."""
        kinds = [Kind.ENGINE, *_INSPECTED, Kind.VOLUME]
        if self._role == "manager":
            kinds += SWARM_PARTS
        if self.host is not None:
            kinds.append(Kind.HOST)
        self._agenda.add_all(((kind, "") for kind in kinds), now)

    def happened(self, touch: Touch, now: float) -> None:
        """An event has come."""
        if touch.event is not None:
            self._events.append(touch.event)
        if touch.gone is not None:
            self._forget(touch.gone)
        for target in touch.read:
            if target[1]:
                self._seen[self._key(target)] = now
            if target[0] is Kind.NETWORK and target[1]:
                self._again.add(target)  # a busy engine tells of a member's coming and going before its list is true
            if self._key(target) not in self._gone and (target[0] not in SWARM_KINDS or self._role == "manager"):
                self._agenda.add(target, now)

    def next_due(self) -> float | None:
        """When a job is due, or None."""
        return self._agenda.next()

    def due(self, now: float) -> list[Job]:
        """The jobs to do now."""
        return [partial(self._job, target) for target in self._agenda.take(now)]

    def notes(self, now: float) -> list[str]:
        """What is known only in part or no longer fresh, for people."""
        return [*self._fetch.notes(), *self._late.notes(now)]

    # -- reading, on any thread ---------------------------------------------------------------------------------

    def _job(self, target: Target) -> Apply:
        asked = self._clock()
        try:
            step = self._read(target, asked)
        except (ApiError, AnswerError) as error:
            step = partial(self._failed, target, error, asked)
        except Exception as error:  # a mistake in here must not end the reading for good
            step = partial(self._failed, target, AnswerError(f"{type(error).__name__}: {error}"), asked)
        return partial(self._finish, target, step)

    def _read(self, target: Target, asked: float) -> Apply:
        kind, key = target
        if key:
            return partial(self._inspected, target, self._fetch.inspected(kind, key, self._listed.get(target, b"")))
        if kind in _INSPECTED:
            return partial(self._listing, kind, self._fetch.listed(kind), asked)
        if kind is Kind.HOST:
            return partial(self._host_read, self.host() if self.host else _NO_HOST)
        return partial(self._part, self._fetch.part(Kind.SERVICE if kind is Kind.TASK else kind), asked)

    # -- applying, on the source's own thread -------------------------------------------------------------------

    def _finish(self, target: Target, step: Apply) -> None:
        self._agenda.done(target)
        if target in self._again:
            self._again.discard(target)
            self._agenda.add(target, self._clock(), SETTLING)
        step()

    def _failed(self, target: Target, error: ApiError | AnswerError, asked: float) -> None:
        """A kind that cannot be read is said to be so; what was known stays, and a lost call is tried again."""
        kind, key = target
        lost = isinstance(error, ApiError) and not error.status
        if lost:
            self._lost(target, error, asked)
        if key:
            if not lost or self._late.late(target, self._clock()):
                self._put_unread(target, failure(error, kind))
            if not lost and kind is not Kind.IMAGE and target not in self._listed:  # the list tells what it can
                self._agenda.add((kind, ""), self._clock(), RETRY)
        elif not (lost and self._was_read(kind)):
            self._set_gap(kind, failure(error, kind))

    def _lost(self, target: Target, error: ApiError | AnswerError | Gap, asked: float) -> None:
        """No answer: try again, and remember for how long there has been none."""
        self._agenda.add(target, self._clock(), RETRY)
        if isinstance(error, Gap):
            self._late.failed(target, asked, error.reason, error.detail)
        else:
            self._late.failed(target, asked, getattr(error, "reason", Reason.ERROR), str(error))

    def _put_unread(self, target: Target, gap: Gap) -> None:
        """An object whose inspect fails is known from the list alone, and says why the rest is missing."""
        known = self._store.snapshot().get(self._key(target))
        listed = self._listed.get(target)
        if known is None and target[0] is Kind.IMAGE:
            self._put(self._fetch.unread_image(target[1], gap))
        elif known is not None and listed and any(one.reason is Reason.PENDING for one in known.gaps.values()):
            with suppress(AnswerError):
                self._put(self._fetch.from_list(target[0], listed, self._fetch.clock(), gap))

    def _was_read(self, kind: Kind) -> bool:
        return (self._source, kind) not in self._store.snapshot().gaps

    def _inspected(self, target: Target, found: Resource | None) -> None:
        self._late.succeeded(target, self._clock())
        if found is None:
            self._forget(target)
        elif self._key(target) not in self._gone and found.key not in self._gone:
            self._put(found)
            if target[0] is Kind.CONTAINER:
                self._follow_image(found)
                self._follow_networks(found)
                if self.host is not None:  # its process is another one now
                    self._agenda.add((Kind.HOST, ""), self._clock())

    def _follow_image(self, container: Resource) -> None:
        image = container.peek("image_id")
        known = self._store.snapshot().get(self._key((Kind.IMAGE, image))) if isinstance(image, str) else True
        if known is None and (Kind.IMAGE, image) not in self._listed:
            self._agenda.add_all([(Kind.IMAGE, image)], 0.0)

    def _follow_networks(self, container: Resource) -> None:
        """Podman does not tell which network a container joins or leaves: read those again whose members differ."""
        found = container.peek("networks")
        if self._fetch.session.flavour == "podman" and not isinstance(found, Gap):
            attached = {one.network_id for one in found}
            self._members_moved(container.key.id, attached)
            if not attached <= {key.id for key in self._known(Kind.NETWORK)}:
                self._agenda.add((Kind.NETWORK, ""), self._clock(), SETTLING)

    def _members_moved(self, container: str, attached: set[str]) -> None:
        for key, network in self._known(Kind.NETWORK).items():
            members = network.peek("members")
            if isinstance(members, Gap):
                continue
            if any(one.container_id == container for one in members) != (key.id in attached):
                self._agenda.add((Kind.NETWORK, key.id), self._clock(), SETTLING)

    def _listing(self, kind: Kind, found: list[Listed], asked: float) -> None:
        """Rows appear from the list; what is new or differs from the last list is inspected.

        What has been seen since the list was asked for stays: the list is older. So does everything when the list
        could not be understood as a whole.
        """
        self._late.succeeded((kind, ""), self._clock())
        before = self._known(kind) | {key: one for key, one in self._fresh.items() if key.kind is kind}
        self._drop_unlisted(before, {self._key((kind, listed.id)) for listed in found}, kind, asked)
        for listed in found:
            target = (kind, listed.id)
            if self._key(target) in self._gone:
                continue
            fresh = self._comparable(listed)
            if self._key(target) not in before:
                self._put(listed.resource)
            if self._listed.get(target) != fresh:
                self._agenda.add_all([target], 0.0)
            self._listed[target] = fresh
        if kind is Kind.NETWORK:
            self._complete_attachments()
        self._write()  # before the gap closes: "no containers" must not be seen in between
        self._set_gap(kind, None)

    def _drop_unlisted(
        self, before: dict[ResourceKey, Resource], listed: set[ResourceKey], kind: Kind, asked: float
    ) -> None:
        stays = self._used_images() if kind is Kind.IMAGE else set()
        for key in before.keys() - listed:
            if key.id in stays:
                if not before[key].raw:  # it could not be inspected when it was needed
                    self._agenda.add_all([(kind, key.id)], 0.0)
            elif self._seen.get(key, asked - 1) < asked and kind not in self._fetch.left_out:
                self._remove(key)

    def _complete_attachments(self) -> None:
        """Inspect again the containers whose network ids could not be filled in before the networks were known."""
        ids = self._fetch.network_ids
        for key, container in (self._known(Kind.CONTAINER) | self._fresh).items():
            networks = container.peek("networks") if key.kind is Kind.CONTAINER else ()
            if not isinstance(networks, Gap) and any(
                found.network_id in {"", found.network} and found.network in ids for found in networks
            ):
                self._agenda.add_all([(Kind.CONTAINER, key.id)], 0.0)

    def _part(self, part: Part, asked: float) -> None:
        for kind, found in part.items():
            if isinstance(found, Gap):
                if found.reason is Reason.TIMEOUT:
                    self._lost((kind, ""), found, asked)
                if found.reason is not Reason.TIMEOUT or not self._was_read(kind):
                    self._set_gap(kind, found)
            elif kind is Kind.ENGINE:
                self._engine(found, asked)
            else:
                self._late.succeeded((kind, ""), self._clock())
                self._set_gap(kind, None)
                self._store.replace(self._source, kind, found)
                self._touch_all(kind)

    def _engine(self, found: list[Resource], asked: float) -> None:
        engine = next((resource for resource in found if isinstance(resource, Engine)), None)
        self._set_gap(Kind.ENGINE, None)
        if engine is None:
            return
        known = next(iter(self._known(Kind.ENGINE).values()), None)
        unread = engine.gaps.get("root_dir")
        if unread is not None and unread.reason is Reason.TIMEOUT:
            self._lost((Kind.ENGINE, ""), unread, asked)
            if self.described and known is not None:
                return  # what it said before is better than nothing
        else:
            self._late.succeeded((Kind.ENGINE, ""), self._clock())
        if not self.described and self.host is not None:  # the engine's directory tells which process it is
            self._agenda.add((Kind.HOST, ""), self._clock())
        if known is None or not _same_facts(known, engine):
            self._store.replace(self._source, Kind.ENGINE, [engine])
        version = engine.peek("version")
        self.version, self.described = version if isinstance(version, str) else "", True
        self._swarm_role(swarm_role(engine))

    def _swarm_role(self, role: str) -> None:
        if role == self._role:
            return
        self._role = role
        if role == "manager":
            self._agenda.add_all(((kind, "") for kind in SWARM_PARTS), 0.0)
            return
        for kind, found in no_swarm(role).items():
            self._late.forget((kind, ""))
            if isinstance(found, Gap):
                self._store.set_gap(self._source, kind, found)
            else:
                self._store.replace(self._source, kind, found)

    def _host_read(self, host: Host | Gap) -> None:
        if isinstance(host, Gap):
            for key in self._known(Kind.HOST):
                self._remove(key)
            self._set_gap(Kind.HOST, host)
            return
        self._set_gap(Kind.HOST, None)
        self._store.replace(self._source, Kind.HOST, [host])
        self._touch_all(Kind.HOST)

    # -- writing ------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what has gathered as one change."""
        self._write()
        if self._events:
            self._store.add_events(self._events)
            self._events = []
        if self._touched or not self._derived:
            self._derive()

    def _derive(self) -> None:
        """Look again at what may be a component and has changed: there may be thousands that have not."""
        snapshot = self._store.snapshot()
        unread = snapshot.gaps.get((self._source, Kind.CONTAINER))
        if unread is not None and not self._derived:
            self._store.set_gap(self._source, Kind.COMPONENT, unread)
            return
        self._derived = True
        for key in self._touched:
            carrier = snapshot.get(key)
            found = components_of(carrier) if carrier is not None else ()
            self._carriers.pop(key, None)
            if found:
                self._carriers[key] = found
        self._touched.clear()
        self._store.replace(self._source, Kind.COMPONENT, [one for found in self._carriers.values() for one in found])

    def _touch(self, key: ResourceKey) -> None:
        if key.kind in _DERIVED:
            self._touched.add(key)

    def _touch_all(self, kind: Kind) -> None:
        """All of a kind were replaced at once."""
        if kind in _DERIVED:
            self._touched |= {key for key in self._carriers if key.kind is kind} | self._known(kind).keys()

    def _write(self) -> None:
        if self._fresh:
            self._store.put(self._fresh.values())
            self._fresh = {}

    def _put(self, resource: Resource) -> None:
        self._fresh[resource.key] = resource
        self._seen[resource.key] = self._clock()
        self._touch(resource.key)

    def _forget(self, target: Target) -> None:
        """It is gone for good: an answer that is still under way must not bring it back."""
        key = self._key(target)
        if target[0] is Kind.CONTAINER and self._fetch.session.flavour == "podman":
            self._members_moved(target[1], set())
        if target[0] is not Kind.IMAGE and target[0] is not Kind.VOLUME:  # these come back under the same id
            self._gone[key] = None
            while len(self._gone) > _REMEMBERED:
                del self._gone[next(iter(self._gone))]
        self._remove(key)

    def _remove(self, key: ResourceKey) -> None:
        target = (key.kind, key.id)
        self._agenda.drop(target)
        self._listed.pop(target, None)
        self._fresh.pop(key, None)
        self._seen.pop(key, None)
        self._late.forget(target)
        self._store.remove([key])
        self._touch(key)

    def _set_gap(self, kind: Kind, gap: Gap | None) -> None:
        if gap is None:
            self.gaps.pop(kind, None)
        else:
            self.gaps[kind] = gap
        self._store.set_gap(self._source, kind, gap)

    def _key(self, target: Target) -> ResourceKey:
        return ResourceKey(target[0], self._source, target[1])

    def _known(self, kind: Kind) -> dict[ResourceKey, Resource]:
        known = self._store.snapshot().by_kind.get(kind, {})
        return {key: resource for key, resource in known.items() if key.source == self._source}

    def _used_images(self) -> set[str]:
        return missing_images(list(self._known(Kind.CONTAINER).values()), set())

    def _comparable(self, listed: Listed) -> bytes:
        """A listed container without `Up 3 minutes`, which differs every time."""
        return without_time(listed.raw) if listed.resource.kind is Kind.CONTAINER else listed.raw


def without_time(raw: bytes) -> bytes:
    """A listed container's text without the relative time in its status sentence."""
    before, found, after = raw.partition(b'"Status":"')
    status, quote, rest = after.partition(b'"')
    return before + found + timeless(status.decode("utf-8", "replace")).encode() + quote + rest


def _same_facts(one: Resource, other: Resource) -> bool:
    names = [name for name in one.field_names if name not in _VOLATILE]
    return all(_value(one, name) == _value(other, name) for name in names)


def _value(resource: Resource, name: str) -> object:
    return resource.gaps if name == "gaps" else resource.peek(name)
