"""The daemon and host checks: single cases, folding, and the kernel table."""

from __future__ import annotations

import pytest

from checks.catalogue import catalogue
from checks.data.kernel import bugs
from checks.data.lifetimes import distribution
from checks.verdict import Outcome
from checks.versions import parse_version
from tests.checks.builders import engine
from tests.checks.cases import Case, results


def test_open_port_folds_into_missing_tls() -> None:
    found = results(catalogue(), Case("DMN-007", engine("info-noswarm"), Outcome.FAIL, others=()))
    assert "NET-030" in found["DMN-007"].implies


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
