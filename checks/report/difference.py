"""What changed between two evaluated snapshots: resources and results. Ids do not count, identities do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from checks.report.report import Finding, Report
from checks.result import identity
from checks.verdict import Outcome
from inventory.gap import Gap
from inventory.resource import Kind, Resource
from inventory.secrets import mask_text

# What differs between any two moments and says nothing about the configuration.
_FLEETING = frozenset(
    {"key", "id", "raw", "gaps", "observed_at", "updated", "pid", "system_time", "uptime", "load", "memory_available"}
    | {"disks", "processes", "effective", "daemon_pid", "carrier", "exec_ids"}
)
_OPEN = (Outcome.FAIL, Outcome.MANUAL)


class Change(msgspec.Struct, frozen=True):
    """One field; `old` and `new` are "" where the value is too long to be told in a line."""

    field: str
    old: str
    new: str


class Changed(msgspec.Struct, frozen=True):
    """A resource that is on both sides, with another value in some fields."""

    resource: Resource
    changes: tuple[Change, ...]


class Difference(msgspec.Struct, frozen=True):
    """Everything that is different.

    `appeared` and `fixed` are failures and decisions that came and went; `unclear` are old ones that the new side could
    not judge, or whose resources it could not see: these are not fixed. A kind that one side could not read has neither
    added nor removed resources.
    """

    old: Report
    new: Report
    added: tuple[Resource, ...]
    removed: tuple[Resource, ...]
    changed: tuple[Changed, ...]
    appeared: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    unclear: tuple[Finding, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.appeared or self.fixed or self.unclear)


def difference(old: Report, new: Report) -> Difference:
    """Compare two reports and the snapshots that they were made from."""
    before, after = _resources(old), _resources(new)
    pairs = ((before[name], after[name]) for name in sorted(before.keys() & after.keys()))
    changed = (Changed(now, tuple(_changes(then, now))) for then, now in pairs)
    added = (after[name] for name in sorted(after.keys() - before.keys()))
    removed = (before[name] for name in sorted(before.keys() - after.keys()))
    gone = tuple(_only_in(old, new))
    unclear = tuple(finding for finding in gone if _unclear(finding, new, after))
    return Difference(
        old=old,
        new=new,
        added=tuple(resource for resource in added if resource.key.kind not in _unread(old)),
        removed=tuple(resource for resource in removed if resource.key.kind not in _unread(new)),
        changed=tuple(item for item in changed if item.changes),
        appeared=tuple(_only_in(new, old)),
        fixed=tuple(finding for finding in gone if finding not in unclear),
        unclear=unclear,
    )


def _resources(report: Report) -> Mapping[str, Resource]:
    """By identity; of several with the same one (images without a name), each by its id as well."""
    found: dict[str, Resource] = {}
    for resource in report.snapshot:
        name = identity(resource)
        found[f"{name}/{resource.key.id}" if name in found else name] = resource
    return found


def _only_in(here: Report, there: Report) -> Iterator[Finding]:
    known = {finding.fingerprint for finding in there.findings if finding.result.outcome in _OPEN}
    for finding in here.findings:
        if finding.result.outcome in _OPEN and finding.fingerprint not in known:
            yield finding


def _unread(report: Report) -> frozenset[Kind]:
    return frozenset(kind for _, kind in report.snapshot.gaps)


def _unclear(finding: Finding, new: Report, after: Mapping[str, Resource]) -> bool:
    name, check = identity(finding.resource), finding.result.check.id
    if name not in after:
        return finding.resource.key.kind in _unread(new)
    return any(
        item.result.outcome is Outcome.UNKNOWN and item.result.check.id == check and identity(item.resource) == name
        for item in new.findings
    )


def _changes(then: Resource, now: Resource) -> Iterator[Change]:
    for name in now.field_names:
        if name in _FLEETING:
            continue
        old, new = then.peek(name), now.peek(name)
        if old != new and not (isinstance(old, Gap) and isinstance(new, Gap)):
            yield Change(name, *_words(old, new))


def _words(old: object, new: object) -> tuple[str, str]:
    if all(isinstance(value, str | int | float | Gap) or value is None for value in (old, new)):
        return mask_text(str(old)), mask_text(str(new))
    return "", ""
