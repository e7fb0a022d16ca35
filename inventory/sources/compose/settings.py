"""Which key of a service sets what of a container, with the engine's default where it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from inventory.sources.compose import parts
from inventory.sources.compose.interpolate import as_written

Service = Mapping[str, Any]
_MASKED = [
    "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    "/sys/devices/virtual/powercap",
]  # fmt: skip
_READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


class Setting(NamedTuple):
    """One field of `Container`: the engine's path, the keys of the file, and what makes the API's value of a service.

    `make` gives None where the file says nothing and the image or the host decides.
    """

    field: str
    path: str
    keys: tuple[str, ...]
    make: Callable[[Service], Any]


def at(service: Service, path: str) -> Any:
    """A member below members; None where it is not there."""
    found: Any = service
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def _first(service: Service, keys: tuple[str, ...]) -> Any:
    return next((found for key in keys if (found := at(service, key)) is not None), None)


def _value(field: str, path: str, *keys: str, make: Callable[[Any], Any] = parts.text, default: Any = None) -> Setting:
    def made(service: Service) -> Any:
        found = _first(service, keys)
        return default if found is None else make(found)

    return Setting(field, path, keys, made)


def _host(field: str, name: str, *keys: str, make: Callable[[Any], Any] = parts.text, default: Any = None) -> Setting:
    return _value(field, f"HostConfig.{name}", *keys, make=make, default=default)


def _whole(value: Any) -> int:
    return int(parts.number(value))


def _nano(value: Any) -> int:
    return int(parts.number(value) * 1e9)


def _other(value: Any) -> str:
    """A namespace: another service's is another container's."""
    said = parts.text(value)
    return f"container:{said.removeprefix('service:')}" if said.startswith("service:") else said


def _environment(value: Any) -> list[str]:
    """What has no value in the file comes from the environment of whoever starts it, as does what needs a variable."""
    value = as_written(value)
    return [name if one is None else f"{name}={one}" for name, one in parts.pairs(value).items()]


def _tmpfs(value: Any) -> dict[str, str]:
    found = (entry.partition(":") for entry in parts.words(value))
    return {path: options for path, _, options in found}


def _hosts(value: Any) -> list[str]:
    found = parts.pairs(value, "=" if "=" in str(value) else ":")
    return [f"{name}:{address}" for name, address in found.items()]


def _swap(service: Service) -> int:
    memory = _first(service, ("mem_limit", "deploy.resources.limits.memory"))
    said = service.get("memswap_limit")
    if said is not None:
        return _whole(said) if str(said) == "-1" else parts.size(said)
    return 2 * parts.size(memory) if memory is not None else 0


def _paths(listed: list[str]) -> Callable[[Service], list[str] | None]:
    def made(service: Service) -> list[str] | None:
        if service.get("privileged") is True:
            return None
        return [] if "systempaths=unconfined" in parts.words(service.get("security_opt")) else list(listed)

    return made


def _log(service: Service) -> dict[str, Any]:
    options = at(service, "logging.options")
    config = {name: value or "" for name, value in parts.pairs(options or {}).items()}
    return {"Type": parts.text(at(service, "logging.driver")) or "json-file", "Config": config}


def _profile(value: Any) -> str | None:
    """The AppArmor profile that is asked for; without one the host decides whether there is any."""
    names = (entry.replace(":", "=", 1).partition("=") for entry in parts.words(value))
    return next((profile for kind, _, profile in names if kind == "apparmor"), None)


def _requests(service: Service) -> list[dict[str, Any]]:
    found = parts.devices(service.get("devices"))[1]
    reserved = at(service, "deploy.resources.reservations.devices") or []
    gpus = service.get("gpus")
    asked = [{"count": "all"}] if gpus == "all" else gpus or []
    for entry in (*reserved, *({"capabilities": ["gpu"], **one} for one in asked)):
        count = entry.get("count", "all" if not entry.get("device_ids") else 0)
        found.append(
            {
                "Driver": parts.text(entry.get("driver")),
                "Count": -1 if count == "all" else _whole(count),
                "DeviceIDs": parts.words(entry.get("device_ids")),
                "Capabilities": [parts.words(entry.get("capabilities"))],
            }
        )
    return found


_LIMITS = "deploy.resources.limits"
SETTINGS: tuple[Setting, ...] = (
    _value("user", "Config.User", "user"),
    _value("hostname", "Config.Hostname", "hostname"),
    _value("working_dir", "Config.WorkingDir", "working_dir"),
    _value("tty", "Config.Tty", "tty", make=parts.flag, default=False),
    _value("open_stdin", "Config.OpenStdin", "stdin_open", make=parts.flag, default=False),
    _value("entrypoint", "Config.Entrypoint", "entrypoint", make=parts.command),
    _value("command", "Config.Cmd", "command", make=parts.command),
    _value("env", "Config.Env", "environment", make=_environment, default=[]),
    _value("healthcheck", "Config.Healthcheck", "healthcheck", make=parts.healthcheck),
    _value("apparmor_profile", "AppArmorProfile", "security_opt", make=_profile),
    _host("privileged", "Privileged", "privileged", make=parts.flag, default=False),
    _host("pid_mode", "PidMode", "pid", make=_other, default=""),
    _host("ipc_mode", "IpcMode", "ipc", make=_other, default="private"),
    _host("uts_mode", "UTSMode", "uts", default=""),
    _host("userns_mode", "UsernsMode", "userns_mode", default=""),
    _host("cgroupns_mode", "CgroupnsMode", "cgroup"),
    _host("cap_add", "CapAdd", "cap_add", make=parts.words, default=[]),
    _host("cap_drop", "CapDrop", "cap_drop", make=parts.words, default=[]),
    _host("security_opt", "SecurityOpt", "security_opt", make=parts.words, default=[]),
    _host("readonly_rootfs", "ReadonlyRootfs", "read_only", make=parts.flag, default=False),
    _host("memory", "Memory", "mem_limit", f"{_LIMITS}.memory", make=parts.size, default=0),
    Setting("memory_swap", "HostConfig.MemorySwap", ("memswap_limit", "mem_limit", f"{_LIMITS}.memory"), _swap),
    _host("nano_cpus", "NanoCpus", "cpus", f"{_LIMITS}.cpus", make=_nano, default=0),
    _host("cpu_quota", "CpuQuota", "cpu_quota", make=_whole, default=0),
    _host("cpu_shares", "CpuShares", "cpu_shares", make=_whole, default=0),
    _host("cpuset_cpus", "CpusetCpus", "cpuset", default=""),
    _host("pids_limit", "PidsLimit", "pids_limit", f"{_LIMITS}.pids", make=_whole, default=0),
    _host("oom_kill_disable", "OomKillDisable", "oom_kill_disable", make=parts.flag, default=False),
    _host("oom_score_adj", "OomScoreAdj", "oom_score_adj", make=_whole, default=0),
    _host("ulimits", "Ulimits", "ulimits", make=parts.ulimits, default=[]),
    Setting("restart_policy", "HostConfig.RestartPolicy", ("restart", "deploy.restart_policy"),
            lambda service: parts.restart(service.get("restart"), at(service, "deploy.restart_policy"))),
    _host("devices", "Devices", "devices", make=lambda value: parts.devices(value)[0], default=[]),
    Setting("device_requests", "HostConfig.DeviceRequests",
            ("devices", "gpus", "deploy.resources.reservations.devices"), _requests),
    _host("device_cgroup_rules", "DeviceCgroupRules", "device_cgroup_rules", make=parts.words, default=[]),
    _host("tmpfs", "Tmpfs", "tmpfs", make=_tmpfs, default={}),
    _host("cgroup_parent", "CgroupParent", "cgroup_parent", default=""),
    _host("sysctls", "Sysctls", "sysctls", make=parts.pairs, default={}),
    _host("group_add", "GroupAdd", "group_add", make=parts.words, default=[]),
    Setting("masked_paths", "HostConfig.MaskedPaths", ("privileged", "security_opt"), _paths(_MASKED)),
    Setting("readonly_paths", "HostConfig.ReadonlyPaths", ("privileged", "security_opt"), _paths(_READONLY)),
    _host("links", "Links", "links", make=parts.words, default=[]),
    _host("runtime", "Runtime", "runtime", default="runc"),
    _host("publish_all_ports", "PublishAllPorts", default=False),
    _host("dns", "Dns", "dns", make=parts.words, default=[]),
    _host("dns_search", "DnsSearch", "dns_search", make=parts.words, default=[]),
    _host("dns_options", "DnsOptions", "dns_opt", make=parts.words, default=[]),
    _host("extra_hosts", "ExtraHosts", "extra_hosts", make=_hosts, default=[]),
    Setting("log_config", "HostConfig.LogConfig", ("logging",), _log),
)  # fmt: skip
OF_THE_IMAGE = frozenset({"user", "working_dir", "entrypoint", "command", "healthcheck"})
"""Fields that the image decides where the file does not."""
