"""A cluster of any size in a process of its own: `python -m benchmarks.fake_cluster DIR PODS`.

Commands come in as JSON lines on standard input, each is answered with one JSON line. All pods are made before it says
that it is ready, so that serving them costs little more than sending bytes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab.kubernetes.entry import Entry
from lab.kubernetes.server import ApiServer
from lab.kubernetes.synthetic import cluster

RATE = 40.2e6 / 0.51
"""Bytes a second that a real API server was measured to send (1.36, 5,077 pods, etcd beside it on two cores).

It encodes each object as it goes. Here they lie ready in memory and would be there at once, which no server can do, so
that the time to fetch them would be no measure for anything.
"""


class FakeCluster:
    """Generated pods that can change."""

    def __init__(self, directory: Path, count: int) -> None:
        made = cluster(count)
        pods = made.collection("pods")
        for key, one in pods.entries.items():
            pods.entries[key] = Entry(one.raw(), one.namespace, one.name, one.version)
        self.server = ApiServer(made)
        self.server.rate = RATE
        self.directory = directory
        self._turn = 0
        self.commands: Mapping[str, Callable[..., Any]] = {"counts": self.counts, "crash": self.crash}

    def counts(self) -> dict[str, Any]:
        """Requests so far, writes among them, and how many watches run."""
        journal = self.server.journal
        return {
            "requests": len(journal.requests),
            "writes": len(journal.writes()),
            "watches": self.server.watching(),
        }

    def crash(self, number: int) -> dict[str, Any]:
        """Let a pod's container restart once more."""
        pods = self.server.cluster
        key = pods.names("pods")[number]
        self._turn += 1

        def change(pod: dict[str, Any]) -> None:
            one = pod["status"]["containerStatuses"][0]
            one["restartCount"] = 1000 + self._turn
            one["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}

        pods.edit("pods", key, change)
        return {"at": time.monotonic(), "key": key, "restarts": 1000 + self._turn}


def main(directory: str, count: str) -> None:
    """Serve until standard input ends."""
    host = FakeCluster(Path(directory), int(count))
    with host.server:
        host.server.kubeconfig(host.directory / "kubeconfig", ("admin",))
        print(json.dumps({"ready": True, "objects": host.server.cluster.total()}), flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            answer = host.commands[order.pop("do")](**order)
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
