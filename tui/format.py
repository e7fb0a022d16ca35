"""Numbers and times in few, right-alignable characters. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from inventory.gap import Gap, Reason
from inventory.resource import Resource

T = TypeVar("T")
MINUTE, HOUR, DAY = 60, 3600, 86400


def age(seconds: float) -> str:
    """A duration in one unit: `45s`, `12m`, `3h`, `41d`; negative (a clock that is off) counts as 0."""
    seconds = max(0.0, seconds)
    if seconds < MINUTE:
        return f"{int(seconds)}s"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)}m"
    if seconds < 2 * DAY:
        return f"{int(seconds // HOUR)}h"
    return f"{int(seconds // DAY)}d"


def since(moment: float, now: float) -> str:
    """How long ago `moment` (epoch seconds) was; `-` for never."""
    return age(now - moment) if moment > 0 else "-"


def size(count: float) -> str:
    """Bytes in powers of 1024: `512`, `88M`, `1.9G`."""
    if count < 1024:
        return f"{int(count)}B"
    for unit in "KMGT":
        count /= 1024
        if count < 10 and unit not in "KM":
            return f"{count:.1f}{unit}"
        if count < 1000:
            return f"{count:.0f}{unit}"
    return f"{count / 1024:.0f}P"


def clock(moment: float) -> str:
    """Time of day in UTC, as `11:42:07Z`."""
    return _written(moment, "%H:%M:%SZ")


def stamp(moment: float) -> str:
    """Date and time in UTC; `-` for never."""
    return _written(moment, "%Y-%m-%d %H:%M:%SZ") if moment > 0 else "-"


def _written(moment: float, form: str) -> str:
    try:
        return datetime.fromtimestamp(moment, UTC).strftime(form)
    except (ValueError, OverflowError, OSError):  # an engine or a recording may tell any number
        return "?"


def short_id(identifier: str) -> str:
    """The twelve digits that the docker command line shows."""
    return identifier.removeprefix("sha256:")[:12]


def image_reference(reference: str) -> str:
    """A reference as people read it: without the default registry, a digest cut to twelve digits."""
    name, at, digest = reference.partition("@sha256:")
    name = name.removeprefix("docker.io/library/").removeprefix("docker.io/")
    if name.startswith("sha256:"):
        return short_id(name)
    return f"{name}@{digest[:12]}" if at else name


def told(resource: Resource, name: str) -> str:
    """A field as text, or what a list shows where it is missing."""
    value = resource.peek(name)
    return missing(value) if isinstance(value, Gap) else str(value)


def known(resource: Resource, name: str, default: T) -> T:
    """A field's value, or `default` (of the same type) where it is missing: for sorting, matching and counting only."""
    value: T | Gap = resource.peek(name)
    return default if isinstance(value, Gap) else value


def missing(gap: Gap) -> str:
    """What a list shows for a value that is missing: `..` while it is being read, else `?`. Never 0, never ok."""
    return ".." if gap.reason is Reason.PENDING else "?"
