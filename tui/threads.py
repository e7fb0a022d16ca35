"""Threads of our own."""

from __future__ import annotations

import threading
from collections.abc import Callable


def spawn(name: str, work: Callable[[], None]) -> threading.Thread:
    """A daemon thread: Textual's pool has few places and keeps the process alive until they are done."""
    thread = threading.Thread(target=work, name=f"deckwatch-{name}", daemon=True)
    thread.start()
    return thread
