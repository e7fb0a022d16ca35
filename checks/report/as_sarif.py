"""SARIF 2.1.0 for code-scanning dashboards (OASIS Static Analysis Results Interchange Format, section 3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from checks.check import Check
from checks.policy import Waiver
from checks.report.formats import Layout
from checks.report.places import Place
from checks.report.report import Finding, Report
from checks.report.text import rfc3339, visible
from checks.report.words import unread
from checks.verdict import Outcome, Severity
from inventory.resource import Resource
from inventory.snapshot import Status

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"
Object = dict[str, Any]

_LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# Dashboards sort by this number: over 9.0 critical, from 7.0 high, from 4.0 medium, below low.
_SCORE = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
    Severity.INFO: "0.0",
}
_KIND = {
    Outcome.FAIL: "fail",
    Outcome.WAIVED: "fail",
    Outcome.MANUAL: "review",
    Outcome.UNKNOWN: "open",
    Outcome.PASS: "pass",
    Outcome.NOT_APPLICABLE: "notApplicable",
}
# In a message, brackets begin a link and braces a placeholder (sections 3.11.5 and 3.11.6).
_LITERAL = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]", "{": "{{", "}": "}}"})


def render(report: Report, layout: Layout) -> Iterator[str]:
    """One run; each result stands on a line of its own."""
    rules = sorted({finding.result.check.id: finding.result.check for finding in report.findings}.items())
    index = {name: number for number, (name, _) in enumerate(rules)}
    driver = {"name": report.tool.name, "version": report.tool.version, "rules": [rule(check) for _, check in rules]}
    yield f'{{"$schema": {_dump(SCHEMA_URI)}, "version": "2.1.0", "runs": [{{\n'
    yield f'"tool": {_dump({"driver": driver})},\n'
    yield f'"invocations": [{_dump(_invocation(report))}],\n'
    yield '"columnKind": "utf16CodeUnits",\n"results": ['
    between = "\n"
    for finding in report.findings:
        found = result(finding, index[finding.result.check.id])
        if report.filters.baseline is not None:
            found["baselineState"] = "new"  # what it held already is not among the findings (section 3.27.24)
        yield between + _dump(found)
        between = ",\n"
    yield "\n]}]}\n"


def rule(check: Check) -> Object:
    """A check as a `reportingDescriptor`; its results say what to do on their engine, where that is something else."""
    help_ = f"{check.why}\n\nRemediation: {check.remediation}"
    return {
        "id": check.id,
        "name": "".join(word.capitalize() for word in check.title.split() if word.isalnum()),
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.doc or check.why},
        "help": {"text": help_},
        "defaultConfiguration": {"level": _LEVEL[check.severity]},
        "properties": {
            "security-severity": _SCORE[check.severity],
            "precision": "very-high",
            "tags": list(dict.fromkeys(("security", check.domain.value, *check.references))),
        },
    }


def result(finding: Finding, rule_index: int) -> Object:
    """One result. Only failures, waived or not, have a level (section 3.27.10)."""
    judged, kind = finding.result, _KIND[finding.result.outcome]
    found: Object = {
        "ruleId": judged.check.id,
        "ruleIndex": rule_index,
        "kind": kind,
        "level": _LEVEL[judged.severity] if kind == "fail" else "none",
        "message": {"text": _message(finding)},
        "locations": [{**_physical(finding.place), "logicalLocations": [_location(finding.resource)]}],
        "partialFingerprints": {"deckwatch/v1": finding.fingerprint},
        "suppressions": _suppressions(judged.waiver),
        "properties": {
            "severity": judged.severity.word,
            "verdict": judged.outcome.value,
            "remediation": finding.remediation,
            "evidence": [{"path": item.path, "value": item.value} for item in finding.proof],
        },
    }
    if judged.lapsed is not None:
        found["properties"]["lapsed"] = _waiver(judged.lapsed)
    return found


def _suppressions(waiver: Waiver | None) -> list[Object]:
    """An empty list says that the result is not suppressed; none at all, that nobody knows (section 3.27.23)."""
    if waiver is None:
        return []
    return [{"kind": "external", "status": "accepted", "justification": waiver.reason, "properties": _waiver(waiver)}]


def _waiver(waiver: Waiver) -> Object:
    return {
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat() if waiver.expires else None,
    }


def _message(finding: Finding) -> str:
    said = f"{finding.resource.key.kind.value} {visible(finding.resource.called)}: {visible(finding.result.message)}"
    proof = "; ".join(f"{visible(item.path)} = {visible(item.value)}" for item in finding.proof)
    return (f"{said} ({proof})" if proof else said).translate(_LITERAL)


def _physical(place: Place | None) -> Object:
    """Where dashboards show it among the source; standard input is no file that they could open."""
    if place is None or place.file == "stdin":
        return {}
    path = place.file.replace("\\", "/")
    uri = quote(path, safe="/~") if not path.startswith("/") else f"file://{quote(path, safe='/~')}"
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": max(place.line, 1)}}}


def _location(resource: Resource) -> Object:
    key = resource.key
    return {
        "name": resource.name,
        "fullyQualifiedName": f"{key.source}/{key.kind.value}/{resource.name}",
        "decoratedName": key.id,
        "kind": "resource",
    }


def _invocation(report: Report) -> Object:
    sources = report.snapshot.sources.values()
    notes = [
        (f"{health.kind} {health.target}: {health.status.value} {health.detail}", "warning")
        for health in sources
        if health.status is not Status.OK
    ]
    for name, kinds, why in unread(report):
        notes.append((f"{name}: {', '.join(kind.value for kind in kinds)}: {why}", "note"))
    return {
        "executionSuccessful": any(health.status in (Status.OK, Status.DEGRADED) for health in sources),
        "startTimeUtc": rfc3339(report.started),
        "endTimeUtc": rfc3339(report.started + report.seconds),
        "toolExecutionNotifications": [
            {"level": level, "message": {"text": visible(text, 1000).translate(_LITERAL)}} for text, level in notes
        ],
    }


def _dump(value: object) -> str:
    # DEL is the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")
