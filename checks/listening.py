"""What listens inside a container, as far as it was read."""

from __future__ import annotations

from collections.abc import Sequence

from checks.network.exposure import loopback
from checks.verdict import Evidence
from inventory.activity import Activity, Listener
from inventory.gap import Gap


def wide(activity: Activity | None) -> Sequence[Listener]:
    """What listens beyond loopback; nothing where that was not read: for verdicts that stand on something else too."""
    known = activity.peek("listeners") if activity is not None else ()
    return beyond_loopback(() if isinstance(known, Gap) else known)


def beyond_loopback(listeners: Sequence[Listener]) -> list[Listener]:
    """Those that others can reach. Docker's own name server (127.0.0.11) is none of them."""
    return [listener for listener in listeners if not loopback(listener.address)]


def socket_seen(listener: Listener) -> Evidence:
    """A listener as evidence."""
    address = f"[{listener.address}]" if ":" in listener.address else listener.address
    return Evidence(f"/proc/PID/net/{listener.protocol}", f"{address}:{listener.port}, uid {listener.uid}")
