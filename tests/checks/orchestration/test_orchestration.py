"""The Swarm checks: single cases, and that no secret is shown."""

from __future__ import annotations

import pytest

from checks.verdict import Outcome
from tests.checks.cases import Case, judge
from tests.checks.facts import config, service
from tests.checks.orchestration.cases import CASES


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    result = judge(case)
    assert result.outcome is case.expected, result.message
    if case.severity is not None:
        assert result.severity is case.severity, result.message
    if case.expected is Outcome.FAIL:
        assert result.evidence


def test_no_secret_is_shown() -> None:
    config_with_key = config(data="key=AKIAQWERTYUIOPASDFGH\n")
    for name in ("stk_agent", "stk_web"):
        result = judge(Case("ORC-014", service(name), Outcome.FAIL, others=(config_with_key,)))
        shown = f"{result.message} {result.evidence}"
        assert "pw-lab" not in shown
        assert "QWERTYUIOP" not in shown
