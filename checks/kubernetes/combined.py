"""What is bad together: an open door, and behind it the keys of the cluster."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import capped
from checks.kubernetes.outside import Maker, makers_behind, pods_behind, routes_to, ways_in
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, passed, unknown
from checks.view import View
from inventory.kubernetes.exposure import KubeService

_EXPOSED, _TAKEOVER = "NET-044", "ORC-218"
_SHOWN = 12


@check(
    "CMB-004",
    "Exposed pod whose identity takes the cluster over",
    domain=Domain.ORCHESTRATION,
    severity=Severity.CRITICAL,
    subject=KubeService,
    why="One hole in the program, reached from outside, is the whole cluster.",
    remediation="Take the rights from the service account (ORC-218 names the bindings) or the door from the Service "
    "(NET-044; the Ingress). Until then `automountServiceAccountToken: false`, if the program asks the API server "
    "nothing.",
    references=("OWASP-K8s:K02", "ATT&CK:T1190", "ATT&CK:T1528", "CWE-269"),
    derived=True,
)
def exposed_takeover(service: KubeService, view: View) -> Verdict:
    """F: NET-044 fails for the Service or an Ingress or HTTPRoute leads to it, and ORC-218 fails for a Deployment,
    StatefulSet or DaemonSet whose pods it selects, or for a pod that none of these makes. P: one of the two is not so.
    U: one of them is not known.
    """
    outside = view.outcome(_EXPOSED, service.key)
    if outside is not Outcome.FAIL and not routes_to(service, view):
        return passed() if outside is not Outcome.UNKNOWN else unknown(f"{_EXPOSED} is not known")
    taking, unknown_behind = _taking(makers_behind(service, view), view)
    if not taking:
        taking, unknown_too = _taking(pods_behind(service, view), view)
        unknown_behind = unknown_behind or unknown_too
    if taking:
        path = [
            *ways_in(service, view),
            *(Evidence(f"{one[0].kind.value} {one[0].id}", one[2], one[0]) for one in taking),
        ]
        accounts = ", ".join(sorted({one[2] for one in taking}))
        return failed(f"outside > {service.name} > a pod that runs as {accounts} > the cluster", *capped(path, _SHOWN))
    if unknown_behind:
        return unknown(f"{_TAKEOVER} is not known for what is behind it")
    return passed()


def _taking(behind: tuple[Maker, ...], view: View) -> tuple[list[Maker], bool]:
    """Those for which the identity takes the cluster over, and whether that is unknown of any."""
    outcomes = [(one, view.outcome(_TAKEOVER, one[0])) for one in behind]
    failing = [one for one, outcome in outcomes if outcome is Outcome.FAIL]
    return failing, any(outcome is Outcome.UNKNOWN for _, outcome in outcomes)
