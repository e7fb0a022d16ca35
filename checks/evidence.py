"""Evidence from a field: its path and the value as the API writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from checks.verdict import Evidence
from inventory.resource import ResourceKey


def seen(path: str, value: object, target: ResourceKey | None = None) -> Evidence:
    """Evidence that `path` holds `value`: text as it is, everything else as JSON (`true`, `null`, `["ALL"]`)."""
    if isinstance(value, str):
        return Evidence(path, value or '""', target)
    if type(value) is int:
        return Evidence(path, str(value), target)
    if isinstance(value, frozenset):
        value = sorted(value)
    return Evidence(path, json.dumps(value, default=str, ensure_ascii=False), target)


def capped(evidence: Iterable[Evidence], shown: int) -> list[Evidence]:
    """The first `shown` pieces of evidence, and how many more there are.

    Nothing may be left out silently: a waiver of values (checks/waivers.py) holds only while it covers every one, and
    what is beyond the last shown would be excused with them.
    """
    found = list(evidence)
    rest = len(found) - shown
    return [*found[:shown], Evidence("and", f"{rest} more")] if rest > 0 else found
