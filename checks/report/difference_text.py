"""A difference as text: lines for people, `deckwatch.diff/1` for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from checks.report.as_json import Object, result
from checks.report.difference import Changed, Difference
from checks.report.report import Finding, Report
from checks.report.text import rfc3339, visible
from inventory.resource import Resource

SCHEMA = "deckwatch.diff/1"


def table(found: Difference) -> Iterator[str]:
    """One line per difference: `+` came, `-` went, `~` changed."""
    if not found:
        yield "No difference.\n"
    yield from _section("Findings that came", "+", [_finding(item) for item in found.appeared])
    yield from _section("Findings that went", "-", [_finding(item) for item in found.fixed])
    yield from _section("Findings that can no longer be judged", "?", [_finding(item) for item in found.unclear])
    yield from _section("Resources that came", "+", [_resource(item) for item in found.added])
    yield from _section("Resources that went", "-", [_resource(item) for item in found.removed])
    yield from _section("Resources that changed", "~", [_changed(item) for item in found.changed])


def as_json(found: Difference) -> Iterator[str]:
    """One object."""
    document = {
        "schema": SCHEMA,
        "old": _side(found.old),
        "new": _side(found.new),
        "resources": {
            "added": [_object(item) for item in found.added],
            "removed": [_object(item) for item in found.removed],
            "changed": [
                {
                    **_object(item.resource),
                    "fields": [
                        {"field": change.field, "old": change.old, "new": change.new} for change in item.changes
                    ],
                }
                for item in found.changed
            ],
        },
        "results": {
            "new": [result(item) for item in found.appeared],
            "fixed": [result(item) for item in found.fixed],
            "unclear": [result(item) for item in found.unclear],
        },
    }
    yield json.dumps(document, ensure_ascii=True, indent=1).replace("\x7f", "\\u007f") + "\n"


def _section(title: str, mark: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title}\n"
        yield from (f"{mark} {line}\n" for line in lines)
        yield "\n"


def _finding(item: Finding) -> str:
    judged = item.result
    mark = judged.severity.word[0].upper() if judged.outcome.value == "fail" else "m"
    return f"{mark} {judged.check.id}  {_resource(item.resource)}: {visible(judged.message)}"


def _resource(resource: Resource) -> str:
    return f"{resource.key.kind.value} {visible(resource.called)}"


def _changed(item: Changed) -> str:
    said = (
        f"{change.field} {visible(change.old, 80)} -> {visible(change.new, 80)}"
        if change.old or change.new
        else change.field
        for change in item.changes
    )
    return f"{_resource(item.resource)}: {', '.join(said)}"


def _object(resource: Resource) -> Object:
    return {"kind": resource.key.kind.value, "name": resource.name, "id": resource.key.id}


def _side(report: Report) -> Object:
    return {
        "taken": rfc3339(report.snapshot.taken_at),
        "targets": [item.target for item in report.snapshot.sources.values()],
    }
