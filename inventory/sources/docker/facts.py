"""Shared steps from a decoded answer to a resource: gaps with the API's paths, times, labels, names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from msgspec import UnsetType

from inventory.gap import Gap, Reason
from inventory.resource import EMPTY, Resource

R = TypeVar("R", bound=Resource)
T = TypeVar("T")
V = TypeVar("V")

PROJECT_LABELS = ("com.docker.compose.project", "com.docker.stack.namespace", "io.kubernetes.pod.namespace")
"""Labels that say what a container, network or volume belongs to (Compose, Swarm stack, Kubernetes, Podman play)."""
PENDING = Gap(Reason.PENDING, "")
"""For what only a later request tells."""
PODMAN_COMPOSE_PROJECT = "io.podman.compose.project"


def finish(
    resource: type[R],
    values: dict[str, Any],
    paths: Mapping[str, str],
    malformed: Mapping[str, str],
    unread: Gap | None = None,
    optional: Mapping[str, str] = EMPTY,
) -> R:
    """Build the resource; a field of `paths` without a value becomes a gap at its API path.

    `values` holds None for what the answer does not have; a field that may truly be None is in `optional` instead.
    `unread` gives the reason for fields that are not in `values` at all because that answer was not read.
    """
    for field, path in paths.items():
        if values.get(field) is None:
            told = unread is None or field in values
            values[field] = Gap(Reason.ABSENT, path) if told else _elsewhere(unread, path)
    if malformed:
        values["gaps"] = {**values.get("gaps", EMPTY), **_mark(values, {**paths, **optional}, malformed)}
    return resource.build(**values)


def _elsewhere(unread: Gap | None, path: str) -> Gap:
    return Gap(unread.reason if unread else Reason.ABSENT, path, unread.detail if unread else "")


def _mark(values: dict[str, Any], paths: Mapping[str, str], malformed: Mapping[str, str]) -> dict[str, Gap]:
    """Replace every field that a malformed part of the answer feeds; labels keep what was right of them."""
    gaps: dict[str, Gap] = {}
    for field, path in paths.items():
        wrong = next((where for where in malformed if _overlap(where, path)), None)
        if wrong is not None:
            values[field] = Gap(Reason.MALFORMED, wrong, malformed[wrong])
    for wrong, detail in malformed.items():
        if wrong.endswith("Labels"):
            gaps["labels"] = Gap(Reason.MALFORMED, wrong, detail)
    return gaps


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(other + ".") or other.startswith(one + ".")


def moment(text: str | None, default: float | None = None) -> float | Gap | None:
    """RFC 3339 to epoch seconds; Go's zero time (year 1) and "" are 0.0; None gives `default`."""
    if text is None:
        return default
    if not text or text.startswith("0001-"):
        return 0.0
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return Gap(Reason.MALFORMED, "time", "not RFC 3339")


def seconds(nanoseconds: int | None) -> float:
    """Go's duration in seconds."""
    return (nanoseconds or 0) / 1e9


def words(found: list[str] | str | None) -> tuple[str, ...]:
    """A list of strings; null is empty, and a bare string (old images) is one word."""
    return (found,) if isinstance(found, str) else tuple(found or ())


def told(make: Callable[[T], V], found: T | UnsetType) -> V | None:
    """What a member means, null included; None, which `finish` turns into a gap, when the answer does not have it."""
    return None if isinstance(found, UnsetType) else make(found)


def or_none(found: T | UnsetType) -> T | None:
    """A member where it makes no difference whether it is missing or null."""
    return None if isinstance(found, UnsetType) else found


def texts(found: Mapping[str, str] | None) -> Mapping[str, str]:
    """A mapping of strings; null is empty."""
    return found or EMPTY


def project(labels: Mapping[str, str]) -> str:
    """The Compose project, Swarm stack or Kubernetes namespace that the labels name, else ""."""
    return next((labels[label] for label in (*PROJECT_LABELS, PODMAN_COMPOSE_PROJECT) if labels.get(label)), "")


@lru_cache(maxsize=512)
def capability(name: str) -> str:
    """`CAP_SYS_ADMIN`, `sys_admin` and `SYS_ADMIN` are one: upper case without the prefix."""
    return name.upper().removeprefix("CAP_")


def own_name(names: Sequence[str], fallback: str = "") -> str:
    """The container's own name: the one with a single slash; `/link1/p` is what a link calls it."""
    own = next((name for name in names if name.count("/") <= 1 and name.strip("/")), "")
    return own.removeprefix("/") or fallback


def without_slash(names: Sequence[str]) -> tuple[str, ...]:
    """All names without the leading slash, the container's own first."""
    return tuple(sorted((name.removeprefix("/") for name in names), key=lambda name: "/" in name))
