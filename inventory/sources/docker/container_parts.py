"""The parts of a container's answers: what HostConfig sets, mounts, attachments and ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UnsetType

from inventory.container import Attachment, Device, DeviceRequest, LogConfig, Mount, Port, RestartPolicy, Ulimit
from inventory.gap import Gap, Reason
from inventory.sources.docker import wire
from inventory.sources.docker.facts import capability, texts, told, words


def listed_ports(found: list[wire.ListedPort]) -> Iterator[Port]:
    """Ports as the list tells them."""
    for port in found:
        published = bool(port.public_port)
        host = (port.ip or "0.0.0.0") if published else ""  # noqa: S104 - what the engine means by a missing address
        yield Port(port.private_port or 0, port.type or "tcp", host, port.public_port or 0)


def host_values(answer: wire.Container) -> dict[str, Any]:
    """Everything that HostConfig tells; nothing when the answer has none."""
    host = answer.host_config
    if host is None:
        return {}
    return _namespaces(host) | _limits(host) | {
        "privileged": host.privileged,
        "cap_add": told(_capabilities, host.cap_add),
        "cap_drop": told(_capabilities, host.cap_drop),
        "security_opt": told(words, host.security_opt),
        "readonly_rootfs": host.readonly_rootfs,
        "restart_policy": _restart_policy(host.restart_policy),
        "devices": told(_devices, host.devices),
        "device_cgroup_rules": told(words, host.device_cgroup_rules),
        "device_requests": told(_device_requests, host.device_requests),
        "tmpfs": texts(host.tmpfs),
        "sysctls": texts(host.sysctls),  # engines leave it out when there are none, as they do with Runtime and Tmpfs
        "group_add": told(words, host.group_add),
        "masked_paths": _masked(host.masked_paths, "HostConfig.MaskedPaths"),
        "readonly_paths": _masked(host.readonly_paths, "HostConfig.ReadonlyPaths"),
        "links": told(words, host.links),
        "runtime": host.runtime or "",
        "publish_all_ports": host.publish_all_ports,
        "dns": told(words, host.dns),
        "dns_search": told(words, host.dns_search),
        "dns_options": told(words, host.dns_options),
        "extra_hosts": told(words, host.extra_hosts),
        "log_config": _log_config(host.log_config),
    }  # fmt: skip


def _namespaces(host: wire.HostConfig) -> dict[str, Any]:
    return {
        "network_mode": host.network_mode,
        "pid_mode": host.pid_mode,
        "ipc_mode": host.ipc_mode,
        "uts_mode": host.uts_mode,
        "userns_mode": host.userns_mode,
        "cgroupns_mode": told(_word, host.cgroupns_mode),
    }


def _limits(host: wire.HostConfig) -> dict[str, Any]:
    return {
        "memory": host.memory,
        "memory_swap": host.memory_swap,
        "nano_cpus": host.nano_cpus,
        "cpu_quota": host.cpu_quota,
        "cpu_shares": host.cpu_shares,
        "cpuset_cpus": host.cpuset_cpus or "",
        "pids_limit": told(_pids, host.pids_limit),
        "oom_kill_disable": told(bool, host.oom_kill_disable),  # null where control groups (v2) have no such switch
        "oom_score_adj": host.oom_score_adj,
        "ulimits": told(_ulimits, host.ulimits),
        "cgroup_parent": told(_word, host.cgroup_parent),
    }


def _word(found: str | None) -> str:
    return found or ""


def _pids(found: int | None) -> int:
    """Null, 0 and -1 are no limit."""
    return max(found or 0, 0)


def _capabilities(found: list[str] | None) -> tuple[str, ...]:
    return tuple(capability(name) for name in found or ())


def _devices(found: list[wire.Device] | None) -> tuple[Device, ...]:
    return tuple(_device(device) for device in found or ())


def _device_requests(found: list[wire.DeviceRequest] | None) -> tuple[DeviceRequest, ...]:
    return tuple(
        DeviceRequest(
            request.driver or "",
            request.count or 0,
            tuple(request.device_ids or ()),
            tuple(tuple(every or ()) for every in request.capabilities or ()),
        )
        for request in found or ()
    )


def layer_directories(found: wire.GraphDriver | None) -> dict[str, Any]:
    """Where the writable layer and those below it are; nothing where the storage driver has no such directories."""
    data = texts(found.data if found else None)
    lower = data.get("LowerDir", "")
    return {"upper_dir": data.get("UpperDir", ""), "lower_dirs": tuple(filter(None, lower.split(":")))}


def _ulimits(found: list[wire.Ulimit] | None) -> tuple[Ulimit, ...]:
    return tuple(_ulimit(limit) for limit in found or ())


def _masked(found: list[str] | UnsetType | None, path: str) -> tuple[str, ...] | Gap | None:
    """Null is a fact of its own here: nothing is masked."""
    if isinstance(found, UnsetType):
        return Gap(Reason.ABSENT, path)
    return None if found is None else tuple(found)


def _restart_policy(found: wire.RestartPolicy | None) -> RestartPolicy | None:
    return RestartPolicy(found.name or "no", found.maximum_retry_count or 0) if found else None


def _log_config(found: wire.LogConfig | None) -> LogConfig | None:
    return LogConfig(found.type, texts(found.config)) if found is not None and found.type is not None else None


def _device(found: wire.Device) -> Device:
    return Device(found.path_on_host or "", found.path_in_container or "", found.cgroup_permissions or "")


def _ulimit(found: wire.Ulimit) -> Ulimit:
    """Podman writes `RLIMIT_NOFILE` for `nofile`."""
    return Ulimit((found.name or "").removeprefix("RLIMIT_").lower(), found.soft or 0, found.hard or 0)


def mounts(answer: wire.Container) -> tuple[Mount, ...] | None:
    """All mounts, among them those that only `HostConfig.Tmpfs` tells; None when the answer has no `Mounts`."""
    return told(lambda found: (*map(mount, found or ()), *_tmpfs(answer, found or [])), answer.mounts)


def _tmpfs(answer: wire.Container, told_of: list[wire.Mount]) -> Iterator[Mount]:
    seen = {found.destination for found in told_of}
    tmpfs = (answer.host_config and answer.host_config.tmpfs) or {}
    for target, options in tmpfs.items():
        if target not in seen:  # `--tmpfs` is only told in HostConfig
            yield Mount("tmpfs", "", target, "ro" not in options.split(","))


def mount(found: wire.Mount) -> Mount:
    """One mount; `RW` missing means writable."""
    return Mount(
        found.type or "",
        found.source or "",
        found.destination or "",
        found.rw is not False,
        found.propagation or "",
        found.name or "",
        found.driver or "",
    )


def attachments(settings: wire.NetworkSettings, network_ids: Mapping[str, str]) -> tuple[Attachment, ...] | None:
    """The networks it is attached to, None when the answer does not have them.

    An id that is missing or only the name again is looked up.
    """
    return told(lambda found: tuple(_attachments(found or {}, network_ids)), settings.networks)


def _attachments(networks: Mapping[str, wire.Endpoint | None], network_ids: Mapping[str, str]) -> Iterator[Attachment]:
    for name, found in networks.items():
        endpoint = found or wire.Endpoint()
        told = endpoint.network_id or ""
        network_id = network_ids.get(name, told) if told in {"", name} else told
        yield Attachment(
            name,
            network_id,
            endpoint.ip_address or "",
            endpoint.global_ipv6_address or "",
            tuple(endpoint.aliases or ()),
        )


def ports(answer: wire.Container) -> tuple[Port, ...] | Gap:
    """Bound ports of a running container, else those it will bind; both with what is only exposed."""
    exposed = (answer.config and answer.config.exposed_ports) or {}
    bound = _bound(answer)
    try:
        return bound if isinstance(bound, Gap) else tuple(_port_entries(dict.fromkeys(exposed, None) | bound))
    except ValueError as error:
        return Gap(Reason.MALFORMED, "NetworkSettings.Ports", str(error))


def _bound(answer: wire.Container) -> dict[str, list[wire.Binding] | None] | Gap:
    host, settings = answer.host_config, answer.network_settings
    told_of = settings.ports if settings else None
    if isinstance(told_of, UnsetType):
        return Gap(Reason.ABSENT, "NetworkSettings.Ports")
    bound = dict(told_of or {})
    runs = answer.state is not None and bool(answer.state.running) and not answer.state.restarting
    own_network = not (host and (host.network_mode or "").startswith(("host", "container:", "none")))
    if host and not any(bound.values()) and not runs and own_network:
        if isinstance(host.port_bindings, UnsetType):
            return Gap(Reason.ABSENT, "HostConfig.PortBindings")
        bound |= host.port_bindings or {}
    return bound


def _port_entries(ports: Mapping[str, list[wire.Binding] | None]) -> Iterator[Port]:
    for spec, bindings in ports.items():
        number, _, protocol = spec.partition("/")
        inside = int(number.partition("-")[0])
        if not bindings:
            yield Port(inside, protocol or "tcp")
        for binding in bindings or ():
            first = (binding.host_port or "0").partition("-")[0]
            address = binding.host_ip or "0.0.0.0"  # noqa: S104 - what the engine means by a missing address
            yield Port(inside, protocol or "tcp", address, int(first or 0))
