"""An earlier `deckwatch.scan/1` report as the baseline: what it already held is not news."""

from __future__ import annotations

import json
from typing import Any

from checks.report.as_json import SCHEMA
from checks.report.report import Known
from checks.verdict import Severity


def baseline(text: str) -> Known:
    """The results of an earlier report; raises `ValueError` with a plain reason if it is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"not a report of the schema {SCHEMA}")
    results = document.get("results")
    if not isinstance(results, list):
        raise ValueError("has no list of results")
    known: dict[tuple[str, str], Severity] = {}
    for number, result in enumerate(results):
        key, severity = _result(result, number)
        known[key] = max(severity, known.get(key, severity))
    return known


def _result(result: Any, number: int) -> tuple[tuple[str, str], Severity]:
    try:
        key = str(result["fingerprint"]), str(result["verdict"])
        return key, Severity[str(result["severity"]).upper()]
    except (KeyError, TypeError):
        raise ValueError(f"results[{number}] lacks a fingerprint, verdict or severity") from None
