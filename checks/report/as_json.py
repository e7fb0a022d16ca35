"""`deckwatch.scan/1`: the report for programs. Names are exact; everything beyond printable ASCII is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from checks.report.formats import Layout
from checks.report.report import Finding, Report
from checks.verdict import Severity
from inventory.snapshot import SourceHealth, Status

SCHEMA = "deckwatch.scan/1"
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
    }
    yield "{\n"
    for name, value in head.items():
        yield f"{_dump(name)}: {_dump(value)},\n"
    yield '"results": ['
    between = "\n"
    for finding in report.findings:
        yield between + _dump(result(finding))
        between = ",\n"
    yield "\n]}\n"


def rfc3339(time: float) -> str:
    """Epoch seconds as UTC with milliseconds."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def source(health: SourceHealth) -> Object:
    """One source; one that has not answered by the end of a scan is unreachable."""
    status = Status.UNREACHABLE if health.status is Status.CONNECTING else health.status
    return {
        "kind": health.kind,
        "target": health.target,
        "version": health.version,
        "status": status.value,
        "detail": health.detail,
    }


def summary(report: Report) -> Object:
    """Counts of all verdicts of the wanted checks, shown or not."""
    counts = report.summary
    return {
        "resources": {kind.value: count for kind, count in report.resources.items()},
        "verdicts": {
            "pass": counts.passed,
            "fail": sum(counts.fails),
            "manual": counts.manual,
            "unknown": counts.unknown,
            "not_applicable": counts.not_applicable,
            "waived": counts.waived,
        },
        "fail_by_severity": {severity.word: counts.fails[severity] for severity in reversed(Severity)},
    }


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
            "namespace": "",
        },
        "evidence": [{"path": item.path, "value": item.value} for item in judged.evidence],
        "remediation": check.remediation,
        "references": list(check.references),
        "waiver": waiver
        and {"reason": waiver.reason, "expires": waiver.expires.isoformat() if waiver.expires else None},
    }


def _dump(value: object) -> str:
    # DEL is the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")
