"""SARIF 2.1.0 against the published schema (tests/data/sarif-schema-2.1.0.json)."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from checks.policy import Waiver
from checks.report import as_json, as_sarif
from checks.report.baseline import baseline
from checks.report.formats import Layout
from checks.report.report import Filters
from inventory.snapshot import SourceHealth, Status
from tests.hostile import HOSTILE
from tests.report.cases import make

SCHEMA = Path(__file__).parent.parent / "data" / "sarif-schema-2.1.0.json"


@cache
def validator() -> Draft4Validator:
    return Draft4Validator(json.loads(SCHEMA.read_text()))


def rendered(*names: str, **kwargs: Any) -> tuple[str, dict[str, Any]]:
    text = "".join(as_sarif.render(make(*names, **kwargs), Layout()))
    return text, json.loads(text)


@pytest.mark.parametrize("everything", [False, True])
def test_it_validates(everything: bool) -> None:
    _, document = rendered(filters=Filters(everything=everything))
    validator().validate(document)


def test_the_schema_can_fail() -> None:
    _, document = rendered()
    document["runs"][0]["results"][0]["level"] = "high"
    assert list(validator().iter_errors(document))


def test_an_empty_report_validates() -> None:
    _, document = rendered("web", filters=Filters(skip=("runtime", "images")))
    validator().validate(document)
    assert document["runs"][0]["tool"]["driver"]["rules"] == []


def test_rules_and_results_belong_together() -> None:
    run = rendered()[1]["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert {rule["properties"]["security-severity"] for rule in rules} == {"9.5", "8.0", "5.5", "2.5"}
    assert all("Remediation: Run it without" in rule["help"]["text"] for rule in rules)


def test_only_failures_have_a_level() -> None:
    results = rendered("web", filters=Filters(everything=True))[1]["runs"][0]["results"]
    told = {result["ruleId"]: (result["kind"], result["level"]) for result in results}
    assert told == {
        "RUN-901": ("fail", "error"),
        "RUN-902": ("review", "none"),
        "RUN-903": ("open", "none"),
        "RUN-904": ("pass", "none"),
        "RUN-905": ("notApplicable", "none"),
        "RUN-906": ("fail", "warning"),
        "RUN-907": ("fail", "note"),
        "RUN-908": ("notApplicable", "none"),
    }


def test_a_waiver_is_a_suppression() -> None:
    results = rendered("web")[1]["runs"][0]["results"]
    waived = [result for result in results if result["suppressions"]]
    assert [result["ruleId"] for result in waived] == ["RUN-906"]
    assert waived[0]["suppressions"][0]["justification"] == "we know"
    assert waived[0]["suppressions"][0]["properties"]["expires"] == "2030-01-02"


def test_an_expired_waiver_suppresses_nothing() -> None:
    waivers = (Waiver("RUN-906", "*", "we knew", owner="ops", expires=date(2026, 1, 1)),)
    _, document = rendered("web", waivers=waivers)
    validator().validate(document)
    (found,) = (result for result in document["runs"][0]["results"] if result["ruleId"] == "RUN-906")
    assert found["suppressions"] == []
    assert found["properties"]["lapsed"] == {"reason": "we knew", "owner": "ops", "expires": "2026-01-01"}


def test_against_a_baseline_all_that_is_left_is_new() -> None:
    known = baseline("".join(as_json.render(make("web"), Layout())))
    _, document = rendered("web", "db", filters=Filters(baseline=known))
    validator().validate(document)
    results = document["runs"][0]["results"]
    assert {result["baselineState"] for result in results} == {"new"}
    assert "baselineState" not in rendered("web")[1]["runs"][0]["results"][0]


def test_fingerprints_are_those_of_every_format() -> None:
    found = make("web")
    _, document = rendered("web")
    told = [result["partialFingerprints"]["deckwatch/v1"] for result in document["runs"][0]["results"]]
    assert told == [item.fingerprint for item in found.findings]


def test_what_could_not_be_seen_is_a_notification() -> None:
    run = rendered(sources=(SourceHealth("docker", "tcp://h:1", Status.UNREACHABLE, "refused"),))[1]["runs"][0]
    said = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert said[0] == "docker tcp://h:1: unreachable refused"
    assert "secret" in said[1]


def test_hostile_names() -> None:
    text, document = rendered(*HOSTILE)
    validator().validate(document)
    assert text.isascii()
    assert all(char == "\n" or char.isprintable() for char in text)
    for result in document["runs"][0]["results"]:
        message = result["message"]["text"]
        assert all(char.isprintable() or char == " " for char in message)


def test_links_and_placeholders_are_literal() -> None:
    results = rendered("a{0}[click](http://evil.example)")[1]["runs"][0]["results"]
    assert r"a{{0}}\[click\](http://evil.example)" in results[0]["message"]["text"]
