"""From two readings of one host to the news: real captured answers, read again after everything was started anew."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from checks.catalogue import catalogue
from checks.engine import Engine as Judge
from checks.policy import Policy
from checks.report import as_json
from checks.report.baseline import Baseline, baseline
from checks.report.formats import Layout
from checks.report.report import Filters, Report, Tool, report
from checks.verdict import Outcome
from inventory.activity import Activity, Listener, Session
from inventory.container import Container, Port
from inventory.gap import Gap, Reason
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import GapKey, SourceHealth, Status
from inventory.store import Store
from tests.checks.builders import GAP, NOW, SOURCE, changed, docker, engine, host
from tests.checks.facts import built, network, service

NAMES = (
    *("plain", "hardened", "privileged", "hostall", "caps", "hostfs", "pub4", "envsecret", "sockro", "unconf"),
    *("crashloop", "oomkilled", "unhealthy", "shop-db-1", "sharednet", "multi", "ttylog", "exited137", "limits"),
)


def containers() -> list[Container]:
    return [docker(name) for name in NAMES]


def scanned(
    resources: list[Resource],
    *,
    at: float = NOW,
    before: Baseline | None = None,
    gaps: dict[GapKey, Gap] | None = None,
    source: str = SOURCE,
    **filters: Any,
) -> Report:
    store = Store(clock=lambda: at)
    store.set_health(source, SourceHealth("docker", "unix:///run/docker.sock", Status.OK))
    for kind in {resource.key.kind for resource in resources}:
        store.replace(source, kind, [resource for resource in resources if resource.key.kind is kind])
    for (_, kind), gap in (gaps or {}).items():
        store.set_gap(source, kind, gap)
    snapshot = store.snapshot()
    policy = Policy()
    evaluation = Judge(catalogue(), policy).evaluate(snapshot)
    wanted = Filters(baseline=before, **filters)
    return report(Tool("deckwatch", "1"), at, 0.1, snapshot, evaluation, wanted, policy)


def everything() -> list[Resource]:
    machine = host(docker_group=(), daemon_flags=(), daemon_config={})
    return [*containers(), engine(), machine, built(), network("bridge"), service()]


def kept(found: Report) -> Baseline:
    return baseline("".join(as_json.render(found, Layout())))


def news(found: Report) -> tuple[Outcome, dict[str, list[str]]]:
    """The verdict of CMB-008 and its evidence."""
    (result,) = (result for result in found.results() if result.check.id == "CMB-008")
    told: dict[str, list[str]] = {}
    for item in result.evidence:
        told.setdefault(item.path, []).append(item.value)
    return result.outcome, told


def restarted(container: Container, number: int, at: float) -> Container:
    """The same container after everything was started anew: another id, other times, processes and addresses."""
    new = f"{number:064x}"
    times = {"created": at - 100, "started_at": at - 90, "observed_at": at}
    fleeting = {"pid": container.pid and 40_000 + number, "exec_ids": (), "log_path": f"/srv/{new}/{new}-json.log"}
    return changed(container, key=ResourceKey(Kind.CONTAINER, SOURCE, new), id=new, **times, **fleeting)


def fingerprints(found: Report) -> set[tuple[str, str, str]]:
    return {(item.result.check.id, item.result.outcome.value, item.fingerprint) for item in found.findings}


@settings(max_examples=5, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.lists(st.integers(1, 10**9), min_size=len(NAMES), max_size=len(NAMES), unique=True), st.floats(0, 200_000))
def test_fingerprints_survive_a_restart_of_everything(numbers: list[int], later: float) -> None:
    rest = [engine(), built(), network("bridge"), service()]
    before = scanned([*containers(), *rest], at=NOW)
    after = [restarted(item, number, NOW) for item, number in zip(containers(), numbers, strict=True)]
    assert fingerprints(scanned([*after, *rest])) == fingerprints(before)
    assert news(scanned([*after, *rest], at=NOW + later, before=kept(before)))[0] is not Outcome.FAIL


def test_a_task_of_a_service_is_the_same_in_its_next_life() -> None:
    first = changed(docker("plain"), name="web.1.aaaa1111", task_id="aaaa1111", service_id="s")
    second = changed(restarted(first, 7, NOW), name="web.1.bbbb2222", task_id="bbbb2222")
    assert fingerprints(scanned([first, engine()])) == fingerprints(scanned([second, engine()]))
    assert news(scanned([second, engine()], before=kept(scanned([first, engine()]))))[0] is Outcome.PASS


def test_against_itself_nothing_is_new() -> None:
    before = kept(scanned(everything()))
    after = scanned(everything(), at=NOW, before=before)
    assert news(after) == (Outcome.PASS, {})
    assert after.findings == ()


def test_a_new_privileged_container() -> None:
    before = kept(scanned([docker("plain"), engine()]))
    bad = changed(restarted(docker("plain"), 1, NOW), name="debug", privileged=True, created=NOW - 60)
    outcome, told = news(scanned([docker("plain"), bad, engine()], before=before))
    assert outcome is Outcome.FAIL
    assert "RUN-001 container debug" in told["new critical"]
    assert told["new container"] == ["debug, made 2026-11-23T11:31:00.000Z"]


def test_what_changed_in_an_object() -> None:
    before = kept(scanned([docker("hardened"), built(), engine()]))
    now = changed(docker("hardened"), ports=(Port(80, "tcp", "127.0.0.1", 8080),), cap_add=("CHOWN",))
    outcome, told = news(scanned([now, changed(built(), id="sha256:other"), engine()], before=before))
    assert outcome is Outcome.MANUAL
    assert told[f"container {now.name}: new port"] == ["127.0.0.1:8080->80/tcp"]
    assert told[f"container {now.name}: new capability"] == ["CHOWN"]
    assert told[f"image {built().name}: new content"] == ["sha256:other"]


def test_new_listeners_and_sessions() -> None:
    container = docker("plain")

    def doing(*listeners: Listener, sessions: tuple[Session, ...] = ()) -> Activity:
        key = ResourceKey(Kind.ACTIVITY, SOURCE, container.id)
        return Activity.build(key=key, name=container.name, listeners=listeners, sessions=sessions)

    first = doing(Listener("tcp", "0.0.0.0", 80, 0))
    shell = Session("e", ("sh", "-c", "PASSWORD=hunter2hunter2 sh"), "", False, True, 9)
    second = doing(Listener("tcp", "0.0.0.0", 80, 0), Listener("tcp", "0.0.0.0", 4444, 0), sessions=(shell,))
    before = kept(scanned([container, engine(), first]))
    _, told = news(scanned([container, engine(), second], before=before))
    assert told[f"container {container.name}: new listener"] == ["0.0.0.0:4444/tcp"]
    (session,) = told[f"container {container.name}: new session"]
    assert "hunter2" not in session


def test_what_went_is_told_too() -> None:
    before = kept(scanned([docker("plain"), built(), engine()]))
    outcome, told = news(scanned([docker("plain"), engine(), network("bridge")], before=before))
    assert (outcome, told["gone image"], told["new network"][0][:6]) == (Outcome.MANUAL, [built().name], "bridge")


@pytest.mark.parametrize("unread_then", [True, False])
def test_what_could_not_be_read_is_neither_new_nor_gone(unread_then: bool) -> None:
    full, poor = [docker("hardened"), built(), engine()], [built(), engine()]
    gaps = {(SOURCE, Kind.CONTAINER): GAP}
    old = scanned(poor, gaps=gaps) if unread_then else scanned(full)
    new = scanned(full, before=kept(old)) if unread_then else scanned(poor, gaps=gaps, before=kept(old))
    outcome, told = news(new)
    assert not {path for path in told if path.startswith(("new container", "gone container"))}
    assert outcome is not Outcome.PASS


def test_what_an_engine_never_has_is_no_doubt() -> None:
    gaps = {(SOURCE, Kind.SERVICE): Gap(Reason.UNSUPPORTED, "GET /services", "this node is no swarm manager")}
    before = kept(scanned([docker("plain"), engine()], gaps=gaps))
    assert news(scanned([docker("plain"), engine()], gaps=gaps, before=before))[0] is Outcome.PASS
    assert news(scanned([docker("plain"), engine(), service()], before=before))[0] is Outcome.UNKNOWN


def test_a_field_that_could_not_be_read_is_not_new() -> None:
    bare = changed(docker("hardened"), ports=GAP, mounts=GAP)
    before = kept(scanned([bare, engine()]))
    now = changed(docker("hardened"), ports=(Port(80, "tcp", "0.0.0.0", 80),))
    _, told = news(scanned([now, engine()], before=before))
    assert not [path for path in told if "port" in path or "mount" in path]


@pytest.mark.parametrize("closed", ["then", "now", "both"])
def test_a_field_that_could_not_be_read_leaves_a_doubt(closed: str) -> None:
    whole, poor = docker("hardened"), changed(docker("hardened"), mounts=GAP)
    then, now = (whole if closed == "now" else poor), (whole if closed == "then" else poor)
    outcome, _ = news(scanned([now, engine()], before=kept(scanned([then, engine()]))))
    assert outcome is Outcome.UNKNOWN


def test_what_is_not_offered_on_either_side_leaves_none() -> None:
    poor = changed(docker("hardened"), mounts=Gap(Reason.UNSUPPORTED, "Mounts"))
    assert news(scanned([poor, engine()], before=kept(scanned([poor, engine()]))))[0] is Outcome.PASS


def test_what_containers_do_was_looked_at_only_once() -> None:
    container = docker("plain")
    key = ResourceKey(Kind.ACTIVITY, SOURCE, container.id)
    doing = Activity.build(key=key, name=container.name, listeners=(), sessions=())
    looked, not_looked = [container, engine(), doing], [container, engine()]
    found = scanned(not_looked, before=kept(scanned(looked)))
    (result,) = (result for result in found.results() if result.check.id == "CMB-008")
    assert result.outcome is Outcome.UNKNOWN
    assert f"listener of container {container.name}" in result.message
    assert news(scanned(not_looked, before=kept(scanned(not_looked))))[0] is Outcome.PASS


def test_a_container_at_rest_listens_to_nothing() -> None:
    container = changed(docker("plain"), state="exited")
    key = ResourceKey(Kind.ACTIVITY, SOURCE, container.id)
    before = kept(scanned([container, engine()]))
    listener = Listener("tcp", "0.0.0.0", 4444, 0)
    doing = Activity.build(key=key, name=container.name, listeners=(listener,), sessions=())
    outcome, told = news(scanned([docker("plain"), engine(), doing], before=before))
    assert (outcome, told[f"container {container.name}: new listener"]) == (Outcome.MANUAL, ["0.0.0.0:4444/tcp"])


def test_a_report_that_lists_no_objects() -> None:
    document = json.loads("".join(as_json.render(scanned(everything()), Layout())))
    del document["objects"], document["unread"]
    assert news(scanned(everything(), before=baseline(json.dumps(document)))) == (Outcome.UNKNOWN, {})
    bad = changed(docker("plain"), privileged=True)
    assert news(scanned([bad, engine()], before=baseline(json.dumps(document))))[0] is Outcome.FAIL


def test_one_engine_may_change_its_name_and_two_may_not() -> None:
    def elsewhere(resource: Resource) -> Resource:
        return changed(resource, key=resource.key._replace(source="tcp://a:2376"))

    before = kept(scanned([docker("plain"), engine()]))
    moved = [elsewhere(docker("plain")), elsewhere(engine())]
    assert news(scanned(moved, before=before, source="tcp://a:2376"))[0] is Outcome.PASS


def test_filters_hold_for_news() -> None:
    before = kept(scanned([docker("plain"), engine()]))
    bad = changed(restarted(docker("plain"), 1, NOW), name="debug", privileged=True)
    found = scanned([docker("plain"), bad, engine()], before=before, skip=("RUN-*", "CMB-00[1-7]", "NET-*"))
    assert news(found)[0] is Outcome.MANUAL
    images = scanned([bad, engine()], before=before, only=("images",))
    assert not [result for result in images.results() if result.check.id == "CMB-008"]


def test_other_news_are_another_finding() -> None:
    before = kept(scanned([docker("plain"), engine()]))

    def mark(name: str) -> str:
        bad = changed(restarted(docker("plain"), 1, NOW), name=name, privileged=True)
        found = scanned([docker("plain"), bad, engine()], before=before)
        return next(item.fingerprint for item in found.findings if item.result.check.id == "CMB-008")

    assert mark("one") == mark("one") != mark("two")
