"""What happens in the cluster that `python -m lab kubernetes` serves."""

from __future__ import annotations

from itertools import islice

from lab.kubernetes.life import chatter, steps
from tests.kubernetes.apiserver import recorded


def test_what_happens_leaves_a_cluster_that_fits_together() -> None:
    cluster = recorded()
    before = len(cluster.names("pods"))
    said = list(islice(steps(cluster), 9))
    chatter(cluster)
    assert "out of memory" in said[0]
    assert len(cluster.names("pods")) == before
    pods = [cluster.get("pods", key) for key in cluster.names("pods") if key.startswith("prod/storefront-")]
    owners = {(owner["name"], owner["uid"]) for pod in pods for owner in pod["metadata"]["ownerReferences"]}
    assert len(pods) == 3
    for name, uid in owners:
        assert cluster.get("replicasets", f"prod/{name}")["metadata"]["uid"] == uid
    assert any(line.startswith("level=") for _, line in cluster.logs["prod", "redis-0", "redis"])
