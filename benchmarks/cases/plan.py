"""How much of everything a run of the benchmarks does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.figures import Figure


@dataclass(frozen=True, slots=True)
class Plan:
    """`say` gets a line about what is going on."""

    say: Callable[[str], None]
    starts: int = 9
    presses: int = 50
    idle: float = 60.0  # as long as a source waits between two full lists
    scans: int = 7
    sizes: tuple[int, ...] = (20, 100, 500)
    rows: tuple[int, ...] = (500, 5000)
    judged: tuple[int, ...] = (1000, 5000)
    pods: tuple[int, ...] = (5000, 50000)
    records: int = 300_000
    lab: bool = True


def quick(say: Callable[[str], None]) -> Plan:
    """About a minute: fewer runs, a shorter look, no real engine."""
    return Plan(say, 3, 20, 6.0, 3, (20, 100), (500,), (1000,), (5000,), records=20_000, lab=False)


Case = Callable[[Plan], list[Figure]]
