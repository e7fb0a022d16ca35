"""Every check is complete, has a case that fails and one that passes, and never calls unread facts good."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from checks.catalogue import catalogue
from checks.check import Check
from checks.verdict import Outcome
from inventory.resource import Kind, ResourceKey
from tests.checks.builders import GAP, SOURCE, changed
from tests.checks.cases import Case, all_cases, judge, results

CHECKS = catalogue()
CASES = list(all_cases())
ALWAYS_KNOWN = {"key", "id", "name", "gaps", "raw", "observed_at", "labels"}
REFERENCE = re.compile(r"[A-Z][A-Za-z&]*-?[^\s].*")


def test_titles_are_unique() -> None:
    assert [title for title, count in Counter(check.title for check in CHECKS).items() if count > 1] == []


def test_every_case_names_a_check() -> None:
    assert {case.check for case in CASES} <= {check.id for check in CHECKS}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_declaration_is_complete(check: Check) -> None:
    assert check.references
    assert all(REFERENCE.fullmatch(reference) for reference in check.references)
    assert len(check.doc) > 30
    assert check.title == check.title.strip()
    assert not check.title.endswith(".")
    assert check.why.endswith((".", "!", "?")) or check.why
    assert len(check.remediation) > 20
    assert set(check.implied_by) <= {other.id for other in CHECKS}
    assert check.id not in check.implied_by


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_it_can_fail_and_pass(check: Check) -> None:
    expected = {case.expected for case in CASES if case.check == check.id}
    assert expected & {Outcome.FAIL, Outcome.MANUAL}, "no case in which it finds something"
    assert Outcome.PASS in expected, "no case in which it passes"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_nothing_read_is_unknown(check: Check) -> None:
    nothing = {(SOURCE, kind): GAP for kind in Kind}
    for family in check.families:
        bare = family.build(key=ResourceKey(family.kind, SOURCE, "x"), name="x", labels=GAP)
        result = results((check,), Case(check.id, bare, Outcome.UNKNOWN, others=(), gaps=nothing))[check.id]
        assert result.outcome in {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}, result.message
        assert "the check itself failed" not in result.message


@pytest.mark.parametrize("case", [case for case in CASES if case.expected is Outcome.PASS], ids=str)
def test_a_pass_rests_on_read_fields(case: Case) -> None:
    """Each field by itself made unreadable: the check either does not need it or ends as unknown, never as failure."""
    for name in case.subject.field_names:
        if name in ALWAYS_KNOWN or name in case.subject.gaps:
            continue
        poorer = Case(
            case.check, changed(case.subject, **{name: GAP}), Outcome.UNKNOWN, None, case.others, case.gaps,
            case.events, case.now, case.policy,
        )  # fmt: skip
        assert judge(poorer).outcome in {Outcome.PASS, Outcome.UNKNOWN}, name
