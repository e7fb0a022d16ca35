"""Checks that look at a whole namespace or cluster: judged anew when something there changes, at little cost."""

from __future__ import annotations

import random
import time
from typing import cast

import pytest

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.kubernetes.by_namespace import by_namespace, joined_from
from checks.result import Evaluation
from checks.verdict import Outcome
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import Kind, Resource, ResourceKey
from inventory.store import Store
from tests.checks.builders import changed
from tests.checks.kubernetes.objects import pod
from tests.checks.kubernetes.surroundings import around, cluster
from tests.kubernetes.captured import NOW, SOURCE, one

IDS = {
    "ORC-231", "ORC-232", "ORC-233", "ORC-234", "ORC-240", "ORC-241", "ORC-242", "ORC-243", "ORC-244", "ORC-250",
    "ORC-251", "ORC-256", "ORC-257", "MON-036", "MON-041", "CMB-004", "NET-044", "ORC-218",
}  # fmt: skip
CHECKS = [check for check in catalogue() if check.id in IDS]
PRIVILEGED = "{containers: [{name: a, image: a, securityContext: {privileged: true}}]}"


def told(evaluation: Evaluation) -> dict[object, list[tuple[str, Outcome, str, int]]]:
    return {
        key: sorted((one.check.id, one.outcome, one.verdict.message, int(one.severity)) for one in judgement.results)
        for key, judgement in evaluation.judgements.items()
    }


@pytest.mark.parametrize("seed", range(4))
def test_after_any_changes_it_says_what_a_fresh_look_says(seed: int) -> None:
    chance = random.Random(seed)
    store = Store(clock=lambda: NOW)
    everything = around(cluster())
    store.put(everything)
    engine = Engine(CHECKS)
    engine.update(*store.take())
    for step in range(6):
        gone = chance.sample(everything, 12)
        store.remove(one.key for one in gone)
        if step % 2:
            store.put(chance.sample(gone, 6))
        store.put([pod(PRIVILEGED, name=f"p{step}", namespace=chance.choice(["prod", "empty", "staging"]))])
        snapshot, changes = store.take()
        assert told(engine.update(snapshot, changes)) == told(Engine(CHECKS).evaluate(snapshot))


def test_a_privileged_pod_makes_its_namespace_worse() -> None:
    store = Store(clock=lambda: NOW)
    store.put(around(cluster(), changed(one(Kind.NAMESPACE, "empty"), labels={})))
    engine = Engine(CHECKS)
    engine.update(*store.take())
    store.put([pod(PRIVILEGED, name="p", namespace="empty")])
    found = engine.update(*store.take()).of(ResourceKey(Kind.NAMESPACE, SOURCE, "empty"))
    assert found is not None
    verdict = next(result for result in found.results if result.check.id == "ORC-240")
    assert verdict.outcome is Outcome.FAIL
    assert any(evidence.value.startswith("1: p") for evidence in verdict.evidence)


def test_an_index_is_made_anew_where_something_changed_alone() -> None:
    asked: list[str] = []

    def names(bearers: list[PodBearer]) -> tuple[str, ...]:
        asked.append(bearers[0].namespace)
        return tuple(one.name for one in bearers)

    build = by_namespace(names)
    pods = tuple(_pod(number, f"n{number % 5}") for number in range(20))
    first = build(pods)
    assert asked == [f"n{number}" for number in range(5)]
    asked.clear()
    other = (*pods[:7], _pod(99, "n2"), *pods[8:])
    again = build(other)
    assert asked == ["n2"]
    assert again == by_namespace(names)(other)
    assert {name for name in first if first[name] != again[name]} == {"n2"}
    assert build(()) == {}


def test_indexes_of_one_state_share_what_they_are_made_of_and_nothing_else() -> None:
    def names(bearers: list[PodBearer]) -> dict[str, int]:
        return {f"{one.namespace}/{one.name}": 1 for one in bearers}

    def count(bearers: list[PodBearer]) -> int:
        return len(bearers)

    whole, counts = joined_from(names), by_namespace(count)
    pods = tuple(_pod(number, f"n{number % 5}") for number in range(20))
    for state in (pods, pods[3:], (*pods, _pod(99, "n2")), pods, pods[:1], ()):
        assert whole(state) == {f"{one.namespace}/{one.name}": 1 for one in state}
        assert sum(counts(state).values()) == len(state)


def test_one_pod_of_thousands_costs_little() -> None:
    """A bound that only a mistake in kind exceeds; the usual figure is a few milliseconds."""
    store = Store(clock=lambda: NOW)
    objects: list[Resource] = [one for one in around(cluster()) if not isinstance(one, Pod)]
    pods = [_pod(number, f"n{number % 40}") for number in range(5000)]
    store.put([*objects, *pods])
    engine = Engine(CHECKS)
    engine.update(*store.take())
    spent = []
    for number in range(3):
        store.put([pod(PRIVILEGED, name=f"p{number}", namespace=f"n{number}")])
        snapshot, changes = store.take()
        began = time.perf_counter()
        engine.update(snapshot, changes)
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.2


def _pod(number: int, namespace: str) -> Pod:
    made = cast("Pod", _TEMPLATE)
    key = ResourceKey(Kind.POD, SOURCE, f"{namespace}/p{number}")
    return changed(made, key=key, name=f"p{number}", namespace=namespace)


_TEMPLATE = pod()
