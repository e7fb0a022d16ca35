"""The network checks: single cases, and the findings that combine exposure with a way to the host."""

from __future__ import annotations

from checks.catalogue import catalogue
from checks.verdict import Outcome, Severity
from inventory.container import Port
from tests.checks.builders import GAP, NOW, changed, container, docker
from tests.checks.cases import ENGINE, Case, judge, results
from tests.checks.facts import built, made_from

WIDE = (Port(8000, "tcp", "0.0.0.0", 8000),)


def test_both_address_families_of_a_port_count_once() -> None:
    result = judge(Case("NET-001", docker("pub4"), Outcome.FAIL))
    ports = result.message.split(" on ")[0].split(", ")
    assert len(ports) == len(set(ports))


def test_hardened_container_has_no_finding() -> None:
    network = tuple(check for check in catalogue() if check.id.startswith("NET-"))
    found = results(network, Case("NET-001", docker("hardened"), Outcome.PASS))
    assert {name: result.outcome for name, result in found.items() if result.outcome is Outcome.FAIL} == {}


def _combined(check_id: str, **changes: object) -> tuple[Outcome, Severity]:
    image = changed(built(), created=NOW - 400 * 86400)
    subject = made_from(image, container(), **changes)
    found = results(catalogue(), Case(check_id, subject, Outcome.FAIL, others=(ENGINE, image)))[check_id]
    return found.outcome, found.severity


def test_exposed_and_privileged() -> None:
    assert _combined("CMB-001", ports=WIDE, privileged=True) == (Outcome.FAIL, Severity.CRITICAL)


def test_privileged_but_not_exposed() -> None:
    assert _combined("CMB-001", privileged=True)[0] is Outcome.PASS


def test_exposed_but_mounts_unread() -> None:
    assert _combined("CMB-001", ports=WIDE, mounts=GAP)[0] is Outcome.UNKNOWN


def test_exposed_root_writable_stale() -> None:
    assert _combined("CMB-002", ports=WIDE, user="", readonly_rootfs=False) == (Outcome.FAIL, Severity.HIGH)


def test_three_of_four() -> None:
    assert _combined("CMB-002", ports=WIDE, user="") == (Outcome.FAIL, Severity.MEDIUM)


def test_two_of_four() -> None:
    assert _combined("CMB-002", ports=WIDE)[0] is Outcome.PASS


def test_root_writable_stale_but_not_exposed() -> None:
    assert _combined("CMB-002", user="", readonly_rootfs=False)[0] is Outcome.NOT_APPLICABLE
