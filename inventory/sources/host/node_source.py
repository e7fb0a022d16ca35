"""The Kubernetes node that this program runs on, looked at again and again; nothing where the machine is none."""

from __future__ import annotations

import threading
import time

from inventory.gap import Gap, Reason
from inventory.resource import Kind
from inventory.snapshot import SourceHealth, Status
from inventory.sources.host.kubernetes_node import is_node, kubernetes_node
from inventory.sources.host.reader import HostReader, LocalReader
from inventory.store import Store

EVERY = 60.0
"""Seconds between two looks: flags and files change with a restart or by hand."""
BEAT = 2.0
"""Seconds between two signs of life."""
NAME = "node"
KINDS = (Kind.KUBE_HOST, Kind.KUBELET, Kind.CONTROL_PLANE)


def read_node(
    store: Store, reader: HostReader | None = None, name: str = NAME, at: float | None = None
) -> SourceHealth:
    """One look; the store has what was found, or for each kind the reason why not."""
    reader = reader or LocalReader()
    moment = time.time() if at is None else at
    try:
        found = list(kubernetes_node(reader, name, moment))
    except Exception as error:  # whatever stands in those files, the rest of the program goes on
        gap = Gap(Reason.ERROR, "this machine as a node", f"{type(error).__name__}: {error}")
        for kind in KINDS:
            store.set_gap(name, kind, gap)
        health = SourceHealth("host", "this machine", Status.DEGRADED, str(gap))
    else:
        for kind in KINDS:
            store.replace(name, kind, [one for one in found if one.key.kind is kind])
        health = SourceHealth("host", "this machine", Status.OK, "Kubernetes node")
    store.answered(name)
    store.set_health(name, health)
    return health


class NodeSource:
    """Keeps the machine's part of the store current, on a daemon thread."""

    def __init__(self, store: Store, reader: HostReader | None = None, name: str = NAME, every: float = EVERY) -> None:
        self.name = name
        self.target = "this machine"
        self._store = store
        self._reader = reader or LocalReader()
        self._every = every
        self._stopped = False
        self._wake = threading.Event()

    @staticmethod
    def here(reader: HostReader | None = None) -> bool:
        """Whether this machine is a node at all."""
        return is_node(reader or LocalReader())

    def start(self) -> None:
        """Begin; returns at once."""
        for kind in KINDS:
            self._store.set_gap(self.name, kind, Gap(Reason.PENDING, "this machine as a node"))
        self._store.set_health(self.name, SourceHealth("host", self.target, Status.CONNECTING, "reading"))
        threading.Thread(target=self._run, name="kubernetes-node", daemon=True).start()

    def stop(self) -> None:
        """End; returns at once."""
        self._stopped = True
        self._wake.set()

    def refresh(self) -> None:
        """Look again now."""
        self._wake.set()

    def reader(self) -> Gap:
        """Nothing is read on demand."""
        return Gap(Reason.UNSUPPORTED, "reading on demand", "the machine's own files are not shown")

    def _run(self) -> None:
        while not self._stopped:
            read_node(self._store, self._reader, self.name)
            until = time.monotonic() + self._every
            while not self._wake.wait(min(BEAT, self._every)) and time.monotonic() < until:
                self._store.answered(self.name)  # what was read is not old before the next look
            self._wake.clear()
