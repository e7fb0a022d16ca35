"""The machine below a local engine as one resource, put together from its files.

Cheap: some 20 ms once a minute, and 0.7 ms for each container that runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any

from inventory.container import Container
from inventory.engine import Engine
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.resource import Kind, ResourceKey
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.host import containers_conf, files, processes
from inventory.sources.host.daemon import Daemon, config_path, find_daemon, read_config
from inventory.sources.host.engine_files import engine_files
from inventory.sources.host.machine import Place, disks, machine, told
from inventory.sources.host.reader import HostReader, LocalReader
from inventory.sources.host.upkeep import Below, upkeep
from inventory.store import Store

FAR_PAUSE = 60.0
"""Seconds between two looks at a machine that is read over SSH: each starts some hundred short programs there."""
FAR_RETRY = 5.0
"""Seconds after which one that could not be reached is tried again."""


def host_below(
    endpoint: Endpoint, reader: HostReader | None = None, *, through: Callable[[HostReader], HostReader] | None = None
) -> Callable[[Store, str], Host | Gap] | None:
    """What `read` and `DockerSource` take as `host`; None for an engine that is reached over TCP.

    `reader` is asked instead of the machine (a recording), `through` is laid over whoever is asked (to record it).
    """
    lay = through or _as_it_is
    if reader is not None or endpoint.socket_path:
        return partial(_from_store, endpoint.socket_path, lay(reader or LocalReader()))
    if endpoint.url.startswith("ssh://"):
        return FarHost(endpoint.url, lay)
    return None


def _as_it_is(reader: HostReader) -> HostReader:
    return reader


class FarHost:
    """Reads the machine at the other end of an SSH connection, and not more often than is fair to it."""

    def __init__(self, url: str, through: Callable[[HostReader], HostReader]) -> None:
        self._url = url
        self._through = through
        self._last: Host | Gap | None = None
        self._read_at = 0.0

    def __call__(self, store: Store, source: str) -> Host | Gap:
        """The machine, or why it could not be looked at."""
        from inventory.sources.host.over_ssh import over_ssh

        pause = FAR_RETRY if isinstance(self._last, Gap) else FAR_PAUSE
        if self._last is None or time.monotonic() - self._read_at >= pause:
            try:
                self._last = over_ssh(self._url, lambda reader: _from_store("", self._through(reader), store, source))
            except (OSError, ValueError) as error:
                reason = Reason.TIMEOUT if isinstance(error, TimeoutError) else Reason.ERROR
                self._last = Gap(reason, "host files and /proc over SSH", str(error))
            self._read_at = time.monotonic()
        return self._last


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
    """The machine, each field a gap where it may not be read; a gap when the engine's process is not seen here.

    `socket_path` "" is an engine that somebody else spoke to for us: its data directory tells which process it is.
    """
    containers = tuple(containers)
    root_dir = _text(engine, "root_dir")
    daemon = find_daemon(reader, socket_path, root_dir)
    if isinstance(daemon, Gap):
        return daemon
    socket_path = socket_path or files.served(daemon)
    names = files.accounts(reader)
    home = _home(reader, daemon, engine, names)
    podman = _text(engine, "flavour") == "podman"
    config = containers_conf.PATH if podman else config_path(daemon, home)
    options = (
        containers_conf.read_containers_conf(reader, daemon.root, home)
        if podman
        else read_config(reader, config, daemon.root)
    )
    own = engine_files(reader, daemon, options, engine, names)
    wanted = chain(files.paths(reader, daemon, socket_path, root_dir, config), own.paths)
    found, denied = files.facts(reader, wanted, daemon.root, names)
    seen = processes.commands(reader)
    values: dict[str, Any] = machine(reader) | upkeep(Below(reader, daemon, engine, containers, names, seen))
    values |= {
        "disks": disks(reader, _places(daemon, root_dir)),
        "daemon_pid": daemon.pid,
        "daemon_flags": daemon.argv,
        "daemon_config": options,
        "daemon_config_path": config,
        "files": found,
        "files_denied": (*denied, *own.denied),
        "docker_group": _group(found.get(socket_path), names),
        "processes": processes.agents(reader, seen),
        "effective": processes.effective(reader, _running(containers)),
    }
    return Host.build(
        key=ResourceKey(Kind.HOST, source, source),
        name=_hostname(reader, engine),
        observed_at=at,
        **values,
        **own.values,
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
