"""Certificates of the daemon, of registries and of a swarm node, real and broken ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inventory.engine_files import Certificate
from inventory.gap import Gap, Reason, Unread
from inventory.sources.host.certificates import certificates, registry_files, tls_files
from inventory.sources.host.daemon import Daemon
from tests.hostile import HOSTILE
from tests.inventory.host.rooted import (
    BEGINS,
    DENIED,
    PLAIN,
    Rooted,
    key_pem,
    looked,
    pem,
)


def test_a_chain_keeps_its_order_and_dates() -> None:
    found = certificates(b"leaf first\n" + pem("leaf", 30) + pem("authority", 900), "/x.pem")
    begins = BEGINS.timestamp()
    assert found == (
        Certificate("CN=leaf", begins, begins + 30 * 86400),
        Certificate("CN=authority", begins, begins + 900 * 86400),
    )


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\0" * 100, b"-----BEGIN CERTIFICATE-----\n", pem()[:200], pem().replace(b"M", b"\xff"), key_pem(),
        b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", pem() * 3000,
        *(text.encode(errors="surrogatepass") for text in HOSTILE),
    ],
)  # fmt: skip
def test_what_is_no_certificate_is_a_gap(content: bytes) -> None:
    found = certificates(content, "/x.pem")
    assert isinstance(found, Gap)
    assert found.reason is Reason.MALFORMED
    assert found.path == "/x.pem"


@pytest.mark.parametrize(
    ("argv", "config", "roles"),
    [
        ((), {}, {}),
        (("--tls=false",), {"tls": False}, {}),
        (("--tlscert=/a", "--tlskey", "/b"), {}, {"tlscert": "/a", "tlskey": "/b"}),
        (("--tlscert=/flag",), {"tlscert": "/file", "tlscacert": "/ca"}, {"tlscert": "/flag", "tlscacert": "/ca"}),
        (("--tls",), {}, {"tlscert": "/root/.docker/cert.pem", "tlskey": "/root/.docker/key.pem"}),
        ((), {"tls": True}, {"tlscert": "/root/.docker/cert.pem", "tlskey": "/root/.docker/key.pem"}),
        (
            ("--tlsverify=false",),
            {},
            {
                "tlscacert": "/root/.docker/ca.pem",
                "tlscert": "/root/.docker/cert.pem",
                "tlskey": "/root/.docker/key.pem",
            },
        ),
        ((), {"tlscert": 5, "tlskey": ["x"]}, {}),
        (("--tlscert=certs/a.pem",), {}, {"tlscert": "/srv/docker/certs/a.pem"}),
    ],
)
def test_where_the_daemons_tls_files_are(
    machine: Rooted, argv: tuple[str, ...], config: dict[str, Any], roles: dict[str, str]
) -> None:
    for name in ("ca.pem", "cert.pem", "key.pem"):
        machine.write(f"/root/.docker/{name}")
    machine.links = {"/proc/100/cwd": "/srv/docker"}
    assert tls_files(machine, Daemon(100, argv), config, "/root") == roles


def test_a_default_file_that_does_not_exist_is_not_used(machine: Rooted) -> None:
    machine.write("/root/.docker/cert.pem")
    machine.refused = {"/root/.docker/key.pem": DENIED}
    found = tls_files(machine, Daemon(100, ("--tlsverify",)), {}, "/root")
    assert found == {"tlscert": "/root/.docker/cert.pem", "tlskey": "/root/.docker/key.pem"}


def test_without_daemon_json_nobody_knows_of_tls() -> None:
    gap = Gap(Reason.DENIED, "/etc/docker/daemon.json")
    reader = Rooted(Path("/nowhere"))
    assert tls_files(reader, Daemon(1, ("--tlscert=/a",)), gap, "") is gap
    complete = ("--tlscacert=/c", "--tlscert=/a", "--tlskey=/k")
    assert tls_files(reader, Daemon(1, complete), gap, "") == {"tlscacert": "/c", "tlscert": "/a", "tlskey": "/k"}


def test_the_daemons_and_the_nodes_certificates_are_read_and_its_key_is_not(machine: Rooted) -> None:
    machine.write("/etc/docker/ca.pem", pem("ca"))
    machine.write("/etc/docker/key.pem", key_pem(), 0o400)
    machine.write("/var/lib/docker/swarm/certificates/swarm-node.crt", pem("node") + pem("swarm-ca"))
    flags = ("--tlscacert=/etc/docker/ca.pem", "--tlscert=/etc/docker/missing.pem", "--tlskey=/etc/docker/key.pem")
    found = looked(machine, *flags)
    assert [one.subject for one in found.certificates_in("/etc/docker/ca.pem")] == ["CN=ca"]
    node = found.certificates_in("/var/lib/docker/swarm/certificates/swarm-node.crt")
    assert [one.subject for one in node] == ["CN=node", "CN=swarm-ca"]
    with pytest.raises(Unread, match="no such file"):
        found.certificates_in("/etc/docker/missing.pem")
    with pytest.raises(Unread, match="not looked at"):
        found.certificates_in("/etc/docker/key.pem")
    assert "/etc/docker/key.pem" not in machine.asked


def test_a_daemon_in_another_mount_namespace_has_its_own_certificates(machine: Rooted) -> None:
    machine.write("/proc/100/root/etc/docker/ca.pem", pem("inside"))
    found = looked(machine, "--tlscacert=/etc/docker/ca.pem", root="/proc/100/root")
    assert found.certificates_in("/etc/docker/ca.pem")[0].subject == "CN=inside"


def test_a_swarm_certificate_that_only_root_may_read_is_a_reason(machine: Rooted) -> None:
    path = "/var/lib/docker/swarm/certificates/swarm-node.crt"
    machine.refused = {path: DENIED}
    with pytest.raises(Unread, match="no permission"):
        looked(machine).certificates_in(path)


def test_the_files_of_registries(machine: Rooted) -> None:
    for name in ("reg.lab:5000/ca.crt", "reg.lab:5000/client.key", "closed/ca.crt", *(f"{n}/x" for n in _file_names())):
        machine.write(f"/etc/docker/certs.d/{name}")
    machine.write("/home/ann/.config/docker/certs.d/mine/ca.crt")
    machine.refused = {"names /etc/docker/certs.d/closed": DENIED}
    found, denied = registry_files(machine, "", "/home/ann")
    assert isinstance(found, list)
    assert {"/etc/docker/certs.d/reg.lab:5000/client.key", "/home/ann/.config/docker/certs.d/mine/ca.crt"} <= set(found)
    assert "/etc/docker/certs.d/closed" in found
    assert denied == ["/etc/docker/certs.d/closed"]


def _file_names() -> list[str]:
    return [name for name in PLAIN if "/" not in name and "\0" not in name and 0 < len(name.encode()) < 200]
