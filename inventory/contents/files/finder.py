"""What most finders leave out: a finder overrides only what it does."""

from __future__ import annotations

from collections.abc import Iterable

from inventory.contents.finding import AnyFind, Entry, Watcher
from inventory.contents.model import FileFact

FILES = frozenset(("file", "hardlink"))
"""Kinds of entries that have a file's mode; what a link may do, the file that it leads to says."""


class Unwatched:
    """Sees nothing: for finders that never want every byte."""

    def feed(self, piece: bytes) -> None:
        """Forget it."""

    def end(self) -> Iterable[AnyFind]:
        """Nothing."""
        return ()


class Idle:
    """Notices nothing and wants nothing."""

    def notice(self, entry: Entry) -> AnyFind | None:
        """Nothing."""
        return None

    def wants(self, entry: Entry) -> int:
        """No byte."""
        return 0

    def look(self, entry: Entry, head: bytes) -> Iterable[AnyFind]:
        """Nothing."""
        return ()

    def watch(self, entry: Entry) -> Watcher:
        """Nothing to see."""
        return Unwatched()


def fact(entry: Entry) -> FileFact:
    """An entry as a file of the image; its layer is known when layers are laid over each other."""
    return FileFact("/" + entry.path, entry.mode & 0o7777, entry.uid, entry.gid, entry.size)
