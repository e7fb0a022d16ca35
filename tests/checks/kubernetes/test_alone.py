"""Every object of the recorded cluster as a set of manifests of its own: what it says itself is judged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.policy import Policy
from checks.result import Result
from checks.verdict import Outcome, Severity
from inventory.kubernetes.resource import KubeResource
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot
from inventory.sources.kubernetes.kinds import SERVED, ServedKind
from inventory.sources.manifests.documents import Document, documents
from inventory.sources.manifests.objects import Place, objects
from inventory.sources.manifests.read import NAME, Read, fill, read
from inventory.store import Store
from tests.kubernetes import captured

F, M, U = Outcome.FAIL, Outcome.MANUAL, Outcome.UNKNOWN
_NOT_WRITTEN = {Kind.POD, Kind.REPLICASET, Kind.EVENT}  # what a cluster makes for itself
_PLACE = Place("all.json", NAME, "default", captured.NOW)
_FILE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: IMAGE}]}
"""

DEPENDS = {
    "CMB-004": "how ORC-218 judges what is behind the Service",
    "NET-046": "a Secret may hold a valid certificate, an HTTPRoute do nothing but redirect",
    "NET-047": "the Service tells which port it is",
    "ORC-134": "how bad a token of a named account is its bindings tell",
    "ORC-200": "the role tells",
    "ORC-202": "the role tells",
    "ORC-204": "the role tells",
    "ORC-205": "the role tells",
    "ORC-214": "the role tells; one that gives health and versions alone is harmless",
    "ORC-218": "bindings and roles tell what the account may do",
    "ORC-256": "what is behind the Service, its pods or their makers, tells",
}
"""The checks that fail in the whole cluster and cannot be judged by the object alone, and what they depend on."""


def _written(kind: ServedKind) -> Iterator[dict[str, Any]]:
    try:
        answer = json.loads(captured.answer(kind))
    except FileNotFoundError:
        return
    version = f"{kind.group}/{kind.versions[0]}" if kind.group else kind.versions[0]
    for one in answer.get("items") or ():
        meta = {name: value for name, value in one["metadata"].items() if name != "managedFields"}
        rest = {name: value for name, value in one.items() if name != "status"}
        yield rest | {"apiVersion": version, "kind": answer["kind"].removesuffix("List"), "metadata": meta}


@cache
def _all() -> tuple[KubeResource, ...]:
    found = (one for kind in SERVED if kind.family.kind not in _NOT_WRITTEN for one in _written(kind))
    read = (part for one in found for part in documents(json.dumps(one).encode(), _PLACE.file))
    made = (each for part in read if isinstance(part, Document) for each in objects(part, _PLACE))
    return tuple(one for one in made if isinstance(one, KubeResource))


def _stored(found: Iterable[KubeResource]) -> Snapshot:
    store = Store()
    fill(store, Read({one.key: one for one in found}, files=1), "all.json")
    return store.snapshot()


def _judged(snapshot: Snapshot) -> Mapping[tuple[str, ResourceKey], Result]:
    engine = Engine(catalogue(), Policy()).evaluate(snapshot)
    judgements = [(key, engine.of(key)) for family in snapshot.by_kind.values() for key in family]
    return {
        (result.check.id, key): result
        for key, judgement in judgements
        if judgement is not None
        for result in (*judgement.results, *judgement.passed)
    }


def test_what_fails_by_itself_fails_alone() -> None:
    whole = _judged(_stored(_all()))
    lost: dict[str, list[str]] = {}
    kept = 0
    for one in _all():
        for (check, key), result in _judged(_stored([one])).items():
            if whole[check, key].outcome is F:
                kept += result.outcome is F
                if result.outcome is U:
                    lost.setdefault(check, []).append(f"{key}: {result.message}")
    assert lost.keys() == DEPENDS.keys(), {check: lost[check][:3] for check in lost.keys() - DEPENDS.keys()}
    assert kept > 300


def _of(folder: Path, text: str) -> Mapping[str, Result]:
    path = folder / "web.yaml"
    path.write_text(text, encoding="utf-8")
    store = Store()
    fill(store, read([str(path)], at=captured.NOW), str(path))
    return {check: result for (check, key), result in _judged(store.snapshot()).items() if key.id == "default/web"}


@pytest.mark.parametrize(
    ("image", "expected"), [("nginx:latest", F), ("nginx:1.29", F), (f"nginx@sha256:{'a' * 64}", M)]
)
def test_image_of_a_single_file(tmp_path: Path, image: str, expected: Outcome) -> None:
    assert _of(tmp_path, _FILE.replace("IMAGE", image))["ORC-133"].outcome is expected


def test_what_a_single_file_lacks_fails(tmp_path: Path) -> None:
    found = _of(tmp_path, _FILE.replace("IMAGE", "nginx:latest"))
    limits = found["ORC-131"]
    assert (limits.outcome, limits.severity) == (F, Severity.MEDIUM)
    assert limits.message.endswith("; unless a LimitRange of the namespace sets it")
    assert (found["ORC-132"].outcome, found["ORC-132"].severity) == (F, Severity.INFO)
    assert (found["ORC-134"].outcome, found["ORC-134"].severity) == (F, Severity.MEDIUM)
    assert any("none among the manifests" in one.value for one in found["ORC-134"].evidence)


def test_where_a_broken_file_may_hold_the_others_nobody_knows(tmp_path: Path) -> None:
    found = _of(tmp_path, _FILE.replace("IMAGE", "nginx:latest") + "---\nkind: [\n")
    assert {check: found[check].outcome for check in ("ORC-131", "ORC-133", "ORC-134")} == {
        "ORC-131": U, "ORC-133": F, "ORC-134": U,
    }  # fmt: skip


def test_a_pod_of_a_file_may_be_given_limits_too(tmp_path: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx}]}\n"
    assert "unless a LimitRange" in _of(tmp_path, pod)["ORC-131"].message
    given = "{type: Container, default: {memory: 1Gi, cpu: 1, ephemeral-storage: 1Gi}}"
    ranges = f"---\napiVersion: v1\nkind: LimitRange\nmetadata: {{name: all}}\nspec: {{limits: [{given}]}}\n"
    assert _of(tmp_path, pod + ranges)["ORC-131"].outcome is Outcome.NOT_APPLICABLE
