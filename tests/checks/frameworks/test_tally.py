"""What an evaluation says to an item: the worst verdict, and never more than was read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from checks.check import REGISTRY
from checks.frameworks.framework import UNJUDGED, Entry, Framework, Item, items
from checks.frameworks.tally import Ledger, Row, outcomes, tally
from checks.result import Evaluation, Judgement, Result, summarise
from checks.verdict import Outcome, Severity, Verdict
from inventory.gap import Gap, Reason
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot, SourceHealth, Status
from tests.checks.builders import container
from tests.checks.frameworks.lab import lab

A, B = "RUN-001", "RUN-017"  # privileged implies that seccomp is off
ONE = container()


def result(name: str, outcome: Outcome, *implies: str, key: ResourceKey = ONE.key, message: str = "") -> Result:
    lab()  # the catalogue
    check = REGISTRY[name]
    return Result(check, key, outcome, check.severity, Verdict(outcome, message), None, implies)


def evaluation(*results: Result) -> Evaluation:
    settled = (Outcome.PASS, Outcome.NOT_APPLICABLE)
    judgements: dict[ResourceKey, Judgement] = {}
    for key in dict.fromkeys(each.key for each in results):
        mine = [each for each in results if each.key == key]
        notable = tuple(each for each in mine if each.outcome not in settled)
        passes = tuple(each for each in mine if each.outcome in settled)
        judgements[key] = Judgement(notable, passes, summarise(mine))
    return Evaluation(judgements=judgements)


def snapshot(resources: Iterable[Any] = (ONE,), **values: Any) -> Snapshot:
    values.setdefault("sources", {"docker": SourceHealth("docker", "unix:///d", Status.OK)})
    return Snapshot(by_kind={Kind.CONTAINER: {each.key: each for each in resources}}, **values)


def row(*results: Result, checks: tuple[str, ...] = (A,), by_hand: str = "", seen: Snapshot | None = None) -> Row:
    framework = Framework("F", "", "", (Item("1", "s", "t", checks, by_hand),))
    return tally(framework, evaluation(*results), seen or snapshot())[0]


ORDER = [Outcome.FAIL, Outcome.UNKNOWN, Outcome.MANUAL, Outcome.WAIVED, Outcome.PASS, Outcome.NOT_APPLICABLE]


@pytest.mark.parametrize("worse", range(len(ORDER)))
def test_the_worst_verdict_counts(worse: int) -> None:
    for better in ORDER[worse:]:
        assert row(result(A, better), result(B, ORDER[worse]), checks=(A, B)).outcome is ORDER[worse]


def test_what_a_person_must_decide_never_passes_by_itself() -> None:
    for outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE):
        found = row(result(A, outcome), by_hand="look")
        assert (found.outcome, found.why) == (Outcome.MANUAL, "look")
    assert row(result(A, Outcome.FAIL), by_hand="look").outcome is Outcome.FAIL
    assert row(result(A, Outcome.UNKNOWN), by_hand="look").outcome is Outcome.UNKNOWN


def test_an_item_without_checks_says_so() -> None:
    (item,) = items("F", {"s": (Entry("9.9", "t"),)}, REGISTRY.values())
    assert item.by_hand == UNJUDGED
    assert row(checks=(), by_hand=item.by_hand).outcome is Outcome.MANUAL


def test_nothing_there_and_all_read_does_not_apply() -> None:
    assert row(seen=snapshot(())).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    "seen",
    [
        snapshot((), gaps={("docker", Kind.CONTAINER): Gap(Reason.DENIED, "GET /containers/json")}),
        snapshot((), sources={"docker": SourceHealth("docker", "unix:///d", Status.UNREACHABLE)}),
        snapshot((), sources={"docker": SourceHealth("docker", "unix:///d", Status.CONNECTING)}),
    ],
    ids=["denied", "unreachable", "connecting"],
)
def test_nothing_there_because_it_was_not_read_is_unknown(seen: Snapshot) -> None:
    found = row(seen=seen)
    assert found.outcome is Outcome.UNKNOWN
    assert found.why


def test_a_pass_of_what_was_read_is_not_a_pass_of_what_was_not() -> None:
    gap = {("other", Kind.CONTAINER): Gap(Reason.TIMEOUT, "GET /containers/json")}
    assert row(result(A, Outcome.PASS), seen=snapshot(gaps=gap)).outcome is Outcome.UNKNOWN
    assert row(result(A, Outcome.FAIL), seen=snapshot(gaps=gap)).outcome is Outcome.FAIL


def test_a_check_that_did_not_run_is_unknown() -> None:
    found = row(result(A, Outcome.PASS), checks=(A, B))
    assert found.outcome is Outcome.UNKNOWN
    assert B in found.why


def test_what_is_only_there_when_somebody_asked_is_unknown_until_then() -> None:
    probing = next(name for name, check in REGISTRY.items() if check.kinds == (Kind.ENDPOINT,))
    found = row(checks=(probing,))
    assert (found.outcome, found.why) == (Outcome.UNKNOWN, "no endpoint was probed")


def test_an_unknown_item_says_why() -> None:
    assert row(result(A, Outcome.UNKNOWN, message="no such file")).why == "no such file"


def test_a_folded_failure_fails_its_own_item() -> None:
    """An auditor who reads the item on seccomp must see the privileged container."""
    folded = result(B, Outcome.NOT_APPLICABLE)
    found = row(result(A, Outcome.FAIL, B), folded, checks=(B,))
    assert (found.outcome, found.resources, found.worst) == (Outcome.FAIL, 1, REGISTRY[B].severity)
    assert row(result(A, Outcome.WAIVED, B), folded, checks=(B,)).outcome is Outcome.WAIVED


def test_resources_are_counted_once() -> None:
    other = ResourceKey(Kind.CONTAINER, "docker", "other")
    found = row(result(A, Outcome.FAIL), result(B, Outcome.FAIL), result(A, Outcome.FAIL, key=other), checks=(A, B))
    assert found.resources == 2
    assert sum(found.summary.fails) == 3
    assert found.worst is Severity.CRITICAL


def test_what_changes_is_counted_anew() -> None:
    ledger, framework = Ledger(), Framework("F", "", "", (Item("1", "s", "t", (A,)),))
    for outcome in (Outcome.FAIL, Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN):
        ledger.update(evaluation(result(A, outcome)))
        (found,) = ledger.rows(framework, snapshot())
        assert (found.outcome, found.summary.judged) == (outcome, 1)
        assert found.resources == (outcome is Outcome.FAIL)
    ledger.update(Evaluation())
    assert ledger.rows(framework, snapshot(()))[0].outcome is Outcome.NOT_APPLICABLE
    assert outcomes([found])[Outcome.UNKNOWN] == 1
