"""Which capabilities a container has, by its declaration and, where it can be read, by the kernel's view."""

from __future__ import annotations

from collections.abc import Iterator

from checks.capabilities import (
    ALL,
    CONFIGURABLE_DEFAULT,
    DEFAULT,
    ELEVATED,
    beyond_default,
    decode,
    effective,
    escape_grade,
)
from checks.check import Domain, check
from checks.evidence import seen
from checks.network.segments import NOBODY, networks_by_name, segments
from checks.runtime.kernel import kernel_view, root_is_mapped, short_of_root
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
from checks.view import View
from inventory.container import Container
from inventory.gap import Gap, Reason, Unread
from inventory.host import Effective
from inventory.network import Network
from inventory.resource import Kind, ResourceKey

_PSS = "PSS:baseline:Capabilities"
_DROP_ALL = (
    "Drop everything and add what is missing: --cap-drop ALL --cap-add NAME (Compose: `cap_drop: [ALL]`, "
    "`cap_add: [NAME]`). "
)


@check(
    "RUN-013",
    "Escape-grade capability",
    domain=Domain.RUNTIME,
    severity=Severity.CRITICAL,
    subject=Container,
    why="Each of these capabilities is root on the host in one step.",
    remediation=_DROP_ALL + "Software that mounts file systems, loads modules or traces the host stops working.",
    references=("CIS-Docker-1.6:5.4", _PSS, "NIST-800-190:4.4.3", "ATT&CK:T1611", "CWE-250"),
    implied_by=("RUN-001",),
)
def escape_capability(container: Container, view: View) -> Verdict:
    """Fail: SYS_ADMIN, SYS_MODULE, SYS_RAWIO, DAC_READ_SEARCH or BPF in effect, SYS_PTRACE together with the host's PID
    namespace, or every capability.

    In effect: what the kernel shows (`CapBnd` and `CapEff` of the first process) where it can be read, else the
    engine's default set minus `CapDrop` plus `CapAdd`. The bounding set counts, since a set-id binary of a non-root
    user regains it. High where root inside is an unprivileged user outside (rootless engine, remapped ids). Pass: none
    of them. Source: CIS Docker 5.4, capabilities(7).
    """
    granted, kernel = _granted(container, view)
    found = escape_grade(granted, container.pid_mode == "host")
    if not found:
        return passed()
    ways = "; ".join(f"{name} {how}" for name, how in found.items())
    evidence = (*_evidence(container, kernel), seen("capabilities", sorted(found)))
    severity = short_of_root(container, view)
    message = f"escapes with {ways}" if severity is None else f"in its user namespace: {ways}"
    return failed(message, *evidence, severity=severity)


@check(
    "RUN-014",
    "Capability beyond the default set",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="More of the kernel is in the container's reach than an engine grants by itself.",
    remediation=_DROP_ALL + "What needed the capability fails with EPERM until it is added back by name.",
    references=("CIS-Docker-1.6:5.4", _PSS, "ATT&CK:T1611", "CWE-250"),
    implied_by=("RUN-001",),
)
def beyond_default_set(container: Container, view: View) -> Verdict:
    """Fail: a capability in effect outside the default 14 that RUN-013 does not name; high for NET_ADMIN, SYS_PTRACE,
    SYS_BOOT, SYSLOG, MAC_ADMIN, MAC_OVERRIDE, PERFMON, CHECKPOINT_RESTORE, SYS_TIME, SYS_RESOURCE, AUDIT_CONTROL and
    LINUX_IMMUTABLE.

    Not applicable: every capability is granted by name (RUN-013 says it all). Pass: none beyond. Source: CIS Docker
    5.4, Pod Security Standards (baseline).
    """
    granted, kernel = _granted(container, view)
    if granted >= ALL and not container.privileged:
        return not_applicable("every capability is granted: RUN-013")
    extra = beyond_default(granted, container.pid_mode == "host")
    if not extra:
        return passed()
    severity = Severity.HIGH if ELEVATED.intersection(extra) else None
    evidence = (*_evidence(container, kernel), seen("capabilities", extra))
    return failed(f"has {', '.join(extra)}", *evidence, severity=severity)


