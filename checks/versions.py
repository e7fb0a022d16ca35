"""Versions of container software: compared as numbers, with pre-releases before their release.

Understands `v1.7.2`, `1.0.0-rc93`, `1.4.0-rc.3`, `20.10.24+dfsg1`, `1.6.20~ds1`, `24.0.5-0ubuntu1`: what follows the
upstream version is kept as the distribution's suffix, which may stand for back-ported fixes.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-~.]?(alpha|beta|rc)[.-]?(\d*))?(.*)", re.IGNORECASE | re.DOTALL)
_STAGES = {"alpha": 0, "beta": 1, "rc": 2}
_RELEASED = 3
_NO_DISTRIBUTION = {"", "-ce", "-ee"}


class Version(msgspec.Struct, frozen=True, eq=False):
    """`release` is the three numbers; `stage` orders alpha < beta < rc < release; `suffix` is the distribution's."""

    release: tuple[int, ...]
    stage: tuple[int, int] = (_RELEASED, 0)
    suffix: str = ""

    @property
    def distribution(self) -> bool:
        """Whether a distribution built it, so that fixes may be in it that its number does not show."""
        return self.suffix not in _NO_DISTRIBUTION

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key() == other._key()

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def __le__(self, other: Version) -> bool:
        return self._key() <= other._key()

    def __gt__(self, other: Version) -> bool:
        return self._key() > other._key()

    def __ge__(self, other: Version) -> bool:
        return self._key() >= other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[tuple[int, ...], tuple[int, int]]:
        return self.release, self.stage


@lru_cache(maxsize=1024)
def parse_version(text: str) -> Version | None:
    """The version, or None where there is none to compare (a commit hash, "dev", nothing)."""
    match = _VERSION.fullmatch(text.strip())
    if match is None or any(len(number or "") > 9 for number in match.group(1, 2, 3, 5)):
        return None
    major, minor, patch, stage, number, suffix = match.groups()
    release = (int(major), int(minor), int(patch or 0))
    if stage is None:
        return Version(release, suffix=suffix)
    return Version(release, (_STAGES[stage.lower()], int(number or 0)), suffix)
