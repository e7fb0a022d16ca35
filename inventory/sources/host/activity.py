"""What this machine shows of running containers: processes, listeners, and the writable layer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from inventory.activity import Process
from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.sources.docker.activity import Layer, Look, Seen, out_of_time, unseen
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.host.machine import told
from inventory.sources.host.netns import listeners
from inventory.sources.host.reader import HostReader, LocalReader
from inventory.sources.host.upperdir import LIMIT, changed
from inventory.sources.host.walk import processes_of


def look_below(endpoint: Endpoint, reader: HostReader | None = None) -> Look | None:
    """What `read` and `DockerSource` take as `look`; None for an engine whose containers run elsewhere.

    `reader` is asked instead of the machine (a recording, or one that records).
    """
    if reader is None and not endpoint.socket_path:
        return None
    return partial(look, reader or LocalReader())


def look(
    reader: HostReader,
    containers: Sequence[Container],
    until: float,
    clock: Callable[[], float] = time.monotonic,
) -> Mapping[str, Seen]:
    """Each container by id; what was not reached by `until` (of `clock`) is a gap that says so."""
    running = {container.id: _pid(container) for container in containers}
    walked = processes_of(reader, [(key, pid) for key, pid in running.items() if pid])
    found: dict[str, Seen] = {}
    for container in containers:
        pid = running[container.id]
        if not pid:
            found[container.id] = unseen(Gap(Reason.ABSENT, "State.Pid"))
            continue
        processes = _unless_unheard(reader, pid, walked[container.id])
        if isinstance(processes, Gap):  # whatever process has this number, it need not be the container's
            found[container.id] = Seen(processes, processes, _layer(reader, container, clock() > until))
        elif clock() > until:
            late = out_of_time(f"/proc/{pid}")
            found[container.id] = Seen(processes, late, late)
        else:
            found[container.id] = Seen(processes, listeners(reader, pid), _layer(reader, container, False))
    return found


def _unless_unheard(reader: HostReader, pid: int, found: tuple[Process, ...] | Gap) -> tuple[Process, ...] | Gap:
    """A recording from before processes were looked at tells nothing of them; they have not ended for that."""
    if isinstance(found, Gap):
        path = f"/proc/{pid}/cgroup"
        told_of = told(partial(reader.read, path), path)
        if isinstance(told_of, Gap) and told_of.reason is Reason.ABSENT:
            return told_of
    return found


def _pid(container: Container) -> int:
    pid = container.peek("pid")
    return pid if isinstance(pid, int) else 0


def _layer(reader: HostReader, container: Container, late: bool) -> Layer | Gap:
    upper = container.peek("upper_dir")
    if isinstance(upper, Gap):
        return upper
    if not upper:
        return Gap(Reason.UNSUPPORTED, "GraphDriver.Data.UpperDir", "the storage driver has no directory of changes")
    if late:
        return out_of_time(upper)
    found = changed(reader, upper, LIMIT)
    return found if isinstance(found, Gap) else Layer(*found)
