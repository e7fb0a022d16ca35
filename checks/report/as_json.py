"""`deckwatch.scan/1`: the report for programs. Names are exact; everything beyond printable ASCII is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from checks.frameworks.framework import Framework
from checks.frameworks.tally import Row, outcomes
from checks.report.baseline import SCHEMA
from checks.report.formats import Layout
from checks.report.places import manifest
from checks.report.report import Finding, Report
from checks.report.text import rfc3339
from checks.report.traits import Thing, Traits, things
from checks.report.words import status_of
from checks.result import Summary, project
from checks.verdict import Severity
from checks.waivers import Standing, scope
from inventory.snapshot import SourceHealth

if TYPE_CHECKING:
    from inventory.kubernetes.resource import Manifest

Object = dict[str, Any]


def render(report: Report, layout: Layout) -> Iterator[str]:
    """One object; each result stands on a line of its own."""
    head = {
        "schema": SCHEMA,
        "tool": {"name": report.tool.name, "version": report.tool.version},
        "started": rfc3339(report.started),
        "seconds": round(report.seconds, 3),
        "sources": [source(health) for health in report.snapshot.sources.values()],
        "summary": summary(report),
        "baseline": baseline(report),
        "waivers": [standing_of(item) for item in report.waivers],
        "unread": [
            {"source": name, "kind": kind.value, "reason": gap.reason.value, "why": str(gap)}
            for (name, kind), gap in report.snapshot.gaps.items()
        ],
    }
    yield "{\n"
    for name, value in head.items():
        yield f"{_dump(name)}: {_dump(value)},\n"
    yield from _listed("benchmarks", (benchmark(*found) for found in report.benchmarks), ",\n")
    yield from _listed("objects", (thing(*found) for found in sorted(things(report.snapshot).items())), ",\n")
    yield from _listed("results", (result(finding) for finding in report.findings), "\n")
    yield "}\n"


def _listed(name: str, values: Iterable[Object], end: str) -> Iterator[str]:
    yield f"{_dump(name)}: ["
    between = "\n"
    for value in values:
        yield between + _dump(value)
        between = ",\n"
    yield f"\n]{end}"


def source(health: SourceHealth) -> Object:
    """One source."""
    return {
        "kind": health.kind,
        "target": health.target,
        "version": health.version,
        "status": status_of(health).value,
        "detail": health.detail,
    }


def summary(report: Report) -> Object:
    """Counts of all verdicts of the wanted checks, shown or not."""
    counts = report.summary
    return {
        "resources": {kind.value: count for kind, count in report.resources.items()},
        "verdicts": _counts(counts),
        "fail_by_severity": {severity.word: counts.fails[severity] for severity in reversed(Severity)},
    }


def benchmark(framework: Framework, rows: tuple[Row, ...]) -> Object:
    """One framework; `verdicts` counts its items, `results` of an item the verdicts behind it."""
    return {
        "id": framework.id,
        "title": framework.title,
        "version": framework.version,
        "verdicts": {outcome.value: count for outcome, count in outcomes(rows).items()},
        "items": [_item(row) for row in rows],
    }


def _item(row: Row) -> Object:
    item, counts = row.item, row.summary
    return {
        "id": item.id,
        "section": item.section,
        "title": item.title,
        "verdict": row.outcome.value,
        "checks": list(item.checks),
        "results": _counts(counts),
        "severity": None if counts.worst is None else counts.worst.word,
        "resources": row.resources,
        "note": row.why,
    }


def _counts(counts: Summary) -> Object:
    return {
        "pass": counts.passed,
        "fail": sum(counts.fails),
        "manual": counts.manual,
        "unknown": counts.unknown,
        "not_applicable": counts.not_applicable,
        "waived": counts.waived,
    }


def baseline(report: Report) -> Object | None:
    """What the results are compared with, if with anything, and how many of them it held already."""
    before = report.filters.baseline
    return None if before is None else {"started": before.since, "known": report.known}


def standing_of(item: Standing) -> Object:
    """One waiver of the policy; `covers` counts results, of an expired one those that count again."""
    held = item.waiver
    return {
        "check": held.check,
        "scope": scope(held),
        "reason": held.reason,
        "owner": held.owner,
        "expires": held.expires.isoformat() if held.expires else None,
        "state": item.state,
        "covers": item.covers,
    }


def thing(found: Thing, traits: Traits) -> Object:
    """What a later scan compares with (`--baseline`): an object by its lasting name."""
    return {**found._asdict(), "traits": traits}


def result(finding: Finding) -> Object:
    """One result."""
    judged, resource = finding.result, finding.resource
    check, waiver = judged.check, judged.waiver
    return {
        "check": check.id,
        "title": check.title,
        "domain": check.domain.value,
        "severity": judged.severity.word,
        "verdict": judged.outcome.value,
        "message": judged.message,
        "fingerprint": finding.fingerprint,
        "resource": {
            "kind": resource.key.kind.value,
            "source": resource.key.source,
            "id": resource.key.id,
            "name": resource.name,
            "namespace": project(resource) if "namespace" in resource.field_names else "",
            **_read_from(manifest(resource)),
        },
        "evidence": [
            {"path": item.path, "value": item.value, **(item.place._asdict() if item.place else {})}
            for item in finding.proof
        ],
        "remediation": finding.remediation,
        "references": list(check.references),
        "waiver": waiver
        and {
            "reason": waiver.reason,
            "owner": waiver.owner,
            "expires": waiver.expires.isoformat() if waiver.expires else None,
        },
    }


def _read_from(found: Manifest | None) -> Object:
    """The file and line of what was read from a file, and the template that helm rendered."""
    if found is None:
        return {}
    return {"file": found.file, "line": found.line, **({"template": found.template} if found.template else {})}


def _dump(value: object) -> str:
    # DEL is the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")
