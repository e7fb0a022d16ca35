"""Whether anybody watches what happens inside containers."""

from __future__ import annotations

from checks.check import Domain, check
from checks.images.usage import SHOWN
from checks.monitoring.collection import ended
from checks.verdict import Evidence, Severity, Verdict, manual, passed
from checks.view import View
from inventory.model import Component, Container, Engine, Kind, Service


@check(
    "MON-004",
    "No runtime threat detection",
    domain=Domain.MONITORING,
    severity=Severity.MEDIUM,
    subject=Engine,
    why="A shell in a container, a changed binary, a new outbound connection: nobody is told.",
    remediation="Run a sensor on every node (Falco, Tetragon, Tracee, or auditd with rules for containers) and send "
    "what it finds to somebody. Sensors need wide rights: pin their image and read their findings elsewhere.",
    references=("NIST-800-190:4.4.4", "OWASP-Docker:D10", "ATT&CK:T1562", "CWE-778"),
)
def no_detection(engine: Engine, view: View) -> Verdict:
    """Judges the recognised components that run on this engine's host.

    M: no sensor here; whether the host or the network is watched otherwise is for a person to say. M: in a swarm of
    several nodes, a sensor that is not seen to run on all of them: on all of them is a service of mode `global` without
    placement constraints, all tasks of which run; a replicated one is wherever the swarm puts it. P: a sensor runs.
    U: containers were not read.
    """
    sensors = [one for one in view.all(Component) if one.role == "detection" and not ended(one)]
    if not sensors:
        return manual("no sensor found", Evidence("GET /containers/json", f"{len(view.all(Container))} container(s)"))
    found = [Evidence(one.role, f"{one.product} ({one.name})", one.carrier) for one in sensors[:SHOWN]]
    nodes = engine.swarm.nodes if engine.swarm.control_available else 1
    if nodes > 1 and not any(_on_every_node(one, view) for one in sensors):
        return manual(f"a sensor runs here; {nodes - 1} other node(s) are not seen", *found)
    return passed("", *found)


def _on_every_node(component: Component, view: View) -> bool:
    service = view.get(component.carrier) if component.carrier.kind is Kind.SERVICE else None
    if not isinstance(service, Service) or service.mode != "global" or service.constraints:
        return False
    return service.running is not None and service.running == service.desired
