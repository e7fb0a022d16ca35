"""What a scalar in YAML is, by the rules of the library that `kubectl` and the API server read YAML with.

These are YAML 1.1's booleans (`on`, `yes`, `n`), Go's integers (`0o17`, `017`, `1_000`), no sexagesimal numbers, and
dates that stay strings (sigs.k8s.io/yaml, goyaml.v2/resolve.go).
"""

from __future__ import annotations

import base64
import binascii
import math
import re

Scalar = str | int | float | bool | None
MERGE = "<<"
_TRUE = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_FALSE = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
_OLDER = frozenset(word for word in (*_TRUE, *_FALSE) if word.lower() not in ("true", "false"))
_NULL = ("", "~", "null", "Null", "NULL")
_INFINITE = (f"{sign}.{word}" for sign in ("", "+", "-") for word in ("inf", "Inf", "INF"))
_NO_JSON = frozenset((".nan", ".NaN", ".NAN", *_INFINITE))
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False), **dict.fromkeys(_NULL),
}  # fmt: skip
_HINTS = frozenset("+-0123456789yYnNtTfFoO~.")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DIGITS = 400  # more make no number that fits anywhere
_PREFIX = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {"bool": (bool,), "int": (int,), "float": (int, float), "null": (type(None),)}


class NoScalar(ValueError):  # noqa: N818 - what the document holds, not a fault of the program
    """A scalar that the server would refuse."""


def resolved(text: str, tag: str | None, plain: bool, newer: bool = False) -> Scalar:
    """The value; `plain` is neither quoted nor a block, `newer` has YAML 1.2's booleans. Raises `NoScalar`."""
    if tag is None or tag == "!":
        if newer and text in _OLDER:
            return text
        return _plain(text) if plain and tag is None else text
    name = tag.removeprefix(_PREFIX)
    if name == "binary":
        return _binary(text)
    if name not in _TYPES:
        return text
    found = _plain(text)
    if not isinstance(found, _TYPES[name]) or (isinstance(found, bool) and name != "bool"):
        raise NoScalar(f"cannot decode {text[:80]!r} as !!{name}")
    return found


def _plain(text: str) -> Scalar:
    if text and text[0] not in _HINTS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text in _NO_JSON:
        raise NoScalar(f"{text} is no number that an API takes")
    if text[0] in "yYnNtTfFoO~":
        return text
    digits = text.replace("_", "")
    whole = _INTEGER.fullmatch(digits)
    if whole is not None and len(digits) <= _DIGITS:
        return _integer(whole)
    if _FLOAT.fullmatch(digits) and len(digits) <= _DIGITS:
        return number(float(digits), text)
    return text


def _integer(found: re.Match[str]) -> int | float:
    sign, hexadecimal, binary, octal, decimal = found.groups()
    for digits, base in ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10)):
        if digits is not None:
            value = int(sign + digits, base)
            return value if -(1 << 63) <= value < 1 << 63 else float(value)  # what an API server makes of it
    raise AssertionError(found)


def number(value: float, text: str) -> int | float | str:
    """As JSON writes it: 1e3 is 1000; what no float holds stays text."""
    if math.isinf(value):
        return text
    return int(value) if value.is_integer() and abs(value) < 1e18 else value


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise NoScalar("!!binary value contains invalid base64 data") from None


def key_text(value: Scalar) -> str:
    """A member's name: what is no string becomes one, as on the way to JSON. Raises `NoScalar`."""
    if isinstance(value, str):
        return value
    if value is None:
        raise NoScalar("a member's name is empty")
    return str(value).lower() if isinstance(value, bool) else str(value)
