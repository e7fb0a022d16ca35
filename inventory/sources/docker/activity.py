"""What containers do now, put together: from this machine where it may be looked at, else from the engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from inventory.activity import Activity, Change, Listener, Process
from inventory.activity import Session as ExecSession
from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.resource import Kind, ResourceKey
from inventory.sources.docker import execs, top
from inventory.sources.docker.details import changes
from inventory.sources.docker.session import Session
from inventory.sources.docker.workers import run_all

T = TypeVar("T")
BUDGET = 3.0
"""Seconds that one look at everything spends on this, after all the rest."""
THREADS = 4
FIELDS = ("processes", "listeners", "changes", "changes_complete", "sessions", "size_rw")
LISTENERS, SIZE = "/proc/PID/net", "bytes in the writable layer"
_PENDING = Gap(Reason.PENDING, "processes, changed files and sessions of the container")


class Layer(msgspec.Struct, frozen=True):
    """What differs from the image: `complete` False means that there is more; `size` in bytes, None if not told."""

    changes: tuple[Change, ...]
    complete: bool = True
    size: int | None = None


class Seen(msgspec.Struct, frozen=True):
    """What this machine shows of one container, each part a gap where it may not be looked at."""

    processes: tuple[Process, ...] | Gap
    listeners: tuple[Listener, ...] | Gap
    layer: Layer | Gap


class Told(msgspec.Struct, frozen=True):
    """What the engine told of one container; None for what it was not asked."""

    processes: tuple[Process, ...] | Gap | None = None
    layer: Layer | Gap | None = None
    sessions: tuple[ExecSession, ...] | Gap | None = None


Look = Callable[[Sequence[Container], float], Mapping[str, Seen]]
"""Looks at these running containers on this machine until a moment (monotonic seconds), by container id."""


def unseen(gap: Gap) -> Seen:
    """A container that this machine shows nothing of."""
    return Seen(gap, gap, gap)


ELSEWHERE = unseen(Gap(Reason.UNSUPPORTED, LISTENERS, "the engine does not tell, and it is not on this machine"))


def active(container: Container) -> bool | None:
    """Whether it has processes; None while that is not read."""
    state, pid = container.peek("state"), container.peek("pid")
    if isinstance(state, Gap):
        return None
    if state not in {"running", "paused", "restarting"}:
        return False
    if isinstance(pid, Gap):
        return None if pid.reason is Reason.PENDING else state != "restarting"
    return bool(pid)


def ask(session: Session, container: Container, seen: Seen, *, fresh: bool) -> Told:
    """Ask the engine for what the machine does not show.

    Sessions are asked for only where a process came in from outside or where that is not known; `fresh`: the
    container's own `exec_ids` were read just now.
    """
    processes = top.processes(session, container.id) if isinstance(seen.processes, Gap) else None
    layer = _layer(session, container.id) if isinstance(seen.layer, Gap) else None
    known = seen.processes if processes is None else processes
    sessions: tuple[ExecSession, ...] | Gap | None = None
    inside = entered(container, known)
    if inside is not False:
        ids = container.peek("exec_ids") if fresh else ()
        if not fresh or (inside and not ids):  # whoever is inside may have come since
            ids = execs.exec_ids(session, container.id)
        sessions = ids if isinstance(ids, Gap) else execs.sessions(session, ids)
    return Told(processes, layer, sessions)


def entered(container: Container, processes: tuple[Process, ...] | Gap) -> bool | None:
    """Whether a process of it was started from outside; None where that cannot be told."""
    first = container.peek("pid")
    if isinstance(processes, Gap) or not isinstance(first, int):
        return None
    return any(top.entered(processes, first))


def missing(seen: Seen) -> bool:
    """Whether the engine is to be asked although nobody came in."""
    return isinstance(seen.processes, Gap) or isinstance(seen.layer, Gap)


def compose(container: Container, source: str, at: float, seen: Seen, told: Told | None) -> Activity:
    """The resource. What the machine does not show and the engine was not asked yet is pending."""
    processes = _first(seen.processes, told.processes if told else _PENDING)
    layer = _first(seen.layer, told.layer if told else _PENDING)
    asked = told.sessions if told else None
    sessions: tuple[ExecSession, ...] | Gap = _PENDING if asked is None else asked
    if entered(container, processes) is False:
        sessions = ()
    return Activity.build(
        key=ResourceKey(Kind.ACTIVITY, source, container.id),
        name=container.name,
        observed_at=at,
        processes=processes,
        listeners=seen.listeners,
        changes=layer if isinstance(layer, Gap) else layer.changes,
        changes_complete=layer if isinstance(layer, Gap) else layer.complete,
        sessions=sessions,
        size_rw=_size(seen.layer, layer),
    )


def composed(container: Container, source: str, at: float, seen: Seen, told: Told | None) -> Activity:
    """The same; what cannot be put together says so, and the other containers are none the worse for it."""
    try:
        return compose(container, source, at, seen, told)
    except Exception as error:
        return unknown(ResourceKey(Kind.ACTIVITY, source, container.id), container.peek("name"), at, error)


def unknown(key: ResourceKey, name: str | Gap, at: float, error: BaseException) -> Activity:
    """A container of which nothing is known for a mistake in here: not what it did last either."""
    return Activity.build(key=key, name=name, observed_at=at, **dict.fromkeys(FIELDS, failed(error)))


def failed(error: BaseException, path: str = _PENDING.path) -> Gap:
    """A mistake in here, or something too odd to be understood."""
    return Gap(Reason.ERROR, path, f"{type(error).__name__}: {error}")


def same(one: Activity, other: Activity) -> bool:
    """Whether two tell the same of a container, whenever they were read."""
    return all(one.peek(field) == other.peek(field) for field in FIELDS)


def read_all(
    session: Session,
    source: str,
    containers: Sequence[Container],
    look: Look | None,
    until: float,
    clock: Callable[[], float] = time.time,
) -> list[Activity]:
    """What all these do, within `BUDGET` seconds and before `until` (monotonic); what was not reached says so.

    `look` is None where the containers do not run on this machine.
    """
    began = time.monotonic()
    until = min(until, began + BUDGET)
    running = [container for container in containers if active(container) is not False]
    seen = _seen(look, running, until)
    jobs = [
        partial(ask, session, container, seen[container.id], fresh=True)
        for container in running
        if missing(seen[container.id]) or entered(container, seen[container.id].processes)
    ]
    asked = [job.args[1].id for job in jobs]
    told = dict(zip(asked, run_all(jobs, THREADS, until), strict=True))
    at = clock()
    return [
        composed(container, source, at, seen[container.id], _answer(told.get(container.id))) for container in running
    ]


def _seen(look: Look | None, running: Sequence[Container], until: float) -> Mapping[str, Seen]:
    if look is None or not running:
        return {container.id: ELSEWHERE for container in running}
    try:
        found = look(running, until)
    except Exception as error:  # whatever odd thing this machine shows, the engine still tells
        nothing = unseen(failed(error, "/proc"))
        return {container.id: nothing for container in running}
    return {container.id: found.get(container.id, ELSEWHERE) for container in running}


def _answer(result: Told | BaseException | None) -> Told | None:
    return unanswered(result) if isinstance(result, BaseException) else result


def unanswered(error: BaseException) -> Told:
    """Of what was given up, every part is a gap."""
    path = "GET /containers/{id}/top"
    gap = out_of_time(path) if isinstance(error, TimeoutError) else failed(error, path)
    return Told(gap, gap, gap)


def out_of_time(path: str) -> Gap:
    """Not reached within the budget."""
    return Gap(Reason.TIMEOUT, path, f"not reached within the {BUDGET:g} s for processes and changed files")


def _first(seen: T | Gap, told: T | Gap | None) -> T | Gap:
    return seen if told is None or not isinstance(seen, Gap) else told


def _size(seen: Layer | Gap, layer: Layer | Gap) -> int | Gap:
    if not isinstance(layer, Gap) and layer.size is not None:
        return layer.size
    if isinstance(seen, Gap):
        return Gap(seen.reason, SIZE, seen.detail or str(seen))
    return Gap(Reason.UNSUPPORTED, SIZE)


def _layer(session: Session, container: str) -> Layer | Gap:
    found = changes(session, container)
    return found if isinstance(found, Gap) else Layer(tuple(Change(one.path, one.kind) for one in found))
