"""How far a published port reaches: every interface, one address, or only this host."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from checks.data.ports import SENSITIVE, Service, Sort
from checks.verdict import Evidence
from inventory.model import Container, Port

_EVERYWHERE = frozenset({"", "0.0.0.0", "::", "[::]"})  # noqa: S104 - addresses to recognise, none to listen on


def everywhere(host_ip: str) -> bool:
    """Whether a binding takes every interface of the host."""
    return host_ip in _EVERYWHERE


def loopback(host_ip: str) -> bool:
    """Whether a binding reaches this host only (127.0.0.0/8, ::1)."""
    try:
        return ipaddress.ip_address(host_ip.strip("[]")).is_loopback
    except ValueError:
        return host_ip == "localhost"


def published(container: Container) -> Iterator[Port]:
    """The ports that the engine forwards, or will once the container starts; one entry per address family."""
    return (port for port in container.ports if port.published)


def service_behind(port: Port) -> Service | None:
    """The well-known service that the binding gives access to, or None.

    The container port decides. The host port counts too, but only for databases, logins and control APIs: consoles sit
    on ports that people like to pick for anything (8080, 9000, 9090).
    """
    inner = SENSITIVE.get(port.container_port)
    if inner is not None:
        return inner
    outer = SENSITIVE.get(port.host_port)
    return outer if outer is not None and outer.sort is not Sort.CONSOLE else None


def bindings(container: Container, ports: Iterable[Port]) -> list[Evidence]:
    """Where the ports are bound, as the engine lists it; of a container that does not run, where they will be."""
    member = "NetworkSettings.Ports" if container.running else "HostConfig.PortBindings"
    return [_binding(member, port) for port in ports]


def tense(container: Container) -> str:
    """What to add to a sentence about ports of a container that does not run."""
    return "" if container.running else ", once it runs"


def _binding(member: str, port: Port) -> Evidence:
    ip = f"[{port.host_ip}]" if ":" in port.host_ip else port.host_ip or "*"
    path = f"{member}[{port.container_port}/{port.protocol}]"
    return Evidence(path, f"{ip}:{port.host_port or 'any'}")


def distinct(ports: Iterator[Port] | tuple[Port, ...]) -> str:
    """The host ports in a sentence: IPv4 and IPv6 bindings of one port count once."""
    numbers = sorted({(port.host_port, port.protocol) for port in ports})
    return ", ".join(f"{number or 'any'}/{protocol}" for number, protocol in numbers)
