"""Bounds on what strangers' images may cost, and what was refused because of them, told in few words."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """For one image. `unpacked` bytes are those after decompression; `ratio` counts from `ratio_from` bytes on.

    `same` is how many finds of one kind are kept of one layer where each is a file that is only noted; `found` bounds
    the bytes of memory that all finds take, roughly.
    """

    entries: int = 1_500_000
    unpacked: int = 64 << 30
    ratio: int = 250
    ratio_from: int = 256 << 20
    seconds: float = 900.0
    layers: int = 512
    head: int = 32 << 20
    heads: int = 8 << 30
    finds: int = 200_000
    found: int = 64 << 20
    same: int = 5_000
    names: int = 48 << 20
    document: int = 8 << 20


class StoppedError(Exception):
    """Nobody wants the result any more."""


class TooMuchError(Exception):
    """A limit is reached: one sentence for people. What was found so far counts, as incomplete."""


class Problems:
    """What was refused or could not be read: each kind once, with how often and the first example."""

    _KINDS = 60

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, str]] = {}

    def note(self, kind: str, example: str = "") -> None:
        """One more of a kind. `kind` is a sentence of the program's own, `example` may be anything."""
        count, first = self._found.get(kind, (0, example))
        if count or len(self._found) < self._KINDS:
            self._found[kind] = (count + 1, first)

    def said(self) -> tuple[str, ...]:
        """A sentence each."""
        return tuple(_sentence(kind, count, example) for kind, (count, example) in self._found.items())


def _sentence(kind: str, count: int, example: str) -> str:
    shown = (example if len(example) <= 120 else example[:117] + "...").encode("utf-8", "backslashreplace").decode()
    if not shown:
        return kind if count == 1 else f"{kind} ({count} times)"
    return f"{kind}: {shown!r}" if count == 1 else f"{kind}: {shown!r} and {count - 1} more"


class Guard:
    """Counts what reading one image costs. Raises `TooMuchError` at a limit and `StoppedError` when told to stop."""

    def __init__(
        self,
        limits: Limits | None = None,
        stopped: Callable[[], bool] = lambda: False,
        tell: Callable[[int], None] = lambda _bytes: None,
    ) -> None:
        self.limits = limits or Limits()
        self.entries = 0
        self.unpacked = 0
        self.done = 0
        self.heads = 0
        self.names = 0
        self.finds = 0
        self.found = 0
        self._stopped = stopped
        self._tell = tell
        self._until = time.monotonic() + self.limits.seconds

    def entry(self) -> None:
        """One more entry."""
        self.entries += 1
        if self.entries > self.limits.entries:
            raise TooMuchError(f"more than {self.limits.entries} files")
        if not self.entries & 0xFF:
            self.alive()

    def bytes_read(self, count: int) -> None:
        """So many bytes more were read or unpacked."""
        self.unpacked += count
        if self.unpacked > self.limits.unpacked:
            raise TooMuchError(f"more than {self.limits.unpacked >> 20} MiB")
        self.alive()

    def passed(self, count: int) -> None:
        """So many bytes more of layers' contents are behind; says how far it is."""
        self.done += count
        self._tell(self.done)

    def alive(self) -> None:
        """Go on?"""
        if self._stopped():
            raise StoppedError
        if time.monotonic() > self._until:
            raise TooMuchError(f"not done within {self.limits.seconds:.0f} s")
