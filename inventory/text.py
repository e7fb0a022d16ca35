"""The one gate for text that comes from outside: names, labels, log lines, error messages.

Whatever passes `safe` can be written to a terminal: it holds no control character, nothing that moves, hides or
reorders what stands beside it, and no lone surrogate. The original stays in the raw object for checks and JSON.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

REPLACEMENT = "\ufffd"
"""What stands for a code point that may not reach a terminal."""

CUT = "~"
"""What stands for text that was left out. ASCII, because an ellipsis is two cells wide in some terminals."""

_RANGES = (
    (0x00, 0x1F),  # C0, among them ESC, newline and tab
    (0x7F, 0x9F),  # DEL and C1: U+009B is CSI
    (0xAD, 0xAD),  # soft hyphen: invisible, and terminals disagree about its width
    (0x34F, 0x34F),  # combining grapheme joiner
    (0x61C, 0x61C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers: blank, so two different names would look alike
    (0x17B4, 0x17B5),  # Khmer inherent vowels, invisible
    (0x180B, 0x180F),  # Mongolian variation selectors
    (0x200B, 0x200F),  # zero-width space, joiners, direction marks
    (0x2028, 0x202E),  # line and paragraph separator, bidi embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, bidi isolates
    (0x3164, 0x3164),  # Hangul filler
    (0xD800, 0xDFFF),  # surrogates: not text, cannot be encoded
    (0xFE00, 0xFE0F),  # variation selectors: change the width of the character before
    (0xFEFF, 0xFEFF),  # byte order mark, zero-width
    (0xFFA0, 0xFFA0),  # halfwidth Hangul filler
    (0xFFF9, 0xFFFB),  # interlinear annotations
    (0x13430, 0x13440),  # Egyptian hieroglyph format controls
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D173, 0x1D17A),  # musical formatting controls
    (0xE0000, 0xE0FFF),  # tags and further variation selectors
)
_FORBIDDEN = "".join(f"{chr(low)}-{chr(high)}" for low, high in _RANGES).replace("\\", "\\\\").replace("]", "\\]")
_COMBINING = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
# A pile of marks on one letter paints over the lines above and below; real spelling needs at most three.
_UNSAFE = re.compile(f"[{_FORBIDDEN}]|(?<=[{_COMBINING}]{{3}})[{_COMBINING}]+")


def safe(text: str, limit: int = 4096) -> str:
    """`text` with every code point that may not reach a terminal replaced, at most `limit` characters long.

    Never interprets markup: brackets stay brackets. A text that was longer than `limit` ends in `CUT`.
    """
    if len(text) > limit:
        text = text[: max(0, limit - 1)] + CUT if limit > 0 else ""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(REPLACEMENT, text)


def is_safe(text: str) -> bool:
    """Whether `safe` would leave `text` as it is (apart from its length)."""
    return (text.isascii() and text.isprintable()) or _UNSAFE.search(text) is None


@lru_cache(maxsize=4096)
def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def width(text: str) -> int:
    """How many terminal cells `text` takes: wide East Asian characters two, combining marks none, others one."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


def _head(text: str, cells: int) -> str:
    used = 0
    for index, char in enumerate(text):
        used += _char_width(char)
        if used > cells:
            return text[:index]
    return text


def _tail(text: str, cells: int) -> str:
    used = 0
    for index in range(len(text) - 1, -1, -1):
        used += _char_width(text[index])
        if used > cells:
            return text[index + 1 :]
    return text


def clip(text: str, width: int) -> str:
    """`text` cut at its end to at most `width` cells, `CUT` showing that something is missing."""
    if _fits(text, width):
        return text
    return _head(text, width - 1) + CUT if width > 0 else ""


def middle(text: str, width: int) -> str:
    """`text` cut in its middle to at most `width` cells: names of one family differ at both ends."""
    if _fits(text, width):
        return text
    if width < 4:
        return clip(text, width)
    front = width // 2
    return _head(text, front) + CUT + _tail(text, width - 1 - front)


def _fits(text: str, cells: int) -> bool:
    return (len(text) if text.isascii() else sum(map(_char_width, text))) <= cells
