"""Every case of every check: the verdict, its severity, and evidence behind each failure."""

from __future__ import annotations

import pytest

from checks.verdict import Outcome
from tests.checks.cases import Case, all_cases, judge


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_case(case: Case) -> None:
    result = judge(case)
    assert result.outcome is case.expected, result.message
    if case.severity is not None:
        assert result.severity is case.severity, result.message
    if case.expected is Outcome.FAIL:
        assert result.evidence
