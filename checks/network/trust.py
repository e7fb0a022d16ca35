"""Who connects networks that belong to different owners, and what the data tier can reach."""

from __future__ import annotations

from checks.check import Domain, check
from checks.data.ports import SENSITIVE, Sort
from checks.images.usage import SHOWN
from checks.network.segments import NOBODY, Segment, networks_by_name, segments
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.model import Container, Network

_HOST_ACCESS = ("RUN-001", "RUN-002", "RUN-003", "RUN-023")
_ALONE = "no project"
_GATEWAY = "docker_gwbridge"


@check(
    "NET-007",
    "Container bridges trust groups",
    domain=Domain.NETWORK,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Whoever takes this one container stands in both networks, past the separation between them.",
    remediation="Split its job: a proxy that speaks to one service instead of a member of both networks, or a network "
    "of its own for each pair that talks. What reached it by its name on the other network has to be moved along.",
    references=("NIST-800-190:4.3.3", "OWASP-Docker:D03", "ATT&CK:T1090.001", "ATT&CK:T1021", "CWE-653"),
    derived=True,
)
def bridges_groups(container: Container, view: View) -> Verdict:
    """Judges the networks of a running container by the projects (or stacks) of the other members that run there.

    F: it joins an internal network with one where ports are published, and is itself privileged, holds a runtime socket
    or a sensitive host path, or runs as root (RUN-001, RUN-002, RUN-003, RUN-023). M: it joins networks whose other
    members belong to different projects, or an internal network with another. P: neither. NA: it does not run, or has
    fewer than two networks. U: containers or networks were not read. Members without a project count as one group.
    The ingress network and docker_gwbridge are no groups: Swarm attaches each task that publishes, or reaches outside,
    and lets members of the latter not talk to each other.
    """
    if not container.running:
        return not_applicable("the container does not run")
    attached = sorted({attachment.network for attachment in container.networks} - {_GATEWAY})
    if len(attached) < 2:
        return not_applicable("attached to fewer than two networks")
    kinds = {name: view.index_of(Network, networks_by_name, name) for name in attached}
    names = [name for name in attached if (network := kinds[name]) is None or not network.ingress]
    if len(names) < 2:
        return not_applicable("attached to one network besides Swarm's own")
    groups = {name: _others(view.index_of(Container, segments, name) or NOBODY, container) for name in names}
    inside = [name for name in names if (network := kinds[name]) is not None and network.internal]
    outside = [name for name in names if name not in inside]
    path = " - ".join(f"[{', '.join(sorted(groups[name])[:SHOWN]) or 'nobody else'}] {name}" for name in names)
    evidence = [Evidence("path", path)]
    published = [member for name in outside for member in _publishers(view, name)]
    if inside and published:
        weak = [rule for rule in _HOST_ACCESS if view.outcome(rule, container.key) is Outcome.FAIL]
        evidence += [Evidence("publishes", member.name, member.key) for member in published[:SHOWN]]
        if weak:
            evidence += [Evidence("fails", rule, container.key) for rule in weak]
            return failed(f"joins the internal {', '.join(inside)} with {', '.join(outside)}", *evidence)
    if inside and outside:
        return manual(f"joins the internal {', '.join(inside)} with {', '.join(outside)}", *evidence)
    if len(set(groups.values())) > 1 and set().union(*groups.values()) - {container.project}:
        return manual(f"joins {', '.join(names)}, whose other members differ", *evidence)
    return passed()


@check(
    "NET-008",
    "Database tier can reach out",
    domain=Domain.NETWORK,
    severity=Severity.INFO,
    subject=Network,
    why="A database that can call out can be made to send its data there.",
    remediation="`docker network create --internal NAME` (Compose: `internal: true`) for the network between the "
    "application and its database. Whatever fetched updates or backups over it needs another network.",
    references=("NIST-800-190:4.3.3", "ATT&CK:T1048", "CWE-653"),
)
def open_data_tier(network: Network, view: View) -> Verdict:
    """Judges networks with a running member on a database port (exposed or published; the table of NET-003).

    M: not internal, and none of these members publishes its port (then NET-003 speaks): it could be internal.
    P: internal. NA: no member on a database port, the default bridge (NET-005), or a driver without the option.
    U: containers were not read.
    """
    if network.driver not in {"bridge", "overlay"} or network.ingress or network.name == "bridge":
        return not_applicable("not a network for applications of one owner")
    members = (view.index_of(Container, segments, network.name) or NOBODY).running
    databases = [(member, found) for member in members if (found := database(member))]
    if not databases:
        return not_applicable("no member on a database port")
    shown = [Evidence(f"{member.name}: port", found, member.key) for member, found in databases[:SHOWN]]
    if network.internal:
        return passed("", Evidence("Internal", "true"), *shown)
    if any(port.published for member, _ in databases for port in member.ports):
        return not_applicable("a database here is published on purpose: NET-003")
    return manual("holds a database and reaches beyond this host", Evidence("Internal", "false"), *shown)


def database(container: Container) -> str:
    """The database port that a container offers, `5432/tcp (PostgreSQL)`, or ""."""
    ports = {int(port.partition("/")[0]) for port in container.exposed_ports if port.partition("/")[0].isdigit()}
    ports |= {port.container_port for port in container.ports}
    for port in sorted(ports):
        service = SENSITIVE.get(port)
        if service is not None and service.sort is Sort.DATABASE:
            return f"{port} ({service.name})"
    return ""


def _others(segment: Segment, container: Container) -> frozenset[str]:
    return frozenset(member.project or _ALONE for member in segment.running if member.key != container.key)


def _publishers(view: View, name: str) -> list[Container]:
    members = (view.index_of(Container, segments, name) or NOBODY).running
    return [member for member in members if any(port.published for port in member.ports)]
