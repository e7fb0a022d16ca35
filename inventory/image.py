"""What an image is (image inspect and history)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from inventory.container import Healthcheck
from inventory.resource import Kind, Resource


class HistoryEntry(msgspec.Struct, frozen=True):
    """One build step, newest first: `created_by` untruncated; `size` in bytes; `created` in epoch seconds."""

    created: float
    created_by: str
    size: int
    comment: str = ""
    tags: tuple[str, ...] = ()


class Image(Resource):
    """An image in the engine's store. `name` is the first tag, else the first digest reference, else the short id."""

    kind: ClassVar[Kind] = Kind.IMAGE

    id: str  # "sha256:..."
    repo_tags: tuple[str, ...]
    repo_digests: tuple[str, ...]
    created: float  # 0.0 when the image does not say
    size: int
    comment: str
    architecture: str
    os: str
    user: str
    env: tuple[str, ...]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    working_dir: str
    exposed_ports: tuple[str, ...]
    volumes: tuple[str, ...]
    on_build: tuple[str, ...]
    healthcheck: Healthcheck | None
    layers: tuple[str, ...]  # RootFS.Layers, lowest first
    history: tuple[HistoryEntry, ...]
    metadata: Mapping[str, str]  # last tag time and the like, for display

    @property
    def dangling(self) -> bool:
        """Whether no tag and no digest reference leads to it."""
        return not self.repo_tags and not self.repo_digests
