"""A service of a Compose file, as the container that it asks for."""

from __future__ import annotations

from collections.abc import Mapping

from inventory.container import Container
from inventory.kubernetes.resource import Manifest


class ComposeService(Container):
    """The container as it will be once it is up: `state` is running, and what only a process shows is a gap.

    What the file does not set has the engine's default. `manifest.lines` is by the API's paths (`HostConfig.PidMode`);
    `words` gives the file's own for them (`services.web.pid`).
    """

    manifest: Manifest
    words: Mapping[str, str]
