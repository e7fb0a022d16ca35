"""`python -m lab kubernetes`: a cluster on loopback to look at, in which something happens."""

from __future__ import annotations

import time
from pathlib import Path

from lab.kubernetes.captured import recorded
from lab.kubernetes.life import chatter, steps
from lab.kubernetes.server import ApiServer
from lab.kubernetes.synthetic import cluster as synthetic

CONTEXTS = ("admin", "viewer", "namespace-only")


def serve(directory: Path, *, pods: int = 0, every: float = 4.0, quiet: bool = False) -> int:
    """Until interrupted. `pods`: so many generated ones instead of the recorded cluster."""
    with ApiServer(synthetic(pods) if pods else recorded()) as server:
        path = server.kubeconfig(directory / "kubeconfig", CONTEXTS)
        print(f"{server.cluster.total()} objects on {server.url}\n  export KUBECONFIG={path.resolve()}", flush=True)
        print(f"  contexts: {', '.join(CONTEXTS)}", flush=True)
        happenings = steps(server.cluster) if not pods else None
        try:
            while True:
                time.sleep(every)
                if happenings is None:
                    server.cluster.touch("pods", server.cluster.names("pods")[0])
                    continue
                chatter(server.cluster)
                words = next(happenings)
                if not quiet:
                    print(words, flush=True)
        except KeyboardInterrupt:
            return 0
