"""A file's bytes to documents: decoded, split, each with its place; what cannot be used is a note."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from inventory.resource import Kind
from inventory.sources.kubernetes.kinds import SERVED
from inventory.sources.manifests import jsontext, yamltext
from inventory.sources.manifests.builder import BrokenDocument, Built, Skeleton, line_of
from inventory.sources.manifests.note import Note

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_KIND = re.compile(rb"""^\s*["']?kind["']?\s*:\s*["']?([A-Za-z]{1,80})""", re.MULTILINE)
_SOURCE = re.compile(rb"^# Source: (\S[^\r\n]{0,300})", re.MULTILINE)
_HEAD = 2048  # bytes in which the comment stands that helm writes
_TEMPLATE = re.compile(rb"\{\{-?\s*[\w.$\"(/]")
_BY_NAME = {one.family.api_kind: one.family.kind for one in SERVED}
TEMPLATE = "is a template that helm has to render first (helm template CHART | deckwatch scan --manifests -)"


class Document(msgspec.Struct, frozen=True):
    """What a document holds, the line of everything in it, and the template that helm made it from ("" if none)."""

    value: Any
    lines: Skeleton
    template: str = ""

    @property
    def line(self) -> int:
        """Where it begins."""
        return line_of(self.lines)


def documents(raw: bytes, file: str) -> Iterator[Document | Note]:
    """Every document of a file."""
    raw = _utf8(raw)
    text = _text(raw)
    if text is not None and jsontext.looks_like_json(text):
        found = _json(text, file)
        if found is not None:
            yield from found
            return
    for before, chunk in yamltext.chunks(raw):
        yield from _yaml(chunk, before, file)


def is_template(raw: bytes) -> bool:
    """Whether it has actions of Go's templates."""
    return _TEMPLATE.search(raw) is not None


def _utf8(raw: bytes) -> bytes:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding, "replace").encode()
    return raw


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _json(text: str, file: str) -> list[Document | Note] | None:
    """None where it is no JSON after all, but perhaps YAML that begins alike."""
    found: list[Document | Note] = []
    try:
        found.extend(Document(built.value, built.lines) for built in jsontext.read(text))
    except BrokenDocument as error:
        if not found and not file.endswith(".json"):
            return None
        found.append(Note(file, error.line, str(error), broken=True))
    return found


def _yaml(chunk: bytes, before: int, file: str) -> Iterator[Document | Note]:
    try:
        chunk.decode()
    except UnicodeDecodeError as error:
        line = before + 1 + chunk.count(b"\n", 0, error.start)
        yield Note(file, line, "is not UTF-8", broken=True, kinds=_kinds(chunk))
        return
    source = _SOURCE.search(chunk[:_HEAD])
    template = source.group(1).decode() if source else ""
    found: list[Built] = []
    try:
        found.extend(yamltext.read(chunk, before))
        if any(_for_compose(built.value) for built in found):
            found = list(yamltext.read(chunk, before, newer=True))
    except BrokenDocument as error:
        yield from (Document(built.value, built.lines, template) for built in found)
        said = TEMPLATE if is_template(chunk) else str(error)
        yield Note(file, error.line, said, broken=True, kinds=_kinds(chunk))
        return
    yield from (Document(built.value, built.lines, template) for built in found)


def _for_compose(value: Any) -> bool:
    return isinstance(value, dict) and "services" in value and "apiVersion" not in value


def _kinds(chunk: bytes) -> frozenset[Kind] | None:
    """The kinds that a text which cannot be read seems to hold; None where nothing can be said."""
    names = [found.decode() for found in _KIND.findall(chunk)]
    if not names or any(name.endswith("List") for name in names):
        return None
    return frozenset(_BY_NAME[name] for name in names if name in _BY_NAME)
