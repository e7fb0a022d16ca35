"""How far a dated table can be trusted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

MAX_AGE = timedelta(days=180)
SOON = timedelta(days=90)


def day(seconds: float) -> date:
    """The UTC day of a time in epoch seconds."""
    return datetime.fromtimestamp(seconds, UTC).date()


def outdated(table: date, today: date) -> bool:
    """Whether a table of this date is too old to prove that something is fine."""
    return today - table > MAX_AGE
