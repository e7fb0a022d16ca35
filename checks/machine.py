"""One fact of the machine below the engine at a time, so that a check is not run again because of all the others."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from checks.view import View
from inventory.gap import Gap, Unread
from inventory.model import Host


def machine_facts(hosts: tuple[Host, ...]) -> Mapping[str, Any]:
    """The fields of the machine by name, a gap where one was not read (an index for `View.index_of`)."""
    return {name: host.peek(name) for host in hosts[:1] for name in Host.field_names if name != "gaps"}


def machine_fact(view: View, field: str) -> Any:
    """A field of `Host`; raises `Unread` where it, or the machine, was not read. Needs a change of this field only."""
    found = view.index_of(Host, machine_facts, field)
    if found is None:
        view.host()  # says why there is none
    if isinstance(found, Gap):
        raise Unread(found)
    return found


def public(addresses: Iterable[str]) -> tuple[str, ...]:
    """Those that are reachable from the whole Internet (IANA special-purpose registries; not RFC 1918, ULA, ...)."""
    return tuple(address for address in addresses if _global(address))


def _global(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
