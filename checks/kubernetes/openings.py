"""What the cluster's programs answer without a login. Judged only where somebody asked for a look."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from checks.check import Domain, check
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed, unknown
from checks.view import View
from inventory.kubernetes.opening import API, ETCD, KUBELET, Answer, Opening

_OPEN = 200
_PUBLIC = ("/version", "/swagger.json")
_OBJECTS = ("/api/v1/namespaces", "/api/v1/pods")
_KUBELET_API, _HEALTH = 10250, 10248


def _path(answer: Answer) -> str:
    return urlsplit(answer.url).path


def _port(answer: Answer) -> int:
    return urlsplit(answer.url).port or 0


def _told(answers: Iterable[Answer]) -> list[Evidence]:
    return [Evidence(f"GET {one.url}", f"HTTP {one.code}" if one.code else one.said) for one in answers]


def _silent(answers: Iterable[Answer]) -> list[Answer]:
    return [one for one in answers if one.reached is None]


@check(
    "ORC-252",
    "API server answers without a login",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Opening,
    why="Everybody who reaches it learns what runs, or reads secrets and starts pods.",
    remediation="Delete the binding to system:anonymous or system:unauthenticated (ORC-214 names it), or start the API "
    "server with `--anonymous-auth=false`; load balancers' health probes need a credential then.",
    references=(
        "CIS-Kubernetes-1.12:1.2.1", "NSA-CISA:authentication", "OWASP-K8s:K06", "OWASP-K8s:K09", "ATT&CK:T1133",
        "ATT&CK:T1613", "CWE-306",
    ),
)  # fmt: skip
def anonymous_api(opening: Opening, view: View) -> Verdict:
    """Judges GETs without credentials.

    F: 200 for namespaces or pods (critical); for /api, /apis or /metrics (high). M: for /version alone, as shipped.
    P: 401, 403 or 404 for all. NA: not the API server. U: no answer.
    """
    if opening.component != API:
        return not_applicable("not the API server")
    answers = opening.answers
    open_ = [one for one in answers if one.code == _OPEN]
    if any(_path(one).endswith(_OBJECTS) for one in open_):
        return failed("objects are listed without a login", *_told(open_), severity=Severity.CRITICAL)
    if any(not _path(one).endswith(_PUBLIC) for one in open_):
        return failed("answers without a login", *_told(open_), severity=Severity.HIGH)
    missing = [one for one in answers if not one.code]
    if missing:
        return unknown(missing[0].said, *_told(answers))
    if open_:
        return manual("tells its version without a login, as shipped", *_told(open_), severity=Severity.LOW)
    return passed("", *_told(answers))


@check(
    "ORC-254",
    "Kubelet answers without a login",
    domain=Domain.ORCHESTRATION,
    severity=Severity.CRITICAL,
    subject=Opening,
    why="The kubelet runs commands in every pod of its node; its read-only port tells all their settings.",
    remediation="`authentication.anonymous.enabled: false`, `authorization.mode: Webhook`, `readOnlyPort: 0` and "
    "`healthzBindAddress: 127.0.0.1` in the kubelet's configuration, then restart it. Old monitoring that uses port "
    "10255 stops: it needs 10250 and a token.",
    references=(
        "CIS-Kubernetes-1.12:4.2.1", "CIS-Kubernetes-1.12:4.2.2", "CIS-Kubernetes-1.12:4.2.4", "OWASP-K8s:K06",
        "ATT&CK:T1609", "ATT&CK:T1613", "CWE-306",
    ),
)  # fmt: skip
def open_kubelet(opening: Opening, view: View) -> Verdict:
    """Judges GETs without credentials at the node's own address.

    F: 200 from port 10250 (critical); from the read-only port 10255 or cAdvisor's 4194 (high); from the health port
    10248 (low). P: 401, 403, or nothing listens. NA: not a kubelet. U: no answer in time: a firewall may be between.
    """
    if opening.component != KUBELET:
        return not_applicable("not a kubelet")
    open_ = [one for one in opening.answers if one.code == _OPEN]
    ports = {_port(one) for one in open_}
    if _KUBELET_API in ports:
        return failed("runs what anybody asks for", *_told(open_), severity=Severity.CRITICAL)
    if ports - {_HEALTH}:
        return failed("tells everybody what runs", *_told(open_), severity=Severity.HIGH)
    if ports:
        return failed("tells its health to everybody", *_told(open_), severity=Severity.LOW)
    silent = _silent(opening.answers)
    if silent:
        return unknown("no answer in time; a firewall may be between", *_told(silent))
    return passed("", *_told(opening.answers))


@check(
    "ORC-255",
    "etcd answers without a certificate",
    domain=Domain.ORCHESTRATION,
    severity=Severity.CRITICAL,
    subject=Opening,
    why="etcd holds every object and secret, and asks nobody for rights: to reach it is to have the cluster.",
    remediation="Start etcd with `--client-cert-auth --trusted-ca-file`, `--peer-client-cert-auth "
    "--peer-trusted-ca-file`, https in all listen URLs, and let a firewall keep 2379 and 2380 for the control plane. "
    "API servers need `--etcd-certfile` and `--etcd-keyfile` first.",
    references=(
        "CIS-Kubernetes-1.12:2.1", "CIS-Kubernetes-1.12:2.2", "CIS-Kubernetes-1.12:2.5", "OWASP-K8s:K06",
        "ATT&CK:T1552.007", "CWE-306",
    ),
)  # fmt: skip
def open_etcd(opening: Opening, view: View) -> Verdict:
    """Judges GETs without a client's certificate on the ports 2379 and 2380 of a node's own address.

    F: 200, over http or without a certificate being asked for. P: refused, or a certificate is asked for. NA: not etcd.
    U: no answer in time.
    """
    if opening.component != ETCD:
        return not_applicable("not etcd")
    open_ = [one for one in opening.answers if one.code == _OPEN]
    if open_:
        return failed("answers everybody", *_told(open_))
    silent = _silent(opening.answers)
    if silent:
        return unknown("no answer in time; a firewall may be between", *_told(silent))
    return passed("", *_told(opening.answers))
