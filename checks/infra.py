"""Podman makes one container for each pod by itself, which only holds the pod's namespaces, and builds its image.

What a person decides about a workload is nobody's decision there: no user, root file system, limit, probe or log. What
the pod decides shows on it and is judged: host namespaces, published ports, networks.
"""

from __future__ import annotations

from checks.verdict import Verdict, not_applicable
from inventory.container import Container
from inventory.image import Image
from inventory.resource import Resource

_PAUSE = "localhost/podman-pause:"
_WORKLOAD = frozenset({
    "IMG-003", "MON-020", "MON-021", "MON-022", "NET-004", "NET-024", "RUN-008", "RUN-011", "RUN-012", "RUN-015",
    "RUN-021", "RUN-022", "RUN-023", "RUN-024", "RUN-025", "RUN-026", "RUN-027", "RUN-028", "RUN-029", "RUN-030",
    "RUN-031", "RUN-032", "RUN-033", "RUN-034", "RUN-038", "RUN-039", "RUN-042", "RUN-043", "RUN-056",
})  # fmt: skip
_IMAGE = frozenset({"IMG-001", "IMG-003", "IMG-004", "IMG-005", "IMG-011", "IMG-022", "IMG-025"})


def exempt(check: str, resource: Resource) -> Verdict | None:
    """Not applicable where the check judges a decision that Podman made itself, else None."""
    if isinstance(resource, Container):
        held = check in _WORKLOAD and resource.peek("infra") is True
        return not_applicable("it only holds the namespaces of its pod") if held else None
    if isinstance(resource, Image) and check in _IMAGE and is_pause(resource):
        return not_applicable("Podman builds it itself to hold the namespaces of pods")
    return None


def is_pause(image: Image) -> bool:
    """Whether every name of the image is the one that Podman gives to what it builds for its pods."""
    tags = image.peek("repo_tags")
    return isinstance(tags, tuple) and bool(tags) and all(tag.startswith(_PAUSE) for tag in tags)
