"""Whether a version lies in a range of the OSV schema, and what fixes it."""

from __future__ import annotations

from typing import Any

from inventory.vulnerabilities.records import FIXED, INTRODUCED, LAST_AFFECTED, LIMIT, Affected
from inventory.vulnerabilities.versions import LOWEST, key


def judge(entry: Affected, order: str, version: str) -> tuple[bool | None, str]:
    """Whether `version` is affected (None: cannot be told), and the smallest version above it that fixes it, or "".

    A literal mention in `versions` or any range suffices. One range that cannot be ordered leaves it open, unless
    something else says yes.
    """
    hit: bool | None = False
    fixes: list[tuple[Any, str]] = []
    for events in entry.ranges:
        inside, fix = _inside(events, order, version)
        if inside:
            hit = True
            if fix is not None:
                fixes.append(fix)
        elif inside is None and not hit:
            hit = None
    if not hit and entry.lists(version):
        hit = True
    return hit, min(fixes)[1] if fixes else ""


def _inside(events: tuple[str, ...], order: str, version: str) -> tuple[bool | None, tuple[Any, str] | None]:
    installed = key(order, version)
    if installed is None:
        return None, None
    points: list[tuple[tuple[Any, ...], str, str]] = []
    limits: list[Any] = []
    for event in events:
        kind, at = event[:1], event[1:]
        if kind == LIMIT and at == "*":
            continue
        # Nothing is below "0": neither where a range begins with it nor where it ends at once (never affected).
        place = (0,) if at == LOWEST and kind in (INTRODUCED, FIXED) else (1, key(order, at))
        if place[-1] is None:
            return None, None
        if kind == LIMIT:
            limits.append(place)
        else:
            points.append((place, kind, at))
    here = (1, installed)
    if limits and not any(here < limit for limit in limits):
        return False, None
    # The sort is stable: at the same version the events count in the order in which they are written.
    points.sort(key=lambda point: point[0])
    inside = False
    fix: tuple[Any, str] | None = None
    for place, kind, at in points:
        if kind == INTRODUCED:
            inside = inside or here >= place
        elif kind == FIXED:
            inside = inside and here < place
            if here < place and fix is None:
                fix = (place, at)
        elif kind == LAST_AFFECTED:
            inside = inside and here <= place
    return inside, fix
