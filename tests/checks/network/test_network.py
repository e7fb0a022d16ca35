"""What single cases do not show of the network checks."""

from __future__ import annotations

from checks.catalogue import catalogue
from checks.verdict import Outcome
from tests.checks.builders import docker
from tests.checks.cases import Case, judge, results


def test_both_address_families_of_a_port_count_once() -> None:
    result = judge(Case("NET-001", docker("pub4"), Outcome.FAIL))
    ports = result.message.split(" on ")[0].split(", ")
    assert len(ports) == len(set(ports))


def test_hardened_container_has_no_finding() -> None:
    network = tuple(check for check in catalogue() if check.id.startswith("NET-"))
    found = results(network, Case("NET-001", docker("hardened"), Outcome.PASS))
    assert {name: result.outcome for name, result in found.items() if result.outcome is Outcome.FAIL} == {}
