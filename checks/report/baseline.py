"""An earlier `deckwatch.scan/1` report as the baseline: what it already held is not news."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from checks.report.traits import Thing, Traits
from checks.verdict import Severity

SCHEMA = "deckwatch.scan/1"


class Baseline(msgspec.Struct, frozen=True):
    """What the earlier report held.

    `known` is (fingerprint, verdict) -> severity. `things` is None where the report does not list objects (it was made
    by a version that did not); `unread` are the (source, kind) that could not be read then, with the reason's word.
    """

    since: str  # RFC 3339
    sources: tuple[str, ...]
    known: Mapping[tuple[str, str], Severity]
    things: Mapping[Thing, Traits] | None = None
    unread: Mapping[tuple[str, str], str] = msgspec.field(default_factory=dict)


def baseline(text: str) -> Baseline:
    """Read an earlier report; raises `ValueError` with a plain reason if it is none."""
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
    objects, unread = document.get("objects"), document.get("unread")
    things = None if objects is None else dict(_thing(item, number) for number, item in enumerate(_list(objects)))
    missing = dict(_gap(item, number) for number, item in enumerate(_list(unread or [])))
    sources = {thing.source for thing in things or ()} | {source for source, _ in missing} | {*map(_source, results)}
    return Baseline(str(document.get("started", "an unknown time")), tuple(sorted(sources)), known, things, missing)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("its objects or gaps are not lists")
    return value


def _result(result: Any, number: int) -> tuple[tuple[str, str], Severity]:
    try:
        key = str(result["fingerprint"]), str(result["verdict"])
        return key, Severity[str(result["severity"]).upper()]
    except (KeyError, TypeError):
        raise ValueError(f"results[{number}] lacks a fingerprint, verdict or severity") from None


def _source(result: Any) -> str:
    try:
        return str(result["resource"]["source"])
    except (KeyError, TypeError):
        raise ValueError("a result lacks its resource's source") from None


def _thing(item: Any, number: int) -> tuple[Thing, Traits]:
    try:
        words = {str(name): tuple(map(str, found)) for name, found in item["traits"].items()}
        return Thing(*(str(item[name]) for name in Thing._fields)), words
    except (KeyError, TypeError, AttributeError):
        raise ValueError(f"objects[{number}] lacks a source, kind, project, name or traits") from None


def _gap(item: Any, number: int) -> tuple[tuple[str, str], str]:
    try:
        return (str(item["source"]), str(item["kind"])), str(item["reason"])
    except (KeyError, TypeError):
        raise ValueError(f"unread[{number}] lacks a source, kind or reason") from None
