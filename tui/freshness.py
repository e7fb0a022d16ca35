"""How old what is shown is."""

from __future__ import annotations

from typing import NamedTuple

STALE_AFTER, LOST_AFTER = 3.0, 10.0  # seconds without an answer
RANK = {"recorded": 0, "live": 0, "connecting": 1, "stale": 2, "lost": 3}


class Freshness(NamedTuple):
    """`state` is live, stale, lost, connecting or recorded; `age` in seconds; `moment` of the last answer, epoch s."""

    state: str
    age: float = 0.0
    moment: float = 0.0


def waiting(seconds: float) -> Freshness:
    """How a start without any answer looks after this many seconds."""
    if seconds >= LOST_AFTER:
        return Freshness("lost", seconds)
    return Freshness("stale" if seconds >= STALE_AFTER else "connecting", seconds)
