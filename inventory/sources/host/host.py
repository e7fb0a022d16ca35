"""The machine below a local engine as one resource, put together from its files. Cheap: some 20 ms once a minute."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from inventory.container import Container
from inventory.engine import Engine
from inventory.gap import Gap
from inventory.host import Host
from inventory.resource import Kind, ResourceKey
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.host import files, processes
from inventory.sources.host.daemon import Daemon, config_path, find_daemon, read_config
from inventory.sources.host.machine import Place, disks, machine, told
from inventory.sources.host.reader import HostReader, LocalReader
from inventory.store import Store


def host_below(endpoint: Endpoint, reader: HostReader | None = None) -> Callable[[Store, str], Host | Gap] | None:
    """What `read` and `DockerSource` take as `host`; None for an engine that is reached over a network."""
    if not endpoint.socket_path:
        return None
    return partial(_from_store, endpoint.socket_path, reader or LocalReader())


def _from_store(socket_path: str, reader: HostReader, store: Store, source: str) -> Host | Gap:
    snapshot = store.snapshot()
    engine = next(snapshot.of(Engine, source), None)
    return host(reader, socket_path, engine, snapshot.of(Container, source), source, time.time())


def host(
    reader: HostReader,
    socket_path: str,
    engine: Engine | None,
    containers: Iterable[Container],
    source: str,
    at: float,
) -> Host | Gap:
    """The machine, each field a gap where it may not be read; a gap when the engine's process is not seen here."""
    root_dir = _text(engine, "root_dir")
    daemon = find_daemon(reader, socket_path, root_dir)
    if isinstance(daemon, Gap):
        return daemon
    names = files.accounts(reader)
    config = config_path(daemon, _home(reader, daemon, engine, names))
    found, denied = files.facts(reader, files.paths(reader, daemon, socket_path, root_dir, config), daemon.root, names)
    values: dict[str, Any] = machine(reader)
    values |= {
        "disks": disks(reader, _places(daemon, root_dir)),
        "daemon_pid": daemon.pid,
        "daemon_flags": daemon.argv,
        "daemon_config": read_config(reader, config, daemon.root),
        "daemon_config_path": config,
        "files": found,
        "files_denied": denied,
        "docker_group": _group(found.get(socket_path), names),
        "processes": processes.agents(reader),
        "effective": processes.effective(reader, _running(containers)),
    }
    return Host.build(
        key=ResourceKey(Kind.HOST, source, source), name=_hostname(reader, engine), observed_at=at, **values
    )


def _text(engine: Engine | None, field: str) -> str:
    value = engine.peek(field) if engine is not None else ""
    return value if isinstance(value, str) else ""


def _hostname(reader: HostReader, engine: Engine | None) -> str:
    name = told(lambda: reader.read("/proc/sys/kernel/hostname"), "hostname")
    return (engine.name if engine else "host") if isinstance(name, Gap) else name.decode("utf-8", "replace").strip()


def _home(reader: HostReader, daemon: Daemon, engine: Engine | None, names: files.Accounts | Gap) -> str:
    """The home of the user who runs a rootless engine, "" for a rootful one."""
    if engine is None or engine.peek("rootless") is not True or isinstance(names, Gap):
        return ""
    owner = told(lambda: reader.stat(f"/proc/{daemon.pid}"), "owner")
    return "" if isinstance(owner, Gap) else names.homes.get(owner.uid, "")


def _places(daemon: Daemon, root_dir: str) -> Iterator[Place]:
    yield Place("root", "/")
    if root_dir:
        yield Place("engine", root_dir, daemon.root, str(daemon.pid) if daemon.root else "self")


def _group(socket: Any, names: files.Accounts | Gap) -> tuple[str, ...] | Gap:
    if isinstance(names, Gap):
        return names
    return names.members.get(socket.gid, ()) if socket is not None else ()


def _running(containers: Iterable[Container]) -> Iterator[tuple[str, int]]:
    for container in containers:
        pid = container.peek("pid")
        if isinstance(pid, int) and pid > 0:
            yield container.key.id, pid
