"""Networks: who is attached to what, what is open to whom, and what is encrypted."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

from inventory.container import Container
from inventory.gap import Gap
from inventory.network import Network
from inventory.resource import Kind
from inventory.text import safe
from tui.format import missing, told
from tui.panes.base import ResourcePane, Shown, title, unread
from tui.panes.containers.pane import ports_cell
from tui.picture import Picture
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line

_BUILT_IN = {"bridge", "host", "none", "docker_gwbridge", "ingress"}


class NetworksPane(ResourcePane[Network]):
    """One row per network."""

    id = "networks"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.NETWORK,)
    family = Network
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("name", "NAME", 16, weight=2, limit=40, cut="middle"),
        Column("driver", "DRIVER", 7),
        Column("scope", "SCOPE", 6, priority=3),
        Column("enc", "ENC", 4),
        Column("int", "INT", 4),
        Column("icc", "ICC", 4),
        Column("members", "MEMBERS", 7, align="right"),
        Column("subnet", "SUBNET", 18, weight=1, limit=40, priority=2),
        Column("published", "PUBLISHED", 9, weight=1, limit=40, priority=1),
    )

    def prepare(self, picture: Picture) -> Mapping[tuple[str, str], tuple[Container, ...]]:
        """Containers by source and id of every network they are attached to, as they say it themselves."""
        members: dict[tuple[str, str], list[Container]] = {}
        for container in picture.snapshot.of(Container):
            attached = container.peek("networks")
            for entry in () if isinstance(attached, Gap) else attached:
                members.setdefault((container.key.source, entry.network_id or entry.network), []).append(container)
        return {network: tuple(found) for network, found in members.items()}

    def token(self, resource: Network, facts: Any, picture: Picture, now: float) -> Hashable:
        """Who is attached."""
        attached: tuple[Container, ...] = facts.get(_slot(resource), ())
        return attached  # themselves: the id of one that is gone may be given to another

    def cells(self, resource: Network, facts: Any, picture: Picture, now: float) -> tuple[Cell, ...]:
        """Everything after SEC."""
        attached = facts.get(_slot(resource), ())
        subnets = resource.peek("subnets")
        words = missing(subnets) if isinstance(subnets, Gap) else " ".join(entry.subnet for entry in subnets) or "-"
        return (
            Cell.of(safe(resource.name)),
            Cell.of(safe(told(resource, "driver"))),
            Cell.of(safe(told(resource, "scope"))),
            _encryption(resource),
            _yes_no(resource, "internal"),
            _icc(resource),
            _members(resource, attached),
            Cell.of(safe(words)),
            _published(attached),
        )

    def describe(
        self, resource: Network, facts: Any, picture: Picture, now: float
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Sort keys and filter fields."""
        cells = self.cells(resource, facts, picture, now)
        texts = [cell.text for cell in cells]
        sort: dict[str, Any] = {column.key: text for column, text in zip(self.columns[1:], texts, strict=True)}
        sort["members"] = len(facts.get(_slot(resource), ()))
        names = " ".join(container.name for container in facts.get(_slot(resource), ()))
        fields = {"driver": texts[1], "scope": texts[2], "enc": texts[3], "int": texts[4], "icc": texts[5]}
        return sort, fields | {"net": resource.name, "member": names, "port": texts[8], "subnet": texts[7]}

    def minor(self, resource: Network) -> bool:
        """What the engine makes by itself."""
        return resource.name in _BUILT_IN

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """How much is reachable from outside."""
        open_ports = set()
        for container in picture.snapshot.of(Container):
            open_ports |= {word for word in ports_cell(container).text.split() if word.endswith("*")}
        count = f"{len(open_ports)}{'?' if unread(picture, Kind.CONTAINER) else ''}"
        words = f" {shown.visible} of {shown.total}   published on all addresses: {count} ports"
        return Cell.join(("Networks", "title"), words)

    def none(self, picture: Picture) -> str:
        """No networks."""
        return "no networks on this engine"

    def title_line(self, resource: Network, picture: Picture, now: float) -> TextLine:
        """Name and kind."""
        words = f"  {told(resource, 'driver')} network, scope {told(resource, 'scope')}"
        return title((resource.name, "title"), (words, "dim"))

    def facts(self, resource: Network, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Members with their addresses and open ports."""
        lines = [line(" " + "-" * max(10, width - 2), "rule")]
        members = self.prepare(picture).get(_slot(resource), ())
        for container in members[:40]:
            attached = container.peek("networks")
            address = next((e.ipv4 or e.ipv6 for e in attached if resource.key.id in {e.network_id, e.network}), "")
            words = f" {safe(container.name):<24.24}  {address or '-':<18}  {ports_cell(container).text}"
            lines.append(TextLine(Cell.of(words), meta=container.key))
        reason = unread(picture, Kind.CONTAINER)
        if reason:
            lines.append(line(f" not all containers are known: {safe(reason, 300)}", "unknown"))
        elif not members:
            lines.append(line(" no container is attached", "dim"))
        return lines


def _slot(resource: Network) -> tuple[str, str]:
    return resource.key.source, resource.key.id


def _yes_no(resource: Network, name: str) -> Cell:
    value = resource.peek(name)
    if isinstance(value, Gap):
        return Cell.of(missing(value), "unknown")
    return Cell.of("yes") if value else Cell.of("no", "dim")


def _needed(resource: Network, driver: str) -> Cell | None:
    """What stands for an option that only this driver has, or None where it can be read."""
    own, options = resource.peek("driver"), resource.peek("options")
    for gap in (own, options):
        if isinstance(gap, Gap):
            return Cell.of(missing(gap), "unknown")
    return None if own == driver else Cell.of("-", "dim")


def _icc(resource: Network) -> Cell:
    options = _needed(resource, "bridge")
    if options is not None:
        return options
    return Cell.of("yes") if resource.icc else Cell.of("no", "pass")


def _encryption(resource: Network) -> Cell:
    options = _needed(resource, "overlay")
    if options is not None:
        return options
    return Cell.of("yes", "pass") if resource.encrypted else Cell.of("no")


def _members(resource: Network, attached: tuple[Container, ...]) -> Cell:
    listed = resource.peek("members")
    if isinstance(listed, Gap) and not attached:
        return Cell.of(missing(listed), "unknown")
    count = len(attached) if isinstance(listed, Gap) else max(len(attached), len(listed))
    return Cell.of(str(count)) if count else Cell.of("-", "dim")


def _published(attached: tuple[Container, ...]) -> Cell:
    ports: dict[str, None] = {}
    for container in attached:
        ports |= dict.fromkeys(word for word in ports_cell(container).text.split() if word[0].isdigit())
    role: Role = "accent" if any(word.endswith("*") for word in ports) else "normal"
    return Cell.of(" ".join(ports), role) if ports else Cell.of("-", "dim")


PANE = NetworksPane()
