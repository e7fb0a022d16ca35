"""What is read later than it should be: an engine may answer pings for hours while one of its lists hangs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from inventory.gap import Reason
from inventory.resource import Kind
from inventory.sources.docker.follow import Target

FAILURES = 2
"""Attempts in a row that brought nothing: one alone happens to a busy engine."""
LATE = 17.5
"""Seconds after which one attempt is enough. Longer than a call and the pause before the next, so that a second
attempt that succeeds is in time."""


@dataclass(slots=True)
class _Failing:
    since: float
    times: int
    why: str


class Lateness:
    """When each kind was last listed, and what has failed since. Times are monotonic seconds.

    A target is a kind as a whole, or one object that is to be inspected.
    """

    def __init__(self) -> None:
        self._read: dict[Kind, float] = {}
        self._failing: dict[Target, _Failing] = {}

    def succeeded(self, target: Target, now: float) -> None:
        """It was read."""
        self._failing.pop(target, None)
        if not target[1]:
            self._read[target[0]] = now

    def failed(self, target: Target, asked: float, reason: Reason, message: str) -> None:
        """The attempt that began at `asked` brought nothing."""
        why = "timed out" if reason is Reason.TIMEOUT else message
        known = self._failing.setdefault(target, _Failing(asked, 0, why))
        known.times, known.why = known.times + 1, why

    def forget(self, target: Target) -> None:
        """It is gone, or its failure is told in another way."""
        self._failing.pop(target, None)

    def again(self) -> None:
        """A new connection: what failed on the one before says nothing."""
        self._failing.clear()

    def late(self, target: Target, now: float) -> bool:
        """Whether it has failed too often or for too long."""
        known = self._failing.get(target)
        return known is not None and (known.times >= FAILURES or now - known.since > LATE)

    def notes(self, now: float) -> Iterator[str]:
        """What to tell people, one sentence for each kind: `containers: last read 40 s ago (timed out)`."""
        late = sorted((target, found.why) for target, found in self._failing.items() if self.late(target, now))
        for (kind, one), found in groupby(late, key=lambda entry: (entry[0][0], bool(entry[0][1]))):
            entries = list(found)
            if one:
                yield f"{kind.value}s: {len(entries)} cannot be inspected ({entries[0][1]})"
            else:
                yield f"{kind.value}s: {self._age(kind, now)} ({entries[0][1]})"

    def _age(self, kind: Kind, now: float) -> str:
        return f"last read {_coarse(now - self._read[kind])} ago" if kind in self._read else "not read again"


def _coarse(seconds: float) -> str:
    """An age that does not change with every look: nobody is to be woken for one more second."""
    if seconds < 60:
        return f"{int(seconds // 5) * 5} s"
    return f"{int(seconds // 60)} min" if seconds < 7200 else f"{int(seconds // 3600)} h"
