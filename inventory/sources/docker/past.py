"""What happened shortly before we looked. The daemon remembers some 256 events, so this is a part of the truth."""

from __future__ import annotations

from inventory.snapshot import Event
from inventory.sources.docker.follow import Lines, events_path, touch
from inventory.sources.docker.session import Session
from inventory.sources.docker.transport import ApiError

WINDOW = 900  # seconds
_LIMIT = 4 << 20


def recent_events(session: Session, source: str, now: float, *, deadline: float = 5.0) -> tuple[Event, ...]:
    """The events of the last quarter of an hour that the daemon still knows, oldest first; none if it will not tell."""
    path = events_path(session.flavour)
    joint = "&" if "?" in path else "?"
    # By the engine's clock: an end that has not come yet there would make it wait for it.
    now += session.ahead - 1.0
    try:
        raw = session.get(f"{path}{joint}since={int(now) - WINDOW}&until={int(now)}", deadline=deadline, limit=_LIMIT)
    except ApiError:
        return ()
    found = (touch(line, source).event for line in Lines().feed(raw + b"\n"))
    return tuple(event for event in found if event is not None)
