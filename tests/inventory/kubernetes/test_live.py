"""The live source against a whole API server: everything arrives, stays right, and nothing else is asked."""

from __future__ import annotations

import base64
import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory.gap import Reason
from inventory.kubernetes.cluster import Cluster, CustomResource
from inventory.kubernetes.configuration import KubeSecret
from inventory.kubernetes.workloads import Pod
from inventory.resource import Kind
from inventory.snapshot import Status
from inventory.sources.kubernetes import live
from inventory.sources.kubernetes.connection import Options
from inventory.sources.kubernetes.kinds import SERVED
from inventory.sources.kubernetes.live import KubernetesSource
from inventory.sources.kubernetes.reader import ClusterReader
from inventory.store import Store
from tests.kubernetes.apiserver import ApiServer, Manner, Manners

NAME = "k"


def until(condition: Callable[[], Any], within: float = 10.0, what: str = "") -> float:
    """How long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within, what or "too late"
        time.sleep(0.01)
    return time.monotonic() - began


class Rig:
    """A server, a store, and a source between them."""

    def __init__(self, server: ApiServer, path: Path, context: str = "admin", **options: Any) -> None:
        self.server = server
        self.store = Store()
        self.source = KubernetesSource(NAME, self.store, Options(context=context, kubeconfig=str(path), **options))
        self.source.start()

    def settled(self) -> bool:
        gaps = self.store.snapshot().gaps
        return bool(gaps) and not any(gap.reason is Reason.PENDING for gap in gaps.values())

    def same(self, kind: str = "pods", family: type[Any] = Pod) -> bool:
        """Whether the store has what the server has."""
        there = {
            key: self.server.cluster.get(kind, key)["metadata"]["resourceVersion"]
            for key in self.server.cluster.names(kind)
        }
        return there == {one.key.id: one.resource_version for one in self.store.snapshot().of(family, NAME)}

    @property
    def status(self) -> Status:
        return self.store.snapshot().sources[NAME].status


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter pauses than people need."""
    for name, value in {
        "BEAT": 0.3,
        "TURN": 1.0,
        "PAUSE": 0.3,
        "TURNS": 8,
        "BACK_OFF": (0.05, 0.2),
        "SILENCE": 1.0,
    }.items():
        monkeypatch.setattr(live, name, value)


@pytest.fixture
def rig(tmp_path: Path, quick: None) -> Iterator[Callable[..., Rig]]:
    running: list[Rig] = []

    def start(context: str = "admin", manners: Manners | None = None, **options: Any) -> Rig:
        server = ApiServer(tls=context == "admin" and manners is None, manners=manners)
        server.start()
        running.append(Rig(server, server.kubeconfig(tmp_path / "config"), context, **options))
        return running[-1]

    yield start
    for one in running:
        one.source.stop()
        one.server.stop()


@pytest.mark.parametrize("watch_list", ["served", "refused"])
def test_everything_is_there_and_stays_so(rig: Callable[..., Rig], watch_list: str) -> None:
    one = rig(manners=Manners(watch_list=watch_list))
    until(one.settled, what="not everything was read")
    snapshot = one.store.snapshot()
    for served in SERVED:
        count = len(one.server.cluster.names(f"{served.group}/{served.resource}" if served.group else served.resource))
        assert snapshot.count(served.family.kind) >= count, served.resource
    cluster = next(snapshot.of(Cluster))
    assert (cluster.git_version, cluster.username) == ("v1.36.2", "kubernetes-admin")
    assert cluster.stale == ("external.metrics.k8s.io",)
    until(lambda: one.status is Status.OK, what="a report")  # nothing here reads the group that is dead
    assert one.store.snapshot().sources[NAME].detail == ""
    name = one.server.cluster.names("pods")[0]
    one.server.cluster.touch("pods", name)
    assert until(one.same) < 0.5
    one.server.cluster.delete("pods", name)
    assert until(one.same) < 0.5
    one.server.cluster.delete("secrets", "prod/db-credentials")
    until(lambda: one.same("secrets", KubeSecret), what="what is asked by turns")
    assert not one.server.journal.writes()
    assert not one.server.journal.repeated(403)


