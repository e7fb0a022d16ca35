"""Findings on Podman are told in Podman's words, in every format that says what to do."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from checks import podman
from checks.report import as_html, as_json, as_junit, as_markdown, as_sarif, as_table
from checks.report.formats import Layout
from checks.report.report import Report
from tests.report.cases import make

PODMAN, DOCKER = "Write it into containers.conf.", "Run it without --bad"


def report(*flavours: str) -> Report:
    """The same finding once on an engine of each flavour."""
    found = make("web")
    first = next(finding for finding in found.findings if finding.result.check.id == "RUN-901")
    return structs.replace(found, findings=tuple(structs.replace(first, flavour=flavour) for flavour in flavours))


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(podman, "_REMEDIES", {"RUN-901": PODMAN})


@pytest.mark.parametrize(
    "form", [as_html, as_json, as_junit, as_markdown, as_sarif, as_table], ids=lambda form: form.__name__
)
def test_what_to_do_is_what_helps_on_the_engine(form: object) -> None:
    def told(*flavours: str) -> str:
        return "".join(form.render(report(*flavours), Layout(verbose=True)))  # type: ignore[attr-defined]

    assert PODMAN in told("podman")
    assert PODMAN not in told("docker")
    assert DOCKER in told("docker")
    if form is not as_sarif:  # a rule is told once for all engines
        assert DOCKER not in told("podman")


def test_a_rule_of_sarif_is_generic_and_its_results_are_not() -> None:
    (run,) = json.loads("".join(as_sarif.render(report("podman", "docker"), Layout())))["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert DOCKER in rule["help"]["text"] and PODMAN not in rule["help"]["text"]
    first, second = (result["properties"]["remediation"] for result in run["results"])
    assert first == PODMAN and second.startswith(DOCKER)


def test_html_says_both_where_there_are_both() -> None:
    page = "".join(as_html.render(report("podman", "docker"), Layout()))
    assert page.count(PODMAN) == page.count(DOCKER) == 1
