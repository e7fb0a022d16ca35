"""Cases of the Pod Security Standards."""

from __future__ import annotations

from checks.verdict import Outcome, Severity
from inventory.resource import Kind
from tests.checks.cases import Case
from tests.checks.kubernetes.objects import recorded

_PRIVILEGED = recorded(Kind.DAEMONSET, "kube-system/kube-proxy")
_PLAIN = recorded(Kind.DEPLOYMENT, "prod/checkout-api")

CASES = [
    Case("ORC-101", _PRIVILEGED, Outcome.FAIL, Severity.CRITICAL, others=()),
    Case("ORC-101", _PLAIN, Outcome.PASS, others=()),
]
