"""Reading everything of an engine once, concurrently, within one deadline. Whatever fails becomes a gap."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from inventory.components import derive
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.resource import Kind, Resource
from inventory.snapshot import SourceHealth
from inventory.sources.docker import health
from inventory.sources.docker.decode import AnswerError
from inventory.sources.docker.endpoint import Endpoint, transport
from inventory.sources.docker.fetch import (
    SWARM_KINDS,
    SWARM_PARTS,
    Fetch,
    Part,
    failure,
    missing_images,
    no_swarm,
    swarm_role,
)
from inventory.sources.docker.session import connect
from inventory.sources.docker.transport import ApiError, Transport
from inventory.sources.docker.workers import run_all
from inventory.store import Store

THREADS = 4
TOTAL = 60.0
"""Seconds for everything together."""
_LISTS = (Kind.NETWORK, Kind.CONTAINER, Kind.IMAGE, Kind.VOLUME, Kind.ENGINE)
_INSPECTED = (Kind.CONTAINER, Kind.IMAGE, Kind.NETWORK)
HostReader = Callable[[Store, str], Host | None]


@dataclass(slots=True)
class _Reading:
    """What has been read so far: resources by kind, and why a kind is missing."""

    kinds: dict[Kind, list[Resource]] = field(default_factory=dict)
    gaps: dict[Kind, Gap] = field(default_factory=dict)

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


def read(
    endpoint: Endpoint,
    store: Store,
    *,
    name: str = "docker",
    deadline: float = TOTAL,
    via: Transport | None = None,
    host: HostReader | None = None,
) -> SourceHealth:
    """Read everything into the store under the source `name` and say how it went; raises nothing.

    `via` replaces the transport (recording, replay). `host` reads the machine below a local engine, given the store
    that already holds the engine and its containers.
    """
    until = time.monotonic() + deadline
    answered = partial(store.answered, name)
    try:
        session = connect(via or transport(endpoint), deadline=min(10.0, deadline), answered=answered)
    except ApiError as error:
        return _unreachable(store, name, endpoint, error)
    fetch = Fetch(session, name, endpoint.url, endpoint.local)
    lists = _read_lists(fetch, until)
    lists.put(store, name)
    details = _read_details(fetch, lists, swarm_role(store.snapshot(), name), until)
    details.put(store, name)
    found = host(store, name) if host is not None else None
    store.replace(name, Kind.HOST, [found] if found else [])
    store.replace(name, Kind.COMPONENT, derive(store.snapshot(), name))
    answer = health.read(endpoint, session.flavour, _version(lists), lists.gaps | details.gaps)
    store.set_health(name, answer)
    return answer


def _unreachable(store: Store, name: str, endpoint: Endpoint, error: ApiError) -> SourceHealth:
    found = health.failed(endpoint, error)
    for kind in (*_LISTS, *SWARM_KINDS):
        store.set_gap(name, kind, Gap(error.reason, endpoint.url, found.detail))
    store.set_health(name, found)
    return found


def _read_lists(fetch: Fetch, until: float) -> _Reading:
    """Who the engine is, and all lists."""
    reading = _Reading()
    results = run_all([partial(fetch.part, kind) for kind in _LISTS], THREADS, until)
    for kind, result in zip(_LISTS, results, strict=True):
        reading.add({kind: _gap(result, kind)} if isinstance(result, BaseException) else result)
    return reading


def _read_details(fetch: Fetch, lists: _Reading, role: str, until: float) -> _Reading:
    """Every inspect, and the swarm where this node may tell of it."""
    wanted = _inspections(lists)
    swarm = SWARM_PARTS if role == "manager" else ()
    jobs: list[Callable[[], Part | Resource | None]] = [partial(fetch.part, kind) for kind in swarm]
    jobs += [partial(fetch.inspected, kind, key, raw) for kind, key, raw in wanted]
    results = run_all(jobs, THREADS, until)
    reading = _Reading()
    for kind, result in zip(swarm, results, strict=False):
        reading.add(result if isinstance(result, dict) else {kind: _gap(result, kind)})
    if not swarm:
        reading.add(no_swarm(role))
    reading.add(_collect(lists, wanted, results[len(swarm) :]))
    return reading


def _inspections(lists: _Reading) -> list[tuple[Kind, str, bytes]]:
    """Containers first: there are most of them."""
    wanted = [(kind, found.key.id, found.raw) for kind in _INSPECTED for found in lists.kinds.get(kind, ())]
    known = {found.key.id for found in lists.kinds.get(Kind.IMAGE, ())}
    extra = missing_images(lists.kinds.get(Kind.CONTAINER, []), known) if Kind.IMAGE in lists.kinds else set()
    return wanted + [(Kind.IMAGE, key, b"") for key in sorted(extra)]


def _collect(
    lists: _Reading, wanted: Iterable[tuple[Kind, str, bytes]], results: Iterable[object]
) -> dict[Kind, list[Resource] | Gap]:
    """Details take the place of what the list told; what vanished in between is left out."""
    listed = {(kind, found.key.id): found for kind, all_of in lists.kinds.items() for found in all_of}
    details: dict[Kind, list[Resource]] = {kind: [] for kind in _INSPECTED if kind in lists.kinds}
    for (kind, key, _raw), result in zip(wanted, results, strict=True):
        if isinstance(result, Resource):
            details[kind].append(result)
        elif isinstance(result, BaseException) and (kind, key) in listed:
            details[kind].append(listed[kind, key])
    return dict(details)


def _gap(error: object, kind: Kind) -> Gap:
    if isinstance(error, ApiError | AnswerError):
        return failure(error, kind)
    if isinstance(error, TimeoutError):
        return Gap(Reason.TIMEOUT, f"GET /{kind.value}s", "the deadline for everything passed")
    return Gap(Reason.ERROR, f"GET /{kind.value}s", f"{type(error).__name__}: {error}")


def _version(reading: _Reading) -> str:
    engine = next(iter(reading.kinds.get(Kind.ENGINE, ())), None)
    version = engine.peek("version") if engine else ""
    return version if isinstance(version, str) else ""
