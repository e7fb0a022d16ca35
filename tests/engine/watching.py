"""A session without a screen on a real engine, and waiting for what it must come to show."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from checks.policy import Policy
from checks.verdict import Outcome
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot, SourceHealth
from tui.freshness import Freshness
from tui.live import live_source
from tui.picture import Picture
from tui.session import Session

NAME = "docker"
BOUND = 5.0  # seconds that anything may take here; the benchmarks measure how long it takes

Seen = Callable[[Picture], bool]


class Watch:
    """Follows one engine until stopped."""

    def __init__(self, url: str) -> None:
        self._news = threading.Event()
        self.session = Session(self._news.set)
        self.session.start([live_source(self.session, NAME, url)], Policy())

    def stop(self) -> None:
        self.session.stop()

    @property
    def picture(self) -> Picture:
        return self.session.picture

    @property
    def snapshot(self) -> Snapshot:
        return self.session.store.snapshot()

    @property
    def health(self) -> SourceHealth:
        return self.snapshot.sources[NAME]

    def freshness(self) -> Freshness:
        return self.session.freshness(time.time())

    def settle(self) -> None:
        """Wait until everything was read and judged, and nothing new has come for a second."""
        self.until("everything read and judged", lambda picture: self.session.settled, bound=60.0)
        deadline = time.monotonic() + 20.0
        while time.monotonic() < deadline:
            self._news.clear()
            if not self._news.wait(1.0):
                return

    def until(self, what: str, seen: Seen, bound: float = BOUND) -> float:
        """Wait until a picture whose verdicts belong to its facts shows it; the seconds that it took."""
        began = time.monotonic()
        while True:
            self._news.clear()
            picture = self.picture
            waited = time.monotonic() - began
            if picture.evaluation.generation == picture.snapshot.generation and seen(picture):
                return waited
            assert waited < bound, f"not within {bound:.0f} s: {what}; {self._situation()}"
            self._news.wait(0.2)

    def _situation(self) -> str:
        snapshot = self.snapshot
        return f"{self.health.status.value} {self.health.detail}, gaps {dict(snapshot.gaps)}, {snapshot.events[-3:]}"


def named(picture: Picture, kind: Kind, name: str) -> Resource | None:
    """The resource that is called so."""
    return next((found for found in picture.snapshot.by_kind.get(kind, {}).values() if found.name == name), None)


def failing(picture: Picture, resource: Resource | None) -> frozenset[str]:
    """The checks that fail on it; none while it is not there or not judged."""
    judgement = picture.judgement(resource.key) if resource is not None else None
    results = judgement.results if judgement else ()
    return frozenset(result.check.id for result in results if result.outcome is Outcome.FAIL)


def facts(snapshot: Snapshot) -> dict[ResourceKey, dict[str, object]]:
    """Everything that is known of every resource but when it was read."""
    return {resource.key: _facts(resource) for resource in snapshot}


def _facts(resource: Resource) -> dict[str, object]:
    names = set(resource.field_names) - {"observed_at", "raw"}
    return {name: resource.gaps if name == "gaps" else resource.peek(name) for name in names}
