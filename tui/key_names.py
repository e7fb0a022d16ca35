"""The names of keys as terminals and Textual know them, for judging `[keys]` without loading either."""

from __future__ import annotations

import string
import unicodedata
from functools import cache

from tui.near import nearest

_NAMED = (
    "up down left right home end insert delete pageup pagedown tab space enter escape backspace "
    + " ".join(f"f{number}" for number in range(1, 25))
).split()
_MODIFIERS = ("ctrl", "shift", "alt")
_SHORT = {  # what Textual calls these, which differs from the name in the Unicode table
    "solidus": "slash", "reverse_solidus": "backslash", "commercial_at": "at", "hyphen_minus": "minus",
    "plus_sign": "plus", "low_line": "underscore",
}  # fmt: skip
_ALIASES = {
    "esc": "escape", "return": "enter", "del": "delete", "ins": "insert", "pgup": "pageup", "pgdn": "pagedown",
    "page_up": "pageup", "page_down": "pagedown", "bs": "backspace", "dot": "full_stop", "blank": "space",
}  # fmt: skip


def name_of(key: str) -> str:
    """The name by which a key is bound: `/` is `slash`, `ctrl+/` is `ctrl+slash`; names stay what they are."""
    head = key[:-1] if key.endswith("+") else key[: key.rfind("+") + 1]
    last = key[len(head) :]
    return head + (_character(last) if len(last) == 1 and not last.isalnum() else last)


def mistake(key: str) -> str:
    """What is wrong with the name of a key, with the near one if there is one; "" if nothing is."""
    name = name_of(key)
    *modifiers, last = name.split("+")
    wrong = next((word for word in modifiers if word not in _MODIFIERS), "")
    if wrong:
        near = nearest(wrong.lower(), _MODIFIERS)
        return f"no modifier is called {wrong!r}{f'; did you mean {near}?' if near else ': ctrl, shift or alt'}"
    if _is_letter(last) or last in _known():
        return ""
    near = _ALIASES.get(last.lower()) or nearest(last.lower(), _known())
    wanted = "+".join((*modifiers, near)) if near else ""
    return f"no key is called {key!r}{f'; did you mean {wanted}?' if wanted else ''}"


def _is_letter(name: str) -> bool:
    return len(name) == 1 and name.isalnum()


@cache
def _known() -> frozenset[str]:
    return frozenset((*_NAMED, *(_character(sign) for sign in string.punctuation)))


def _character(sign: str) -> str:
    name = unicodedata.name(sign, sign).lower().replace("-", "_").replace(" ", "_")
    return _SHORT.get(name, name)
