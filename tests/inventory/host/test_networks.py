"""The host's side of networks, from tables of the kernel as it prints them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from inventory.activity import Listener
from inventory.gap import Gap, Reason
from inventory.machine import Route, SwarmAddresses
from inventory.sources.host import networks
from tests.inventory.host.machines import Machine, engine, look, machine

TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
Local:
     |-- 192.0.2.2
        /32 host LOCAL
"""
INET6 = """\
fd000000000000000000000000000002 04 40 00 82     eth0
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
"""
ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth1	0000000A	00000000	0000	0	0	0	000000FF	0	0	0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when uid
   0: 00000000000000000000000000000000:0949 00000000000000000000000000000000:0000 0A 00000000:00000000 00:0 0 0
"""
UDP = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  100: 00000000:12B5 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0
"""


def networked(root: Path) -> Machine:
    made = machine(root)
    tables = {"fib_trie": TRIE, "if_inet6": INET6, "route": ROUTES, "tcp": "  sl\n", "tcp6": TCP6, "udp": UDP}
    for name, table in tables.items():
        made.write(f"/proc/100/net/{name}", table)
        made.write(f"/proc/self/net/{name}", "")
    return made


def test_addresses_and_routes_as_the_daemon_sees_them(tmp_path: Path) -> None:
    found = look(networked(tmp_path))
    assert found["addresses"] == ("127.0.0.1", "192.0.2.2", "fd00::2", "fe80::fc:ff:fe00:1", "::1")
    assert found["routes"] == (Route("eth0", "0.0.0.0/0", "192.0.2.1"), Route("eth0", "192.0.2.0/24"))


def test_a_rootless_daemon_has_a_network_of_its_own_which_is_not_the_hosts(tmp_path: Path) -> None:
    assert look(networked(tmp_path), about=engine(rootless=True))["addresses"] == ()


@pytest.mark.parametrize(
    ("table", "content", "field"),
    [
        ("fib_trie", "  |-- 999.1.1.1\n /32 host LOCAL\n", "addresses"),
        ("if_inet6", "zz 04 40 00 82 eth0\n", "addresses"),
        ("if_inet6", "00 04 40 00 82 eth0\n", "addresses"),
        ("route", "head\neth0 zz 0 0003 0 0 0 0\n", "routes"),
        ("route", "head\neth0 00000000 00000000 0003 0 0 0 00FF00FF\n", "routes"),
        ("route", "head\neth0 FFFFFFFFFF 00000000 0003 0 0 0 00000000\n", "routes"),
    ],
)
def test_a_table_in_another_form_is_a_gap(tmp_path: Path, table: str, content: str, field: str) -> None:
    reader = networked(tmp_path)
    reader.write(f"/proc/100/net/{table}", content)
    found = look(reader)[field]
    assert isinstance(found, Gap)
    assert found.reason in {Reason.MALFORMED, Reason.ERROR}


def test_a_kernel_without_ipv6_has_addresses_all_the_same(tmp_path: Path) -> None:
    reader = networked(tmp_path)
    (tmp_path / "proc/100/net/if_inet6").unlink()
    assert look(reader)["addresses"] == ("127.0.0.1", "192.0.2.2")
    reader.closed = ["/proc/100/net/fib_trie"]
    assert isinstance(look(reader)["addresses"], Gap)


def test_listeners_are_only_asked_for_on_a_node_of_a_swarm(tmp_path: Path) -> None:
    reader = networked(tmp_path)
    assert isinstance(look(reader)["listeners"], Gap)
    assert not [question for question in reader.asked if "tcp" in question or "swarm" in question]
    found = look(reader, about=engine("active"))["listeners"]
    assert Listener("tcp6", "::", 2377, 0) in found
    assert Listener("udp", "0.0.0.0", 4789, 0) in found


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (
            '{"LocalAddr":"","ListenAddr":"0.0.0.0:2377","AdvertiseAddr":"10.0.0.5:2377","DataPathAddr":"10.9.0.5"}',
            SwarmAddresses("0.0.0.0:2377", "10.0.0.5:2377", "10.9.0.5"),
        ),
        ("{}", SwarmAddresses("", "", "")),
        ("[]", Reason.MALFORMED),
        ('{"ListenAddr": 7}', Reason.MALFORMED),
        ("[" * 100_000, Reason.MALFORMED),
        ("", Reason.MALFORMED),
    ],
)
def test_addresses_of_a_swarm(tmp_path: Path, state: str, expected: SwarmAddresses | Reason) -> None:
    reader = machine(tmp_path)
    reader.write("/far/var/lib/docker/swarm/docker-state.json", state)
    found = look(reader, about=engine("active"), root="/far")["swarm_addresses"]
    assert (found.reason if isinstance(found, Gap) else found) == expected


def test_no_decoder_is_made_where_several_threads_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that are made at once may crash the interpreter."""
    for maker in ("decode", "Decoder"):
        monkeypatch.delattr(msgspec.json, maker)
    found = networks._swarm(b'{"ListenAddr": "0.0.0.0:2377"}')
    assert found == SwarmAddresses("0.0.0.0:2377", "", "")


def test_who_made_the_machine(tmp_path: Path) -> None:
    reader = machine(tmp_path)
    reader.write("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n")
    reader.write("/sys/class/dmi/id/product_name", b"\xff" * 9999)
    reader.write("/sys/class/dmi/id/product_serial", "ec2-secret\n")
    found = look(reader)["dmi"]
    assert found["sys_vendor"] == "Amazon EC2"
    assert len(found["product_name"]) == 256
    assert set(found) == {"sys_vendor", "product_name"}
