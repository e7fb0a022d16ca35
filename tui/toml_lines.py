"""Which line of a TOML file a key stands on: the standard parser gives values without their places."""

from __future__ import annotations

import re
from collections import Counter

from tui.toml_statements import elements, statements

Path = tuple[str | int, ...]
_HEADER = re.compile(r"\s*(\[\[|\[)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


def lines(text: str) -> dict[Path, int]:
    """Line numbers (from 1) of tables and keys: `("ui",)`, `("ui", "theme")`, `("waiver", 0, "check")`.

    An array over several lines has the line of each element, `("trust", "registries", 1)`. A key inside an inline table
    has no line of its own: ask for the longest prefix (`line_of`).
    """
    found: dict[Path, int] = {}
    arrays: Counter[Path] = Counter()
    table: Path = ()
    for statement in statements(text):
        number = statement.start + 1
        if statement.kind == "key" and (key := _KEY.match(statement.text)):
            path = (*table, *_parts(key[1]))
            for end in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:end], number)
            if statement.end - statement.start > 1:
                found.update({(*path, index): number + line for index, line in enumerate(elements(statement.text))})
        elif statement.kind == "header" and (header := _HEADER.match(statement.text)):
            table = _parts(header[2])
            if header[1] == "[[":
                arrays[table] += 1
                table = (*table, arrays[table] - 1)
            for end in range(1, len(table) + 1):
                found.setdefault(table[:end], number)
    return found


def line_of(found: dict[Path, int], path: Path) -> int:
    """The line of a key, or of the nearest thing around it that has one; 1 if nothing has."""
    return next((found[path[:end]] for end in range(len(path), 0, -1) if path[:end] in found), 1)


def _parts(text: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(text))
