from __future__ import annotations

import json

import pytest

from checks.report import as_json
from checks.report.baseline import baseline
from checks.report.formats import Layout, load, names
from checks.report.report import Filters, Report
from checks.verdict import Outcome, Severity
from tests.report.cases import make

HEAD = '"schema": "deckwatch.scan/1", "results": []'


def ids(found: Report) -> list[str]:
    return [finding.result.check.id for finding in found.findings]


def test_worst_first_and_without_what_is_settled() -> None:
    assert ids(make("web")) == ["RUN-901", "RUN-907", "RUN-902", "RUN-903", "RUN-906"]


def test_everything_adds_passes_and_not_applicables() -> None:
    found = make("web", filters=Filters(everything=True))
    assert ids(found)[5:] == ["RUN-904", "RUN-905", "RUN-908"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(only=("images",)), ["RUN-907"]),
        (Filters(only=("run-90[12]",)), ["RUN-901", "RUN-902"]),
        (Filters(skip=("runtime",)), ["RUN-907"]),
        (Filters(only=("RUN-901", "images"), skip=("IMAGES",)), ["RUN-901"]),
        (Filters(min_severity=Severity.CRITICAL), ["RUN-901"]),
    ],
)
def test_filters(filters: Filters, expected: list[str]) -> None:
    assert ids(make("web", filters=filters)) == expected


def test_what_is_hidden_is_counted_and_still_fails() -> None:
    found = make("web", filters=Filters(min_severity=Severity.CRITICAL))
    assert (found.below, found.worst, sum(found.summary.fails)) == (4, Severity.CRITICAL, 2)
    low = make("web", filters=Filters(only=("RUN-907",), min_severity=Severity.HIGH))
    assert (ids(low), low.worst) == ([], Severity.LOW)


def test_a_waived_failure_does_not_count() -> None:
    assert make("web", filters=Filters(only=("RUN-906",))).worst is None


def test_against_its_own_baseline_nothing_is_new() -> None:
    known = baseline("".join(as_json.render(make("web"), Layout())))
    found = make("web", filters=Filters(baseline=known))
    assert (ids(found), found.known, found.worst) == ([], 5, None)
    more = make("web", "new", filters=Filters(baseline=known))
    assert {finding.resource.name for finding in more.findings} == {"new"}
    assert more.worst is Severity.CRITICAL


@pytest.mark.parametrize(("field", "value"), [("verdict", "unknown"), ("severity", "low")])
def test_what_got_worse_is_new(field: str, value: str) -> None:
    document = json.loads("".join(as_json.render(make("web"), Layout())))
    document["results"][0][field] = value
    found = make("web", filters=Filters(baseline=baseline(json.dumps(document))))
    assert ids(found) == ["RUN-901"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "schema"),
        ('{"schema": "deckwatch.scan/2", "results": []}', "schema"),
        ('{"schema": "deckwatch.scan/1"}', "list of results"),
        ('{"schema": "deckwatch.scan/1", "results": [3]}', "results[0]"),
        ('{"schema": "deckwatch.scan/1", "results": [{"fingerprint": "a", "verdict": "b", "severity": "c"}]}', "[0]"),
        (f'{{{HEAD}, "objects": 3}}', "not lists"),
        (f'{{{HEAD}, "objects": [3]}}', "objects[0]"),
        (f'{{{HEAD}, "objects": [{{"source": "a", "kind": "b", "name": "c", "traits": []}}]}}', "objects[0]"),
        (f'{{{HEAD}, "unread": [{{}}]}}', "unread[0]"),
    ],
)
def test_a_baseline_that_is_none(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        baseline(text)


def test_the_formats_are_found() -> None:
    assert names() == ("html", "json", "junit", "markdown", "openmetrics", "sarif", "table")
    for name in names():
        assert "".join(load(name)(make(), Layout())).endswith("\n")


def test_the_total_is_of_the_wanted_checks_only() -> None:
    found = make("web", filters=Filters(only=("images",)))
    assert found.summary.judged == 1
    assert found.findings[0].result.outcome is Outcome.FAIL
