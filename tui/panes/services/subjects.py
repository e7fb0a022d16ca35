"""RBAC: who may do what. One row per user, group or service account, with the rights that matter in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from inventory.gap import Gap
from inventory.kubernetes.authority import powers as power
from inventory.kubernetes.subjects import ACCOUNT, GROUP, Grant, Subject, subject_key
from inventory.resource import Kind
from inventory.text import safe
from tui.format import missing
from tui.panes.base import title
from tui.panes.services.view import KubeEntry, KubeView, rule, sec
from tui.panes.services.words import cell, said
from tui.picture import Picture
from tui.verdicts import link_text
from widgets.cells import Cell
from widgets.columns import Column
from widgets.style import Role
from widgets.textview import TextLine, line

MAY: Mapping[str, tuple[str, Role]] = {
    power.EVERYTHING: ("everything", "critical"),
    power.BIND: ("give itself roles", "error"),
    power.ESCALATE: ("widen roles", "error"),
    power.IMPERSONATE: ("act as others", "error"),
    power.WRITE_BINDINGS: ("bind roles", "error"),
    power.WRITE_ROLES: ("write roles", "error"),
    power.READ_SECRETS: ("read secrets", "error"),
    power.EXEC: ("run in pods", "error"),
    power.NODE_PROXY: ("reach kubelets", "error"),
    power.WRITE_PODS: ("make pods", "normal"),
    power.MAKE_TOKENS: ("make tokens", "error"),
    power.MAKE_SECRETS: ("make secrets", "normal"),
    power.APPROVE: ("approve certificates", "error"),
    power.SIGNERS: ("approve for signers", "error"),
    power.REQUEST: ("ask for certificates", "normal"),
    power.WEBHOOKS: ("change webhooks", "error"),
    power.VOLUMES: ("make volumes", "normal"),
    power.NODE_STATE: ("change nodes, pods", "normal"),
    power.HIDE: ("delete events", "normal"),
    power.REDIRECT: ("redirect traffic", "normal"),
}
"""What a dangerous right lets somebody do, the worst first."""

_ORDER = {name: place for place, name in enumerate(MAY)}
_KINDS = {ACCOUNT: "account", GROUP: "group"}


class SubjectsView(KubeView):
    """One row per subject."""

    name = "RBAC"
    short = "RBAC"
    families = (Subject,)
    hides_minor = True
    hidden = "those that have only what Kubernetes ships, or nothing"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("sec", "SEC", 9),
        Column("kind", "KIND", 7, priority=2),
        Column("name", "SUBJECT", 20, weight=2, limit=60, cut="middle"),
        Column("where", "WHERE", 11, weight=1, limit=30),
        Column("may", "MAY", 26, weight=4, limit=110),
        Column("roles", "ROLES", 14, weight=2, limit=60, priority=3),
    )

    def moments(self, resource: Any, beside: Any) -> tuple[float, ...]:
        """It has no age."""
        return ()

    def minor(self, entry: KubeEntry) -> bool:
        """What everybody has who runs Kubernetes, unless something is wrong with it."""
        grants = entry.resource.peek("grants")
        if isinstance(grants, Gap) or entry.summary.worst is not None:
            return False
        return all(grant.shipped for grant in grants)

    def cells(self, entry: KubeEntry) -> tuple[Cell, ...]:
        """One cell per column."""
        subject = entry.resource
        grants, exists = subject.peek("grants"), subject.peek("exists")
        gone = Cell.of(" (gone)", "error") if exists is False else Cell()
        return (
            sec(entry),
            Cell.of(_KINDS.get(said(subject, "subject_kind"), "user"), "dim"),
            Cell.join(cell(called(subject)), gone),
            cell(grants if isinstance(grants, Gap) else where(grants)),
            may(subject),
            cell(grants if isinstance(grants, Gap) else " ".join(dict.fromkeys(each.role.id for each in grants))),
        )

    def value(self, entry: KubeEntry, column: str) -> Any:
        """By the worst right where verdicts are equal."""
        if column in ("sec", "may"):
            grants = entry.resource.peek("grants")
            held = () if isinstance(grants, Gap) else worst(grants)
            rights = tuple(-_ORDER.get(each, len(_ORDER)) for each in held[:1]) or (-len(_ORDER) - 1,)
            return (*super().value(entry, "sec"), *rights) if column == "sec" else rights
        return super().value(entry, column)

    def fields(self, entry: KubeEntry) -> dict[str, str]:
        """Rights and roles too."""
        texts = [each.text for each in entry.cells]
        return super().fields(entry) | {
            "kind": texts[1], "name": called(entry.resource), "state": texts[4], "may": texts[4], "role": texts[5],
        }  # fmt: skip

    def telling(self, picture: Picture) -> Cell:
        """How many may do everything."""
        found = 0
        for subject in picture.snapshot.of(Subject):
            grants = subject.peek("grants")
            if not isinstance(grants, Gap) and not all(each.shipped for each in grants):
                found += power.EVERYTHING in worst(grants)
        return Cell.of(f"{found} may do everything somewhere", "error") if found else Cell()

    def none(self, picture: Picture) -> str:
        """A cluster without RBAC."""
        return "nobody was given anything by RBAC"

    def title_line(self, entry: KubeEntry) -> TextLine:
        """Kind and name."""
        subject = entry.resource
        words = f"  {said(subject, 'subject_kind')} of {subject.key.source}"
        return title((called(subject), "title"), (words, "dim"))

    def facts(self, entry: KubeEntry, picture: Picture, width: int, now: float) -> list[TextLine]:
        """Each role with what it gives, then what its groups were given."""
        subject, lines = entry.resource, [rule(width)]
        whole = subject.peek("whole")
        if isinstance(whole, Gap):
            lines.append(line(f" not all is known: {safe(str(whole), 300)}", "unknown"))
        grants, memberships = subject.peek("grants"), subject.peek("memberships")
        for grant in () if isinstance(grants, Gap) else grants:
            lines += _grant_lines(grant)
        for membership in () if isinstance(memberships, Gap) else memberships:
            held = worst(membership.grants)
            words = ", ".join(MAY[each][0] for each in held if each in MAY) or "nothing that matters"
            key = subject_key(subject.key.source, GROUP, membership.group)
            lines.append(TextLine(Cell.join((f" as {safe(membership.group, 200)}", "accent"), f": {words}"), meta=key))
        if subject.peek("subject_kind") == ACCOUNT:
            key = subject.key._replace(kind=Kind.SERVICEACCOUNT, id=subject.key.id.partition("/")[2])
            if picture.everything.snapshot.get(key) is not None:
                words = f" {link_text(key, picture.everything.snapshot)}"
                lines.append(TextLine(Cell.of(words, "accent"), meta=key))
        return lines


def called(subject: Subject) -> str:
    """`legacy/default` for an account, else the name."""
    space = said(subject, "namespace")
    return f"{space}/{subject.name}" if space else subject.name


def worst(grants: Iterable[Grant]) -> tuple[str, ...]:
    """The powers among these grants, the worst first; those over named objects alone last."""
    found = dict.fromkeys(held.power for grant in grants for held in grant.powers if not held.names)
    named = dict.fromkeys(held.power for grant in grants for held in grant.powers if held.names)
    rest = (each for each in named if each not in found)
    return (*sorted(found, key=lambda each: _ORDER.get(each, 99)), *rest)


def where(grants: tuple[Grant, ...]) -> str:
    """In which namespaces something was given."""
    if any(not each.namespace for each in grants):
        return "everywhere"
    return ",".join(dict.fromkeys(each.namespace for each in grants)) or "nowhere"


def may(subject: Subject) -> Cell:
    """The rights that matter, in words."""
    grants = subject.peek("grants")
    if isinstance(grants, Gap):
        return Cell.of(missing(grants), "unknown")
    held = worst(grants)
    if power.EVERYTHING in held:
        return Cell.of("everything", "critical")
    parts: list[Cell | str] = []
    named = {each.power for grant in grants for each in grant.powers if each.names}
    wide = {each.power for grant in grants for each in grant.powers if not each.names}
    for each in held:
        words, role = MAY.get(each, (each, "normal"))
        words += " (named ones)" if each in named - wide else ""
        parts += [", " if parts else "", Cell.of(words, role)]
    if not parts:
        known = "look and list" if grants else "nothing"
        parts.append(Cell.of(known, "dim"))
    unsure = Cell.of(" ?", "unknown") if isinstance(subject.peek("whole"), Gap) else Cell()
    return Cell.join(*parts, unsure)


def _grant_lines(grant: Grant) -> list[TextLine]:
    place = f"in {grant.namespace}" if grant.namespace else "everywhere"
    head = Cell.join(
        (f" {safe(grant.role.id, 200)}", "accent"), f" {safe(place, 80)}  by {safe(grant.binding.id, 200)}"
    )
    lines = [TextLine(head, meta=grant.role)]
    for held in dict.fromkeys((each.power, each.names) for each in grant.powers):
        words, role = MAY.get(held[0], (held[0], "normal"))
        only = f", of {safe(', '.join(held[1]), 200)} alone" if held[1] else ""
        lines.append(line(f"   may {words}{only}", "error" if role == "critical" else role))
    return lines
