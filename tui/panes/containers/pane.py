"""Containers: how they are confined at run time, and how they are."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, ClassVar

from inventory.container import Container, Port
from inventory.gap import Gap
from inventory.resource import Kind, ResourceKey
from inventory.secrets import mask_text
from inventory.text import safe
from tui.format import image_reference, known, missing, short_id, since, size, told
from tui.panes.base import ResourcePane, Shown, several_sources, title
from tui.panes.containers.state import known_running, state_cell, state_words
from tui.panes.images.standing import analysis_of
from tui.panes.images.words import standing_lines
from tui.picture import Picture, Stats
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line

EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 - addresses to compare with, nothing is bound


class ContainersPane(ResourcePane[Container]):
    """One row per container in any state."""

    id = "containers"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.CONTAINER,)
    family = Container
    stats = True
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("name", "NAME", 14, weight=3, limit=40, cut="middle"),
        Column("state", "STATE", 14, weight=1, limit=18),
        Column("cpu", "CPU%", 5, align="right", priority=2),
        Column("mem", "MEM", 5, align="right", priority=3),
        Column("pids", "PIDS", 5, align="right", priority=6),
        Column("image", "IMAGE", 12, weight=2, limit=44, cut="middle", priority=1),
        Column("up", "UP", 4, align="right", priority=4),
        Column("ports", "PORTS", 9, weight=1, limit=30, priority=5),
    )

    def prepare(self, picture: Picture) -> bool:
        """Whether names need the engine's in front."""
        return several_sources(picture)

    def token(self, resource: Container, facts: Any, picture: Picture, now: float) -> Hashable:
        """Live figures, and the age as it reads now."""
        return facts, picture.stats.get(resource.key), _up(resource, now)

    def cells(self, resource: Container, facts: Any, picture: Picture, now: float) -> tuple[Cell, ...]:
        """Everything after SEC."""
        name = f"{resource.key.source}/{resource.name}" if facts else resource.name
        quiet: Role = "normal" if known_running(resource) else "dim"
        return (
            Cell.of(safe(name), quiet),
            state_cell(resource),
            *stat_cells(resource, picture.stats.get(resource.key)),
            Cell.of(safe(image_reference(told(resource, "image_ref"))), quiet),
            Cell.of(_up(resource, now)),
            ports_cell(resource),
        )

    def describe(
        self, resource: Container, facts: Any, picture: Picture, now: float
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Sort keys and filter fields."""
        stats = picture.stats.get(resource.key)
        state, _ = state_words(resource)
        networks = resource.peek("networks")
        sort = {
            "name": resource.name,
            "state": (known(resource, "state", "") != "running", state),
            "cpu": stats.cpu if stats and stats.cpu is not None else -1.0,
            "mem": stats.memory if stats else -1,
            "pids": stats.pids if stats and stats.pids is not None else -1,
            "image": told(resource, "image_ref"),
            "up": _number(resource, "started_at"),
            "ports": ports_cell(resource).text,
        }
        fields = {
            "state": f"{told(resource, 'state')} {state}",
            "image": told(resource, "image_ref"),
            "img": told(resource, "image_ref"),
            "port": ports_cell(resource).text,
            "project": known(resource, "project", ""),
            "net": "" if isinstance(networks, Gap) else " ".join(entry.network for entry in networks),
            "user": told(resource, "user"),
        }
        return sort, fields

    def minor(self, resource: Container) -> bool:
        """Stopped and created ones."""
        return not known_running(resource)

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """How many there are and how they are."""
        states: dict[str, int] = {}
        for container in picture.snapshot.of(Container):
            word, role = state_words(container)
            key = word.split()[0] if role == "error" else told(container, "state")
            states[key] = states.get(key, 0) + 1
        order = sorted(states, key=lambda word: (word != "running", -states[word]))
        words = "  ".join(f"{word} {states[word]}" for word in order[:5])
        return Cell.join(("Containers", "title"), f" {shown.visible} of {shown.total}   {safe(words)}")

    def none(self, picture: Picture) -> str:
        """No containers."""
        return "no containers on this engine"

    def title_line(self, resource: Container, picture: Picture, now: float) -> TextLine:
        """Name, id, image, age."""
        created = since(_number(resource, "created"), now)
        image = image_reference(told(resource, "image_ref"))
        return title(
            (resource.name, "title"),
            (f"  {short_id(resource.key.id)}   image {image}   created {created} ago", "dim"),
        )

    def facts(self, resource: Container, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Where it belongs, what it is attached to, what it last did."""
        lines = [line(" " + "-" * max(10, width - 2), "rule")]
        lines += _network_line(resource)
        owner = told(resource, "project") or "no project"
        user = resource.peek("user")
        user = missing(user) if isinstance(user, Gap) else (user or "root (image default)")
        lines.append(line(f" project {safe(owner)}   user {safe(user)}   {safe(told(resource, 'status'))}"))
        error = resource.peek("error")
        if error and not isinstance(error, Gap):
            lines.append(line(f" error {safe(mask_text(error), 400)}", "error"))
        image = picture.judgement(ResourceKey(Kind.IMAGE, resource.key.source, told(resource, "image_id")))
        if image is not None and image.summary.worst is not None:
            words = f" its image has {sum(image.summary.fails)} findings of its own (o image)"
            key = ResourceKey(Kind.IMAGE, resource.key.source, told(resource, "image_id"))
            lines.append(TextLine(Cell.of(words, "accent"), meta=key))
        lines += _image_lines(resource, picture, now)
        events = [event for event in picture.snapshot.events if event.id == resource.key.id][-3:]
        for event in reversed(events):
            lines.append(line(f" {since(event.time, now):>4} ago  {safe(event.action)} {safe(event.detail)}", "dim"))
        return lines


def _image_lines(resource: Container, picture: Picture, now: float) -> Iterator[TextLine]:
    """Signature and vulnerabilities of its image, which lead there."""
    key = ResourceKey(Kind.IMAGE, resource.key.source, told(resource, "image_id"))
    if picture.snapshot.get(key) is not None:
        analysis = analysis_of(picture.snapshot, key)
        yield from standing_lines(analysis, key, picture, now, meta=key)


def stat_cells(resource: Container, stats: Stats | None) -> tuple[Cell, Cell, Cell]:
    """CPU%, MEM and PIDS; `-` where nothing runs, `..` where nothing was read yet."""
    if stats is None:
        word = ".." if known(resource, "state", "") == "running" else "-"
        cell = Cell.of(word, "dim")
        return cell, cell, cell
    cpu = Cell.of("..", "dim") if stats.cpu is None else Cell.of(f"{stats.cpu:.1f}")
    pids = Cell.of("?", "unknown") if stats.pids is None else Cell.of(str(stats.pids))
    return cpu, Cell.of(size(stats.memory)), pids


def ports_cell(resource: Container) -> Cell:
    """Published host ports; `*` marks one that is open on all addresses; `host` shares the host's network."""
    if resource.peek("network_mode") == "host":
        return Cell.of("host", "accent")
    ports = resource.peek("ports")
    if isinstance(ports, Gap):
        return Cell.of(missing(ports), "unknown")
    words = dict.fromkeys(_port_word(port) for port in ports if port.published)
    return Cell.of(" ".join(words)) if words else Cell.of("-", "dim")


def _port_word(port: Port) -> str:
    number = str(port.host_port or port.container_port)
    suffix = "/udp" if port.protocol == "udp" else ""
    return f"{number}{suffix}{'*' if port.host_ip in EVERYWHERE else ''}"


def _network_line(resource: Container) -> list[TextLine]:
    networks = resource.peek("networks")
    if isinstance(networks, Gap):
        return [line(f" net {missing(networks)}", "unknown")]
    if not networks:
        return [line(f" net {safe(str(resource.peek('network_mode')))}")]
    words = "  ".join(f"{entry.network} {entry.ipv4 or entry.ipv6 or '-'}" for entry in networks)
    return [line(f" net {safe(words, 300)}")]


def _number(resource: Container, name: str) -> float:
    value = resource.peek(name)
    return 0.0 if isinstance(value, Gap) else float(value)


def _up(resource: Container, now: float) -> str:
    started = resource.peek("started_at")
    if isinstance(started, Gap):
        return missing(started)
    return since(started, now) if known_running(resource) else since(_number(resource, "finished_at"), now)


PANE = ContainersPane()
