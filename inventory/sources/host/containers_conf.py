"""What takes the place of daemon.json on Podman: containers.conf in all its parts, and the policy of image signatures.

containers.conf(5): the distribution's file, the administrator's, drop-ins in the order of their names, and last the
user's own, each overriding the one before key by key; containers-policy.json(5): the user's, else the system's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec

from inventory.gap import Gap, Reason
from inventory.sources.host.homes import Homes
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

PATH = "/etc/containers/containers.conf"
POLICY = "policy.json"
"""The member of the merged configuration under which the policy is found, or the gap that is in its place."""
_DISTRIBUTION = "/usr/share/containers/containers.conf"
_POLICY_PATH = "/etc/containers/policy.json"
_USERS, _USERS_POLICY = ".config/containers/containers.conf", ".config/containers/policy.json"


class _Place(NamedTuple):
    """Who reads, where the engine's view of the files begins, and whose home counts ("" for a rootful engine's)."""

    reader: HostReader
    homes: Homes
    root: str
    home: str

    def read(self, path: str) -> bytes | Gap:
        """A file, the user's own when its path is relative; a gap that is UNSUPPORTED where there is none."""
        if not path.startswith("/"):
            return self.homes.read(self.home, path)
        return told(partial(self.reader.read, self.root + path), path)

    def names(self, path: str) -> list[str] | Gap:
        """The names in a directory."""
        if not path.startswith("/"):
            return self.homes.names(self.home, path)
        return told(partial(self.reader.names, self.root + path), path)

    def shown(self, path: str) -> str:
        """The path in full."""
        return path if path.startswith("/") else f"{self.home}/{path}"


def read_containers_conf(reader: HostReader, root: str, home: str = "") -> Mapping[str, Any] | Gap:
    """The merged tables (`containers`, `engine`, `network`, ...) and the policy; a gap where one may not be read.

    `root` is where the engine's own view of the files begins, `home` the home of who runs a rootless engine. A policy
    that could not be read or understood is a gap in its place: it says nothing about the tables.
    """
    place = _Place(reader, Homes(reader, root), root, home.rstrip("/"))
    merged: dict[str, Any] = {}
    for path in (_DISTRIBUTION, *_files(place, PATH), *(_files(place, _USERS) if home else ())):
        table = path if isinstance(path, Gap) else _toml(place, path)
        if isinstance(table, Gap):
            return table
        for name, values in table.items():
            below = merged.get(name)
            merged[name] = {**below, **values} if isinstance(below, dict) and isinstance(values, dict) else values
    policy = _policy(place)
    return merged if policy is None else {**merged, POLICY: policy}


def _files(place: _Place, path: str) -> Iterator[str | Gap]:
    """A file and its drop-ins; a gap where it cannot be told which those are."""
    yield path
    names = place.names(f"{path}.d")
    if not isinstance(names, Gap):
        yield from (f"{path}.d/{name}" for name in names if name.endswith(".conf"))
    elif names.reason is not Reason.UNSUPPORTED:
        yield names


def _toml(place: _Place, path: str) -> dict[str, Any] | Gap:
    found = place.read(path)
    if isinstance(found, Gap):
        return {} if found.reason is Reason.UNSUPPORTED else found
    import tomllib  # Podman alone keeps its configuration in TOML

    try:
        return tomllib.loads(found.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return Gap(Reason.MALFORMED, place.shown(path), str(error))


def _policy(place: _Place) -> dict[str, Any] | Gap | None:
    """The first that exists, which alone is in force; None where there is none."""
    for path in ((_USERS_POLICY,) if place.home else ()) + (_POLICY_PATH,):
        found = place.read(path)
        if isinstance(found, Gap):
            if found.reason is not Reason.UNSUPPORTED:
                return found
            continue
        try:
            return msgspec.json.decode(found, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Gap(Reason.MALFORMED, place.shown(path), "not the JSON object of containers-policy.json(5)")
    return None
