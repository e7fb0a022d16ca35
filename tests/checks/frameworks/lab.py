"""The recorded lab host that ships with the program, read and judged once."""

from __future__ import annotations

from functools import cache

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.result import Evaluation
from inventory.snapshot import Snapshot
from tui.collect import recorded
from tui.options import SourceOptions


@cache
def lab() -> tuple[Snapshot, Evaluation]:
    """The snapshot and its evaluation by all checks."""
    snapshot = recorded(SourceOptions(demo=True)).snapshot()
    return snapshot, Engine(catalogue()).evaluate(snapshot)
