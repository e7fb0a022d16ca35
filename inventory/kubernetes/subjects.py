"""Who may do what: the users, groups and service accounts that roles are bound to, with what they get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.authority.aggregation import Rules, resolved
from inventory.kubernetes.authority.powers import Held, powers
from inventory.kubernetes.authority.shipped import WELL_KNOWN, Identity, shipped_role, shipped_to
from inventory.kubernetes.derivation import Derivation, Objects
from inventory.kubernetes.part import ObjectReference
from inventory.kubernetes.rbac import Binding, ClusterRole, ClusterRoleBinding, Role, ServiceAccount
from inventory.kubernetes.resource import object_id, object_key
from inventory.resource import Kind, Resource, ResourceKey

USER, GROUP, ACCOUNT = "User", "Group", "ServiceAccount"
MASTERS, ANONYMOUS = "system:masters", "system:anonymous"
AUTHENTICATED, UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"
ACCOUNTS = "system:serviceaccounts"
_ACCOUNT_USER = "system:serviceaccount:"
_NODE_USER, _NODES = "system:node:", "system:nodes"


class Grant(msgspec.Struct, frozen=True):
    """One role given by one binding, in `namespace` or, where that is "", everywhere.

    `powers` are the dangerous ones among its rules. `shipped`: Kubernetes brings both, unchanged.
    """

    binding: ResourceKey
    role: ResourceKey
    namespace: str
    rules: Rules
    powers: tuple[Held, ...]
    shipped: bool = False


class Membership(msgspec.Struct, frozen=True):
    """A group that the subject belongs to without anybody saying so, and what that group was given."""

    group: str
    grants: tuple[Grant, ...]


class Subject(Resource):
    """A user, group or service account. The key's id is `User/name`, `Group/name`, `ServiceAccount/namespace/name`.

    `grants` are its own; what it gets as a member of groups is in `memberships`, as far as the groups follow from its
    name: in which others a user is, the cluster does not know. `whole` is a gap where a binding or role could not be
    read, so that nobody may say that there is nothing more. `exists`: the service account does; of users and groups
    nobody keeps a list. `token_secrets` names the secrets that hold a token of the account; `automount`: pods get one
    unless they say otherwise.
    """

    kind: ClassVar[Kind] = Kind.SUBJECT

    subject_kind: str
    namespace: str
    grants: tuple[Grant, ...]
    memberships: tuple[Membership, ...]
    whole: bool
    exists: bool
    token_secrets: tuple[str, ...]
    automount: bool

    @property
    def called(self) -> str:
        """A service account with its namespace."""
        namespace = self.peek("namespace")
        return f"{namespace}/{self.name}" if isinstance(namespace, str) and namespace else self.name

    def all_grants(self) -> Iterator[tuple[str, Grant]]:
        """Own grants, then those of its groups: (the group or "", grant)."""
        for grant in self.grants:
            yield "", grant
        for membership in self.memberships:
            for grant in membership.grants:
                yield membership.group, grant


def subject_key(source: str, kind: str, name: str, namespace: str = "") -> ResourceKey:
    """The key of a subject; `namespace` is a service account's."""
    return ResourceKey(Kind.SUBJECT, source, f"{kind}/{object_id(namespace, name)}")


def account_key(source: str, namespace: str, name: str) -> ResourceKey:
    """The key of what pods of this service account may do; "" is the account named default."""
    return subject_key(source, ACCOUNT, name or "default", namespace)


def groups_of(kind: str, name: str, namespace: str) -> tuple[str, ...]:
    """The groups that follow from what a subject is called."""
    if kind == ACCOUNT:
        return (f"{ACCOUNTS}:{namespace}", ACCOUNTS, AUTHENTICATED)
    if kind == GROUP:
        if name in (AUTHENTICATED, UNAUTHENTICATED):
            return ()
        return (ACCOUNTS, AUTHENTICATED) if name.startswith(f"{ACCOUNTS}:") else (AUTHENTICATED,)
    if name == ANONYMOUS:
        return (UNAUTHENTICATED,)
    return (_NODES, AUTHENTICATED) if name.startswith(_NODE_USER) else (AUTHENTICATED,)


def subjects(objects: Objects, source: str) -> Iterable[Subject]:
    """Everybody that a binding names, and every service account."""
    return _Builder(objects, source).build()


SUBJECTS = Derivation(
    frozenset({Kind.ROLE, Kind.CLUSTERROLE, Kind.ROLEBINDING, Kind.CLUSTERROLEBINDING, Kind.SERVICEACCOUNT}),
    Kind.SUBJECT,
    subjects,
)


