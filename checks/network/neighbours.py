"""A weak container beside one that holds the data."""

from __future__ import annotations

from checks.check import Domain, check
from checks.network.segments import NOBODY, segments
from checks.network.trust import database
from checks.runtime.combined import leads_to_the_host
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, not_applicable, passed, unknown
from checks.view import View
from inventory.model import Container, Network

_WEAK = ("CMB-001", "RUN-047", "RUN-048")


@check(
    "CMB-003",
    "Weak neighbour of a sensitive service",
    domain=Domain.NETWORK,
    severity=Severity.HIGH,
    subject=Network,
    why="A flat network leads from the container that falls first to the crown jewels.",
    remediation="Give the database a network with the one application that needs it, and take the weak container out "
    "of it. Its own findings say what makes it weak.",
    references=("NIST-800-190:4.3.3", "ATT&CK:T1021", "ATT&CK:T1210", "CWE-653"),
    derived=True,
)
def weak_neighbour(network: Network, view: View) -> Verdict:
    """Combines verdicts on the running members of a network on which members reach each other.

    F: one member fails CMB-001 (exposed and escape-capable), RUN-047 (remote login) or RUN-048 (unexpected process),
    and another offers a database port (the table of NET-003). P: no weak member. NA: no database among the members, a
    single member, or inter-container communication is off. U: a verdict that would decide is unknown.
    """
    members = (view.index_of(Container, segments, network.name) or NOBODY).running
    targets = [(member, found) for member in members if (found := database(member))]
    if not targets or len(members) < 2:
        return not_applicable("no database with neighbours here")
    if network.driver == "bridge" and not network.icc:
        return not_applicable("members do not reach each other")
    doubtful = False
    for member in members:
        others = [(other, port) for other, port in targets if other.key != member.key]
        verdicts = _verdicts(view, member) if others else {}
        weak = [rule for rule, outcome in verdicts.items() if outcome is Outcome.FAIL]
        if weak:
            other, port = others[0]
            path = f"{member.name} > {network.name} > {other.name}:{port}"
            fails = [Evidence("fails", rule, member.key) for rule in weak]
            return failed(path, Evidence("path", path), *fails, Evidence("port", port, other.key))
        doubtful = doubtful or any(outcome in (None, Outcome.UNKNOWN) for outcome in verdicts.values())
    return unknown(f"{', '.join(_WEAK)} of a member could not be judged") if doubtful else passed()


def _verdicts(view: View, member: Container) -> dict[str, Outcome | None]:
    exposed, *others = _WEAK
    return {exposed: leads_to_the_host(view, member.key), **{rule: view.outcome(rule, member.key) for rule in others}}
