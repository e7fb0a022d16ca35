"""From text to markup. There is no other way into the page."""

from __future__ import annotations

from html import escape

from checks.report.text import visible


def shown(text: str, limit: int = 1000) -> str:
    """Text that reads as it is and does nothing: control characters written out, markup characters escaped."""
    return escape(visible(text, limit))


def name_of(text: str) -> str:
    """An object's name; one of blanks alone would be invisible."""
    return shown(text) if text.strip() else "<i>(no name)</i>"
