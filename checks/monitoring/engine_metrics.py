"""Where the engine itself offers its metrics."""

from __future__ import annotations

from checks.check import Domain, check
from checks.host.options import option_evidence, words
from checks.network.exposure import loopback
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Engine, Network


@check(
    "MON-035",
    "Engine metrics offered to everyone",
    domain=Domain.MONITORING,
    severity=Severity.LOW,
    subject=Engine,
    why="The engine's metrics have no password: they tell everybody who connects what this host does, and how.",
    remediation='Set `"metrics-addr": "127.0.0.1:9323"` in daemon.json (or the address of the bridge that the '
    "collector is on) and restart the engine. A collector on another host needs a proxy that asks who it is.",
    references=("Docker:dockerd --metrics-addr", "CWE-200"),
)
def engine_metrics(engine: Engine, view: View) -> Verdict:
    """Judges the daemon option `metrics-addr`.

    F: an address other hosts may reach. M: not set, so nobody collects the engine's own metrics. P: loopback, or the
    gateway of one of the engine's networks. NA: Podman. U: the engine is not on this machine, or its networks could not
    be listed.
    """
    if engine.flavour == "podman":
        return not_applicable("Podman offers no metrics itself")
    host = view.host()
    evidence = option_evidence(host, "metrics-addr")
    address = next(iter(words(host, "metrics-addr")), "")
    if not address:
        return manual("to nobody: there are none, so nobody can watch the engine itself", evidence)
    place = address.rpartition(":")[0].strip("[]")
    if loopback(place):
        return passed("this host only", evidence)
    gateways = {subnet.gateway: one for one in view.all(Network) for subnet in one.subnets if subnet.gateway}
    if place in gateways:
        network = gateways[place]
        return passed(f"network {network.name} only", evidence, Evidence("IPAM.Config.Gateway", place, network.key))
    return failed(f"answers at {address}", evidence)
