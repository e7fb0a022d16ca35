"""Monitoring: which parts of the observing stack run here, and whose logs would outlive this host."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

from checks.result import Judgement
from inventory.component import Component
from inventory.gap import Gap
from inventory.resource import Kind, ResourceKey
from inventory.text import safe
from tui.format import known, told
from tui.panes.base import Entry, Pane, ResourcePane, Shown, title
from tui.panes.monitoring.coverage import CoverageView, coverage_words, log_drivers
from tui.picture import Picture
from tui.verdicts import badge
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line

_HEALTH: dict[str, Role] = {"running": "normal", "healthy": "normal", "..": "dim", "?": "unknown", "": "unknown"}


class ComponentsView(ResourcePane[Component]):
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
        return _carried(resource, picture)

    def cells(self, resource: Component, facts: Any, picture: Picture, now: float) -> tuple[Cell, ...]:
        """Everything after SEC."""
        state = told(resource, "state")
        version = resource.peek("version")
        return (
            Cell.of(safe(told(resource, "product"))),
            Cell.of(safe(told(resource, "role"))),
            Cell.of(safe(f"{told(resource, 'where')} {resource.name}")),
            Cell.of(safe(version), "normal") if version and not isinstance(version, Gap) else Cell.of("?", "unknown"),
            Cell.of(safe(state), _HEALTH.get(state, "error")),
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
        words = coverage_words(picture)
        return Cell.join(("Monitoring", "title"), f" {shown.visible} of {shown.total} (b)   {words}")

    def none(self, picture: Picture) -> str:
        """Absence is a finding too."""
        return (
            "No component of a monitoring or log stack was recognised among containers, services and host processes: "
            "nobody measures this host from here, and its logs stay on it unless a log driver sends them away. "
            + coverage_words(picture)
        )

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


class MonitoringPane(Pane):
    """Components, or the coverage of containers: `covering` is switched by a key."""

    id = "monitoring"
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.COMPONENT,)

    def __init__(self) -> None:
        self.covering = False
        self._components = ComponentsView()
        self._coverage = CoverageView()

    @property
    def view(self) -> ComponentsView | CoverageView:
        """What is shown now."""
        return self._coverage if self.covering else self._components

    @property
    def shape(self) -> Hashable:
        """Components or coverage."""
        return self.covering

    def turn(self, step: int = 1) -> bool:
        """Components or coverage."""
        self.covering = not self.covering
        return True

    def shown_columns(self) -> tuple[Column, ...]:
        """Of the view that is shown."""
        return self.view.columns

    def entries(self, picture: Picture, now: float) -> Sequence[Entry]:
        """Of the view that is shown."""
        return self.view.entries(picture, now)

    def headline(self, picture: Picture, shown: Shown) -> Cell:
        """Of the view that is shown."""
        return self.view.headline(picture, shown)

    def preview(self, key: Hashable, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Of the view that is shown."""
        return self.view.preview(key, picture, width, now)

    def empty(self, picture: Picture) -> str:
        """Of the view that is shown."""
        return self.view.empty(picture)


PANE = MonitoringPane()
