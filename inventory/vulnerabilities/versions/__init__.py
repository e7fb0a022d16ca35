"""The order of versions, one module per packaging system: `key(version)` is comparable, or `ValueError`.

A version that its packaging system would not accept has no place in the order. It must never count as an old or a new
one, so `key` gives None and whoever asks says *unknown*.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from inventory.vulnerabilities.versions import apk, dpkg, gem, maven, pep440, rpm, semver

MAX_LENGTH: Final = 512
"""Of a version in characters; no packaging system has longer ones, and numbers this long are still cheap to read."""

LOWEST: Final = "0"
"""In an event of a range: below every version, whatever the order says (OSV schema, `affected[].ranges[].events`)."""

ORDERS: Final[dict[str, Callable[[str], Any]]] = {
    "dpkg": dpkg.key,
    "rpm": rpm.key,
    "apk": apk.key,
    "semver": semver.key,
    "go": semver.go_key,
    "pep440": pep440.key,
    "maven": maven.key,
    "gem": gem.key,
}


@lru_cache(maxsize=1 << 14)
def key(order: str, version: str) -> Any:
    """What to compare `version` by, None where it is no version of this order. Keys of one order compare as a whole."""
    if not version or len(version) > MAX_LENGTH:
        return None
    try:
        return ORDERS[order](version)
    except ValueError:
        return None


def compare(order: str, one: str, other: str) -> int | None:
    """-1, 0 or 1 as `one` is older than, equal to or newer than `other`; None where either is no version."""
    left, right = key(order, one), key(order, other)
    if left is None or right is None:
        return None
    return int(left > right) - int(left < right)
