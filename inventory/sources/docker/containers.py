"""From the list and the inspect of containers to `Container`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import UnsetType

from inventory.container import Container, Health, Healthcheck
from inventory.gap import Gap, Reason
from inventory.resource import EMPTY, Kind, ResourceKey
from inventory.sources.decode import AnswerError, decode
from inventory.sources.docker import wire
from inventory.sources.docker.container_parts import (
    attachments,
    host_values,
    layer_directories,
    listed_ports,
    mount,
    mounts,
    ports,
)
from inventory.sources.docker.facts import (
    PENDING,
    finish,
    moment,
    or_none,
    own_name,
    project,
    seconds,
    texts,
    told,
    without_slash,
    words,
)
from inventory.sources.docker.libpod import supplement

_SERVICE = "com.docker.swarm.service.id"
_TASK = "com.docker.swarm.task.id"

# Model field -> API path. Fields that are None by nature (health, healthcheck, the masks) are in _OPTIONAL_PATHS.
_TOP = {
    "id": "Id", "names": "Name", "image_id": "Image", "created": "Created", "restart_count": "RestartCount",
    "path": "Path", "args": "Args", "apparmor_profile": "AppArmorProfile", "process_label": "ProcessLabel",
    "log_path": "LogPath", "exec_ids": "ExecIDs", "upper_dir": "GraphDriver.Data",
    "lower_dirs": "GraphDriver.Data", "mounts": "Mounts", "project": "Config.Labels",
    "service_id": "Config.Labels", "task_id": "Config.Labels", "pod": "Pod", "infra": "IsInfra",
    "ports": "NetworkSettings.Ports",
    "networks": "NetworkSettings.Networks",
}  # fmt: skip
_STATE = {
    "state": "State.Status", "status": "State.Status", "exit_code": "State.ExitCode", "oom_killed": "State.OOMKilled",
    "error": "State.Error", "started_at": "State.StartedAt", "finished_at": "State.FinishedAt", "pid": "State.Pid",
}  # fmt: skip
_CONFIG = {
    "image_ref": "Config.Image", "entrypoint": "Config.Entrypoint", "command": "Config.Cmd", "env": "Config.Env",
    "user": "Config.User", "hostname": "Config.Hostname", "working_dir": "Config.WorkingDir", "tty": "Config.Tty",
    "open_stdin": "Config.OpenStdin", "exposed_ports": "Config.ExposedPorts",
}  # fmt: skip
_HOST = {
    "privileged": "Privileged", "network_mode": "NetworkMode", "pid_mode": "PidMode", "ipc_mode": "IpcMode",
    "uts_mode": "UTSMode", "userns_mode": "UsernsMode", "cgroupns_mode": "CgroupnsMode", "cap_add": "CapAdd",
    "cap_drop": "CapDrop", "security_opt": "SecurityOpt", "readonly_rootfs": "ReadonlyRootfs", "memory": "Memory",
    "memory_swap": "MemorySwap", "nano_cpus": "NanoCpus", "cpu_quota": "CpuQuota", "cpu_shares": "CpuShares",
    "cpuset_cpus": "CpusetCpus", "pids_limit": "PidsLimit", "oom_kill_disable": "OomKillDisable",
    "oom_score_adj": "OomScoreAdj", "ulimits": "Ulimits", "restart_policy": "RestartPolicy", "devices": "Devices",
    "device_cgroup_rules": "DeviceCgroupRules", "device_requests": "DeviceRequests", "tmpfs": "Tmpfs",
     "cgroup_parent": "CgroupParent", "sysctls": "Sysctls",
    "group_add": "GroupAdd", "links": "Links", "runtime": "Runtime", "publish_all_ports": "PublishAllPorts",
    "dns": "Dns", "dns_search": "DnsSearch", "dns_options": "DnsOptions",
    "extra_hosts": "ExtraHosts", "log_config": "LogConfig",
}  # fmt: skip
_OPTIONAL = {
    "health": "State.Health", "healthcheck": "Config.Healthcheck", "masked_paths": "HostConfig.MaskedPaths",
    "readonly_paths": "HostConfig.ReadonlyPaths",
}  # fmt: skip
_PATHS = _TOP | _STATE | _CONFIG | {field: f"HostConfig.{path}" for field, path in _HOST.items()}
_ALL_PATHS = _PATHS | _OPTIONAL
_LISTED_PATHS = _ALL_PATHS | {
    "names": "Names", "image_id": "ImageID", "image_ref": "Image", "state": "State", "status": "Status",
    "project": "Labels", "service_id": "Labels", "task_id": "Labels", "ports": "Ports",
}  # fmt: skip
# What a field is made of besides its own path.
_FEEDS = {"HostConfig.Tmpfs": "Mounts", "HostConfig.PortBindings": "NetworkSettings.Ports"}

_NO_POD: Mapping[str, Any] = {"pod": "", "infra": False}
# Podman has states of its own; its compatible API lets some through.
_STATES = {"configured": "created", "initialized": "created", "stopped": "exited", "stopping": "running", "unknown": ""}
# "Up 3 hours", "Exited (0) 2 days ago": the sentence without what changes by itself.
_RELATIVE = re.compile(
    r"(?i) (?:(?:about|less than) )?(?:an?|\d+) (?:second|minute|hour|day|week|month|year)s?(?: ago)?"
)


def container(
    raw: bytes,
    source: str,
    at: float,
    known_id: str = "",
    network_ids: Mapping[str, str] | None = None,
    libpod: bytes | Gap | None = None,
    pods: Mapping[str, str] = EMPTY,
) -> Container:
    """A container from its inspect answer. Raises `AnswerError` when that is no object or has no id.

    `known_id` is used when the answer's own is unusable. `network_ids` (name -> id) completes attachments whose id the
    engine left out (created containers) or replaced by the name (Podman). `libpod` is Podman's own inspect answer, or
    why it is missing; `pods` (id -> name) the pods.
    """
    answer, malformed = decode(raw, wire.Container)
    key = answer.id or known_id
    if not key:
        raise AnswerError("container without Id")
    values = _top(answer, network_ids or EMPTY) | _state(answer) | _config(answer) | host_values(answer)
    labels = or_none(answer.config.labels) if answer.config else None
    values |= {
        "key": ResourceKey(Kind.CONTAINER, source, key),
        "id": key,
        "name": own_name((answer.name or "",), key[:12]),
        "labels": texts(labels),
        "observed_at": at,
        "raw": raw,
    }
    if answer.config is None or isinstance(answer.config.labels, UnsetType):
        values["gaps"] = {"labels": Gap(Reason.ABSENT, "Config.Labels")}
    for field, path in _OPTIONAL.items():
        if values.get(field) is None and getattr(answer, _parent(path)) is None:
            values[field] = Gap(Reason.ABSENT, path)
    values |= _NO_POD if libpod is None else supplement(libpod, values, pods)
    if isinstance(values["pod"], str) and not values.get("project"):
        values["project"] = values["pod"] or values.get("project")
    malformed = malformed | {_FEEDS[where]: f"{where}: {why}" for where, why in malformed.items() if where in _FEEDS}
    return finish(Container, values, _PATHS, malformed, optional=_OPTIONAL)


def container_from_list(
    raw: bytes, source: str, at: float, network_ids: Mapping[str, str] | None = None, unread: Gap = PENDING
) -> Container:
    """A container as the list tells it; what only the inspect knows is a gap for the reason of `unread`."""
    answer, malformed = decode(raw, wire.ListedContainer)
    if not answer.id:
        raise AnswerError("container without Id")
    labels = texts(answer.labels)
    names = tuple(answer.names or ())
    values: dict[str, Any] = {
        "key": ResourceKey(Kind.CONTAINER, source, answer.id),
        "id": answer.id,
        "name": own_name(names, answer.id[:12]),
        "names": without_slash(names),
        "labels": labels,
        "observed_at": at,
        "raw": raw,
        "image_ref": answer.image,
        "image_id": answer.image_id,
        "created": float(answer.created) if answer.created is not None else None,
        "state": _STATES.get(answer.state or "", answer.state),
        "status": timeless(answer.status or ""),
        **_belonging(labels),
    }
    values |= _listed_wiring(answer, network_ids or EMPTY)
    return finish(Container, values, _LISTED_PATHS, malformed, unread)


def timeless(status: str) -> str:
    """The engine's status sentence without its relative time: that would change without anything happening."""
    return _RELATIVE.sub("", status)