def test_nothing_is_lost_over_all_that_happens_to_a_watch(rig: Callable[..., Rig]) -> None:
    one = rig()
    until(one.settled)
    pods = iter(one.server.cluster.names("pods"))

    def blow(strike: Callable[[], object]) -> None:
        one.server.cluster.touch("pods", next(pods))
        strike()
        one.server.cluster.delete("pods", next(pods))
        until(one.same, 15)

    for order in ("end", "drop", "expire", "error", "cut", "garbage"):
        blow(lambda order=order: one.server.order(order))  # type: ignore[misc]
    blow(one.server.drop_connections)
    blow(one.server.expire_tokens)
    blow(one.server.restart)
    blow(lambda: one.server.restart(history=False, down=0.3))
    one.server.clock_offset = -86400.0
    blow(lambda: one.server.order("end"))
    for manner in (Manner.THROTTLE, Manner.ERROR, Manner.DROP, Manner.GARBAGE, Manner.GONE):
        one.server.fail(manner, "/pods", times=1)
        blow(lambda: one.server.order("drop", "/pods"))


def test_a_server_that_is_away_is_said_to_be_and_comes_back(rig: Callable[..., Rig]) -> None:
    one = rig()
    until(one.settled)
    pods = one.store.snapshot().count(Kind.POD)
    one.server.stop()
    until(lambda: one.status is Status.UNREACHABLE)
    assert "refused" in one.store.snapshot().sources[NAME].detail
    assert one.store.snapshot().count(Kind.POD) == pods
    one.server.start()
    until(lambda: one.status is Status.OK)
    until(one.same)


def test_a_kubeconfig_that_is_rewritten_leads_to_the_new_place(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig()
    until(one.settled)
    one.server.stop()
    until(lambda: one.status is Status.UNREACHABLE)
    with ApiServer() as moved:
        name = moved.cluster.names("pods")[0]
        moved.cluster.delete("pods", name)
        moved.kubeconfig(tmp_path / "config")
        until(lambda: one.status is Status.OK, what="the new place was not found")
        one.server = moved
        until(one.same, what="what was read before is still there")
        assert one.store.snapshot().sources[NAME].target == moved.url


def test_a_kubeconfig_that_is_written_while_nobody_is_there(tmp_path: Path, quick: None) -> None:
    gone = ApiServer()
    gone.start()
    gone.stop()
    one = Rig(gone, gone.kubeconfig(tmp_path / "config"))
    until(lambda: one.status is Status.UNREACHABLE)
    with ApiServer() as server:
        one.server = server
        server.kubeconfig(tmp_path / "config")
        until(one.settled)
        until(one.same)
        one.source.stop()


def test_nobody_is_there_at_first(tmp_path: Path, quick: None) -> None:
    server = ApiServer()
    server.start()
    server.stop()
    one = Rig(server, server.kubeconfig(tmp_path / "config"))
    until(lambda: one.status is Status.UNREACHABLE)
    gaps = one.store.snapshot().gaps
    assert "refused" in gaps[NAME, Kind.POD].detail
    server.start()
    try:
        until(one.settled)
        assert one.same()
    finally:
        one.source.stop()
        server.stop()


def test_a_viewer_sees_what_it_may_and_asks_once_for_the_rest(rig: Callable[..., Rig]) -> None:
    one = rig("viewer")
    until(one.settled)
    snapshot = one.store.snapshot()
    assert snapshot.count(Kind.POD) == len(one.server.cluster.names("pods"))
    assert one.status is Status.DEGRADED
    for word in ("forbidden: ", "nodes", "secrets", "clusterroles"):
        until(lambda word=word: word in one.store.snapshot().sources[NAME].detail, what=word)  # type: ignore[misc]
    gap = snapshot.gaps[NAME, Kind.KUBE_SECRET]
    assert gap.reason is Reason.DENIED
    assert 'cannot list resource "secrets"' in gap.detail
    time.sleep(1.5)
    assert not one.server.journal.repeated(403)
    one.source.refresh()
    until(lambda: one.server.journal.repeated(403), what="a refresh asks again")


def test_an_account_of_one_namespace_gets_that(rig: Callable[..., Rig]) -> None:
    one = rig("namespace-only")
    until(one.settled)
    snapshot = one.store.snapshot()
    assert {pod.namespace for pod in snapshot.of(Pod)} == {"staging"}
    assert next(snapshot.of(Cluster)).namespaces == ("staging",)
    assert (NAME, Kind.POD) not in snapshot.gaps
    assert snapshot.gaps[NAME, Kind.KUBE_NODE].reason is Reason.DENIED
    until(lambda: one.store.snapshot().sources[NAME].detail.startswith("only staging; forbidden: "))
    one.server.cluster.touch("pods", next(name for name in one.server.cluster.names("pods") if name[:8] == "staging/"))
    before = snapshot.generation
    assert one.store.wait(before, 2.0)
    assert not one.server.journal.repeated(403)


def test_chosen_namespaces(rig: Callable[..., Rig]) -> None:
    one = rig(namespaces=("prod", "monitoring"))
    until(one.settled)
    assert {pod.namespace for pod in one.store.snapshot().of(Pod)} == {"prod", "monitoring"}
    assert one.store.snapshot().count(Kind.KUBE_NODE) == 4
    until(lambda: one.store.snapshot().sources[NAME].detail == "only prod, monitoring")
    assert one.status is Status.OK


def test_a_namespace_that_does_not_exist_is_said_not_to(rig: Callable[..., Rig]) -> None:
    one = rig(namespaces=("prd", "monitoring"))
    until(one.settled)
    until(lambda: "no namespace prd (near: prod)" in one.store.snapshot().sources[NAME].detail)
    assert one.status is Status.DEGRADED
    one.server.cluster.put("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prd"}})
    until(lambda: one.status is Status.OK, what="it exists by now")


