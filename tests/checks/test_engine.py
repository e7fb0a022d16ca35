"""The check engine: what runs when, and that a small update equals judging everything again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.check import Check, Domain
from checks.engine import TIME_LIMIT, Engine
from checks.policy import Policy, Waiver
from checks.result import Evaluation, Result
from checks.verdict import Evidence, Outcome, Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.image import Image
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Event, Snapshot
from inventory.store import Changes, Store
from tests.checks.builders import NOW, SOURCE, changed, host, kernel
from tests.checks.cases import snapshot

GAP = Gap(Reason.DENIED, "GET /images")
Judge = Callable[[Any, View], Verdict]


def declare(
    name: str,
    judge: Judge,
    subject: type[Resource] = Container,
    implied_by: tuple[str, ...] = (),
    derived: bool = False,
) -> Check:
    """A check outside the catalogue."""
    return Check(
        id=name, title=name, domain=Domain.RUNTIME, severity=Severity.MEDIUM, subject=subject, why="", remediation="",
        references=(), implied_by=implied_by, derived=derived, doc="", judge=judge,
    )  # fmt: skip


def container(name: str, **values: Any) -> Container:
    """A container of which only the given fields were read."""
    values.setdefault("image_id", "i0")
    return Container.build(key=ResourceKey(Kind.CONTAINER, SOURCE, name), name=name, id=name, **values)


def image(name: str, user: str = "") -> Image:
    """An image of which only the user was read."""
    return Image.build(key=ResourceKey(Kind.IMAGE, SOURCE, name), name=name, id=name, user=user)


def machine(views: Mapping[str, int] | Gap, **values: Any) -> Host:
    """A host that shows the seccomp mode of some containers."""
    known = views if isinstance(views, Gap) else {name: kernel(seccomp=mode) for name, mode in views.items()}
    return changed(host(), effective=known, **values)


def bad(why: str) -> Verdict:
    """A failure."""
    return failed(why, Evidence("x", "y"))


def _privileged(subject: Container, view: View) -> Verdict:
    return bad("privileged") if subject.privileged else passed()


def _implied(subject: Container, view: View) -> Verdict:
    return bad("implied") if subject.privileged or subject.readonly_rootfs else passed()


def _of_image(subject: Container, view: View) -> Verdict:
    found = view.image(subject.image_id)
    return bad("root image") if found is None or found.user == "" else passed(found.user)


def _crowd(subject: Container, view: View) -> Verdict:
    others = sum(other.privileged for other in view.all(Container))
    return bad(f"{others} privileged") if others > 1 else passed(str(others))


def _watched(subject: Container, view: View) -> Verdict:
    return bad("oom") if any(event.action == "oom" for event in view.events_of(subject.id)) else passed()


def _anything_happened(subject: Container, view: View) -> Verdict:
    return passed(str(len(view.events())))


def _combined(subject: Container, view: View) -> Verdict:
    both = all(view.outcome(name, subject.key) is Outcome.FAIL for name in ("PRIV", "IMAGE"))
    return bad("both") if both else passed()


def _seen_by_the_kernel(subject: Container, view: View) -> Verdict:
    found = view.effective(subject.id)
    return bad("no filter") if found is None or found.seccomp == 0 else passed(str(found.seccomp))


def _peers(subject: Container, view: View) -> Verdict:
    peer = view.outcome("PRIV", ResourceKey(Kind.CONTAINER, SOURCE, "c0"))
    return passed(str(peer)) if peer is not Outcome.FAIL else bad("c0 is privileged")


def _root_image(subject: Image, view: View) -> Verdict:
    users = [other for other in view.all(Container) if other.image_id == subject.id]
    return manual(f"used by {len(users)}") if users and not subject.user else passed()


def _by_image(containers: tuple[Container, ...]) -> Mapping[str, tuple[str, ...]]:
    known = [found for found in containers if not isinstance(found.peek("image_id"), Gap)]
    return {one.image_id: tuple(sorted(c.name for c in known if c.image_id == one.image_id)) for one in known}


def _sharing(subject: Container, view: View) -> Verdict:
    """Looks at one entry of an index, that of its image, which may not exist."""
    mates = view.index_of(Container, _by_image, subject.image_id)
    others = view.index_of(Container, _by_image, "i1")
    return bad(f"{mates}") if mates and len(mates) > 1 else passed(f"{mates} {others}")


def _users(subject: Image, view: View) -> Verdict:
    return passed(str(view.index_of(Container, _by_image, subject.id)))


CHECKS = (
    declare("PRIV", _privileged), declare("IMPL", _implied, implied_by=("PRIV",)), declare("IMAGE", _of_image),
    declare("CROWD", _crowd), declare("OOM", _watched), declare("EVENTS", _anything_happened),
    declare("KERNEL", _seen_by_the_kernel),
    declare("BOTH", _combined, derived=True), declare("PEERS", _peers, derived=True),
    declare("USED", _root_image, Image), declare("SHARING", _sharing), declare("USERS", _users, Image),
)  # fmt: skip


def state(
    *resources: Resource, gaps: Mapping[tuple[str, Kind], Gap] | None = None, events: tuple[Event, ...] = ()
) -> Snapshot:
    """A snapshot of these."""
    return snapshot(resources, gaps, events)


def result(evaluation: Evaluation, name: str, key: str = "c0") -> Result:
    """One result on one container."""
    judgement = evaluation.of(ResourceKey(Kind.CONTAINER, SOURCE, key))
    assert judgement is not None
    return next(found for found in (*judgement.results, *judgement.passed) if found.check.id == name)


def keys(*names: str) -> Changes:
    """Changes of these containers."""
    return Changes(frozenset(ResourceKey(Kind.CONTAINER, SOURCE, name) for name in names), frozenset())


# -- incremental equals full ----------------------------------------------------------------------------------------

names = st.sampled_from([f"c{number}" for number in range(4)])
flags = st.sampled_from([True, False, GAP])
actions = st.one_of(
    st.tuples(st.just("put"), names, flags, flags, st.sampled_from(["i0", "i1"])),
    st.tuples(st.just("remove"), names),
    st.tuples(st.just("image"), st.sampled_from(["i0", "i1"]), st.sampled_from(["", "app"])),
    st.tuples(st.just("no image"), st.sampled_from(["i0", "i1"])),
    st.tuples(st.just("gap"), st.sampled_from([Kind.IMAGE, Kind.CONTAINER, Kind.HOST]), st.booleans()),
    st.tuples(st.just("host"), st.one_of(st.just(GAP), st.dictionaries(names, st.sampled_from([0, 2])))),
    st.tuples(st.just("no host")),
    st.tuples(st.just("event"), names, st.sampled_from(["oom", "die"])),
    st.tuples(st.just("replace"), st.lists(names, max_size=3, unique=True)),
)
_moment = count()


def apply(store: Store, action: tuple[Any, ...]) -> None:
    """Do to the store what a source would."""
    match action:
        case ("put", name, privileged, readonly, image_id):
            store.put([container(name, privileged=privileged, readonly_rootfs=readonly, image_id=image_id)])
        case ("remove", name):
            store.remove([ResourceKey(Kind.CONTAINER, SOURCE, name)])
        case ("image", name, user):
            store.put([image(name, user)])
        case ("no image", name):
            store.remove([ResourceKey(Kind.IMAGE, SOURCE, name)])
        case ("host", views):
            store.put([machine(views)])
        case ("no host",):
            store.remove([ResourceKey(Kind.HOST, SOURCE, "host")])
        case ("gap", kind, present):
            store.set_gap(SOURCE, kind, GAP if present else None)
        case ("event", name, what):
            store.add_events([Event(NOW + next(_moment), SOURCE, "container", name, name, what)])
        case ("replace", found):
            store.replace(SOURCE, Kind.CONTAINER, [container(name, privileged=True) for name in found])


def comparable(evaluation: Evaluation) -> object:
    """Everything that an evaluation says."""
    return dict(evaluation.judgements), evaluation.total


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(actions, min_size=1, max_size=4), max_size=12))
def test_incremental_equals_full(steps: list[list[tuple[Any, ...]]]) -> None:
    store, engine = Store(lambda: NOW), Engine(CHECKS)
    for step in steps:
        for action in step:
            apply(store, action)
        now, changes = store.take()
        updated = engine.update(now, changes)
        assert comparable(updated) == comparable(Engine(CHECKS).evaluate(now))
        assert updated.total.judged == sum(judgement.summary.judged for judgement in updated.judgements.values())


@settings(max_examples=50, deadline=None)
@given(st.lists(actions, max_size=20))
def test_evaluating_again_changes_nothing(steps: list[tuple[Any, ...]]) -> None:
    store, engine = Store(lambda: NOW), Engine(CHECKS)
    for action in steps:
        apply(store, action)
    once = comparable(engine.evaluate(store.snapshot()))
    assert comparable(engine.evaluate(store.snapshot())) == once


def test_nothing_is_kept_of_what_is_gone() -> None:
    store, engine = Store(lambda: NOW), Engine(CHECKS)
    for number in range(50):
        store.put([container(f"c{number}", privileged=True, readonly_rootfs=False), image("i0")])
        engine.update(*store.take())
        store.remove([ResourceKey(Kind.CONTAINER, SOURCE, f"c{number}"), ResourceKey(Kind.IMAGE, SOURCE, "i0")])
        final = engine.update(*store.take())
    assert not final.judgements
    assert final.total.judged == 0
    assert not engine._readers
    assert not engine._reads


# -- what runs ------------------------------------------------------------------------------------------------------


def counting() -> tuple[Check, dict[str, int]]:
    """A check that counts how often it looks at each container."""
    runs: dict[str, int] = {}

    def judge(subject: Container, view: View) -> Verdict:
        runs[subject.name] = runs.get(subject.name, 0) + 1
        view.events_of(subject.id)
        return passed()

    return declare("COUNT", judge), runs


def test_only_the_changed_container_is_judged_again() -> None:
    check, runs = counting()
    engine = Engine([check])
    engine.evaluate(state(container("c0"), container("c1")))
    engine.update(state(container("c0"), container("c1")), keys("c1"))
    assert runs == {"c0": 1, "c1": 2}


def test_an_event_touches_its_own_container_only() -> None:
    check, runs = counting()
    engine = Engine([check])
    engine.evaluate(state(container("c0"), container("c1")))
    event = Event(NOW, SOURCE, "container", "c1", "c1", "die")
    engine.update(state(container("c0"), container("c1"), events=(event,)), keys())
    assert runs == {"c0": 1, "c1": 2}
    engine.update(state(container("c0"), container("c1"), events=()), keys())  # forgotten again
    assert runs == {"c0": 1, "c1": 3}


def test_the_restless_host_touches_nobody_whose_view_is_the_same() -> None:
    runs: list[str] = []

    def judge(subject: Container, view: View) -> Verdict:
        runs.append(f"{subject.name}: {view.effective(subject.id)}")
        return passed()

    engine, both = Engine([declare("X", judge)]), [container("c0"), container("c1")]
    engine.evaluate(state(*both, machine({"c0": 2, "c1": 2}, uptime=1.0)))
    changes = Changes(frozenset({ResourceKey(Kind.HOST, SOURCE, "host")}), frozenset())
    engine.update(state(*both, machine({"c0": 2, "c1": 2}, uptime=2.0)), changes)
    assert len(runs) == 2
    engine.update(state(*both, machine({"c0": 2, "c1": 0}, uptime=3.0)), changes)
    assert [run[:2] for run in runs[2:]] == ["c1"]


def test_an_index_touches_only_who_looked_at_what_changed_in_it() -> None:
    runs: list[str] = []

    def judge(subject: Image, view: View) -> Verdict:
        runs.append(f"{subject.id}: {view.index_of(Container, _by_image, subject.id)}")
        return passed()

    engine, images = Engine([declare("X", judge, Image)]), [image("i0"), image("i1"), image("i2")]
    engine.evaluate(state(*images, container("c0"), container("c1", image_id="i1")))
    runs.clear()
    engine.update(state(*images, container("c0"), container("c1", image_id="i2")), keys("c1"))
    assert sorted(runs) == ["i1: None", "i2: ('c1',)"]
    runs.clear()
    unread = state(*images, gaps={(SOURCE, Kind.CONTAINER): GAP})
    gap = Changes(frozenset(), frozenset({(SOURCE, Kind.CONTAINER)}))
    evaluation = engine.update(unread, gap)
    assert evaluation.total.unknown == 3


def test_time_runs_only_what_asked_for_it() -> None:
    runs: list[str] = []

    def clocked(subject: Container, view: View) -> Verdict:
        runs.append("clock")
        return passed(str(view.now))

    def timeless(subject: Container, view: View) -> Verdict:
        runs.append("timeless")
        return passed()

    engine = Engine([declare("CLOCK", clocked), declare("NONE", timeless)])
    engine.evaluate(state(container("c0")))
    engine.update(state(container("c0")), keys())
    engine.update(state(container("c0")), keys(), time_passed=True)
    assert runs == ["clock", "timeless", "clock"]


def test_a_derived_check_notices_that_another_resource_is_gone() -> None:
    engine = Engine(CHECKS)
    both = [container("c0", privileged=True), container("c1", privileged=False)]
    assert result(engine.evaluate(state(*both)), "PEERS", "c1").outcome is Outcome.FAIL
    assert result(engine.update(state(both[1]), keys("c0")), "PEERS", "c1").outcome is Outcome.PASS


# -- what a verdict becomes -------------------------------------------------------------------------------------------


def test_an_exception_is_unknown() -> None:
    def broken(subject: Container, view: View) -> Verdict:
        raise ZeroDivisionError("oops")

    found = result(Engine([declare("X", broken)]).evaluate(state(container("c0"))), "X")
    assert found.outcome is Outcome.UNKNOWN
    assert "ZeroDivisionError: oops" in found.message


def test_an_unread_field_is_unknown_and_says_why() -> None:
    found = result(Engine(CHECKS).evaluate(state(container("c0", privileged=GAP))), "PRIV")
    assert found.outcome is Outcome.UNKNOWN
    assert found.message == "no permission to read GET /images"


def test_a_failure_without_evidence_is_refused() -> None:
    with pytest.raises(ValueError, match="evidence"):
        failed("just so")


def test_a_slow_check_is_unknown_and_not_run_on_the_rest() -> None:
    ticks = count()

    def clock() -> float:
        return next(ticks) * (TIME_LIMIT + 1)

    seen: list[str] = []

    def slow(subject: Container, view: View) -> Verdict:
        seen.append(subject.name)
        return passed()

    engine = Engine([declare("SLOW", slow)], timer=clock, effort=clock)
    evaluation = engine.evaluate(state(container("c0"), container("c1")))
    assert len(seen) == 1
    assert {result(evaluation, "SLOW", name).outcome for name in ("c0", "c1")} == {Outcome.UNKNOWN}
    assert any("longer than" in result(evaluation, "SLOW", name).message for name in ("c0", "c1"))


def test_folding() -> None:
    evaluation = Engine(CHECKS).evaluate(state(container("c0", privileged=True, readonly_rootfs=False)))
    assert result(evaluation, "PRIV").implies == ("IMPL",)
    assert result(evaluation, "IMPL").outcome is Outcome.NOT_APPLICABLE
    assert result(evaluation, "IMPL").message == "implied by PRIV"


def test_no_folding_without_the_root() -> None:
    evaluation = Engine(CHECKS).evaluate(state(container("c0", privileged=False, readonly_rootfs=True)))
    assert result(evaluation, "IMPL").outcome is Outcome.FAIL
    assert result(evaluation, "PRIV").implies == ()


def test_what_is_unknown_is_not_folded() -> None:
    evaluation = Engine(CHECKS).evaluate(state(container("c0", privileged=GAP, readonly_rootfs=GAP)))
    assert result(evaluation, "IMPL").outcome is Outcome.UNKNOWN


def test_results_come_worst_first() -> None:
    def judge(severity: Severity) -> Judge:
        return lambda subject, view: failed("x", Evidence("a", "b"), severity=severity)

    checks = [declare(f"S{severity}", judge(severity)) for severity in Severity]
    evaluation = Engine(checks).evaluate(state(container("c0")))
    found = [entry.severity for entry in evaluation.results()]
    assert found == sorted(found, reverse=True)
    assert evaluation.total.fails == (1, 1, 1, 1, 1)
    assert evaluation.total.worst is Severity.CRITICAL


# -- policy ---------------------------------------------------------------------------------------------------------


def waived(expires: date | None, **values: str) -> Policy:
    """A policy with one waiver for PRIV on c0."""
    return Policy(waivers=(Waiver("PRIV", values.get("resource", "c*"), "accepted", expires=expires),))


PRIVILEGED = state(container("c0", privileged=True))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (waived(None), Outcome.WAIVED),
        (waived(date(2026, 11, 23)), Outcome.WAIVED),  # the last day counts
        (waived(date(2026, 11, 22)), Outcome.FAIL),
        (waived(None, resource="web-*"), Outcome.FAIL),
        (Policy(), Outcome.FAIL),
    ],
)
def test_waiver(policy: Policy, expected: Outcome) -> None:
    found = result(Engine(CHECKS, policy).evaluate(PRIVILEGED), "PRIV")
    assert found.outcome is expected
    assert (found.waiver is not None) is (expected is Outcome.WAIVED)
    assert found.severity is Severity.MEDIUM


def test_a_waiver_expires_while_the_program_runs() -> None:
    engine = Engine(CHECKS, waived(date(2026, 11, 23)))
    assert result(engine.update(PRIVILEGED, keys("c0"), time_passed=True), "PRIV").outcome is Outcome.WAIVED
    tomorrow = snapshot([container("c0", privileged=True)], now=NOW + 86400)
    later = engine.update(tomorrow, keys(), time_passed=True)
    assert result(later, "PRIV").outcome is Outcome.FAIL
    assert later.total.fails[Severity.MEDIUM] >= 1


def test_a_pass_is_not_waived() -> None:
    evaluation = Engine(CHECKS, waived(None)).evaluate(state(container("c0", privileged=False)))
    assert result(evaluation, "PRIV").outcome is Outcome.PASS


def test_severity_override() -> None:
    engine = Engine(CHECKS, Policy(severity={"PRIV": Severity.INFO}))
    assert result(engine.evaluate(PRIVILEGED), "PRIV").severity is Severity.INFO


def weighing() -> tuple[Check, Check]:
    """A check that fails at another severity than its own, and one that asks for it."""

    def writable(subject: Container, view: View) -> Verdict:
        return (
            passed() if subject.readonly_rootfs else failed("x", Evidence("a", "b"), severity=Severity(subject.memory))
        )

    def asks(subject: Container, view: View) -> Verdict:
        severity = view.severity("W", subject.key)
        return passed() if severity is None else manual(severity.word)

    return declare("W", writable), declare("Q", asks, derived=True)


def weighed(severity: int, readonly: bool = False) -> Snapshot:
    return snapshot([container("c0", readonly_rootfs=readonly, memory=severity)])


def test_the_severity_of_a_failure_is_that_of_its_verdict_or_of_the_policy() -> None:
    asked = Engine(weighing())
    assert result(asked.evaluate(weighed(4)), "Q").message == "critical"
    assert result(Engine(weighing(), Policy(severity={"W": Severity.LOW})).evaluate(weighed(4)), "Q").message == "low"
    assert result(Engine(weighing()).evaluate(weighed(4, readonly=True)), "Q").outcome is Outcome.PASS
    key = ResourceKey(Kind.CONTAINER, SOURCE, "c0")
    worse = asked.update(weighed(3), Changes(frozenset({key}), frozenset()))
    assert result(worse, "Q").message == "high"


def test_another_weight_of_the_policy_reaches_those_who_asked() -> None:
    engine = Engine(weighing())
    engine.evaluate(weighed(4))
    adopted = engine.adopt(Policy(severity={"W": Severity.INFO}), weighed(4))
    assert adopted is not None
    assert result(adopted, "Q").message == "info"


def test_another_severity_is_told_to_those_who_asked_elsewhere() -> None:
    """The one who asks is not the one who changed."""
    other = ResourceKey(Kind.CONTAINER, SOURCE, "b")

    def asks(subject: Container, view: View) -> Verdict:
        return manual(str(view.severity("W", other)))

    engine = Engine((weighing()[0], declare("Q", asks, derived=True)))
    asking = container("a", readonly_rootfs=True, memory=0)

    def state(severity: int) -> Snapshot:
        return snapshot([asking, container("b", readonly_rootfs=False, memory=severity)])

    engine.evaluate(state(2))
    after = engine.update(state(4), Changes(frozenset({other}), frozenset()))
    assert {found.message for found in after.results() if found.check.id == "Q"} == {str(Severity.CRITICAL)}
