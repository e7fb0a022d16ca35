"""What only Podman's own API tells of a container: its pod, cgroup namespace, log limit, runtime and creation.

Podman's Docker-compatible answers leave these out or write a fixed word in their place. Source: libpod's
`GET /libpod/containers/{name}/json`, of which everything else is the same as in the compatible answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from inventory.container import LogConfig
from inventory.gap import Gap, Reason
from inventory.sources.decode import AnswerError, decode, items
from inventory.sources.docker.facts import words

PATH = "GET /libpod/containers/{name}/json"
PODS = "/libpod/pods/json"
NETWORKS = "/libpod/networks/json"
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kKMGT]?)i?[bB]")
_POWERS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


class _Log(msgspec.Struct, rename="pascal"):
    type: str | None = None
    size: str | None = None


class _Host(msgspec.Struct, rename="pascal"):
    cgroup_mode: str | None = None
    userns_mode: str | None = None
    log_config: _Log | None = None


class _Config(msgspec.Struct, rename="pascal"):
    create_command: list[str] | None = None


class _Inspect(msgspec.Struct):
    pod: str | None = msgspec.field(default=None, name="Pod")
    is_infra: bool | None = msgspec.field(default=None, name="IsInfra")
    runtime: str | None = msgspec.field(default=None, name="OCIRuntime")
    config: _Config | None = msgspec.field(default=None, name="Config")
    host: _Host | None = msgspec.field(default=None, name="HostConfig")


class _Pod(msgspec.Struct):
    id: str | None = msgspec.field(default=None, name="Id")
    name: str | None = msgspec.field(default=None, name="Name")


class _Subnet(msgspec.Struct):
    subnet: str | None = None
    gateway: str | None = None


class _Network(msgspec.Struct):
    id: str | None = None
    name: str | None = None
    driver: str | None = None
    created: str | None = None
    subnets: list[_Subnet] | None = None
    ipv6_enabled: bool | None = None
    internal: bool | None = None
    labels: dict[str, str] | None = None
    options: dict[str, str] | None = None


def as_network(raw: bytes) -> bytes:
    """An element of libpod's list of networks in the words of Docker's. Raises `AnswerError`."""
    found, _ = decode(raw, _Network)
    config = [{"Subnet": one.subnet, "Gateway": one.gateway} for one in found.subnets or ()]
    return msgspec.json.encode(
        {
            "Id": found.id,
            "Name": found.name,
            "Driver": found.driver,
            "Created": found.created,
            "Scope": "local",
            "EnableIPv6": bool(found.ipv6_enabled),
            "Internal": bool(found.internal),
            "Attachable": False,
            "Ingress": False,
            "IPAM": {"Config": config},
            "Labels": found.labels or {},
            "Options": found.options or {},
        }
    )


def pod_id(raw: bytes | Gap) -> str:
    """The id of the pod that a container belongs to, "" for none and where the answer does not tell."""
    try:
        return "" if isinstance(raw, Gap) else decode(raw, _Inspect)[0].pod or ""
    except AnswerError:
        return ""


def pod_names(raw: bytes) -> dict[str, str]:
    """Pod id -> name, from `GET /libpod/pods/json`. Raises `AnswerError`."""
    pods = (decode(item, _Pod)[0] for item in items(raw))
    return {pod.id: pod.name for pod in pods if pod.id and pod.name}


def supplement(raw: bytes | Gap, known: Mapping[str, Any], pods: Mapping[str, str]) -> dict[str, Any]:
    """The fields of `Container` that libpod's answer tells, or gaps that say why they are not known.

    `known` are the values of the compatible answer; `pods` are names by id. Nothing is raised.
    """
    if isinstance(raw, Gap):
        return _unread(raw)
    try:
        found, malformed = decode(raw, _Inspect)
    except AnswerError as error:
        return _unread(error.gap(PATH))
    values = _unread(Gap(Reason.MALFORMED, PATH, next(iter(malformed)))) if malformed else {}
    host = found.host or _Host()
    pod = found.pod or ""
    values |= {"pod": pods.get(pod, pod[:12]), "infra": bool(found.is_infra), "sysctls": _sysctls(found.config)}
    if found.runtime:
        values["runtime"] = found.runtime
    if host.cgroup_mode is not None:
        values["cgroupns_mode"] = host.cgroup_mode
    if host.userns_mode:
        values["userns_mode"] = host.userns_mode
    log = known.get("log_config")
    if isinstance(log, LogConfig) and host.log_config is not None:
        values["log_config"] = _with_size(log, host.log_config.size or "")
    return values


def _unread(gap: Gap) -> dict[str, Any]:
    told = Gap(gap.reason, PATH, gap.detail)
    return dict.fromkeys(("cgroupns_mode", "sysctls", "log_config", "pod", "infra"), told)


def _with_size(log: LogConfig, size: str) -> LogConfig:
    """The driver's options with `max-size`, in bytes: libpod writes `1.049MB`, and `0B` for no limit."""
    found = _SIZE.fullmatch(size.strip())
    limit = round(float(found[1]) * _POWERS[found[2]]) if found else 0
    return LogConfig(log.driver, {**log.options, "max-size": str(limit)}) if limit else log


def _sysctls(config: _Config | None) -> dict[str, str] | Gap:
    """Kernel settings are told by no answer; who used the command line left its words, and these are complete."""
    command = config.create_command if config else None
    if not command:
        return Gap(Reason.UNSUPPORTED, PATH, "Podman's API does not tell the kernel settings of a container")
    pairs = (pair.partition("=") for pair in _options(command, "--sysctl"))
    return {name: value for name, _, value in pairs}


def _options(command: Sequence[str], flag: str) -> Iterator[str]:
    for index, word in enumerate(words(list(command))):
        if word.startswith(f"{flag}="):
            yield word.removeprefix(f"{flag}=")
        elif word == flag and index + 1 < len(command):
            yield command[index + 1]
