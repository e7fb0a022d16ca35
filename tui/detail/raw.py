"""Findings and the raw object: the tabs that everything has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from inventory.gap import Gap
from inventory.resource import Resource
from inventory.secrets import MARGIN, mask_document
from inventory.sources.decode import AnswerError, plain
from inventory.text import CUT
from tui.detail.kube import OBJECTS as YAML  # what they are is read again, as YAML
from tui.detail.tab import ALL, Shape, Tab
from tui.picture import Picture

LONGEST = 65_536
"""Characters of one text that are shown."""


def findings_count(resource: Resource, picture: Picture) -> int:
    """How many verdicts are not settled."""
    judgement = picture.judgement(resource.key)
    return len(judgement.results) if judgement else 0


def raw_value(resource: Resource) -> Any:
    """The raw answer, decoded, its secrets masked; for a resource without one, its fields."""
    try:
        value = plain(resource.raw) if resource.raw else _fields(resource)
    except AnswerError as error:
        return {"not readable": str(error)}  # nothing of it is shown: what cannot be parsed cannot be masked
    return cut(mask_document(cut(value, LONGEST + MARGIN)), LONGEST)


def cut(value: Any, limit: int) -> Any:
    """The same with no text longer than `limit`: a label may have millions of characters."""
    if isinstance(value, str):
        return f"{value[:limit]}{CUT}" if len(value) > limit else value
    if isinstance(value, dict):
        return {name: cut(inner, limit) for name, inner in value.items()}
    return [cut(inner, limit) for inner in value] if isinstance(value, list) else value


def _fields(resource: Resource) -> dict[str, Any]:
    names = [name for cls in type(resource).__mro__ for name in getattr(cls, "__slots__", ())]
    skipped = {"raw", "gaps", "key"}
    return {name: _plain(resource.peek(name)) for name in dict.fromkeys(names) if name not in skipped}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)  # of an enum too, which a tree would show by its repr
    if isinstance(value, int | float) or value is None:
        return value
    if isinstance(value, Gap):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return _plain(msgspec.structs.asdict(value))
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [_plain(item) for item in value]
    return str(value)


TABS = (
    Tab("findings", "Findings", Shape.FINDINGS, ALL, 0, count=findings_count),
    Tab("inspect", "Inspect", Shape.TREE, ALL - YAML, 10),
)
