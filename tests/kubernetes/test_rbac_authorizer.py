"""Effective rights: against the answers of a real server, and against an authorizer written without regard to speed."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.gap import Unread
from inventory.kubernetes.authority.aggregation import resolved
from inventory.kubernetes.authority.matrix import matrix
from inventory.kubernetes.authority.questions import can, can_get, is_master, who_can
from inventory.kubernetes.part import LabelSelector
from inventory.kubernetes.rbac import AggregationRule, ClusterRole, PolicyRule
from inventory.kubernetes.subjects import Subject
from inventory.resource import Kind, Resource, ResourceKey
from tests.checks.builders import GAP, changed
from tests.kubernetes.captured import DATA, SOURCE, objects
from tests.kubernetes.rbac_facts import account, binding, recorded_subjects, role, subjects_of

KNOWN = recorded_subjects()
ACCOUNTS = {
    "viewer": "ServiceAccount/default/viewer",
    "namespace-only": "ServiceAccount/staging/staging-dev",
    "triage": "ServiceAccount/default/triage",
}
_AUTHORIZATION = "POST_apis_authorization.k8s.io_v1_selfsubject"


def _review(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / f"{_AUTHORIZATION}{name}.json").read_bytes())
    return found


@pytest.mark.parametrize(
    "review",
    sorted(path.stem.removeprefix(_AUTHORIZATION) for path in DATA.glob(f"{_AUTHORIZATION}accessreviews@*.json")),
)
def test_answers_as_the_server_did(review: str) -> None:
    said = _review(review)
    asked = said["spec"]["resourceAttributes"]
    subject = KNOWN[ACCOUNTS[review.partition("@")[2].rsplit("+", 1)[0]]]
    found = can(subject, asked["verb"], asked.get("group", ""), asked["resource"], asked.get("namespace", ""))
    assert (found is not None) is said["status"]["allowed"]
    if found is not None:
        reason = said["status"]["reason"]
        name = f"{found.grant.binding.id.rpartition('/')[2]}"
        assert f'"{name}' in reason
        assert f'"{found.grant.role.id}"' in reason


@pytest.mark.parametrize(
    ("account_name", "namespace"),
    [("namespace-only", "prod"), ("namespace-only", "staging"), ("triage", "prod"), ("viewer", "prod")],
)
def test_lists_the_rules_that_the_server_lists(account_name: str, namespace: str) -> None:
    said = _review(f"rulesreviews@{account_name}+{namespace}")["status"]
    subject = KNOWN[ACCOUNTS[account_name]]
    rules = [rule for _, grant in subject.all_grants() if grant.namespace in ("", namespace) for rule in grant.rules]
    mine = {_plain(rule) for rule in rules if rule.resources}
    assert mine == {_told(one) for one in said["resourceRules"]}
    everywhere = [rule for _, grant in subject.all_grants() if not grant.namespace for rule in grant.rules]
    urls = {(rule.verbs, rule.non_resource_urls) for rule in everywhere if rule.non_resource_urls}
    assert urls == {(tuple(one["verbs"]), tuple(one["nonResourceURLs"])) for one in said["nonResourceRules"]}


def _plain(rule: PolicyRule) -> tuple[tuple[str, ...], ...]:
    return (
        tuple(sorted(rule.verbs)),
        tuple(sorted(rule.api_groups)),
        tuple(sorted(rule.resources)),
        rule.resource_names,
    )


def _told(one: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    lists = (tuple(sorted(one[name])) for name in ("verbs", "apiGroups", "resources"))
    return (*lists, tuple(one.get("resourceNames", ())))


def test_members_of_the_masters_need_no_role() -> None:
    assert is_master(KNOWN["Group/system:masters"])
    assert not is_master(KNOWN["Group/system:authenticated"])


# -- against brute force --------------------------------------------------------------------------------------------

_VERBS = st.lists(st.sampled_from(["get", "list", "create", "*"]), max_size=2)
_GROUPS = st.lists(st.sampled_from(["", "apps", "*"]), max_size=2)
_RESOURCES = st.lists(
    st.sampled_from(["pods", "pods/exec", "pods/*", "*/exec", "*", "secrets", "*/*", "scale"]), max_size=2
)
_NAMES = st.lists(st.sampled_from(["", "a", "b"]), max_size=2)
_RULES = st.lists(
    st.fixed_dictionaries({"verbs": _VERBS, "apiGroups": _GROUPS, "resources": _RESOURCES, "resourceNames": _NAMES}),
    max_size=2,
)
_WHO = [
    {"kind": "User", "name": "jane"},
    {"kind": "User", "name": "system:serviceaccount:ns:app"},
    {"kind": "User", "name": "system:anonymous"},
    {"kind": "Group", "name": "system:serviceaccounts"},
    {"kind": "Group", "name": "system:serviceaccounts:ns"},
    {"kind": "Group", "name": "system:authenticated"},
    {"kind": "Group", "name": "system:unauthenticated"},
    {"kind": "ServiceAccount", "name": "app", "namespace": "ns"},
    {"kind": "ServiceAccount", "name": "app"},
    {"kind": "ServiceAccount", "name": "app", "namespace": "other"},
    {"kind": "Robot", "name": "jane"},
]
_BINDING = st.tuples(
    st.sampled_from(["", "ns", "other"]),
    st.sampled_from(["ClusterRole/a", "ClusterRole/b", "Role/a", "ClusterRole/gone"]),
    st.lists(st.sampled_from(_WHO), max_size=3),
)
_GROUPS_OF = {
    "jane": {"system:authenticated"},
    "system:anonymous": {"system:unauthenticated"},
    "system:serviceaccount:ns:app": {"system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"},
}
_KEYS = {
    "jane": "User/jane", "system:anonymous": "User/system:anonymous",
    "system:serviceaccount:ns:app": "ServiceAccount/ns/app",
}  # fmt: skip


def _rule_allows(rule: dict[str, list[str]], verb: str, group: str, asked: str, name: str) -> bool:
    """`RuleAllows` of the authorizer, line by line."""
    if "*" not in rule["verbs"] and verb not in rule["verbs"]:
        return False
    if "*" not in rule["apiGroups"] and group not in rule["apiGroups"]:
        return False
    sub = asked.partition("/")[2]
    for one in rule["resources"]:
        if one in ("*", asked) or (sub and len(one) == len(sub) + 2 and one.startswith("*/") and one.endswith(sub)):
            break
    else:
        return False
    return not rule["resourceNames"] or name in rule["resourceNames"]


def _allowed(
    user: str, roles: dict[str, Any], bindings: list[Any], namespace: str, request: tuple[str, str, str, str]
) -> bool:
    for where, ref, subjects in bindings:
        if where and where != namespace:
            continue
        kind, _, name = ref.partition("/")
        rules = roles.get(f"Role/{where}/{name}" if kind == "Role" else ref, [])
        for one in subjects:
            applies = (
                (one["kind"] == "User" and one["name"] == user)
                or (one["kind"] == "Group" and one["name"] in _GROUPS_OF[user])
                or (
                    one["kind"] == "ServiceAccount"
                    and bool(one.get("namespace") or where)
                    and user == f"system:serviceaccount:{one.get('namespace') or where}:{one['name']}"
                )
            )
            if applies and any(_rule_allows(rule, *request) for rule in rules):
                return True
    return False


@settings(max_examples=150, deadline=None)
@given(
    rules=st.tuples(_RULES, _RULES, _RULES),
    bindings=st.lists(_BINDING, max_size=4),
    request=st.tuples(
        st.sampled_from(["get", "list", "create"]), st.sampled_from(["", "apps"]),
        st.sampled_from(["pods", "pods/exec", "secrets"]), st.sampled_from(["", "a"]),
    ),
    namespace=st.sampled_from(["", "ns", "other"]),
)  # fmt: skip
def test_the_authorizer_brute_force(
    rules: tuple[Any, Any, Any], bindings: list[Any], request: tuple[str, str, str, str], namespace: str
) -> None:
    roles = {"ClusterRole/a": rules[0], "ClusterRole/b": rules[1], "Role/ns/a": rules[2]}
    made: list[Resource] = [
        role(json.dumps(rules[0]), "a"), role(json.dumps(rules[1]), "b"), role(json.dumps(rules[2]), "a", "ns"),
        account("app", "ns"),
    ]  # fmt: skip
    for at, (where, ref, who) in enumerate(bindings):
        kind, _, name = ref.partition("/")
        made.append(binding(json.dumps(who), name, f"b{at}", where, kind))
    # The others whom nobody bound are there by their groups alone.
    made += [binding(json.dumps(_WHO[:3]), "gone", "everybody")]
    found = subjects_of(made)
    verb, group, asked, name = request
    resource, _, sub = asked.partition("/")
    for user, key in _KEYS.items():
        expected = _allowed(user, roles, bindings, namespace, request)
        assert (can(found[key], verb, group, resource, namespace, name, sub) is not None) is expected, user


@pytest.mark.parametrize(
    ("path", "allowed"), [("/api/v1", True), ("/version", True), ("/metrics", False), ("/apiary", False)]
)
def test_paths_of_the_server(path: str, allowed: bool) -> None:
    assert (can_get(KNOWN["ServiceAccount/default/viewer"], "get", path) is not None) is allowed


def test_a_role_in_a_namespace_gives_no_path() -> None:
    rules = "[{verbs: [get], nonResourceURLs: ['*']}]"
    found = subjects_of([role(rules), binding("[{kind: User, name: jane}]", namespace="prod")])["User/jane"]
    assert can_get(found, "get", "/metrics") is None
    assert matrix(found) == ()


# -- aggregation ----------------------------------------------------------------------------------------------------


def _cluster_roles() -> tuple[ClusterRole, ...]:
    return tuple(one for one in objects() if isinstance(one, ClusterRole))


def test_aggregation_makes_of_the_parts_what_the_controller_made() -> None:
    roles = _cluster_roles()
    filled = resolved(roles)
    empty = resolved(tuple(changed(one, rules=()) if one.aggregation_rule else one for one in roles))
    for one in roles:
        if one.aggregation_rule is not None:
            assert filled[one.name] == one.rules
            assert set(empty[one.name]) == set(one.rules)  # type: ignore[arg-type]


def _aggregate(name: str, label: str, of: str, rules: tuple[PolicyRule, ...] = ()) -> ClusterRole:
    rule = AggregationRule((LabelSelector({of: "true"}),))
    found = changed(_cluster_roles()[0], rules=rules, aggregation_rule=rule, name=name, labels={label: "true"})
    return changed(found, key=ResourceKey(Kind.CLUSTERROLE, SOURCE, name))


def test_circles_of_aggregated_roles_end() -> None:
    leaf = changed(
        _cluster_roles()[0], name="leaf", labels={"y": "true"}, rules=(PolicyRule(("get",), ("",), ("pods",)),),
        aggregation_rule=None,
    )  # fmt: skip
    found = resolved((_aggregate("one", "x", "y"), _aggregate("two", "y", "x"), leaf))
    assert found["one"] == found["two"] == leaf.rules


# -- what was not read ----------------------------------------------------------------------------------------------


def test_an_unread_role_leaves_the_answer_open() -> None:
    bound = "[{kind: User, name: jane}]"
    held = _read_secrets("known")
    unread = changed(role("[]", "unread"), rules=GAP)
    one = subjects_of([held, unread, binding(bound, "known", "a"), binding(bound, "unread", "b")])["User/jane"]
    assert can(one, "get", "", "secrets", "") is not None
    with pytest.raises(Unread):
        can(one, "get", "", "pods", "")


def test_an_unread_binding_leaves_every_answer_open() -> None:
    unread = changed(binding("[]", name="unread"), subjects=GAP)
    one = subjects_of([_read_secrets("known"), binding("[{kind: User, name: jane}]", "known"), unread])["User/jane"]
    with pytest.raises(Unread):
        can(one, "get", "", "pods", "")


def _read_secrets(name: str) -> Resource:
    return role("[{verbs: [get], apiGroups: [''], resources: [secrets]}]", name)


# -- who, and in words ----------------------------------------------------------------------------------------------


def test_who_reads_secrets_in_prod() -> None:
    found = {one.key.id for one, _ in who_can(KNOWN.values(), "list", "", "secrets", "prod")}
    assert {"ServiceAccount/staging/ci-runner", "Group/system:masters", "Group/system:serviceaccounts:legacy"} <= found
    assert "ServiceAccount/prod/checkout" not in found
    by_name = who_can(KNOWN.values(), "get", "", "secrets", "prod", "db-credentials")
    assert "ServiceAccount/prod/checkout" in {one.key.id for one, _ in by_name}


def test_rights_in_words() -> None:
    assert matrix(KNOWN["ServiceAccount/legacy/tiller"])[0].words == "everything"
    assert matrix(KNOWN["ServiceAccount/monitoring/kube-state-metrics"])[0].words.startswith("list, watch configmaps")
    assert matrix(KNOWN["Group/on-call"])[0].words == "create pods/exec in prod"
    checkout = matrix(KNOWN["ServiceAccount/prod/checkout"])[0]
    assert (checkout.words, checkout.dangerous) == ("get secrets named db-credentials in prod", True)


def test_shipped_roles_mean_what_they_are_shipped_with() -> None:
    own = [grant for one in KNOWN.values() for grant in one.grants if grant.shipped]
    assert len(own) > 40
    planted = changed(
        next(one for one in _cluster_roles() if one.name == "system:discovery"),
        rules=(PolicyRule(("list",), ("",), ("secrets",)),),
    )
    found = subjects_of([*(one for one in objects() if one.key != planted.key), planted])
    assert [grant.shipped for grant in found["Group/system:authenticated"].grants if grant.role == planted.key] == [
        False
    ]


def test_shipped_roles_of_earlier_versions_are_known() -> None:
    binder = next(one for one in _cluster_roles() if one.name == "system:controller:persistent-volume-binder")
    scheduler = next(one for one in _cluster_roles() if one.name == "system:kube-scheduler")
    lease = PolicyRule(("get", "update"), ("",), ("endpoints",), ("kube-scheduler",))
    secrets = PolicyRule(("get",), ("",), ("secrets",))
    old = [changed(scheduler, rules=(*scheduler.rules, lease)), changed(binder, rules=(*binder.rules, secrets))]
    keys = {one.key for one in old}
    found = subjects_of([*(one for one in objects() if one.key not in keys), *old])
    for name in ("User/system:kube-scheduler", "ServiceAccount/kube-system/persistent-volume-binder"):
        assert all(grant.shipped for grant in found[name].grants), name


def test_subjects_with_the_same_grants_share_them() -> None:
    who = "[" + ", ".join(f"{{kind: ServiceAccount, name: a{at}, namespace: prod}}" for at in range(5)) + "]"
    found = [one for one in subjects_of([_read_secrets("role"), binding(who)]).values() if one.namespace == "prod"]
    assert len({id(one.grants) for one in found}) == 1


def test_thousands_of_bindings_are_read_at_once() -> None:
    rules = [changed(_read_secrets(f"r{at}"), labels={}) for at in range(200)]
    one = binding("[{kind: User, name: jane}, {kind: ServiceAccount, name: app, namespace: prod}]", "r1")
    made: list[Resource] = [
        changed(one, key=one.key._replace(id=f"b{at}"), name=f"b{at}") for at in range(2000)
    ]  # fmt: skip
    began = time.process_time()
    found = subjects_of([*rules, *made])
    assert time.process_time() - began < 1.0
    assert isinstance(found["User/jane"], Subject)
    assert len(found["User/jane"].grants) == 2000
