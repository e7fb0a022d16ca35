"""What takes the place of daemon.json on Podman: containers.conf in all its parts, and the policy of image signatures.

containers.conf(5): the distribution's file, the administrator's, drop-ins in the order of their names, and last the
user's own, each overriding the one before key by key; containers-policy.json(5): the user's, else the system's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from inventory.gap import Gap, Reason
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

PATH = "/etc/containers/containers.conf"
POLICY = "policy.json"
"""The member of the merged configuration under which the policy is found."""
_DISTRIBUTION = "/usr/share/containers/containers.conf"
_POLICY_PATH = "/etc/containers/policy.json"


def read_containers_conf(reader: HostReader, root: str, home: str = "") -> Mapping[str, Any] | Gap:
    """The merged tables (`containers`, `engine`, `network`, ...) and the policy; a gap where one may not be read.

    `root` is where the engine's own view of the files begins, `home` the home of who runs a rootless engine.
    """
    merged: dict[str, Any] = {}
    for path in (_DISTRIBUTION, *_files(reader, root, PATH), *(_users(reader, root, home) if home else ())):
        table = _toml(reader, root, path)
        if isinstance(table, Gap):
            return table
        for name, values in table.items():
            below = merged.get(name)
            merged[name] = {**below, **values} if isinstance(below, dict) and isinstance(values, dict) else values
    policy = _policy(reader, root, home)
    return {**merged, POLICY: policy} if policy else merged


def _users(reader: HostReader, root: str, home: str) -> Iterator[str]:
    return _files(reader, root, f"{home}/.config/containers/containers.conf")


def _files(reader: HostReader, root: str, path: str) -> Iterator[str]:
    yield path
    names = told(partial(reader.names, f"{root}{path}.d"), path)
    if not isinstance(names, Gap):
        yield from (f"{path}.d/{name}" for name in names if name.endswith(".conf"))


def _toml(reader: HostReader, root: str, path: str) -> dict[str, Any] | Gap:
    found = _read(reader, root, path)
    if isinstance(found, Gap):
        return found
    import tomllib  # Podman alone keeps its configuration in TOML

    try:
        return tomllib.loads(found.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        return Gap(Reason.MALFORMED, path, str(error))


def _policy(reader: HostReader, root: str, home: str) -> dict[str, Any]:
    """The first that exists; {} where there is none or it is not understood, as then nothing is known of it."""
    for path in ((f"{home}/.config/containers/policy.json",) if home else ()) + (_POLICY_PATH,):
        found = _read(reader, root, path)
        if isinstance(found, Gap) or not found:
            continue
        try:
            return msgspec.json.decode(found, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return {}
    return {}


def _read(reader: HostReader, root: str, path: str) -> bytes | Gap:
    """Empty for a file that is not there."""
    try:
        return reader.read(root + path)
    except FileNotFoundError:
        return b""
    except PermissionError:
        return Gap(Reason.DENIED, path)
    except OSError as error:
        return Gap(Reason.ERROR, path, error.strerror or "")
