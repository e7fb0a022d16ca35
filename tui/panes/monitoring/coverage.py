"""Coverage: for every running container, what would be left of its story when this host is gone."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, ClassVar

from checks.monitoring.drivers import LOCAL
from inventory.component import Component
from inventory.container import Container
from inventory.gap import Gap
from inventory.resource import Kind
from inventory.snapshot import Snapshot
from inventory.text import safe
from tui.format import known, missing
from tui.panes.base import ResourcePane, Shown, title, unread
from tui.panes.containers.state import known_running, state_cell
from tui.picture import Picture
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line

STAYS = LOCAL | {"", "journald"}
"""Log drivers whose lines stay on the host."""


_MEASURED: dict[str, Role] = {"not asked": "dim", "none seen": "error"}


class CoverageView(ResourcePane[Container]):
    """One row per running container."""

    id = "monitoring"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.CONTAINER,)
    family = Container
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("name", "CONTAINER", 16, weight=2, limit=44, cut="middle"),
        Column("driver", "LOG DRIVER", 10),
        Column("kept", "KEPT", 12, weight=1, limit=24, priority=2),
        Column("leaves", "LEAVES HOST", 12),
        Column("metrics", "METRICS", 9, priority=1),
        Column("check", "HEALTH CHECK", 12, priority=3),
        Column("state", "STATE", 10, priority=4),
    )

    def prepare(self, picture: Picture) -> tuple[str, str]:
        """What becomes of local logs and of metrics on this host, as far as its components tell."""
        roles = [known(component, "role", "") for component in picture.snapshot.of(Component)]
        shipped = any("shipper" in role or "collector" in role for role in roles)
        measured = any("metrics" in role for role in roles)
        if unread(picture, Kind.COMPONENT, Kind.CONTAINER):
            return ("collector?" if shipped else "?", "not asked" if measured else "?")
        # Whether the collector reads this very container is not known from here: never a plain yes.
        return ("collector?" if shipped else "no", "not asked" if measured else "none seen")

    def token(self, resource: Container, facts: Any, picture: Picture, now: float) -> Hashable:
        """What the host's components give."""
        return tuple(facts)

    def cells(self, resource: Container, facts: Any, picture: Picture, now: float) -> tuple[Cell, ...]:
        """Everything after SEC."""
        shipped, measured = facts
        check = resource.peek("healthcheck")
        return (
            Cell.of(safe(resource.name)),
            _driver(resource),
            _kept(resource),
            _leaves(resource, shipped),
            Cell.of(measured, _MEASURED.get(measured, "unknown")),
            Cell.of(missing(check), "unknown") if isinstance(check, Gap) else _has_check(resource),
            state_cell(resource),
        )

    def describe(
        self, resource: Container, facts: Any, picture: Picture, now: float
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Sort keys and filter fields."""
        texts = [cell.text for cell in self.cells(resource, facts, picture, now)]
        sort: dict[str, Any] = {column.key: text for column, text in zip(self.columns[1:], texts, strict=True)}
        return sort, {"driver": texts[1], "leaves": texts[3], "check": texts[5], "state": texts[6]}

    def resources(self, picture: Picture) -> Iterable[Container]:
        """Running ones: the others have nothing to say any more."""
        return (container for container in picture.snapshot.of(Container) if known_running(container))

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """Whose logs stay here."""
        words = f" {shown.visible} of {shown.total} running containers   {coverage_words(picture)}"
        return Cell.join(("Coverage", "title"), words)

    def none(self, picture: Picture) -> str:
        """Nothing runs."""
        return "no running container"

    def title_line(self, resource: Container, picture: Picture, now: float) -> TextLine:
        """The container's name."""
        return title((resource.name, "title"), ("  what is kept of it", "dim"))

    def facts(self, resource: Container, picture: Picture, width: int, now: float) -> list[TextLine]:
        """The log options, secrets left out, and the way to the container."""
        config = resource.peek("log_config")
        if isinstance(config, Gap):
            return [line(f" {safe(str(config), 300)}", "unknown")]
        lines = [line(f" log option {safe(name)}") for name in config.options]
        return [*lines, TextLine(Cell.of(" the container itself", "accent"), meta=resource.key)]


def log_drivers(snapshot: Snapshot) -> dict[str, list[str]]:
    """Names of running containers by log driver."""
    found: dict[str, list[str]] = {}
    for container in snapshot.of(Container):
        if known_running(container):
            config = container.peek("log_config")
            driver = missing(config) if isinstance(config, Gap) else config.driver
            found.setdefault(driver, []).append(container.name)
    return found


def coverage_words(picture: Picture) -> str:
    """The host's coverage in a line; `?` where something that could change the answer was not read."""
    snapshot = picture.snapshot
    absent = "?" if unread(picture, Kind.COMPONENT, Kind.CONTAINER) else "none seen"
    drivers = {driver: len(names) for driver, names in log_drivers(snapshot).items()}
    roles = [known(component, "role", "") for component in snapshot.of(Component)]
    kept = sum(count for driver, count in drivers.items() if driver in STAYS)
    metrics = "yes" if any("metrics" in role for role in roles) else absent
    alerts = "yes" if "alerting" in roles else absent
    shipper = "yes" if any("shipper" in role or "collector" in role for role in roles) else absent
    return f"metrics {metrics}  alerts {alerts}  shipper {shipper}  logs stay here {kept}/{sum(drivers.values())}"


def _driver(resource: Container) -> Cell:
    config = resource.peek("log_config")
    if isinstance(config, Gap):
        return Cell.of(missing(config), "unknown")
    return Cell.of(safe(config.driver) or "?", "error" if config.driver == "none" else "normal")


def _kept(resource: Container) -> Cell:
    """How much of the log is kept before it turns over."""
    config = resource.peek("log_config")
    if isinstance(config, Gap):
        return Cell.of(missing(config), "unknown")
    if config.driver == "none":
        return Cell.of("nothing", "error")
    if config.driver == "json-file":
        size, files = config.options.get("max-size"), config.options.get("max-file", "1")
        return Cell.of(safe(f"{size} x {files}")) if size else Cell.of("unbounded", "error")
    return Cell.of("by driver", "dim")


def _leaves(resource: Container, shipped: str) -> Cell:
    config = resource.peek("log_config")
    if isinstance(config, Gap):
        return Cell.of(missing(config), "unknown")
    if config.driver not in STAYS:
        return Cell.of("by driver")
    if config.driver == "none":
        return Cell.of("no", "error")
    return Cell.of(shipped, "unknown" if shipped.endswith("?") else "error")


def _has_check(resource: Container) -> Cell:
    check = resource.healthcheck
    return Cell.of("yes") if check is not None and check.enabled else Cell.of("none", "dim")
