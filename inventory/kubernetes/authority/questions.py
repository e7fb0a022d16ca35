"""Who may do this, and by what right: the answers of the RBAC authorizer, for subjects that are not ourselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from inventory.kubernetes.authority.rules import allows, allows_url
from inventory.kubernetes.rbac import PolicyRule
from inventory.kubernetes.subjects import GROUP, MASTERS, Grant, Subject


class Allowed(msgspec.Struct, frozen=True):
    """The right: the first rule that allows it, of which grant, and of which group that is ("" : its own)."""

    grant: Grant
    rule: PolicyRule
    group: str = ""


def can(
    subject: Subject, verb: str, group: str, resource: str, namespace: str, name: str = "", subresource: str = ""
) -> Allowed | None:
    """Why the subject may do this, or None.

    `namespace` "" asks for all of them, or for what is in none; the namespace `prod` itself is asked for with
    `namespace="prod", resource="namespaces", name="prod"`, as the server does. Raises `Unread` when the answer may
    lie in what could not be read. Members of system:masters may do everything without any role: `is_master`.
    """
    found = next(rights(subject, verb, group, resource, namespace, name, subresource), None)
    return found if found is not None or subject.whole else None


def rights(
    subject: Subject, verb: str, group: str, resource: str, namespace: str, name: str = "", subresource: str = ""
) -> Iterator[Allowed]:
    """Every grant that allows it, each with its first rule that does; what is missing is not noticed."""
    for membership, grant in subject.all_grants():
        if grant.namespace in ("", namespace):
            for rule in grant.rules:
                if allows(rule, verb, group, resource, name, subresource):
                    yield Allowed(grant, rule, membership)
                    break


def can_get(subject: Subject, verb: str, path: str) -> Allowed | None:
    """Why the subject may ask for what is no resource (`get /metrics`), or None. Raises as `can` does."""
    found = next(
        (
            Allowed(grant, rule, membership)
            for membership, grant in subject.all_grants()
            for rule in (() if grant.namespace else grant.rules)
            if allows_url(rule, verb, path)
        ),
        None,
    )
    return found if found is not None or subject.whole else None


def is_master(subject: Subject) -> bool:
    """Whether the server lets it do everything before it looks at any role."""
    return subject.subject_kind == GROUP and subject.name == MASTERS


def who_can(
    subjects: Iterable[Subject],
    verb: str,
    group: str,
    resource: str,
    namespace: str,
    name: str = "",
    subresource: str = "",
) -> tuple[tuple[Subject, Allowed], ...]:
    """Everybody who may do this, with the right; who may do it by a group alone is left to the group, which is there.

    So the answer to *who reads secrets* is three rows, not every service account once more because of one group.
    """
    asked: dict[int, PolicyRule | None] = {}

    def rule_of(grant: Grant) -> PolicyRule | None:
        known = id(grant.rules)
        if known not in asked:
            asked[known] = next((r for r in grant.rules if allows(r, verb, group, resource, name, subresource)), None)
        return asked[known]

    found: list[tuple[Subject, Allowed]] = []
    for subject in subjects:
        for grant in subject.grants:
            rule = rule_of(grant) if grant.namespace in ("", namespace) else None
            if rule is not None:
                found.append((subject, Allowed(grant, rule)))
                break
    return tuple(found)
