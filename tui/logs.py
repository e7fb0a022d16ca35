"""A log on its way to the screen. Bounded everywhere: a container may write faster than anybody can read."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from inventory.snapshot import Snapshot
from inventory.sources.docker.frames import LogLine
from tui.talk import Talk
from widgets.textview import TextLine

WAITING = 5_000
"""Lines that may wait to be shown; while more come, the oldest of them go."""
MOST = 20_000
"""The same where more were asked for: as many as the view keeps."""
PAUSE = 0.1  # seconds between two paints of lines that keep coming


class Entry(NamedTuple):
    """A line, and whether it is inside of a private key: told before lines go, of which one may have begun it."""

    line: LogLine
    in_key: bool


class Taken(NamedTuple):
    """What came since the last look: the entries, how many more did not wait, and whether nothing will follow."""

    entries: list[Entry]
    lost: int
    ended: bool


class Backlog:
    """Lines between the thread that reads and the one that shows."""

    def __init__(self, most: int = WAITING) -> None:
        self._entries: deque[Entry] = deque(maxlen=most)
        self._lost = 0
        self._ended = False
        self._changed = threading.Condition()

    def put(self, entry: Entry) -> None:
        """Add one; never waits."""
        with self._changed:
            self._lost += len(self._entries) == self._entries.maxlen
            self._entries.append(entry)
            self._changed.notify()

    def end(self) -> None:
        """Nothing follows."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def take(self, patience: float) -> Taken:
        """All that waits; nothing after `patience` seconds without any."""
        with self._changed:
            if not self._entries and not self._ended:
                self._changed.wait(patience)
            taken = Taken(list(self._entries), self._lost, self._ended)
            self._entries.clear()
            self._lost = 0
        return taken


class _Stream(Protocol):
    def close(self) -> None:
        """End it, from any thread; returns at once."""


class Feed:
    """One log that is looked at: what it is read with, and the way to the screen until somebody closes it.

    `post` runs a function on the event loop without waiting; `paint` shows lines there, in place of what was there
    if its second argument says so; while `held` says so, what is shown stays as it is.
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        paint: Callable[[list[TextLine], bool], None],
        held: Callable[[], bool] = lambda: False,
    ) -> None:
        self._post = post
        self._paint = paint
        self._held = held
        self._lock = threading.Lock()
        self._stream: _Stream | None = None
        self._closed = threading.Event()
        self._waiting: list[TextLine] = []
        self._taken = threading.Event()
        self._taken.set()
        self._fresh = True

    # -- the thread that reads ----------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether nobody looks any more."""
        return self._closed.is_set()

    def opened(self, stream: _Stream) -> None:
        """This is what is to be ended when the feed is closed."""
        with self._lock:
            self._stream = stream
        if self.closed:
            stream.close()

    def show(self, lines: list[TextLine], *, passing: bool = False) -> None:
        """Hand lines over once the screen has taken those before; `passing` ones make room for whatever is next.

        Waits while the terminal stalls or the screen is frozen: one call to the event loop is under way at most.
        """
        while not self.closed and (not self._taken.is_set() or (self._held() and not self._fresh)):
            self._closed.wait(PAUSE) if self._taken.is_set() else self._taken.wait(PAUSE)
        if self.closed:
            return
        self._waiting = lines
        self._taken.clear()
        fresh, self._fresh = self._fresh, passing and self._fresh
        self._post(lambda: self._flush(fresh))

    def pause(self) -> None:
        """Let lines gather: the screen is not painted for each of them."""
        self._closed.wait(PAUSE)

    # -- the event loop -----------------------------------------------------------------------------------------

    def _flush(self, fresh: bool) -> None:
        lines, self._waiting = self._waiting, []
        if not self.closed:
            self._paint(lines, fresh)
        self._taken.set()

    def close(self) -> None:
        """Nobody looks any more: end the stream, which wakes the thread that reads it."""
        self._closed.set()
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()


class LogQuery(NamedTuple):
    """What a log is read with, how many of its last lines are wanted, whether with times, and what is known."""

    talk: Talk
    tail: int
    timestamps: bool
    feed: Feed
    snapshot: Snapshot = Snapshot()
