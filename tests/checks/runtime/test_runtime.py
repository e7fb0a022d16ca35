"""The runtime checks: single cases, folding, and what evidence may show."""

from __future__ import annotations

import pytest

from checks.catalogue import catalogue
from checks.verdict import Outcome
from inventory.container import Mount
from tests.checks.builders import captured, container, docker, engine
from tests.checks.cases import Case, judge, results
from tests.checks.runtime.cases import CASES

RUNTIME = tuple(check for check in catalogue() if check.id.startswith("RUN-"))


def test_privileged_folds_what_it_implies() -> None:
    case = Case(
        "RUN-001",
        docker("privileged"),
        Outcome.FAIL,
        others=(engine(security_options=("name=apparmor", "name=selinux", "name=seccomp,profile=default")),),
    )
    found = results(RUNTIME, case)
    assert set(found["RUN-001"].implies) == {"RUN-013", "RUN-014", "RUN-017", "RUN-019", "RUN-020"}
    for folded in found["RUN-001"].implies:
        assert found[folded].outcome is Outcome.NOT_APPLICABLE
        assert found[folded].message == "implied by RUN-001"
    assert found["RUN-015"].outcome is Outcome.NOT_APPLICABLE
    assert found["RUN-022"].outcome is Outcome.NOT_APPLICABLE


def test_host_name_folds_into_host_network() -> None:
    found = results(RUNTIME, Case("RUN-006", docker("hostall"), Outcome.FAIL))
    assert found["RUN-006"].implies == ("RUN-009",)
    assert found["RUN-009"].outcome is Outcome.NOT_APPLICABLE


def test_nothing_folds_without_the_root() -> None:
    found = results(RUNTIME, Case("RUN-017", docker("unconf"), Outcome.FAIL))
    assert found["RUN-017"].outcome is Outcome.FAIL
    assert not found["RUN-001"].implies


def test_hardened_container_has_no_failure_beyond_its_host() -> None:
    found = results(RUNTIME, Case("RUN-001", docker("hardened"), Outcome.PASS))
    failures = {name for name, result in found.items() if result.outcome is Outcome.FAIL}
    assert failures == {"RUN-012", "RUN-039"}  # cgroup v1's default, no health check


SECRETS = ("s3cr3t-lab", "AKIAEXAMPLEKEYLAB", "hunter2-lab", "kX93vv2Lq", "kX93-vv2-Lq")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_secret_is_shown(case: Case) -> None:
    result = judge(case)
    shown = " ".join([result.message, *(f"{item.path} {item.value}" for item in result.evidence)])
    assert not [secret for secret in SECRETS if secret in shown]


def test_the_captured_secret_is_there_to_be_hidden() -> None:
    assert b"s3cr3t-lab" in captured("docker-api/inspect-envsecret.json")


def test_evidence_names_the_mount_by_its_position() -> None:
    mounts = (Mount("volume", "/v", "/v", True), Mount("bind", "/etc", "/host", False))
    result = judge(Case("RUN-004", container(mounts=mounts), Outcome.FAIL))
    assert [item.path for item in result.evidence] == ["Mounts[1].Source"]
    assert "/etc at /host (ro)" in result.evidence[0].value


def test_hostile_text_in_every_field_ends_in_a_verdict() -> None:
    evil = "\x1b]0;x\x07[red]\u202e" * 50
    subject = container(
        user=evil, security_opt=(evil, f"seccomp={evil}", f"label={evil}"), env=(evil, f"DOCKER_HOST={evil}"),
        mounts=(Mount("bind", evil, evil, True), Mount("bind", "", "", True)), cgroup_parent=evil, runtime=evil,
        device_cgroup_rules=(evil,), cap_add=(evil,), network_mode=f"container:{evil}", sysctls={evil: evil},
        group_add=(evil, "9" * 5000),
    )  # fmt: skip
    for result in results(RUNTIME, Case("RUN-001", subject, Outcome.PASS)).values():
        assert "the check itself failed" not in result.message, result.check.id
