"""What a waiver covers, by each of its selectors, and how waivers stand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.check import Check, Domain
from checks.engine import Engine
from checks.policy import Policy, Waiver
from checks.result import Result
from checks.selectors import exactly, image_names, names_every_fault, repository
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, passed, unknown
from checks.view import View
from checks.waivers import covered, scope, standing
from inventory.component import Component
from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.resource import Kind, Resource, ResourceKey
from inventory.store import Changes
from tests.checks.builders import NOW, SOURCE
from tests.checks.cases import snapshot

TODAY = date(2026, 11, 23)


def declare(name: str, subject: type[Resource], judge: Any) -> Check:
    return Check(
        id=name, title=name, domain=Domain.RUNTIME, severity=Severity.HIGH, subject=subject, why="", remediation="",
        references=(), implied_by=(), derived=False, doc="", judge=judge,
    )  # fmt: skip


def _bad(subject: Container, view: View) -> Verdict:
    return failed("bad", Evidence("HostConfig.Privileged", "true"))


def _several(subject: Container, view: View) -> Verdict:
    return failed("two", Evidence("Mounts[0]", "/etc"), Evidence("Mounts[1]", "/var/log"), salient="/etc")


def _decide(subject: Container, view: View) -> Verdict:
    return manual("decide", Evidence("x", "y"))


def _unread(subject: Container, view: View) -> Verdict:
    return unknown("not read")


CHECKS = (
    declare("BAD", Container, _bad), declare("TWO", Container, _several), declare("DECIDE", Container, _decide),
    declare("UNREAD", Container, _unread), declare("FINE", Container, lambda subject, view: passed()),
    declare("PART", Component, _bad),
)  # fmt: skip
WEB = {
    "image_ref": "registry.example:5000/acme/web:1.2",
    "image_id": "sha256:" + "a" * 64,
    "project": "shop",
    "labels": {"tier": "edge", "io.kubernetes.pod.namespace": "prod", "team": "a=b"},
}


def container(name: str = "web-1", **values: Any) -> Container:
    values = {**WEB, **values}
    return Container.build(key=ResourceKey(Kind.CONTAINER, SOURCE, name), name=name, id=name, **values)


def outcome(waiver: Waiver, *resources: Resource, check: str = "BAD", kind: Kind = Kind.CONTAINER) -> Outcome:
    return result(waiver, *resources, check=check, kind=kind).outcome


def result(waiver: Waiver, *resources: Resource, check: str = "BAD", kind: Kind = Kind.CONTAINER) -> Result:
    found = Engine(CHECKS, Policy(waivers=(waiver,))).evaluate(snapshot(list(resources or (container(),))))
    return next(one for one in found.results() if one.check.id == check and one.key.kind is kind)


@pytest.mark.parametrize(
    ("selectors", "fits"),
    [
        ({}, True),
        ({"resource": "web-*"}, True),
        ({"resource": "db-*"}, False),
        ({"kind": "container"}, True),
        ({"kind": "image"}, False),
        ({"image": "registry.example:5000/acme/web:1.2"}, True),
        ({"image": "registry.example:5000/acme/web:*"}, True),
        ({"image": "registry.example:5000/acme/*"}, True),
        ({"image": "sha256:aaaa*"}, True),
        ({"image": "acme/web:*"}, False),
        ({"label": "tier"}, True),
        ({"label": "tier=edge"}, True),
        ({"label": "tier=e*"}, True),
        ({"label": "ti*=*"}, True),
        ({"label": "tier=core"}, False),
        ({"label": "team=a=b"}, True),
        ({"label": "missing"}, False),
        ({"project": "shop"}, True),
        ({"project": "s*"}, True),
        ({"project": "blog"}, False),
        ({"namespace": "prod"}, True),
        ({"namespace": "test"}, False),
        ({"source": SOURCE}, True),
        ({"source": "elsewhere"}, False),
        ({"value": ("true",)}, True),
        ({"value": ("HostConfig.Priv*",)}, True),
        ({"value": ("false",)}, False),
        ({"resource": "web-*", "project": "shop", "label": "tier"}, True),
        ({"resource": "web-*", "project": "blog", "label": "tier"}, False),
    ],
)
def test_all_selectors_that_are_given_must_fit(selectors: dict[str, Any], fits: bool) -> None:
    waiver = Waiver("BAD", **{"resource": "*", "reason": "why", **selectors})
    assert outcome(waiver) is (Outcome.WAIVED if fits else Outcome.FAIL)


@pytest.mark.parametrize(
    ("field", "waiver"),
    [
        ("image_ref", Waiver("BAD", "*", "why", image="*web*")),
        ("project", Waiver("BAD", "*", "why", project="*")),
        ("labels", Waiver("BAD", "*", "why", label="*")),
    ],
)
def test_what_was_not_read_is_not_waived(field: str, waiver: Waiver) -> None:
    gap = Gap(Reason.DENIED, "inspect")
    blind: dict[str, Any] = {"image_id": gap, "labels": gap, field: gap}
    assert outcome(waiver, container(**blind)) is Outcome.FAIL


def test_a_project_selector_does_not_cover_what_has_no_project() -> None:
    assert outcome(Waiver("BAD", "*", "why", project="*"), container(project="")) is Outcome.FAIL


def test_only_failures_and_decisions_are_waived() -> None:
    waiver = Waiver("*", "*", "why")
    assert outcome(waiver, check="DECIDE") is Outcome.WAIVED
    assert outcome(waiver, check="UNREAD") is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        (("/etc",), False), (("/etc", "/var/*"), True), (("/*",), True), (("Mounts[[]0]", "/var/log"), True),
        (("/srv",), False),
    ],
)  # fmt: skip
def test_one_accepted_fault_does_not_hide_the_other(values: tuple[str, ...], fits: bool) -> None:
    found = outcome(Waiver("TWO", "*", "why", value=values), check="TWO")
    assert found is (Outcome.WAIVED if fits else Outcome.FAIL)


def test_a_single_fault_may_be_named_by_its_salient_value() -> None:
    verdict = failed("x", Evidence("path", "value"), salient="redis")
    assert names_every_fault(verdict, ("redis",))
    assert not names_every_fault(Verdict(Outcome.FAIL, "nothing to name"), ("*",))


@pytest.mark.parametrize(
    ("written", "globs"),
    [
        ("nginx", ("nginx:*", "nginx:latest", "docker.io/library/nginx:*", "docker.io/*")),
        ("nginx:1.25", ("nginx:1.*", "docker.io/library/nginx:1.25")),
        ("grafana/grafana:11", ("grafana/grafana:*", "docker.io/grafana/*")),
        ("ghcr.io/acme/x@sha256:" + "0" * 64, ("ghcr.io/acme/x@sha256:*", "ghcr.io/acme/x")),
    ],
)
def test_an_image_may_be_written_in_every_usual_way(written: str, globs: tuple[str, ...]) -> None:
    for glob in globs:
        assert outcome(Waiver("BAD", "*", "why", image=glob), container(image_ref=written)) is Outcome.WAIVED, glob
    assert outcome(Waiver("BAD", "*", "why", image="nginx-evil*"), container(image_ref=written)) is Outcome.FAIL
    assert written in set(image_names(container(image_ref=written)))


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("nginx", "nginx"), ("a:5000/b", "a:5000/b"), ("a:5000/b:1", "a:5000/b"), ("a/b:1@sha256:0", "a/b"),
        ("sha256:0", "sha256:0"),
    ],
)  # fmt: skip
def test_repository(name: str, bare: str) -> None:
    assert repository(name) == bare


@given(st.text())
def test_a_name_as_a_glob_means_that_name_alone(name: str) -> None:
    waiver = Waiver("BAD", exactly(name), "why")
    assert waiver.selects(container(name), passed())
    assert not waiver.selects(container(name + "x"), passed())


# -- what changes ----------------------------------------------------------------------------------------------------


def test_another_image_or_label_is_judged_anew() -> None:
    engine = Engine(CHECKS, Policy(waivers=(Waiver("BAD", "*", "why", label="tier=edge"),)))
    key = container().key
    assert engine.evaluate(snapshot([container()])).total.waived == 1
    later = engine.update(snapshot([container(labels={})]), Changes(frozenset({key}), frozenset()))
    assert later.total.waived == 0
    again = engine.update(snapshot([container()]), Changes(frozenset({key}), frozenset()))
    assert again.total.waived == 1


def test_a_component_is_waived_by_what_it_runs_as() -> None:
    """It has no image and no labels itself, and does not change when those of its container do."""
    other = Component.build(key=ResourceKey(Kind.COMPONENT, SOURCE, "c"), name="Grafana", carrier=container().key)
    policy = Policy(waivers=(Waiver("PART", "*", "why", project="shop"),))
    engine = Engine(CHECKS, policy)
    assert engine.evaluate(snapshot([container(), other])).total.waived == 1
    moved = snapshot([container(project="blog"), other])
    changes = Changes(frozenset({container().key}), frozenset())
    assert engine.update(moved, changes).total == Engine(CHECKS, policy).evaluate(moved).total
    back = engine.update(snapshot([container(), other]), changes)
    assert back.total.waived == 1
    gone = engine.update(snapshot([other]), changes)
    assert gone.total == Engine(CHECKS, policy).evaluate(snapshot([other])).total


def test_another_policy_is_adopted_without_judging_again() -> None:
    calls = []

    def judge(subject: Container, view: View) -> Verdict:
        calls.append(subject)
        return _bad(subject, view)

    engine = Engine((declare("BAD", Container, judge),))
    now = snapshot([container()])
    assert engine.evaluate(now).total.fails[Severity.HIGH] == 1
    policy = Policy(waivers=(Waiver("BAD", "*", "why"),), severity={"BAD": Severity.LOW})
    adopted = engine.adopt(policy, now)
    assert adopted is not None
    assert (adopted.total.waived, len(calls)) == (1, 1)
    back = engine.adopt(Policy(), now)
    assert back is not None
    assert back.total.fails[Severity.HIGH] == 1
    assert engine.adopt(Policy(max_image_age=1), now) is None  # that is for the checks to judge


# -- how they stand --------------------------------------------------------------------------------------------------


def test_standing() -> None:
    waivers = (
        Waiver("BAD", "web-1", "used", expires=date(2027, 11, 23)),
        Waiver("BAD", "nobody", "unused"),
        Waiver("BAD", "web-2", "soon", expires=date(2026, 12, 1)),
        Waiver("BAD", "web-3", "over", expires=date(2026, 11, 22)),
        Waiver("FINE", "*", "passes"),
        Waiver("TWO", "*", "all"),
        Waiver("TWO", "web-1", "comes second"),
    )
    policy = Policy(waivers=waivers)
    found = [container(f"web-{number}") for number in (1, 2, 3)]
    evaluation = Engine(CHECKS, policy).evaluate(snapshot(found, now=NOW))
    states = [(one.state, one.covers) for one in standing(policy, evaluation, TODAY)]
    assert states == [
        ("used", 1), ("unused", 0), ("expires soon", 1), ("expired", 1), ("unused", 0), ("used", 3), ("unused", 0),
    ]  # fmt: skip
    assert [one.waiver for one in standing(policy, evaluation, TODAY)] == list(waivers)
    lapsed = next(one for one in evaluation.results() if one.lapsed is not None)
    assert (lapsed.outcome, lapsed.key.id) == (Outcome.FAIL, "web-3")
    assert covered(waivers[3], evaluation) == (lapsed,)


def test_a_waiver_that_holds_goes_before_one_that_expired() -> None:
    policy = Policy(waivers=(Waiver("BAD", "*", "over", expires=date(2020, 1, 1)), Waiver("BAD", "*", "holds")))
    found = next(one for one in Engine(CHECKS[:1], policy).evaluate(snapshot([container()])).results())
    assert (found.outcome, found.waiver, found.lapsed) == (Outcome.WAIVED, policy.waivers[1], None)


def test_scope_in_words() -> None:
    assert scope(Waiver("X", "*", "r")) == "every object"
    assert scope(Waiver("X", "a", "r", image="b", value=("c", "d"))) == "name:a image:b value:c | d"
