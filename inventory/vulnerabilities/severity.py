"""How bad a vulnerability is: by CVSS where somebody scored it, else by the publisher's word; never guessed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from inventory.vulnerabilities.model import Rating
from inventory.vulnerabilities.records import Severities

_VECTORS: Final = ("CVSS_V4", "CVSS_V3", "CVSS_V2")
_WORDS: Final = {
    "negligible": Rating.NEGLIGIBLE,
    "unimportant": Rating.NEGLIGIBLE,
    "none": Rating.NEGLIGIBLE,
    "low": Rating.LOW,
    "minor": Rating.LOW,
    "medium": Rating.MEDIUM,
    "moderate": Rating.MEDIUM,
    "high": Rating.HIGH,
    "important": Rating.HIGH,
    "critical": Rating.CRITICAL,
}
_MAX_VECTOR: Final = 400


def rate(severities: Severities) -> tuple[Rating, float | None, str]:
    """Rating, CVSS base score and vector: CVSS 4 before 3 before 2, then a word; `UNKNOWN` where nothing says."""
    for kind in _VECTORS:
        for one, vector in severities:
            if one == kind and (score := base_score(kind, vector)) is not None:
                return rating(score, kind), score, vector
    for one, word in severities:
        if one not in _VECTORS and (found := _WORDS.get(word.strip().casefold())):
            return found, None, ""
    return Rating.UNKNOWN, None, ""


def first(candidates: Iterable[Severities]) -> tuple[Rating, float | None, str]:
    """The first that has a score, else the first that has a rating at all."""
    best: tuple[Rating, float | None, str] = (Rating.UNKNOWN, None, "")
    for severities in candidates:
        found = rate(severities)
        if found[1] is not None:
            return found
        if best[0] is Rating.UNKNOWN:
            best = found
    return best


def rating(score: float, kind: str = "CVSS_V3") -> Rating:
    """CVSS v3.1 section 5 and v4.0 section 6; version 2 knows no critical."""
    if score <= 0:
        return Rating.NEGLIGIBLE
    if score < 4:
        return Rating.LOW
    if score < 7:
        return Rating.MEDIUM
    return Rating.HIGH if score < 9 or kind == "CVSS_V2" else Rating.CRITICAL


@lru_cache(maxsize=1 << 14)
def base_score(kind: str, vector: str) -> float | None:
    """The base score of a vector, None where it is none."""
    if len(vector) > _MAX_VECTOR:
        return None
    from cvss import CVSS2, CVSS3, CVSS4
    from cvss.exceptions import CVSSError

    try:
        if kind == "CVSS_V4":
            return float(CVSS4(vector).base_score)
        if kind == "CVSS_V3":
            return float(CVSS3(vector).base_score)
        return float(CVSS2(vector.removeprefix("CVSS:2.0/")).base_score)
    except (CVSSError, ValueError, ArithmeticError, KeyError, TypeError):
        return None
