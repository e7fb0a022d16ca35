"""The monitoring checks: single cases, and the one that reads other verdicts."""

from __future__ import annotations

from checks.verdict import Outcome, Severity
from checks.view import View
from inventory.resource import Resource, ResourceKey
from tests.checks.builders import SOURCE, container
from tests.checks.cases import Case, check_of, snapshot
from tests.checks.facts import component


def _rights(product: str, **outcomes: Outcome) -> tuple[Outcome, Severity | None]:
    """How MON-033 judges a product whose container got these verdicts (`RUN_001=...`), all others being passes."""
    carrier: Resource = container()
    subject = component(product, "exporter", container())

    def outcome(check: str, _key: ResourceKey) -> Outcome | None:
        return outcomes.get(check.replace("-", "_"), Outcome.PASS)

    view = View(snapshot((carrier, subject)), SOURCE, Case("MON-033", subject, Outcome.PASS).policy, outcome)
    verdict = check_of("MON-033").judge(subject, view)
    return verdict.outcome, verdict.severity


def test_needed_rights_are_left_to_a_person() -> None:
    assert _rights("node_exporter", RUN_007=Outcome.FAIL)[0] is Outcome.MANUAL


def test_more_rights_than_needed() -> None:
    assert _rights("node_exporter", RUN_001=Outcome.FAIL) == (Outcome.FAIL, Severity.CRITICAL)
    assert _rights("Prometheus", RUN_007=Outcome.FAIL)[0] is Outcome.FAIL


def test_no_special_right() -> None:
    assert _rights("node_exporter")[0] is Outcome.PASS


def test_unknown_right() -> None:
    assert _rights("node_exporter", RUN_002=Outcome.UNKNOWN)[0] is Outcome.UNKNOWN
