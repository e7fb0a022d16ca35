"""A measured figure with the bar that it has to meet, and the few statistics that figures are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the report. `bar` is the largest value that is good enough; None where nothing was promised.

    `value` is None when it could not be measured; `how` then says why, otherwise how many runs it is made of.
    """

    section: str
    name: str
    value: float | None
    unit: str
    bar: float | None = None
    how: str = ""

    @property
    def verdict(self) -> str:
        """`OK`, `MISS`, or nothing where there is no bar."""
        if self.bar is None:
            return ""
        return "OK" if self.value is not None and self.value <= self.bar else "MISS"

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict or None}


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of the same thing."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(tuple(sorted(values)))

    @property
    def best(self) -> float | None:
        return self.values[0] if self.values else None

    @property
    def median(self) -> float | None:
        return median(self.values) if self.values else None

    @property
    def p90(self) -> float | None:
        """The 90th percentile; of fewer than ten values the largest."""
        if len(self.values) < 10:
            return self.values[-1] if self.values else None
        return quantiles(self.values, n=10, method="inclusive")[-1]

    def words(self, unit: str, scale: float = 1.0) -> str:
        """`median of 5, min 180 ms, max 230 ms`."""
        if not self.values:
            return "nothing was measured"
        low, high = number(self.values[0] * scale), number(self.values[-1] * scale)
        return f"median of {len(self.values)}, min {low}, max {high} {unit}".rstrip()


def number(value: float | None) -> str:
    """Three significant digits, thousands grouped, no exponent: `0.42`, `12.3`, `1,490`."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def ratio(part: float | None, whole: float | None) -> float | None:
    """`part` / `whole`, None where one of them is missing or the whole is nothing."""
    return part / whole if part is not None and whole else None


def scaled(value: float | None, factor: float) -> float | None:
    """`value` in another unit."""
    return None if value is None else value * factor
