"""The inventory files as typed plans: what the lab is to contain, before anything exists."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lab.images import ImageSpec, LayerSpec

INVENTORY = Path(__file__).parent / "inventory"
# Tables that make sense only as a whole: half of one log driver and half of another is neither.
_WHOLE = frozenset({"RestartPolicy", "LogConfig", "Healthcheck"})
DEFAULT_IMAGE = "lab/app:2.0.1"
LONG_LABEL = "lorem ipsum " * 341 + "end."


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container; `body` is the complete body of ``POST /containers/create`` with placeholders still in it."""

    name: str
    about: str
    body: Mapping[str, Any]
    round: int
    state: str
    needs: str
    joins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectSpec:
    """A network or volume; `body` is the body of its create request."""

    name: str
    about: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A Swarm service; `container` is its ContainerSpec as in the API."""

    name: str
    about: str
    container: Mapping[str, Any]
    limits: Mapping[str, int]
    replicas: int  # 0: one on every node
    networks: tuple[str, ...]
    secrets: tuple[str, ...]
    configs: tuple[str, ...]
    ports: tuple[Mapping[str, Any], ...]
    restart_delay: int
    restart_attempts: int


@cache
def images() -> tuple[ImageSpec, ...]:
    document = _read("images.toml")
    return tuple(_image(entry, document["good"]) for entry in document["image"])


@cache
def containers() -> tuple[ContainerSpec, ...]:
    document = _read("containers.toml")
    return tuple(_container(entry, document["hardened"]) for entry in document["container"])


@cache
def podman_names(*, rootless: bool) -> frozenset[str]:
    """The containers that a Podman lab has."""
    return frozenset(_read("podman.toml")["rootless" if rootless else "rootful"])


@cache
def networks() -> tuple[ObjectSpec, ...]:
    return tuple(ObjectSpec(e["name"], e["about"], e.get("body", {})) for e in _read("networks.toml")["network"])


@cache
def volumes() -> tuple[ObjectSpec, ...]:
    return tuple(ObjectSpec(e["name"], e["about"], e.get("body", {})) for e in _read("networks.toml")["volume"])


@cache
def services() -> tuple[ServiceSpec, ...]:
    document = _read("swarm.toml")
    return tuple(_service(entry, document["hardened"], document["limits"]) for entry in document["service"])


@cache
def swarm_values(kind: str) -> dict[str, str]:
    """Name to content of all Swarm objects of `kind` (``secret`` or ``config``)."""
    return {entry["name"]: entry["value"] for entry in _read("swarm.toml")[kind]}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `base`: tables merge key by key unless they are one decision; neither argument is changed."""
    result = {key: merged(value, {}) if isinstance(value, Mapping) else value for key, value in base.items()}
    for key, value in over.items():
        below = base.get(key)
        if key not in _WHOLE and isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result


def filled(value: Any, places: Mapping[str, str]) -> Any:
    """`value` with ``{name}`` placeholders replaced, where the whole word in braces is a known place."""
    if isinstance(value, str):
        for name, text in places.items():
            value = value.replace("{" + name + "}", text)
        return LONG_LABEL if value == "@4096" else value
    if isinstance(value, Mapping):
        return {key: filled(item, places) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, places) for item in value]
    return value


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((INVENTORY / name).read_text())


def _image(entry: dict[str, Any], good: dict[str, Any]) -> ImageSpec:
    fields = {key: value for key, value in entry.items() if key not in ("config", "bare", "layers")}
    own = entry.get("config", {})
    layers = tuple(LayerSpec(**layer) for layer in entry.get("layers", ()))
    return ImageSpec(**fields, layers=layers, config=own if entry.get("bare") else merged(good, own))


def _container(entry: dict[str, Any], hardened: dict[str, Any]) -> ContainerSpec:
    body = merged(hardened, entry.get("body", {}))
    body["Image"] = entry.get("image", DEFAULT_IMAGE)
    compose = entry.get("compose")
    if compose:
        project, service = compose.split("/")
        body["Labels"] = {**_compose_labels(project, service), **body.get("Labels", {})}
    body["NetworkingConfig"] = _endpoint(body["HostConfig"]["NetworkMode"], compose)
    return ContainerSpec(
        name=entry["name"],
        about=entry["about"],
        body=body,
        round=entry.get("round", 1),
        state=entry.get("state", "start"),
        needs=entry.get("needs", ""),
        joins=tuple(entry.get("joins", ())),
    )


def _endpoint(network: str, compose: str | None) -> dict[str, Any]:
    """Compose makes a service reachable by its name on the project's network."""
    if compose is None:
        return {}
    return {"EndpointsConfig": {network: {"Aliases": [compose.split("/")[1]]}}}


def _compose_labels(project: str, service: str) -> dict[str, str]:
    return {
        "com.docker.compose.project": project,
        "com.docker.compose.service": service,
        "com.docker.compose.container-number": "1",
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.project.working_dir": f"/srv/{project}",
        "com.docker.compose.project.config_files": f"/srv/{project}/compose.yaml",
        "com.docker.compose.version": "2.27.0",
    }


def _service(entry: dict[str, Any], hardened: dict[str, Any], limits: dict[str, int]) -> ServiceSpec:
    container = merged(hardened, entry.get("container", {}))
    container["Image"] = entry.get("image", DEFAULT_IMAGE)
    return ServiceSpec(
        name=entry["name"],
        about=entry["about"],
        container=container,
        limits=entry.get("limits", limits),
        replicas=entry.get("replicas", 1),
        networks=tuple(entry.get("networks", ())),
        secrets=tuple(entry.get("secrets", ())),
        configs=tuple(entry.get("configs", ())),
        ports=tuple(entry.get("ports", ())),
        restart_delay=entry.get("restart_delay", 30),
        restart_attempts=entry.get("restart_attempts", 0),
    )
