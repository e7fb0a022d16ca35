"""Which part of a check's verdict is whose: a fault of one file is no fault of another."""

from __future__ import annotations

import pytest

from checks.check import REGISTRY
from checks.frameworks.facet import Facet
from checks.frameworks.known import frameworks
from checks.result import Result
from checks.verdict import Evidence, Outcome, Verdict
from inventory.resource import Kind, ResourceKey

KEY = ResourceKey(Kind.ENGINE, "docker", "e")
SERVICE, SOCKET = "stat /lib/systemd/system/docker.service", "stat /lib/systemd/system/docker.socket"


def result(check: str, outcome: Outcome, **evidence: str) -> Result:
    frameworks()  # the catalogue
    pieces = tuple(Evidence(path, value) for path, value in evidence.items())
    return Result(REGISTRY[check], KEY, outcome, REGISTRY[check].severity, Verdict(outcome, "", pieces))


def of(number: str) -> Facet:
    found = next(item.facet for item in frameworks()[0].items if item.id == number)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "owner", "mode"),
    [
        ("alice:root 0644", Outcome.FAIL, Outcome.PASS),
        ("root:root 0666", Outcome.PASS, Outcome.FAIL),
        ("root:1000 0777", Outcome.FAIL, Outcome.FAIL),
        ("root:root 0600", Outcome.PASS, Outcome.PASS),
        ("something else", Outcome.FAIL, Outcome.FAIL),
    ],
)
def test_owner_and_mode_are_apart(value: str, owner: Outcome, mode: Outcome) -> None:
    found = result("DMN-022", Outcome.FAIL, **{SOCKET: value})
    assert of("3.3").outcome(found) is owner
    assert of("3.4").outcome(found) is mode
    assert of("3.1").outcome(found) is Outcome.PASS


def test_drop_ins_are_part_of_their_unit() -> None:
    found = result("DMN-022", Outcome.FAIL, **{"stat /etc/systemd/system/docker.service.d/a.conf": "root:root 0666"})
    assert of("3.2").outcome(found) is Outcome.FAIL
    assert of("3.4").outcome(found) is Outcome.PASS


def test_a_file_that_is_not_there_does_not_pass() -> None:
    found = result("DMN-022", Outcome.PASS, **{SERVICE: "root:root 0644"})
    assert of("3.1").outcome(found) is Outcome.PASS
    assert of("3.3").outcome(found) is Outcome.NOT_APPLICABLE


def test_audit_rules_are_counted_file_by_file() -> None:
    paths = {"/etc/docker": "no rule", "/run/docker.sock": "-w in x.rules", "/srv/docker": "no rule"}
    found = result("HOST-004", Outcome.FAIL, **paths)
    verdicts = {number: of(f"1.1.{number}").outcome(found) for number in (4, 5, 6, 8, 9)}
    none, fail, fine = Outcome.NOT_APPLICABLE, Outcome.FAIL, Outcome.PASS
    assert verdicts == {4: none, 5: fail, 6: fail, 8: none, 9: fine}


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.MANUAL])
def test_what_is_no_verdict_on_files_stays(outcome: Outcome) -> None:
    assert of("3.1").outcome(result("DMN-022", outcome, **{SOCKET: "root:root 0666"})) is outcome
    assert of("3.1").outcome(result("DMN-022", Outcome.FAIL)) is Outcome.FAIL


def test_a_rule_that_leaves_events_out_asks_a_person_of_its_own_file() -> None:
    paths = {"/etc/docker": "in part: /etc/docker in x.rules, only auid>=1000", "/srv/docker": "/srv in x.rules"}
    for outcome in (Outcome.MANUAL, Outcome.FAIL):
        missing = {"/run/containerd": "no rule"} if outcome is Outcome.FAIL else {}
        found = result("HOST-004", outcome, **paths, **missing)
        assert (of("1.1.5").outcome(found), of("1.1.6").outcome(found)) == (Outcome.PASS, Outcome.MANUAL)
        assert of("1.1.9").outcome(found) is Outcome.NOT_APPLICABLE


def test_a_certificate_that_root_may_write_belongs_to_root() -> None:
    found = result("DMN-024", Outcome.FAIL, **{"stat /etc/docker/certs.d/r:5000/ca.crt": "root:root 0644"})
    assert (of("3.7").outcome(found), of("3.8").outcome(found)) == (Outcome.PASS, Outcome.FAIL)
    around = result("DMN-024", Outcome.FAIL, **{"stat /etc/docker/certs.d/r.example.com": "ann:ann 0777"})
    assert (of("3.7").outcome(around), of("3.8").outcome(around)) == (Outcome.PASS, Outcome.PASS)


def test_the_daemons_certificates_are_apart_by_what_they_are_for() -> None:
    paths = {"stat /x/a.pem (tlscacert)": "root:root 0666", "stat /x/k.pem (tlskey)": "ann:ann 0400"}
    found = result("DMN-025", Outcome.FAIL, **paths)
    verdicts = [of(f"3.{number}").outcome(found) for number in range(9, 15)]
    fail, fine = Outcome.FAIL, Outcome.PASS
    assert verdicts == [fine, fail, fine, fine, fail, fine]


def test_a_socket_may_belong_to_the_group_docker_and_its_directory_is_no_socket() -> None:
    found = result("DMN-020", Outcome.FAIL, **{"stat /run/docker.sock": "root:docker 0666"})
    assert (of("3.15").outcome(found), of("3.16").outcome(found)) == (Outcome.PASS, Outcome.FAIL)
    around = result("DMN-020", Outcome.FAIL, **{"stat /run (directory)": "root:root 0777"})
    assert (of("3.15").outcome(around), of("3.16").outcome(around)) == (Outcome.PASS, Outcome.PASS)
    theirs = result("DMN-021", Outcome.FAIL, **{"stat /run/containerd/containerd.sock": "root:docker 0660"})
    assert (of("3.23").outcome(theirs), of("3.24").outcome(theirs)) == (Outcome.FAIL, Outcome.PASS)


def test_what_does_not_apply_has_no_evidence() -> None:
    assert of("3.1").outcome(result("DMN-022", Outcome.NOT_APPLICABLE)) is Outcome.NOT_APPLICABLE


def test_a_folded_failure_is_one_of_its_own_files() -> None:
    """With evidence, *not applicable* is a failure that the failure of another check stands for."""
    found = result("DMN-022", Outcome.NOT_APPLICABLE, **{SOCKET: "root:root 0666", SERVICE: "root:root 0644"})
    verdicts = {number: of(number).outcome(found) for number in ("3.1", "3.2", "3.3", "3.4")}
    assert verdicts == {"3.1": Outcome.PASS, "3.2": Outcome.PASS, "3.3": Outcome.PASS, "3.4": Outcome.FAIL}
    rules = result("HOST-004", Outcome.NOT_APPLICABLE, **{"/etc/docker": "no rule", "/srv/docker": "-w in x.rules"})
    assert (of("1.1.5").outcome(rules), of("1.1.6").outcome(rules)) == (Outcome.PASS, Outcome.FAIL)


def test_a_waived_fault_stays_waived_where_it_is() -> None:
    found = result("DMN-022", Outcome.WAIVED, **{SOCKET: "root:root 0666"})
    assert (of("3.4").outcome(found), of("3.2").outcome(found)) == (Outcome.WAIVED, Outcome.PASS)


def test_a_facet_speaks_of_a_check_of_its_item() -> None:
    for item in frameworks()[0].items:
        assert item.facet is None or item.facet.check in item.checks, item.id