def _listed_wiring(answer: wire.ListedContainer, network_ids: Mapping[str, str]) -> dict[str, Any]:
    """Ports, mounts, networks and network mode; Podman's list has no HostConfig and only the first port of a range."""
    values: dict[str, Any] = {}
    if answer.host_config is not None:
        values["network_mode"] = answer.host_config.network_mode
        if answer.ports:
            values["ports"] = tuple(listed_ports(answer.ports))
    if answer.mounts is not None:
        values["mounts"] = tuple(mount(found) for found in answer.mounts)
    if answer.network_settings is not None:
        networks = attachments(answer.network_settings, network_ids)
        if networks is not None:
            values["networks"] = networks
    return values


def _parent(path: str) -> str:
    return {"State": "state", "Config": "config", "HostConfig": "host_config"}[path.partition(".")[0]]


def _belonging(labels: Mapping[str, str]) -> dict[str, Any]:
    return {"project": project(labels), "service_id": labels.get(_SERVICE, ""), "task_id": labels.get(_TASK, "")}


def _top(answer: wire.Container, network_ids: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "names": without_slash((answer.name,)) if answer.name else None,
        "image_id": answer.image,
        "created": _when(answer.created, "Created"),
        "restart_count": answer.restart_count,
        "path": answer.path,
        "args": told(words, answer.args),
        "apparmor_profile": answer.app_armor_profile,
        "process_label": answer.process_label,
        "log_path": answer.log_path or "",
        "exec_ids": tuple(answer.exec_ids or ()),
        "mounts": mounts(answer),
        **layer_directories(answer.graph_driver),
    }
    if answer.network_settings is not None:
        values["networks"] = attachments(answer.network_settings, network_ids)
        if answer.host_config is not None:
            values["ports"] = ports(answer)
    if answer.config is not None and not isinstance(answer.config.labels, UnsetType):
        values |= _belonging(texts(answer.config.labels))
    return values


