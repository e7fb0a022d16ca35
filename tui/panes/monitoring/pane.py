"""Monitoring: which parts of the observing stack run here, and whose logs would outlive this host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Any, ClassVar

from checks.result import Judgement, Summary
from inventory.component import Component
from inventory.container import Container
from inventory.gap import Gap
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot
from inventory.text import safe
from tui.format import known, missing, told
from tui.panes.base import ResourcePane, Shown, title
from tui.panes.containers.state import known_running
from tui.picture import Picture
from tui.verdicts import badge
from widgets.cells import Cell
from widgets.columns import Column
from widgets.textview import TextLine, line

_LOCAL = {"json-file", "local", "none", ""}


class MonitoringPane(ResourcePane[Component]):
    """One row per recognised component."""

    id = "monitoring"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.COMPONENT,)
    reads: ClassVar[tuple[Kind, ...]] = (Kind.CONTAINER, Kind.COMPONENT)
    family = Component
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("product", "COMPONENT", 14, weight=1, limit=30),
        Column("role", "ROLE", 14),
        Column("where", "WHERE", 14, weight=2, limit=40, cut="middle"),
        Column("version", "VERSION", 9, priority=3),
        Column("state", "HEALTH", 10, priority=1),
        Column("endpoint", "ENDPOINT", 16, weight=2, limit=44, priority=2),
        Column("carrier", "CARRIER", 9, priority=4),
    )

    def token(self, resource: Component, facts: Any, picture: Picture, now: float) -> Hashable:
        """The verdicts on the container that it runs as."""
        return id(_carried(resource, picture))

    def cells(self, resource: Component, facts: Any, picture: Picture, now: float) -> tuple[Cell, ...]:
        """Everything after SEC."""
        state = told(resource, "state")
        version = resource.peek("version")
        return (
            Cell.of(safe(told(resource, "product"))),
            Cell.of(safe(told(resource, "role"))),
            Cell.of(safe(f"{told(resource, 'where')} {resource.name}")),
            Cell.of(safe(version), "normal") if version and not isinstance(version, Gap) else Cell.of("?", "unknown"),
            Cell.of(safe(state), "normal" if state in {"running", "healthy"} else "error"),
            Cell.of(safe("  ".join(known(resource, "endpoints", ("?",)))) or "-"),
            badge(_carried(resource, picture), top=2),
        )

    def describe(
        self, resource: Component, facts: Any, picture: Picture, now: float
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Sort keys and filter fields."""
        texts = [cell.text for cell in self.cells(resource, facts, picture, now)]
        sort: dict[str, Any] = {column.key: text for column, text in zip(self.columns[1:], texts, strict=True)}
        return sort, {"role": texts[1], "state": texts[4], "port": texts[5], "product": texts[0]}

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """Where logs go and which roles are filled."""
        return Cell.join(("Monitoring", "title"), f" {shown.visible} of {shown.total}   ", _coverage(picture.snapshot))

    def none(self, picture: Picture) -> str:
        """Absence is a finding too."""
        return (
            "No component of a monitoring or log stack was recognised among containers, services and host processes: "
            "nobody measures this host from here, and its logs stay on it unless a log driver sends them away. "
            + _coverage(picture.snapshot).text
        )

    def alarm(self, picture: Picture) -> Summary:
        """Components only; log-driver findings count with their containers."""
        return picture.summary(Kind.COMPONENT)

    def title_line(self, resource: Component, picture: Picture, now: float) -> TextLine:
        """Product and place."""
        return title(
            (told(resource, "product"), "title"),
            (f"  {told(resource, 'role')} as {told(resource, 'where')} {resource.name}", "dim"),
        )

    def facts(self, resource: Component, picture: Picture, width: int, now: float) -> list[TextLine]:
        """What it was recognised by, and whose log drivers lead nowhere."""
        lines = [line(" " + "-" * max(10, width - 2), "rule")]
        lines.append(line(f" recognised by {safe('; '.join(known(resource, 'signs', ('?',))), 300)}"))
        lines.append(
            TextLine(
                Cell.of(" its container and that container's findings", "accent"), meta=known(resource, "carrier", None)
            )
        )
        lines.append(line(" log drivers of running containers:", "header"))
        for driver, names in log_drivers(picture.snapshot).items():
            words = f" {driver or '?':<10} {len(names):>4}  {', '.join(names[:6])}{' ...' if len(names) > 6 else ''}"
            lines.append(line(safe(words, 300)))
        return lines


def _carried(resource: Component, picture: Picture) -> Judgement | None:
    carrier: ResourceKey | None = known(resource, "carrier", None)
    return picture.judgement(carrier) if carrier else None


def log_drivers(snapshot: Snapshot) -> dict[str, list[str]]:
    """Names of running containers by log driver."""
    found: dict[str, list[str]] = {}
    for container in snapshot.of(Container):
        if known_running(container):
            config = container.peek("log_config")
            driver = missing(config) if isinstance(config, Gap) else config.driver
            found.setdefault(driver, []).append(container.name)
    return found


def _coverage(snapshot: Snapshot) -> Cell:
    drivers = {driver: len(names) for driver, names in log_drivers(snapshot).items()}
    roles = Counter(known(component, "role", "") for component in snapshot.of(Component))
    kept = sum(count for driver, count in drivers.items() if driver in _LOCAL)
    total = sum(drivers.values())
    metrics = "yes" if any("metrics" in role for role in roles) else "none seen"
    alerts = "yes" if roles.get("alerting") else "none seen"
    shipper = "yes" if any("shipper" in role or "collector" in role for role in roles) else "none seen"
    words = f"metrics {metrics}  alerts {alerts}  shipper {shipper}  logs stay here {kept}/{total}"
    return Cell.of(words)


PANE = MonitoringPane()
