"""`${VARIABLE}` in Compose files, by what the file itself says: nobody knows the environment it will be used in."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<named>[_a-zA-Z][_a-zA-Z0-9]*)"
    r"|\{(?P<braced>[_a-zA-Z][_a-zA-Z0-9]*)(?:(?P<operator>:?[-?+])(?P<word>[^{}]*))?\})"
)
_ROUNDS = 20


class Unresolved(msgspec.Struct, frozen=True):
    """A value that depends on variables without a default: which, and the text as it stands."""

    names: tuple[str, ...]
    text: str


def interpolated(value: Any) -> Any:
    """The value with defaults put in; a string that needs more is `Unresolved`. Names of members stay as they are."""
    if isinstance(value, dict):
        return {name: interpolated(one) for name, one in value.items()}
    if isinstance(value, list):
        return [interpolated(one) for one in value]
    return _text(value) if isinstance(value, str) and "$" in value else value


def _text(text: str) -> str | Unresolved:
    """Defaults may hold variables themselves, so the innermost are put in first."""
    missing: dict[str, None] = {}

    def put(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "\0"
        operator, word = found["operator"] or "", found["word"] or ""
        if operator.endswith("-"):
            return word
        if operator.endswith("+"):
            return ""  # only where the variable is set
        missing[found["named"] or found["braced"]] = None
        return "\1"

    result = text
    for _ in range(_ROUNDS):
        before, result = result, _VARIABLE.sub(put, result)
        if result == before:
            break
    else:  # deeper than anybody writes: nobody knows what it comes to
        missing["defaults within defaults"] = None
    if missing:
        return Unresolved(tuple(missing), text)
    return result.replace("\0", "$")


def unresolved(value: Any) -> Unresolved | None:
    """The first part of a value that could not be resolved, if there is one."""
    pending = [value]
    while pending:
        found = pending.pop()
        if isinstance(found, Unresolved):
            return found
        if isinstance(found, dict):
            pending += found.values()
        elif isinstance(found, list):
            pending += found
    return None


def as_written(value: Any) -> Any:
    """A list or mapping of strings with the text of those that could not be resolved."""
    if isinstance(value, dict):
        return {name: as_written(one) for name, one in value.items()}
    if isinstance(value, list):
        return [as_written(one) for one in value]
    return value.text if isinstance(value, Unresolved) else value