class _Builder:
    def __init__(self, objects: Objects, source: str) -> None:
        self._source = source
        self._bindings: tuple[Binding, ...] = (*objects[Kind.CLUSTERROLEBINDING], *objects[Kind.ROLEBINDING])
        self._accounts: tuple[ServiceAccount, ...] = objects[Kind.SERVICEACCOUNT]
        cluster_roles: tuple[ClusterRole, ...] = objects[Kind.CLUSTERROLE]
        rules = resolved(cluster_roles)
        self._roles: dict[ResourceKey, tuple[Rules | Gap, tuple[Held, ...], bool]] = {}
        for role in (*cluster_roles, *objects[Kind.ROLE]):
            self._note_role(role, rules[role.name] if isinstance(role, ClusterRole) else role.peek("rules"))
        self._held: dict[Identity, list[Grant]] = {}
        self._gaps: dict[Identity, Gap] = {}
        self._unreadable: Gap | None = None
        self._tuples: dict[tuple[int, ...], tuple[Grant, ...]] = {}
        self._groups: dict[tuple[str, ...], tuple[Membership, ...]] = {}

    def build(self) -> Iterator[Subject]:
        for binding in self._bindings:
            self._bind(binding)
        accounts = {(ACCOUNT, one.namespace, one.name): one for one in self._accounts}
        for identity in dict.fromkeys((*self._held, *accounts)):
            yield self._subject(identity, accounts.get(identity))

    def _note_role(self, role: Role | ClusterRole, rules: Rules | Gap) -> None:
        held = () if isinstance(rules, Gap) else powers(rules)
        self._roles[role.key] = (rules, held, shipped_role(role.key.id, role.peek("labels"), held))

    def _bind(self, binding: Binding) -> None:
        gap = next((g for name in ("role_ref", "subjects") if isinstance(g := binding.peek(name), Gap)), None)
        if gap is not None:
            self._unreadable = self._unreadable or gap
            return
        found = self._rules(binding)
        if found is None:
            for identity in _identities(binding):
                self._held.setdefault(identity, [])
            return
        key, (rules, held, role_shipped) = found
        upstream = shipped_to(binding) if role_shipped else ()
        known = () if isinstance(rules, Gap) else rules
        where = _scope(binding)
        made: dict[bool, Grant] = {}
        for identity in _identities(binding):
            grants = self._held.setdefault(identity, [])
            as_shipped = identity in upstream
            if as_shipped not in made:
                made[as_shipped] = Grant(binding.key, key, where, known, held, as_shipped)
            grants.append(made[as_shipped])
            if isinstance(rules, Gap):
                self._gaps.setdefault(identity, rules)

    def _rules(self, binding: Binding) -> tuple[ResourceKey, tuple[Rules | Gap, tuple[Held, ...], bool]] | None:
        """The role that a binding refers to; None when it does not exist, and the binding gives nothing."""
        ref = binding.role_ref
        if ref.kind == "ClusterRole":
            key = object_key(Kind.CLUSTERROLE, self._source, "", ref.name)
        elif ref.kind == "Role" and _scope(binding):
            key = object_key(Kind.ROLE, self._source, binding.namespace, ref.name)
        else:
            return None
        found = self._roles.get(key)
        if found is None and binding.peek("manifest") is not None:
            rules = WELL_KNOWN.get(ref.name) if ref.kind == "ClusterRole" else None
            held = powers(rules) if rules else ()
            elsewhere = Gap(Reason.ABSENT, f"{ref.kind} {ref.name}", "no manifest holds it")
            found = self._roles[key] = (elsewhere if rules is None else rules, held, False)
        return None if found is None else (key, found)

    def _subject(self, identity: Identity, account: ServiceAccount | None) -> Subject:
        kind, namespace, name = identity
        secrets: object = account.peek("secrets") if account is not None else ()
        automount = account.peek("automount_token") if account is not None else None
        groups = groups_of(kind, name, namespace)
        return Subject.build(
            key=subject_key(self._source, kind, name, namespace),
            name=name,
            subject_kind=kind,
            namespace=namespace,
            grants=self._shared(self._held.get(identity, ())),
            memberships=self._memberships(groups),
            whole=self._gap((identity, *((GROUP, "", group) for group in groups))) or True,
            exists=kind != ACCOUNT or account is not None,
            token_secrets=secrets if isinstance(secrets, Gap) else _names(secrets),
            automount=automount if isinstance(automount, Gap) else automount is not False,
        )

    def _gap(self, identities: Iterable[Identity]) -> Gap | None:
        return self._unreadable or next((self._gaps[one] for one in identities if one in self._gaps), None)

    def _shared(self, grants: Iterable[Grant]) -> tuple[Grant, ...]:
        found = tuple(grants)
        return self._tuples.setdefault(tuple(id(one) for one in found), found)

    def _memberships(self, groups: tuple[str, ...]) -> tuple[Membership, ...]:
        if groups not in self._groups:
            held = ((group, self._held.get((GROUP, "", group), ())) for group in groups)
            self._groups[groups] = tuple(Membership(group, self._shared(grants)) for group, grants in held if grants)
        return self._groups[groups]


def _scope(binding: Binding) -> str:
    """The namespace in which it gives its role; a manifest without one goes to that named default."""
    return "" if isinstance(binding, ClusterRoleBinding) else binding.namespace or "default"


def _identities(binding: Binding) -> Mapping[Identity, None]:
    """Who the binding names, each once; what the authorizer cannot match is nobody."""
    return dict.fromkeys(found for one in binding.subjects if (found := _identity(one, _scope(binding))) is not None)


def _identity(subject: ObjectReference, namespace: str) -> Identity | None:
    match subject.kind:
        case "ServiceAccount":
            where = subject.namespace or namespace
            return (ACCOUNT, where, subject.name) if where and subject.name else None
        case "Group" if subject.name:
            return (GROUP, "", subject.name)
        case "User" if subject.name.startswith(_ACCOUNT_USER):
            where, colon, name = subject.name.removeprefix(_ACCOUNT_USER).partition(":")
            return (ACCOUNT, where, name) if colon and where and name else (USER, "", subject.name)
        case "User" if subject.name:
            return (USER, "", subject.name)
    return None


def _names(secrets: object) -> tuple[str, ...]:
    return tuple(one.name for one in secrets) if isinstance(secrets, tuple) else ()
