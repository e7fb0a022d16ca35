"""From a planned container, which is a Docker create request, to what Podman's own create request calls the same.

Podman's Docker-compatible create drops in silence what Docker's users seldom set (ipc, cgroup and user namespaces,
kernel settings, masked paths), so the lab speaks libpod. Shape: `POST /libpod/containers/create`, SpecGenerator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SIZES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_DEFAULT_NETWORK = "podman"
_NO_OPTIONS: Mapping[str, Any] = {}


def specification(name: str, body: Mapping[str, Any], image: str) -> dict[str, Any]:
    """The request that makes on Podman what `body` makes on Docker; `image` is the name that Podman knows it by."""
    host = body["HostConfig"]
    found: dict[str, Any] = {
        "name": name,
        "image": image,
        "command": body.get("Cmd", []),
        "user": body.get("User", ""),
        "env": dict(pair.partition("=")[::2] for pair in body.get("Env", ())),
        "labels": body.get("Labels", {}),
        "hostname": body.get("Hostname", ""),
        "terminal": body.get("Tty", False),
        "stdin": body.get("OpenStdin", False),
        "stop_timeout": body.get("StopTimeout", 10),
        "restart_policy": host["RestartPolicy"]["Name"],
        "log_configuration": _log(host["LogConfig"]),
        "healthconfig": body.get("Healthcheck"),
    }
    if "MaximumRetryCount" in host["RestartPolicy"]:
        found["restart_tries"] = host["RestartPolicy"]["MaximumRetryCount"]
    found |= _security(host) | _namespaces(host) | _storage(host)
    found |= {"resource_limits": _limits(host), "publish_image_ports": host.get("PublishAllPorts", False)}
    return {key: value for key, value in found.items() if value not in (None, "", {}, [])} | _network(body, host)


def _security(host: Mapping[str, Any]) -> dict[str, Any]:
    options = host.get("SecurityOpt", ())
    return {
        "privileged": host.get("Privileged", False),
        "cap_add": host.get("CapAdd", []),
        "cap_drop": host.get("CapDrop", []),
        "no_new_privileges": "no-new-privileges:true" in options,
        "seccomp_profile_path": "unconfined" if "seccomp=unconfined" in options else "",
        "read_only_filesystem": host.get("ReadonlyRootfs", False),
        "unmask": ["ALL"] if host.get("MaskedPaths") == [] else [],
        "sysctl": host.get("Sysctls", {}),
        "cgroup_parent": host.get("CgroupParent", ""),
        "devices": [{"path": device["PathOnHost"]} for device in host.get("Devices", ())],
    }


def _namespaces(host: Mapping[str, Any]) -> dict[str, Any]:
    modes = {"pidns": "PidMode", "ipcns": "IpcMode", "utsns": "UTSMode", "userns": "UsernsMode"}
    found = {field: {"nsmode": host[mode]} for field, mode in modes.items() if host.get(mode)}
    return found | {"cgroupns": {"nsmode": host["CgroupnsMode"]}}


def _storage(host: Mapping[str, Any]) -> dict[str, Any]:
    binds = [bind.split(":") for bind in host.get("Binds", ())]
    tmpfs = host.get("Tmpfs", {}).items()
    mounts = [
        {"destination": target, "type": "tmpfs", "source": "tmpfs", "options": options.split(",")}
        for target, options in tmpfs
    ]
    mounts += [
        {"destination": target, "type": "bind", "source": source, "options": ["rbind", *words]}
        for source, target, *words in binds
        if source.startswith("/")
    ]
    volumes = [{"Name": name, "Dest": target} for name, target, *_ in binds if not name.startswith("/")]
    return {"mounts": mounts, "volumes": volumes}


def _limits(host: Mapping[str, Any]) -> dict[str, Any]:
    """Podman limits processes to 2048 by itself; 0 takes that away."""
    found: dict[str, Any] = {"pids": {"limit": host.get("PidsLimit", 0)}}
    if host.get("Memory"):
        found["memory"] = {"limit": host["Memory"], "swap": host["MemorySwap"]}
    if host.get("NanoCpus"):
        found["cpu"] = {"quota": host["NanoCpus"] // 10_000, "period": 100_000}
    return found


def _log(config: Mapping[str, Any]) -> dict[str, Any]:
    size = config["Config"].get("max-size", "")
    found: dict[str, Any] = {"driver": config["Type"]}
    return found | {"size": int(size[:-1]) * _SIZES[size[-1]]} if size else found


def _network(body: Mapping[str, Any], host: Mapping[str, Any]) -> dict[str, Any]:
    mode = host["NetworkMode"]
    if mode.startswith("container:"):
        return {"netns": {"nsmode": "container", "value": mode.partition(":")[2]}}
    if mode in ("host", "none"):
        return {"netns": {"nsmode": mode}}
    name = _DEFAULT_NETWORK if mode == "default" else mode
    ends = body.get("NetworkingConfig", _NO_OPTIONS).get("EndpointsConfig", _NO_OPTIONS)
    aliases = ends.get(mode, _NO_OPTIONS).get("Aliases", [])
    return {
        "netns": {"nsmode": "bridge"},
        "Networks": {name: {"aliases": aliases} if aliases else {}},
        "portmappings": list(_ports(host.get("PortBindings", {}))),
    }


def _ports(bindings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for inside, outside in bindings.items():
        number, _, protocol = inside.partition("/")
        for one in outside:
            address = "" if one["HostIp"] == "0.0.0.0" else one["HostIp"]
            yield {
                "container_port": int(number),
                "host_port": int(one["HostPort"]),
                "host_ip": address,
                "protocol": protocol,
            }