def test_a_token_that_expires_while_we_watch(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig("viewer")
    until(one.settled)
    account = one.server.accounts.viewer
    old, account.token = account.token, "another-token-0123456789"
    one.server.kubeconfig(tmp_path / "config")
    one.server.drop_connections()
    one.server.cluster.touch("pods", one.server.cluster.names("pods")[0])
    until(one.same)
    assert old != account.token


def test_refused_credentials_are_not_tried_again_and_again(rig: Callable[..., Rig]) -> None:
    one = rig("bad-token")
    until(lambda: one.status is Status.FORBIDDEN)
    time.sleep(1.5)
    assert len(one.server.journal.requests) <= 2


# -- secrets ------------------------------------------------------------------------------------------------------


def test_values_of_secrets_never_leave_the_server(rig: Callable[..., Rig]) -> None:
    one = rig()
    until(one.settled)
    asked = [request for request in one.server.journal.requests if request.path.endswith("/secrets")]
    assert asked
    assert all("as=Table" in request.accept or "PartialObjectMetadata" in request.accept for request in asked)
    secrets = {secret.key.id: secret for secret in one.store.snapshot().of(KubeSecret)}
    assert (secrets["prod/db-credentials"].type, secrets["prod/db-credentials"].count) == ("Opaque", 2)
    gap = secrets["prod/shop-tls"].peek("certificate")
    assert (gap.reason, "read_tls_secrets" in gap.detail) == (Reason.UNSUPPORTED, True)
    assert secrets["prod/db-credentials"].certificate is None


def test_certificates_are_read_where_the_policy_says_so(rig: Callable[..., Rig]) -> None:
    one = rig(read_tls_secrets=True)
    until(one.settled)
    secrets = {secret.key.id: secret for secret in one.store.snapshot().of(KubeSecret)}
    found = secrets["prod/shop-tls"].certificate
    assert found is not None
    assert found.not_after > found.not_before > 0
    broken = secrets["legacy/garbage-tls"].certificate
    assert broken is not None
    assert broken.error
    full = [r for r in one.server.journal.requests if r.path.endswith("/secrets") and "as=" not in r.accept]
    assert full
    assert all(request.query.get("fieldSelector") == "type=kubernetes.io/tls" for request in full)
    assert not leaks(one)


def leaks(one: Rig) -> list[str]:
    """Values of Secrets, as they are or in base64, in anything that hangs on the store."""
    values: set[str] = set()
    for key in one.server.cluster.names("secrets"):
        for value in one.server.cluster.get("secrets", key).get("data", {}).values():
            values |= {value, base64.b64decode(value).decode("utf-8", "replace")}
    texts: list[str] = []
    seen: set[int] = set()
    pending: list[Any] = [each for found in one.store.snapshot().by_kind.values() for each in found.values()]
    while pending:
        each = pending.pop()
        if isinstance(each, type) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, bytes | str):
            texts.append(each if isinstance(each, str) else each.decode("utf-8", "replace"))
        else:
            pending += gc.get_referents(each)
    told = "\n".join(texts)
    assert "db-credentials" in told
    written = "FAKE-admin"  # stands in a pod's environment as well
    return [value for value in values if len(value) > 7 and value != written and value in told]


