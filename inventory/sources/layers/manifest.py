"""How an archive says which layers make up an image: Docker's manifest.json, OCI indexes and manifests (image-spec)."""

from __future__ import annotations

import hashlib
import platform
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from inventory.image import HistoryEntry

Document = Callable[[str], bytes | None]
"""The bytes of a named member, None where there is none."""
_NESTED = 4
_MANIFESTS = 64
_WORDS = re.compile(
    r"(?:/bin/sh -c #\(nop\)\s+)?(?:ENV|CMD|ENTRYPOINT|LABEL|EXPOSE|USER|VOLUME|STOPSIGNAL|HEALTHCHECK|ARG|MAINTAINER"
    r"|ONBUILD|SHELL)\b"
)
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


class MalformedError(ValueError):
    """The archive does not say which layers make up an image; a sentence."""


class _Step(msgspec.Struct):
    created_by: str = ""
    empty_layer: bool = False


class _RootFs(msgspec.Struct):
    diff_ids: list[str] | None = None


class _Config(msgspec.Struct):
    created: Any = None
    architecture: Any = None
    os: Any = None
    rootfs: _RootFs = msgspec.field(default_factory=_RootFs)
    history: list[_Step] | None = None


class About(msgspec.Struct, frozen=True):
    """What an image's configuration says of it as a whole; 0.0 and "" where it says nothing that can be used."""

    created: float = 0.0
    architecture: str = ""
    os: str = ""


class Plan(msgspec.Struct, frozen=True):
    """An image's layers, lowest first: member names in the archive, diffIDs, build steps. `digests`: its ids."""

    names: tuple[str, ...]
    diff_ids: tuple[str, ...]
    created_by: tuple[str, ...]
    digests: tuple[str, ...]
    about: About = About()


class _Saved(msgspec.Struct, rename="pascal"):
    config: str = ""
    layers: list[str] | None = None


class _Platform(msgspec.Struct):
    os: str = ""
    architecture: str = ""


class _Descriptor(msgspec.Struct, rename="camel"):
    media_type: str = ""
    digest: str = ""
    platform: _Platform | None = None
    annotations: dict[str, str] | None = None


class _Manifest(msgspec.Struct, rename="camel"):
    media_type: str = ""
    manifests: list[_Descriptor] | None = None
    config: _Descriptor | None = None
    layers: list[_Descriptor] | None = None


def plan(document: Document, links: Mapping[str, str], image_id: str) -> Plan:
    """Which layers make up the image; with an `image_id` of "" the only one, or this machine's. Raises
    `MalformedError`.
    """
    saved = document("manifest.json")
    if saved is not None:
        return _saved(saved, document, links, image_id)
    if document("index.json") is None:
        raise MalformedError("neither manifest.json nor index.json")
    return _indexed(document, image_id)


def steps(config: bytes, count: int) -> tuple[str, ...]:
    """The build steps of `count` layers out of an image's configuration; () where it does not tell. Never raises."""
    try:
        found = _decoded(config, _Config)
    except MalformedError:
        return ()
    written = tuple(step.created_by for step in found.history or () if not step.empty_layer)
    return written if len(written) == count else ()


def steps_of(history: Iterable[HistoryEntry], count: int) -> tuple[str, ...]:
    """The steps that made `count` layers out of the engine's history (newest first), () where that cannot be told."""
    rows = list(history)[::-1]
    made = [row for row in rows if row.size or not _only_says(row.created_by)]
    filled = [row for row in rows if row.size]
    for guess in (made, filled, rows):
        if len(guess) == count:
            return tuple(row.created_by for row in guess)
    return ()


def _only_says(step: str) -> bool:
    return _WORDS.match(step) is not None


def about(config: bytes) -> About:
    """What an image's configuration says of it. Never raises."""
    try:
        return _about(_decoded(config, _Config))
    except MalformedError:
        return About()


