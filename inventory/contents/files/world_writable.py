"""What everybody in the image may replace although others trust it."""

from __future__ import annotations

from typing import ClassVar

from inventory.contents.files.finder import FILES, Idle, fact
from inventory.contents.files.trusted_paths import trusted
from inventory.contents.finding import Entry, FileAt

_EVERYBODY, _STICKY, _EXECUTABLE = 0o002, 0o1000, 0o111


class WorldWritable(Idle):
    """Files, and directories without the sticky bit, below /bin, /sbin, /usr, /lib*, /etc and /opt.

    Elsewhere only programs: one of them may be what the image starts, which its configuration says and not its layers.
    """

    name: ClassVar[str] = "world-writable"

    def notice(self, entry: Entry) -> FileAt | None:
        """By the mode and the path."""
        mode = entry.mode
        if not mode & _EVERYBODY:
            return None
        if entry.kind in FILES:
            counts = mode & _EXECUTABLE or trusted(entry.path)
        else:
            counts = entry.kind == "directory" and not mode & _STICKY and trusted(entry.path)
        return FileAt(entry.path, fact(entry), "world-writable") if counts else None