def test_no_value_of_a_secret_is_in_memory(rig: Callable[..., Rig]) -> None:
    one = rig()
    until(one.settled)
    assert not leaks(one)


def test_the_yaml_of_a_secret_is_its_metadata(rig: Callable[..., Rig]) -> None:
    one = rig()
    until(one.settled)
    one.source.stop()
    secret = next(one.store.snapshot().of(KubeSecret))
    reader = one.source.reader()
    assert isinstance(reader, ClusterReader)
    raw = reader.object(secret)
    assert isinstance(raw, bytes)
    assert b'"data"' not in raw
    assert b"last-applied" not in raw


# -- on demand ----------------------------------------------------------------------------------------------------


def test_objects_logs_and_events_on_demand(rig: Callable[..., Rig]) -> None:
    one = rig()
    until(one.settled)
    reader = one.source.reader()
    assert isinstance(reader, ClusterReader)
    pod = next(pod for pod in one.store.snapshot().of(Pod) if pod.namespace == "prod" and pod.status.container_statuses)
    raw = reader.object(pod)
    assert isinstance(raw, bytes)
    assert pod.name.encode() in raw
    for custom in one.store.snapshot().of(CustomResource):
        assert isinstance(reader.object(custom), bytes)
    container = pod.pod_spec.containers[0].name
    for line in ("one", "two", "three"):
        one.server.cluster.log(pod.namespace, pod.name, container, line)
    last = reader.logs(pod.namespace, pod.name, container, tail=2, timestamps=False)
    assert last == b"two\nthree\n"
    stream = reader.follow(pod.namespace, pod.name, container, tail=1, timestamps=False)
    assert not hasattr(stream, "reason")
    threading.Timer(0.2, lambda: one.server.cluster.log(pod.namespace, pod.name, container, "four")).start()
    said = b""
    for piece in stream:
        said += piece
        if b"four" in said:
            stream.close()
    assert said == b"three\nfour\n"
    events = reader.events("prod")
    assert isinstance(events, tuple)
    assert events
    assert list(events) == sorted(events, key=lambda event: -event.last_seen)


def test_what_cannot_be_read_on_demand_is_a_gap(rig: Callable[..., Rig]) -> None:
    one = rig("viewer")
    until(one.settled)
    reader = one.source.reader()
    assert isinstance(reader, ClusterReader)
    gone = reader.logs("prod", "no-such-pod", "app")
    assert not isinstance(gone, bytes)
    assert gone.reason is Reason.ABSENT
    odd = reader.logs("prod/../../x", "a b", "c")
    assert not isinstance(odd, bytes)
    assert "not asked" in odd.detail


# -- threads ------------------------------------------------------------------------------------------------------


def test_stopping_ends_every_thread(rig: Callable[..., Rig]) -> None:
    before = {thread.name for thread in threading.enumerate()}
    one = rig()
    until(one.settled)
    began = time.monotonic()
    one.source.stop()
    assert time.monotonic() - began < 0.2

    def left() -> list[str]:
        names = (thread.name for thread in threading.enumerate())
        return [name for name in names if name.startswith(f"kubernetes-{NAME}") and name not in before]

    until(lambda: not left(), 8, "threads that do not end")


def test_kubelets_are_asked_where_the_policy_says_so(rig: Callable[..., Rig]) -> None:
    one = rig(read_kubelet_config=True)
    until(one.settled)
    until(lambda: (NAME, Kind.KUBELET) not in one.store.snapshot().gaps)
    assert one.store.snapshot().count(Kind.KUBELET) == 4
    asked = [request.path for request in one.server.journal.requests if "/proxy/" in request.path]
    assert sorted(asked) == sorted(f"/api/v1/nodes/{name}/proxy/configz" for name in one.server.cluster.names("nodes"))
