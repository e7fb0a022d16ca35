"""Entries of layers, and what all finders or one of them say of a file."""

from __future__ import annotations

from inventory.contents.finding import STREAM, AnyFind, Entry, Finder
from inventory.contents.model import SecretFile


def entry(path: str, mode: int = 0o644, kind: str = "file", size: int = 10, uid: int = 0) -> Entry:
    """A member of a layer."""
    return Entry(path, kind, mode, uid, 0, size)


def found(finder: Finder, path: str, content: bytes, mode: int = 0o644) -> list[AnyFind]:
    """What a finder says of a file with this in it."""
    one = entry(path, mode, size=len(content))
    finds = [find] if (find := finder.notice(one)) is not None else []
    wanted = finder.wants(one)
    if wanted == STREAM:
        watcher = finder.watch(one)
        for start in range(0, len(content), 7):
            watcher.feed(content[start : start + 7])
        return [*finds, *watcher.end()]
    return [*finds, *finder.look(one, content[:wanted])] if wanted else finds


def secrets(finder: Finder, path: str, content: bytes | str) -> list[SecretFile]:
    """The secrets that it says are in the file."""
    data = content.encode() if isinstance(content, str) else content
    return [secret for find in found(finder, path, data) for secret in getattr(find, "secrets", ())]
