"""Text from outside, made readable and harmless: what `safe` would hide is written out here, so that it can be seen."""

from __future__ import annotations

from datetime import UTC, datetime

from inventory.text import is_safe, safe

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def visible(text: str, limit: int = 400) -> str:
    r"""`text` with every code point that may not reach a terminal written as `\n`, `\x1b`, `\u202e`."""
    if is_safe(text):
        return safe(text, limit)
    return safe("".join(char if is_safe(char) else _escape(char) for char in text[:limit]), limit)


def rfc3339(time: float) -> str:
    """Epoch seconds as UTC with milliseconds."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _escape(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
