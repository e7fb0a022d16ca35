"""Who uses an image: containers by content id, services by the name in their spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from checks.images.reference import parse, tagged
from checks.verdict import Evidence
from checks.view import View
from inventory.model import Container, Image, Service

SHOWN = 5  # users that an evidence list names; the message counts them all


class Use(msgspec.Struct, frozen=True):
    """One user of an image and the reference it wrote, with the field that holds it."""

    user: Container | Service
    path: str
    reference: str

    @property
    def evidence(self) -> Evidence:
        """Points to the user."""
        return Evidence(f"{self.user.name}: {self.path}", self.reference, self.user.key)


def uses(image: Image, view: View) -> tuple[Use, ...]:
    """Every container (in any state) and every service that uses the image."""
    return (*container_uses(image, view), *_service_uses(image, view))


def container_uses(image: Image, view: View) -> tuple[Use, ...]:
    """Every container, in any state, that was made from the image."""
    return view.index_of(Container, _by_image, image.id) or ()


def names(image: Image) -> tuple[str, ...]:
    """Every name that leads to the image: tags first, then digest references."""
    return tuple(name for name in (*image.repo_tags, *image.repo_digests) if "<none>" not in name)


def sees_services(view: View) -> bool:
    """Whether this engine can tell the services of its swarm: only a manager can, elsewhere there are none to see."""
    return view.engine().swarm.control_available


def _service_uses(image: Image, view: View) -> Iterator[Use]:
    if not sees_services(view):
        return
    for name in image.repo_tags:
        reference = parse(name)
        if reference:
            yield from view.index_of(Service, _by_name, tagged(reference)) or ()
    for name in image.repo_digests:
        yield from view.index_of(Service, _by_name, name.partition("@")[2]) or ()


def _by_image(containers: tuple[Container, ...]) -> Mapping[str, tuple[Use, ...]]:
    found: dict[str, list[Use]] = {}
    for container in containers:
        found.setdefault(container.image_id, []).append(Use(container, "Config.Image", container.image_ref))
    return {image_id: tuple(users) for image_id, users in found.items()}


def _by_name(services: tuple[Service, ...]) -> Mapping[str, tuple[Use, ...]]:
    found: dict[str, list[Use]] = {}
    for service in services:
        reference = parse(service.image_ref)
        if reference:
            name = reference.digest or tagged(reference)
            use = Use(service, "Spec.TaskTemplate.ContainerSpec.Image", service.image_ref)
            found.setdefault(name, []).append(use)
    return {name: tuple(users) for name, users in found.items()}