def digest_of(data: bytes) -> str:
    """As OCI writes it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def blob(digest: str) -> str:
    """The member that holds a blob. Raises `MalformedError`."""
    algorithm, _, name = digest.partition(":")
    if algorithm != "sha256" or len(name) != 64 or not set(name) <= set("0123456789abcdef"):
        raise MalformedError(f"no sha256 digest: {digest[:80]!r}")
    return f"blobs/sha256/{name}"


def _decoded(data: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"a document of the image is malformed: {str(error)[:120]}") from error


def _saved(data: bytes, document: Document, links: Mapping[str, str], image_id: str) -> Plan:
    images: list[_Saved] = _decoded(data, list[_Saved])
    if not images:
        raise MalformedError("manifest.json names no image")
    found = [image for image in images if _hex(image.config) == image_id.removeprefix("sha256:")]
    chosen = (found or images)[0]
    config = document(chosen.config)
    if config is None:
        raise MalformedError("the image's configuration is missing")
    digest = digest_of(config)
    digests = (digest, *_manifest_digests(document, digest))
    names = tuple(_linked(posixpath.normpath(name), links) for name in chosen.layers or ())
    return _plan(names, config, digests)


def _manifest_digests(document: Document, config: str) -> Iterator[str]:
    """What an engine that keeps manifests calls the image: digests of indexes and manifests that lead to `config`."""
    index = document("index.json")
    found: list[tuple[tuple[str, ...], _Manifest, _Platform]] = []
    if index is not None:
        with suppress(MalformedError):
            _gather(document, index, _Descriptor(), (), found)
    for digests, manifest, _about_it in found:
        if manifest.config is not None and manifest.config.digest == config:
            yield from digests


def _linked(name: str, links: Mapping[str, str]) -> str:
    for _ in range(8):
        if name not in links:
            return name
        name = posixpath.normpath(posixpath.join(posixpath.dirname(name), links[name])).lstrip("/")
    raise MalformedError("links between layers that lead nowhere")


def _hex(name: str) -> str:
    return posixpath.basename(name).removesuffix(".json")


def _plan(names: tuple[str, ...], config: bytes, digests: tuple[str, ...]) -> Plan:
    found: _Config = _decoded(config, _Config)
    diff_ids = tuple(found.rootfs.diff_ids or ())
    if len(diff_ids) != len(names):
        raise MalformedError(f"{len(names)} layers, but the configuration names {len(diff_ids)}")
    return Plan(names, diff_ids, steps(config, len(names)), digests, _about(found))


def _about(config: _Config) -> About:
    return About(_time(config.created), _short(config.architecture), _short(config.os))


def _time(value: object) -> float:
    """RFC 3339 to epoch seconds; Go's zero time is none."""
    if not isinstance(value, str) or value.startswith("0001-"):
        return 0.0
    try:
        moment = datetime.fromisoformat(value)
        return moment.timestamp() if moment.tzinfo else 0.0
    except (ValueError, OverflowError):
        return 0.0


def _short(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 64 and value.isprintable() else ""


def _indexed(document: Document, image_id: str) -> Plan:
    found: list[tuple[tuple[str, ...], _Manifest, _Platform]] = []
    _gather(document, _document(document, "index.json"), _Descriptor(), (), found)
    if not found:
        raise MalformedError("the index names no image that is here")
    mine = _MACHINES.get(platform.machine(), platform.machine())

    def fits(row: tuple[tuple[str, ...], _Manifest, _Platform]) -> tuple[bool, bool]:
        digests, manifest, about = row
        named = {*digests, manifest.config.digest if manifest.config else ""}
        return image_id not in named, (about.os or "linux", about.architecture or mine) != ("linux", mine)

    digests, manifest, _about = min(found, key=fits)
    config = document(blob(manifest.config.digest if manifest.config else ""))
    if config is None:
        raise MalformedError("the image's configuration is missing")
    names = tuple(blob(layer.digest) for layer in manifest.layers or ())
    return _plan(names, config, (digest_of(config), *digests))


def _gather(
    document: Document,
    data: bytes,
    about: _Descriptor,
    above: tuple[str, ...],
    found: list[tuple[tuple[str, ...], _Manifest, _Platform]],
) -> None:
    manifest: _Manifest = _decoded(data, _Manifest)
    if manifest.manifests is None:
        if manifest.config is not None and document(blob(manifest.config.digest)) is not None:
            found.append((above, manifest, about.platform or _Platform()))
        return
    if len(above) >= _NESTED:
        raise MalformedError("indexes too deep")
    for descriptor in manifest.manifests[:_MANIFESTS]:
        if len(found) >= _MANIFESTS or "vnd.docker.reference.type" in (descriptor.annotations or {}):
            continue
        inner = document(blob(descriptor.digest))
        if inner is not None:
            _gather(document, inner, descriptor, (*above, descriptor.digest), found)


def _document(document: Document, name: str) -> bytes:
    found = document(name)
    if found is None:
        raise MalformedError(f"{name} is missing")
    return found
