"""The way from a subject to every right, step by step."""

from __future__ import annotations

import pytest

from inventory.kubernetes.authority.paths import MOST_STEPS, Paths, Surroundings, surroundings
from inventory.kubernetes.workloads import Pod
from inventory.resource import Resource
from tests.kubernetes.captured import objects
from tests.kubernetes.rbac_facts import account, binding, recorded_subjects, role, subjects_of

_JANE = "[{kind: User, name: jane}]"
_RBAC = "rbac.authorization.k8s.io"


def _rule(verbs: str, resources: str, group: str = "''", names: str = "") -> str:
    named = f", resourceNames: [{names}]" if names else ""
    return f"{{verbs: [{verbs}], apiGroups: [{group}], resources: [{resources}]{named}}}"


def _admin() -> list[Resource]:
    """An account of namespace prod that may do everything."""
    return [
        account("strong", "prod"),
        account("weak", "prod"),
        role("[{verbs: ['*'], apiGroups: ['*'], resources: ['*']}]", "all"),
        binding("[{kind: ServiceAccount, name: strong, namespace: prod}]", "all", "strong"),
    ]


def _steps(rules: str, namespace: str = "", around: Surroundings | None = None) -> list[str]:
    made = [*_admin(), role(f"[{rules}]"), binding(_JANE, namespace=namespace)]
    found = subjects_of(made)
    return [step.words for step in Paths(found.values(), around).of(found["User/jane"].key)]


@pytest.mark.parametrize(
    ("rules", "namespace", "first"),
    [
        (_rule("create", "pods"), "prod", "runs a pod as prod/strong"),
        (_rule("patch", "deployments", "apps"), "", "runs a pod as prod/strong"),
        (_rule("create", "serviceaccounts/token"), "prod", "makes a token of prod/strong"),
        (_rule("impersonate", "serviceaccounts", names="strong"), "prod", "impersonates prod/strong"),
        (_rule("impersonate", "users"), "", ""),
        (_rule("impersonate", "groups"), "", "impersonates the group system:masters"),
        (_rule("impersonate", "groups", names="dev"), "", ""),
        (_rule("create, get", "secrets"), "prod", "makes a secret that holds a token of prod/strong, and reads it"),
        (_rule("get", "secrets"), "prod", ""),
        (
            _rule("escalate, update", "clusterroles", _RBAC), "",
            "adds every right to a cluster role of its own (escalate)",
        ),
        (_rule("escalate", "clusterroles", _RBAC), "", ""),
        (
            f"{_rule('bind', 'clusterroles', _RBAC)}, {_rule('create', 'clusterrolebindings', _RBAC)}", "",
            "binds cluster-admin to itself (bind)",
        ),
        (
            f"{_rule('bind', 'clusterroles', _RBAC)}, {_rule('create', 'rolebindings', _RBAC)}", "prod",
            "binds every right in the namespace to itself, and runs a pod as prod/strong",
        ),
        (
            _rule("update", "mutatingwebhookconfigurations", "admissionregistration.k8s.io"), "",
            "changes every object that is written, by a webhook of its own",
        ),
        (_rule("create", "pods"), "staging", ""),
        (_rule("patch", "pods"), "prod", ""),
        (_rule("get, list, watch", "'*'", "'*'"), "staging", ""),
    ],
)  # fmt: skip
def test_one_step(rules: str, namespace: str, first: str) -> None:
    steps = _steps(rules, namespace)
    assert steps[:1] == ([first] if first else [])
    if first.endswith("prod/strong"):
        assert steps[-1] == "may do everything"


def test_commands_in_pods_lead_where_pods_run() -> None:
    rules = _rule("create", "pods/exec")
    assert _steps(rules, "prod") == []
    running = Surroundings({"prod": frozenset({"strong"})})
    assert _steps(rules, "prod", running) == ["runs commands in a pod of prod/strong", "may do everything"]
    assert _steps(rules, "prod", Surroundings({"prod": frozenset({"weak"})})) == []


def test_the_nodes_proxy_is_the_control_plane_where_that_runs_as_pods() -> None:
    rules = _rule("get", "nodes/proxy")
    assert _steps(rules, "", Surroundings(control_plane=True))[0].startswith(
        "runs commands in the API server's own pod"
    )
    assert _steps(rules, "", Surroundings({"prod": frozenset({"strong"})}))[-1] == "may do everything"


def test_the_token_in_a_secret_is_its_account() -> None:
    made = [*_admin()[1:], account("strong", "prod", "secrets: [{name: strong-token}]")]
    found = subjects_of(
        [*made, role(f"[{_rule('get', 'secrets', names='strong-token')}]"), binding(_JANE, namespace="prod")]
    )
    assert Paths(found.values()).of(found["User/jane"].key)[0].words == "reads the token of prod/strong in its secret"


def test_an_account_that_does_not_exist_runs_nothing() -> None:
    made = [*_admin()[2:], role(f"[{_rule('create', 'pods')}]"), binding(_JANE, namespace="prod")]
    found = subjects_of(made)
    assert not found["ServiceAccount/prod/strong"].exists
    assert Paths(found.values()).of(found["User/jane"].key) == ()


def test_certificates_for_anybody() -> None:
    rules = ", ".join([
        _rule("create", "certificatesigningrequests", "certificates.k8s.io"),
        _rule("update", "certificatesigningrequests/approval", "certificates.k8s.io"),
        _rule("approve", "signers", "certificates.k8s.io", "kubernetes.io/kube-apiserver-client"),
    ])  # fmt: skip
    made = [*_admin(), binding("[{kind: Group, name: admins}]", "all", "admins"), role(f"[{rules}]"), binding(_JANE)]
    found = subjects_of(made)
    assert [step.words for step in Paths(found.values()).of(found["User/jane"].key)] == [
        "signs a certificate for admins", "may do everything",
    ]  # fmt: skip


def test_a_chain_is_walked_and_no_longer_than_the_cap() -> None:
    length = MOST_STEPS + 4
    made: list[Resource] = [role("[{verbs: ['*'], apiGroups: ['*'], resources: ['*']}]", "all")]
    for at in range(length):
        who = f"[{{kind: ServiceAccount, name: app, namespace: n{at}}}]"
        made += [account("app", f"n{at}")]
        if at + 1 < length:
            made += [role(f"[{_rule('create', 'pods')}]"), binding(who, "role", f"b{at}", f"n{at + 1}")]
        else:
            made += [binding(who, "all", "last")]
    found = subjects_of(made)
    paths = Paths(found.values())
    ends = [len(paths.of(found[f"ServiceAccount/n{at}/app"].key)) for at in range(length)]
    assert ends == [0] * (length - MOST_STEPS) + list(range(MOST_STEPS, 0, -1))


def test_the_recorded_cluster() -> None:
    known = recorded_subjects()
    around = surroundings(one for one in objects() if isinstance(one, Pod))
    assert around.control_plane
    paths = Paths(known.values(), around)
    assert [step.words for step in paths.of(known["User/system:anonymous"].key)] == [
        "runs commands in a pod of staging/ci-runner", "may do everything",
    ]  # fmt: skip
    group = paths.of(known["ServiceAccount/default/viewer"].key)
    assert group[0].words == "is a member of the group system:authenticated"
    assert group[1].grant is not None
    assert group[1].grant.binding.id == "authenticated-node-proxy"
