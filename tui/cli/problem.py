"""What ends a command early: one line for the person, and the exit status."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """Exit status of the program."""

    OK = 0  # nothing at or above --fail-on
    FOUND = 1  # something at or above --fail-on
    USAGE = 2  # wrong usage or configuration
    NO_SOURCE = 3  # no source could be read
    FAULT = 70  # a fault of the program itself (EX_SOFTWARE of sysexits)
    INTERRUPTED = 130  # Ctrl-C, as shells count it


class Problem(Exception):  # noqa: N818 - the person's problem, not a fault of the program
    """What happened, what was tried, what to do: in one line. `more` are further lines, where there are several."""

    def __init__(self, message: str, status: Exit = Exit.USAGE, more: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.more = tuple(more)
