"""The daemon and host checks: single cases, folding, and the kernel table."""

from __future__ import annotations

import pytest

from checks.catalogue import catalogue
from checks.data.kernel import bugs
from checks.data.lifetimes import distribution
from checks.verdict import Outcome
from checks.versions import parse_version
from tests.checks.builders import engine, host
from tests.checks.cases import Case, judge, results
from tests.checks.facts import files


def test_open_port_folds_into_missing_tls() -> None:
    found = results(catalogue(), Case("DMN-007", engine("info-noswarm"), Outcome.FAIL, others=()))
    assert "NET-030" in found["DMN-007"].implies


def test_an_open_socket_does_not_hide_one_that_is_somebodys() -> None:
    """Both are evidence: an item of a benchmark asks for the owner of a socket alone."""
    sockets = files(
        ("/run/docker.sock", 0o666, "root", "docker", "socket"),
        ("/srv/docker.sock", 0o660, "ann", "ann", "socket"),
        ("/run", 0o777, "root", "root", "directory"),
        ("/srv", 0o755, "root", "root", "directory"),
    )
    machine = host(daemon_flags=("--host=unix:///srv/docker.sock",), daemon_config={}, files=sockets)
    found = judge(Case("DMN-020", engine("info-hardened"), Outcome.FAIL, others=(machine,)))
    paths = ["stat /run/docker.sock", "stat /srv/docker.sock", "stat /run (directory)"]
    assert [each.path for each in found.evidence] == paths


def test_a_wanted_minimum_is_told_as_one() -> None:
    machine = host(sysctls={"kernel.perf_event_paranoid": "1"})
    found = judge(Case("HOST-009", engine(), Outcome.FAIL, others=(machine,)))
    assert [each.value for each in found.evidence] == ["have 1, want >= 2"]


@pytest.mark.parametrize(
    ("version", "cve", "affected"),
    [
        ("5.10.92", "CVE-2022-0185", True),
        ("5.10.93", "CVE-2022-0185", False),
        ("4.19.300", "CVE-2022-0185", False),  # older than the bug
        ("5.12.0", "CVE-2022-0185", True),  # a branch that ended before the fix
        ("6.18.44", "CVE-2024-1086", False),
        ("6.7.2", "CVE-2024-1086", True),
    ],
)
def test_kernel_table(version: str, cve: str, affected: bool) -> None:
    release = parse_version(version)
    assert release is not None
    assert (cve in {bug.cve for bug in bugs(release)}) is affected


@pytest.mark.parametrize(
    ("operating_system", "release"),
    [
        ("Debian GNU/Linux 12 (bookworm)", "Debian 12"),
        ("Ubuntu 24.04.1 LTS", "Ubuntu 24.04"),
        ("Red Hat Enterprise Linux 9.4 (Plow)", "Red Hat Enterprise Linux 9"),
        ("Fedora Linux 43 (Server Edition)", "Fedora 43"),
        ("Amazon Linux 2023.6.20241031", "Amazon Linux 2023"),
        ("Rocky Linux 9.3 (Blue Onyx)", "Rocky Linux 9"),
    ],
)
def test_distributions_are_recognised(operating_system: str, release: str) -> None:
    found = distribution(operating_system)
    assert found is not None
    assert str(found) == release
    assert found.lifetime is not None
