"""Strings that an attacker may put into a name, a label, an environment variable or a log line."""

from __future__ import annotations

import unicodedata

HOSTILE: tuple[str, ...] = (
    "\x1b[31mred\x1b[0m",
    "\x1b[2J\x1b[H",
    "\x1b[?1049l",
    "\x1b]0;owned\x07",
    "\x1b]52;c;cm0gLXJmIC8=\x07",
    "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x1bP$q\x1b\\",
    "\x1bc",
    "tail\x1b",
    "tail\x1b[",
    "\x9b31mC1 CSI\x9b0m",
    "\x9d0;owned\x9c",
    "\x90dcs\x9c",
    "nul\x00bell\x07back\x08\x08\x08space",
    "line\nbreak\r\nand\rreturn",
    "tab\tvertical\x0bform\x0c",
    "del\x7f",
    "next\x85line\u2028separator\u2029paragraph",
    "abc\u202ecod.exe",
    "\u2066isolate\u2069\u200e\u200f\u061c",
    "zero\u200bwidth\u200c\u200d\ufeff\u2060",
    "soft\u00adhyphen",
    "family \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "heart \u2764\ufe0f flag \U0001f1eb\U0001f1f7",
    "tag \U000e0041\U000e0042\U000e007f",
    "zalgo e" + "\u0301" * 40,
    "combining first \u0301",
    "wide \u6f22\u5b57\uff21\U0001f600",
    "hangul filler \u3164\u115f\uffa0",
    "annotation \ufff9a\ufffab\ufffb",
    "[red]x[/]",
    "a[/nope]b",
    "[/",
    "[@click=app.quit]x[/]",
    "[link=http://evil.example]x[/link]",
    "[$error]x[/]",
    "[bold",
    "\\[red]x",
    "lone \ud800 surrogate \udfff",
    "\udc9b31m",
    "x" * 4096,
    "\u6f22" * 2048,
    "",
    " ",
    "   leading and trailing   ",
    "'; DROP TABLE containers; --",
    "../../../../etc/passwd",
    "$(id) `id` ${HOME} %n %s {0} {x}",
)
"""Escape sequences, C0 and C1 controls, bidi, zero-width, markup, wide, broken and very long text."""

# Category Cf, but drawn: number and verse signs of Arabic, Syriac and Kaithi.
_DRAWN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")


def forbidden(text: str) -> str | None:
    """The first character of `text` that must never reach a terminal as data, or None.

    Written from the Unicode categories, not from the ranges that the program uses: one can find the other wrong.
    """
    for char in text:
        category = unicodedata.category(char)
        if category in ("Cc", "Cs", "Zl", "Zp") or (category == "Cf" and char not in _DRAWN):
            return char
        if "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
            return char
    return None
