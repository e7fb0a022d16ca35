"""Indexes by namespace that are made anew for the namespaces alone in which something changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from inventory.gap import Gap
from inventory.kubernetes.workloads import PodBearer

T = TypeVar("T")
B = TypeVar("B", bound=PodBearer)
Builder = Callable[[tuple[Any, ...]], Mapping[str, T]]
_SOURCES = 4
"""Sources whose last state is kept; who looks at more pays with time, not with memory."""
_FAMILIES = 16
Groups = Mapping[str, list[Any]]
_GROUPED: dict[tuple[type, str], tuple[tuple[PodBearer, ...], Groups]] = {}
"""What was grouped last, by family and source: the same for all indexes of one state."""


def by_namespace(entry: Callable[[list[B]], T]) -> Builder[T]:
    """A builder for `View.index_of`: `entry` of what each namespace holds, a function of its own for each family.

    `entry` must be pure: for a namespace with the very same objects as last time its result is taken again.
    """
    known: dict[str, dict[str, tuple[list[B], T]]] = {}

    def build(bearers: tuple[B, ...]) -> Mapping[str, T]:
        source = bearers[0].key.source if bearers else ""
        before = known.get(source, {})
        after: dict[str, tuple[list[B], T]] = {}
        for name, group in _grouped(bearers).items():
            kept = before.get(name)
            after[name] = kept if kept is not None and kept[0] == group else (group, entry(group))
        if source not in known and len(known) >= _SOURCES:
            known.clear()
        known[source] = after
        return {name: found for name, (_, found) in after.items()}

    return build


def joined_from(entry: Callable[[list[B]], Mapping[str, T]]) -> Builder[T]:
    """As `by_namespace`, for a mapping of finer keys: those of all namespaces together, which must not meet."""
    parts = by_namespace(entry)

    def build(bearers: tuple[B, ...]) -> Mapping[str, T]:
        found: dict[str, T] = {}
        for part in parts(bearers).values():
            found.update(part)
        return found

    return build


def _grouped(bearers: tuple[B, ...]) -> Mapping[str, list[B]]:
    """The objects of each namespace; a namespace without a change keeps its very list, which compares at once."""
    if not bearers:
        return {}
    slot = (type(bearers[0]), bearers[0].key.source)
    known = _GROUPED.get(slot)
    if known is not None and known[0] is bearers:
        return known[1]
    groups: dict[str, list[B]] = {}
    for bearer in bearers:
        namespace = bearer.peek("namespace") if bearer.gaps else bearer.namespace
        if isinstance(namespace, Gap):
            continue
        group = groups.get(namespace)
        if group is None:
            groups[namespace] = [bearer]
        else:
            group.append(bearer)
    if known is not None:
        for name, group in groups.items():
            before = known[1].get(name)
            if before == group:
                groups[name] = before
    if slot not in _GROUPED and len(_GROUPED) >= _FAMILIES * _SOURCES:
        _GROUPED.clear()
    _GROUPED[slot] = (bearers, groups)
    return groups
