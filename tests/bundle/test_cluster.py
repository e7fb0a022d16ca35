"""A cluster is recorded, and read again from the recording by the same code, to the same objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from inventory.gap import Gap, Reason
from inventory.kubernetes.configuration import KubeSecret
from inventory.kubernetes.workloads import Pod
from inventory.resource import Kind, ResourceKey
from inventory.sources.bundle.archive import Bundle, write
from inventory.sources.bundle.cluster import recording_way, replayed_way, request_name
from inventory.sources.bundle.cluster_details import read_details
from inventory.sources.bundle.cluster_masking import always, masked
from inventory.sources.bundle.disguise import Disguise
from inventory.sources.bundle.manifest import CLUSTER, SourceEntry
from inventory.sources.bundle.recorder import Recording
from inventory.sources.bundle.replay import Replay, open_bundle
from inventory.sources.kubernetes.access import open_way
from inventory.sources.kubernetes.connection import Connection, Options
from inventory.sources.kubernetes.kubeconfig import without_user
from inventory.sources.kubernetes.once import read
from inventory.sources.kubernetes.reader import ClusterReader
from inventory.store import Store
from tests.kubernetes.apiserver import ApiServer, recorded

NAME = "shop"
PASSWORD = "hunter2-and-more-of-it"
_NOTED = ("gaps", "raw", "observed_at")


def _cluster() -> Any:
    """The recorded one, with secrets where there should be none."""
    cluster = recorded()

    def leak(pod: dict[str, Any]) -> None:
        container = pod["spec"]["containers"][0]
        container.setdefault("env", []).append({"name": "DB_PASSWORD", "value": PASSWORD})
        container["args"] = ["--password", PASSWORD, "--verbose"]
        applied = json.dumps({"spec": {"env": [{"name": "DB_PASSWORD", "value": PASSWORD}]}})
        notes = {"kubectl.kubernetes.io/last-applied-configuration": applied, "example.com/api-token": PASSWORD}
        pod["metadata"].setdefault("annotations", {}).update(notes)

    cluster.edit("pods", "prod/redis-0", leak)
    config = {"metadata": {"name": "leak", "namespace": "prod"}, "data": {"db.password": PASSWORD, "mode": "fast"}}
    cluster.put("configmaps", config)
    cluster.log("prod", "redis-0", "redis", f"connecting with password={PASSWORD}")
    return cluster


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Bundle, Bundle]]:
    """The store that was filled while recording, the bundle, and one with secrets."""
    directory = tmp_path_factory.mktemp("cluster")
    with ApiServer(_cluster()) as server:
        config = server.kubeconfig(directory / "config", ("admin",))
        recording, store = Recording(), Store()
        way = recording_way(lambda: open_way("", str(config)), NAME, recording)
        health = read(NAME, store, Options(), way=way)
        read_details(Connection(Options(), way=way).api, store.snapshot().of(Pod, NAME))
        assert server.journal.writes() == []
    sources = (SourceEntry(NAME, CLUSTER, health.target),)
    plain, open_ = (recording.bundle("test", "here", sources, include_secrets=wanted) for wanted in (False, True))
    yield store, plain, open_


@pytest.fixture(scope="module")
def replay(taken: tuple[Store, Bundle, Bundle], tmp_path_factory: pytest.TempPathFactory) -> Replay:
    path = tmp_path_factory.mktemp("bundle") / "one.bundle"
    write(path, taken[1])
    return open_bundle(path)


def test_the_recording_is_read_to_the_same_objects(taken: tuple[Store, Bundle, Bundle], replay: Replay) -> None:
    before, again = taken[0].snapshot(), Store(clock=lambda: replay.time)
    health = read(NAME, again, Options(), way=replayed_way(replay, NAME))
    after = again.snapshot()
    assert health.version == before.sources[NAME].version
    assert {kind: set(found) for kind, found in after.by_kind.items()} == {
        kind: set(found) for kind, found in before.by_kind.items()
    }
    assert after.gaps == before.gaps
    different = {
        (one.key.kind.value, one.key.id)
        for one in before
        if any(one.peek(name) != after.by_kind[one.key.kind][one.key].peek(name) for name in _told(one))
    }
    assert ("pod", "prod/redis-0") in different
    assert all(kind in ("pod", "configmap", "deployment", "replicaset", "event") for kind, _ in different), different


def _told(one: Any) -> list[str]:
    return [name for name in one.field_names if name not in _NOTED]


def test_secrets_do_not_leave_the_host(taken: tuple[Store, Bundle, Bundle]) -> None:
    _, plain, open_ = taken
    everything = b"".join(plain.bodies.values())
    assert PASSWORD.encode() not in everything
    assert b'"kubectl.kubernetes.io/last-applied-configuration"' not in everything
    with_them = b"".join(open_.bodies.values())
    assert with_them.count(PASSWORD.encode()) >= 4
    cluster = recorded()
    values = [
        one for key in cluster.names("secrets") for one in (cluster.get("secrets", key).get("data") or {}).values()
    ]
    assert len(values) > 10
    assert not [one for one in values if one.encode() in with_them], "the values of Secrets are not even asked for"


def test_logs_objects_and_events_are_found_in_it(replay: Replay) -> None:
    store = Store()
    read(NAME, store, Options(), way=replayed_way(replay, NAME))
    reader = ClusterReader(Connection(Options(), way=replayed_way(replay, NAME)).api, NAME)
    key = next(k for k in store.snapshot().by_kind[Kind.POD] if k.id.startswith("prod/payments"))
    pod = store.snapshot().get(key)
    assert isinstance(pod, Pod)
    whole = reader.object(pod)
    assert isinstance(whole, bytes)
    assert json.loads(whole)["kind"] == "Pod"
    events = reader.events(pod.namespace, pod.name)
    assert isinstance(events, tuple)
    assert events
    container = pod.pod_spec.containers[0].name
    log = reader.logs(pod.namespace, pod.name, container, tail=7)
    assert isinstance(log, bytes)
    assert b"level=" in log
    before = reader.logs(pod.namespace, pod.name, container, previous=True)
    assert isinstance(before, bytes)
    assert b"fatal" in before
    secret = next(iter(store.snapshot().of(KubeSecret, NAME)))
    shown = reader.object(secret)
    assert isinstance(shown, bytes)
    assert "data" not in json.loads(shown)


def test_what_was_not_recorded_is_a_gap(replay: Replay) -> None:
    reader = ClusterReader(Connection(Options(), way=replayed_way(replay, NAME)).api, NAME)
    gap = reader.logs("prod", "nobody", "x")
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.detail) == (Reason.UNSUPPORTED, "not in this recording")


def test_a_bundle_without_the_cluster_says_so() -> None:
    empty = Replay(Recording().bundle("t", "h", ()).manifest, {})
    store = Store()
    health = read(NAME, store, Options(), way=replayed_way(empty, NAME))
    assert "not in this recording" in health.detail
    assert store.snapshot().get(ResourceKey(Kind.POD, NAME, "prod/redis-0")) is None


def test_secrets_are_scrubbed_whatever_the_server_sent() -> None:
    sent = {
        "kind": "SecretList",
        "items": [{
            "metadata": {"name": "s", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": PASSWORD}},
            "data": {"tls.crt": "cHVibGlj", "tls.key": PASSWORD}, "stringData": {"x": PASSWORD},
        }],
    }  # fmt: skip
    for request in (
        "GET /api/v1/secrets?limit=5",
        "GET /api/v1/namespaces/prod/secrets/s",
        "GET /api/v1/secrets table",
    ):
        kept = always(request, json.dumps(sent).encode())
        assert PASSWORD.encode() not in kept
        assert b"cHVibGlj" in kept
    assert always("GET /api/v1/secrets", b"\xff not json") == b"{}"
    assert always("GET /api/v1/pods", b"as it was") == b"as it was"


@pytest.mark.parametrize("body", [b"", b"null", b"[1, {}]", b'{"items": 3}', b"\xff\xfe", b"[" * 5000])
def test_odd_answers_are_masked_without_a_word(body: bytes) -> None:
    masked("GET /api/v1/pods", always("GET /api/v1/pods", body), Disguise(b"key"))
    masked("GET /api/v1/secrets", always("GET /api/v1/secrets", body), Disguise(b"key"))


def test_names_of_requests() -> None:
    table = "application/json;as=Table;g=meta.k8s.io;v=v1"
    assert request_name("GET", "/api/v1/pods", "b=2&a=1", table, None) == "kubernetes GET /api/v1/pods?a=1&b=2 table"
    one, other = (request_name("GET", "/x/log", f"tailLines={n}&container=c", "*/*", None) for n in (1, 2))
    assert one == other
    assert without_user("https://me:secret@host:6443/x") == "https://host:6443/x"
