"""The declaration of a check. One decorated function is all there is to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from checks.verdict import Severity, Verdict
from checks.view import View
from inventory.resource import NOT_OBJECTS, Kind, Resource

R = TypeVar("R", bound=Resource)
_ID = re.compile(r"(IMG|RUN|NET|DMN|HOST|ORC|MON|CMB)-\d{3}")


class Domain(StrEnum):
    """The five domains of a trustworthy host, and the host itself."""

    IMAGES = "images"
    RUNTIME = "runtime"
    NETWORK = "network"
    ORCHESTRATION = "orchestration"
    MONITORING = "monitoring"
    HOST = "host"


class Check(msgspec.Struct, frozen=True, eq=False):
    """One check: what it judges, how bad a failure is, where the rule comes from, what to do about it.

    There is one object per id, compared and hashed by identity: the engine keys everything by it.
    """

    id: str
    title: str
    domain: Domain
    severity: Severity
    subject: type[Resource]
    why: str
    remediation: str
    references: tuple[str, ...]
    implied_by: tuple[str, ...]
    derived: bool
    doc: str
    judge: Callable[[Any, View], Verdict]
    basis: Callable[[Any], object] | None = None

    @property
    def families(self) -> tuple[type[Resource], ...]:
        """The families that it judges: the subject, or all of an abstract subject's that have been imported."""
        return tuple(_families(self.subject))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of resources it judges."""
        return tuple(family.kind for family in self.families)

    @property
    def judges(self) -> str:
        """What it judges, for people."""
        return self.subject.kind.value if hasattr(self.subject, "kind") else getattr(self.subject, "noun", "resource")


def _families(subject: type[Resource]) -> Iterator[type[Resource]]:
    if hasattr(subject, "kind"):
        if subject.kind not in NOT_OBJECTS:
            yield subject
        return
    for family in subject.__subclasses__():
        yield from _families(family)


REGISTRY: dict[str, Check] = {}


def check(
    id: str,  # noqa: A002 - the word that the catalogue, reports and policies use
    title: str,
    *,
    domain: Domain,
    severity: Severity,
    subject: type[R],
    why: str,
    remediation: str,
    references: Iterable[str],
    implied_by: Iterable[str] = (),
    derived: bool = False,
    basis: Callable[[R], object] | None = None,
) -> Callable[[Callable[[R, View], Verdict]], Callable[[R, View], Verdict]]:
    """Register a check.

    Args:
        id: its number in the catalogue, never reused.
        title: names the bad pattern, in sentence case.
        domain: where it is counted.
        severity: of a failure, unless the verdict or the policy says otherwise.
        subject: the resource class it judges, or one that several have in common; one verdict per resource.
        why: one line: what an attacker or an accident gains.
        remediation: what to do, pasteable where possible, with the likely side effect.
        references: `CIS-Docker-1.6:5.5`, `PSS:baseline:Privileged Containers`, `ATT&CK:T1611`, `CWE-250`, ...
        implied_by: checks whose failure on the same resource already says this; then it is folded into theirs.
        derived: whether it reads other checks' verdicts (`View.outcome`, `View.severity`); such checks run last.
        basis: the one thing of a resource that it looks at, if that is all: it runs once for all resources of a kind
            that have this very object.

    The function's docstring states the exact condition of each verdict and its source. It must be pure; a field that
    could not be read raises `Unread` by itself, which the engine turns into *unknown*.
    """

    def register(judge: Callable[[R, View], Verdict]) -> Callable[[R, View], Verdict]:
        if not _ID.fullmatch(id) or id in REGISTRY:
            raise ValueError(f"check id {id!r} is malformed or taken")
        REGISTRY[id] = Check(
            id=id,
            title=title,
            domain=domain,
            severity=severity,
            subject=subject,
            why=why,
            remediation=remediation,
            references=tuple(references),
            implied_by=tuple(implied_by),
            derived=derived,
            doc=(judge.__doc__ or "").strip(),
            judge=judge,
            basis=basis,
        )
        return judge

    return register
