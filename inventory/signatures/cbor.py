"""As much CBOR (RFC 8949) as COSE signatures need: definite lengths, shortest forms, bounded; the rest is refused."""

from __future__ import annotations

from typing import Any

import msgspec

_DEEPEST = 8
_MOST = 256


class Tagged(msgspec.Struct, frozen=True):
    """A value with a tag."""

    tag: int
    value: Any


class CborError(ValueError):
    """Not CBOR, or of a kind that does not occur in signatures."""


def decode(raw: bytes) -> Any:
    """The one value in `raw`. Raises `CborError`."""
    found, end = _value(raw, 0, 0)
    if end != len(raw):
        raise CborError("something follows the value")
    return found


def _value(raw: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise CborError("too deep")
    kind, size, at = _head(raw, at)
    if kind == 0:
        return size, at
    if kind == 1:
        return -1 - size, at
    if kind in (2, 3):
        return _string(raw, at, size, text=kind == 3)
    if kind in (4, 5):
        return _items(raw, at, size, depth, pairs=kind == 5)
    if kind == 6:
        value, at = _value(raw, at, depth + 1)
        return Tagged(size, value), at
    if size in (20, 21):
        return size == 21, at
    if size == 22:
        return None, at
    raise CborError("a number or simple value that signatures do not have")


def _head(raw: bytes, at: int) -> tuple[int, int, int]:
    if at >= len(raw):
        raise CborError("truncated")
    kind, short = raw[at] >> 5, raw[at] & 31
    at += 1
    if short < 24:
        return kind, short, at
    if short > 27 or kind == 7:
        raise CborError("a length that is not definite")
    width = 1 << (short - 24)
    if at + width > len(raw):
        raise CborError("truncated")
    size = int.from_bytes(raw[at : at + width])
    if size < (24 if width == 1 else 1 << (4 * width)):
        raise CborError("not the shortest form")
    return kind, size, at + width


def _string(raw: bytes, at: int, size: int, *, text: bool) -> tuple[bytes | str, int]:
    if size > len(raw) - at:
        raise CborError("truncated")
    found = raw[at : at + size]
    try:
        return (found.decode() if text else found), at + size
    except UnicodeDecodeError as error:
        raise CborError("text that is not UTF-8") from error


def _items(raw: bytes, at: int, size: int, depth: int, *, pairs: bool) -> tuple[Any, int]:
    if size > _MOST:
        raise CborError("too many items")
    found: list[Any] = []
    for _ in range(size * 2 if pairs else size):
        value, at = _value(raw, at, depth + 1)
        found.append(value)
    if not pairs:
        return found, at
    keys = found[::2]
    if not all(isinstance(key, int | str) and not isinstance(key, bool) for key in keys) or len(set(keys)) != size:
        raise CborError("keys that are neither numbers nor text, or occur twice")
    return dict(zip(keys, found[1::2], strict=True)), at


def encode_head(kind: int, size: int) -> bytes:
    """The first bytes of an item of this major type."""
    if size < 24:
        return bytes([kind << 5 | size])
    width = next(width for width in (1, 2, 4, 8) if size < 1 << (8 * width))
    return bytes([kind << 5 | 23 + width.bit_length()]) + size.to_bytes(width)


def encode_bytes(found: bytes) -> bytes:
    """A byte string."""
    return encode_head(2, len(found)) + found


def encode_text(found: str) -> bytes:
    """A text string."""
    raw = found.encode()
    return encode_head(3, len(raw)) + raw
