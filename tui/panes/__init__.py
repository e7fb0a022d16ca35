"""The panes. Each lives in a folder: its `__init__` holds the `SPEC`, its `pane` module the `PANE`."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.panes.base import Pane


@dataclass(frozen=True, slots=True)
class PaneSpec:
    """What the tab line needs before anything else is loaded: `digit` is its key and its place."""

    id: str
    digit: str
    title: str
    short: str


@cache
def specs() -> tuple[PaneSpec, ...]:
    """All panes in the order of their digits."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]
    found: list[PaneSpec] = [importlib.import_module(f"{__name__}.{name}").SPEC for name in names]
    return tuple(sorted(found, key=lambda spec: spec.digit))


@cache
def load(pane_id: str) -> Pane:
    """The pane itself. Loading one brings the model and the checks along: not before the first paint."""
    pane: Pane = importlib.import_module(f"{__name__}.{pane_id}.pane").PANE
    return pane
