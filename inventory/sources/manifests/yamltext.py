"""YAML text to documents. The text is split as `kubectl` does it, so that a broken document costs only itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

from inventory.sources.manifests.builder import BrokenDocument, Builder, Built
from inventory.sources.manifests.scalars import MERGE, NoScalar, resolved

_SEPARATOR = re.compile(rb"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_NOTHING = re.compile(rb"\A(?:[ \t]*(?:#.*|%.*|---[ \t]*(?:#.*)?|\.\.\.[ \t]*)?\r?(?:\n|\Z))*\Z")
_LONGEST_NOTHING = 1 << 16  # comments alone are not looked for in more


def chunks(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """The documents of a stream and the number of lines before each; what holds none is left out."""
    starts = [0, *(found.start() for found in _SEPARATOR.finditer(raw)), len(raw)]
    line = 0
    for start, end in pairwise(starts):
        chunk = raw[start:end]
        if chunk.strip() and not (len(chunk) < _LONGEST_NOTHING and _NOTHING.match(chunk)):
            yield line, chunk
        line += chunk.count(b"\n")


def read(chunk: bytes, before: int, *, newer: bool = False, again: bool = False) -> Iterator[Built]:
    """What the documents of a chunk hold. Raises `BrokenDocument`, its line counted from the file's beginning.

    `newer`: `on` and `yes` are text, as they are for Compose. `again`: see `Builder`.
    """
    yaml, loader = _library()
    try:
        yield from _read(yaml, loader, chunk, before, newer, again)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        last = chunk.count(b"\n") - chunk.endswith(b"\n")  # the end of a document is no line of it
        line = before + 1 + min(mark.line if mark is not None else 0, last)
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or type(error).__name__
        context = getattr(error, "context", None)
        raise BrokenDocument(line, f"is not YAML: {said}{f' ({context})' if context else ''}") from None


def _read(yaml: Any, loader: Any, chunk: bytes, before: int, newer: bool, again: bool) -> Iterator[Built]:
    builder = Builder(len(chunk), again=again)
    first = before + 1
    for event in yaml.parse(chunk, Loader=loader):
        kind = type(event)
        line = event.start_mark.line + first
        if kind is yaml.ScalarEvent:
            plain = event.style is None or event.style == ""
            merge = plain and event.value == MERGE and event.tag is None
            try:
                value = resolved(event.value, event.tag, plain, newer)
            except NoScalar as error:
                raise BrokenDocument(line, str(error)) from None
            builder.scalar(value, line, event.anchor, merge=merge)
        elif kind is yaml.MappingStartEvent:
            builder.open(line, event.anchor, is_object=True)
        elif kind is yaml.SequenceStartEvent:
            builder.open(line, event.anchor, is_object=False)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            builder.close(line)
        elif kind is yaml.AliasEvent:
            builder.alias(event.anchor, line)
        elif kind is yaml.DocumentEndEvent:
            if builder.root is not None:
                yield builder.root
            builder = Builder(len(chunk), again=again)


@cache
def _library() -> tuple[Any, Any]:
    """The parser: in C where it was built, which is ten times as fast."""
    import yaml

    return yaml, getattr(yaml, "CSafeLoader", yaml.SafeLoader)
