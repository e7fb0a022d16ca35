"""Text from outside in GitHub-flavoured Markdown.

A code span is the one place where nothing happens: no markup, no HTML, and none of what a forge adds later (mentions of
people, links to issues and commits, addresses that become links).
"""

from __future__ import annotations

import re

from checks.report.text import visible

_SPECIAL = re.compile(r"([\\`*_\[\]~|!$])")
_ENTITY = {"&": "&amp;", "<": "&lt;"}
_LINKS = re.compile(r"[@#]|://|www\.|\bGH-\d|\b[0-9a-f]{7,}\b|^\s*\d+[.)]", re.IGNORECASE)


def code(text: str, limit: int = 400) -> str:
    """A code span. Not for a table, where a pipe ends the cell even here: `cell`."""
    text = visible(text, limit)
    if not text.strip():
        return "(empty)"
    fence = "`"
    while fence in text:
        fence += "`"
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cell(text: str) -> str:
    """Text in a table. Readers do not agree on a pipe behind a backslash, so where there is one all is spelt out."""
    text = visible(text, 400)
    if "|" not in text:
        return prose(text)
    return f"<code>{''.join(char if char.isalnum() or char == ' ' else f'&#{ord(char)};' for char in text)}</code>"


def prose(text: str, limit: int = 4000) -> str:
    """A sentence. One that holds something which a forge would act on becomes a code span."""
    text = visible(text, limit)
    if _LINKS.search(text):
        return code(text, limit)
    return _SPECIAL.sub(r"\\\1", "".join(_ENTITY.get(char, char) for char in text))


def advice(text: str) -> str:
    """This program's own text, in which backquotes mark what to type; they keep their meaning."""
    parts = visible(text, 4000).split("`")
    if len(parts) % 2 == 0:
        return prose(text)
    return "".join(code(part) if number % 2 else _plain(part) for number, part in enumerate(parts) if part)


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", "".join(_ENTITY.get(char, char) for char in text))
