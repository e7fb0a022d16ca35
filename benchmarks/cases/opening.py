"""Getting the explorer to where something is measured, and reading its screen."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable

from benchmarks.processes import usage
from benchmarks.screen import Screen, replay
from benchmarks.terminal import Terminal

CONTAINERS = b"2"
TAB_LINE, HEADLINE, FIRST_ROW = 1, 2, 4
_STATE = re.compile(rb"connecting|LIVE|STALE|LOST")
_ROW = re.compile(rb"(?:app|scale)-\d{5}")
_NAME = re.compile(r"(?:app|scale)-\d{5}")
_COUNT = re.compile(r"Containers (\d+) of \d+")
_ECHO = re.compile(r"2{3,}|[\u2500-\u257f]+")  # keys that nobody took, and frames
_PRESS_EVERY = 0.05
_CALM = 5.0
"""Per cent of a core that still counts as doing nothing."""


class NotShownError(Exception):
    """The program did not come to where it was wanted; the text holds what it showed instead."""


def framed() -> Callable[[bytes], bool]:
    """Whether program, host and state are in the text: the first paint."""
    host = os.uname().nodename.encode()
    return lambda text: b"deckwatch" in text and host in text and _STATE.search(text) is not None


def open_containers(terminal: Terminal, limit: float = 30.0) -> float:
    """Press the pane's key from the first paint on until there are rows; returns when there were."""
    if terminal.until(framed(), limit) is None:
        raise NotShownError(f"no first paint: {_said(terminal)}")
    end = time.monotonic() + limit
    while time.monotonic() < end and terminal.running:
        terminal.send(CONTAINERS)
        at = terminal.until(lambda text: _ROW.search(text) is not None, _PRESS_EVERY)
        if at is not None:
            return at
    raise NotShownError(f"no rows: {_said(terminal)}")


def _said(terminal: Terminal) -> str:
    """The end of what was shown: with a program that has ended, of its last words."""
    return " ".join(_ECHO.sub(" ", terminal.text).split())[-400:] or "nothing"


def calm_containers(terminal: Terminal, limit: float = 90.0) -> Screen:
    """The list of containers, read and judged: the program neither works nor paints any more."""
    open_containers(terminal, limit)
    calm(terminal, limit)
    return replay(terminal.chunks, terminal.size)


def calm(terminal: Terminal, limit: float = 90.0) -> None:
    """Watch until the program has used next to no CPU and sent nothing for two seconds."""
    end, quiet, before = time.monotonic() + limit, 0, usage(terminal.pid)
    while quiet < 2 and time.monotonic() < end:
        sent = terminal.watch(1.0)
        now = usage(terminal.pid)
        quiet = quiet + 1 if not sent and now.share_since(before) < _CALM else 0
        before = now


def count_shown(screen: Screen) -> int:
    """How many containers the open list says it has, 0 while it shows none."""
    found = _COUNT.search(screen.line(HEADLINE))
    return int(found[1]) if found and _ROW.search(screen.line(FIRST_ROW).encode()) else 0


def badge(screen: Screen) -> str:
    """The sum of all verdicts at the end of the tab line."""
    return screen.line(TAB_LINE)[-60:].strip()


def cursor_name(screen: Screen) -> str:
    """The container under the cursor, "" when there is none."""
    found = _NAME.search(screen.cursor_line or "")
    return found[0] if found else ""
