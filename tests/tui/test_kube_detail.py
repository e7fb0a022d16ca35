"""The drill-down of a cluster's objects: what it says of the recorded cluster, and what it reads of a served one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import structs

from checks.catalogue import catalogue
from checks.engine import Engine
from inventory.gap import Gap, Reason
from inventory.kubernetes.configuration import KubeEvent
from inventory.kubernetes.derivation import derive
from inventory.kubernetes.derived import DERIVED
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.subjects import Subject
from inventory.kubernetes.workloads import Pod
from inventory.resource import CLUSTER_KINDS, Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.sources.kubernetes.connection import Connection, Options
from inventory.sources.kubernetes.objects import translate
from inventory.sources.kubernetes.reader import ClusterReader
from lab.kubernetes.server import ApiServer
from tests.checks.builders import changed
from tests.hostile import HOSTILE
from tests.kubernetes.captured import NOW, SOURCE, objects, one, snapshot
from tests.tui.every_kind import cluster_of_every_kind
from tui.detail.kube_reading import containers_of, previous_lines, read_object, read_previous, show_log, yaml_lines
from tui.detail.related import related
from tui.detail.tab import Context, Tab, tabs_of
from tui.logs import Feed, LogQuery
from tui.picture import Picture

CRASHING = "prod/payments-7d89c76d5-jglnm"


@pytest.fixture(scope="module")
def picture() -> Picture:
    state = snapshot()
    return Picture(snapshot=state, evaluation=Engine(catalogue()).evaluate(state))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterReader]:
    with ApiServer() as api:
        config = api.kubeconfig(tmp_path_factory.mktemp("kube") / "config")
        yield ClusterReader(Connection(Options(kubeconfig=str(config))).api, SOURCE)


def tab(resource: KubeResource, name: str) -> Tab:
    return next(tab for tab in tabs_of(resource) if tab.id == name)


def text(resource: KubeResource, name: str, picture: Picture, width: int = 100) -> str:
    lines = tab(resource, name).lines
    assert lines is not None
    return "\n".join(line.cell.text for line in lines(resource, Context(picture, width, NOW)))


def test_a_crash_is_told_with_its_exit_and_its_limit(picture: Picture) -> None:
    said = text(one(Kind.POD, CRASHING), "state", picture)
    assert "CrashLoopBackOff" in said
    assert "137 (SIGKILL)" in said
    assert "memory limit of 512Mi" in said


def test_the_registry_is_quoted(picture: Picture) -> None:
    said = text(one(Kind.POD, "prod/image-resizer-6646997678-chqpr"), "state", picture)
    assert "ImagePullBackOff" in said


def test_the_scheduler_is_quoted_within_the_width(picture: Picture) -> None:
    said = text(one(Kind.POD, "prod/recommender-6c7b644b75-mvzg6"), "state", picture, width=60)
    assert "0/4 nodes are available" in said
    assert max(map(len, said.splitlines()[:6])) <= 60  # the table of containers may be wider: it scrolls


def test_a_node_that_is_gone_says_so(picture: Picture) -> None:
    assert "Kubelet stopped posting node status" in text(one(Kind.KUBE_NODE, "worker-3"), "state", picture)


def test_a_workload_leads_to_its_pods(picture: Picture) -> None:
    found = list(
        (tab(one(Kind.DEPLOYMENT, "prod/payments"), "pods").lines or no)(
            one(Kind.DEPLOYMENT, "prod/payments"), Context(picture, 100, NOW)
        )
    )
    assert {line.meta.id for line in found if line.meta} == {CRASHING, "prod/payments-7d89c76d5-wvz2l"}


def no(*_: Any) -> list[Any]:
    raise AssertionError


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (
            Kind.POD,
            CRASHING,
            ["made by", "replicaset", "deployment", "runs on", "selected by", "limited by", "runs as"],
        ),
        (Kind.KUBE_SERVICE, "prod/storefront", ["led to by", "ingress shop", "httproute shop", "selects"]),
        (Kind.INGRESS, "prod/shop", ["leads to", "certificate"]),
        (Kind.DEPLOYMENT, "prod/payments", ["made", "replicaset payments"]),
        (Kind.SERVICEACCOUNT, "prod/payments", ["used by"]),
    ],
)
def test_what_belongs_together_is_linked(kind: Kind, name: str, expected: list[str], picture: Picture) -> None:
    said = text(one(kind, name), "related", picture)
    assert [word for word in expected if word not in said] == []


@pytest.mark.parametrize("kind", sorted({found.key.kind for found in objects()}))
def test_every_kind_has_tabs_that_can_be_drawn(kind: Kind, picture: Picture) -> None:
    resource = next(found for found in objects() if found.key.kind is kind)
    titles = [tab.title for tab in tabs_of(resource)]
    assert len(set(titles)) == len(titles)
    for found in tabs_of(resource):
        if found.lines is not None:
            list(found.lines(resource, Context(picture, 80, NOW)))


@pytest.mark.parametrize("kind", [Kind.POD, Kind.DEPLOYMENT, Kind.KUBE_NODE, Kind.KUBE_SERVICE])
def test_what_was_not_read_is_said(kind: Kind) -> None:
    resource = next(found for found in objects() if found.key.kind is kind)
    gap = Gap(Reason.DENIED, "GET /api/v1/pods", "user cannot list")
    poor = changed(resource, **{name: gap for name in ("status", "spec", "pod_spec") if name in resource.field_names})
    state = Snapshot(1, NOW, {kind: {poor.key: poor}}, gaps={(SOURCE, kind): gap for kind in CLUSTER_KINDS})
    for found in tabs_of(poor):
        if found.lines is not None:
            said = " ".join(line.cell.text for line in found.lines(poor, Context(Picture(snapshot=state), 80, NOW)))
            assert "nothing is wrong" not in said
    assert "user cannot list" in text(poor, "events", Picture(snapshot=state))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_control_sequence_reaches_the_screen(hostile: str) -> None:
    pod = one(Kind.POD, CRASHING)
    assert isinstance(pod, Pod)
    import msgspec

    replaced = [
        msgspec.structs.replace(
            one,
            name=hostile,
            state=msgspec.structs.replace(
                one.state, waiting=msgspec.structs.replace(one.state.waiting, message=hostile, reason=hostile)
            ),
        )
        for one in pod.status.container_statuses
        if one.state.waiting
    ]
    bad = changed(
        pod,
        node_name=hostile,
        status=msgspec.structs.replace(pod.status, container_statuses=tuple(replaced), qos_class=hostile),
    )
    for found in tabs_of(bad):
        for line in found.lines(bad, Context(Picture(snapshot=snapshot()), 80, NOW)) if found.lines else ():
            assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in line.cell.text)


# -- who may do what, who reaches whom --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole() -> Picture:
    """With what follows from the recorded objects."""
    by_kind: dict[Kind, dict[ResourceKey, Resource]] = {kind: dict(found) for kind, found in snapshot().by_kind.items()}
    for each in DERIVED:
        inputs = {kind: tuple(found.values()) for kind, found in by_kind.items()}
        by_kind.setdefault(each.kind, {}).update({made.key: made for made in derive(each, inputs, SOURCE)})
    return Picture(snapshot=Snapshot(1, NOW, by_kind))


def test_a_pod_is_told_what_its_account_may_do(whole: Picture) -> None:
    said = text(one(Kind.POD, "staging/ci-runner-6b9f558cf-l6njh"), "rights", whole)
    assert "as ServiceAccount/staging/ci-runner" in said
    assert "the way to every right in the cluster" in said
    assert "ci-runner-admin -> cluster-admin" in said


def test_a_pod_without_rights_is_told_so(whole: Picture) -> None:
    assert "no way from here to every right is known" not in text(one(Kind.POD, CRASHING), "rights", whole)
    said = text(one(Kind.POD, CRASHING), "rights", whole)
    assert "nodes/proxy" in said  # which everybody was given in the recorded cluster


def test_who_may_read_a_secret_is_listed_with_what_people_gave_first(whole: Picture) -> None:
    said = text(one(Kind.KUBE_SECRET, "prod/db-credentials"), "who", whole).splitlines()
    given = next(at for at, found in enumerate(said) if "prod/checkout" in found)
    shipped = next(at for at, found in enumerate(said) if "generic-garbage-collector" in found)
    assert given < shipped


def test_rights_that_may_not_be_read_are_said(whole: Picture) -> None:
    gap = Gap(Reason.DENIED, "GET clusterrolebindings", "viewer cannot list")
    state = Snapshot(1, NOW, whole.snapshot.by_kind, gaps={(SOURCE, Kind.SUBJECT): gap})
    for name in ("rights", "who"):
        assert "viewer cannot list" in text(one(Kind.POD, CRASHING), name, Picture(snapshot=state))


def test_a_workload_is_told_who_reaches_it(whole: Picture) -> None:
    said = text(one(Kind.DEPLOYMENT, "prod/checkout-api"), "reach", whole)
    assert "api.example.com" in said
    assert "isolated by" in said
    assert "TCP 53; UDP 53" in said


def test_an_isolated_pod_is_told_from_an_open_one(whole: Picture) -> None:
    assert "any address" in text(one(Kind.DEPLOYMENT, "staging/web"), "reach", whole)
    assert "any address" not in text(one(Kind.DEPLOYMENT, "prod/checkout-api"), "reach", whole)


def test_reach_without_policies_is_unknown(whole: Picture) -> None:
    gap = Gap(Reason.DENIED, "GET networkpolicies", "viewer cannot list")
    state = Snapshot(1, NOW, whole.snapshot.by_kind, gaps={(SOURCE, Kind.NETWORKPOLICY): gap})
    assert "viewer cannot list" in text(one(Kind.DEPLOYMENT, "staging/web"), "reach", Picture(snapshot=state))


# -- what is read on demand -----------------------------------------------------------------------------------------


def yaml_of(raw: bytes | Gap) -> str:
    assert isinstance(raw, bytes)
    return "\n".join(line.cell.text for line in yaml_lines(raw, Context(Picture(), 100, NOW)))


def test_an_object_is_shown_as_yaml_without_its_book_keeping(reader: ClusterReader) -> None:
    said = yaml_of(read_object(one(Kind.DEPLOYMENT, "prod/checkout-api"), reader))
    assert "kind: Deployment" in said
    assert "fieldsV1" not in said
    assert "# managedFields: " in said


def test_secrets_in_an_object_are_masked(reader: ClusterReader) -> None:
    raw = b'{"kind":"Pod","spec":{"containers":[{"env":[{"name":"DB_PASSWORD","value":"hunter2-lab-word"}]}]}}'
    assert "hunter2-lab-word" not in yaml_of(raw)


@pytest.mark.parametrize(
    "raw", [b"", b"[", b"\xff\xfe", b"null", b"[1]", b'{"metadata": 1}', b'{"metadata": {"managedFields": 5}}']
)
def test_a_broken_object_is_said_or_shown(raw: bytes) -> None:
    assert yaml_of(raw) is not None


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_in_an_object_is_harmless(hostile: str) -> None:
    import json

    for line in yaml_lines(json.dumps({"a": {hostile: hostile}}).encode(), Context(Picture(), 80, NOW)):
        assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in line.cell.text)


def test_a_secret_is_never_read_with_its_values(reader: ClusterReader) -> None:
    secret = next(found for found in objects() if found.key.kind is Kind.KUBE_SECRET)
    assert "\n data:" not in yaml_of(read_object(secret, reader))


def test_the_logs_of_all_containers_come_with_their_names(reader: ClusterReader) -> None:
    said = followed(one(Kind.POD, "staging/ci-runner-6b9f558cf-l6njh"), reader, lines=40)
    assert {line.partition(" ")[0] for line in said} >= {"runner", "dind"}


def test_the_logs_of_a_workload_are_those_of_its_pods(reader: ClusterReader) -> None:
    wanted = containers_of(one(Kind.DEPLOYMENT, "prod/checkout-api"), snapshot())
    assert len({found.pod for found in wanted}) == 2
    assert all(found.whose for found in wanted)


def test_the_run_before_is_shown(reader: ClusterReader) -> None:
    found = read_previous(one(Kind.POD, CRASHING), reader)  # type: ignore[arg-type]  # a pod, by its kind
    assert not isinstance(found, Gap)
    said = [line.cell.text for line in previous_lines(found, Context(Picture(), 80, NOW))]
    assert "payments, the run before" in said[0]
    assert len(said) > 3


def test_no_run_before_is_said(reader: ClusterReader) -> None:
    found = read_previous(one(Kind.POD, "prod/checkout-api-78dfbdd85c-2j5l7"), reader)  # type: ignore[arg-type]
    assert isinstance(found, Gap)


def test_a_log_that_cannot_be_had_is_said(reader: ClusterReader) -> None:
    said = followed(one(Kind.POD, "prod/image-resizer-6646997678-chqpr"), reader)
    assert any("trying and failing to pull" in line or "waiting" in line for line in said), said


def followed(resource: KubeResource, reader: Any, lines: int = 20) -> list[str]:
    """What a log tab shows within two seconds, or until the log ends."""
    shown: list[str] = []
    feed = Feed(lambda call: call(), lambda found, _fresh: shown.extend(line.cell.text for line in found))
    ended: list[Gap | None] = []
    query = LogQuery(reader, 20, False, feed, snapshot())
    thread = threading.Thread(target=lambda: ended.append(show_log(resource, query)), daemon=True)
    thread.start()
    until = time.monotonic() + 5
    while time.monotonic() < until and thread.is_alive() and len(shown) < lines:
        time.sleep(0.02)
    feed.close()
    thread.join(5)
    assert not thread.is_alive()
    return [*shown, *(str(gap) for gap in ended if gap is not None)]


@pytest.mark.parametrize("kind", [Kind.POD, Kind.DEPLOYMENT, Kind.CRONJOB])
def test_the_keys_for_logs_raw_object_and_relations_find_their_tabs(kind: Kind) -> None:
    resource = next(found for found in objects() if found.key.kind is kind)
    ids = [tab.id for tab in tabs_of(resource)]
    assert {"logs", "inspect", "related", "events"} <= set(ids)
    assert len(set(ids)) == len(ids)


def test_a_subject_leads_to_what_gives_it_its_rights() -> None:
    whole = cluster_of_every_kind()
    subject = next(
        found for found in whole.snapshot.of(Subject) if found.subject_kind == "ServiceAccount" and found.grants
    )
    why = {key.kind: word for word, key in related(subject, whole.snapshot)}
    assert why[Kind.SERVICEACCOUNT] == "account"
    assert why[Kind.CLUSTERROLEBINDING if not subject.grants[0].namespace else Kind.ROLEBINDING] == "given by"
    assert why[subject.grants[0].role.kind] == "role"
    assert why[Kind.CLUSTER] == "cluster"


def test_an_event_that_cannot_be_read_hides_no_other() -> None:
    whole = cluster_of_every_kind()
    crashing = one(Kind.POD, CRASHING)
    told = next(event for event in whole.snapshot.of(KubeEvent) if event.involved.name == crashing.name)
    sick = translate(KubeEvent, b'{"metadata": {"name": "sick"}, "count": "many"}', SOURCE, NOW)
    assert sick.gaps
    events = {**whole.snapshot.by_kind[Kind.EVENT], sick.key: sick}
    snapshot = structs.replace(whole.snapshot, by_kind={**whole.snapshot.by_kind, Kind.EVENT: events})
    seen = Picture(snapshot, whole.evaluation)
    assert told.reason in text(crashing, "events", seen)
    for name in ("events", "state"):
        assert "events that could not be read: 1" in text(crashing, name, seen)
