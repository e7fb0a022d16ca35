"""Image references, taken apart as the engine does (distribution reference grammar)."""

from __future__ import annotations

import msgspec

DEFAULT_REGISTRY = "docker.io"


class Reference(msgspec.Struct, frozen=True):
    """`registry/repository:tag@digest`; tag and digest are "" where none was written."""

    registry: str
    repository: str
    tag: str
    digest: str


def parse(text: str) -> Reference:
    """Take a reference apart; the default registry and its `library` namespace are filled in.

    What has a capital letter is a registry: no repository has any.
    """
    name, _, digest = text.partition("@")
    head, slash, rest = name.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost" or head != head.lower()):
        registry, path = head, rest
    else:
        registry, path = DEFAULT_REGISTRY, name
    before, colon, tag = path.rpartition(":")
    if not colon or "/" in tag:
        before, tag = path, ""
    if registry == DEFAULT_REGISTRY and "/" not in before:
        before = f"library/{before}"
    return Reference(registry, before, tag, digest)
