"""Facts for checks to judge: real captured answers through the wire translation, changed where a case needs it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from inventory.container import Container
from inventory.engine import Engine
from inventory.gap import Gap, Reason
from inventory.host import Effective, Host
from inventory.image import Image
from inventory.resource import Kind, Resource, ResourceKey
from inventory.sources.docker import translate

R = TypeVar("R", bound=Resource)

DATA = Path(__file__).parent.parent / "data"
SOURCE = "docker"
NOW = 1795433520.0  # 2026-11-23T11:32:00Z, just after the answers were captured
GAP = Gap(Reason.TIMEOUT, "GET /somewhere")


@cache
def captured(path: str) -> bytes:
    """A captured answer, byte for byte; `path` below tests/data."""
    return (DATA / path).read_bytes()


def patched(path: str, **changes: Any) -> bytes:
    """A captured answer with other values: `HostConfig__Memory=0` sets `HostConfig.Memory`."""
    document = json.loads(captured(path))
    for name, value in changes.items():
        *parents, last = name.split("__")
        place = document
        for parent in parents:
            place = place[parent]
        place[last] = value
    return json.dumps(document).encode()


def changed(resource: R, **values: Any) -> R:
    """The same resource with other field values, any of which may be a `Gap`."""
    known = {name: resource.peek(name) for name in resource.field_names if name != "gaps"}
    return type(resource).build(**{**known, **values})


def docker(name: str, **changes: Any) -> Container:
    """The container of a captured Docker inspect (`plain`, `hardened`, ...), its JSON changed as in `patched`."""
    return translate.container(patched(f"docker-api/inspect-{name}.json", **changes), SOURCE, NOW)


def podman(name: str, **changes: Any) -> Container:
    """The container of a captured Podman inspect."""
    return translate.container(patched(f"podman-api/inspect-{name}.json", **changes), SOURCE, NOW)


def container(**changes: Any) -> Container:
    """A container with nothing to complain about (captured `hardened`), with other field values."""
    return changed(docker("hardened"), **changes)


def image(name: str = "busybox_1.35", **changes: Any) -> Image:
    """The image of a captured inspect, without its history."""
    return changed(translate.image(captured(f"docker-api/image-inspect-{name}.json"), None, SOURCE, NOW), **changes)


def engine(name: str = "info", **changes: Any) -> Engine:
    """The captured Docker engine (`info`, `info-hardened`, `info-noswarm`), reached by its usual socket."""
    found = translate.engine(
        captured(f"docker-api/{name}.json"),
        captured("docker-api/version.json"),
        "unix:///var/run/docker.sock",
        True,
        SOURCE,
        NOW,
    )
    return changed(found, **changes)


def podman_engine(**changes: Any) -> Engine:
    """The captured Podman engine."""
    info, version = captured("podman-api/info.json"), captured("podman-api/version.json")
    return changed(translate.engine(info, version, "unix:///run/podman/podman.sock", True, SOURCE, NOW), **changes)


DEFAULT_MASK = 0x00000000A80425FB


def kernel(
    seccomp: int = 2,
    no_new_privs: int = 0,
    cap_eff: int = DEFAULT_MASK,
    cap_bnd: int = DEFAULT_MASK,
    uid: int = 0,
    identity_uid_map: bool = True,
) -> Effective:
    """What /proc/PID/status shows for a container that was started with the engine's defaults."""
    return Effective(seccomp, no_new_privs, cap_eff, cap_bnd, uid, identity_uid_map)


def told(view: Effective, memory_max: int = 0, pids_max: int = 0) -> Effective:
    """The same with all the rest that root is told of a container: a read-only root, masked paths, own namespaces."""
    return msgspec.structs.replace(
        view,
        memory_max=memory_max,
        pids_max=pids_max,
        read_only_root=True,
        masked=("/proc/keys", "/sys/firmware"),
        host_namespaces=("user",),
    )


def host(subject: Container | None = None, effective: Effective | None = None, **values: Any) -> Host:
    """The machine of a local engine, with the kernel's view of one container."""
    views = {subject.id: effective} if subject is not None and effective is not None else {}
    return Host.build(key=ResourceKey(Kind.HOST, SOURCE, "host"), name="vm", **{"effective": views, **values})
