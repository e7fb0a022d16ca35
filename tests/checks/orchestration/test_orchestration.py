"""The Swarm checks: single cases, and that no secret is shown."""

from __future__ import annotations

from checks.verdict import Outcome
from tests.checks.cases import Case, judge
from tests.checks.facts import config, service


def test_no_secret_is_shown() -> None:
    config_with_key = config(data="key=AKIAQWERTYUIOPASDFGH\n")
    for name in ("stk_agent", "stk_web"):
        result = judge(Case("ORC-014", service(name), Outcome.FAIL, others=(config_with_key,)))
        shown = f"{result.message} {result.evidence}"
        assert "pw-lab" not in shown
        assert "QWERTYUIOP" not in shown
