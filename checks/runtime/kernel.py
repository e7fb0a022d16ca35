"""The kernel's view of a container's first process, where the engine is local and the reader may look."""

from __future__ import annotations

from checks.view import View
from inventory.container import Container
from inventory.gap import Unread
from inventory.host import Effective


def kernel_view(container: Container, view: View) -> Effective | None:
    """What /proc says of the container's first process; None where it does not run or cannot be looked at.

    For checks whose verdict also stands on the declaration alone; RUN-054 insists on the kernel's view.
    """
    if not container.running:
        return None
    try:
        return view.effective(container.id)
    except Unread:
        return None
