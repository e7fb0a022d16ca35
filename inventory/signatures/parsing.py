"""Text from strangers as values: JSON, base64 and times, each with one spelling only, each bounded, none raising.

Base64 that decodes but is not what an encoder writes (stray characters, loose trailing bits) is refused: no other text
stands for the same bytes.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

LARGEST = 1 << 20
"""Bytes of a payload, a bundle or an envelope."""

T = TypeVar("T")


def document(raw: bytes | str) -> dict[str, Any] | None:
    """A JSON object, None for everything else."""
    found = plain(raw)
    return found if isinstance(found, dict) else None


def plain(raw: bytes | str) -> Any:
    """Any JSON value, None where it is none."""
    if len(raw) > LARGEST:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def struct(raw: bytes | str, wire: type[T]) -> T | None:
    """JSON of a known form. Numbers may be written as text, as protobuf's JSON does."""
    if len(raw) > LARGEST:
        return None
    try:
        return msgspec.json.decode(raw, type=wire, strict=False)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def at(value: Any, *path: str) -> Any:
    """What stands at a path of a decoded document, None where nothing does."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text_at(value: Any, *path: str) -> str:
    """The string at a path, "" where there is none."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def texts(value: Any, most: int = 64) -> dict[str, str]:
    """The members of an object that are text."""
    if not isinstance(value, dict):
        return {}
    return {key: one for key, one in list(value.items())[:most] if isinstance(one, str)}


def from_base64(text: str) -> bytes | None:
    """Standard base64 with padding."""
    try:
        raw = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def from_base64url(text: str) -> bytes | None:
    """URL-safe base64 without padding (JWS)."""
    if "+" in text or "/" in text or "=" in text:
        return None
    return from_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))


def moment(text: str) -> float | None:
    """RFC 3339 as epoch seconds."""
    if not 20 <= len(text) <= 40:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.timestamp() if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def said(when: float) -> str:
    """A moment for people."""
    try:
        return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "an impossible time"


def shown(text: str, most: int = 300) -> str:
    """Somebody else's text within one sentence: of bearable length."""
    return text if len(text) <= most else f"{text[:most]}…"
