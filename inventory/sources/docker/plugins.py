"""From `GET /plugins` to the managed plugins of an engine."""

from __future__ import annotations

import json

from inventory.engine import Plugin, PluginMount
from inventory.gap import Gap, Reason
from inventory.sources.decode import AnswerError, decode, items, plain
from inventory.sources.docker.facts import capability, words
from inventory.sources.docker.wire import Strings, Wire

PATH = "GET /plugins"
_PRIVATE = ("Env", "Args")
_NEEDED = ("Enabled", "Settings", "Config")


class _Mount(Wire):
    source: str | None = None
    destination: str | None = None
    type: str | None = None


class _Device(Wire):
    path: str | None = None


class _Settings(Wire):
    """What an administrator granted; the environment in it may hold secrets and is not read."""

    mounts: list[_Mount] | None = None
    devices: list[_Device] | None = None


class _Interface(Wire):
    types: Strings = None


class _Network(Wire):
    type: str | None = None


class _Linux(Wire):
    capabilities: Strings = None
    allow_all_devices: bool | None = None
    devices: list[_Device] | None = None


class _Config(Wire):
    interface: _Interface | None = None
    network: _Network | None = None
    linux: _Linux | None = None
    ipc_host: bool | None = None
    pid_host: bool | None = None


class _Plugin(Wire):
    name: str | None = None
    enabled: bool | None = None
    plugin_reference: str | None = None
    settings: _Settings | None = None
    config: _Config | None = None


def plugins(raw: bytes | Gap) -> tuple[Plugin, ...] | Gap:
    """The plugins, or a gap: also when the rights of one of them cannot be understood, which must not count as none."""
    if isinstance(raw, Gap):
        return raw
    found = []
    try:
        for item in items(raw):
            plugin, malformed = decode(item, _Plugin)
            wrong = next((path for path in malformed if path.startswith(_NEEDED)), "")
            if wrong:
                return Gap(Reason.MALFORMED, f"{PATH} {wrong}", malformed[wrong])
            found.append(_plugin(plugin))
    except AnswerError as error:
        return error.gap(PATH)
    return tuple(found)


def scrub(raw: bytes) -> bytes:
    """The answer without the environment and arguments of plugins, which may hold secrets. Raises `AnswerError`."""
    document = plain(raw)
    known = [plugin for plugin in document if isinstance(plugin, dict)] if isinstance(document, list) else []
    for part in (plugin.get(name) for plugin in known for name in ("Settings", "Config")):
        if isinstance(part, dict):
            for name in _PRIVATE:
                part.pop(name, None)
    return json.dumps(document).encode()


def _plugin(found: _Plugin) -> Plugin:
    settings, config = found.settings or _Settings(), found.config or _Config()
    linux = config.linux or _Linux()
    devices = [device.path for device in (*(settings.devices or ()), *(linux.devices or ())) if device.path]
    return Plugin(
        name=found.name or "",
        enabled=bool(found.enabled),
        reference=found.plugin_reference or "",
        types=words(config.interface.types if config.interface else None),
        capabilities=tuple(map(capability, linux.capabilities or ())),
        allow_all_devices=bool(linux.allow_all_devices),
        devices=tuple(dict.fromkeys(devices)),
        mounts=tuple(map(_mount, settings.mounts or ())),
        network=config.network.type or "" if config.network else "",
        ipc_host=bool(config.ipc_host),
        pid_host=bool(config.pid_host),
    )


def _mount(found: _Mount) -> PluginMount:
    return PluginMount(found.source or "", found.destination or "", found.type or "")
