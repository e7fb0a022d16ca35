"""JSON text to documents: one, or several one after the other, as `kubectl get -o json` and `jq` write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from inventory.sources.manifests.builder import BrokenDocument, Builder, Built
from inventory.sources.manifests.scalars import Scalar, number

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s{}\[\],:"]+')
_BLANK = re.compile(r"[ \t\r\n]*")
_DIGITS = 400
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}


def looks_like_json(text: str) -> bool:
    """Whether it begins as an object or list of JSON does; YAML may, too."""
    return text[:4096].lstrip()[:1] in ("{", "[")


def read(text: str, before: int = 0) -> Iterator[Built]:
    """What each document holds. Raises `BrokenDocument`."""
    decoder = json.JSONDecoder()
    line, at = before + 1, 0
    while True:
        blank = _BLANK.match(text, at)
        start = blank.end() if blank else at
        line += text.count("\n", at, start)
        if start >= len(text):
            return
        try:
            _, at = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise BrokenDocument(before + error.lineno, f"is not JSON: {error.msg}") from None
        except RecursionError:
            raise BrokenDocument(line, "is nested too deeply") from None
        except ValueError as error:
            raise BrokenDocument(line, f"is not JSON: {error}") from None
        yield _built(text, start, at, line)
        line += text.count("\n", start, at)


def _built(text: str, start: int, end: int, line: int) -> Built:
    """The tokens of a document that is known to be sound: commas and colons need not be looked at."""
    builder = Builder(end - start)
    last = start
    for found in _TOKEN.finditer(text, start, end):
        line += text.count("\n", last, found.start())
        last, word = found.start(), found.group()
        if word in "{[":
            builder.open(line, is_object=word == "{")
        elif word in "}]":
            builder.close(line)
        else:
            builder.scalar(_scalar(word, line), line)
    if builder.root is None:
        raise BrokenDocument(line, "is not JSON")
    return builder.root


def _scalar(word: str, line: int) -> Scalar:
    if word[0] == '"':
        found = word[1:-1] if "\\" not in word else json.loads(word)
        if not isinstance(found, str) or any("\ud800" <= char <= "\udfff" for char in found):
            raise BrokenDocument(line, "holds half of a surrogate pair, which is no text")
        return found
    if word in _WORDS:
        return _WORDS[word]
    if len(word) > _DIGITS or word in ("NaN", "Infinity", "-Infinity"):
        raise BrokenDocument(line, f"{word[:20]} is no number that an API takes")
    try:
        whole = int(word)
    except ValueError:
        return number(float(word), word)
    return whole if -(1 << 63) <= whole < 1 << 63 else float(whole)
