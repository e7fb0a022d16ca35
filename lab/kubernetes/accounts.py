"""Who asks, and what they may: the recorded cluster's own roles and bindings, evaluated."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lab.kubernetes.cluster import Cluster
from lab.kubernetes.problem import Problem

_RBAC = "rbac.authorization.k8s.io"
_KINDS = tuple(f"{_RBAC}/{name}" for name in ("roles", "clusterroles", "rolebindings", "clusterrolebindings"))


@dataclass(slots=True)
class Account:
    """`token` is empty where a client certificate (or nothing) says who it is."""

    name: str
    user: str
    groups: tuple[str, ...]
    token: str = ""
    uid: str = ""


def _service_account(name: str, namespace: str, account: str) -> Account:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return Account(name, f"system:serviceaccount:{namespace}:{account}", groups, secrets.token_hex(16))


@dataclass(slots=True)
class Accounts:
    """The accounts of the recording. `bad-token` has one that nobody knows."""

    admin: Account = field(
        default_factory=lambda: Account(
            "admin", "kubernetes-admin", ("system:masters", "system:authenticated"), secrets.token_hex(16)
        )
    )
    viewer: Account = field(default_factory=lambda: _service_account("viewer", "default", "viewer"))
    namespace_only: Account = field(
        default_factory=lambda: _service_account("namespace-only", "staging", "staging-dev")
    )
    triage: Account = field(default_factory=lambda: _service_account("triage", "default", "triage"))
    anonymous: Account = field(
        default_factory=lambda: Account("anonymous", "system:anonymous", ("system:unauthenticated",))
    )

    def __iter__(self) -> Iterator[Account]:
        return iter((self.admin, self.viewer, self.namespace_only, self.triage, self.anonymous))

    def named(self, name: str) -> Account:
        return next(one for one in self if one.name == name)

    def of_token(self, token: str) -> Account | None:
        return next((one for one in self if one.token and secrets.compare_digest(one.token, token)), None)

    def of_user(self, user: str) -> Account | None:
        return next((one for one in self if one.user == user), None)

    def renew(self, name: str) -> str:
        """From now on the old token is refused; returns the new one."""
        account = self.named(name)
        account.token = secrets.token_hex(16)
        return account.token


class Wish(NamedTuple):
    """What somebody wants: a verb on a resource (`pods/log`), or on a path."""

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


class Access:
    """RBAC over the cluster's own objects."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: tuple[object, dict[str, list[tuple[str, dict[str, Any], str]]]] = (None, {})

    def allowed(self, account: Account, wish: Wish) -> str | None:
        """Why it may; None where it may not."""
        if "system:masters" in account.groups:
            return ""
        for namespace, rule, reason in self._rules(account):
            if namespace and (wish.path or namespace != wish.namespace):
                continue
            if _covers(rule, wish):
                return reason
        return None

    def demand(self, account: Account, wish: Wish) -> None:
        """Raises 403 in the API's words."""
        if self.allowed(account, wish) is not None:
            return
        if wish.path:
            words = f'forbidden: User "{account.user}" cannot {wish.verb} path "{wish.path}"'
            raise Problem(403, "Forbidden", words, details={})
        plural = wish.resource.partition("/")[0]
        what = f"{plural}.{wish.group}" if wish.group else plural
        subject = f'{what} "{wish.name}"' if wish.name else what
        where = f'in the namespace "{wish.namespace}"' if wish.namespace else "at the cluster scope"
        raise Problem(
            403, "Forbidden",
            f'{subject} is forbidden: User "{account.user}" cannot {wish.verb} resource "{wish.resource}" '
            f'in API group "{wish.group}" {where}',
            details={
                **({"name": wish.name} if wish.name else {}), **({"group": wish.group} if wish.group else {}),
                "kind": plural,
            },
        )  # fmt: skip

    def rules(self, account: Account, namespace: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Resource rules and path rules that hold in a namespace."""
        found = [rule for where, rule, _ in self._rules(account) if where in ("", namespace)]
        if "system:masters" in account.groups:
            everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
            found = [everything, {"verbs": ["*"], "nonResourceURLs": ["*"]}, *found]
        found = [rule for at, rule in enumerate(found) if rule not in found[:at]]
        return [one for one in found if "resources" in one], [one for one in found if "nonResourceURLs" in one]

    def _rules(self, account: Account) -> list[tuple[str, dict[str, Any], str]]:
        """Namespace (or nothing for all), rule, and the reason it holds."""
        with self._cluster.changed:
            collections = [self._cluster.collection(kind) for kind in _KINDS]
            state = tuple((len(one.entries), len(one.history)) for one in collections)
            if self._known[0] != state:
                self._known = (state, {})
            known = self._known[1]
            if account.user not in known:
                known[account.user] = list(self._read(account))
            return known[account.user]

    def _read(self, account: Account) -> Iterator[tuple[str, dict[str, Any], str]]:
        for word, binding_kind in (("ClusterRoleBinding", _KINDS[3]), ("RoleBinding", _KINDS[2])):
            for entry in self._cluster.collection(binding_kind).entries.values():
                binding = entry.object()
                subject = next((one for one in binding.get("subjects") or () if _is(account, one)), None)
                if subject is None:
                    continue
                reference, where = binding["roleRef"], entry.namespace
                key = f"{where}/{reference['name']}" if reference["kind"] == "Role" else reference["name"]
                roles = self._cluster.collection(_KINDS[0] if reference["kind"] == "Role" else _KINDS[1])
                role = roles.entries.get(key)
                path = f"{entry.name}/{where}" if where else entry.name
                who = f"{subject['name']}/{subject['namespace']}" if subject.get("namespace") else subject["name"]
                reason = (
                    f'RBAC: allowed by {word} "{path}" of {reference["kind"]} "{reference["name"]}" '
                    f'to {subject["kind"]} "{who}"'
                )
                for rule in (role.object().get("rules") or ()) if role else ():
                    yield where, rule, reason


def _is(account: Account, subject: Mapping[str, Any]) -> bool:
    if subject["kind"] == "Group":
        return subject["name"] in account.groups
    if subject["kind"] == "ServiceAccount":
        return account.user == f"system:serviceaccount:{subject.get('namespace', '')}:{subject['name']}"
    return bool(subject["name"] == account.user)


def _covers(rule: Mapping[str, Any], wish: Wish) -> bool:
    if not {"*", wish.verb} & set(rule.get("verbs") or ()):
        return False
    if wish.path:
        paths = rule.get("nonResourceURLs") or ()
        return any(one == wish.path or (one.endswith("*") and wish.path.startswith(one[:-1])) for one in paths)
    if not {"*", wish.group} & set(rule.get("apiGroups") or ()):
        return False
    _, _, sub = wish.resource.partition("/")
    if not {"*", wish.resource, f"*/{sub}" if sub else "*"} & set(rule.get("resources") or ()):
        return False
    names = rule.get("resourceNames")
    return not names or wish.name in names
