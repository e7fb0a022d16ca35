"""What a network and a volume are (network inspect, volume list)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from inventory.resource import Kind, Resource


class Member(msgspec.Struct, frozen=True):
    """`Containers{}` of a network: who is attached and with which addresses (CIDR notation)."""

    container_id: str  # "lb-..." for a load-balancer endpoint
    name: str
    ipv4: str = ""
    ipv6: str = ""


class Subnet(msgspec.Struct, frozen=True):
    """`IPAM.Config[]`."""

    subnet: str
    gateway: str = ""


class Network(Resource):
    """A network of the engine or the swarm."""

    kind: ClassVar[Kind] = Kind.NETWORK

    id: str
    created: float
    driver: str  # bridge, host, null, overlay, macvlan, ipvlan or a plugin's
    scope: str  # local, swarm, global
    internal: bool
    attachable: bool
    ingress: bool
    enable_ipv6: bool
    options: Mapping[str, str]
    subnets: tuple[Subnet, ...]
    members: tuple[Member, ...]

    @property
    def icc(self) -> bool:
        """Inter-container communication on a bridge; the option's absence means on."""
        return self.options.get("com.docker.network.bridge.enable_icc", "true").lower() != "false"

    @property
    def encrypted(self) -> bool:
        """Whether an overlay asks for IPsec: the option's presence decides, its value may be empty."""
        return "encrypted" in self.options and self.options["encrypted"].lower() != "false"


class Volume(Resource):
    """A named or anonymous volume."""

    kind: ClassVar[Kind] = Kind.VOLUME

    driver: str
    mountpoint: str
    scope: str
    created: float
    options: Mapping[str, str]
