"""In plain words: how a cluster is to be read, and what of it is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from inventory.gap import Gap, Reason
from inventory.kubernetes.derived import DERIVED
from inventory.resource import Kind
from inventory.snapshot import SourceHealth, Status
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.kinds import CUSTOM_GROUPS, SERVED

KIND = "kubernetes"
_RESOURCES = {one.family.kind: one.resource for one in SERVED}
_READ = frozenset(CUSTOM_GROUPS).union(one.group for one in SERVED)
_TOLD_BY_INPUTS = frozenset(one.kind for one in DERIVED)


def failed(target: str, error: ApiError, version: str = "") -> SourceHealth:
    """A cluster that gives nothing."""
    status = Status.FORBIDDEN if error.reason is Reason.DENIED else Status.UNREACHABLE
    return SourceHealth(KIND, target, status, error.message, version)


def read(
    target: str,
    version: str,
    gaps: Mapping[Kind, Gap],
    stale: Iterable[str] = (),
    namespaces: tuple[str, ...] = (),
    strangers: str = "",
) -> SourceHealth:
    """A cluster that answers. What is not served, or not asked for, is not held against it.

    `stale` are API groups without an answer, of which those count that something here reads; `strangers` is what
    `unknown_namespaces` says.
    """
    stale = [group for group in stale if group in _READ]
    forbidden = [_word(kind) for kind, gap in sorted(gaps.items()) if _counts(kind) and gap.reason is Reason.DENIED]
    told = [f"forbidden: {', '.join(forbidden)}"] if forbidden else []
    reasons: dict[str, list[str]] = {}
    for kind, gap in sorted(gaps.items()):
        if _counts(kind) and gap.reason not in {Reason.DENIED, Reason.UNSUPPORTED, Reason.PENDING}:
            reasons.setdefault(gap.detail or str(gap), []).append(_word(kind))
    told += [f"{', '.join(names)}: {why}" for why, names in reasons.items()]
    if stale:
        told.append(f"no answer from the API {'groups' if len(stale) > 1 else 'group'} {', '.join(stale)}")
    if strangers:
        told.insert(0, strangers)
    status = Status.DEGRADED if told else Status.OK
    if namespaces:
        told.insert(0, f"only {', '.join(namespaces)}")
    return SourceHealth(KIND, target, status, "; ".join(told), version)


def unknown_namespaces(asked: Iterable[str], known: Iterable[str]) -> str:
    """Which of the namespaces that were asked for do not exist, each with those of a similar name."""
    there = sorted(known)
    said = []
    for name in asked:
        if name not in there:
            near = difflib.get_close_matches(name, there, 3, 0.5)
            said.append(f"no namespace {name}" + (f" (near: {', '.join(near)})" if near else ""))
    return "; ".join(said)


def _word(kind: Kind) -> str:
    """As the API calls them."""
    return _RESOURCES.get(kind, kind.plural)


def _counts(kind: Kind) -> bool:
    return kind not in _TOLD_BY_INPUTS
