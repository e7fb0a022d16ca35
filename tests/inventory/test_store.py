"""The store: generations, changes, gaps, events, and that snapshots never change under their reader."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.container import Container
from inventory.gap import Gap, Reason, Unread
from inventory.network import Network
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import Event, SourceHealth, Status
from inventory.store import EVENTS_KEPT, Store

SOURCE = "docker"
GAP = Gap(Reason.DENIED, "GET /containers/json")


def container(name: str, raw: bytes = b"", source: str = SOURCE, **values: Any) -> Container:
    """A container with an id and nothing else."""
    return Container.build(key=ResourceKey(Kind.CONTAINER, source, name), name=name, id=name, raw=raw, **values)


def network(name: str) -> Network:
    """A network with an id and nothing else."""
    return Network.build(key=ResourceKey(Kind.NETWORK, SOURCE, name), name=name, id=name)


def key(name: str, source: str = SOURCE) -> ResourceKey:
    """The key of a container."""
    return ResourceKey(Kind.CONTAINER, source, name)


@pytest.fixture
def store() -> Store:
    """An empty store whose clock stands still."""
    return Store(lambda: 1000.0)


def test_starts_empty(store: Store) -> None:
    now, changes = store.take()
    assert now.generation == 0
    assert not list(now)
    assert not changes


def test_put_and_remove(store: Store) -> None:
    store.put([container("a"), network("n")])
    now, changes = store.take()
    assert now.get(key("a")) is not None
    assert changes.keys == {key("a"), ResourceKey(Kind.NETWORK, SOURCE, "n")}
    store.remove([key("a"), key("never there")])
    now, changes = store.take()
    assert now.get(key("a")) is None
    assert changes.keys == {key("a")}


def test_an_unchanged_answer_keeps_the_object_and_wakes_nobody(store: Store) -> None:
    store.put([container("a", b"{}")])
    before, _ = store.take()
    store.put([container("a", b"{}")])
    after, changes = store.take()
    assert after is before
    assert not changes


@pytest.mark.parametrize(
    "again", [container("a", b"{1}"), container("a", b"{}", image_ref=Gap(Reason.TIMEOUT, "x")), container("a")]
)
def test_another_answer_or_another_gap_is_a_change(store: Store, again: Resource) -> None:
    store.put([container("a", b"{}", image_ref="x")])
    store.take()
    store.put([again])
    now, changes = store.take()
    assert changes.keys == {key("a")}
    assert now.get(key("a")) is again


def test_a_snapshot_does_not_change(store: Store) -> None:
    store.put([container("a")])
    before = store.snapshot()
    store.put([container("b")])
    store.remove([key("a")])
    store.set_gap(SOURCE, Kind.CONTAINER, GAP)
    store.add_events([Event(1.0, SOURCE, "container", "a", "a", "die")])
    assert [resource.name for resource in before] == ["a"]
    assert not before.gaps
    assert not before.events


def test_a_snapshot_is_the_same_until_something_changes(store: Store) -> None:
    store.put([container("a")])
    assert store.snapshot() is store.snapshot()


def test_untouched_kinds_are_shared_between_snapshots(store: Store) -> None:
    store.put([container("a"), network("n")])
    before = store.snapshot()
    store.put([container("b")])
    assert store.snapshot().by_kind[Kind.NETWORK] is before.by_kind[Kind.NETWORK]


def test_replace_removes_what_is_missing_of_this_source_only(store: Store) -> None:
    store.put([container("a"), container("b"), container("x", source="other"), network("n")])
    store.take()
    store.replace(SOURCE, Kind.CONTAINER, [container("b"), container("c")])
    now, changes = store.take()
    assert {resource.name for resource in now} == {"b", "c", "x", "n"}
    assert {key("a"), key("c")} <= changes.keys
    assert key("x", "other") not in changes.keys


def test_replace_closes_the_gap(store: Store) -> None:
    store.set_gap(SOURCE, Kind.CONTAINER, GAP)
    store.replace(SOURCE, Kind.CONTAINER, [])
    now, changes = store.take()
    assert not now.gaps
    assert changes.gaps == {(SOURCE, Kind.CONTAINER)}
    assert now.require(Container, SOURCE) == ()


def test_a_gap_keeps_the_rows_and_refuses_the_list(store: Store) -> None:
    store.put([container("a")])
    store.set_gap(SOURCE, Kind.CONTAINER, GAP)
    now, changes = store.take()
    assert now.count(Kind.CONTAINER) == 1
    assert changes.gaps == {(SOURCE, Kind.CONTAINER)}
    with pytest.raises(Unread, match="no permission"):
        now.require(Container, SOURCE)
    assert now.require(Container, "other") == ()


def test_the_same_gap_is_no_change(store: Store) -> None:
    store.set_gap(SOURCE, Kind.CONTAINER, GAP)
    store.take()
    store.set_gap(SOURCE, Kind.CONTAINER, Gap(GAP.reason, GAP.path))
    assert not store.take()[1]


def test_closing_a_gap_that_is_none(store: Store) -> None:
    store.set_gap(SOURCE, Kind.CONTAINER, None)
    assert store.snapshot().generation == 0


def test_health_is_dated_by_its_status() -> None:
    now = [1.0]
    store = Store(lambda: now[0])
    store.set_health(SOURCE, SourceHealth("docker", "x", Status.OK))
    now[0] = 2.0
    store.set_health(SOURCE, SourceHealth("docker", "x", Status.OK, detail="slow"))
    assert store.snapshot().sources[SOURCE].since == 1.0
    store.set_health(SOURCE, SourceHealth("docker", "x", Status.UNREACHABLE))
    assert store.snapshot().sources[SOURCE].since == 2.0


def test_the_same_health_wakes_nobody(store: Store) -> None:
    store.set_health(SOURCE, SourceHealth("docker", "x", Status.OK))
    before = store.snapshot()
    store.set_health(SOURCE, SourceHealth("docker", "x", Status.OK))
    assert store.snapshot() is before


def test_events_are_bounded(store: Store) -> None:
    store.add_events(Event(float(number), SOURCE, "container", "a", "a", "die") for number in range(EVENTS_KEPT + 10))
    events = store.snapshot().events
    assert len(events) == EVENTS_KEPT
    assert events[0].time == 10.0


def test_no_events_are_no_change(store: Store) -> None:
    store.add_events([Event(1.0, SOURCE, "container", "a", "a", "die")])
    before = store.snapshot()
    store.add_events([])
    assert store.snapshot() is before


def test_an_answer_alone_makes_no_generation(store: Store) -> None:
    store.answered(SOURCE)
    assert store.answered_at(SOURCE) == 1000.0
    assert store.answered_at("other") is None
    assert store.snapshot().generation == 0


def test_waiting_ends_with_a_change(store: Store) -> None:
    woken: list[bool] = []
    waiter = threading.Thread(target=lambda: woken.append(store.wait(0, 30.0)))
    waiter.start()
    store.put([container("a")])
    waiter.join(30.0)
    assert woken == [True]


def test_waiting_for_nothing_ends_too(store: Store) -> None:
    assert store.wait(0, 0.0) is False
    store.put([container("a")])
    assert store.wait(0, 0.0) is True


def test_many_writers_lose_nothing(store: Store) -> None:
    def write(number: int) -> None:
        for index in range(100):
            store.put([container(f"{number}-{index}", source=str(number))])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    seen: set[ResourceKey] = set()
    while any(writer.is_alive() for writer in writers):
        seen |= store.take()[1].keys
    seen |= store.take()[1].keys
    assert len(seen) == store.snapshot().count(Kind.CONTAINER) == 400


names = st.sampled_from("abcd")
steps = st.one_of(
    st.tuples(st.just("put"), names), st.tuples(st.just("remove"), names),
    st.tuples(st.just("replace"), st.lists(names, unique=True)),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(steps))
def test_changes_lead_from_one_snapshot_to_the_next(actions: list[tuple[str, Any]]) -> None:
    store = Store(lambda: 1000.0)
    known: dict[ResourceKey, Resource] = {}
    for kind, what in actions:
        if kind == "put":
            store.put([container(what)])
        elif kind == "remove":
            store.remove([key(what)])
        else:
            store.replace(SOURCE, Kind.CONTAINER, [container(name) for name in what])
        now, changes = store.take()
        for changed in changes.keys:
            found = now.get(changed)
            if found is None:
                known.pop(changed, None)
            else:
                known[changed] = found
        assert known == {resource.key: resource for resource in now}
