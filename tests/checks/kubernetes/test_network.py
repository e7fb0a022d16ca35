"""The checks of networks and entrances where the cluster changes under them, and where its objects are nonsense."""

from __future__ import annotations

import json
import random
from typing import Any

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.result import Evaluation
from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes.outside import exposures
from inventory.kubernetes.reach.answer import Reachability
from inventory.kubernetes.workloads import Pod
from inventory.resource import Kind
from inventory.sources.decode import AnswerError
from inventory.sources.kubernetes.kinds import SERVED
from inventory.sources.kubernetes.objects import translate
from inventory.store import Store
from tests.checks.builders import changed
from tests.hostile import HOSTILE
from tests.kubernetes import captured

CHECKS = tuple(check for check in catalogue() if "NET-040" <= check.id <= "NET-052")
KINDS = (Kind.NETWORKPOLICY, Kind.INGRESS, Kind.KUBE_SERVICE, Kind.GATEWAY, Kind.HTTPROUTE, Kind.DEPLOYMENT, Kind.POD)
JUNK: tuple[Any, ...] = (None, 7, -1, "", "x", True, [], {}, [None], [[]], {"x": None}, 2**70, *HOSTILE[:4])


def found(evaluation: Evaluation) -> dict[Any, Any]:
    """Outcomes by resource; of which maker a folded verdict is said is none of these checks' business."""
    return {
        key: {(one.check.id, one.outcome, one.severity) for one in (*judged.results, *judged.passed)}
        for key, judged in evaluation.judgements.items()
    }


def test_a_changed_cluster_is_judged_as_a_new_one() -> None:
    chance = random.Random(7)
    objects = list(captured.objects())
    store = Store(clock=lambda: captured.NOW)
    store.put(objects)
    engine = Engine(CHECKS)
    engine.update(*store.take())
    for step in range(40):
        one = chance.choice([each for each in objects if each.key.kind in (*KINDS, Kind.NAMESPACE)])
        match chance.randrange(5):
            case 0:
                store.remove([one.key])
            case 1 if "pod_labels" in one.field_names:
                store.put([changed(one, pod_labels={}, resource_version=f"r{step}")])
            case 2:
                store.set_gap(captured.SOURCE, one.key.kind, Gap(Reason.DENIED, "GET /"))
            case 3:
                store.set_gap(captured.SOURCE, one.key.kind, None)
            case _:
                store.put([changed(one, resource_version=f"r{step}")])
        snapshot, changes = store.take()
        assert found(engine.update(snapshot, changes)) == found(Engine(CHECKS).evaluate(snapshot)), one.key


def _spoilt(value: Any, chance: random.Random) -> Any:
    """The document with junk in some places."""
    if chance.random() < 0.04:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        return {key: one if key in ("name", "namespace") else _spoilt(one, chance) for key, one in value.items()}
    if isinstance(value, list):
        return [_spoilt(one, chance) for one in value]
    return value


def test_nonsense_makes_verdicts_unknown_and_nothing_fail() -> None:
    chance = random.Random(11)
    for _ in range(6):
        store = Store(clock=lambda: captured.NOW)
        for kind in SERVED:
            if kind.family.kind not in KINDS:
                continue
            for item in json.loads(captured.answer(kind))["items"]:
                raw = json.dumps(_spoilt(item, chance)).encode()
                try:
                    store.put([translate(kind.family, raw, captured.SOURCE, captured.NOW)])
                except AnswerError:
                    continue
        snapshot = store.snapshot()
        for judged in Engine(CHECKS).evaluate(snapshot).judgements.values():
            assert not [one for one in judged.results if "the check itself failed" in one.message], judged.results
        answers = Reachability(snapshot, captured.SOURCE)
        for pod in snapshot.of(Pod):
            try:
                answers.reaching(pod)
                answers.reachable(pod)
            except Unread:
                continue
        exposures(snapshot, captured.SOURCE)
