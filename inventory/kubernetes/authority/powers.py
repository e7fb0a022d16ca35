"""Which rights give more than they seem to, by the request that they allow."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from inventory.kubernetes.authority.rules import ALL, is_everything
from inventory.kubernetes.rbac import PolicyRule

EVERYTHING = "everything"
READ_SECRETS = "read-secrets"
WRITE_PODS = "write-pods"
EXEC = "exec"
BIND = "bind"
ESCALATE = "escalate"
IMPERSONATE = "impersonate"
WRITE_BINDINGS = "write-bindings"
WRITE_ROLES = "write-roles"
MAKE_TOKENS = "make-tokens"
MAKE_SECRETS = "make-secrets"
NODE_PROXY = "node-proxy"
APPROVE = "approve-requests"
SIGNERS = "approve-signers"
REQUEST = "request-certificates"
WEBHOOKS = "webhooks"
VOLUMES = "volumes"
NODE_STATE = "node-state"
HIDE = "hide-traces"
REDIRECT = "redirect"

_RBAC = "rbac.authorization.k8s.io"
_CERTIFICATES = "certificates.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_WRITE = ("create", "update", "patch")
_CHANGE = ("update", "patch")
_DELETE = ("delete", "deletecollection")


class Act(msgspec.Struct, frozen=True):
    """A dangerous request: any of the verbs on a resource. `clusterwide`: such objects are in no namespace."""

    power: str
    verbs: tuple[str, ...]
    group: str
    resource: str  # with the subresource: pods/exec
    clusterwide: bool = False


class Held(msgspec.Struct, frozen=True):
    """An act that a rule of a role allows, by these of its verbs. `names`: of these objects alone, if there are any."""

    power: str
    act: Act | None
    verbs: tuple[str, ...]
    rule: PolicyRule
    names: tuple[str, ...] = ()


def _acts(power: str, verbs: tuple[str, ...], group: str, *resources: str, clusterwide: bool = False) -> list[Act]:
    return [Act(power, verbs, group, resource, clusterwide) for resource in resources]


ACTS: tuple[Act, ...] = (
    *_acts(READ_SECRETS, ("get", "list", "watch"), "", "secrets"),
    *_acts(WRITE_PODS, _WRITE, "", "pods", "replicationcontrollers"),
    *_acts(WRITE_PODS, _WRITE, "apps", "deployments", "daemonsets", "statefulsets", "replicasets"),
    *_acts(WRITE_PODS, _WRITE, "batch", "jobs", "cronjobs"),
    *_acts(EXEC, ("create", "get"), "", "pods/exec", "pods/attach", "pods/portforward"),
    *_acts(EXEC, _WRITE, "", "pods/ephemeralcontainers"),
    *_acts(BIND, ("bind",), _RBAC, "roles"),
    *_acts(BIND, ("bind",), _RBAC, "clusterroles"),
    *_acts(ESCALATE, ("escalate",), _RBAC, "roles"),
    *_acts(ESCALATE, ("escalate",), _RBAC, "clusterroles", clusterwide=True),
    *_acts(IMPERSONATE, ("impersonate",), "", "users", "groups", clusterwide=True),
    *_acts(IMPERSONATE, ("impersonate",), "", "serviceaccounts"),
    *_acts(WRITE_BINDINGS, _WRITE, _RBAC, "rolebindings"),
    *_acts(WRITE_BINDINGS, _WRITE, _RBAC, "clusterrolebindings", clusterwide=True),
    *_acts(WRITE_ROLES, _WRITE, _RBAC, "roles"),
    *_acts(WRITE_ROLES, _WRITE, _RBAC, "clusterroles", clusterwide=True),
    *_acts(MAKE_TOKENS, ("create",), "", "serviceaccounts/token"),
    *_acts(MAKE_SECRETS, ("create",), "", "secrets"),
    *_acts(NODE_PROXY, ("get", "create"), "", "nodes/proxy", clusterwide=True),
    *_acts(APPROVE, _CHANGE, _CERTIFICATES, "certificatesigningrequests/approval", clusterwide=True),
    *_acts(SIGNERS, ("approve",), _CERTIFICATES, "signers", clusterwide=True),
    *_acts(REQUEST, ("create",), _CERTIFICATES, "certificatesigningrequests", clusterwide=True),
    *_acts(WEBHOOKS, _WRITE, _ADMISSION, "mutatingwebhookconfigurations", clusterwide=True),
    *_acts(WEBHOOKS, _WRITE, _ADMISSION, "validatingwebhookconfigurations", clusterwide=True),
    *_acts(VOLUMES, ("create",), "", "persistentvolumes", clusterwide=True),
    *_acts(NODE_STATE, (*_CHANGE, *_DELETE), "", "nodes", clusterwide=True),
    *_acts(NODE_STATE, _CHANGE, "", "nodes/status", clusterwide=True),
    *_acts(NODE_STATE, _CHANGE, "", "pods/status"),
    *_acts(NODE_STATE, _DELETE, "", "pods"),
    *_acts(HIDE, _DELETE, "", "events", "pods/log"),
    *_acts(HIDE, _DELETE, "events.k8s.io", "events"),
    *_acts(REDIRECT, _CHANGE, "", "configmaps", "services/status", "endpoints"),
    *_acts(REDIRECT, _CHANGE, "discovery.k8s.io", "endpointslices"),
    *_acts(REDIRECT, _CHANGE, "networking.k8s.io", "ingresses", "networkpolicies"),
)

_BY_RESOURCE: dict[str, tuple[Act, ...]] = {}
for _act in ACTS:
    _names = {_act.resource, ALL}
    if "/" in _act.resource:
        _names.add(f"*/{_act.resource.partition('/')[2]}")
    for _name in _names:
        _BY_RESOURCE[_name] = (*_BY_RESOURCE.get(_name, ()), _act)


def powers(rules: tuple[PolicyRule, ...]) -> tuple[Held, ...]:
    """Every dangerous act that these rules allow."""
    return tuple(held for rule in rules for held in _of(rule))


@lru_cache(4096)
def _of(rule: PolicyRule) -> tuple[Held, ...]:
    found: list[Held] = []
    if is_everything(rule):
        found.append(Held(EVERYTHING, None, (ALL,), rule))
    acts = dict.fromkeys(act for resource in rule.resources for act in _BY_RESOURCE.get(resource, ()))
    for act in acts:
        if act.group not in rule.api_groups and ALL not in rule.api_groups:
            continue
        verbs = act.verbs if ALL in rule.verbs else tuple(verb for verb in act.verbs if verb in rule.verbs)
        if rule.resource_names and "/" not in act.resource:
            # What is being created has no name yet that a rule could match.
            verbs = tuple(verb for verb in verbs if verb != "create")
        if verbs:
            found.append(Held(act.power, act, verbs, rule, rule.resource_names))
    return tuple(found)
