"""Which containers reach beyond this host, and whether anything holds them back."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import capped
from checks.images.usage import SHOWN
from checks.network.segments import networks_by_name
from checks.verdict import Evidence, Severity, Verdict, manual, not_applicable, passed
from checks.view import View
from inventory.gap import Gap, Reason, Unread
from inventory.model import Container, Engine, Network

_USER_MODE = frozenset({"pasta", "slirp4netns"})  # rootless Podman's: no network of the engine, and it leads outside
_NOWHERE = frozenset({"none"})


@check(
    "NET-029",
    "Egress unrestricted",
    domain=Domain.NETWORK,
    severity=Severity.LOW,
    subject=Engine,
    why="Whatever gets in can call home, fetch its tools and carry data out.",
    remediation="Make networks internal where nobody needs to call out, and filter in the DOCKER-USER chain or on the "
    "router for the others. Package mirrors, webhooks and time servers have to be let through.",
    references=("NIST-800-190:4.3.3", "ATT&CK:T1041", "ATT&CK:T1105", "CWE-923"),
)
def open_egress(engine: Engine, view: View) -> Verdict:
    """Judges the networks of all running containers, once for the engine: one rule in one firewall would help them all.

    M: some reach outside: a network that is not internal, the host's own, pasta or slirp4netns; filter rules are in no
    file. P: none does. NA: nothing runs. U: containers or networks were not read, or how a container is connected is
    not told, and no other reaches outside.
    """
    running = [container for container in view.all(Container) if container.running]
    if not running:
        return not_applicable("no container runs")
    ways, unread = ways_out(running, view)
    if not ways:
        if unread is not None:
            raise unread
        return passed(f"none of {len(running)} container(s) reaches outside")
    networks: dict[str, list[Container]] = {}
    for container, way in ways:
        networks.setdefault(way.value, []).append(container)
    first = {way.value: way.target for _, way in reversed(ways)}
    shown = (Evidence(f"{name}: containers", str(len(them)), first[name]) for name, them in sorted(networks.items()))
    return manual(f"{len(ways)} container(s) may call anybody", *capped(shown, SHOWN))


def ways_out(containers: list[Container], view: View) -> tuple[list[tuple[Container, Evidence]], Unread | None]:
    """The containers that reach outside with the network by which they do, and why it is not known of one, if so."""
    found, unread = [], None
    for container in containers:
        try:
            way = _way_out(container, view)
        except Unread as missing:
            unread = missing
            continue
        if way is not None:
            found.append((container, way))
    return found, unread


def _way_out(container: Container, view: View) -> Evidence | None:
    """The first network of a container that reaches outside; raises `Unread` where a network was not listed.

    One that joins another's network namespace reaches what that one does, which is counted there.
    """
    mode = container.network_mode
    kind = mode.partition(":")[0]
    if mode == "host" or kind in _USER_MODE:
        return Evidence(f"{container.name}: HostConfig.NetworkMode", kind, container.key)
    if not container.networks and kind not in {*_NOWHERE, "container"}:
        where = f"{container.name}: NetworkSettings.Networks"
        raise Unread(Gap(Reason.ABSENT, where, f"how the mode {mode or 'unnamed'} is connected"))
    for attachment in container.networks:
        network = view.index_of(Network, networks_by_name, attachment.network)
        if network is None:
            raise Unread(Gap(Reason.ABSENT, f"network {attachment.network}"))
        if not network.internal and not network.ingress and network.driver != "null":
            return Evidence(f"{container.name}: network", network.name, network.key)
    return None
