"""What is found in a workload and in the pods that it made is said once, after any change as from the start."""

from __future__ import annotations

import random

import pytest

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.result import Evaluation
from checks.verdict import Outcome
from inventory.kubernetes.resource import OwnerReference
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.store import Changes
from tests.checks.builders import changed
from tests.kubernetes.captured import NOW, SOURCE, snapshot

CHECKS = tuple(check for check in catalogue() if check.id in ("ORC-101", "ORC-115", "ORC-116", "ORC-119", "ORC-130"))
KINDS = (Kind.DEPLOYMENT, Kind.REPLICASET, Kind.POD, Kind.DAEMONSET, Kind.STATEFULSET)
POD = ResourceKey(Kind.POD, SOURCE, "staging/ci-runner-6b9f558cf-l6njh")
REPLICASET = ResourceKey(Kind.REPLICASET, SOURCE, "staging/ci-runner-6b9f558cf")
DEPLOYMENT = ResourceKey(Kind.DEPLOYMENT, SOURCE, "staging/ci-runner")


def state(found: dict[ResourceKey, Resource]) -> Snapshot:
    by_kind: dict[Kind, dict[ResourceKey, Resource]] = {}
    for key, one in found.items():
        by_kind.setdefault(key.kind, {})[key] = one
    return Snapshot(1, NOW, by_kind)


def everything() -> dict[ResourceKey, Resource]:
    return {key: one for kind in KINDS for key, one in snapshot().by_kind[kind].items()}


def said(evaluation: Evaluation) -> dict[tuple[ResourceKey, str], tuple[Outcome, str]]:
    return {
        (key, result.check.id): (result.outcome, result.verdict.message)
        for key, judgement in evaluation.judgements.items()
        for result in (*judgement.results, *judgement.passed)
    }


def test_a_finding_is_said_of_the_highest_that_has_it() -> None:
    found = said(Engine(CHECKS).evaluate(state(everything())))
    assert found[DEPLOYMENT, "ORC-101"][0] is Outcome.FAIL
    assert found[REPLICASET, "ORC-101"] == (Outcome.NOT_APPLICABLE, "said of its deployment staging/ci-runner")
    assert found[POD, "ORC-101"] == (Outcome.NOT_APPLICABLE, "said of its deployment staging/ci-runner")


@pytest.mark.parametrize(("gone", "heir"), [(DEPLOYMENT, REPLICASET), (REPLICASET, POD)])
def test_what_is_gone_leaves_its_findings_to_the_next(gone: ResourceKey, heir: ResourceKey) -> None:
    before = everything()
    engine = Engine(CHECKS)
    engine.evaluate(state(before))
    after = {key: one for key, one in before.items() if key != gone}
    found = said(engine.update(state(after), Changes(frozenset({gone}), frozenset())))
    assert found[heir, "ORC-101"][0] is Outcome.FAIL
    assert found == said(Engine(CHECKS).evaluate(state(after)))


def test_a_pod_that_differs_answers_for_itself() -> None:
    before = everything()
    other = before[ResourceKey(Kind.POD, SOURCE, "staging/debug-shell-76b5cf9554-sx9jt")]
    plain = before[ResourceKey(Kind.POD, SOURCE, "prod/checkout-api-78dfbdd85c-2j5l7")]
    injected = changed(plain, pod_spec=other.peek("pod_spec"))
    found = said(Engine(CHECKS).evaluate(state({**before, injected.key: injected})))
    assert found[injected.key, "ORC-101"][0] is Outcome.FAIL


def test_incremental_equals_full_whatever_comes_and_goes() -> None:
    choose = random.Random(7)
    every = everything()
    now = dict(every)
    engine = Engine(CHECKS)
    engine.evaluate(state(now))
    specs = [one.peek("pod_spec") for one in every.values()]
    for _ in range(60):
        keys = choose.sample(sorted(every), 5)
        for key in keys:
            if key in now and choose.random() < 0.4:
                del now[key]
            else:
                now[key] = changed(every[key], pod_spec=choose.choice(specs)) if choose.random() < 0.5 else every[key]
        found = said(engine.update(state(now), Changes(frozenset(keys), frozenset())))
        assert found == said(Engine(CHECKS).evaluate(state(now)))


@pytest.mark.parametrize("owner", ["ci-runner-6b9f558cf", "other"], ids=["itself", "each other"])
def test_who_says_to_be_made_by_himself_keeps_his_findings(owner: str) -> None:
    """Anybody may write an owner: a circle must neither hide a finding nor be followed for ever."""
    one = everything()[REPLICASET]
    first = changed(one, owners=(_owner(owner),))
    key = ResourceKey(Kind.REPLICASET, SOURCE, "staging/other")
    second = changed(one, key=key, name="other", owners=(_owner("ci-runner-6b9f558cf"),))
    found = said(Engine(CHECKS).evaluate(state({REPLICASET: first, key: second})))
    assert found[REPLICASET, "ORC-101"][0] is Outcome.FAIL
    assert found[key, "ORC-101"][0] is Outcome.FAIL


def _owner(name: str) -> OwnerReference:
    return OwnerReference("apps/v1", "ReplicaSet", name, "u", True)
