"""One thread for what is asked again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tui.threads import spawn


class Worker:
    """Does the newest thing that it was given; what it had not begun by then is dropped.

    An engine that hangs holds up one thread, however many tabs are opened meanwhile. Its thread starts when needed.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._next: Callable[[], None] | None = None
        self._given = threading.Event()
        self._started = False

    def give(self, work: Callable[[], None]) -> None:
        """Do this next, instead of whatever was to be next. `work` raises nothing. Returns at once."""
        with self._lock:
            self._next = work
            started, self._started = self._started, True
        self._given.set()
        if not started:
            spawn(self._name, self._run)

    def drop(self) -> None:
        """What was not begun is not wanted any more."""
        with self._lock:
            self._next = None

    def _run(self) -> None:
        while True:
            self._given.wait()
            self._given.clear()
            with self._lock:
                work, self._next = self._next, None
            if work is not None:
                work()
