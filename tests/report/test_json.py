"""The contract `deckwatch.scan/1`, key by key."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from checks.policy import Waiver
from checks.report import as_json
from checks.report.formats import Layout
from checks.report.report import Filters
from inventory.snapshot import SourceHealth, Status
from tests.hostile import HOSTILE
from tests.report.cases import make

DAY = date(2026, 1, 1)
TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}


def exactly(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


SEVERITIES = ["critical", "high", "medium", "low", "info"]
VERDICTS = ["pass", "fail", "manual", "unknown", "not_applicable", "waived"]
VERDICT_COUNTS = exactly(**dict.fromkeys(VERDICTS, COUNT))
RESULT = exactly(
    check={"type": "string", "pattern": "^(IMG|RUN|NET|DMN|HOST|ORC|MON|CMB)-[0-9]{3}$"},
    title=TEXT,
    domain={"enum": ["images", "runtime", "network", "orchestration", "monitoring", "host"]},
    severity={"enum": SEVERITIES},
    verdict={"enum": VERDICTS},
    message=TEXT,
    fingerprint={"type": "string", "pattern": "^[0-9a-f]{32}$"},
    resource=exactly(kind=TEXT, source=TEXT, id=TEXT, name=TEXT, namespace=TEXT),
    evidence={"type": "array", "items": exactly(path=TEXT, value=TEXT)},
    remediation=TEXT,
    references={"type": "array", "items": TEXT},
    waiver={"anyOf": [{"type": "null"}, exactly(reason=TEXT, owner=TEXT, expires={"type": ["string", "null"]})]},
)
ITEM = exactly(
    id=TEXT,
    section=TEXT,
    title=TEXT,
    verdict={"enum": VERDICTS},
    checks={"type": "array", "items": TEXT},
    results=VERDICT_COUNTS,
    severity={"enum": [*SEVERITIES, None]},
    resources=COUNT,
    note=TEXT,
)
CONTRACT = exactly(
    schema={"const": "deckwatch.scan/1"},
    tool=exactly(name=TEXT, version=TEXT),
    started={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
    seconds={"type": "number"},
    sources={
        "type": "array",
        "items": exactly(
            kind=TEXT,
            target=TEXT,
            version=TEXT,
            status={"enum": ["ok", "degraded", "unreachable", "forbidden"]},
            detail=TEXT,
        ),
    },
    summary=exactly(
        resources={"type": "object", "additionalProperties": COUNT},
        verdicts=VERDICT_COUNTS,
        fail_by_severity=exactly(**dict.fromkeys(SEVERITIES, COUNT)),
    ),
    baseline={"anyOf": [{"type": "null"}, exactly(started=TEXT, known=COUNT)]},
    waivers={
        "type": "array",
        "items": exactly(
            check=TEXT,
            scope=TEXT,
            reason=TEXT,
            owner=TEXT,
            expires={"type": ["string", "null"]},
            state={"enum": ["used", "unused", "expired", "expires soon"]},
            covers=COUNT,
        ),
    },
    unread={"type": "array", "items": exactly(source=TEXT, kind=TEXT, reason=TEXT, why=TEXT)},
    benchmarks={
        "type": "array",
        "items": exactly(
            id=TEXT, title=TEXT, version=TEXT, verdicts=VERDICT_COUNTS, items={"type": "array", "items": ITEM}
        ),
    },
    objects={
        "type": "array",
        "items": exactly(
            source=TEXT,
            kind=TEXT,
            project=TEXT,
            name=TEXT,
            traits={"type": "object", "additionalProperties": {"type": "array", "items": TEXT}},
        ),
    },
    results={"type": "array", "items": RESULT},
)


def rendered(*names: str, **kwargs: Any) -> tuple[str, dict[str, Any]]:
    text = "".join(as_json.render(make(*names, **kwargs), Layout()))
    return text, json.loads(text)


@pytest.mark.parametrize("everything", [False, True])
def test_the_contract(everything: bool) -> None:
    _, document = rendered(filters=Filters(everything=everything))
    Draft202012Validator(CONTRACT).validate(document)


def test_the_values() -> None:
    _, document = rendered("web")
    first, last = document["results"][0], document["results"][-1]
    assert first["resource"] == {
        "kind": "container", "source": "docker", "id": "0" * 64, "name": "web", "namespace": "",
    }  # fmt: skip
    assert first["evidence"] == [
        {"path": "HostConfig.Bad", "value": "true"}, {"path": "Config.Env[0]", "value": "web"},
    ]  # fmt: skip
    assert last["waiver"] == {"reason": "we know", "owner": "", "expires": "2030-01-02"}
    assert document["started"] == "2027-01-15T08:00:00.000Z"
    assert document["summary"]["verdicts"] == {
        "pass": 1, "fail": 2, "manual": 1, "unknown": 1, "not_applicable": 2, "waived": 1,
    }  # fmt: skip
    assert document["summary"]["fail_by_severity"] == {"critical": 1, "high": 0, "medium": 0, "low": 1, "info": 0}
    assert document["summary"]["resources"]["container"] == 1
    assert "secret" not in document["summary"]["resources"]


def test_a_source_that_never_answered_is_unreachable() -> None:
    _, document = rendered(sources=(SourceHealth("docker", "tcp://h:1", Status.CONNECTING),))
    assert [source["status"] for source in document["sources"]] == ["ok", "unreachable"]


def test_names_are_exact_and_the_text_is_harmless() -> None:
    text, document = rendered(*HOSTILE)
    assert text.isascii()
    assert all(char == "\n" or char.isprintable() for char in text)
    told = {result["resource"]["name"] for result in document["results"] if result["resource"]["kind"] == "container"}
    assert told == set(HOSTILE)


def test_waivers_gaps_and_objects_are_listed() -> None:
    waivers = (Waiver("RUN-906", "w*", "we know", expires=date(2030, 1, 2)), Waiver("RUN-901", "*", "old", expires=DAY))
    _, document = rendered("web", waivers=waivers)
    told = [(item["check"], item["scope"], item["state"], item["covers"]) for item in document["waivers"]]
    assert told == [("RUN-906", "name:w*", "used", 1), ("RUN-901", "every object", "expired", 1)]
    assert document["unread"] == [
        {
            "source": "docker",
            "kind": "secret",
            "reason": "unsupported",
            "why": "GET /secrets not supported here: this node is no swarm manager",
        }
    ]
    names = [(item["kind"], item["project"], item["name"]) for item in document["objects"]]
    assert names == [("container", "shop", "web"), ("image", "", "app:1")]


def test_an_empty_report() -> None:
    _, document = rendered("web", filters=Filters(skip=("runtime", "images")))
    Draft202012Validator(CONTRACT).validate(document)
    assert document["results"] == []
