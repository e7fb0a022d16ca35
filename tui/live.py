"""Live engines as sources of a session, and the figures of what is on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.sources.docker.activity import Seen
from inventory.sources.docker.endpoint import Endpoint, transport
from inventory.sources.docker.endpoints import EndpointError, Found, find
from inventory.sources.docker.live import DockerSource
from inventory.sources.docker.session import connect
from inventory.sources.docker.transport import ApiError
from inventory.sources.host.activity import look_below
from inventory.sources.host.host import host_below
from inventory.store import Store
from tui.session import Session, Source
from tui.talk import Talk

READ_LIMIT = 10.0  # seconds to reach an engine for the drill-down; Podman starts programs to answer who it is


class Live:
    """One engine, followed."""

    def __init__(self, session: Session, name: str, host: str | None, found: Found) -> None:
        self.name = name
        self._endpoint = found.endpoint
        self.target = found.endpoint.url if found.endpoint else "no engine found"
        self._source = DockerSource(
            name,
            found.endpoint,
            session.store,
            tried=tuple(str(attempt) for attempt in found.tried),
            host=host_below(found.endpoint) if found.endpoint else self._below,
            find=lambda: find(host).endpoint,
            look=self._look,
        )

    def _below(self, store: Store, name: str) -> Host | Gap:
        """The machine below an engine that was found only after the start."""
        below = host_below(self.endpoint) if self.endpoint else None
        if below is None:
            return Gap(Reason.UNSUPPORTED, "host files and /proc", "the engine is reached over a network")
        return below(store, name)

    def _look(self, containers: Sequence[Container], until: float) -> Mapping[str, Seen]:
        look = look_below(self.endpoint) if self.endpoint else None
        return look(containers, until) if look is not None else {}

    def start(self) -> None:
        """List, then follow."""
        self._source.start()

    def stop(self) -> None:
        """End, without waiting."""
        self._source.stop()

    def refresh(self) -> None:
        """Read everything again."""
        self._source.refresh()

    @property
    def endpoint(self) -> Endpoint | None:
        """Where the engine is, once one was found."""
        return self._source.endpoint

    @property
    def local(self) -> bool:
        """Whether the containers' control groups may be this machine's."""
        return self.endpoint is not None and self.endpoint.local

    def reader(self) -> Any:
        """A conversation for the drill-down; takes as long as the engine takes to answer twice."""
        if self.endpoint is None:
            return Gap(Reason.ABSENT, "reading on demand", "no engine found")
        try:
            return Talk(connect(transport(self.endpoint), deadline=READ_LIMIT), self.local)
        except ApiError as error:
            return error.gap(self.endpoint.url)


def live_source(session: Session, name: str, host: str | None) -> Source:
    """A source for a host that was asked for, or for whatever engine this machine has."""
    from tui.boot import Nothing

    try:
        return Live(session, name, host, find(host))
    except EndpointError as error:
        return Nothing(session, name, host or "", Reason.ERROR, str(error))
