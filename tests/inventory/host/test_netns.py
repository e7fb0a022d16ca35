"""Who listens in a container's network namespace."""

from __future__ import annotations

import sys

import pytest

from inventory.activity import Listener
from inventory.gap import Gap, Reason
from inventory.sources.host.netns import listeners
from tests.inventory.host.proc import Proc, denied
from tests.inventory.host.recorded import containers, kernel

KNOWN = containers()
HEAD = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="the tables are those of a little-endian machine")


def row(local: str, state: str = "0A", peer: str = "00000000:0000", uid: int = 0) -> bytes:
    words = f"{local} {peer} {state} 00000000:00000000 00:00000000 00000000 {uid:5} 0 123 1 0 100 0 0 10 0"
    return f"   0: {words}\n".encode()


def space(**tables: bytes | OSError) -> Proc:
    """A process (7) in a namespace of its own; `sockstat` only where given."""
    every: dict[str, bytes | OSError] = {"tcp": HEAD, "tcp6": HEAD, "udp": HEAD, "udp6": HEAD, **tables}
    links = {"/proc/7/ns/net": "net:[2]", "/proc/1/ns/net": "net:[1]"}
    return Proc({f"/proc/7/net/{name}": body for name, body in every.items()}, dict(links))


def heard(reader: Proc) -> list[tuple[str, str, int]]:
    found = listeners(reader, 7)
    assert not isinstance(found, Gap), found
    return [(one.protocol, one.address, one.port) for one in found]


def test_real_listeners() -> None:
    found = listeners(kernel(), KNOWN["root"].pid)
    assert not isinstance(found, Gap)
    assert Listener("tcp", "127.0.0.1", 9999, 0) in found
    assert Listener("tcp6", "::", 4444, 0) in found
    assert {one.address for one in found if one.protocol == "udp"} == {"127.0.0.11"}  # the engine's name server
    telnet = listeners(kernel(), KNOWN["telnet-inside"].pid)
    assert not isinstance(telnet, Gap)
    assert Listener("tcp6", "::", 2323, 10001) in telnet


def test_a_real_container_without_a_network_has_none() -> None:
    assert listeners(kernel(), KNOWN["changes"].pid) == ()


def test_a_real_container_on_the_hosts_network_is_a_gap() -> None:
    """The engine of the recording lived in a network namespace of its own: its host is where the shim is."""
    found = listeners(kernel(), KNOWN["host-network"].pid)
    assert isinstance(found, Gap)
    assert (found.reason, found.detail) == (Reason.UNSUPPORTED, "shares the host's network")


@pytest.mark.parametrize(
    ("table", "local", "expected"),
    [
        ("tcp", "0100007F:1F90", ("tcp", "127.0.0.1", 8080)),
        ("tcp", "020012AC:0016", ("tcp", "172.18.0.2", 22)),
        ("tcp6", "00000000000000000000000001000000:0050", ("tcp6", "::1", 80)),
        ("tcp6", "B80D0120000000000000000001000000:01BB", ("tcp6", "2001:db8::1", 443)),
        ("tcp6", "0000000000000000FFFF00000100007F:0050", ("tcp6", "127.0.0.1", 80)),
    ],
)
def test_addresses_of_both_families(table: str, local: str, expected: tuple[str, str, int]) -> None:
    peer = "00000000:0000" if table == "tcp" else f"{'0' * 32}:0000"
    found = heard(space(**{table: HEAD + row(local, peer=peer)}))
    assert found == [expected]


def test_only_sockets_that_wait_for_anybody() -> None:
    tcp = HEAD + row("00000000:0050", "01", "0100007F:9999") + row("00000000:0051", "06") + row("00000000:0052")
    udp = HEAD + row("00000000:0035", "07") + row("00000000:0036", "01") + row("00000000:0037", "07", "0100007F:0035")
    assert heard(space(tcp=tcp, udp=udp)) == [("tcp", "0.0.0.0", 82), ("udp", "0.0.0.0", 53)]


def test_several_processes_on_one_port_are_one_listener() -> None:
    assert heard(space(tcp=HEAD + row("00000000:0050") + row("00000000:0050"))) == [("tcp", "0.0.0.0", 80)]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\n\n",
        b"   0: 0:0\n",
        row("0100007F"),
        row("ZZ00007F:0050"),
        row("01:0050"),
        b"\xff" * 200 + b"\n",
        row("0" * 40),
    ],
)
def test_a_row_in_another_form_is_left_out(broken: bytes) -> None:
    assert heard(space(tcp=HEAD + broken + row("00000000:0050"))) == [("tcp", "0.0.0.0", 80)]


def test_a_kernel_without_ipv6_has_no_tables_of_it() -> None:
    reader = space(tcp=HEAD + row("00000000:0050"))
    del reader.files["/proc/7/net/tcp6"], reader.files["/proc/7/net/udp6"]
    assert heard(reader) == [("tcp", "0.0.0.0", 80)]


def test_an_unreadable_table_is_a_gap() -> None:
    found = listeners(space(udp=denied()), 7)
    assert isinstance(found, Gap)
    assert found.reason is Reason.DENIED


def test_the_count_of_sockets_saves_the_walk_through_the_connections() -> None:
    stat = b"sockets: used 4\nTCP: inuse 1 orphan 0 tw 0 alloc 3 mem 0\nUDP: inuse 0 mem 0\n"
    six = b"TCP6: inuse 0\nUDP6: inuse 0\n"
    more = row("00000000:0051", "01")
    reader = space(tcp=HEAD + row("00000000:0050") + more, sockstat=stat, sockstat6=six)
    assert heard(reader) == [("tcp", "0.0.0.0", 80)]
    assert "/proc/7/net/udp" not in reader.asked
    assert "/proc/7/net/tcp6" not in reader.asked


def test_whoever_may_not_look_at_namespaces_gets_a_gap() -> None:
    reader = space()
    reader.links["/proc/7/ns/net"] = denied()
    found = listeners(reader, 7)
    assert isinstance(found, Gap)
    assert found.reason is Reason.DENIED


def test_the_first_process_may_be_closed_even_to_root() -> None:
    reader = space(tcp=HEAD + row("00000000:0050"))
    reader.links["/proc/1/ns/net"] = denied()
    reader.links["/proc/self/ns/net"] = "net:[1]"
    assert heard(reader) == [("tcp", "0.0.0.0", 80)]
    reader.links["/proc/self/ns/net"] = "net:[2]"
    assert isinstance(listeners(reader, 7), Gap)
