"""When to read what: touched objects after a short pause, whole kinds rarely, nothing twice at a time."""

from __future__ import annotations

from collections.abc import Iterable

from inventory.resource import Kind
from inventory.sources.docker.follow import Target

PAUSE = 0.1
"""Seconds from the first event of an object until it is read: a start alone is three events."""
PAUSES = {
    Kind.IMAGE: 0.5,
    Kind.SERVICE: 0.2,
    Kind.TASK: 1.0,
    Kind.NODE: 1.0,
    Kind.VOLUME: 0.3,
    Kind.ENGINE: 0.3,
    Kind.COMPONENT: 0.2,
}
SPACING = {Kind.TASK: 10.0, Kind.SERVICE: 1.0, Kind.IMAGE: 1.0, Kind.VOLUME: 1.0, Kind.HOST: 3.0}
"""Seconds between two readings of a whole kind, however many events ask for it (a crash loop asks all the time)."""


class Agenda:
    """Due times by target. A target that is being read is not given out again until `done`."""

    def __init__(self) -> None:
        self._due: dict[Target, float] = {}
        self._busy: set[Target] = set()
        self._last: dict[Target, float] = {}

    def add(self, target: Target, now: float, pause: float | None = None) -> None:
        """Read this after its pause; one that is already planned keeps its earlier time."""
        if pause is None:
            pause = PAUSES.get(target[0], PAUSE) if not target[1] or target[0] is Kind.IMAGE else PAUSE
        spacing = 0.0 if target[1] else SPACING.get(target[0], 0.0)
        due = max(now + pause, self._last.get(target, -spacing) + spacing)
        self._due[target] = min(due, self._due.get(target, due))

    def add_all(self, targets: Iterable[Target], now: float) -> None:
        """Read these now."""
        for target in targets:
            self._due[target] = min(now, self._due.get(target, now))

    def drop(self, target: Target) -> None:
        """It is gone: do not read it."""
        self._due.pop(target, None)

    def clear(self) -> None:
        """Forget everything; what is being read stays busy."""
        self._due.clear()

    def next(self) -> float | None:
        """When something is due next (monotonic seconds), or None."""
        waiting = [due for target, due in self._due.items() if target not in self._busy]
        return min(waiting) if waiting else None

    def take(self, now: float) -> list[Target]:
        """What is due, marked busy."""
        ready = [target for target, due in self._due.items() if due <= now and target not in self._busy]
        for target in ready:
            del self._due[target]
            self._busy.add(target)
            self._last[target] = now
        return ready

    def done(self, target: Target) -> None:
        """Its reading has ended."""
        self._busy.discard(target)

    @property
    def busy(self) -> bool:
        """Whether anything is being read or waits to be."""
        return bool(self._busy or self._due)
