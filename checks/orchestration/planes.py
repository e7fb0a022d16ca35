"""Which of the host's interfaces carry the swarm's control and data traffic."""

from __future__ import annotations

import re

from checks.check import Domain, check
from checks.machine import machine_fact
from checks.verdict import Evidence, Severity, Verdict, manual, not_applicable, passed
from checks.view import View
from inventory.model import Engine

# Interfaces that an engine or a cluster makes for itself.
_MADE = re.compile(r"lo|docker|br-|veth|vx-|ov-|cni|flannel|cali|cilium|podman|virbr|lxcbr|lxdbr|incusbr")


@check(
    "ORC-008",
    "Control and data plane on the same interface",
    domain=Domain.ORCHESTRATION,
    severity=Severity.LOW,
    subject=Engine,
    why="Whoever floods the containers' traffic cuts the managers off from their nodes.",
    remediation="Let the node leave and join again with `--data-path-addr` of another interface. Its tasks move to "
    "other nodes meanwhile.",
    references=("CIS-Docker-1.6:7.9", "NIST-800-190:4.3.3"),
)
def separate_planes(engine: Engine, view: View) -> Verdict:
    """Judges `Swarm.NodeAddr` and the data path address, which the engine keeps in swarm/docker-state.json (for root).

    M: the same, or none was given. P: different. NA: no swarm, a single node, or a single interface with routes besides
    those that engines make. U: the engine is remote, or that file or the routes were not read. Source: CIS Docker 7.9.
    """
    if engine.swarm.state in {"", "inactive"}:
        return not_applicable("no swarm")
    # A worker does not tell how many nodes there are.
    if engine.swarm.control_available and engine.swarm.nodes <= 1:
        return not_applicable("a single node")
    names = sorted({route.interface for route in machine_fact(view, "routes") if not _MADE.match(route.interface)})
    if len(names) < 2:
        return not_applicable("a single interface")
    data = machine_fact(view, "swarm_addresses").data_path.strip("[]")
    control = engine.swarm.node_addr
    evidence = (
        Evidence("Swarm.NodeAddr", control or "none"),
        Evidence("docker-state.json: DataPathAddr", data or "not given"),
        Evidence("/proc/net/route", ", ".join(names)),
    )
    if data in {"", control}:
        return manual("control and data traffic share an interface", *evidence)
    return passed("", *evidence)
