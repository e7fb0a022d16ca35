"""From `info` and `version` to `Engine`."""

from __future__ import annotations

from typing import Any

from inventory.engine import Engine, SwarmState
from inventory.gap import Gap, Reason
from inventory.resource import EMPTY, Kind, ResourceKey
from inventory.sources.decode import AnswerError, decode
from inventory.sources.docker import wire
from inventory.sources.docker.facts import finish, moment, texts, words
from inventory.sources.docker.plugins import PATH as PLUGINS
from inventory.sources.docker.plugins import plugins

_INFO = {
    "id": "ID", "operating_system": "OperatingSystem", "os_type": "OSType", "kernel_version": "KernelVersion",
    "architecture": "Architecture", "ncpu": "NCPU", "mem_total": "MemTotal", "system_time": "SystemTime",
    "driver": "Driver", "driver_status": "DriverStatus", "root_dir": "DockerRootDir",
    "logging_driver": "LoggingDriver", "cgroup_driver": "CgroupDriver", "cgroup_version": "CgroupVersion",
    "security_options": "SecurityOptions", "rootless": "SecurityOptions", "live_restore": "LiveRestoreEnabled",
    "experimental": "ExperimentalBuild", "debug": "Debug",
    "insecure_registry_cidrs": "RegistryConfig.InsecureRegistryCIDRs",
    "insecure_registries": "RegistryConfig.IndexConfigs", "mirrors": "RegistryConfig.Mirrors",
    "authorization_plugins": "Plugins.Authorization", "default_runtime": "DefaultRuntime", "runtimes": "Runtimes",
    "bridge_nf_iptables": "BridgeNfIptables", "firewall_backend": "FirewallBackend.Driver", "http_proxy": "HttpProxy",
    "https_proxy": "HttpsProxy", "warnings": "Warnings", "swarm": "Swarm",
}  # fmt: skip
_VERSION = {
    "version": "Version", "api_version": "ApiVersion", "min_api_version": "MinAPIVersion", "components": "Components",
}  # fmt: skip
_SERVED = {
    field: f"GET {answer} {path}"
    for answer, paths in (("/info", _INFO), ("/version", _VERSION))
    for field, path in paths.items()
}
_NO_PLUGINS = Gap(Reason.PENDING, PLUGINS)


def engine(
    info_raw: bytes | Gap,
    version_raw: bytes | Gap,
    target: str,
    local: bool,
    source: str,
    at: float,
    plugins_raw: bytes | Gap = _NO_PLUGINS,
) -> Engine:
    """The engine from its answers; each may be a gap, which then stands for all its fields.

    `raw` is the info answer. Raises `AnswerError` when neither info nor version can be used.
    """
    info, wrong_info = _read(info_raw, wire.Info, "GET /info")
    version, wrong_version = _read(version_raw, wire.Version, "GET /version")
    if isinstance(info, Gap) and isinstance(version, Gap):
        raise AnswerError(str(info))
    values: dict[str, Any] = {
        "key": ResourceKey(Kind.ENGINE, source, source),
        "name": (not isinstance(info, Gap) and info.name) or target,
        "observed_at": at,
        "raw": info_raw if isinstance(info_raw, bytes) else b"",
        "target": target,
        "local": local,
        "flavour": _flavour(version),
        "plugins": plugins(plugins_raw),
    }
    values |= dict.fromkeys(_INFO, info) if isinstance(info, Gap) else _info(info, version)
    values |= dict.fromkeys(_VERSION, version) if isinstance(version, Gap) else _version(version)
    if isinstance(version, Gap) and not isinstance(info, Gap) and info.server_version:
        values["version"] = info.server_version
    malformed = {f"GET /info {path}": why for path, why in wrong_info.items()}
    malformed |= {f"GET /version {path}": why for path, why in wrong_version.items()}
    return finish(Engine, values, _SERVED, malformed)


def _read(raw: bytes | Gap, kind: type[Any], path: str) -> tuple[Any, Any]:
    if isinstance(raw, Gap):
        return raw, EMPTY
    try:
        return decode(raw, kind)
    except AnswerError as error:
        return error.gap(path), EMPTY


def _flavour(version: wire.Version | Gap) -> str:
    """`podman` where the components say so, else `docker`."""
    if isinstance(version, Gap):
        return "docker"
    names = [(component.name or "").lower() for component in version.components or ()]
    return "podman" if any("podman" in name for name in names) else "docker"


def _version(version: wire.Version) -> dict[str, Any]:
    return {
        "version": version.version,
        "api_version": version.api_version,
        "min_api_version": version.min_api_version or "",
        "components": {found.name: found.version or "" for found in version.components or () if found.name},
    }


def _info(info: wire.Info, version: wire.Version | Gap) -> dict[str, Any]:
    options = words(info.security_options)
    time = moment(info.system_time)
    return _machine(info) | _registries(info.registry_config) | {
        "id": info.engine_id or "",
        "system_time": Gap(Reason.MALFORMED, "GET /info SystemTime", time.detail) if isinstance(time, Gap) else time,
        "driver": info.driver,
        "driver_status": tuple((row[0], row[1]) for row in info.driver_status or () if len(row) > 1),
        "root_dir": info.docker_root_dir,
        "logging_driver": info.logging_driver,
        "security_options": options,
        "rootless": bool(info.rootless) or any(option.startswith("name=rootless") for option in options),
        "live_restore": info.live_restore_enabled,
        "experimental": bool(info.experimental_build),
        "debug": info.debug,
        "authorization_plugins": words(info.plugins.authorization if info.plugins else None),
        "default_runtime": info.default_runtime or "",
        "runtimes": {name: found.path or "" for name, found in (info.runtimes or {}).items()},
        "bridge_nf_iptables": info.bridge_nf_iptables,
        "firewall_backend": info.firewall_backend.driver if info.firewall_backend else None,
        "http_proxy": info.http_proxy or "",
        "https_proxy": info.https_proxy or "",
        "warnings": words(info.warnings),
        "swarm": _swarm(info.swarm),
        "labels": texts({key: value for key, _, value in (label.partition("=") for label in info.labels or ())}),
    }  # fmt: skip


def _machine(info: wire.Info) -> dict[str, Any]:
    return {
        "operating_system": info.operating_system or "",
        "os_type": info.os_type or "",
        "kernel_version": info.kernel_version,
        "architecture": info.architecture or "",
        "ncpu": info.ncpu,
        "mem_total": info.mem_total,
        "cgroup_driver": info.cgroup_driver,
        "cgroup_version": info.cgroup_version,
    }


def _registries(config: wire.RegistryConfig | None) -> dict[str, Any]:
    if config is None:
        return {}
    hosts = (config.index_configs or {}).items()
    return {
        "insecure_registry_cidrs": words(config.insecure_registry_cidrs),
        "insecure_registries": tuple(host for host, found in hosts if found.secure is False),
        "mirrors": words(config.mirrors),
    }


def _swarm(found: wire.SwarmInfo | None) -> SwarmState:
    """Podman has no swarm and says so with an empty or missing part."""
    if found is None:
        return SwarmState("inactive")
    return SwarmState(
        found.local_node_state or "inactive",
        found.node_id or "",
        found.node_addr or "",
        bool(found.control_available),
        found.nodes or 0,
        found.managers or 0,
        found.error or "",
    )
