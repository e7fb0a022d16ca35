"""What selects what in the recorded cluster, and in clusters that are sick or forbidden in part."""

from __future__ import annotations

from typing import cast

import pytest

from inventory.gap import Gap, Reason, Unread
from inventory.kubernetes import selection
from inventory.kubernetes.exposure import HttpRoute, Ingress, KubeService
from inventory.kubernetes.part import selects
from inventory.kubernetes.policies import NetworkPolicy, PodDisruptionBudget
from inventory.kubernetes.resource import KubeResource
from inventory.kubernetes.workloads import Pod, PodBearer
from inventory.resource import Kind
from inventory.snapshot import Snapshot
from tests.checks.kubernetes.objects import pod, written
from tests.kubernetes.captured import NOW, SOURCE, one, snapshot


def bearer(kind: Kind, name: str) -> PodBearer:
    return cast("PodBearer", one(kind, name))


def names(found: tuple[KubeResource, ...]) -> list[str]:
    return [each.key.id for each in found]


def cluster(*objects: KubeResource, **gaps: Gap) -> Snapshot:
    by_kind: dict[Kind, dict[object, KubeResource]] = {}
    for each in objects:
        by_kind.setdefault(each.key.kind, {})[each.key] = each
    found = {(SOURCE, Kind(kind.replace("_", "-"))): gap for kind, gap in gaps.items()}
    return Snapshot(1, NOW, by_kind, {}, found)  # type: ignore[arg-type]  # built kind by kind


def test_services_select_pods_and_pods_know_their_services() -> None:
    state = snapshot()
    web = bearer(Kind.POD, "staging/web-5cd9dddc66-4t62x")
    assert names(selection.services_of(state, web)) == ["staging/web", "staging/web-public"]
    assert names(selection.services_of(state, bearer(Kind.DEPLOYMENT, "staging/web"))) == [
        "staging/web",
        "staging/web-public",
    ]
    assert names(selection.pods_of(state, one(Kind.KUBE_SERVICE, "prod/storefront"))) == [
        "prod/storefront-6b874c95c6-gf6l4",
        "prod/storefront-6b874c95c6-wt6pg",
        "prod/storefront-6b874c95c6-xvhpr",
    ]
    for nothing in ("prod/orphan", "prod/no-selector", "prod/legacy-db"):
        assert selection.pods_of(state, one(Kind.KUBE_SERVICE, nothing)) == ()


@pytest.mark.parametrize(
    ("cls", "of"),
    [
        (KubeService, selection.services_of),
        (NetworkPolicy, selection.policies_of),
        (PodDisruptionBudget, selection.budgets_of),
    ],
)
def test_both_directions_agree_with_asking_everybody(cls: type[KubeResource], of: object) -> None:
    """Every object against every pod, by the selector alone."""
    state = snapshot()
    for each in state.of(Pod):
        selecting = {
            other.key.id
            for other in state.of(cls)
            if other.namespace == each.namespace and selects(selection.selector_of(other), each.labels)
        }
        if cls is NetworkPolicy and each.pod_spec.host_network:
            selecting = set()
        assert set(names(of(state, each))) == selecting  # type: ignore[operator]
        for other in state.of(cls):
            assert (each in selection.pods_of(state, other)) == (other.key.id in selecting)


def test_ingresses_and_routes_lead_to_services() -> None:
    state = snapshot()
    billing = cast("KubeService", one(Kind.KUBE_SERVICE, "legacy/billing"))
    assert names(selection.ingresses_of(state, billing)) == ["legacy/billing", "legacy/wildcard-all"]
    storefront = cast("KubeService", one(Kind.KUBE_SERVICE, "prod/storefront"))
    (route,) = selection.routes_of(state, storefront)
    assert names(selection.gateways_of(state, route)) == ["prod/edge"]
    assert selection.services_behind(state, route) == (storefront,)
    wildcard = cast("Ingress", one(Kind.INGRESS, "legacy/wildcard-all"))
    assert names(selection.services_behind(state, wildcard)) == ["legacy/kubernetes-dashboard", "legacy/billing"]
    assert len(selection.pods_of(state, wildcard)) == 2
    assert len(selection.pods_of(state, route)) == 3


