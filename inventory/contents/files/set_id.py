"""Programs that run as their owner or group, whoever starts them."""

from __future__ import annotations

from typing import ClassVar

from inventory.contents.files.finder import FILES, Idle, fact
from inventory.contents.finding import Entry, FileAt

SET_ID = 0o6000


class SetId(Idle):
    """Regular files with the set-user-id or set-group-id bit; on a directory it means something else."""

    name: ClassVar[str] = "set-id"

    def notice(self, entry: Entry) -> FileAt | None:
        """By the mode alone."""
        if not entry.mode & SET_ID or entry.kind not in FILES:
            return None
        return FileAt(entry.path, fact(entry), "set-id")
