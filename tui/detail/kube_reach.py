"""Who can talk to a pod, and how it is reached from outside: by the network policies, not by what was seen."""

from __future__ import annotations

from collections.abc import Iterator

from checks.report.wrap import wrapped
from inventory.gap import Unread
from inventory.kubernetes.exposure import KubeService
from inventory.kubernetes.outside import Exposure, exposure_of, service_exposure
from inventory.kubernetes.policies import NetworkPolicy
from inventory.kubernetes.reach.answer import Reachability, reachability
from inventory.kubernetes.reach.result import Line
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.workloads import PodBearer
from inventory.resource import ResourceKey
from inventory.text import safe
from tui.detail.kube_state import gap_line
from tui.detail.tab import Context
from widgets.cells import Cell
from widgets.style import Role
from widgets.textview import TextLine, line

_SHOWN = 4


def reach_lines(resource: KubeResource, context: Context) -> Iterator[TextLine]:
    """From outside, then who reaches it inside, then what it reaches, and what was not taken into account."""
    snapshot = context.picture.snapshot
    try:
        if isinstance(resource, KubeService):
            yield from _outside(service_exposure(snapshot, resource))
            return
        if not isinstance(resource, PodBearer):
            return
        yield from _outside(exposure_of(snapshot, resource))
        found = reachability(snapshot, resource.key.source)
        inward, outward = found.isolating(resource)
        yield from _isolated("in", inward)
        yield from _those(found.reaching(resource), "may reach it", context)
        yield from _isolated("out", outward)
        yield from _those(found.reachable(resource), "it may reach", context)
        yield from _caveats(found, context)
    except Unread as missing:
        yield gap_line(missing.gap)


def _outside(exposure: Exposure) -> Iterator[TextLine]:
    yield line(" FROM OUTSIDE THE CLUSTER", "header")
    for path in exposure.paths:
        role: Role = "normal" if path.limited else "accent"
        through = " > ".join(f"{key.kind} {key.id}" for key in path.through)
        limited = f"   limited: {path.limited}" if path.limited else ""
        words = f"   {path.outside} {path.protocol} ({path.way}) > {path.target or 'every port'}"
        shown = Cell.join((safe(words, 200), role), (safe(f"   {through}", 300), "dim"), (safe(limited, 200), "pass"))
        yield TextLine(shown, meta=path.through[-1] if path.through else None)
    if not exposure.paths and not exposure.unread:
        yield line("   nothing leads to it", "pass")
    for gap in exposure.unread:
        yield line(f"   there may be more: {safe(str(gap), 300)}", "unknown")


def _isolated(way: str, policies: tuple[NetworkPolicy, ...]) -> Iterator[TextLine]:
    yield line("")
    if not policies:
        yield line(f" ON THE WAY {way.upper()}: no NetworkPolicy isolates it", "header")
        return
    yield line(f" ON THE WAY {way.upper()}: isolated by", "header")
    for policy in policies:
        yield TextLine(Cell.of(f"   {safe(policy.key.id)}", "accent"), meta=policy.key)


def _those(lines: tuple[Line, ...], words: str, context: Context) -> Iterator[TextLine]:
    yield line(f" {words}:", "dim")
    for one in lines:
        role: Role = "accent" if one.outside else "normal" if one.ports.sure else "unknown"
        ports = safe(str(one.ports), 80)
        yield TextLine(Cell.join((f"   {_whom(one):<60} ", role), (ports, role)), meta=_link(one))
    if not lines:
        yield line("   nobody" if words.endswith("it") else "   nothing", "pass")


def _whom(one: Line) -> str:
    if one.outside:
        return safe(one.outside)
    if one.own_node:
        return "its own node"
    names = [key.id.rpartition("/")[2] for key in one.who]
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    if not one.namespace:
        return safe(f"every other node ({len(names)})" if one.everyone else f"nodes {shown}")
    return safe(
        f"{one.namespace}: everything ({one.pods} pod{'s' * (one.pods != 1)})"
        if one.everyone
        else f"{one.namespace}: {shown}"
    )


def _link(one: Line) -> ResourceKey | None:
    return one.who[0] if len(one.who) == 1 else None


def _caveats(found: Reachability, context: Context) -> Iterator[TextLine]:
    yield line("")
    for text in found.caveats:
        yield from (line(piece, "unknown") for piece in wrapped(safe(text, 1000), context.width - 2, " "))
