"""Reading everything of an engine once, concurrently, within one deadline. Whatever fails becomes a gap."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import msgspec

from inventory.components import derive
from inventory.container import Container
from inventory.engine import Engine
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.resource import Kind, Resource
from inventory.snapshot import Event, SourceHealth
from inventory.sources.decode import AnswerError
from inventory.sources.docker import activity, health
from inventory.sources.docker.activity import Look
from inventory.sources.docker.endpoint import Endpoint, transport
from inventory.sources.docker.fetch import (
    SWARM_KINDS,
    SWARM_PARTS,
    Fetch,
    Part,
    failure,
    missing_images,
    no_host,
    no_swarm,
    swarm_role,
)
from inventory.sources.docker.past import recent_events
from inventory.sources.docker.session import Session, connect
from inventory.sources.docker.transport import ApiError, Transport
from inventory.sources.docker.workers import run_all
from inventory.store import Store

THREADS = 4
TOTAL = 60.0
"""Seconds for everything together."""
_INSPECTED = (Kind.NETWORK, Kind.CONTAINER, Kind.IMAGE)
_WHOLE = (Kind.VOLUME, Kind.ENGINE)
ReadHost = Callable[[Store, str], Host | Gap]


class _Reading(msgspec.Struct):
    """What has been read so far: resources by kind, why a kind is missing, and what is still to be inspected."""

    kinds: dict[Kind, list[Resource]] = msgspec.field(default_factory=dict)
    gaps: dict[Kind, Gap] = msgspec.field(default_factory=dict)
    wanted: list[tuple[Kind, str, bytes]] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)

    def add(self, part: Mapping[Kind, list[Resource] | Gap]) -> None:
        for kind, found in part.items():
            if isinstance(found, Gap):
                self.gaps[kind] = found
            else:
                self.kinds[kind] = found

    def put(self, store: Store, name: str) -> None:
        for kind, found in self.kinds.items():
            store.replace(name, kind, found)
        for kind, gap in self.gaps.items():
            store.set_gap(name, kind, gap)

    @property
    def engine(self) -> Engine | None:
        found = self.kinds.get(Kind.ENGINE)
        return found[0] if found and isinstance(found[0], Engine) else None


def read(
    endpoint: Endpoint,
    store: Store,
    *,
    name: str = "docker",
    deadline: float = TOTAL,
    via: Transport | None = None,
    host: ReadHost | None = None,
    look: Look | None = None,
    clock: Callable[[], float] = time.time,
) -> SourceHealth:
    """Read everything into the store under the source `name` and say how it went; raises nothing.

    `via` replaces the transport (recording, replay). `host` reads the machine below a local engine, given the store
    that already holds the engine and its containers, and `look` what these do there. `clock` dates what is read (a
    recording: when it was made).
    """
    until = time.monotonic() + deadline
    answered = partial(store.answered, name)
    try:
        session = connect(via or transport(endpoint), deadline=min(10.0, deadline), answered=answered)
    except ApiError as error:
        return _unreachable(store, name, endpoint, error)
    fetch = Fetch(session, name, endpoint.url, endpoint.local, clock)
    reading = _Reading()
    store.add_events(_read_lists(fetch, reading, until))
    _read_details(fetch, reading, until)
    reading.put(store, name)
    reading.add({Kind.HOST: _host(host, store, name, endpoint)})
    reading.put(store, name)
    store.replace(name, Kind.COMPONENT, derive(store.snapshot(), name))
    _read_activity(session, store, name, look, until, clock)
    answer = health.read(
        endpoint, session.flavour, _version(reading.engine), reading.gaps, [*fetch.notes(), *reading.notes]
    )
    store.set_health(name, answer)
    return answer


def _host(host: ReadHost | None, store: Store, name: str, endpoint: Endpoint) -> list[Resource] | Gap:
    if host is None:
        return no_host(endpoint)
    try:
        found = host(store, name)
    except Exception as error:  # whatever odd file the host has, the engine's facts must not be lost over it
        return Gap(Reason.ERROR, "host files", f"{type(error).__name__}: {error}")
    return found if isinstance(found, Gap) else [found]


def _read_activity(
    session: Session, store: Store, name: str, look: Look | None, until: float, clock: Callable[[], float]
) -> None:
    """What the containers do, last of all: the rest of the answer does not wait for it."""
    snapshot = store.snapshot()
    unread = snapshot.gaps.get((name, Kind.CONTAINER))
    if unread is not None:
        store.set_gap(name, Kind.ACTIVITY, unread)
        return
    here = any(True for _ in snapshot.of(Host, name))  # elsewhere the numbers of processes mean nothing
    containers = list(snapshot.of(Container, name))
    found = activity.read_all(session, name, containers, look if here else None, until, clock)
    store.replace(name, Kind.ACTIVITY, found)


def _unreachable(store: Store, name: str, endpoint: Endpoint, error: ApiError) -> SourceHealth:
    found = health.failed(endpoint, error)
    for kind in (*_INSPECTED, *_WHOLE, *SWARM_KINDS, Kind.HOST, Kind.ACTIVITY):
        store.set_gap(name, kind, Gap(error.reason, endpoint.url, found.detail))
    store.set_health(name, found)
    return found


def _read_lists(fetch: Fetch, reading: _Reading, until: float) -> tuple[Event, ...]:
    """Who the engine is, all lists, and what happened lately."""
    jobs: list[Callable[[], Part | list[tuple[str, bytes]] | tuple[Event, ...]]] = [
        *(partial(fetch.ids, kind) for kind in _INSPECTED),
        *(partial(fetch.part, kind) for kind in _WHOLE),
        partial(recent_events, fetch.session, fetch.source, fetch.clock()),
    ]
    *results, events = run_all(jobs, THREADS, until)
    for kind, result in zip((*_INSPECTED, *_WHOLE), results, strict=True):
        if isinstance(result, dict):
            reading.add(result)
        elif isinstance(result, list):
            reading.kinds[kind] = []
            reading.wanted += [(kind, key, raw) for key, raw in result]
        else:
            reading.gaps[kind] = _gap(result, kind)
    return events if isinstance(events, tuple) else ()


def _read_details(fetch: Fetch, reading: _Reading, until: float) -> None:
    """The swarm where this node may tell of it, every inspect, and the images that only containers know."""
    role = swarm_role(reading.engine)
    swarm = SWARM_PARTS if role == "manager" else ()
    jobs: list[Callable[[], Part | Resource | None]] = [partial(fetch.part, kind) for kind in swarm]
    jobs += [partial(fetch.inspected, kind, key, raw) for kind, key, raw in reading.wanted]
    results = run_all(jobs, THREADS, until)
    for kind, result in zip(swarm, results, strict=False):
        reading.add(result if isinstance(result, dict) else {kind: _gap(result, kind)})
    if not swarm:
        reading.add(no_swarm(role))
    _collect(fetch, reading, results[len(swarm) :])
    known = {found.key.id for found in reading.kinds.get(Kind.IMAGE, ())}
    extra = missing_images(reading.kinds.get(Kind.CONTAINER, []), known) if Kind.IMAGE in reading.kinds else set()
    reading.wanted = [(Kind.IMAGE, key, b"") for key in sorted(extra)]
    more = run_all([partial(fetch.inspected, kind, key) for kind, key, _ in reading.wanted], THREADS, until)
    _collect(fetch, reading, more)


def _collect(fetch: Fetch, reading: _Reading, results: Iterable[object]) -> None:
    """The inspected objects; one that vanished in between is left out, one that failed is known from the list alone.

    Of an image that no list names nothing but its id is known then.
    """
    for (kind, key, raw), result in zip(reading.wanted, results, strict=True):
        if isinstance(result, Resource):
            reading.kinds[kind].append(result)
        elif isinstance(result, BaseException):
            gap = msgspec.structs.replace(_gap(result, kind), path=f"{kind.value} {key[:19]}")
            try:
                found = fetch.from_list(kind, raw, fetch.clock(), gap) if raw else fetch.unread_image(key, gap)
            except AnswerError as error:
                reading.notes.append(f"{kind.value} {key[:19]}: {error}")
            else:
                reading.kinds[kind].append(found)


def _gap(error: object, kind: Kind) -> Gap:
    if isinstance(error, ApiError | AnswerError):
        return failure(error, kind)
    if isinstance(error, TimeoutError):
        return Gap(Reason.TIMEOUT, f"GET /{kind.value}s", "the deadline for everything passed")
    return Gap(Reason.ERROR, f"GET /{kind.value}s", f"{type(error).__name__}: {error}")


def _version(engine: Engine | None) -> str:
    version = engine.peek("version") if engine else ""
    return version if isinstance(version, str) else ""
