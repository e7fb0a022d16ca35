"""The checks of pods together, on the recorded cluster: what is folded, said, hidden, and run again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache

import msgspec
import pytest

from checks.catalogue import catalogue
from checks.check import Check
from checks.engine import Engine
from checks.kubernetes.pod_makers import often
from checks.kubernetes.system import component
from checks.policy import Policy
from checks.result import Evaluation, Result
from checks.verdict import Outcome
from inventory.gap import Gap, Reason
from inventory.kubernetes.workloads import DaemonSet, Pod, PodBearer
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.sources.kubernetes.objects import translate
from inventory.store import Changes
from tests.kubernetes import captured

OURS = {f"ORC-{number}" for number in (*range(100, 120), *range(130, 149))}
CHECKS: tuple[Check, ...] = tuple(check for check in catalogue() if check.id in OURS)
FOUND = (Outcome.FAIL, Outcome.MANUAL)
MADE = re.compile(r"spec\.|\[\d|metadata\.|containers\[")


@cache
def evaluated() -> Evaluation:
    return Engine(CHECKS, Policy()).evaluate(captured.snapshot())


def results() -> Iterator[tuple[ResourceKey, Result]]:
    for key, judgement in evaluated().judgements.items():
        for result in (*judgement.results, *judgement.passed):
            yield key, result


def test_all_of_them_are_there() -> None:
    assert {check.id for check in CHECKS} == OURS


def test_nothing_breaks_and_nothing_is_unknown_where_everything_was_read() -> None:
    assert [(key.id, one.verdict.message) for key, one in results() if one.outcome is Outcome.UNKNOWN] == []


def test_what_is_found_on_a_replica_is_said_of_its_workload() -> None:
    """But for what only a pod can show: its health, a container for debugging, what was given to it."""
    told = {
        one.check.id
        for key, one in results()
        if key.kind is Kind.POD and one.outcome in FOUND and _owned(key)
    }  # fmt: skip
    assert told <= {"ORC-143", "ORC-131"}


def _owned(key: ResourceKey) -> bool:
    pod = captured.snapshot().get(key)
    return isinstance(pod, Pod) and pod.controller is not None


def test_messages_name_neither_places_nor_their_object() -> None:
    for key, one in results():
        if one.outcome in FOUND:
            assert not MADE.search(one.verdict.message), one.verdict.message
            if key.kind is Kind.POD and _owned(key):
                assert key.id.partition("/")[2] not in one.verdict.message


def test_no_secret_is_shown() -> None:
    """The recorded values of variables that the check names are nowhere in what it says."""
    named = 0
    for key, one in results():
        if one.check.id != "ORC-136" or one.outcome is not Outcome.FAIL:
            continue
        bearer = captured.snapshot().get(key)
        assert isinstance(bearer, PodBearer)
        said = one.verdict.message + json.dumps([(item.path, item.value) for item in one.verdict.evidence])
        for _, container in bearer.pod_spec.all_containers():
            for variable in container.env:
                if variable.value and any(variable.name in item.path for item in one.verdict.evidence):
                    named += 1
                    assert variable.value not in said
    assert named >= 5


def test_a_changed_pod_is_judged_by_itself_and_as_in_full() -> None:
    before = captured.snapshot()
    engine = Engine(CHECKS, Policy())
    engine.evaluate(before)
    pod = captured.one(Kind.POD, "prod/storefront-6b874c95c6-gf6l4")
    raw = next(
        item
        for item in msgspec.json.decode((captured.DATA / "GET_api_v1_pods.json").read_bytes())["items"]
        if item["metadata"]["name"] == pod.name
    )
    raw["spec"]["hostNetwork"] = True
    raw["metadata"]["resourceVersion"] = "999999"
    other = translate(Pod, json.dumps(raw).encode(), captured.SOURCE, captured.NOW)
    after = _with(before, other)
    updated = engine.update(after, Changes(frozenset({pod.key}), frozenset()))
    assert updated.judgements == Engine(CHECKS, Policy()).evaluate(after).judgements
    judged = updated.judgements[pod.key]
    assert "ORC-102" in {one.check.id for one in judged.results if one.outcome is Outcome.FAIL}


GONE = [
    (Kind.KUBE_SERVICE, "prod/redis"), (Kind.SERVICEACCOUNT, "prod/checkout"), (Kind.LIMITRANGE, "prod/defaults"),
    (Kind.CLUSTERROLEBINDING, "kube-state-metrics"), (Kind.PODDISRUPTIONBUDGET, "prod/redis-blocked"),
    (Kind.POD, "prod/redis-0"), (Kind.DAEMONSET, "legacy/log-scraper"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), GONE, ids=str)
def test_what_goes_away_around_a_pod_changes_what_it_would_in_full(kind: Kind, name: str) -> None:
    before = captured.snapshot()
    engine = Engine(CHECKS, Policy())
    engine.evaluate(before)
    key = captured.one(kind, name).key
    rest = {other: found for other, found in before.by_kind[kind].items() if other != key}
    after = msgspec.structs.replace(before, generation=2, by_kind={**before.by_kind, kind: rest})
    updated = engine.update(after, Changes(frozenset({key}), frozenset()))
    assert updated.judgements == Engine(CHECKS, Policy()).evaluate(after).judgements


@pytest.mark.parametrize("kind", [Kind.LIMITRANGE, Kind.KUBE_SERVICE, Kind.SERVICEACCOUNT, Kind.ROLEBINDING])
def test_a_kind_that_is_refused_makes_unknown_not_pass(kind: Kind) -> None:
    """Nothing that was unclear becomes good because less can be read."""
    denied = Gap(Reason.DENIED, f"the list of {kind.plural}")
    before = captured.snapshot()
    poorer = msgspec.structs.replace(
        before, by_kind={**before.by_kind, kind: {}}, gaps={(captured.SOURCE, kind): denied}
    )  # fmt: skip
    poor = Engine(CHECKS, Policy()).evaluate(poorer).judgements
    unknown = 0
    for key, one in results():
        if key.kind is kind:
            continue
        now = next(found for found in (*poor[key].results, *poor[key].passed) if found.check.id == one.check.id)
        unknown += now.outcome is Outcome.UNKNOWN
        if one.outcome in FOUND:
            assert now.outcome is not Outcome.PASS
    assert unknown


def _with(snapshot: Snapshot, resource: Resource) -> Snapshot:
    kind: Mapping[ResourceKey, Resource] = {**snapshot.by_kind[resource.key.kind], resource.key: resource}
    return msgspec.structs.replace(snapshot, generation=2, by_kind={**snapshot.by_kind, resource.key.kind: kind})


SCHEDULES = [
    ("* * * * *", True), ("*/4 * * * *", True), ("*/5 * * * *", False), ("0,2 * * * *", True), ("10-12 3 * * *", True),
    ("0 3 * * *", False), ("TZ=Europe/Vienna */2 * * * *", True), ("@hourly", False), ("@every 4m", True),
    ("@every 1h30m", False), ("@every 90s", True), ("", False), ("nonsense", False), ("a b c d e", False),
    ("*/0 * * * *", True), ("5/20 * * * *", False), ("0-99999999999 * * * *", True),
    ("@every " + "9" * 5000 + "m", False),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "answer"), SCHEDULES)
def test_schedules(schedule: str, answer: bool) -> None:
    assert often(schedule) is answer


def test_parts_of_a_cluster_are_known() -> None:
    system = [one for one in captured.objects() if isinstance(one, PodBearer) and one.namespace == "kube-system"]
    assert system
    assert {component(one) for one in system} == {(True, True)}
    strange = [one for one in captured.objects() if isinstance(one, DaemonSet) and one.namespace == "legacy"]
    assert {component(one) for one in strange} == {(False, False)}