def _when(text: str | None, path: str) -> float | Gap | None:
    found = moment(text)
    return Gap(Reason.MALFORMED, path, found.detail) if isinstance(found, Gap) else found


def _state(answer: wire.Container) -> dict[str, Any]:
    state = answer.state
    if state is None:
        return {}
    name = _STATES.get(state.status or "", state.status) or _state_from_flags(state)
    return {
        "state": name,
        "status": _sentence(name, state) if name else None,
        "exit_code": state.exit_code,
        "oom_killed": state.oom_killed,
        "error": state.error if state.error is not None else "",
        "started_at": _when(state.started_at, "State.StartedAt"),
        "finished_at": _when(state.finished_at, "State.FinishedAt"),
        "pid": max(state.pid, 0) if state.pid is not None else None,
        "health": _health(state.health),
    }


def _state_from_flags(state: wire.State) -> str | None:
    for flag, name in ((state.dead, "dead"), (state.restarting, "restarting"), (state.paused, "paused")):
        if flag:
            return name
    return None if state.running is None else ("running" if state.running else "exited")


def _sentence(name: str, state: wire.State) -> str:
    """As `docker ps` puts it, without the relative time."""
    code = f" ({state.exit_code})" if state.exit_code is not None else ""
    health = _health(state.health)
    suffix = f" ({'health: starting' if health.status == 'starting' else health.status})" if health else ""
    sentences = {
        "running": f"Up{suffix}",
        "paused": "Up (Paused)",
        "exited": f"Exited{code}",
        "restarting": f"Restarting{code}",
    }
    return sentences.get(name, name.capitalize())


def _health(found: wire.HealthState | None) -> Health | None:
    """Docker leaves the key out without a health check; Podman sends an empty status."""
    if found is None or not found.status or found.status == "none":
        return None
    last = found.log[-1].output if found.log else ""
    return Health(found.status, found.failing_streak or 0, last or "")


def _config(answer: wire.Container) -> dict[str, Any]:
    config = answer.config
    if config is None:
        return {}
    return {
        "image_ref": config.image,
        "entrypoint": told(words, config.entrypoint),
        "command": told(words, config.cmd),
        "env": told(words, config.env),
        "user": config.user,
        "hostname": config.hostname or "",
        "working_dir": config.working_dir or "",
        "tty": config.tty,
        "open_stdin": config.open_stdin,
        "healthcheck": healthcheck(config.healthcheck),
        "exposed_ports": tuple(config.exposed_ports or ()),
    }


def healthcheck(found: wire.Healthcheck | None) -> Healthcheck | None:
    """A declared health check; an empty `Test` inherits, which is no declaration."""
    if found is None or not found.test:
        return None
    return Healthcheck(
        tuple(found.test),
        seconds(found.interval),
        seconds(found.timeout),
        seconds(found.start_period),
        found.retries or 0,
    )
