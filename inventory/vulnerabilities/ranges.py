"""Whether a version lies in a range of the OSV schema, and what fixes it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from inventory.vulnerabilities.records import FIXED, INTRODUCED, LIMIT, Affected
from inventory.vulnerabilities.versions import LOWEST, key

Ranges = tuple[tuple[str, ...], ...]
_Place = tuple[Any, ...]
_Sorted = tuple[tuple[_Place, ...], tuple[tuple[_Place, str, str], ...]]
"""Limits, and the events in the order of their versions."""


def judge(entry: Affected, order: str, version: str) -> tuple[bool | None, str]:
    """Whether `version` is affected (None: cannot be told), and the smallest version above it that fixes it, or "".

    A literal mention in `versions` or any range suffices. One range that cannot be ordered leaves it open, unless
    something else says yes.
    """
    hit, fix = _judge(entry.ranges, order, version)
    if not hit and entry.lists(version):
        hit = True
    return hit, fix


def unsaid(ranges: Ranges, order: str, versions: Iterable[str]) -> list[str]:
    """The enumerated versions that no range covers: only these need to be kept, most records say everything twice."""
    known = [found for found in (_sorted(events, order) for events in ranges) if found is not None]
    if not known:
        return list(versions)
    left = []
    for version in versions:
        installed = key(order, version)
        if installed is None or not any(_inside((1, installed), found)[0] for found in known):
            left.append(version)
    return left


def _judge(ranges: Ranges, order: str, version: str) -> tuple[bool | None, str]:
    hit: bool | None = False
    best: tuple[_Place, str] | None = None
    installed = key(order, version)
    for events in ranges:
        found = _sorted(events, order) if installed is not None else None
        if found is None:
            hit = hit or None
            continue
        inside, fix = _inside((1, installed), found)
        if inside:
            hit = True
            if fix is not None and (best is None or fix < best):
                best = fix
    return hit, best[1] if best else ""


def _inside(here: _Place, found: _Sorted) -> tuple[bool, tuple[_Place, str] | None]:
    limits, points = found
    if limits and not any(here < limit for limit in limits):
        return False, None
    inside = False
    fix: tuple[_Place, str] | None = None
    for place, kind, at in points:
        if kind == INTRODUCED:
            inside = inside or here >= place
        elif kind == FIXED:
            if here < place:
                fix = fix or (place, at)
            else:
                inside = False
        elif here > place:  # last affected
            inside = False
    return inside, fix


@lru_cache(maxsize=1 << 13)
def _sorted(events: tuple[str, ...], order: str) -> _Sorted | None:
    """None where a version of the range has no place in the order."""
    points: list[tuple[_Place, str, str]] = []
    limits: list[_Place] = []
    for event in events:
        kind, at = event[:1], event[1:]
        if kind == LIMIT and at == "*":
            continue
        # Nothing is below "0": neither where a range begins with it nor where it ends at once (never affected).
        place: _Place = (0,) if at == LOWEST and kind in (INTRODUCED, FIXED) else (1, key(order, at))
        if place[-1] is None:
            return None
        if kind == LIMIT:
            limits.append(place)
        else:
            points.append((place, kind, at))
    # The sort is stable: at the same version the events count in the order in which they are written.
    points.sort(key=lambda point: point[0])
    return tuple(limits), tuple(points)
