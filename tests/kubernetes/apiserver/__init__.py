"""The API server that tests talk to (`lab.kubernetes`), and the fixtures that start one.

from tests.kubernetes.apiserver import ApiServer, Manner, recorded
with ApiServer() as server:                     # the recorded cluster, HTTPS
    path = server.kubeconfig(tmp_path / "config")   # contexts admin, viewer, namespace-only, triage, ...
    server.cluster.touch("pods", "prod/redis-0")
    server.fail(Manner.THROTTLE, "/api/v1/pods", times=2)
    server.order("expire"), server.restart(history=False), server.drop_connections()
    assert not server.journal.writes() and not server.journal.repeated(403)
"""

from __future__ import annotations

from lab.kubernetes.accounts import Account, Accounts
from lab.kubernetes.answers import Manners
from lab.kubernetes.captured import recorded
from lab.kubernetes.cluster import Cluster
from lab.kubernetes.faults import Fault, Manner
from lab.kubernetes.journal import Journal, Request
from lab.kubernetes.server import ApiServer
from lab.kubernetes.synthetic import cluster as synthetic

__all__ = [
    "Account", "Accounts", "ApiServer", "Cluster", "Fault", "Journal", "Manner", "Manners", "Request", "recorded",
    "synthetic",
]  # fmt: skip
