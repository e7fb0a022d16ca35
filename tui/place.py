"""Where one is: a pane, or a resource opened from it, and how one came there."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inventory.resource import ResourceKey


@dataclass(frozen=True, slots=True)
class Place:
    """`opened` None: the list of the pane. Else the drill-down of a resource on `tab`, `check` selected there."""

    pane: str
    opened: ResourceKey | None = None
    tab: str = "findings"
    check: str = ""
    group: Hashable | None = None  # the findings pane's row whose objects are listed
    within: Hashable | None = None  # the part of the pane that alone is listed


@dataclass(slots=True)
class Trail:
    """The way back: `up` leaves a level, `last` switches between the two latest places."""

    here: Place
    above: list[Place] = field(default_factory=list)
    before: Place | None = None

    def go(self, place: Place) -> None:
        """To another pane: nothing is above it."""
        if place != self.here:
            self.before = self.here
        self.above.clear()
        self.here = place

    def enter(self, place: Place) -> None:
        """One level down."""
        self.above.append(self.here)
        self.before = self.here
        self.here = place

    def up(self) -> bool:
        """One level up; False at the top."""
        if not self.above:
            return False
        self.before = self.here
        self.here = self.above.pop()
        return True

    def last(self) -> bool:
        """To the place before this one; False if there was none."""
        if self.before is None:
            return False
        self.before, self.here = self.here, self.before
        if self.here.opened is None:
            self.above.clear()
        elif not self.above:
            self.above.append(Place(self.here.pane))
        return True

    def turn(self, tab: str) -> None:
        """Another tab of the same resource."""
        self.here = replace(self.here, tab=tab, check="")
