"""Nodes: what they are for, whether they are well, and what keeps pods off them."""

from __future__ import annotations

from heapq import nsmallest
from typing import Any, ClassVar

from inventory.gap import Gap
from inventory.kubernetes.cluster import KubeNode
from inventory.kubernetes.part import Condition
from inventory.resource import Kind
from inventory.text import safe
from tui.format import missing
from tui.panes.services.pods import states
from tui.panes.services.population import Population, population
from tui.panes.services.view import KubeEntry, KubeView, rule, sec
from tui.panes.services.words import cell
from tui.panes.services.workloads import pod_line
from tui.picture import Picture
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line

ROLE = "node-role.kubernetes.io/"
_PRESSURE = {
    "MemoryPressure": "out of memory", "DiskPressure": "disk full", "PIDPressure": "out of pids",
    "NetworkUnavailable": "no network",
}  # fmt: skip


class NodesView(KubeView):
    """One row per node."""

    name = "Nodes"
    short = "Nodes"
    families = (KubeNode,)
    also_reads: ClassVar[tuple[Kind, ...]] = (Kind.POD,)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("name", "NODE", 14, weight=2, limit=50, cut="middle"),
        Column("state", "STATE", 20, weight=2, limit=44),
        Column("roles", "ROLES", 13, weight=1, limit=30, priority=2),
        Column("version", "VERSION", 9),
        Column("pods", "PODS", 4, align="right"),
        Column("taints", "TAINTS", 8, weight=2, limit=60, priority=3),
        Column("ip", "ADDRESS", 12, weight=1, limit=39, priority=4),
        Column("runtime", "RUNTIME", 14, weight=1, limit=30, priority=5),
        Column("age", "AGE", 4, align="right", priority=1),
    )

    def beside(self, resource: Any, pods: Population, picture: Picture) -> int | None:
        """How many pods it runs; None where pods may not be read."""
        source = resource.key.source
        if (source, Kind.POD) in picture.everything.snapshot.gaps:
            return None
        mine = pods.on_node.get((source, resource.name), ())
        return sum(1 for each in mine if each.word not in ("Completed", "Succeeded", "Failed"))

    def cells(self, entry: KubeEntry) -> tuple[Cell, ...]:
        """One cell per column."""
        node = entry.resource
        word, role = node_state(node)
        status = node.peek("status")
        info = status if isinstance(status, Gap) else status.node_info
        return (
            sec(entry),
            cell(node.name),
            cell(word, role),
            cell(roles(node)),
            cell(info if isinstance(info, Gap) else info.kubelet_version),
            Cell.of("?", "unknown") if entry.beside is None else Cell.of(str(entry.beside)),
            cell(taints(node)),
            cell(_address(status)),
            cell(info if isinstance(info, Gap) else info.container_runtime_version),
            Cell.of(entry.age),
        )

    def value(self, entry: KubeEntry, column: str) -> Any:
        """Pods by number, state with those in trouble together."""
        if column == "pods":
            return -1 if entry.beside is None else entry.beside
        return super().value(entry, column)

    def fields(self, entry: KubeEntry) -> dict[str, str]:
        """State, roles, version, taints."""
        cells = dict(zip((column.key for column in self.columns), entry.cells, strict=True))
        told = {name: cells[name].text for name in ("state", "version", "ip")}
        return super().fields(entry) | told | {
            "node": entry.name, "role": cells["roles"].text, "taint": cells["taints"].text,
        }  # fmt: skip

    def telling(self, picture: Picture) -> Cell:
        """How many are not ready."""
        nodes = list(picture.snapshot.of(KubeNode))
        bad = sum(1 for node in nodes if node_state(node)[1] == "error")
        return Cell.of(f"{bad} in trouble", "error") if bad else Cell.of("all ready" if nodes else "")

    def none(self, picture: Picture) -> str:
        """A cluster without nodes."""
        return "the cluster has no node"

    def first(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Conditions that are not as they should be, in the kubelet's words."""
        status = entry.resource.peek("status")
        if isinstance(status, Gap):
            return [line(f" {safe(str(status), 300)}", "unknown")]
        return [
            TextLine(
                Cell.of(f" ! {safe(one.type)} {safe(one.status)}: {safe(one.message or one.reason, 300)}", "error")
            )
            for one in status.conditions
            if _wrong(one)
        ]

    def facts(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """System, capacity, and its pods, those in trouble first."""
        node, lines = entry.resource, [rule(width)]
        status = node.peek("status")
        if not isinstance(status, Gap):
            info = status.node_info
            words = (
                f"{info.os_image}, kernel {info.kernel_version}, {info.architecture}, {info.container_runtime_version}"
            )
            lines.append(line(f" {safe(words, 300)}"))
            room = "  ".join(f"{name} {status.allocatable.get(name, '?')}" for name in ("cpu", "memory", "pods"))
            lines.append(line(f" allocatable {safe(room, 200)}"))
        mine = population(picture).on_node.get((node.key.source, node.name), ())
        lines.append(TextLine(Cell.join(f" {len(mine)} pods  ", states(mine))))
        first = nsmallest(60, mine, key=lambda each: (not each.cause, each.key.id))
        return [*lines, *(pod_line(each, now) for each in first)]


def node_state(node: KubeNode) -> tuple[str | Gap, Role]:
    """As `kubectl get nodes` says it, pressures in words."""
    status, spec = node.peek("status"), node.peek("spec")
    if isinstance(status, Gap):
        return status, "unknown"
    ready = next((one.status for one in status.conditions if one.type == "Ready"), "Unknown")
    words = [{"True": "Ready", "False": "NotReady"}.get(ready, "NotReady (lost)")]
    words += [_PRESSURE.get(one.type, one.type) for one in status.conditions if one.type != "Ready" and _wrong(one)]
    bad = ready != "True" or len(words) > 1
    if isinstance(spec, Gap):
        words.append(missing(spec))
    elif spec.unschedulable:
        words.append("cordoned")
    return ", ".join(words), "error" if bad else "normal"


def _wrong(one: Condition) -> bool:
    return one.status != "True" if one.type == "Ready" else one.status == "True" and one.type in _PRESSURE


def roles(node: KubeNode) -> str | Gap:
    """From its labels: `control-plane`, `worker`."""
    labels = node.peek("labels")
    if isinstance(labels, Gap):
        return labels
    return ",".join(sorted(name.removeprefix(ROLE) for name in labels if name.startswith(ROLE)))


def taints(node: KubeNode) -> str | Gap:
    """What keeps pods off it: `key=value:NoSchedule`."""
    spec = node.peek("spec")
    if isinstance(spec, Gap):
        return spec
    return " ".join(f"{one.key}{'=' if one.value else ''}{one.value}:{one.effect}" for one in spec.taints)


def _address(status: Any) -> str | Gap:
    if isinstance(status, Gap):
        return status
    found: dict[str, str] = {one.type: one.address for one in reversed(status.addresses)}
    return found.get("InternalIP") or found.get("ExternalIP") or found.get("Hostname", "")
