"""The rules behind the checks on how the machine is kept."""

from __future__ import annotations

import pytest

from checks.host.auditing import watched
from checks.host.restarts import newer
from checks.machine import machine_fact, public
from checks.network.metadata import cloud_of
from checks.policy import Policy
from checks.view import View
from inventory.gap import Unread
from inventory.machine import AuditRule
from inventory.resource import Kind
from tests.checks.builders import GAP, SOURCE, host
from tests.checks.cases import snapshot


@pytest.mark.parametrize(
    ("running", "installed", "expected"),
    [
        ("6.1.0-18-amd64", ["6.1.0-18-amd64", "6.1.0-21-amd64", "6.1.0-9-amd64"], "6.1.0-21-amd64"),
        ("6.1.0-18-amd64", ["6.1.0-18-amd64", "6.1.0-21-cloud-amd64"], ""),
        ("6.8.0-31-generic", ["6.8.0-31-generic", "6.11.0-9-generic", "6.8.0-100-generic"], "6.11.0-9-generic"),
        (
            "5.14.0-362.8.1.el9_3.x86_64",
            ["5.14.0-362.8.1.el9_3.x86_64", "5.14.0-362.el9_3.x86_64", "5.14.0-427.13.1.el9_4.x86_64"],
            "5.14.0-427.13.1.el9_4.x86_64",
        ),
        ("5.14.0-362.8.1.el9_3.x86_64", ["5.14.0-362.el9_3.x86_64"], ""),
        ("6.8.1-arch1-1", ["6.8.1-arch1-1", "6.8.2-arch1-1"], "6.8.2-arch1-1"),
        ("6.1.76", ["6.1.76", "6.1.80"], "6.1.80"),
        ("6.1.76", [], ""),
        ("", ["6.1.76", "extra", ""], ""),
        ("custom", ["custom", "6.1.0-21-amd64"], ""),
    ],
)
def test_the_newest_kernel(running: str, installed: list[str], expected: str) -> None:
    assert newer(running, installed) == expected


@pytest.mark.parametrize(
    ("path", "rule", "expected"),
    [
        ("/etc/docker/daemon.json", AuditRule("/etc/docker", True, "wa", "f"), True),
        ("/etc/docker/daemon.json", AuditRule("/etc/docker", False, "wa", "f"), False),
        ("/etc/docker", AuditRule("/etc/docker/", False, "wa", "f"), True),
        ("/etc/dockerx", AuditRule("/etc/docker", True, "wa", "f"), False),
        ("/run/docker.sock", AuditRule("/var/run/docker.sock", True, "rwxa", "f"), True),
        ("/usr/sbin/runc", AuditRule("/sbin/runc", True, "x", "f"), True),
        ("/usr/local/bin/runc", AuditRule("/bin/runc", True, "x", "f"), False),
        ("/etc/docker", AuditRule("/etc/docker", True, "r", "f"), False),
        ("/anything", AuditRule("/", True, "wa", "f"), True),
    ],
)
def test_what_a_rule_watches(path: str, rule: AuditRule, expected: bool) -> None:
    assert (watched(path, [rule]) is rule) is expected


@pytest.mark.parametrize(
    ("dmi", "cloud"),
    [
        ({"sys_vendor": "Amazon EC2"}, "AWS"),
        ({"sys_vendor": "Xen", "bios_version": "4.11.1", "bios_vendor": "Xen"}, None),
        ({"sys_vendor": "Xen", "bios_version": "4.11.amazon"}, "AWS"),
        ({"sys_vendor": "Google", "product_name": "Google Compute Engine"}, "Google Cloud"),
        ({"sys_vendor": "GOOGLE", "product_name": "Eve"}, None),
        ({"sys_vendor": "QEMU", "chassis_asset_tag": "OracleCloud.com"}, "Oracle Cloud"),
        ({"sys_vendor": "Microsoft Corporation", "product_name": "Virtual Machine"}, None),
        ({"sys_vendor": "Dell Inc.", "product_name": "PowerEdge R640"}, None),
        ({"sys_vendor": "Hetzner", "product_name": "vServer"}, "Hetzner"),
    ],
)
def test_clouds(dmi: dict[str, str], cloud: str | None) -> None:
    found = cloud_of(dmi)
    assert (found.value if found else None) == cloud


def test_public_addresses() -> None:
    private = ("10.0.0.1", "192.168.1.1", "172.17.0.1", "100.64.0.1", "169.254.1.1", "127.0.0.1", "fd00::1", "fe80::1")
    assert public((*private, "192.0.2.1", "2001:db8::1", "::1", "nonsense", "5.9.0.7", "2a01::7")) == (
        "5.9.0.7",
        "2a01::7",
    )


def test_one_fact_is_no_reason_to_look_again_when_another_changes() -> None:
    view = View(snapshot([host(addresses=("5.9.0.7",), uptime=1.0, dmi=GAP)]), SOURCE, Policy())
    assert machine_fact(view, "addresses") == ("5.9.0.7",)
    assert (SOURCE, Kind.HOST) not in view.reads
    with pytest.raises(Unread, match="timed out"):
        machine_fact(view, "dmi")


def test_no_machine_is_no_fact() -> None:
    with pytest.raises(Unread, match="not looked at"):
        machine_fact(View(snapshot([]), SOURCE, Policy()), "addresses")