def test_a_chain_of_owners_goes_to_the_top() -> None:
    state = snapshot()
    web = bearer(Kind.POD, "staging/web-5cd9dddc66-4t62x")
    chain = selection.owners_of(state, web)
    assert [(owner.reference.kind, owner.resource and owner.resource.key.id) for owner in chain] == [
        ("ReplicaSet", "staging/web-5cd9dddc66"),
        ("Deployment", "staging/web"),
    ]
    assert selection.top_of(state, web) is bearer(Kind.DEPLOYMENT, "staging/web")
    alone = bearer(Kind.POD, "staging/toolbox")
    assert selection.owners_of(state, alone) == ()
    assert selection.top_of(state, alone) is alone


def test_makers_know_what_they_made_at_every_depth() -> None:
    state = snapshot()
    deployment = one(Kind.DEPLOYMENT, "staging/web")
    assert "staging/web-5cd9dddc66" in names(selection.made_by(state, deployment))
    assert names(selection.pods_of(state, deployment)) == [
        "staging/web-5cd9dddc66-4t62x",
        "staging/web-5cd9dddc66-jdklq",
    ]
    for each in state.of(Pod):
        for owner in selection.owners_of(state, each):
            if owner.resource is not None:
                assert each in selection.pods_of(state, owner.resource)
    assert len(selection.pods_of(state, one(Kind.NAMESPACE, "staging"))) == 14
    assert "kube-system/etcd-cp-1" in names(selection.pods_of(state, one(Kind.KUBE_NODE, "cp-1")))


def test_an_owner_of_the_same_name_but_another_identity_made_nothing() -> None:
    text = "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web, namespace: prod, uid: %s}}"
    owners = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "old", "controller": True}]
    child = cast("Pod", pod(ownerReferences=owners))
    state = cluster(written(text % "new"), child)
    (owner,) = selection.owners_of(state, child)
    assert owner.resource is None
    assert selection.made_by(state, state.by_kind[Kind.REPLICASET].popitem()[1]) == ()  # type: ignore[attr-defined]


def test_owners_in_a_circle_end() -> None:
    def job(name: str, owner: str) -> KubeResource:
        return written(
            f"{{apiVersion: batch/v1, kind: Job, metadata: {{name: {name}, namespace: prod, ownerReferences: "
            f"[{{apiVersion: batch/v1, kind: Job, name: {owner}, controller: true}}]}}}}"
        )

    first, second = job("a", "b"), job("b", "a")
    state = cluster(first, second)
    assert [owner.reference.name for owner in selection.owners_of(state, first)] == ["b"]
    assert selection.pods_of(state, first) == ()


def test_what_may_not_be_read_is_not_empty() -> None:
    gap = Gap(Reason.DENIED, "GET /api/v1/services")
    state = cluster(pod(), kube_service=gap)
    with pytest.raises(Unread, match="no permission to read"):
        selection.services_of(state, cast("Pod", pod()))
    with pytest.raises(Unread):
        selection.services_behind(state, cast("Ingress", one(Kind.INGRESS, "prod/api")))
    with pytest.raises(Unread):
        selection.gateways_of(cluster(gateway=gap), cast("HttpRoute", one(Kind.HTTPROUTE, "prod/shop")))


def test_a_selector_of_a_wrong_type_selects_nothing_and_says_so_when_asked() -> None:
    broken = written(
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: x, namespace: prod},"
        " spec: {podSelector: 7}}"
    )
    subject = cast("Pod", pod(labels={"app": "x"}))
    state = cluster(broken, subject)
    assert selection.policies_of(state, subject) == ()
    with pytest.raises(Unread):
        selection.pods_of(state, broken)


def test_an_empty_selector_of_an_old_budget_selects_nothing() -> None:
    text = (
        "{apiVersion: policy/%s, kind: PodDisruptionBudget, metadata: {name: x, namespace: prod}, spec: {selector: {}}}"
    )
    subject = cast("Pod", pod(labels={"app": "x"}))
    assert names(selection.budgets_of(cluster(subject, written(text % "v1")), subject)) == ["prod/x"]
    assert selection.budgets_of(cluster(subject, written(text % "v1beta1")), subject) == ()
