"""From what a person types to an image: one of an engine, or a repository and a digest of a registry."""

from __future__ import annotations

import time
from urllib.parse import quote

import msgspec

from inventory.engine import Engine
from inventory.gap import Gap
from inventory.image import Image
from inventory.reference import parse
from inventory.signatures.rules import normalised
from inventory.sources.decode import AnswerError, decode
from inventory.sources.docker import wire
from inventory.sources.docker.endpoint import Endpoint, transport
from inventory.sources.docker.engines import engine as made
from inventory.sources.docker.images import image as read_image
from inventory.sources.docker.session import Session, connect
from inventory.sources.docker.transport import ApiError
from inventory.sources.registry.access import Access
from inventory.sources.registry.names import is_digest
from inventory.sources.registry.repository import Way

DEADLINE = 10.0
"""Seconds for one answer of an engine."""
_NO_SUCH = (400, 404)  # 400: a name that can be none


class Host(msgspec.Struct, frozen=True):
    """An engine to ask for images: where it is, the session, and what it says of itself."""

    name: str
    endpoint: Endpoint
    session: Session
    engine: Engine | None


class Held(msgspec.Struct, frozen=True):
    """An image that an engine has; `container` is the name of the container that was typed, "" for an image's."""

    image: Image
    host: Host
    container: str = ""


def open_host(name: str, endpoint: Endpoint) -> Host:
    """Connect to an engine. Raises `ApiError`."""
    session = connect(transport(endpoint), deadline=DEADLINE)
    try:
        info: bytes | Gap = session.get("/info", deadline=DEADLINE)
    except ApiError as error:
        info = error.gap("GET /info")
    try:
        engine = made(info, session.version_raw, endpoint.url, endpoint.local, name, time.time())
    except AnswerError:
        engine = None
    session.transport.close()
    return Host(name, endpoint, session, engine)


def held(host: Host, text: str) -> Held | None:
    """The image of this name, tag, digest or id, or of the container of this name; None where there is none.

    Raises `ApiError` where the engine does not say.
    """
    try:
        return _held(host, text)
    finally:
        host.session.transport.close()  # this thread's connection


def _held(host: Host, text: str) -> Held | None:
    image = _image(host, text)
    if image is not None:
        return Held(image, host)
    raw = _get(host, f"/containers/{quote(text, safe='')}/json")
    if raw is None:
        return None
    try:
        found, _ = decode(raw, wire.Container)
    except AnswerError:
        return None
    image = _image(host, found.image) if found.image else None
    return Held(image, host, (found.name or text).lstrip("/")) if image is not None else None


def _image(host: Host, text: str) -> Image | None:
    raw = _get(host, f"/images/{quote(text, safe='')}/json")
    if raw is None:
        return None
    try:
        return read_image(raw, None, host.name, time.time())
    except AnswerError:
        return None


def _get(host: Host, path: str) -> bytes | None:
    try:
        return host.session.get(path, deadline=DEADLINE)
    except ApiError as error:
        if error.status in _NO_SUCH:
            return None
        raise


class Elsewhere(msgspec.Struct, frozen=True):
    """An image of a registry: `repository` in full; `reference` is a digest or a tag."""

    repository: str
    reference: str


def elsewhere(text: str) -> Elsewhere | None:
    """What a registry would be asked for; None for what can only be an id or a container's name."""
    repository = normalised(text)
    if not repository:
        return None
    found = parse(text)
    if found.digest and not is_digest(found.digest):
        return None
    return Elsewhere(repository, found.digest or found.tag or "latest")


def digest_of(image: Elsewhere, access: Access, *, plain_http: bool, way: Way | None = None) -> str:
    """The digest that it means now. Raises `RegistryError`."""
    if is_digest(image.reference):
        return image.reference
    until = time.monotonic() + access.limits.total
    place = way or access.client.repository(image.repository, until=until, plain_http=plain_http)
    return place.manifest(image.reference).digest
