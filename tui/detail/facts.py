"""Tabs made from what is already known: mounts, networks and peers, tasks, relations, events."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.container import Attachment, Container
from inventory.gap import Gap
from inventory.network import Network
from inventory.resource import EMPTY, ENGINE_KINDS, Kind, Resource
from inventory.secrets import mask_pair
from inventory.swarm import Service, Task
from inventory.text import safe
from tui.detail.activity import listener_lines, session_lines
from tui.detail.related import related
from tui.detail.tab import ALL, Context, Shape, Tab
from tui.detail.tls import endpoint_lines
from tui.format import known, short_id, since, told
from tui.panes.containers.pane import ports_cell
from tui.panes.overview.pane import event_line
from tui.verdicts import badge, link_text
from widgets.cells import Cell, fit
from widgets.textview import TextLine, line


def _gap(value: Gap) -> TextLine:
    return line(f" {safe(str(value), 300)}", "unknown")


def mount_lines(resource: Container, context: Context) -> Iterator[TextLine]:
    """`Mounts[]`, and what may be written through them."""
    mounts = resource.peek("mounts")
    if isinstance(mounts, Gap):
        yield _gap(mounts)
        return
    yield line(f" {'TYPE':<7} {'RW':<3} {'DESTINATION':<32} SOURCE", "header")
    for mount in mounts:
        source = mount.name or mount.source
        words = f" {mount.type:<7} {'rw' if mount.rw else 'ro':<3} {mount.destination:<32} {source}"
        words += f"  propagation {mount.propagation}" if mount.propagation not in {"", "rprivate"} else ""
        yield line(safe(words, 600), "accent" if mount.type == "bind" and mount.rw else "normal")
    if not mounts:
        yield line(" nothing is mounted", "dim")


def network_lines(resource: Container, context: Context) -> Iterator[TextLine]:
    """Addresses, published ports, and which neighbours each network lets it reach."""
    networks = resource.peek("networks")
    yield TextLine(Cell.join((" published ", "header"), ports_cell(resource)))
    yield line(f" mode {safe(told(resource, 'network_mode'))}")
    yield from endpoint_lines(resource, context)
    yield from listener_lines(resource, context)
    if isinstance(networks, Gap):
        yield _gap(networks)
        return
    for entry in networks:
        network = _network(resource, entry, context)
        address = " ".join(part for part in (entry.ipv4, entry.ipv6) if part) or "no address"
        yield TextLine(
            Cell.join((f" {safe(entry.network)}", "title"), f"  {address}  {safe(' '.join(entry.aliases))}"),
            meta=network.key if network else None,
        )
        yield from _peers(resource, entry.network, network, context)


def _network(resource: Container, entry: Attachment, context: Context) -> Network | None:
    for network in context.picture.snapshot.of(Network, resource.key.source):
        if entry.network_id == network.key.id or (not entry.network_id and entry.network == network.name):
            return network
    return None


def _peers(resource: Container, name: str, network: Network | None, context: Context) -> Iterator[TextLine]:
    if network is not None and network.peek("driver") == "bridge" and not isinstance(network.peek("options"), Gap):
        words = "may talk to each other" if network.icc else "are kept apart (icc off)"
        inside = ", no way out" if network.peek("internal") is True else ""
        yield line(f"   members {words}{inside}", "dim")
    for other in context.picture.snapshot.of(Container, resource.key.source):
        attached = other.peek("networks")
        if other.key == resource.key or isinstance(attached, Gap):
            continue
        for entry in attached:
            if entry.network == name:
                words = f"   {safe(other.name):<30.40} {entry.ipv4 or entry.ipv6 or '-':<18} {ports_cell(other).text}"
                yield TextLine(Cell.of(words), meta=other.key)


def member_lines(resource: Network, context: Context) -> Iterator[TextLine]:
    """Who is attached to a network."""
    members = resource.peek("members")
    if isinstance(members, Gap):
        yield _gap(members)
        return
    yield line(f" {'MEMBER':<34} {'IPV4':<20} {'IPV6':<28} PUBLISHED", "header")
    by_id = {container.key.id: container for container in context.picture.snapshot.of(Container, resource.key.source)}
    for member in members:
        container = by_id.get(member.container_id)
        ports = ports_cell(container).text if container else "-"
        words = f" {safe(member.name):<34.34} {member.ipv4 or '-':<20} {member.ipv6 or '-':<28} {ports}"
        yield TextLine(Cell.of(words), meta=container.key if container else None)
    if not members:
        yield line(" nobody is attached", "dim")
    for option, value in known(resource, "options", EMPTY).items():
        yield line(f" {safe(option)} = {safe(mask_pair(option, value))}", "dim")


def task_lines(resource: Service, context: Context) -> Iterator[TextLine]:
    """Tasks, newest first, with the container behind each."""
    tasks = [
        task
        for task in context.picture.snapshot.of(Task, resource.key.source)
        if known(task, "service_id", "") == resource.key.id
    ]
    tasks.sort(key=lambda task: known(task, "updated", 0.0), reverse=True)
    head = f" {'AGE':>5} {'SLOT':>4} {'STATE':<10} {'DESIRED':<10} {'EXIT':>4}  {'NODE':<12}  CONTAINER / ERROR"
    yield line(head, "header")
    for task in tasks:
        identifier = known(task, "container_id", "")
        container = next((c for c in context.picture.snapshot.of(Container) if c.key.id == identifier), None)
        error = known(task, "error", "")
        tail = safe(error, 300) or (safe(container.name) if container else short_id(identifier) or "-")
        age, code = since(known(task, "updated", 0.0), context.now), told(task, "exit_code")
        states = f"{told(task, 'state'):<10} {told(task, 'desired_state'):<10}"
        words = f" {age:>5} {told(task, 'slot'):>4} {states} {code:>4}  {short_id(told(task, 'node_id')):<12}  {tail}"
        yield TextLine(Cell.of(safe(words, 500), "error" if error else "normal"), meta=container and container.key)
    if not tasks:
        gap = context.picture.snapshot.gaps.get((resource.key.source, Kind.TASK))
        yield _gap(gap) if gap else line(" no tasks", "dim")


def related_lines(resource: Resource, context: Context) -> Iterator[TextLine]:
    """Everything that this belongs to or that belongs to it, to follow."""
    found = list(related(resource, context.picture.snapshot))
    for why, key in found:
        other = context.picture.judgement(key)
        text = fit(Cell.of(f" {why:<18} {link_text(key, context.picture.snapshot)}"), 60, cut="end")
        yield TextLine(Cell.join(text, "  ", badge(other)), meta=key)
    if not found:
        yield line(" nothing related is known", "dim")


def event_lines(resource: Resource, context: Context) -> Iterator[TextLine]:
    """What happened to it since the start, newest first."""
    if isinstance(resource, Container):
        yield from session_lines(resource, context)
    wanted = {resource.key.id, resource.name}
    found = [event for event in context.picture.snapshot.events if event.id in wanted or event.name in wanted]
    for event in reversed(found):
        yield TextLine(event_line(event).cell)
    if not found:
        yield line(" no events since the start", "dim")


def value_lines(resource: Resource, context: Context) -> Iterator[TextLine]:
    """What could not be read of it, and its labels."""
    for name, gap in resource.gaps.items():
        yield line(f" {name}: {safe(str(gap), 300)}", "unknown")
    for name, value in sorted(resource.labels.items()):
        yield TextLine(Cell.join((f" {safe(name)}", "accent"), f" = {safe(mask_pair(name, value), 1000)}"))
    if not resource.gaps and not resource.labels:
        yield line(" no labels; everything was read", "dim")


def _tab(name: str, title: str, place: int, lines: object, *kinds: Kind) -> Tab:
    return Tab(name, title, Shape.TEXT, frozenset(kinds) & ALL or ALL, place, lines=lines)  # type: ignore[arg-type]


TABS = (
    _tab("mounts", "Mounts", 60, mount_lines, Kind.CONTAINER),
    _tab("network", "Network", 65, network_lines, Kind.CONTAINER),
    _tab("members", "Members", 20, member_lines, Kind.NETWORK),
    _tab("tasks", "Tasks", 20, task_lines, Kind.SERVICE),
    _tab("related", "Related", 80, related_lines),
    _tab("labels", "Labels", 85, value_lines),
    _tab("events", "Events", 90, event_lines, *ENGINE_KINDS),
)
