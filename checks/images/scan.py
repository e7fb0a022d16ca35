"""Looking for secrets in text of any length, in time that grows with the length only."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.secrets import SecretMatch, find

WINDOW = 4096
_OVERLAP = 1024  # no secret that the rules know is longer, apart from keys, whose first line is enough


def scan(key: str, value: str) -> SecretMatch | None:
    """As `inventory.secrets.find`, window by window: a hostile author can make a text that is slow as a whole."""
    return next((match for window in _windows(value) if (match := find(key, window))), None)


def _windows(text: str) -> Iterator[str]:
    for start in range(0, max(len(text) - _OVERLAP, 1), WINDOW - _OVERLAP):
        yield text[start : start + WINDOW]
