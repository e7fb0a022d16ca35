"""The engine's own files beyond its socket and units: TLS, registry certificates, credentials, programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from inventory.engine import Engine, SwarmState
from inventory.gap import Gap
from inventory.sources.host.certificates import NODE_CERTIFICATE, certificate_files, registry_files, tls_files
from inventory.sources.host.credentials import credentials
from inventory.sources.host.daemon import Daemon
from inventory.sources.host.environment import content_trust
from inventory.sources.host.files import Accounts
from inventory.sources.host.image_policy import image_policy
from inventory.sources.host.machine import told
from inventory.sources.host.programs import binaries, started
from inventory.sources.host.reader import HostReader


class EngineFiles(msgspec.Struct, frozen=True):
    """Fields of `Host`, the paths whose owner and mode matter besides, and those that may not be looked at."""

    values: Mapping[str, Any]
    paths: tuple[str, ...]
    denied: tuple[str, ...]


def engine_files(
    reader: HostReader, daemon: Daemon, config: Mapping[str, Any] | Gap, engine: Engine | None, names: Accounts | Gap
) -> EngineFiles:
    """Everything that is told of them; each field a gap where it may not be read."""
    home = _home(reader, daemon, names)
    tls = tls_files(reader, daemon, config, home)
    registry, denied = registry_files(reader, daemon.root, home if _said(engine, "rootless") is True else "")
    known, unread = credentials(reader, names)
    roles = {} if isinstance(tls, Gap) else tls
    read = [path for role, path in roles.items() if role != "tlskey"]
    values = {
        "daemon_started": started(reader, daemon.pid),
        "binaries": binaries(reader, daemon, str(_said(engine, "flavour")), _runtimes(engine)),
        "tls_files": tls,
        "certificates": tuple(certificate_files(reader, daemon.root, (*read, *_node(engine)))),
        "registry_certificates": registry if isinstance(registry, Gap) else tuple(registry),
        "credentials": known,
        "credentials_unread": unread,
        "content_trust": content_trust(reader),
        "image_policy": image_policy(reader, daemon.root, home),
    }
    return EngineFiles(values, (*roles.values(), *(() if isinstance(registry, Gap) else registry)), tuple(denied))


def _home(reader: HostReader, daemon: Daemon, names: Accounts | Gap) -> str:
    owner = told(lambda: reader.stat(f"/proc/{daemon.pid}"), "owner")
    return "" if isinstance(owner, Gap) or isinstance(names, Gap) else names.homes.get(owner.uid, "")


def _said(engine: Engine | None, field: str) -> Any:
    value = engine.peek(field) if engine is not None else ""
    return "" if isinstance(value, Gap) else value


def _runtimes(engine: Engine | None) -> tuple[str, ...]:
    """The runtime that containers get by default: others are listed whether they are installed or not."""
    known, name = _said(engine, "runtimes"), str(_said(engine, "default_runtime"))
    path = known.get(name, "") if isinstance(known, Mapping) else ""
    return (path or name,) if path or name else ()


def _node(engine: Engine | None) -> tuple[str, ...]:
    swarm, root = _said(engine, "swarm"), str(_said(engine, "root_dir"))
    takes_part = isinstance(swarm, SwarmState) and swarm.state not in {"", "inactive"}
    return (f"{root.rstrip('/')}/{NODE_CERTIFICATE}",) if takes_part and root else ()
