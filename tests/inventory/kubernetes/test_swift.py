"""The quick way for pods tells the same as the one for every kind."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from inventory.kubernetes.workloads import Pod
from inventory.sources.kubernetes.deriving import equal
from inventory.sources.kubernetes.kinds import SERVED
from inventory.sources.kubernetes.objects import translate
from inventory.sources.kubernetes.pods import pod_spec
from inventory.sources.kubernetes.swift import pod, pod_event
from tests.kubernetes.captured import answer

PODS: list[dict[str, Any]] = json.loads(answer(next(one for one in SERVED if one.family is Pod)))["items"]
ODD: list[dict[str, Any]] = [
    {"metadata": {}},
    {"metadata": {"name": "a"}, "spec": {"containers": 5}},
    {"metadata": {"name": "a", "resourceVersion": "5", "labels": None}, "spec": {"containers": None}},
    {"metadata": {"name": "a", "resourceVersion": "5", "labels": {"x": 7}}, "spec": {}},
    {"metadata": {"name": "a", "resourceVersion": "5", "creationTimestamp": "yesterday"}, "spec": {}},
    {"metadata": {"name": "a", "resourceVersion": "5"}, "spec": {}, "status": {"phase": 5}},
    {"metadata": {"name": "a", "resourceVersion": "5"}},
    {"metadata": {"name": "a", "resourceVersion": "5",
                  "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}, "spec": {}},
]  # fmt: skip


def raw(document: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(document, separators=(",", ":")).encode())


@pytest.mark.parametrize("document", [*PODS, *ODD[1:]], ids=lambda one: str(one["metadata"].get("name")))
def test_the_same_pod(document: dict[str, Any]) -> None:
    swift = pod(raw(document), "k", 5.0)
    plain = translate(Pod, raw(document), "k", 5.0, api_version="v1")
    if swift is not None:
        assert equal(swift, plain)
        assert (swift.observed_at, swift.key, swift.raw) == (plain.observed_at, plain.key, b"")
        assert swift.pod_spec is plain.pod_spec


def test_ordinary_pods_go_the_quick_way() -> None:
    quick = [one for one in PODS if pod(raw(one), "k", 0.0) is not None]
    assert len(quick) >= 0.9 * len(PODS)


@pytest.mark.parametrize("document", ODD)
def test_odd_pods_do_not(document: dict[str, Any]) -> None:
    line = bytes(raw({"type": "ADDED", "object": document}))
    assert pod_event(line, "k", 0.0) is None or document in ODD[6:7]


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"null", b"[]", b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5"}}}',
     b'{"type":"ERROR","object":{"kind":"Status","code":410}}', b'{"type":"ADDED","object":"\xff"}', b"[" * 5000],
)  # fmt: skip
def test_other_lines_are_left_alone(line: bytes) -> None:
    assert pod_event(line, "k", 0.0) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('"nodeName":"a"', '"nodeName":"b"', True),
        ('"nodeName":"a"', '"nodeName" : "b"', True),
        ('"hostname":"a","nodeName":"x"', '"hostname":"b","nodeName":"y"', True),
        ('"volumes":[{"name":"kube-api-access-abcde"}]', '"volumes":[{"name":"kube-api-access-fghij"}]', True),
        ('"nodeName":"a","hostNetwork":true', '"nodeName":"a","hostNetwork":false', False),
        ('"nodeName":"a\\"b","hostPID":true', '"nodeName":"a\\"b","hostPID":false', False),
        ('"volumes":[{"name":"kube-api-access-abcdef"}]', '"volumes":[{"name":"kube-api-access-ghijkl"}]', False),
        ('"serviceAccountName":"nodeName"', '"serviceAccountName":"hostname"', False),
    ],
)
def test_specs_are_shared_if_they_differ_by_place_alone(one: str, other: str, same: bool) -> None:
    first, node = pod_spec(f"{{{one}}}".encode(), {}, "spec")
    second, _ = pod_spec(f"{{{other}}}".encode(), {}, "spec")
    assert (first is second) is same
    assert node in {"", "a", "x", 'a"b'}
