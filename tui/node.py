"""This machine as a node of a cluster, read beside engines and clusters where it is one; at no cost where it is not."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from inventory.gap import Gap, Reason
from inventory.snapshot import SourceHealth, Status
from tui.options import SourceOptions

if TYPE_CHECKING:
    from inventory.sources.host.reader import HostReader
    from inventory.store import Store
    from tui.session import Source

NAME = "node"
MARKS = ("/var/lib/kubelet", "/etc/kubernetes")
"""As in `inventory.sources.host.kubernetes_node`, which is loaded on a node only."""
PATIENCE = 10.0  # seconds: the kernel may let nobody see what a sick process was started with


def here(options: SourceOptions) -> bool:
    """Whether to look at this machine: it has what a node has, and nobody asked for files or for engines alone."""
    live = options.bundle is None and not options.demo and not options.manifests
    return live and options.kubernetes and any(map(os.path.exists, MARKS))


def begin(options: SourceOptions, store: Store) -> threading.Thread | None:
    """Start to read it, if it is a node."""
    if not here(options):
        return None
    thread = threading.Thread(target=_read, args=(store,), daemon=True)
    thread.start()
    return thread


def end(reading: threading.Thread | None, store: Store, patience: float = PATIENCE) -> None:
    """Wait for it, but not for ever."""
    if reading is None:
        return
    reading.join(patience)
    if reading.is_alive():
        from inventory.sources.host.node_source import KINDS

        said = f"files and processes of the node were not read within {patience:g} s"
        for kind in KINDS:
            store.set_gap(NAME, kind, Gap(Reason.TIMEOUT, "this machine as a node", said))
        store.set_health(NAME, SourceHealth("host", "this machine", Status.DEGRADED, said))


def source(options: SourceOptions, store: Store) -> list[Source]:
    """It as a source of a session."""
    if not here(options):
        return []
    from inventory.sources.host.node_source import NodeSource

    return [NodeSource(store, reader(), NAME)]


def _read(store: Store) -> None:
    from inventory.sources.host.node_source import read_node

    read_node(store, reader(), NAME)


def reader() -> HostReader:
    """What looks at this machine."""
    from inventory.sources.host.reader import LocalReader

    return LocalReader()
