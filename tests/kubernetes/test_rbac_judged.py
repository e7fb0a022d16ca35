"""The checks of rights in the engine: folding, changes, what is sick or not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.result import Evaluation, Result
from checks.verdict import Outcome, Severity
from inventory.gap import Unread
from inventory.kubernetes.authority.matrix import matrix
from inventory.kubernetes.authority.paths import Paths
from inventory.kubernetes.authority.questions import can, who_can
from inventory.kubernetes.rbac import ClusterRoleBinding, RoleBinding
from inventory.kubernetes.resource import Manifest
from inventory.kubernetes.subjects import Subject
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Snapshot
from inventory.sources.kubernetes.objects import translate
from inventory.store import Changes
from tests.checks.builders import changed
from tests.checks.cases import snapshot
from tests.checks.kubernetes.objects import pod
from tests.kubernetes import captured
from tests.kubernetes.captured import NOW, SOURCE
from tests.kubernetes.rbac_facts import account, binding, recorded_subjects, role, subjects_of

CHECKS = tuple(check for check in catalogue() if "ORC-200" <= check.id <= "ORC-218")
_ALL = "[{verbs: ['*'], apiGroups: ['*'], resources: ['*']}]"
_FILE = Manifest("rbac.yaml", 1, {})


def _state(objects: list[Resource]) -> Snapshot:
    return snapshot((*objects, *subjects_of(objects).values()), now=NOW)


def _results(evaluation: Evaluation, key: ResourceKey) -> dict[str, Result]:
    judgement = evaluation.of(key)
    assert judgement is not None
    return {one.check.id: one for one in (*judgement.results, *judgement.passed)}


def _judged(objects: list[Resource]) -> dict[str, dict[str, Outcome]]:
    state = _state(objects)
    found = Engine(CHECKS).evaluate(state)
    return {
        one.key.id: {name: result.outcome for name, result in _results(found, one.key).items()}
        for one in state
        if isinstance(one, Subject)
    }


def test_all_rights_are_one_finding() -> None:
    found = Engine(CHECKS).evaluate(snapshot((*captured.objects(), *recorded_subjects().values()), now=NOW))
    key = recorded_subjects()["ServiceAccount/legacy/tiller"].key
    results = _results(found, key)
    assert [name for name, one in results.items() if one.outcome is Outcome.FAIL] == ["ORC-200"]
    assert len(results["ORC-200"].implies) == 12


def test_what_kubernetes_ships_gives_no_finding() -> None:
    """Only what was planted in the recorded cluster shows: nothing of the controllers, nodes and schedulers."""
    found = Engine(CHECKS).evaluate(snapshot((*captured.objects(), *recorded_subjects().values()), now=NOW))
    loud = {
        one.key.id
        for one in recorded_subjects().values()
        if any(result.outcome is Outcome.FAIL for result in _results(found, one.key).values())
    }
    assert loud == {
        "Group/dev-team", "Group/on-call", "Group/platform-team", "Group/system:authenticated",
        "Group/system:serviceaccounts:legacy", "ServiceAccount/legacy/default",
        "ServiceAccount/legacy/kubernetes-dashboard", "ServiceAccount/legacy/tiller",
        "ServiceAccount/monitoring/kube-state-metrics", "ServiceAccount/prod/ghost",
        "ServiceAccount/staging/ci-runner", "ServiceAccount/staging/staging-dev", "User/system:anonymous",
    }  # fmt: skip


def test_a_planted_system_role_is_not_excused() -> None:
    planted = role("[{verbs: [get], apiGroups: [''], resources: [secrets]}]", "system:kube-dns")
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    bound = binding(
        "[{kind: ServiceAccount, name: kube-dns, namespace: kube-system}]", "system:kube-dns", "system:kube-dns"
    )
    found = _judged([changed(planted, labels=labels), changed(bound, labels=labels)])
    assert found["ServiceAccount/kube-system/kube-dns"]["ORC-202"] is Outcome.FAIL


def test_more_subjects_in_a_shipped_binding_are_not_excused() -> None:
    shipped = captured.one(Kind.CLUSTERROLEBINDING, "cluster-admin")
    assert isinstance(shipped, ClusterRoleBinding)
    extra = binding("[{kind: User, name: eve}]").subjects  # type: ignore[attr-defined]
    more = changed(shipped, subjects=(*shipped.subjects, *extra))
    found = _judged([*(one for one in captured.objects() if one.key != more.key), more])
    assert found["User/eve"]["ORC-200"] is Outcome.FAIL
    assert found["Group/system:masters"]["ORC-200"] is Outcome.NOT_APPLICABLE


def test_wider_rights_are_told_with_all_rights_of_a_namespace() -> None:
    """ORC-200 folds the others of a subject; what they would have said of every namespace must stay."""
    who = "[{kind: User, name: jane}]"
    objects = [
        role(_ALL, "all"), binding(who, "all", "here", "prod"),
        role("[{verbs: [list], apiGroups: [''], resources: [secrets]}]", "read"), binding(who, "read", "everywhere"),
    ]  # fmt: skip
    state = _state(objects)
    result = _results(Engine(CHECKS).evaluate(state), subjects_of(objects)["User/jane"].key)["ORC-200"]
    assert result.message == "may do everything in prod, and everywhere: read secrets"


def test_all_rights_hidden_in_kube_system_are_not_weighed_as_an_add_on() -> None:
    objects = [
        account("cni", "kube-system"),
        role(_ALL),
        binding("[{kind: ServiceAccount, name: cni, namespace: kube-system}]"),
    ]
    key = subjects_of(objects)["ServiceAccount/kube-system/cni"].key
    assert _results(Engine(CHECKS).evaluate(_state(objects)), key)["ORC-200"].severity is Severity.HIGH


def test_a_change_of_a_binding_reaches_the_pod_that_runs_as_it_and_no_other() -> None:
    strong, other = pod(name="strong"), pod(name="other")
    spec = "serviceAccountName: worker\ncontainers: [{name: app, image: x}]"
    strong = pod(spec, name="strong")
    objects: list[Resource] = [
        strong, other, account("worker", "prod"), account("default", "prod"), role(_ALL),
        binding("[{kind: User, name: jane}]"),
    ]  # fmt: skip
    engine = Engine(CHECKS)
    before = _state(objects)
    assert _results(engine.evaluate(before), strong.key)["ORC-218"].outcome is Outcome.PASS
    after = _state([*objects[:-1], binding("[{kind: ServiceAccount, name: worker, namespace: prod}]")])
    keys = {one.key for one in (*before, *after) if one.key.kind in (Kind.SUBJECT, Kind.CLUSTERROLEBINDING)}
    updated = engine.update(after, Changes(frozenset(keys), frozenset()))
    assert _results(updated, strong.key)["ORC-218"].outcome is Outcome.FAIL
    assert _results(updated, other.key)["ORC-218"].outcome is Outcome.PASS
    fresh = Engine(CHECKS).evaluate(after)
    assert {key: one.summary for key, one in updated.judgements.items()} == {
        key: one.summary for key, one in fresh.judgements.items()
    }


# -- manifests ------------------------------------------------------------------------------------------------------


def _from_file(*objects: Resource) -> list[Resource]:
    return [changed(one, manifest=_FILE, resource_version="") for one in objects]


def test_manifests_refer_to_roles_that_every_cluster_has() -> None:
    found = subjects_of(_from_file(binding("[{kind: User, name: jane}]", "cluster-admin")))["User/jane"]
    assert can(found, "delete", "", "nodes", "") is not None
    edits = subjects_of(_from_file(binding("[{kind: User, name: jane}]", "edit", namespace="prod")))["User/jane"]
    assert can(edits, "create", "apps", "deployments", "prod") is not None
    assert can(edits, "create", "apps", "deployments", "staging") is None


def test_a_role_that_no_manifest_holds_is_unknown() -> None:
    bound = _from_file(binding("[{kind: User, name: jane}]", "somewhere-else"))
    assert set(_judged(bound)["User/jane"].values()) <= {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}
    with pytest.raises(Unread):
        can(subjects_of(bound)["User/jane"], "get", "", "pods", "")
    results = _results(Engine(CHECKS).evaluate(_state(bound)), bound[0].key)
    assert results["ORC-216"].outcome is Outcome.UNKNOWN


def test_a_role_binding_without_a_namespace_is_not_everywhere() -> None:
    one = binding("[{kind: User, name: jane}]", "edit", namespace="prod")
    bare = changed(one, namespace="", key=one.key._replace(id="binding"))
    found = subjects_of(_from_file(bare))["User/jane"]
    assert can(found, "create", "", "pods", "default") is not None
    assert can(found, "create", "", "pods", "prod") is None


# -- what is sick ---------------------------------------------------------------------------------------------------

_SICK: tuple[Any, ...] = (
    5, "all", {}, [5], [None], [{}], [{"kind": 7}], [{"kind": "User"}], [{"kind": "User", "name": ""}],
    [{"kind": "ServiceAccount", "name": "x"}], [{"kind": "User", "name": "\x1b[2J\u202e{name}%s" * 50}],
    [{"kind": "User", "name": "system:serviceaccount:"}], [{"kind": "User", "name": "system:serviceaccount:a:b:c"}],
)  # fmt: skip


@pytest.mark.parametrize("subjects", _SICK, ids=lambda one: json.dumps(one)[:30])
@pytest.mark.parametrize("family", [RoleBinding, ClusterRoleBinding])
def test_sick_bindings_cost_certainty_and_nothing_else(family: type[RoleBinding], subjects: Any) -> None:
    document = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "metadata": {"name": "sick", "namespace": "prod"} if family is RoleBinding else {"name": "sick"},
        "roleRef": {"kind": "ClusterRole", "name": "role"}, "subjects": subjects,
    }  # fmt: skip
    sick = translate(family, json.dumps(document).encode(), SOURCE, NOW)
    objects: list[Resource] = [role(_ALL), binding("[{kind: User, name: jane}]"), sick]
    found = subjects_of(objects)
    assert can(found["User/jane"], "get", "", "pods", "") is not None
    paths = Paths(found.values())
    for one in found.values():
        assert matrix(one) is not None
        assert len(paths.of(one.key)) < 9
    who_can(found.values(), "get", "", "pods", "")
    for results in _judged(objects).values():
        assert results["ORC-200"] is not Outcome.PASS


@pytest.mark.parametrize("rules", [5, {}, [5], [{"verbs": "get"}], [{"verbs": [1]}], [{"resources": [None]}], [None]])
def test_sick_rules_are_unknown_and_no_right(rules: Any) -> None:
    sick = role(json.dumps(rules))
    found = _judged([sick, binding("[{kind: User, name: jane}]")])
    assert found["User/jane"]["ORC-200"] in (Outcome.UNKNOWN, Outcome.PASS)
    if "rules" in sick.gaps:
        assert found["User/jane"]["ORC-200"] is Outcome.UNKNOWN
