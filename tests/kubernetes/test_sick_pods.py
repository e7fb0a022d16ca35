"""Pods and workloads with anything in any place: nothing breaks, and what cannot be read is unknown."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.kubernetes.standards import level
from checks.policy import Policy
from checks.verdict import Outcome
from inventory.gap import Unread
from inventory.kubernetes.reasons import ready_of, troubles
from inventory.kubernetes.states import printed
from inventory.kubernetes.workloads import CronJob, DaemonSet, Deployment, Pod, PodBearer
from inventory.sources.decode import AnswerError
from inventory.sources.kubernetes.objects import translate
from tests.checks.cases import snapshot
from tests.kubernetes import captured

CHECKS = tuple(check for check in catalogue() if check.id in {f"ORC-{number}" for number in range(100, 149)})
WRONG: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**70,
    1.5,
    "",
    "\x1b[31m\u202e",
    "é" * 3000,
    [],
    [None],
    [[]],
    {},
    {"": ""},
    {"a": {"b": [1]}},
    "0",
)
SOURCES: dict[type[PodBearer], tuple[str, str]] = {
    Pod: ("GET_api_v1_pods.json", "toolbox"),
    Deployment: ("GET_apis_apps_v1_deployments.json", "ftp"),
    DaemonSet: ("GET_apis_apps_v1_daemonsets.json", "node-exporter"),
    CronJob: ("GET_apis_batch_v1_cronjobs.json", "db-backup"),
}


def recorded(family: type[PodBearer]) -> dict[str, Any]:
    file, name = SOURCES[family]
    items = msgspec.json.decode((captured.DATA / file).read_bytes())["items"]
    found: dict[str, Any] = next(item for item in items if item["metadata"]["name"] == name)
    return found


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of every value in a document."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(pairs):
        yield document, key
        if isinstance(value, dict | list):
            yield from places(value)


@pytest.mark.parametrize("family", SOURCES)
def test_anything_anywhere(family: type[PodBearer]) -> None:
    dice = random.Random(family.__name__)
    engine = Engine(CHECKS, Policy(untrusted=("*",)))
    for _ in range(80):
        document = json.loads(json.dumps(recorded(family)))
        for _ in range(dice.choice((1, 1, 3))):
            at, key = dice.choice([one for one in places(document) if one[1] not in ("kind", "apiVersion")])
            at[key] = copy.deepcopy(dice.choice(WRONG))
        try:
            found = translate(family, json.dumps(document).encode(), captured.SOURCE, captured.NOW)
        except AnswerError:
            continue
        judgement = engine.evaluate(snapshot((found,), now=captured.NOW)).of(found.key)
        assert judgement is not None
        for result in (*judgement.results, *judgement.passed):
            assert "the check itself failed" not in result.verdict.message, (result.check.id, result.verdict.message)
            if "pod_spec" in found.gaps and result.check.id in {f"ORC-{number}" for number in range(100, 140)}:
                assert result.outcome in (Outcome.UNKNOWN, Outcome.NOT_APPLICABLE)
        _ask(found)


def _ask(found: PodBearer) -> None:
    try:
        if isinstance(found, Pod):
            printed(found)
        ready_of(found)
        troubles(found, captured.NOW)
        level(found.pod_spec)
    except Unread:
        assert found.gaps
