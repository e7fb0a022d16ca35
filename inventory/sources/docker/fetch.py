"""One part of an engine at a time: the request, and the resources that its answer makes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import quote

import msgspec

from inventory.engine import Engine, SwarmState
from inventory.gap import Gap, Reason
from inventory.resource import Kind, Resource
from inventory.sources.decode import AnswerError, decode, items, member
from inventory.sources.docker import libpod, translate, wire
from inventory.sources.docker.endpoint import Endpoint
from inventory.sources.docker.facts import PENDING
from inventory.sources.docker.session import Session
from inventory.sources.docker.transport import ApiError

CALL = 10.0
"""Seconds for one call. Podman's first answers take more than one."""

LISTS: Mapping[Kind, str] = {
    Kind.CONTAINER: "/containers/json?all=1",
    Kind.IMAGE: "/images/json",
    Kind.NETWORK: "/networks",
    Kind.VOLUME: "/volumes",
    Kind.SERVICE: "/services?status=true",
    Kind.TASK: "/tasks",
    Kind.NODE: "/nodes",
    Kind.SECRET: "/secrets",
    Kind.CONFIG: "/configs",
}
HOST_PATH = "host files and /proc"
SWARM_KINDS = (Kind.SWARM, Kind.NODE, Kind.SERVICE, Kind.TASK, Kind.SECRET, Kind.CONFIG)
_SIMPLE: Mapping[Kind, Callable[[bytes, str, float], Resource]] = {
    Kind.VOLUME: translate.volume,
    Kind.SERVICE: translate.service,
    Kind.NODE: translate.node,
    Kind.SECRET: translate.secret,
    Kind.CONFIG: translate.config,
}


class Listed(msgspec.Struct, frozen=True):
    """An element of a list: what the list alone tells, and its raw text to see whether it changed."""

    id: str
    raw: bytes
    resource: Resource


Part = dict[Kind, list[Resource] | Gap]
"""Whole kinds: all their resources, or why they could not be read."""
SWARM_PARTS = (Kind.SWARM, Kind.NODE, Kind.SERVICE, Kind.SECRET, Kind.CONFIG)
"""What to ask `Fetch.part` for to get all `SWARM_KINDS`."""


