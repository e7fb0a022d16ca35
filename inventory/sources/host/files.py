"""Owners and permissions of the files that give power over the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import msgspec

from inventory.gap import Gap, Reason
from inventory.host import FileFacts
from inventory.sources.host.daemon import Daemon
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

_FIXED = (
    "/etc/docker", "/etc/docker/certs.d", "/etc/default/docker", "/etc/sysconfig/docker", "/etc/containerd",
    "/etc/containerd/config.toml", "/run/containerd/containerd.sock", "/var/run/docker.sock", "/run/podman/podman.sock",
)  # fmt: skip
_UNITS = ("docker.service", "docker.socket", "containerd.service", "podman.service", "podman.socket")
_UNIT_DIRECTORIES = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")


class Accounts(msgspec.Struct, frozen=True):
    """Names of users and groups, from /etc/passwd and /etc/group."""

    users: Mapping[int, str]
    groups: Mapping[int, str]
    members: Mapping[int, tuple[str, ...]]
    homes: Mapping[int, str]


def accounts(reader: HostReader) -> Accounts | Gap:
    """All local accounts; a group's members include those whose primary group it is."""
    passwd, group = (told(partial(reader.read, path), path) for path in ("/etc/passwd", "/etc/group"))
    if isinstance(passwd, Gap):
        return passwd
    if isinstance(group, Gap):
        return group
    people = [row for row in _rows(passwd) if len(row) > 5 and row[2].isdigit() and row[3].isdigit()]
    groups = [row for row in _rows(group) if len(row) > 3 and row[2].isdigit()]
    members: dict[int, list[str]] = {int(row[2]): [name for name in row[3].split(",") if name] for row in groups}
    for row in people:
        if row[0] not in members.setdefault(int(row[3]), []):
            members[int(row[3])].append(row[0])
    return Accounts(
        {int(row[2]): row[0] for row in reversed(people)},
        {int(row[2]): row[0] for row in reversed(groups)},
        {gid: tuple(names) for gid, names in members.items()},
        {int(row[2]): row[5] for row in reversed(people)},
    )


def _rows(table: bytes) -> list[list[str]]:
    return [line.split(":") for line in table.decode("utf-8", "replace").splitlines()]


def paths(reader: HostReader, daemon: Daemon, socket_path: str, root_dir: str, config: str) -> Iterator[str]:
    """Every path whose permissions matter, as the daemon sees them: who may change a directory may swap its socket."""
    for path in (socket_path, *_served(daemon), *_FIXED):
        yield path
        if path.endswith(".sock"):
            yield path.rpartition("/")[0] or "/"
    yield config
    if root_dir:
        yield root_dir
    containerd = daemon.option("containerd")
    yield containerd or f"{daemon.option('exec-root') or '/var/run/docker'}/containerd/containerd.sock"
    yield from _unit_files(reader, daemon.root)


def _served(daemon: Daemon) -> list[str]:
    """The sockets that the daemon was told to listen on."""
    hosts = daemon.options("host", "H")
    return [host.removeprefix("unix://") for host in hosts if host.startswith("unix:///")]


def served(daemon: Daemon) -> str:
    """The unix socket that the daemon listens on first; the usual one where it was not told any."""
    return next(iter(_served(daemon)), "/var/run/docker.sock")


def _unit_files(reader: HostReader, root: str) -> Iterator[str]:
    merged = not isinstance(told(partial(reader.link, "/lib"), "/lib"), Gap)  # /lib is /usr/lib
    for directory in _UNIT_DIRECTORIES[: -1 if merged else None]:
        for unit in _UNITS:
            yield f"{directory}/{unit}"
            drop_ins = told(partial(reader.names, f"{root}{directory}/{unit}.d"), unit)
            if not isinstance(drop_ins, Gap):
                yield from (f"{directory}/{unit}.d/{name}" for name in drop_ins if name.endswith(".conf"))


def facts(
    reader: HostReader, wanted: Iterator[str], root: str, names: Accounts | Gap
) -> tuple[dict[str, FileFacts], tuple[str, ...]]:
    """Facts of the paths that exist, and the paths that may not be looked at."""
    found: dict[str, FileFacts] = {}
    denied: list[str] = []
    users = {} if isinstance(names, Gap) else names.users
    groups = {} if isinstance(names, Gap) else names.groups
    for path in dict.fromkeys(wanted):
        seen = told(partial(reader.stat, root + path), path)
        if not isinstance(seen, Gap):
            owner, group = users.get(seen.uid, ""), groups.get(seen.gid, "")
            modified = seen.modified if seen.kind == "file" else 0.0  # a directory's changes with every name in it
            found[path] = FileFacts(path, seen.mode, seen.uid, seen.gid, owner, group, seen.kind, modified)
        elif seen.reason is Reason.DENIED:
            denied.append(path)
    return found, tuple(denied)
