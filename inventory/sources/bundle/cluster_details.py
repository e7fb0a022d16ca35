"""What else is recorded of a cluster's pods, so that their logs can be looked at in a recording."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait

from inventory.gap import Gap
from inventory.kubernetes.workloads import Pod
from inventory.sources.kubernetes.reader import ClusterReader
from inventory.sources.kubernetes.transport import Api

LOG_LINES = 100
MOST = 300
"""Containers whose logs are kept at most; those that have restarted come first."""
THREADS = 8


def read_details(api: Api, pods: Iterable[Pod], *, seconds: float = 60.0) -> None:
    """Ask for logs, also of the container before the last restart; the recording below the transport keeps them."""
    reader = ClusterReader(api, "")
    asked = sorted(_containers(pods), key=lambda one: -one[3])[:MOST]
    until = time.monotonic() + seconds

    def ask(namespace: str, pod: str, container: str, restarts: int) -> None:
        for previous in (False, True) if restarts else (False,):
            if time.monotonic() < until:
                reader.logs(namespace, pod, container, tail=LOG_LINES, previous=previous)

    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="kubernetes-details")
    wait([pool.submit(ask, *one) for one in asked], timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)


def _containers(pods: Iterable[Pod]) -> Iterable[tuple[str, str, str, int]]:
    for pod in pods:
        spec, status = pod.peek("pod_spec"), pod.peek("status")
        if isinstance(spec, Gap):
            continue
        found = () if isinstance(status, Gap) else getattr(status, "container_statuses", ())
        restarts = {one.name: one.restart_count for one in found}
        for one in spec.containers:
            yield pod.namespace, pod.name, one.name, restarts.get(one.name, 0)
