"""How it is attached to each of its networks: names, and the addresses that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from checks.answer import answer, part
from inventory.container import Container
from inventory.text import is_safe


class Endpoint(msgspec.Struct, frozen=True):
    """`NetworkSettings.Networks{}`: names beyond its own, and `IPAMConfig`, the addresses that its user chose."""

    aliases: tuple[str, ...] = ()
    ipv4: str = ""
    ipv6: str = ""

    def words(self, alias: str) -> tuple[str, ...]:
        """As options; `alias` is --network-alias for `run`, --alias for `network connect`."""
        return (
            *(word for name in self.aliases for word in (alias, name)),
            *(("--ip", self.ipv4) if self.ipv4 else ()),
            *(("--ip6", self.ipv6) if self.ipv6 else ()),
        )

    @property
    def entry(self) -> Mapping[str, Any]:
        """As a map of Compose."""
        pairs = {"aliases": list(self.aliases), "ipv4_address": self.ipv4, "ipv6_address": self.ipv6}
        return {name: value for name, value in pairs.items() if value}


def endpoint(container: Container, network: str) -> Endpoint:
    """Of this network; nothing in particular where it is not attached to it yet."""
    settings = part(answer(container), "NetworkSettings", "Networks", network)
    if container.peek("task_id"):  # Swarm chose its addresses
        return Endpoint()
    chosen = part(settings, "IPAMConfig")
    listed = settings.get("Aliases")
    names = dict.fromkeys(each for each in (listed if isinstance(listed, list) else ()) if _alias(container, each))
    return Endpoint(tuple(names), _text(chosen.get("IPv4Address")), _text(chosen.get("IPv6Address")))


def _alias(container: Container, name: object) -> bool:
    """Engines add the container's name and the beginning of its id themselves."""
    return isinstance(name, str) and is_safe(name) and name not in {"", container.name, container.key.id[:12]}


def _text(value: object) -> str:
    return value if isinstance(value, str) and is_safe(value) else ""
