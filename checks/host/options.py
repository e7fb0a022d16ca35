"""The daemon's effective options, as switches and lists, with the place that set them."""

from __future__ import annotations

from collections.abc import Mapping

from checks.verdict import Evidence
from inventory.model import Host

_TRUE = frozenset({"1", "t", "true"})
_FALSE = frozenset({"0", "f", "false"})


def switch(host: Host, key: str, default: bool) -> bool:
    """A boolean option (Go spelling), or `default` where neither the command line nor the file sets it."""
    value = host.daemon_option(key)
    if isinstance(value, tuple) and value:
        value = value[-1]
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    return word in _TRUE if word in _TRUE | _FALSE else default


def words(host: Host, key: str) -> tuple[str, ...]:
    """A list option as strings; one that is not set is empty."""
    value = host.daemon_option(key)
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(map(str, value))
    return (str(value),)


def option_evidence(host: Host, key: str) -> Evidence:
    """The option's value and where it comes from: the running daemon's command line or its file."""
    value = host.daemon_option(key)
    in_file = key in host.daemon_config and value == host.daemon_config[key]
    place = host.daemon_config_path or "daemon.json" if in_file else "dockerd command line"
    if value is None:
        return Evidence(f"{host.daemon_config_path or 'daemon.json'}: {key}", "not set", host.key)
    return Evidence(f"{place}: {key}", str(value).lower() if isinstance(value, bool) else str(value), host.key)


def containers_option(host: Host, table: str, key: str) -> object | None:
    """The effective value of containers.conf(5), Podman's configuration, None where no file sets it."""
    values = host.daemon_config.get(table)
    return values.get(key) if isinstance(values, Mapping) else None
