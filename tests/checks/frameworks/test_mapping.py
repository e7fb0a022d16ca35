"""Each item of CIS Docker 1.6 has checks or a reason, and a verdict on the recorded lab."""

from __future__ import annotations

from functools import cache

import pytest

from checks.catalogue import catalogue
from checks.frameworks import cis_docker, cis_kubernetes, nist_800_190, owasp_docker, pod_security
from checks.frameworks.framework import UNJUDGED, Framework, Item
from checks.frameworks.known import frameworks
from checks.frameworks.tally import Benchmarks, Row, benchmarks
from checks.result import Evaluation
from checks.verdict import Outcome
from inventory.snapshot import Snapshot
from tests.checks.frameworks.lab import lab

PUBLISHED = {"CIS-Docker-1.6": 117, "CIS-Kubernetes-1.12": 131, "PSS": 19, "NIST-800-190": 23, "OWASP-Docker": 10}
SECTIONS = {"1.1": 18, "1.2": 2, "2": 18, "3": 24, "4": 12, "5": 32, "6": 2, "7": 9}


@cache
def judged() -> Benchmarks:
    snapshot, evaluation = lab()
    return benchmarks(evaluation, snapshot)


def of(name: str) -> tuple[Framework, tuple[Row, ...]]:
    return next((framework, rows) for framework, rows in judged() if framework.id == name)


CIS = frameworks()[0].items
KUBERNETES = frameworks()[1].items
STANDARDS = frameworks()[2].items


def test_the_numbering_is_complete() -> None:
    for framework in frameworks()[:-1]:
        assert len(framework.items) == PUBLISHED[framework.id]
        assert len({item.id for item in framework.items}) == len(framework.items)
    for section, count in SECTIONS.items():
        numbers = [item.id for item in CIS if item.section.split()[0] == section]
        assert numbers == [f"{section}.{number}" for number in range(1, count + 1)]


@pytest.mark.parametrize("item", CIS, ids=lambda item: item.id)
def test_each_item_has_a_verdict_on_the_lab(item: Item) -> None:
    row = next(row for row in of("CIS-Docker-1.6")[1] if row.item.id == item.id)
    assert item.checks or item.by_hand
    assert item.by_hand != UNJUDGED, "a check that refers to this item, or what a person has to decide"
    assert row.outcome in Outcome
    if row.outcome is Outcome.NOT_APPLICABLE:
        assert row.summary.not_applicable, "nothing was judged, so nothing can be said not to apply"
    if row.outcome is Outcome.PASS:
        assert row.summary.passed and not row.summary.unknown and not item.by_hand


@pytest.mark.parametrize("item", [*KUBERNETES, *STANDARDS], ids=lambda item: item.id)
def test_each_item_of_kubernetes_is_judged_or_left_to_a_person(item: Item) -> None:
    assert item.checks or item.by_hand
    assert item.by_hand != UNJUDGED, "a check that refers to this item, or what a person has to decide"


def test_every_reference_leads_to_an_item() -> None:
    entries = {
        module.ID: {entry.id for section in module.SECTIONS.values() for entry in section}
        for module in (cis_docker, cis_kubernetes, nist_800_190, owasp_docker, pod_security)
    }
    lost = []
    for check in catalogue():
        for reference in check.references:
            name, _, number = reference.partition(":")
            if name in entries and number not in entries[name] and not number.startswith("RULE-"):
                lost.append((check.id, reference))
    assert not lost


def test_every_check_is_in_its_domain() -> None:
    assert sorted(item.id for item in frameworks()[-1].items) == [check.id for check in catalogue()]


def test_what_was_judged_is_counted_once_per_item() -> None:
    snapshot, evaluation = lab()
    rows = {row.item.id: row.summary for row in of("domains")[1]}
    assert isinstance(snapshot, Snapshot) and isinstance(evaluation, Evaluation)
    total, implied = evaluation.total, [name for result in evaluation.results() for name in result.implies]
    fails = sum(sum(summary.fails) for summary in rows.values())
    assert fails + sum(summary.waived for summary in rows.values()) == sum(total.fails) + total.waived + len(implied)
    assert sum(summary.passed for summary in rows.values()) == total.passed
    assert sum(summary.manual for summary in rows.values()) == total.manual
