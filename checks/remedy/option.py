"""One option of a container, as `docker run` and as a Compose file write it."""

from __future__ import annotations

import shlex
from typing import Any, Literal

import msgspec

from inventory.text import is_safe

PLACEHOLDER = "CHANGE_ME"
LONGEST_NAME = 500


class Option(msgspec.Struct, frozen=True):
    """`words` are for the command line. In Compose `key` holds a `value`, a list with this `item` or a map with this
    `pair` under `name`. `field` is the field of the container that it comes from.
    """

    field: str
    words: tuple[str, ...]
    key: str
    form: Literal["value", "item", "pair"]
    entry: Any
    name: str = ""

    @property
    def safe(self) -> bool:
        """Whether it can be written: what would act on a terminal cannot."""
        names = (self.name, *self.entry) if isinstance(self.entry, dict) else (self.name,)
        return all(is_safe(word) for word in self.words) and all(
            len(name) <= LONGEST_NAME and is_safe(name) for name in names
        )


def nameable(text: str) -> bool:
    """Whether it can be a name in a YAML map, whose parsers look ahead a thousand characters for the colon."""
    return 0 < len(text) <= LONGEST_NAME and is_safe(text)


def quoted(words: tuple[str, ...]) -> str:
    """Words for a shell, each quoted where it needs to be."""
    return " ".join(shlex.quote(word) for word in words)
