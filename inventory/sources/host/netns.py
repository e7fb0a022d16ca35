"""Who listens in a container's network namespace, from the tables that the kernel shows of its first process."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator, Mapping
from functools import partial

from inventory.activity import Listener
from inventory.gap import Gap, Reason
from inventory.sources.host.machine import told
from inventory.sources.host.namespaces import shares_network
from inventory.sources.host.reader import HostReader

# include/net/tcp_states.h: TCP_LISTEN; a UDP socket without a peer is TCP_CLOSE.
_WAITING = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}
_ORDER = -1 if sys.byteorder == "little" else 1


def listeners(reader: HostReader, pid: int) -> tuple[Listener, ...] | Gap:
    """The sockets that wait for peers, from `/proc/PID/net/{tcp,tcp6,udp,udp6}` (proc(5)). Needs root.

    A gap where the process has the host's network namespace (the table is the host's, not the container's), or where
    that cannot be told. A kernel without IPv6 has no tables of it: they count as empty.
    """
    shared = shares_network(reader, pid)
    if isinstance(shared, Gap):
        return shared
    if shared:
        return Gap(Reason.UNSUPPORTED, f"/proc/{pid}/net", "shares the host's network")
    return waiting(reader, pid)


def waiting(reader: HostReader, pid: int | str) -> tuple[Listener, ...] | Gap:
    """The sockets that wait for peers in the network of a process (or of `self`), whosever network that is."""
    counted = _counts(reader, pid)
    tables = {protocol: _table(reader, pid, protocol, counted) for protocol in _WAITING}  # asked for in one go
    found: list[Listener] = []
    for protocol, table in tables.items():
        if isinstance(table, Gap):
            return table
        found.extend(_rows(protocol, table))
    return tuple(dict.fromkeys(found))


def _counts(reader: HostReader, pid: int | str) -> dict[str, int]:
    """Sockets in use by protocol, as `sockstat` and `sockstat6` count them; without those that may not be read."""
    found: dict[str, int] = {}
    for name in ("sockstat", "sockstat6"):
        lines = told(partial(reader.read, f"/proc/{pid}/net/{name}"), name)
        for line in () if isinstance(lines, Gap) else lines.decode("ascii", "replace").splitlines():
            words = line.split()
            if len(words) > 2 and words[1] == "inuse" and words[2].isdigit():
                found[words[0].rstrip(":").lower()] = int(words[2])
    return found


def _table(reader: HostReader, pid: int | str, protocol: str, counted: Mapping[str, int]) -> bytes | Gap:
    """A table, its end left unread where the count says that it is complete; b"" where there is none of it.

    Listeners come first and then a walk through every slot of the whole machine's table of connections, milliseconds
    each time that the kernel is asked for more.
    """
    path = f"/proc/{pid}/net/{protocol}"
    count = counted.get(protocol)
    if count == 0:
        return b""
    table = told(partial(reader.read, path) if count is None else partial(reader.head, path, count + 1), path)
    absent = isinstance(table, Gap) and table.reason is Reason.UNSUPPORTED
    return b"" if absent and protocol.endswith("6") else table


def _rows(protocol: str, table: bytes) -> Iterator[Listener]:
    """`sl local_address rem_address st ... uid ...`; a row in another form is left out."""
    for line in table.decode("ascii", "replace").splitlines()[1:]:
        words = line.split()
        if len(words) < 8 or words[3] != _WAITING[protocol]:
            continue
        try:
            address, port = _endpoint(words[1])
            peer = _endpoint(words[2])[1]
            uid = int(words[7])
        except ValueError:
            continue
        if peer == 0:
            yield Listener(protocol, address, port, uid)


def _endpoint(text: str) -> tuple[str, int]:
    """`0100007F:1F90`: the address as 32-bit words, each in the byte order of this machine.

    A socket of IPv6 that is bound to an IPv4 address (`::ffff:127.0.0.1`) reaches no further than that address.
    """
    digits, _, port = text.partition(":")
    raw = bytes.fromhex(digits)
    if len(raw) not in (4, 16):
        raise ValueError(f"no address: {text}")
    packed = b"".join(raw[start : start + 4][::_ORDER] for start in range(0, len(raw), 4))
    address = ipaddress.ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address), int(port, 16)
