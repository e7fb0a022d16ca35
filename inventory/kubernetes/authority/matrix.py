"""What a subject may do, condensed for people: `everything`, `read secrets everywhere`, `create pods in prod`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from inventory.kubernetes.authority.powers import powers
from inventory.kubernetes.authority.rules import ALL, is_everything
from inventory.kubernetes.rbac import PolicyRule
from inventory.kubernetes.subjects import Grant, Subject

_READ = ("get", "list", "watch")
_WORDS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({*_READ, "create", "update", "patch", "delete", "deletecollection"}), "manage"),
    (frozenset(_READ), "read"),
    (frozenset({"get", "list"}), "read"),
    (frozenset({"update", "patch"}), "change"),
    (frozenset({"delete", "deletecollection"}), "delete"),
)
_CORE = ("", "apps", "batch")


class Right(msgspec.Struct, frozen=True):
    """One row: `verbs` and `what` in words, `where` a namespace or "" for everywhere, of which grant and rule.

    `dangerous` when the rule gives more than it says. `group` is the one that the subject has it of, "" for its own.
    """

    verbs: str
    what: str
    where: str
    dangerous: bool
    group: str
    grant: Grant
    rule: PolicyRule

    @property
    def words(self) -> str:
        """The row as a sentence."""
        if is_everything(self.rule):
            return f"everything in {self.where}" if self.where else "everything"
        verbs = "every verb on" if self.verbs == ALL else self.verbs
        said = f"{verbs} {'everything' if self.what == ALL else self.what}"
        if not self.rule.resources:
            return said
        return f"{said} in {self.where}" if self.where else f"{said} everywhere"


def matrix(subject: Subject) -> tuple[Right, ...]:
    """Every right of a subject, the widest and most dangerous first; its own before those of its groups."""
    return tuple(sorted(_rights(subject.all_grants()), key=_rank))


def _rank(right: Right) -> tuple[bool, bool, bool, bool, str, str]:
    own = bool(right.group)
    return (own, not is_everything(right.rule), not right.dangerous, bool(right.where), right.where, right.what)


def _rights(grants: Iterable[tuple[str, Grant]]) -> Iterator[Right]:
    seen: set[tuple[str, PolicyRule, str]] = set()
    for group, grant in grants:
        for rule in grant.rules:
            if not rule.resources and grant.namespace:
                continue  # a path of the server is in no namespace
            if (grant.namespace, rule, group) in seen:
                continue
            seen.add((grant.namespace, rule, group))
            dangerous = bool(powers((rule,)))
            yield Right(verbs(rule.verbs), what(rule), grant.namespace, dangerous, group, grant, rule)


def verbs(found: tuple[str, ...]) -> str:
    """`get, list, watch` is *read*, all of it *manage*; verbs that have no such word as they are."""
    if ALL in found:
        return ALL
    rest, said = set(found), []
    for together, word in _WORDS:
        if together <= rest:
            said.append(word)
            rest -= together
    return ", ".join([*said, *dict.fromkeys(verb for verb in found if verb in rest)]) or "nothing"


def what(rule: PolicyRule) -> str:
    """The resources, with the group where the resource alone would not say which."""
    if not rule.resources:
        return "every path of the server" if ALL in rule.non_resource_urls else ", ".join(rule.non_resource_urls)
    if ALL in rule.resources:
        said = ALL if ALL in rule.api_groups else f"everything of {', '.join(one or 'core' for one in rule.api_groups)}"
    else:
        said = ", ".join(rule.resources)
        strange = [one for one in rule.api_groups if one not in _CORE and not one.endswith(".k8s.io")]
        if strange and ALL not in strange:
            said += f" of {', '.join(strange)}"
    return f"{said} named {', '.join(rule.resource_names)}" if rule.resource_names else said
