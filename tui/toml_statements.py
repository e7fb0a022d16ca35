"""A TOML file as its statements, each with the lines it takes: headers, keys with their values, comments, blank lines.

Only enough of the grammar to tell where a statement ends, so that a block can be added or taken out without touching
one byte of the rest. Whether the file is valid is for the standard parser to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_QUOTES = ('"""', "'''", '"', "'")
_LONGEST = 1 << 16  # characters of an array whose elements are told apart
_SPECIAL = re.compile(r"""[\[\]{}#\n"']""")


@dataclass(frozen=True, slots=True)
class Statement:
    """`kind` is header, key, comment or blank; lines count from 0, `end` is the first one behind it."""

    kind: str
    start: int
    end: int
    text: str


def statements(text: str) -> list[Statement]:
    """All statements in order; together they are all lines of the file."""
    found: list[Statement] = []
    position = line = 0
    while position < len(text):
        end = _end(text, position)
        piece = text[position:end]
        lines = piece.count("\n") + (not piece.endswith("\n"))
        found.append(Statement(_kind(piece), line, line + lines, piece))
        position, line = end, line + lines
    return found


def elements(text: str) -> list[int]:
    """For a key whose value is an array: the line, from the statement's first, on which each of its elements begins."""
    found: list[int] = []
    opened = text.find("=") + 1
    if len(text) > _LONGEST or not text[opened:].lstrip().startswith("["):
        return found
    position = text.index("[", opened)
    line = text.count("\n", 0, position)
    depth, fresh = 0, True
    while position < len(text):
        sign, end = text[position], position + 1
        if depth == 1 and fresh and not sign.isspace() and sign not in "#,]":
            found.append(line)
            fresh = False
        if sign == "#":
            end = _line_end(text, position)
        elif sign in "\"'":
            end = _string_end(text, position)
        else:
            depth += (sign in "[{") - (sign in "]}")
            fresh = fresh or (depth == 1 and sign == ",")
        line += text.count("\n", position, end)
        position = end
        if not depth:
            break
    return found


def _kind(piece: str) -> str:
    word = piece.lstrip()
    if not word:
        return "blank"
    return {"#": "comment", "[": "header"}.get(word[0], "key")


def _end(text: str, position: int) -> int:
    """Behind the line break that ends the statement which starts here."""
    depth = 0
    while position < len(text):
        special = _SPECIAL.search(text, position)
        if special is None:
            return len(text)
        sign, position = special[0], special.end()
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        elif sign == "\n" and depth <= 0:
            return position
        elif sign == "#":
            position = _line_end(text, position)
        elif sign in "\"'":
            position = _string_end(text, special.start())
    return position


def _line_end(text: str, position: int) -> int:
    found = text.find("\n", position)
    return len(text) if found < 0 else found


def _string_end(text: str, position: int) -> int:
    """Behind the string that opens here; a string that is never closed ends with its line, a long one with the text."""
    mark = next(quote for quote in _QUOTES if text.startswith(quote, position))
    last = len(text) if len(mark) == 3 else _line_end(text, position)
    position += len(mark)
    while position < last:
        if text[position] == "\\" and mark[0] == '"':
            position += 2
        elif text.startswith(mark, position):
            position += len(mark)
            while len(mark) == 3 and text.startswith(mark[0], position):  # '""""x""""': quotes beside the marks
                position += 1
            return min(position, len(text))
        else:
            position += 1
    return min(position, last)
