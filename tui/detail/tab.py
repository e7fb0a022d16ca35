"""What a tab of the drill-down is."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

from inventory.resource import OBJECTS, Kind, Resource
from tui.picture import Picture
from widgets.textview import TextLine


class Shape(Enum):
    """How a tab is shown."""

    FINDINGS = "findings"  # list of verdicts over the evidence of the selected one
    TREE = "tree"  # a JSON value with folds
    TEXT = "text"  # lines made from the picture
    READ = "read"  # lines made from something that has to be read first
    LOGS = "logs"  # lines that keep coming


@dataclass(frozen=True, slots=True)
class Context:
    """What a tab may use besides the picture: its width, the time, and whether images can be looked into."""

    picture: Picture
    width: int
    now: float
    looking: bool = True


Lines = Callable[[Any, Context], Iterable[TextLine]]
Reader = Callable[[Any, Any], Any]
Shower = Callable[[Any, Context], Iterable[TextLine]]


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: `kinds` it exists for, in the order `place`.

    TEXT has `lines(resource, context)`. READ has `read(resource, reader)`, run in a thread with the source's
    reader, and `show(answer, context)`; with `every` seconds it is read again while it is open.
    """

    id: str
    title: str
    shape: Shape
    kinds: frozenset[Kind]
    place: int
    lines: Lines | None = None
    read: Reader | None = None
    show: Shower | None = None
    every: float = 0.0
    count: Callable[[Any, Picture], int] | None = field(default=None)


@cache
def tabs() -> tuple[Tab, ...]:
    """All tabs, found by walking this package: every module may have a `TABS`."""
    found: list[Tab] = []
    package = importlib.import_module("tui.detail")
    for module in pkgutil.iter_modules(package.__path__):
        found += getattr(importlib.import_module(f"tui.detail.{module.name}"), "TABS", ())
    return tuple(sorted(found, key=lambda tab: tab.place))


def tabs_of(resource: Resource) -> tuple[Tab, ...]:
    """The tabs that a resource has."""
    return tuple(tab for tab in tabs() if resource.key.kind in tab.kinds)


ALL = frozenset(OBJECTS)
