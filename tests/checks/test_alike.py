"""What pods of one spec share is judged once, and nobody can tell."""

from __future__ import annotations

import msgspec

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.result import Evaluation
from checks.verdict import Outcome
from inventory.kubernetes.workloads import Pod
from inventory.resource import CLUSTER_KINDS
from inventory.snapshot import Snapshot
from inventory.store import Changes, Store
from tests.kubernetes import captured

CHECKS = [check for check in catalogue() if set(check.kinds) & set(CLUSTER_KINDS)]


def test_verdicts_are_those_of_every_check_run_on_every_resource() -> None:
    shared = Engine(CHECKS).evaluate(captured.snapshot())
    alone = Engine(msgspec.structs.replace(check, basis=None) for check in CHECKS).evaluate(captured.snapshot())
    assert shared.total == alone.total
    assert shared.total.passed > 0
    assert _told(shared) == _told(alone)


def test_a_pod_that_gets_another_spec_leaves_the_others_as_they_are() -> None:
    store = Store(clock=lambda: captured.NOW)
    store.put(captured.objects())
    engine = Engine(CHECKS)
    snapshot, changes = store.take()
    before = engine.update(snapshot, changes)
    one, other = (captured.one(Pod.kind, f"prod/checkout-api-78dfbdd85c-{end}") for end in ("2j5l7", "pp5qk"))
    strange = captured.one(Pod.kind, "legacy/win-agent")
    values = {name: one.peek(name) for name in one.field_names if name not in ("gaps", "raw")}
    values["pod_spec"] = strange.peek("pod_spec")
    store.put([Pod.build(**values)])
    snapshot, changes = store.take()
    after = engine.update(snapshot, changes)
    assert after.judgements[other.key] is before.judgements[other.key]
    assert _told(after) == _told(Engine(CHECKS).evaluate(snapshot))
    kept = before.judgements[one.key]
    fresh = Engine(CHECKS).evaluate(captured.snapshot()).judgements[one.key]
    assert kept.passed == fresh.passed, "an evaluation that somebody holds stays as it was"


def test_a_resource_that_goes_takes_its_verdicts_along() -> None:
    engine = Engine(CHECKS)
    snapshot = captured.snapshot()
    engine.evaluate(snapshot)
    empty = Snapshot(2, captured.NOW, {})
    left = engine.update(empty, Changes(frozenset(one.key for one in captured.objects()), frozenset()))
    assert not left.judgements
    assert left.total.judged == 0


def _told(evaluation: Evaluation) -> dict[object, list[tuple[str, Outcome, int, str]]]:
    """Everything that is said, passes and not-applicables included."""
    return {
        key: sorted(
            (one.check.id, one.outcome, int(one.severity), one.verdict.message)
            for one in (*judgement.results, *judgement.passed)
        )
        for key, judgement in evaluation.judgements.items()
    }
