"""What has to be said of a file besides its objects."""

from __future__ import annotations

import msgspec

from inventory.resource import Kind


class Note(msgspec.Struct, frozen=True):
    """`broken`: objects may be missing because of it, of these `kinds`, or of any where None.

    Else something was left out that is no object, or, with `judged`, it is only a remark. `line` 0: the whole file.
    """

    file: str
    line: int
    message: str
    broken: bool
    kinds: frozenset[Kind] | None = None
    judged: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"
