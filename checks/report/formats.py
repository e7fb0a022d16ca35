"""The report formats: every module `checks/report/as_NAME.py` with a `render` function is one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import checks.report
from checks.modules import modules

if TYPE_CHECKING:
    from checks.report.report import Report

_PREFIX = "as_"


class Layout(NamedTuple):
    """Where the text will be read: cells per line, whether colours may be used, and how much is to be told."""

    width: int = 100
    colour: bool = False
    verbose: bool = False  # the table with evidence and remediation
    cut: bool = True  # whether a line that is too long is cut: in a file whoever searches it wants all of it


Render = Callable[["Report", Layout], Iterator[str]]
"""Yields the report piece by piece; the last piece ends with a newline."""


def names() -> tuple[str, ...]:
    """The formats that exist; none of their modules is imported for this."""
    return tuple(sorted(name.removeprefix(_PREFIX) for name in modules(checks.report) if name.startswith(_PREFIX)))


def load(name: str) -> Render:
    """The function that writes this format; `name` is one of `names()`."""
    render: Render = importlib.import_module(f"checks.report.{_PREFIX}{name}").render
    return render
