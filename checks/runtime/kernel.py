"""The kernel's view of a container's first process, where the engine is local and the reader may look."""

from __future__ import annotations

from checks.verdict import Severity
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


def root_is_mapped(container: Container, view: View) -> bool:
    """Whether root inside is another user outside: by the kernel's view, else by the declaration and the engine's."""
    kernel = kernel_view(container, view)
    if kernel is not None:
        return not kernel.identity_uid_map
    if container.userns_mode not in {"", "host"}:
        return True
    engine = view.engine()
    remapped = engine.security_option("userns") is not None and container.userns_mode != "host"
    return remapped or engine.rootless


def short_of_root(container: Container, view: View) -> Severity | None:
    """High where whoever gets out is an unprivileged user of the host (rootless, or ids remapped), else None.

    Capabilities count in its user namespace only, and the host's files keep their owners: user_namespaces(7).
    Where it is not known the worst is assumed.
    """
    try:
        return Severity.HIGH if root_is_mapped(container, view) else None
    except Unread:
        return None
