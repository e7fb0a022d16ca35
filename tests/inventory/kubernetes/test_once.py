"""One look at a whole cluster: complete where it may be, honest where not, and never late."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import Access, Cluster
from inventory.kubernetes.derivation import Derivation
from inventory.kubernetes.workloads import Pod
from inventory.resource import Kind, Resource
from inventory.snapshot import Status
from inventory.sources.kubernetes import deriving, health, once
from inventory.sources.kubernetes.access import Way
from inventory.sources.kubernetes.connection import Options
from inventory.sources.kubernetes.deriving import Deriver
from inventory.sources.kubernetes.discovery import discover
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.kinds import SERVED
from inventory.sources.kubernetes.once import read
from inventory.sources.kubernetes.transport import Opened
from inventory.store import Store
from tests.kubernetes.apiserver import ApiServer, Manner
from tests.kubernetes.captured import answer, snapshot


@pytest.fixture(scope="module")
def shared() -> Iterator[ApiServer]:
    with ApiServer() as running:
        yield running


@pytest.fixture
def server(shared: ApiServer) -> Iterator[ApiServer]:
    shared.journal.clear()
    yield shared
    shared.faults.clear()
    shared.manners.aggregated = True


def look(server: ApiServer, tmp_path: Path, context: str = "admin", deadline: float = 20.0, **options: Any) -> Store:
    store = Store()
    path = server.kubeconfig(tmp_path / "config")
    read("k", store, Options(context=context, kubeconfig=str(path), **options), deadline=deadline)
    return store


def test_everything_as_recorded(server: ApiServer, tmp_path: Path) -> None:
    found = look(server, tmp_path).snapshot()
    for served in SERVED:
        kind = served.family.kind
        if kind is not Kind.KUBE_SECRET:
            assert {key.id for key in found.by_kind.get(kind, {})} >= {
                key.id for key in snapshot().by_kind.get(kind, {})
            }
    assert found.count(Kind.CUSTOM) > 5
    cluster = next(found.of(Cluster))
    assert cluster.access.server_certificate is not None
    assert cluster.access.server_certificate[0] != ""
    assert cluster.access.client_certificate is not None
    assert not server.journal.writes()
    assert max(server.journal.count(served.path(served.versions[0]), watch=True) for served in SERVED) == 0


def test_no_reason_to_wait_is_left(server: ApiServer, tmp_path: Path) -> None:
    for context in ("admin", "viewer", "namespace-only", "triage", "anonymous", "bad-token"):
        found = look(server, tmp_path, context).snapshot()
        assert not [kind for (_, kind), gap in found.gaps.items() if gap.reason is Reason.PENDING], context
    assert not server.journal.repeated(403)


def test_a_dead_group_counts_where_something_reads_it() -> None:
    assert health.read("t", "v", {}, ("external.metrics.k8s.io",)).status is Status.OK
    for group in ("discovery.k8s.io", "kyverno.io"):
        told = health.read("t", "v", {}, ("external.metrics.k8s.io", group))
        assert (told.status, told.detail) == (Status.DEGRADED, f"no answer from the API group {group}")


def test_a_server_without_aggregated_discovery(server: ApiServer, tmp_path: Path) -> None:
    server.manners.aggregated = False
    found = look(server, tmp_path).snapshot()
    assert found.count(Kind.POD) == len(server.cluster.names("pods"))
    assert found.count(Kind.CLUSTERROLE) == len(server.cluster.names("clusterroles"))


def test_one_kind_that_hangs_costs_its_kind(server: ApiServer, tmp_path: Path) -> None:
    server.fail(Manner.HANG, "/configmaps")
    began = time.monotonic()
    found = look(server, tmp_path, deadline=3.0).snapshot()
    assert time.monotonic() - began < 6
    assert found.gaps["k", Kind.CONFIGMAP].reason is Reason.TIMEOUT
    assert found.count(Kind.POD) == len(server.cluster.names("pods"))
    assert found.sources["k"].status is Status.DEGRADED


def test_a_server_that_hangs_altogether(server: ApiServer, tmp_path: Path) -> None:
    server.fail(Manner.HANG)
    began = time.monotonic()
    found = look(server, tmp_path, deadline=1.5).snapshot()
    assert time.monotonic() - began < 6
    assert found.sources["k"].status is Status.UNREACHABLE
    assert found.gaps["k", Kind.POD].reason is Reason.TIMEOUT


def test_throttling_is_waited_out(server: ApiServer, tmp_path: Path) -> None:
    server.fail(Manner.THROTTLE, "/api/v1/services", times=1)
    assert (("k", Kind.KUBE_SERVICE)) not in look(server, tmp_path).snapshot().gaps


@pytest.mark.parametrize("manner", [Manner.GARBAGE, Manner.CUT, Manner.ERROR, Manner.DROP])
def test_what_fails_again_and_again_is_a_gap(
    server: ApiServer, tmp_path: Path, manner: Manner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "PAUSES", (0.05, 0.05, 0.0))
    server.fail(manner, "/api/v1/services")
    found = look(server, tmp_path, deadline=8.0).snapshot()
    assert found.gaps["k", Kind.KUBE_SERVICE].reason in {Reason.ERROR, Reason.MALFORMED, Reason.TIMEOUT}
    assert "services: " in found.sources["k"].detail


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b'{"kind":"APIGroupDiscoveryList","items":5}', b"{" * 3000])
def test_discovery_that_makes_no_sense(raw: bytes) -> None:
    class Odd:
        def get(self, *_: Any, **__: Any) -> bytes:
            return raw

    found = discover(Odd())  # type: ignore[arg-type]
    assert all(not found.find(served) for served in SERVED)


def test_discovery_that_is_forbidden_is_no_reason_to_read_nothing() -> None:
    class Closed:
        def get(self, *_: Any, **__: Any) -> bytes:
            raise ApiError(Reason.DENIED, 403, "forbidden")

    found = discover(Closed())  # type: ignore[arg-type]
    assert not found.complete
    assert all(found.find(served) for served in SERVED if not served.optional)


# -- what is made from others -------------------------------------------------------------------------------------


def _counted(objects: Any, source: str) -> list[Resource]:
    from inventory.resource import ResourceKey

    names = {pod.namespace for pod in objects[Kind.POD]}
    return [
        Cluster.build(key=ResourceKey(Kind.SUBJECT, source, name), name=name, git_version=name)
        for name in sorted(names)
    ]


def _derived(monkeypatch: pytest.MonkeyPatch, build: Any = _counted) -> tuple[Store, Deriver]:
    store = Store()
    derivation = Derivation(frozenset({Kind.POD, Kind.NAMESPACE}), Kind.SUBJECT, build)
    monkeypatch.setattr(deriving, "DEBOUNCE", 0.0)
    return store, Deriver(store, "kubernetes", (derivation,))


def test_derived_kinds_follow_their_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    store, deriver = _derived(monkeypatch)
    pods = list(snapshot().of(Pod))
    store.put(pods)
    deriver.update({Kind.POD})
    names = {key.id for key in store.snapshot().by_kind[Kind.SUBJECT]}
    assert names == {pod.namespace for pod in pods}
    before = store.snapshot().generation
    deriver.update({Kind.POD, Kind.EVENT})
    assert store.snapshot().generation == before  # the same once more wakes nobody
    store.remove(pod.key for pod in pods if pod.namespace == "prod")
    deriver.update({Kind.POD})
    assert "prod" not in {key.id for key in store.snapshot().by_kind[Kind.SUBJECT]}


def test_a_gap_of_an_input_is_the_derived_kinds_own(monkeypatch: pytest.MonkeyPatch) -> None:
    store, deriver = _derived(monkeypatch)
    store.put(snapshot().of(Pod))
    deriver.update({Kind.POD})
    gap = Gap(Reason.DENIED, "GET /api/v1/namespaces")
    store.set_gap("kubernetes", Kind.NAMESPACE, gap)
    deriver.update({Kind.NAMESPACE})
    assert store.snapshot().gaps["kubernetes", Kind.SUBJECT] == gap
    assert store.snapshot().count(Kind.SUBJECT) == 0


def test_a_derivation_that_fails_costs_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_objects: Any, _source: str) -> list[Resource]:
        raise KeyError("x")

    store, deriver = _derived(monkeypatch, broken)
    deriver.update({Kind.POD})
    assert store.snapshot().gaps["kubernetes", Kind.SUBJECT].reason is Reason.ERROR


def test_answers_are_not_kept(server: ApiServer, tmp_path: Path) -> None:
    found = look(server, tmp_path).snapshot()
    assert all(not resource.raw for resource in found)
    assert answer(SERVED[0])


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl to compare with")
@pytest.mark.parametrize("context", ["admin", "viewer"])
def test_kubectl_lists_the_same(server: ApiServer, tmp_path: Path, context: str) -> None:
    found = look(server, tmp_path, context).snapshot()
    for kind, resource in ((Kind.POD, "pods"), (Kind.INGRESS, "ingresses"), (Kind.KUBE_SECRET, "secrets")):
        argv = ["kubectl", "--kubeconfig", str(tmp_path / "config"), "--context", context, "get", resource, "-A"]
        said = subprocess.run([*argv, "--no-headers"], capture_output=True, text=True)
        if (gap := found.gaps.get(("k", kind))) is not None:
            assert gap.detail in said.stderr
        else:
            assert {"/".join(line.split()[:2]) for line in said.stdout.splitlines()} == {
                key.id for key in found.by_kind[kind]
            }


def test_a_server_that_speaks_json_but_serves_nothing_is_no_cluster() -> None:
    class Anything:
        def urlopen(self, *_: Any, **__: Any) -> Any:
            return Body()

    class Body:
        status = 200
        headers: ClassVar[dict[str, str]] = {"content-type": "application/json"}

        def __init__(self) -> None:
            self._pieces = [b'{"gitVersion": 5, "kind": ["x"], "items": {"a": 1}, "groups": "x", "versions": 3}', b""]

        def read1(self, _size: int) -> bytes:
            return self._pieces.pop(0)

        def close(self) -> None:
            """Nothing to close."""

    def way() -> Any:
        return Way(Opened("http://x", Anything(), {}), Access("a", "", "", "", "http://x", "none"))

    told = read("k", Store(), way=way)
    assert told.status is Status.UNREACHABLE
    assert "serves no kind" in told.detail
