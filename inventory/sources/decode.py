"""Tolerant decoding of API answers: one wrong type costs one field, never the object and never the program.

The fast path decodes straight into the wire types. Only when that fails is the answer decoded into plain objects and
put together field by field, remembering by path (`HostConfig.Memory`) what had another type than documented.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import UnsetType

from inventory.gap import Gap, Reason

T = TypeVar("T", bound=msgspec.Struct)


class AnswerError(Exception):
    """An answer that is not the JSON value it should be: truncated, not JSON, or of another kind altogether."""

    def gap(self, path: str) -> Gap:
        """The same as data."""
        return Gap(Reason.MALFORMED, path, str(self))


def decode(raw: bytes, wire: type[T]) -> tuple[T, dict[str, str]]:
    """The answer as `wire`, and the paths of malformed fields with what stood there. Raises `AnswerError`."""
    try:
        return _decoder(wire)(raw), {}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return convert(plain(raw), wire)


def convert(document: Any, wire: type[T]) -> tuple[T, dict[str, str]]:
    """The same from decoded JSON."""
    _decoder(wire)  # so that all its types are known before several threads need them
    if not isinstance(document, dict):
        raise AnswerError(f"expected an object, got {_kind(document)}")
    malformed: dict[str, str] = {}
    return _build(document, wire, "", malformed), malformed


def items(raw: bytes) -> list[bytes]:
    """The elements of a JSON array, each undecoded; null is an empty array. Raises `AnswerError`."""
    try:
        found = _RAW_LIST.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _plain_items(raw)
    return [bytes(item) for item in found or ()]


def member(raw: bytes, name: str) -> bytes:
    """One member of a JSON object, undecoded; `null` when it is missing. Raises `AnswerError`."""
    try:
        return bytes(_RAW_DICT.decode(raw).get(name, b"null"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        document = plain(raw)
        if not isinstance(document, dict):
            raise AnswerError(f"expected an object, got {_kind(document)}") from None
        return json.dumps(document.get(name)).encode()


def plain(raw: bytes) -> Any:
    """The answer as plain objects; invalid UTF-8 is replaced. Raises `AnswerError`."""
    try:
        return json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise AnswerError("empty answer" if not raw.strip() else f"not JSON ({len(raw)} bytes): {error}") from error


def without_nulls(value: Any) -> Any:
    """Decoded JSON without its nulls, where they mean that a member is not there."""
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [without_nulls(one) for one in value if one is not None]
    return value


def _plain_items(raw: bytes) -> list[bytes]:
    document = plain(raw)
    if not isinstance(document, list):
        raise AnswerError(f"expected an array, got {_kind(document)}")
    return [json.dumps(item).encode() for item in document]


def _build(document: dict[str, Any], wire: type[T], path: str, malformed: dict[str, str]) -> T:
    values: dict[str, Any] = {}
    for field, name, kind, nested in _layout(wire):
        value = document.get(name)
        if value is None:
            if name in document and UnsetType in get_args(kind):  # null says "none", which a missing member does not
                values[field] = None
            continue
        where = f"{path}{name}"
        if nested is not None and isinstance(value, dict):
            values[field] = _build(value, nested, f"{where}.", malformed)
            continue
        try:
            values[field] = msgspec.convert(value, kind)
        except (msgspec.ValidationError, RecursionError, OverflowError, ValueError) as error:
            malformed[where] = str(error)[:200] if isinstance(value, dict | list) else f"got {_kind(value)}"
            if isinstance(value, dict) and (kept := _strings(value, kind)):
                values[field] = kept
    return wire(**values)


def _strings(value: dict[Any, Any], kind: Any) -> dict[str, str]:
    """Of a mapping of strings with one wrong value, the right ones."""
    wanted = any(argument == dict[str, str] for argument in (kind, *get_args(kind)))
    return {key: text for key, text in value.items() if isinstance(text, str)} if wanted else {}


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


# Two threads that at once make decoders of types which share a struct crash the interpreter: msgspec registers
# what it knows of a struct before that is complete.
_making = threading.Lock()
_decoders: dict[type[msgspec.Struct], Callable[[bytes], Any]] = {}


def _decoder(wire: type[T]) -> Callable[[bytes], T]:
    made = _decoders.get(wire)
    if made is None:
        with _making:
            made = _decoders.setdefault(wire, msgspec.json.Decoder(wire).decode)
    return made


@cache
def _layout(wire: type[msgspec.Struct]) -> tuple[tuple[str, str, Any, Any], ...]:
    return tuple(_fields(wire))


def _fields(wire: type[msgspec.Struct]) -> Iterator[tuple[str, str, Any, Any]]:
    hints = get_type_hints(wire)
    for info in msgspec.structs.fields(wire):
        kind = hints[info.name]
        choices = get_args(kind) if isinstance(kind, UnionType) else (kind,)
        nested = [choice for choice in choices if isinstance(choice, type) and issubclass(choice, msgspec.Struct)]
        yield info.name, info.encode_name, kind, nested[0] if nested else None


_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw] | None)
_RAW_DICT = msgspec.json.Decoder(dict[str, msgspec.Raw])
