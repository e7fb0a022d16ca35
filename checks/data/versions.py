"""Versions of engines and kernels: compared as numbers, with the part that a distribution added kept apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERS = re.compile(r"\s*v?(\d+(?:\.\d+){0,3})")


@dataclass(frozen=True, slots=True)
class Release:
    """`numbers` always has three parts at least; `suffix` is all that follows them (`+dfsg1`, `-generic`, `-rc.1`)."""

    numbers: tuple[int, ...]
    suffix: str = ""

    @property
    def branch(self) -> tuple[int, int]:
        """The release branch, such as (6, 1) of 6.1.99."""
        return self.numbers[0], self.numbers[1]

    @property
    def patched(self) -> bool:
        """Whether somebody else than the project built it: it may hold fixes that its number does not show."""
        return bool(self.suffix) and not re.fullmatch(r"-?(ce|ee|rc|beta|alpha)[.\d]*", self.suffix)

    def __str__(self) -> str:
        """As it was written, without a leading v."""
        return ".".join(map(str, self.numbers)) + self.suffix


def parse(text: str) -> Release | None:
    """The release that a version string names, or None where it does not begin with a number."""
    match = _NUMBERS.match(text)
    if match is None:
        return None
    numbers = tuple(int(part) for part in match[1].split("."))
    return Release(numbers + (0,) * (3 - len(numbers)), text[match.end() :].strip())
