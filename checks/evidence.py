"""Evidence from a field: its path and the value as the API writes it."""

from __future__ import annotations

import json

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
