"""Objects as large as a server takes them cost their length, not the square of it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from checks.verdict import Outcome
from inventory.kubernetes.resource import KubeResource
from tests.checks.cases import Case, judge
from tests.checks.kubernetes.objects import written

_MANY = 3000


def _made(api_version: str, kind: str, **members: Any) -> KubeResource:
    meta = {"name": "x", "namespace": "kube-system"}
    return written(json.dumps({"apiVersion": api_version, "kind": kind, "metadata": meta, **members}))


def _deployment(spec: dict[str, Any]) -> KubeResource:
    return _made("apps/v1", "Deployment", spec={"template": {"spec": spec}})


VOLUMES = {
    "containers": [{"name": f"c{at}", "image": "a"} for at in range(_MANY)],
    "volumes": [{"name": f"v{at}", "hostPath": {"path": "/x"}} for at in range(_MANY)],
}
NAMES = {"containers": [{"name": "c", "image": "kubernetes-dashboard" * 20_000}]}
TLS = {
    "rules": [
        {"host": f"h{at}.x", "http": {"paths": [{"backend": {"service": {"name": "s"}}}]}} for at in range(_MANY)
    ],
    "tls": [{"hosts": [f"h{at}.x"]} for at in range(_MANY)],
}


@pytest.mark.parametrize(
    ("check", "subject", "expected"),
    [
        ("ORC-106", _deployment(VOLUMES), Outcome.FAIL),
        ("ORC-257", _deployment(NAMES), Outcome.PASS),
        ("NET-046", _made("networking.k8s.io/v1", "Ingress", spec=TLS), Outcome.PASS),
    ],
    ids=["volumes and containers", "a name again and again", "hosts and certificates"],
)
def test_large_objects_are_judged_in_time(check: str, subject: KubeResource, expected: Outcome) -> None:
    began = time.thread_time()
    assert judge(Case(check, subject, expected, others=())).outcome is expected
    assert time.thread_time() - began < 1.0
