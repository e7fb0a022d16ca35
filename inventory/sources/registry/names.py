"""Names as registries have them, and JSON of strangers taken apart with care."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from inventory.sources.registry.faults import Cause, RegistryError

INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
HUB = "docker.io"
HUB_ENDPOINT = "registry-1.docker.io"
HUB_CREDENTIALS = "https://index.docker.io/v1/"
_HUB_NAMES = {HUB, "index.docker.io", HUB_ENDPOINT}

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_LONGEST = 255


class Descriptor(msgspec.Struct, frozen=True):
    """Of an OCI descriptor what is used here; `platform` is os, architecture and variant."""

    digest: str
    media_type: str = ""
    artifact_type: str = ""
    size: int = 0
    annotations: Mapping[str, str] = msgspec.field(default_factory=dict)
    platform: tuple[str, str, str] = ("", "", "")


def split(repository: str) -> tuple[str, str]:
    """Host and path of "registry/repository". Raises `RegistryError` for what no registry could have."""
    host, _, path = repository.partition("/")
    host = HUB if host.lower() in _HUB_NAMES else host
    if not _HOST.fullmatch(host) or len(path) > _LONGEST or not _PATH.fullmatch(path):
        raise RegistryError(Cause.REFUSED, "not the name of a repository")
    return host, path


def is_digest(text: str) -> bool:
    """Whether it is a digest of an algorithm that is known here."""
    return _DIGEST.fullmatch(text) is not None


def is_reference(text: str) -> bool:
    """Whether it is a tag or a digest."""
    return is_digest(text) or _TAG.fullmatch(text) is not None


def digest_of(content: bytes, like: str = "sha256:") -> str:
    """The digest of content by the algorithm of another one."""
    name = "sha512" if like.startswith("sha512:") else "sha256"
    return f"{name}:{hashlib.new(name, content).hexdigest()}"


def address(host: str) -> str:
    """A host without its port and brackets, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if host.count(":") == 1 else host.lower()


def is_loopback(host: str) -> bool:
    """Whether a host (with or without port) is this machine by its very name."""
    name = address(host)
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def document(content: bytes, what: str) -> dict[str, Any]:
    """A JSON object. Raises `RegistryError`; depth is bounded by the decoder."""
    try:
        found = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        raise RegistryError(Cause.MALFORMED, f"{what} is not JSON") from None
    if not isinstance(found, dict):
        raise RegistryError(Cause.MALFORMED, f"{what} is no JSON object")
    return found


def media_type(found: Mapping[str, Any]) -> str:
    """The type of a manifest by its own word, else by its shape: the header is no part of what has a digest."""
    said = found.get("mediaType")
    if isinstance(said, str) and said:
        return said[:_LONGEST]
    if isinstance(found.get("manifests"), list):
        return INDEXES[0]
    return MANIFESTS[0] if isinstance(found.get("layers"), list) else ""


def descriptors(found: Mapping[str, Any], key: str) -> Iterator[Descriptor]:
    """The descriptors below `key` that are such; others are left out."""
    listed = found.get(key)
    for one in listed if isinstance(listed, list) else ():
        made = descriptor(one)
        if made is not None:
            yield made


def descriptor(one: object) -> Descriptor | None:
    """A descriptor, None for what is none."""
    if not isinstance(one, dict):
        return None
    digest = one.get("digest")
    if not isinstance(digest, str) or not is_digest(digest):
        return None
    size = one.get("size")
    platform = one.get("platform")
    place = platform if isinstance(platform, dict) else {}
    return Descriptor(
        digest,
        text(one, "mediaType"),
        text(one, "artifactType"),
        size if isinstance(size, int) and not isinstance(size, bool) else 0,
        strings(one.get("annotations")),
        (text(place, "os"), text(place, "architecture"), text(place, "variant")),
    )


def text(found: Mapping[str, Any], key: str) -> str:
    """A short string, "" for anything else."""
    value = found.get(key)
    return value if isinstance(value, str) and len(value) <= _LONGEST else ""


def strings(found: object, most: int = 64, longest: int = 1 << 20) -> dict[str, str]:
    """The strings of a mapping; certificates and bundles are among them, so each may be long."""
    if not isinstance(found, dict):
        return {}
    fit = [
        (key, value)
        for key, value in found.items()
        if isinstance(key, str) and isinstance(value, str) and len(value) <= longest
    ]
    return dict(fit[:most])
