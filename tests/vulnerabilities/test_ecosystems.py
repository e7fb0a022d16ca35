"""Which records are those of an image's packages: distributions, their releases, languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.contents.model import Distribution, Package
from inventory.vulnerabilities.match import match
from tests.vulnerabilities.building import affects, contents, database, fixed, record, since


def deb(version: str) -> Package:
    """Of Debian or what is made from it."""
    return Package("deb", "example", version, "/var/lib/dpkg/status")


DISTRIBUTIONS = [
    (("debian", "11", ""), "Debian:11", "deb"),
    (("ubuntu", "22.04", ""), "Ubuntu:22.04:LTS", "deb"),
    (("ubuntu", "23.10", ""), "Ubuntu:23.10", "deb"),
    (("alpine", "3.18.4", ""), "Alpine:v3.18", "apk"),
    (("wolfi", "20230201", ""), "Wolfi", "apk"),
    (("chainguard", "20230214", ""), "Chainguard", "apk"),
    (("rocky", "9.3", ""), "Rocky Linux:9", "rpm"),
    (("almalinux", "9.2", ""), "AlmaLinux:9", "rpm"),
    (("rhel", "9.4", ""), "Red Hat:enterprise_linux:9::appstream", "rpm"),
    (("rhel", "10.1", ""), "Red Hat:enterprise_linux:10.1", "rpm"),
    (("opensuse-leap", "15.6", "openSUSE Leap 15.6"), "openSUSE:Leap 15.6", "rpm"),
    (("opensuse-tumbleweed", "20240801", "openSUSE Tumbleweed"), "openSUSE:Tumbleweed", "rpm"),
    (
        ("sles", "15.5", "SUSE Linux Enterprise Server 15 SP5"),
        "SUSE:Linux Enterprise Module for Basesystem 15 SP5",
        "rpm",
    ),
    (("mageia", "9", ""), "Mageia:9", "rpm"),
    (("photon", "5.0", ""), "Photon OS:5.0", "rpm"),
    (("azurelinux", "3.0", ""), "Azure Linux:3", "rpm"),
    (("openeuler", "24.03", "openEuler 24.03 (LTS)"), "openEuler:24.03-LTS", "rpm"),
]


@pytest.mark.parametrize(("system", "ecosystem", "kind"), DISTRIBUTIONS)
def test_distributions(tmp_path: Path, system: tuple[str, str, str], ecosystem: str, kind: str) -> None:
    events = (since(), fixed("2.0-r1" if kind == "apk" else "2.0-1"))
    family = ecosystem.partition(":")[0].replace(" ", "_")
    records = database(tmp_path, **{family: [record("CVE-2024-1000", affects(ecosystem, "example", *events))]})
    package = Package(kind, "example", "1.0-r0" if kind == "apk" else "1.0-1", "/db")
    distribution = Distribution(*system)
    assert [one.id for one in match(contents(package, distribution=distribution), records).found] == ["CVE-2024-1000"]
    elsewhere = Distribution(system[0], "99.9", "Another 99.9")
    other = match(contents(package, distribution=elsewhere), records)
    assert bool(other.found) == (":" not in ecosystem)
    assert bool(other.unmatched) == (":" in ecosystem)


@pytest.mark.parametrize(
    "system", [("debian", ""), ("alpine", "3.22.0_alpha20250108"), ("fedora", "40"), ("centos", "9"), ("", "")]
)
def test_a_distribution_without_records_is_said(tmp_path: Path, system: tuple[str, str]) -> None:
    records = database(tmp_path, Debian=[record("CVE-2024-1000", affects("Debian:12", "example", since()))])
    for kind in ("deb", "rpm", "apk"):
        result = match(contents(Package(kind, "example", "1", "/db"), distribution=Distribution(*system)), records)
        assert (result.found, result.said) == ((), ())
        assert len([said for said in result.unmatched if said.startswith(f"1 {kind} package")]) == 1


def test_ubuntu_pro_counts_only_where_the_release_itself_is_silent(tmp_path: Path) -> None:
    system = Distribution("ubuntu", "22.04")
    both = record(
        "UBUNTU-CVE-2024-1000",
        affects("Ubuntu:22.04:LTS", "example", since(), fixed("1.0-2")),
        affects("Ubuntu:Pro:22.04:LTS", "example", since(), fixed("1.0-2+esm1")),
    )
    only = record("UBUNTU-CVE-2024-2000", affects("Ubuntu:Pro:22.04:LTS", "example", since(), fixed("1.0-2+esm1")))
    records = database(tmp_path, Ubuntu=[both, only])
    rows = {
        version: [one.id for one in match(contents(deb(version=version), distribution=system), records).found]
        for version in ("1.0-1", "1.0-2", "1.0-2+esm1")
    }
    assert rows == {"1.0-1": ["CVE-2024-1000", "CVE-2024-2000"], "1.0-2": ["CVE-2024-2000"], "1.0-2+esm1": []}


def test_rpm_sources_have_the_epoch_of_their_package(tmp_path: Path) -> None:
    records = database(
        tmp_path, AlmaLinux=[record("ALSA-1", affects("AlmaLinux:9", "openssl", since(), fixed("1:3.0.7-27.el9")))]
    )
    system = Distribution("almalinux", "9.2")
    package = Package("rpm", "openssl-libs", "1:3.0.7-24.el9", "/db", source="openssl", source_version="3.0.7-24.el9")
    assert match(contents(package, distribution=system), records).found
    newer = Package("rpm", "openssl-libs", "1:3.0.7-27.el9", "/db", source="openssl", source_version="3.0.7-27.el9")
    assert not match(contents(newer, distribution=system), records).found


@pytest.mark.parametrize(
    ("package", "ecosystem", "name", "fix"),
    [
        (Package("golang", "stdlib", "go1.21.3", "/app"), "Go", "stdlib", "1.21.5"),
        (Package("golang", "github.com/a/b", "v1.2.3", "/app"), "Go", "github.com/a/b", "1.3.0"),
        (Package("maven", "org.a/b", "1.0-rc1", "/a.jar"), "Maven:https://repo.example.org", "org.a:b", "1.0"),
        (Package("gem", "rack", "2.0.0", "/g"), "RubyGems", "rack", "2.0.1"),
        (Package("cargo", "time", "0.1.40", "/b"), "crates.io", "time", "0.2.0"),
        (Package("npm", "@a/b", "1.0.0", "/p"), "npm", "@a/b", "1.0.1"),
    ],
)
def test_languages(tmp_path: Path, package: Package, ecosystem: str, name: str, fix: str) -> None:
    entry = record("X-1", affects(ecosystem, name, since(), fixed(fix)))
    records = database(tmp_path, **{ecosystem.partition(":")[0]: [entry]})
    rows = match(contents(package), records).found
    assert [one.fixed for one in rows] == [fix]


def test_a_jar_without_a_group_is_said(tmp_path: Path) -> None:
    records = database(tmp_path, Maven=[record("GHSA-1", affects("Maven", "org.a:b", since()))])
    result = match(contents(Package("maven", "b", "1.0", "/b.jar")), records)
    assert (result.found, result.said) == ((), ())
    assert result.unmatched == ("1 maven package: no group is recorded, and records name it",)


def test_modules_are_apart_from_other_rpms(tmp_path: Path) -> None:
    entry = affects("AlmaLinux:8", "perl", since(), fixed("4:5.32.1-473.module_el8.9.0"))
    records = database(tmp_path, AlmaLinux=[record("ALSA-1", entry)])
    system = Distribution("almalinux", "8.9")
    plain, module = (
        Package("rpm", "perl", version, "/db") for version in ("4:5.26.3-422.el8", "4:5.32.1-471.module_el8.6.0")
    )
    assert not match(contents(plain, distribution=system), records).found
    assert match(contents(module, distribution=system), records).found