@check(
    "RUN-015",
    "Capabilities not dropped",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="The default set is wider than most services need; what is not there cannot be abused.",
    remediation=_DROP_ALL + "Servers that change user at start need SETUID and SETGID, port 80 NET_BIND_SERVICE.",
    references=("CIS-Docker-1.6:5.4", "PSS:restricted:Capabilities", "OWASP-Docker:RULE-3", "CWE-250"),
)
def not_dropped(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.CapDrop` leaves a member of the default set that `CapAdd` does not ask for by name.

    Pass: ALL is dropped (Podman lists every one instead). Manual: on Podman only AUDIT_WRITE, MKNOD and NET_RAW are
    left, which its configuration may not grant in the first place. Not applicable: privileged (RUN-001).
    Source: Pod Security Standards (restricted).
    """
    if container.privileged:
        return not_applicable("privileged: RUN-001")
    dropped = container.cap_drop
    added = frozenset(container.cap_add)
    kept = ALL - frozenset(dropped) if "ALL" in added else (effective((), dropped) & DEFAULT) - added
    if not kept:
        return passed()
    evidence = (seen("HostConfig.CapDrop", dropped), seen("capabilities kept", kept))
    if dropped and kept <= CONFIGURABLE_DEFAULT and view.engine().flavour == "podman":
        return manual("what is left may not be in Podman's default set", *evidence)
    return failed(f"keeps {len(kept)} capabilities that it did not ask for by name", *evidence)


@check(
    "RUN-016",
    "NET_RAW kept",
    domain=Domain.RUNTIME,
    severity=Severity.LOW,
    subject=Container,
    why="Raw sockets forge ARP and DNS answers for every neighbour on the segment.",
    remediation="--cap-drop NET_RAW (Compose: `cap_drop: [NET_RAW]`). ping inside the container stops working, unless "
    "the sysctl net.ipv4.ping_group_range lets its user.",
    references=(
        "CIS-Docker-1.6:5.4", "PSS:restricted:Capabilities", "OWASP-Docker:RULE-3", "ATT&CK:T1557.002", "CWE-250",
    ),
    implied_by=("RUN-001",),
)  # fmt: skip
def raw_sockets(container: Container, view: View) -> Verdict:
    """Fail: NET_RAW is in effect and the running container shares a bridge, an overlay or a plugin's network with
    another one; medium when one of these belongs to another project (containers without one count as one group).
    Medium too on macvlan, ipvlan and the host's own network, whose neighbours are other machines, seen or not; the last
    only where root inside is root outside, for the capability counts in its own user namespace. Pass: not in effect, or
    no such neighbour.

    Not applicable: it does not run. Unknown: none of these, and one of its networks is not among those that were read.
    A container in another one's network namespace is judged by that one's networks. That inter-container communication
    is off does not help: the rule filters IP, and ARP is none. Of an overlay only neighbours on this engine are seen.
    In effect: as RUN-013 says. Source: CIS Docker 5.4, capabilities(7), packet(7).
    """
    granted, kernel = _granted(container, view)
    if "NET_RAW" not in granted:
        return passed()
    if not container.running:
        return not_applicable("the container does not run")
    found, unread = _reached(container, view)
    if found:
        severity, where, evidence = max(found, key=lambda one: one[0])
        return failed(f"may forge packets on {where}", *_evidence(container, kernel), evidence, severity=severity)
    if unread:
        raise Unread(Gap(Reason.ABSENT, f"network {', '.join(unread)}"))
    return passed()


_Reached = tuple[Severity, str, Evidence]


def _reached(container: Container, view: View) -> tuple[list[_Reached], list[str]]:
    """Segments on which raw sockets reach somebody else, and the names of networks that were not listed."""
    owner = _network_owner(container, view)
    found: list[_Reached] = []
    unread: list[str] = []
    if owner is None:
        return found, [container.network_mode]
    if owner.network_mode == "host":
        if not root_is_mapped(container, view):
            found.append((Severity.MEDIUM, "the host's own network", seen("HostConfig.NetworkMode", "host", owner.key)))
        return found, unread
    for name in sorted({attachment.network for attachment in owner.networks}):
        network = view.index_of(Network, networks_by_name, name)
        if network is None:
            unread.append(name)
        elif network.driver in {"macvlan", "ipvlan"}:
            driver = Evidence(f"{name}: Driver", network.driver, network.key)
            found.append((Severity.MEDIUM, f"{name}, a segment of the host's network", driver))
        elif network.driver not in {"host", "null"}:
            found += _beside(name, owner, container, view)
    return found, unread


def _network_owner(container: Container, view: View) -> Container | None:
    """The container whose network namespace it is in, None where that one is not there: itself, unless told to join."""
    mode, _, other = container.network_mode.partition(":")
    if mode != "container":
        return container
    joined = view.get(ResourceKey(Kind.CONTAINER, container.key.source, other))
    return joined if isinstance(joined, Container) else None


def _beside(name: str, owner: Container, container: Container, view: View) -> Iterator[_Reached]:
    running = (view.index_of(Container, segments, name) or NOBODY).running
    others = [one for one in running if one.key not in {owner.key, container.key}]
    strangers = [one for one in others if one.project != container.project]
    for first in (strangers or others)[:1]:
        severity = Severity.MEDIUM if strangers else Severity.LOW
        yield severity, f"{name}, beside {first.name}", Evidence(f"{name}: Containers", first.name, first.key)


def _granted(container: Container, view: View) -> tuple[frozenset[str], Effective | None]:
    """What is in effect, and the kernel's view where that decided."""
    kernel = kernel_view(container, view)
    if kernel is None:
        return effective(container.cap_add, container.cap_drop, container.privileged), None
    return decode(kernel.cap_bnd | kernel.cap_eff), kernel


def _evidence(container: Container, kernel: Effective | None) -> Iterator[Evidence]:
    yield seen("HostConfig.CapAdd", container.cap_add)
    yield seen("HostConfig.CapDrop", container.cap_drop)
    if container.privileged:
        yield seen("HostConfig.Privileged", True)
    if kernel is not None:
        yield seen("/proc/PID/status: CapBnd", f"{kernel.cap_bnd:016x}")
        yield seen("/proc/PID/status: CapEff", f"{kernel.cap_eff:016x}")
