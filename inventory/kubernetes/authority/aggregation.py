"""The rules of cluster roles that are made of other cluster roles, as the aggregation controller makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inventory.gap import Gap
from inventory.kubernetes.part import LabelSelector, selects
from inventory.kubernetes.rbac import ClusterRole, PolicyRule

Rules = tuple[PolicyRule, ...]


def resolved(roles: Sequence[ClusterRole]) -> Mapping[str, Rules | Gap]:
    """The rules of every cluster role by name, or what is missing of them.

    What a server told holds at this moment, and what the controller makes of it holds in the next: both are in. Of a
    manifest's aggregated role only what the controller makes of it: it writes over the rest.
    """
    ordered = sorted(roles, key=lambda role: role.name)
    found: dict[str, Rules | Gap] = {role.name: role.peek("rules") for role in ordered}
    aggregated = [role for role in ordered if role.peek("aggregation_rule") is not None]
    if not aggregated:
        return found
    spoilt = next((gap for role in ordered if isinstance(gap := role.peek("labels"), Gap)), None)
    edges = _edges(ordered, aggregated) if spoilt is None else {}
    number = {role.name: at for at, role in enumerate(ordered)}
    made: dict[int, Rules | Gap] = {}
    for role in aggregated:
        gap = role.peek("aggregation_rule")
        if isinstance(gap, Gap) or spoilt is not None:
            found[role.name] = gap if isinstance(gap, Gap) else spoilt  # type: ignore[assignment]
            continue
        sources = _reached(number[role.name], edges)
        if sources not in made:
            made[sources] = _union(ordered, sources, edges)
        stored = role.peek("rules") if role.peek("manifest") is None else ()
        found[role.name] = _joined(stored, made[sources])
    return found


def gathers(roles: Sequence[ClusterRole]) -> frozenset[str]:
    """The names of the roles whose rules are copied into an aggregated one."""
    ordered = sorted(roles, key=lambda role: role.name)
    edges = _edges(ordered, [role for role in ordered if role.aggregation_rule is not None])
    bits = 0
    for one in edges.values():
        bits |= one
    return frozenset(ordered[at].name for at in _bits(bits))


def _edges(ordered: Sequence[ClusterRole], aggregated: Sequence[ClusterRole]) -> dict[int, int]:
    """Which roles an aggregated one copies from: sets of numbers, as the bits of an integer."""
    number = {role.name: at for at, role in enumerate(ordered)}
    matched: dict[str, int] = {}
    edges: dict[int, int] = {}
    for role in aggregated:
        rule = role.peek("aggregation_rule")
        if isinstance(rule, Gap):
            continue
        bits = 0
        for selector in rule.cluster_role_selectors:
            name = repr(selector)
            if name not in matched:
                matched[name] = _matched(ordered, selector)
            bits |= matched[name]
        edges[number[role.name]] = bits & ~(1 << number[role.name])
    return edges


def _matched(ordered: Sequence[ClusterRole], selector: LabelSelector) -> int:
    return sum(1 << at for at, role in enumerate(ordered) if selects(selector, role.labels))


def _reached(start: int, edges: Mapping[int, int]) -> int:
    """All roles that one copies from, by way of others too; circles end."""
    seen = pending = edges.get(start, 0)
    while pending:
        lowest = pending & -pending
        pending ^= lowest
        new = edges.get(lowest.bit_length() - 1, 0) & ~seen
        seen |= new
        pending |= new
    return seen


def _union(ordered: Sequence[ClusterRole], sources: int, edges: Mapping[int, int]) -> Rules | Gap:
    rules: dict[PolicyRule, None] = {}
    for at in _bits(sources):
        if at in edges:
            continue  # made of others itself, which are all here
        own = ordered[at].peek("rules")
        if isinstance(own, Gap):
            return own
        rules |= dict.fromkeys(own)
    return tuple(rules)


def _joined(stored: Rules | Gap, made: Rules | Gap) -> Rules | Gap:
    if isinstance(stored, Gap) or isinstance(made, Gap):
        return stored if isinstance(stored, Gap) else made
    return tuple(dict.fromkeys((*stored, *made)))


def _bits(number: int) -> list[int]:
    return [at for at, bit in enumerate(reversed(f"{number:b}")) if bit == "1"]
