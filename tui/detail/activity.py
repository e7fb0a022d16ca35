"""Lines about what a container does now, for the tabs that they belong to: who listens, and who is inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from inventory.activity import Activity, Listener
from inventory.container import Container
from inventory.gap import Gap
from inventory.resource import Kind, ResourceKey
from inventory.secrets import mask_args
from inventory.text import safe
from tui.detail.tab import Context
from widgets.textview import TextLine, line

LONGEST = 600


def _activity(resource: Container, context: Context) -> Activity | None:
    key = ResourceKey(Kind.ACTIVITY, resource.key.source, resource.key.id)
    return cast("Activity | None", context.picture.snapshot.get(key))


def listener_lines(resource: Container, context: Context) -> Iterator[TextLine]:
    """Sockets that wait for peers inside; nothing while nobody has looked."""
    activity = _activity(resource, context)
    found = activity.peek("listeners") if activity is not None else ()
    if isinstance(found, Gap):
        yield line(f" listeners: {safe(str(found), 300)}", "unknown")
    elif found:
        yield line(" listens inside", "header")
        yield from (line(f"   {_words(one)}") for one in sorted(found, key=lambda one: (one.port, one.protocol)))


def _words(one: Listener) -> str:
    address = f"[{one.address}]" if ":" in one.address else one.address
    return f"{one.protocol:<5} {address}:{one.port}  uid {one.uid}"


def session_lines(resource: Container, context: Context) -> Iterator[TextLine]:
    """Exec sessions that run; nothing where there are none or nobody has looked."""
    activity = _activity(resource, context)
    found = activity.peek("sessions") if activity is not None else ()
    if isinstance(found, Gap):
        yield line(f" exec sessions: {safe(str(found), 300)}", "unknown")
        return
    for session in found:
        words = " ".join(mask_args(list(session.command)))
        who = f"user {session.user}" if session.user else "the container's user"
        more = ", privileged" * session.privileged + ", with a terminal" * session.terminal
        yield line(safe(f" exec session now: {words}  ({who}{more}, pid {session.pid})", LONGEST), "accent")
