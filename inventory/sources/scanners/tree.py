"""Looking into JSON that a stranger wrote: what has another type than expected counts as absent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from inventory.vulnerabilities.model import Rating

Node = Mapping[str, Any]
LONGEST = 2000
MOST = 100_000
"""Entries of one list that are looked at."""


def at(node: object, *path: str) -> object:
    """What lies at a path of keys, None where there is nothing."""
    for name in path:
        if not isinstance(node, Mapping):
            return None
        node = node.get(name)
    return node


def text(node: object, *path: str) -> str:
    """The text at a path, "" where there is none; cut where no name or version is as long."""
    found = at(node, *path)
    return found[:LONGEST] if isinstance(found, str) else ""


def number(node: object, *path: str) -> float | None:
    """The number at a path, also one that is written as a text."""
    found = at(node, *path)
    if isinstance(found, str):
        try:
            found = float(found)
        except ValueError:
            return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if abs(found) < 1e15 else None  # and so no NaN and no infinity


def nodes(node: object, *path: str) -> Iterator[Node]:
    """The objects of the list at a path."""
    found = at(node, *path)
    return (item for item in found[:MOST] if isinstance(item, Mapping)) if isinstance(found, list) else iter(())


def texts(node: object, *path: str) -> tuple[str, ...]:
    """The texts of the list at a path."""
    found = at(node, *path)
    return tuple(item[:LONGEST] for item in found[:MOST] if isinstance(item, str)) if isinstance(found, list) else ()


_RATINGS = {
    "critical": Rating.CRITICAL, "high": Rating.HIGH, "important": Rating.HIGH, "medium": Rating.MEDIUM,
    "moderate": Rating.MEDIUM, "low": Rating.LOW, "negligible": Rating.NEGLIGIBLE, "info": Rating.NEGLIGIBLE,
    "none": Rating.NEGLIGIBLE, "unimportant": Rating.NEGLIGIBLE,
}  # fmt: skip


def rating(word: str) -> Rating:
    """The rating that a word of any scanner means."""
    return _RATINGS.get(word.strip().lower(), Rating.UNKNOWN)


def rated(score: float) -> Rating:
    """The rating of a CVSS score (CVSS v3.1, section 5)."""
    bounds = ((9.0, Rating.CRITICAL), (7.0, Rating.HIGH), (4.0, Rating.MEDIUM), (0.1, Rating.LOW))
    return next((rating for bound, rating in bounds if score >= bound), Rating.NEGLIGIBLE)


def moment(written: str) -> float:
    """An RFC 3339 time in epoch seconds, 0.0 where it is none."""
    from datetime import UTC, datetime

    try:
        found = datetime.fromisoformat(written[:19] + (written[-6:] if written[-6:-5] in {"+", "-"} else ""))
        return found.replace(tzinfo=found.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return 0.0
