"""What an image reference says about content: a name that may move, or the content itself."""

from __future__ import annotations

import re
from functools import lru_cache

from inventory import reference
from inventory.reference import Reference

_CONTENT_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}|sha256:[0-9a-f]{6,64}")


@lru_cache(maxsize=8192)
def parse(text: str) -> Reference | None:
    """Parse a reference; None for a bare content id, for `<none>` and for empty text."""
    if not text or "<none>" in text or _CONTENT_ID.fullmatch(text):
        return None
    return reference.parse(text)


def is_content_id(text: str) -> bool:
    """Whether the text names content directly, so that it cannot come to mean something else."""
    return _CONTENT_ID.fullmatch(text) is not None


def complete(name: Reference) -> str:
    """Registry and repository: `docker.io/library/busybox`."""
    return f"{name.registry}/{name.repository}"


def tagged(name: Reference) -> str:
    """The complete name that a tag lookup uses, `latest` where no tag is written."""
    return f"{complete(name)}:{name.tag or 'latest'}"


def host(registry: str) -> str:
    """The registry's host without a port or brackets."""
    if registry.startswith("["):
        return registry[1:].partition("]")[0]
    return registry.partition(":")[0]
