"""Swarm services: what the engine orchestrates, and whether it has converged."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

from checks.result import Summary
from inventory.engine import Engine
from inventory.gap import Gap
from inventory.resource import Kind
from inventory.swarm import Node, Service, Task
from inventory.text import safe
from tui.format import image_reference, known, missing, short_id, since, told
from tui.panes.base import ResourcePane, Shown, title
from tui.picture import Picture
from tui.verdicts import total_badge
from widgets.cells import Cell
from widgets.columns import Column
from widgets.textview import TextLine, line


class SwarmView(ResourcePane[Service]):
    """One row per Swarm service."""

    id = "services"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.SERVICE,)
    family = Service
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("orch", "ORCH", 5, priority=4),
        Column("name", "SERVICE", 16, weight=2, limit=44, cut="middle"),
        Column("mode", "MODE", 10, priority=3),
        Column("ready", "READY", 6, align="right"),
        Column("update", "UPDATE", 10, priority=5),
        Column("image", "IMAGE", 12, weight=2, limit=48, cut="middle", priority=1),
        Column("ports", "PORTS", 9, weight=1, limit=30, priority=2),
        Column("age", "AGE", 4, align="right", priority=6),
    )

    def prepare(self, picture: Picture) -> Mapping[tuple[str, str], tuple[Task, ...]]:
        """Tasks by source and service."""
        found: dict[tuple[str, str], list[Task]] = {}
        for task in picture.snapshot.of(Task):
            found.setdefault((task.key.source, known(task, "service_id", "")), []).append(task)
        return {service: tuple(tasks) for service, tasks in found.items()}

    def token(self, resource: Service, facts: Any, picture: Picture, now: float) -> Hashable:
        """Its tasks, and its age as it reads now."""
        return facts.get((resource.key.source, resource.key.id), ()), _age(resource, now)

    def cells(self, resource: Service, facts: Any, picture: Picture, now: float) -> tuple[Cell, ...]:
        """Everything after SEC."""
        return (
            Cell.of("swarm", "dim"),
            Cell.of(safe(resource.name)),
            Cell.of(safe(told(resource, "mode"))),
            ready_cell(resource),
            Cell.of(safe(told(resource, "update_state")) or "-"),
            Cell.of(safe(image_reference(told(resource, "image_ref")))),
            Cell.of(_ports(resource)),
            Cell.of(_age(resource, now)),
        )

    def describe(
        self, resource: Service, facts: Any, picture: Picture, now: float
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Sort keys and filter fields."""
        texts = [cell.text for cell in self.cells(resource, facts, picture, now)]
        sort: dict[str, Any] = {column.key: text for column, text in zip(self.columns[1:], texts, strict=True)}
        image = told(resource, "image_ref")
        fields = {"orch": "swarm", "stack": told(resource, "stack"), "mode": texts[2], "image": image, "img": image}
        return sort, fields | {"port": texts[6], "state": texts[3]}

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """The swarm in a line."""
        return Cell.join(("Services", "title"), f" {shown.visible} of {shown.total}   ", _swarm_words(picture))

    def none(self, picture: Picture) -> str:
        """What was looked for, and why there is nothing."""
        words = []
        for engine in picture.snapshot.of(Engine):
            swarm = engine.peek("swarm")
            state = missing(swarm) if isinstance(swarm, Gap) else swarm.state or "inactive"
            gap = picture.snapshot.gaps.get((engine.key.source, Kind.SERVICE))
            reason = f" ({gap})" if gap else ""
            words.append(f"Docker Swarm on {engine.name}: {state}{reason}.")
        if not words:
            return "No engine has answered yet; services are not known."
        words.append("No Kubernetes cluster is read in this session.")
        return " ".join(words)

    def alarm(self, picture: Picture) -> Summary:
        """Services, nodes, secrets, configs and the swarm itself."""
        return picture.summary(Kind.SERVICE, Kind.SWARM, Kind.NODE, Kind.SECRET, Kind.CONFIG)

    def title_line(self, resource: Service, picture: Picture, now: float) -> TextLine:
        """Name, id, age."""
        words = f"  swarm service {short_id(resource.key.id)}   created {_age(resource, now)} ago"
        return title((resource.name, "title"), (words, "dim"))

    def facts(self, resource: Service, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Its latest tasks with what went wrong."""
        lines = [line(" " + "-" * max(10, width - 2), "rule")]
        tasks = sorted(
            self.prepare(picture).get((resource.key.source, resource.key.id), ()),
            key=lambda task: -_number(task, "updated"),
        )
        for task in tasks[:8]:
            error = task.peek("error")
            words = f" {since(_number(task, 'updated'), now):>4}  slot {told(task, 'slot')}  {told(task, 'state')}"
            told_error = "" if isinstance(error, Gap) else error
            text = safe(words) + (f"  {safe(told_error, 200)}" if told_error else "")
            lines.append(TextLine(Cell.of(text, "error" if told_error else "normal"), meta=task.key))
        gap = picture.snapshot.gaps.get((resource.key.source, Kind.TASK))
        if gap is not None:
            lines.append(line(f" {safe(str(gap), 300)}", "unknown"))
        elif not tasks:
            lines.append(line(" no tasks", "dim"))
        return lines


def ready_cell(resource: Service) -> Cell:
    """Running of desired tasks."""
    running, desired = resource.peek("running"), resource.peek("desired")
    if isinstance(running, Gap) or isinstance(desired, Gap) or running is None or desired is None:
        return Cell.of("?/?", "unknown")
    return Cell.of(f"{running}/{desired}", "normal" if running >= desired else "error")


def _swarm_words(picture: Picture) -> Cell:
    nodes = list(picture.snapshot.of(Node))
    if not nodes:
        return Cell.of("no swarm node is readable here", "dim")
    managers = [node for node in nodes if node.peek("role") == "manager"]
    ready = sum(1 for node in nodes if node.peek("state") == "ready")
    summary = picture.summary(Kind.SWARM, Kind.NODE, Kind.SECRET, Kind.CONFIG)
    return Cell.join(
        f"swarm: {ready} of {len(nodes)} nodes ready, {len(managers)} managers   swarm itself ", total_badge(summary)
    )


def _ports(resource: Service) -> str:
    ports = resource.peek("ports")
    if isinstance(ports, Gap):
        return missing(ports)
    return " ".join(f"{p.published_port}{'*' if p.publish_mode == 'ingress' else ''}" for p in ports) or "-"


def _number(resource: Service | Task, name: str) -> float:
    value = resource.peek(name)
    return 0.0 if isinstance(value, Gap) else float(value)


def _age(resource: Service, now: float) -> str:
    return since(_number(resource, "created"), now)
