"""Which resources belong to which, as one follows them in an incident."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inventory.component import Component
from inventory.container import Container
from inventory.engine import Engine
from inventory.gap import Gap
from inventory.host import Host
from inventory.image import Image
from inventory.network import Network, Volume
from inventory.resource import CLUSTER_KINDS, Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.swarm import Node, Service, Task
from tui.format import known

Related = tuple[str, ResourceKey]


def related(resource: Resource, snapshot: Snapshot) -> Iterator[Related]:
    """Pairs of why and key, only of what is there."""
    for why, key in _candidates(resource, snapshot):
        if key != resource.key and snapshot.get(key) is not None:
            yield why, key


def _candidates(resource: Resource, snapshot: Snapshot) -> Iterator[Related]:
    if isinstance(resource, Container):
        yield from _of_container(resource, snapshot)
    elif isinstance(resource, Image):
        yield from _containers("used by", resource, snapshot, lambda c: known(c, "image_id", "") == resource.key.id)
    elif isinstance(resource, Network):
        yield from _containers("member", resource, snapshot, lambda c: _attached(c, resource))
    elif isinstance(resource, Volume):
        yield from _containers("mounted by", resource, snapshot, lambda c: resource.name in _volumes(c))
    elif isinstance(resource, Service):
        yield from _of_service(resource, snapshot)
    elif isinstance(resource, Task):
        yield "service", ResourceKey(Kind.SERVICE, resource.key.source, known(resource, "service_id", ""))
        yield "container", ResourceKey(Kind.CONTAINER, resource.key.source, known(resource, "container_id", ""))
        yield "node", ResourceKey(Kind.NODE, resource.key.source, known(resource, "node_id", ""))
    elif isinstance(resource, Component):
        carrier: ResourceKey | None = known(resource, "carrier", None)
        if carrier is not None:
            yield "runs as", carrier
    elif resource.key.kind in CLUSTER_KINDS:
        from tui.detail.kube_related import candidates  # late: only a cluster needs it

        yield from candidates(resource, snapshot)
    elif isinstance(resource, Engine | Host | Node):
        for found in (*snapshot.of(Engine), *snapshot.of(Host), *snapshot.of(Node)):
            yield str(found.key.kind), found.key


def _of_container(resource: Container, snapshot: Snapshot) -> Iterator[Related]:
    source = resource.key.source
    yield "image", ResourceKey(Kind.IMAGE, source, known(resource, "image_id", ""))
    if known(resource, "service_id", ""):
        yield "service", ResourceKey(Kind.SERVICE, source, known(resource, "service_id", ""))
    for network in snapshot.of(Network, source):
        if _attached(resource, network):
            yield "network", network.key
    for volume in snapshot.of(Volume, source):
        if volume.name in _volumes(resource):
            yield "volume", volume.key
    for component in snapshot.of(Component):
        if known(component, "carrier", None) == resource.key:
            yield "recognised as", component.key
    project = known(resource, "project", "")
    if project:
        for other in snapshot.of(Container, source):
            if known(other, "project", "") == project:
                yield f"project {project}"[:18], other.key
    yield from ((("engine", engine.key)) for engine in snapshot.of(Engine, source))


def _of_service(resource: Service, snapshot: Snapshot) -> Iterator[Related]:
    yield from _containers("task of it", resource, snapshot, lambda c: known(c, "service_id", "") == resource.key.id)
    none: tuple[Any, ...] = ()
    for network in snapshot.of(Network, resource.key.source):
        if {network.key.id, network.name} & set(known(resource, "networks", none)):
            yield "network", network.key
    for secret in known(resource, "secrets", none):
        yield "secret", ResourceKey(Kind.SECRET, resource.key.source, secret.secret_id)
    for config in known(resource, "config_ids", none):
        yield "config", ResourceKey(Kind.CONFIG, resource.key.source, config)


def _containers(why: str, resource: Resource, snapshot: Snapshot, fits: object) -> Iterator[Related]:
    for container in snapshot.of(Container, resource.key.source):
        if callable(fits) and fits(container):
            yield why, container.key


def _attached(container: Container, network: Network) -> bool:
    networks = container.peek("networks")
    if isinstance(networks, Gap):
        return False
    return any(entry.network_id == network.key.id or entry.network == network.name for entry in networks)


def _volumes(container: Container) -> set[str]:
    mounts = container.peek("mounts")
    return set() if isinstance(mounts, Gap) else {mount.name for mount in mounts if mount.type == "volume"}
