"""What an audit policy records: the first rule that matches a request decides its level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec


class Request(msgspec.Struct, frozen=True):
    """A kind of request that a record should have, in words and as the API names it."""

    words: str
    group: str
    resource: str
    verb: str


WANTED = (
    Request("reading secrets", "", "secrets", "get"),
    Request("changes of secrets", "", "secrets", "update"),
    Request("changes of ConfigMaps", "", "configmaps", "update"),
    Request("token reviews", "authentication.k8s.io", "tokenreviews", "create"),
    Request("exec into pods", "", "pods/exec", "create"),
    Request("port-forward to pods", "", "pods/portforward", "create"),
    Request("changes of roles", "rbac.authorization.k8s.io", "clusterroles", "update"),
    Request("changes of bindings", "rbac.authorization.k8s.io", "clusterrolebindings", "create"),
    Request("everything else", "apps", "deployments", "update"),
)
"""CIS Kubernetes 3.2.2."""


def missing(policy: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds of requests, in words, that the policy leaves out for an ordinary user."""
    rules = [rule for rule in _list(policy.get("rules")) if isinstance(rule, Mapping)]
    return tuple(one.words for one in WANTED if _level(rules, one) in ("", "None"))


def _level(rules: list[Mapping[str, Any]], request: Request) -> str:
    return next((str(rule.get("level") or "") for rule in rules if _matches(rule, request)), "")


def _matches(rule: Mapping[str, Any], request: Request) -> bool:
    """Whether the rule decides about the request of somebody whom no rule names, in a namespace that none names."""
    if any(rule.get(name) for name in ("users", "userGroups", "namespaces", "nonResourceURLs")):
        return set(map(str, _list(rule.get("userGroups")))) >= {"system:authenticated"}
    verbs = _list(rule.get("verbs"))
    if verbs and request.verb not in verbs and "*" not in verbs:
        return False
    groups = rule.get("resources")
    return not groups or any(_covers(one, request) for one in _list(groups) if isinstance(one, Mapping))


def _covers(group: Mapping[str, Any], request: Request) -> bool:
    if str(group.get("group") or "") not in (request.group, "*") or group.get("resourceNames"):
        return False
    resources = _list(group.get("resources"))
    return not resources or any(name in _names(request.resource) for name in map(str, resources))


def _names(resource: str) -> Iterator[str]:
    """The ways in which a rule writes a resource: `pods/exec`, `pods/*`, `*/exec`, `*`."""
    yield from (resource, "*", "*/*")
    kind, slash, sub = resource.partition("/")
    if slash:
        yield from (f"{kind}/*", f"*/{sub}")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
