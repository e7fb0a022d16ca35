"""Fills an empty engine with everything the inventory files list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from lab import plan, registry, swarm
from lab.client import EngineClient
from lab.engine import Lab, LabError
from lab.images import ImageSpec, archive
from lab.rootfs import find

WORKERS = 6
_REGISTRY = "docker-registry"
Say = Callable[[str], None]


def populate(lab: Lab, say: Say = lambda line: None) -> list[str]:
    """Create all objects; returns the names that were left out because the host lacks what they need, usually none."""
    client = lab.client
    swarm.init(client)
    say(f"images: {len(plan.images())}")
    _load(client, [image for image in plan.images() if image.round == 1])
    for network in plan.networks():
        client.post("/networks/create", {"Name": network.name, "CheckDuplicate": True, **network.body})
    for volume in plan.volumes():
        client.post("/volumes/create", {"Name": volume.name, **volume.body})
    say(f"networks: {len(plan.networks())}, volumes: {len(plan.volumes())}")
    skipped = _containers(lab, say)
    swarm.create_services(client)
    say(f"services: {len(plan.services())}")
    return skipped


def _containers(lab: Lab, say: Say) -> list[str]:
    wanted = [spec for spec in plan.containers() if _possible(spec.needs)]
    for number in sorted({spec.round for spec in wanted}):
        batch = [spec for spec in wanted if spec.round == number]
        create_all(lab, batch)
        say(f"containers: {len(batch)}")
        if number == 0 and _possible(_REGISTRY):  # otherwise a web server stands in for it, which takes nothing
            registry.fill(lab)
    _replace_images(lab.client)
    return [spec.name for spec in plan.containers() if spec not in wanted]


def _possible(needs: str) -> bool:
    """Whether the host has what a container needs: nothing, a path, or a program."""
    return Path(needs).exists() if needs.startswith("/") else not needs or find(needs) is not None


def create_all(lab: Lab, specs: Iterable[plan.ContainerSpec]) -> None:
    """Create and start containers, a few at a time."""
    places = {"root": str(lab.paths.root), "data": str(lab.paths.data), "cgroup": lab.paths.cgroup}
    lost = {image.name for image in plan.images() if image.lost}

    def create(spec: plan.ContainerSpec) -> None:
        body = plan.filled(spec.body, places)
        lab.client.create_container(spec.name, body)
        if body["Image"] in lost:
            lab.client.delete(f"/images/{body['Image']}", force=1)
        for network in spec.joins:
            lab.client.post(f"/networks/{network}/connect", {"Container": spec.name})
        bring_to_state(lab.client, spec.name, spec.state)

    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in pool.map(create, specs):
            pass


def bring_to_state(client: EngineClient, name: str, state: str) -> None:
    """`state`: create, start, pause, exec or exec-root (started, with an exec session left open, as root)."""
    if state == "create":
        return
    client.post(f"/containers/{name}/start")
    if state == "pause":
        client.post(f"/containers/{name}/pause")
    elif state.startswith("exec"):
        user = {"User": "0:0"} if state == "exec-root" else {}
        session = client.post(f"/containers/{name}/exec", {"Cmd": ["sleep", "86400000"], "Tty": False, **user})
        client.post(f"/exec/{session['Id']}/start", {"Detach": True})


def _load(client: EngineClient, images: list[ImageSpec]) -> None:
    body = archive(images, datetime.now(UTC))
    status, answer = client.raw("POST", "/images/load?quiet=1", body, {"Content-Type": "application/x-tar"})
    if status != 200 or b'"error"' in answer:
        raise LabError(f"cannot load images: {answer.decode(errors='replace').strip()[-300:]}")
    for image in images:
        if image.dangling:
            _lose_tag(client, image)


def _lose_tag(client: EngineClient, image: ImageSpec) -> None:
    """What happens when the same tag is built again: the old image keeps its content and loses its name."""
    repository, _, tag = image.name.rpartition(":")
    client.post(f"/images/{quote(plan.DEFAULT_IMAGE)}/tag", repo=repository, tag=tag)
    client.delete(f"/images/{quote(image.name)}")


def _replace_images(client: EngineClient) -> None:
    """Newer builds that take a tag away from an image in use."""
    _load(client, [image for image in plan.images() if image.round > 1])
