"""Times as the API writes them, and how long ago they were."""

from __future__ import annotations

from datetime import datetime


def epoch(text: str) -> float:
    """RFC 3339 to epoch seconds; 0.0 for what is not set (Go's year 1 too) or not a time."""
    if not text or text.startswith("0001-"):
        return 0.0
    try:
        moment = datetime.fromisoformat(text)
        return moment.timestamp() if moment.tzinfo is not None else 0.0
    except (ValueError, OverflowError):
        return 0.0


def for_people(seconds: float) -> str:
    """A span in one unit: `45 s`, `12 min`, `5 h`, `3 d`; negative ones are none."""
    seconds = max(seconds, 0.0)
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds // 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds // 3600:.0f} h"
    return f"{seconds // 86_400:.0f} d"
