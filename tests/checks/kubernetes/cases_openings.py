"""Cases of what a cluster's programs answer to a stranger."""

from __future__ import annotations

from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.kubernetes.opening import API, ETCD, KUBELET, Answer, Opening
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import changed
from tests.checks.cases import Case
from tests.kubernetes.captured import NOW, SOURCE

FAIL, PASS, MANUAL, NA, UNKNOWN = (
    Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN,
)  # fmt: skip
_CHECKS = {API: "ORC-252", KUBELET: "ORC-254", ETCD: "ORC-255"}
_HOST = "10.10.0.11"


def _opening(component: str, *answers: Answer) -> Opening:
    return Opening.build(
        key=ResourceKey(Kind.OPENING, SOURCE, f"{component}/{_HOST}"),
        name=f"{component}/{_HOST}",
        observed_at=NOW,
        component=component,
        address=_HOST,
        node="worker-1",
        answers=answers,
    )


def _api(code: int, *paths: str) -> tuple[Answer, ...]:
    return tuple(Answer(f"https://{_HOST}:6443{path}", code) for path in paths)


def _case(component: str, expected: Outcome, severity: Severity | None, note: str, *answers: Answer) -> Case:
    return Case(_CHECKS[component], _opening(component, *answers), expected, severity, others=(), note=note)


_ALL = ("/version", "/api", "/apis", "/api/v1/namespaces?limit=1", "/metrics")
_CLOSED = tuple(Answer(f"http://{_HOST}:{port}/", 0, "Connection refused", False) for port in (10255, 10248, 4194))
_LOCKED = Answer(f"https://{_HOST}:10250/pods", 401)
_MUTUAL = Answer(f"https://{_HOST}:2379/version", 0, "not without a certificate")
_SILENT = Answer(f"https://{_HOST}:2379/version", 0, "no answer in time", None)

CASES = [
    _case(API, PASS, None, "401", *_api(401, *_ALL)),
    _case(API, MANUAL, None, "as shipped", *_api(200, "/version"), *_api(403, *_ALL[1:])),
    _case(API, FAIL, Severity.HIGH, "metrics", *_api(200, "/version", "/metrics"), *_api(403, "/api")),
    _case(API, FAIL, Severity.CRITICAL, "objects", *_api(200, *_ALL)),
    _case(API, FAIL, Severity.CRITICAL, "objects, below a path", *_api(200, "/k8s/c1/api/v1/namespaces?limit=1")),
    _case(API, UNKNOWN, None, "silent", Answer(f"https://{_HOST}:6443/version", 0, "no answer in time", None)),
    Case("ORC-252", _opening(KUBELET), NA, others=(), note="a kubelet"),
    _case(KUBELET, PASS, None, "401 and closed", _LOCKED, *_CLOSED),
    _case(KUBELET, FAIL, Severity.CRITICAL, "open", Answer(_LOCKED.url, 200), *_CLOSED),
    _case(KUBELET, FAIL, Severity.HIGH, "read-only port", _LOCKED, Answer(f"http://{_HOST}:10255/pods", 200)),
    _case(KUBELET, FAIL, Severity.LOW, "health", _LOCKED, Answer(f"http://{_HOST}:10248/healthz", 200)),
    _case(KUBELET, UNKNOWN, None, "silent", _LOCKED, Answer(f"http://{_HOST}:10255/pods", 0, "no answer", None)),
    Case("ORC-254", _opening(ETCD), NA, others=(), note="etcd"),
    _case(ETCD, PASS, None, "a certificate is asked for", _MUTUAL),
    _case(ETCD, FAIL, Severity.CRITICAL, "open", Answer(_MUTUAL.url, 200)),
    _case(ETCD, UNKNOWN, None, "silent", _SILENT),
    Case("ORC-255", _opening(API), NA, others=(), note="the API server"),
    *(
        Case(check, changed(_opening(component), answers=Gap(Reason.TIMEOUT, "GET")), UNKNOWN, others=(), note="late")
        for component, check in _CHECKS.items()
    ),
]