class Fetch(msgspec.Struct):
    """Reads for one source. Methods raise `ApiError`, or `AnswerError` for an answer that is no JSON of that shape."""

    session: Session
    source: str
    target: str
    local: bool
    clock: Callable[[], float] = time.time
    deadline: float = CALL
    network_ids: dict[str, str] = msgspec.field(default_factory=dict)
    pods: dict[str, str] = msgspec.field(default_factory=dict)
    left_out: dict[Kind, str] = msgspec.field(default_factory=dict)
    """Kinds of whose last list some elements made no sense: `2 of 93 could not be decoded`."""

    def engine(self) -> Engine:
        """Info, version and plugins as one resource; an unreadable answer leaves its fields as gaps."""
        info, version, plugins = self._or_gap("/info"), self.session.version_raw, self._or_gap("/plugins")
        return translate.engine(info, version, self.target, self.local, self.source, self.clock(), plugins)

    def ids(self, kind: Kind) -> list[tuple[str, bytes]]:
        """Id and raw text of every element of a list, without making resources of them."""
        found: list[tuple[wire.Identified, bytes]] = []
        elements = self._elements(kind)
        for item in elements:
            with suppress(AnswerError):
                found.append((decode(item, wire.Identified)[0], item))
        if kind is Kind.NETWORK:
            self.network_ids = {one.name: one.id for one, _ in found if one.name and one.id}
        known = [(one.id, item) for one, item in found if one.id]
        self._note(kind, len(known), len(elements))
        return known

    def listed(self, kind: Kind) -> list[Listed]:
        """All objects of a kind as the list tells them. An element that makes no sense is noted in `left_out`."""
        elements = self._elements(kind)
        at = self.clock()
        found: list[Listed] = []
        for item in elements:
            with suppress(AnswerError):
                resource = self.from_list(kind, item, at)
                found.append(Listed(resource.key.id, item, resource))
        self._note(kind, len(found), len(elements))
        if kind is Kind.NETWORK:
            self.network_ids = {listed.resource.name: listed.id for listed in found}
        return found

    def _elements(self, kind: Kind) -> list[bytes]:
        """The list of a kind, each element undecoded.

        Podman inspects every container for every network of its compatible list, which takes seconds; its own does not.
        """
        if kind is Kind.NETWORK and self.session.flavour == "podman":
            try:
                return [libpod.as_network(item) for item in items(self.get(libpod.NETWORKS))]
            except ApiError as error:  # Podman 3 speaks another version of it
                if not error.status:
                    raise
        raw = self.get(LISTS[kind])
        return items(member(raw, "Volumes") if kind is Kind.VOLUME else raw)

    def _note(self, kind: Kind, read: int, total: int) -> None:
        if read < total:
            self.left_out[kind] = f"{total - read} of {total} could not be decoded"
        else:
            self.left_out.pop(kind, None)

    def inspected(self, kind: Kind, key: str, listed: bytes = b"") -> Resource | None:
        """One container, image or network in full; None when it is gone meanwhile.

        When the inspect fails, what the list told (`listed`) is returned with the reason as its gaps; without that the
        error is raised.
        """
        try:
            return self._inspect(kind, key)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            if not listed or not error.status:
                raise
            return self.from_list(kind, listed, self.clock(), error.gap(_PATHS[kind]))
        except AnswerError as error:
            if not listed:
                raise
            return self.from_list(kind, listed, self.clock(), error.gap(_PATHS[kind]))

    def part(self, kind: Kind) -> Part:
        """A whole kind at once, or why it cannot be read; services bring their tasks. Raises nothing."""
        try:
            if kind is Kind.SWARM:
                return {kind: [translate.swarm(self.get("/swarm"), self.source, self.clock())]}
            if kind is Kind.ENGINE:
                return {kind: [self.engine()]}
            found: Part = {kind: [listed.resource for listed in self.listed(kind)]}
        except (ApiError, AnswerError) as error:
            found = {kind: failure(error, kind)}
        return found | self._tasks(found[kind]) if kind is Kind.SERVICE else found

    def _tasks(self, services: list[Resource] | Gap) -> Part:
        names = {} if isinstance(services, Gap) else {service.key.id: service.name for service in services}
        try:
            at = self.clock()
            elements = items(self.get(LISTS[Kind.TASK]))
            found: list[Resource] = []
            for item in elements:
                with suppress(AnswerError):
                    found.append(translate.task(item, self.source, at, names))
            self._note(Kind.TASK, len(found), len(elements))
        except (ApiError, AnswerError) as error:
            return {Kind.TASK: failure(error, Kind.TASK)}
        return {Kind.TASK: found}

    def get(self, path: str) -> bytes:
        """The body of a path within the deadline of one call."""
        return self.session.get(path, deadline=self.deadline)

    def _inspect(self, kind: Kind, key: str) -> Resource:
        name = quote(key, safe=":")
        if kind is Kind.CONTAINER:
            raw = self.get(f"/containers/{name}/json")
            native = self._native(name)
            return translate.container(raw, self.source, self.clock(), key, self.network_ids, native, self.pods)
        if kind is Kind.NETWORK:
            network = translate.network(self.get(f"/networks/{name}"), self.source, self.clock())
            self.network_ids[network.name] = network.key.id
            return network
        raw = self.get(f"/images/{name}/json")
        return translate.image(raw, self._or_gap(f"/images/{name}/history"), self.source, self.clock(), key)

    def _native(self, name: str) -> bytes | Gap | None:
        """What Podman's own API tells of a container; None where the engine is another. Learns the names of pods."""
        if self.session.flavour != "podman":
            return None
        raw = self._or_gap(f"/libpod/containers/{name}/json")
        if (pod := libpod.pod_id(raw)) and pod not in self.pods:
            with suppress(ApiError, AnswerError):
                self.pods |= libpod.pod_names(self.get(libpod.PODS))
        return raw

    def _or_gap(self, path: str) -> bytes | Gap:
        try:
            return self.get(path)
        except ApiError as error:
            return error.gap(f"GET {path}")

    def from_list(self, kind: Kind, item: bytes, at: float, unread: Gap = PENDING) -> Resource:
        """What an element of a list tells; `unread` is the reason for all the rest."""
        if kind is Kind.CONTAINER:
            return translate.container_from_list(item, self.source, at, self.network_ids, unread)
        if kind is Kind.IMAGE:
            return translate.image_from_list(item, self.source, at, unread)
        if kind is Kind.NETWORK:
            return translate.network(item, self.source, at, unread)
        return _SIMPLE[kind](item, self.source, at)

    def unread_image(self, key: str, gap: Gap) -> Resource:
        """An image that a container uses, that no list names and that cannot be inspected."""
        return translate.image_unread(key, self.source, self.clock(), gap)

    def notes(self) -> list[str]:
        """What of the lists could not be understood, for people: `containers: 2 of 93 could not be decoded`."""
        return [f"{kind.value}s: {what}" for kind, what in sorted(self.left_out.copy().items())]


_PATHS = {
    Kind.CONTAINER: "GET /containers/{id}/json",
    Kind.IMAGE: "GET /images/{name}/json",
    Kind.NETWORK: "GET /networks/{id}",
}


def failure(error: ApiError | AnswerError, kind: Kind) -> Gap:
    """Why a kind could not be read."""
    path = f"GET {LISTS.get(kind, f'/{kind.value}').partition('?')[0]}"
    return error.gap(path)


def missing_images(containers: Sequence[Resource], known: set[str]) -> set[str]:
    """Images that containers use and the list leaves out: intermediate layers that lost their last tag."""
    return {image for container in containers if isinstance(image := container.peek("image_id"), str)} - known - {""}


def swarm_role(engine: Engine | None) -> str:
    """`manager`, `worker`, `none` or `unknown`."""
    state = engine.peek("swarm") if engine is not None else None
    if not isinstance(state, SwarmState):
        return "unknown"
    if state.state in {"inactive", ""}:
        return "none"
    return "manager" if state.control_available else "worker"


def no_host(endpoint: Endpoint) -> Gap:
    """Why there is no machine to look at where nobody reads one."""
    why = "the machine below the engine was not looked at" if endpoint.local else "the engine is not on this machine"
    return Gap(Reason.UNSUPPORTED, HOST_PATH, why)


_WORKER = Gap(Reason.UNSUPPORTED, "GET /swarm", "this node is a worker of the swarm; only a manager tells")


def no_swarm(role: str) -> Part:
    """What is known of a swarm when it is not asked: nothing exists, or this node may not tell."""
    if role == "none":
        return {kind: [] for kind in SWARM_KINDS}
    return dict.fromkeys(SWARM_KINDS, _WORKER if role == "worker" else Gap(Reason.ABSENT, "GET /info Swarm"))
