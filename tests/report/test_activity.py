"""What containers do is looked at by checks and is nothing that a report counts, lists or compares."""

from __future__ import annotations

import json

from checks.catalogue import catalogue
from checks.engine import Engine
from checks.policy import Policy
from checks.report import formats
from checks.report.difference import difference
from checks.report.report import Report, Tool, report
from checks.verdict import Outcome
from inventory.activity import Change
from inventory.gap import Gap, Reason
from inventory.resource import Kind, Resource
from inventory.snapshot import GapKey
from inventory.store import Changes
from tests.checks.builders import NOW, docker, engine
from tests.checks.cases import snapshot
from tests.checks.runtime.cases_activity import activity

PLAIN, ENGINE = docker("plain"), engine()
EVIL = Change("/usr/bin/evil", "added", "file", 0o755, 9, NOW)


def scanned(*resources: Resource, gaps: dict[GapKey, Gap] | None = None) -> Report:
    taken = snapshot([PLAIN, ENGINE, *resources], gaps)
    return report(Tool("deckwatch", "1"), NOW, 1.0, taken, Engine(catalogue(), Policy()).evaluate(taken))


def outcome(found: Report, check: str) -> Outcome:
    return next(result.outcome for result in found.results() if result.check.id == check and result.key == PLAIN.key)


def test_it_is_not_counted() -> None:
    found = scanned(activity(PLAIN))
    assert Kind.ACTIVITY not in found.resources
    told = json.loads("".join(formats.load("json")(found, formats.Layout(100))))
    assert "activity" not in told["summary"]["resources"]
    assert not any(result["resource"]["kind"] == "activity" for result in told["results"])
    assert not any(key.kind is Kind.ACTIVITY for key in found.evaluation.judgements)


def test_it_is_not_compared_but_what_follows_from_it_is() -> None:
    before, after = scanned(activity(PLAIN)), scanned(activity(PLAIN, changes=(EVIL,), size_rw=9))
    found = difference(before, after)
    assert (found.added, found.removed, found.changed) == ((), (), ())
    assert [one.result.check.id for one in found.appeared] == ["RUN-045"]


def test_what_was_not_looked_at_is_unknown_and_not_fixed() -> None:
    pending = {("docker", Kind.ACTIVITY): Gap(Reason.PENDING, "processes")}
    now = scanned(gaps=pending)
    assert {outcome(now, check) for check in ("RUN-045", "RUN-046", "RUN-049")} == {Outcome.UNKNOWN}
    found = difference(scanned(activity(PLAIN, changes=(EVIL,))), now)
    assert "RUN-045" not in [one.result.check.id for one in found.fixed]
    assert "RUN-045" in [one.result.check.id for one in found.unclear]


def test_a_new_look_judges_only_the_container_again() -> None:
    judge = Engine(catalogue(), Policy())
    quiet, written = activity(PLAIN), activity(PLAIN, changes=(EVIL,))
    other = docker("pub4")
    first = judge.evaluate(snapshot([PLAIN, ENGINE, other, quiet, activity(other)]))
    taken = snapshot([PLAIN, ENGINE, other, written, activity(other)])
    second = judge.update(taken, Changes(frozenset({written.key}), frozenset()))
    failing = {result.check.id for result in second.judgements[PLAIN.key].results if result.outcome is Outcome.FAIL}
    assert "RUN-045" in failing
    assert second.judgements[other.key] is first.judgements[other.key]
    assert second.judgements == Engine(catalogue(), Policy()).evaluate(taken).judgements
