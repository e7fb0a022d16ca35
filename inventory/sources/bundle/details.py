"""What else is recorded of each container, so that its logs, processes and figures can be looked at in a recording."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

from inventory.container import Container
from inventory.sources.docker.details import top_path
from inventory.sources.docker.session import Session
from inventory.sources.docker.transport import ApiError
from inventory.sources.docker.workers import run_all

LOG_LINES = 200
DEADLINE = 5.0
"""Seconds for one answer. Statistics take a second or two: the engine waits for a second sample."""
THREADS = 16

_ALWAYS = (f"logs?stdout=1&stderr=1&timestamps=1&tail={LOG_LINES}", "changes")


def read_details(session: Session, containers: Iterable[Container], *, seconds: float = 120.0) -> None:
    """Ask for logs, changes, processes and statistics; what comes of it is kept by the recording transport."""
    paths = [path for container in containers for path in paths_of(container, session.flavour)]
    run_all([partial(_ask, session, path) for path in paths], THREADS, time.monotonic() + seconds)


def _ask(session: Session, path: str) -> None:
    try:
        session.get(path, deadline=DEADLINE)
    except ApiError:
        return  # the recording has noted why


def paths_of(container: Container, flavour: str = "docker") -> list[str]:
    """The requests that make sense for a container in its state."""
    found = [f"/containers/{container.key.id}/{part}" for part in _ALWAYS]
    if container.peek("state") in ("running", "paused"):
        found += [top_path(flavour, container.key.id), f"/containers/{container.key.id}/stats?stream=false"]
    return found
