"""Indexes by namespace that are made anew for the namespaces alone in which something changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from inventory.gap import Gap
from inventory.kubernetes.workloads import PodBearer

T = TypeVar("T")
Builder = Callable[[tuple[PodBearer, ...]], Mapping[str, T]]
_SOURCES = 4
"""Sources whose last state is kept; who looks at more pays with time, not with memory."""


def by_namespace(entry: Callable[[list[PodBearer]], T]) -> Builder[T]:
    """A builder for `View.index_of`: `entry` of what each namespace holds, a function of its own for each family.

    `entry` must be pure: for a namespace with the very same objects as last time its result is taken again.
    """
    known: dict[str, dict[str, tuple[list[PodBearer], T]]] = {}

    def build(bearers: tuple[PodBearer, ...]) -> Mapping[str, T]:
        groups: dict[str, list[PodBearer]] = {}
        for bearer in bearers:
            namespace = bearer.peek("namespace") if bearer.gaps else bearer.namespace
            if isinstance(namespace, Gap):
                continue
            group = groups.get(namespace)
            if group is None:
                groups[namespace] = [bearer]
            else:
                group.append(bearer)
        source = bearers[0].key.source if bearers else ""
        before = known.get(source, {})
        after = {}
        for name, group in groups.items():
            kept = before.get(name)
            after[name] = kept if kept is not None and kept[0] == group else (group, entry(group))
        if source not in known and len(known) >= _SOURCES:
            known.clear()
        known[source] = after
        return {name: found for name, (_, found) in after.items()}

    return build
