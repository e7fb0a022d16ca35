"""The contract `deckwatch.scan/1`, key by key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from checks.report import as_json
from checks.report.formats import Layout
from checks.report.report import Filters
from inventory.snapshot import SourceHealth, Status
from tests.hostile import HOSTILE
from tests.report.cases import make

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
    waiver={"anyOf": [{"type": "null"}, exactly(reason=TEXT, expires={"type": ["string", "null"]})]},
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
        verdicts=exactly(**dict.fromkeys(VERDICTS, COUNT)),
        fail_by_severity=exactly(**dict.fromkeys(SEVERITIES, COUNT)),
    ),
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
    assert last["waiver"] == {"reason": "we know", "expires": "2030-01-02"}
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


def test_an_empty_report() -> None:
    _, document = rendered("web", filters=Filters(skip=("runtime", "images")))
    Draft202012Validator(CONTRACT).validate(document)
    assert document["results"] == []
