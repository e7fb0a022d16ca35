"""The host's side of networks: its addresses, routes, listeners, the machine's maker, and a swarm's addresses."""

from __future__ import annotations

import ipaddress
import struct
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from inventory.gap import Gap, Reason
from inventory.machine import Route, SwarmAddresses
from inventory.sources.host import netns
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader

_DMI = "/sys/class/dmi/id"
_DMI_NAMES = ("bios_vendor", "bios_version", "chassis_asset_tag", "product_name", "sys_vendor")
_NO_SWARM = Gap(Reason.UNSUPPORTED, "/proc/net", "only looked at on a node of a swarm")
_UP = 0x1
_LONGEST = 256
_MOST_ADDRESSES = 10_000


class _State(msgspec.Struct, rename="pascal"):
    """docker-state.json, which holds no token (moby: daemon/cluster, nodeStartConfig)."""

    listen_addr: str = ""
    advertise_addr: str = ""
    data_path_addr: str = ""


_STATE = msgspec.json.Decoder(_State)  # made here, because making one is not safe in threads


def facts(reader: HostReader, pid: str, swarm_directory: str) -> dict[str, Any]:
    """Fields of `Host` about networks, as the process `pid` sees them. `swarm_directory` "": no node of a swarm."""
    state = f"{swarm_directory}/docker-state.json"
    return {
        "addresses": _addresses(reader, pid),
        "routes": told(lambda: tuple(_routes(reader.read(f"/proc/{pid}/net/route"))), f"/proc/{pid}/net/route"),
        "dmi": _dmi(reader),
        "listeners": netns.waiting(reader, pid) if swarm_directory else _NO_SWARM,
        "swarm_addresses": told(lambda: _swarm(reader.read(state)), state) if swarm_directory else _NO_SWARM,
    }


def _addresses(reader: HostReader, pid: str) -> tuple[str, ...] | Gap:
    four, six = f"/proc/{pid}/net/fib_trie", f"/proc/{pid}/net/if_inet6"
    found = told(lambda: list(_local(reader.read(four))), four)
    more = told(lambda: list(_inet6(reader.read(six))), six)
    if isinstance(found, Gap):
        return found
    if isinstance(more, Gap):
        if more.reason is not Reason.UNSUPPORTED:  # a kernel without IPv6 has no such file
            return more
        more = []
    return tuple(dict.fromkeys((*found, *more)))[:_MOST_ADDRESSES]


def _local(trie: bytes) -> Iterator[str]:
    """`|-- 10.0.0.5`, followed by `/32 host LOCAL` where it is an address of this host."""
    address = ""
    for line in trie.decode("ascii", "replace").splitlines():
        words = line.split()
        if words[:1] == ["|--"] and len(words) > 1:
            address = str(ipaddress.IPv4Address(words[1]))
        elif words == ["/32", "host", "LOCAL"] and address:
            yield address


def _inet6(table: bytes) -> Iterator[str]:
    """`ADDRESS INDEX PREFIX SCOPE FLAGS NAME`, the address as 32 hexadecimal digits in network order."""
    for line in table.decode("ascii", "replace").splitlines():
        words = line.split()
        if len(words) > 5:
            yield str(ipaddress.IPv6Address(bytes.fromhex(words[0])))


def _routes(table: bytes) -> Iterator[Route]:
    """`Iface Destination Gateway Flags ... Mask`; addresses are 32-bit words in the byte order of the machine."""
    for line in table.decode("ascii", "replace").splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and int(words[3], 16) & _UP:
            destination, gateway, mask = (_word(words[at]) for at in (1, 2, 7))
            prefix = ipaddress.IPv4Network((destination, mask), strict=False)
            yield Route(words[0], str(prefix), "" if gateway == "0.0.0.0" else gateway)  # noqa: S104 - no gateway


def _word(digits: str) -> str:
    if len(digits) != 8:
        raise ValueError("no IPv4 address")
    order = "<I" if sys.byteorder == "little" else ">I"
    return str(ipaddress.IPv4Address(struct.pack(order, int(digits, 16))))


def _dmi(reader: HostReader) -> Mapping[str, str] | Gap:
    """What the firmware says of the machine, without serial numbers; a machine without DMI is a gap."""
    names = told(lambda: reader.names(_DMI), _DMI)
    if isinstance(names, Gap):
        return names
    found = {name: told(partial(reader.read, f"{_DMI}/{name}"), name) for name in _DMI_NAMES if name in names}
    told_of = {name: value for name, value in found.items() if not isinstance(value, Gap)}
    return {name: value[:_LONGEST].decode("utf-8", "replace").strip() for name, value in told_of.items()}


def _swarm(text: bytes) -> SwarmAddresses:
    try:
        state = _STATE.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return SwarmAddresses(state.listen_addr, state.advertise_addr, state.data_path_addr)
