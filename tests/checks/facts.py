"""Further facts for checks to judge: images with their history, networks, swarm objects, components, host files."""

from __future__ import annotations

import json
from typing import Any

from inventory.component import Component
from inventory.container import Container
from inventory.host import FileFacts
from inventory.image import Image
from inventory.network import Network
from inventory.resource import Kind, ResourceKey
from inventory.sources.docker import translate
from inventory.swarm import Config, Node, Secret, Service, Swarm, Task
from tests.checks.builders import NOW, SOURCE, captured, changed


def built(name: str = "lab_app_2.0.1", **changes: Any) -> Image:
    """The image of a captured inspect with its captured history."""
    inspect = captured(f"docker-api/image-inspect-{name}.json")
    history = captured(f"docker-api/image-history-{name}.json")
    return changed(translate.image(inspect, history, SOURCE, NOW), **changes)


def with_steps(*commands: str, size: int = 1) -> Image:
    """The captured application image with another history, oldest command first."""
    entries = [{"Created": 1, "CreatedBy": command, "Size": size, "Comment": "", "Tags": None} for command in commands]
    raw = json.dumps(entries[::-1]).encode()
    inspect = captured("docker-api/image-inspect-lab_app_2.0.1.json")
    return translate.image(inspect, raw, SOURCE, NOW)


def made_from(image: Image, container: Container, **changes: Any) -> Container:
    """A container that was made from the image."""
    return changed(container, image_id=image.id, **changes)


def network(name: str, **changes: Any) -> Network:
    """A captured network inspect (`bridge`, `ov1`, `ovenc`, ...)."""
    return changed(translate.network(captured(f"docker-api/network-{name}.json"), SOURCE, NOW), **changes)


def service(name: str = "stk_web", **changes: Any) -> Service:
    """A captured service, by name."""
    documents = json.loads(captured("docker-api/services-status.json"))
    found = next(document for document in documents if document["Spec"]["Name"] == name)
    return changed(translate.service(json.dumps(found).encode(), SOURCE, NOW), **changes)


def node(**changes: Any) -> Node:
    """The captured manager node; another `id` makes another node."""
    found = translate.node(captured("docker-api/node.json"), SOURCE, NOW)
    if "id" in changes:
        changes.setdefault("key", ResourceKey(Kind.NODE, SOURCE, changes["id"]))
    return changed(found, **changes)


def swarm(**changes: Any) -> Swarm:
    """The captured swarm."""
    return changed(translate.swarm(captured("docker-api/swarm.json"), SOURCE, NOW), **changes)


def tasks() -> tuple[Task, ...]:
    """The captured tasks."""
    return tuple(
        translate.task(json.dumps(document).encode(), SOURCE, NOW)
        for document in json.loads(captured("docker-api/tasks.json"))
    )


def secret(**changes: Any) -> Secret:
    """The captured secret that service stk_web uses."""
    documents = json.loads(captured("docker-api/secrets.json"))
    found = next(one for one in documents if one["Spec"]["Name"] == "db_pass")
    return changed(translate.secret(json.dumps(found).encode(), SOURCE, NOW), **changes)


def config(**changes: Any) -> Config:
    """The captured config that service stk_web uses."""
    (found,) = json.loads(captured("docker-api/configs.json"))
    return changed(translate.config(json.dumps(found).encode(), SOURCE, NOW), **changes)


def component(product: str, role: str, carrier: Container, *endpoints: str, state: str = "running") -> Component:
    """A recognised component that runs in a container."""
    return Component.build(
        key=ResourceKey(Kind.COMPONENT, SOURCE, carrier.id),
        name=carrier.name,
        product=product,
        role=role,
        where="container",
        carrier=carrier.key,
        version="",
        endpoints=endpoints,
        state=state,
        signs=(),
    )


def files(*entries: tuple[str, int, str, str, str]) -> dict[str, FileFacts]:
    """Paths with mode, owner, group (`root` is number 0, everybody else 1000) and kind."""
    numbers = {"root": 0}
    return {
        path: FileFacts(path, mode, numbers.get(owner, 1000), numbers.get(group, 1000), owner, group, kind)
        for path, mode, owner, group, kind in entries
    }
