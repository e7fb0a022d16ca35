"""What it reaches and what reaches it: mounts, networks, ports."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from checks.remedy.fix import Fix, Wanted
from inventory.container import Attachment, Container, Port

LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what to recognise
_MOUNTS = ("RUN-002", "RUN-003", "RUN-004", "RUN-053")
_PORTS = ("NET-001", "NET-013", "NET-022", "MON-028", "MON-032")
_DEFAULT = frozenset({"", "default", "bridge"})


def mounts(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """Without the mounts that a check names; shared ones become private."""
    gone = wanted.indexes("Mounts", *_MOUNTS)
    shared = wanted.indexes("Mounts", "RUN-005") - gone
    left = tuple(
        structs.replace(mount, propagation="rprivate") if index in shared else mount
        for index, mount in enumerate(container.mounts)
        if index not in gone
    )
    if left == container.mounts:
        return
    lost = ", ".join(mount.destination for index, mount in enumerate(container.mounts) if index in gone)
    says = f"without {lost} of the host" if lost else "mounts are private"
    yield Fix(
        wanted.any(*_MOUNTS, "RUN-005"),
        says,
        {"mounts": left},
        "What it read or wrote there it no longer finds; mount the one file that it needs, read-only.",
    )


def network(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """A network of its own instead of the host's, another container's or the default bridge."""
    checks = wanted.any("RUN-006", "NET-005")
    if not checks:
        return
    name = own_network(container)
    kept = tuple(entry for entry in container.networks if entry.network not in {*_DEFAULT, "host"})
    changes: dict[str, object] = {"network_mode": name, "networks": (*kept, Attachment(name, ""))}
    if container.network_mode == "host" and not container.ports:
        exposed = (each.partition("/") for each in container.exposed_ports)
        changes["ports"] = tuple(
            Port(int(number), protocol or "tcp", "127.0.0.1", int(number))
            for number, _, protocol in exposed
            if number.isdigit()
        )
    yield Fix(
        checks,
        f"on a network of its own, {name}",
        changes,
        "Neighbours find it by name on that network only: attach them to it. Ports that it opened on the host itself "
        "have to be published.",
    )


def own_network(container: Container) -> str:
    """The name of a network for it alone, or for its project."""
    return f"{container.project or container.name}-net"


def ports(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """Published on loopback only; nothing that nobody asked for."""
    checks = wanted.any(*_PORTS)
    changes: dict[str, object] = {}
    if (checks or "NET-003" in wanted) and any(_wide(port) for port in container.ports):
        changed = (
            structs.replace(port, host_ip=LOOPBACK[port.host_ip]) if _wide(port) else port for port in container.ports
        )
        changes["ports"] = tuple(dict.fromkeys(changed))
    if "NET-004" in wanted and container.publish_all_ports:
        changes["publish_all_ports"] = False
        checks = (*checks, "NET-004")
    if changes:
        yield Fix(
            checks,
            "published on loopback only",
            changes,
            "Other machines reach it no more: put a reverse proxy in front, or name the one address to listen on.",
        )


def _wide(port: Port) -> bool:
    return port.published and port.host_ip in LOOPBACK


def links(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """Names on a user-defined network replace links."""
    if "RUN-055" in wanted and container.links:
        yield Fix(
            ("RUN-055",), "without links", {"links": ()}, "Use the neighbour's name on a network that both share."
        )


def writable(container: Container, wanted: Wanted) -> Iterator[Fix]:
    """Read-only, with memory where programs usually write."""
    if "RUN-026" not in wanted:
        return
    covered = {mount.destination for mount in container.mounts} | set(container.tmpfs)
    tmpfs = {
        path: "rw,noexec,nosuid,nodev,size=64m,mode=1777"
        for path in ("/tmp", "/run")  # noqa: S108 - inside of the container
        if path not in covered
    }
    yield Fix(
        ("RUN-026",),
        "read-only root filesystem",
        {"readonly_rootfs": True, "tmpfs": {**container.tmpfs, **tmpfs}},
        "Whatever it writes elsewhere fails: `docker diff` lists the paths; give each a volume or another --tmpfs.",
    )
