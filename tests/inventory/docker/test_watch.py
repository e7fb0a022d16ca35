"""How what containers do is kept current: what is looked at when, and what that may cost."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from inventory.activity import Activity, Change, Process
from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.host import Host
from inventory.resource import Kind, ResourceKey
from inventory.sources.docker import activity
from inventory.sources.docker import watch as timing
from inventory.sources.docker.activity import Layer, Seen
from inventory.sources.docker.watch import Watch
from inventory.store import Store
from tests.checks.builders import changed, docker
from tests.inventory.docker.captured import gap, raw
from tests.inventory.docker.test_activity import CHANGES, EXEC, INSPECT, PID, PLAIN, SESSION, TOP, Engine, process

PENDING = Gap(Reason.PENDING, "x")
KEY = ResourceKey(Kind.ACTIVITY, "docker", PLAIN.id)


class World:
    """A store with containers, a machine that shows what it is told to, and a clock that only moves when told to."""

    def __init__(self, *, here: bool) -> None:
        self.now = 1000.0
        self.store = Store()
        self.engine = Engine()
        self.looks: list[set[str]] = []
        self.machine: dict[str, Seen] = {}
        self.took = 0.0
        for kind in (Kind.CONTAINER, Kind.ACTIVITY, Kind.HOST):
            self.store.set_gap("docker", kind, PENDING)
        self.watch = Watch(self.engine.session, "docker", self.store, self.see if here else None, lambda: self.now)
        if not here:
            self.store.set_gap("docker", Kind.HOST, Gap(Reason.UNSUPPORTED, "x"))

    def see(self, containers: Sequence[Container], until: float) -> Mapping[str, Seen]:
        self.looks.append({container.id for container in containers})
        self.now += self.took
        return {container.id: self.machine.get(container.id, shown(container)) for container in containers}

    def host(self) -> None:
        self.store.replace("docker", Kind.HOST, [Host.build(key=ResourceKey(Kind.HOST, "docker", "h"), name="h")])
        self.watch.look()

    def runs(self, *containers: Container) -> None:
        self.store.replace("docker", Kind.CONTAINER, containers)
        self.watch.look()

    def after(self, seconds: float) -> None:
        """Let time pass and do all that becomes due in it, each thing when it is due."""
        end = self.now + seconds
        while (due := self.watch.next_due()) <= end:
            self.now = max(self.now, due)
            self.watch.step()
        self.now = max(self.now, end)

    @property
    def pending(self) -> bool:
        return ("docker", Kind.ACTIVITY) in self.store.snapshot().gaps

    def told(self, container: Container = PLAIN) -> Activity | None:
        found = self.store.snapshot().get(ResourceKey(Kind.ACTIVITY, "docker", container.id))
        assert found is None or isinstance(found, Activity)
        return found


def shown(container: Container, *more: Process) -> Seen:
    return Seen((process(container.pid), *more), (), Layer(()))


def many(count: int) -> list[Container]:
    return [
        changed(PLAIN, id=f"{number:064x}", key=ResourceKey(Kind.CONTAINER, "docker", f"{number:064x}"))
        for number in range(count)
    ]


@pytest.fixture
def here() -> World:
    world = World(here=True)
    world.host()
    world.runs(PLAIN)
    return world


@pytest.fixture
def afar() -> World:
    world = World(here=False)
    world.runs(PLAIN)
    return world


def test_what_nobody_has_looked_at_is_pending() -> None:
    world = World(here=True)
    world.watch.look()
    world.after(100)
    assert world.pending
    world.runs(PLAIN)
    assert (world.pending, world.looks) == (True, [])  # whether this machine is the engine's is not known yet
    world.host()
    world.after(0)
    assert world.told() is not None
    assert not world.pending


def test_this_machine_is_looked_at_in_one_go_and_the_engine_left_alone(here: World) -> None:
    here.runs(PLAIN, *many(200))
    here.after(300)
    assert len(here.looks[-1]) == 201
    assert 10 <= len(here.looks) <= 12
    assert here.engine.asked == []


def test_a_look_that_took_long_is_not_repeated_so_soon(here: World) -> None:
    here.took = 2.0
    here.after(0)
    here.looks.clear()
    here.after(90)
    assert here.looks == []


def test_what_is_the_same_wakes_nobody(here: World) -> None:
    here.after(0)
    generation = here.store.snapshot().generation
    here.after(100)
    assert here.store.snapshot().generation == generation
    here.machine[PLAIN.id] = Seen((process(PID),), (), Layer((Change("/x", "added"),), True, 7))
    here.after(30)
    found = here.told()
    assert found is not None
    assert found.size_rw == 7


def test_a_container_that_ends_loses_it_at_once(here: World) -> None:
    here.after(0)
    here.runs(changed(PLAIN, state="exited", pid=0))
    assert here.told() is None
    here.after(100)
    assert here.told() is None
    here.runs()
    assert not here.pending


def test_a_look_under_way_does_not_bring_an_ended_container_back(here: World) -> None:
    def ends(containers: Sequence[Container], until: float) -> Mapping[str, Seen]:
        here.runs()
        return {container.id: shown(container) for container in containers}

    here.watch._see = ends
    here.after(0)
    assert here.told() is None


def test_a_start_makes_it_be_looked_at_soon(here: World) -> None:
    here.after(0)
    here.after(10)
    here.looks.clear()
    here.runs(changed(PLAIN, pid=4711))
    here.watch.touch(PLAIN.id)
    here.after(2.0)
    assert here.looks == [{PLAIN.id}]
    found = here.told()
    assert found is not None
    assert [one.pid for one in found.processes] == [4711]


def test_a_crash_loop_is_not_looked_at_all_the_time(here: World) -> None:
    here.after(0)
    here.looks.clear()
    for _ in range(100):
        here.watch.touch(PLAIN.id)
        here.after(0.2)
    assert len(here.looks) <= 5


def test_a_container_that_is_only_listed_waits_for_its_inspect(here: World) -> None:
    fresh = many(1)[0]
    here.after(0)
    here.runs(PLAIN, changed(fresh, pid=Gap(Reason.PENDING, "State.Pid")))
    here.after(40)
    assert here.told(fresh) is None
    here.runs(PLAIN, fresh)
    here.after(0)
    assert here.told(fresh) is not None


def test_somebody_inside_is_asked_about_and_again_while_he_stays(here: World) -> None:
    here.engine.said[INSPECT] = raw("docker-api/inspect-plain.json").replace(
        b'"ExecIDs":null', b'"ExecIDs":["' + SESSION.encode() + b'"]'
    )
    here.machine[PLAIN.id] = shown(PLAIN, process(99))
    here.after(0)
    found = here.told()
    assert found is not None
    assert [one.id for one in found.sessions] == [SESSION]
    here.after(100)
    assert 3 <= here.engine.asked.count(EXEC) <= 5
    assert set(here.engine.asked) == {INSPECT, EXEC}
    del here.machine[PLAIN.id]
    here.after(31)
    found = here.told()
    assert found is not None
    assert found.sessions == ()
    here.engine.asked.clear()
    here.after(100)
    assert here.engine.asked == []


def test_who_is_inside_is_pending_until_the_engine_was_asked(here: World) -> None:
    here.machine[PLAIN.id] = shown(PLAIN, process(99))
    here.watch._look_at({PLAIN.id}, whole=True)
    found = here.told()
    assert found is not None
    assert gap(found, "sessions").reason is Reason.PENDING


def test_what_may_not_be_read_here_is_asked_for_and_the_rest_is_not(here: World) -> None:
    denied = Gap(Reason.DENIED, "/var/lib/docker")
    here.machine[PLAIN.id] = Seen((process(PID),), denied, denied)
    here.after(0)
    found = here.told()
    assert found is not None
    assert found.changes
    assert gap(found, "listeners") == denied
    here.after(120)
    assert set(here.engine.asked) == {CHANGES}
    assert len(here.engine.asked) <= 4


def test_from_afar_everything_is_asked_for_slowly(afar: World) -> None:
    afar.after(0)
    assert sorted(afar.engine.asked) == sorted([TOP, CHANGES])
    assert not afar.pending
    afar.after(600)
    assert 8 <= afar.engine.asked.count(TOP) <= 12


@pytest.mark.parametrize("count", [50, 500])
def test_a_source_at_rest_asks_less_than_one_thing_in_two_seconds(afar: World, count: int) -> None:
    crowd = many(count)
    for container in crowd:
        afar.engine.said[f"/containers/{container.id}/top"] = afar.engine.said[TOP]
        afar.engine.said[f"/containers/{container.id}/changes"] = b"[]"
    afar.runs(*crowd)
    afar.after(30)
    asked = len(afar.engine.asked)
    assert asked >= 2 * timing.FIRST
    afar.after(1000)
    assert (len(afar.engine.asked) - asked) / 1000 < 0.4
    waiting = [one for one in map(afar.told, crowd) if one is None or isinstance(one.peek("processes"), Gap)]
    assert bool(waiting) is (count == 500)  # some have not had their turn
    assert all(one is not None and gap(one, "processes").reason is Reason.PENDING for one in waiting)


def test_a_question_that_fails_says_so_and_is_asked_again(afar: World) -> None:
    answers: dict[str, Any] = {TOP: afar.engine.said[TOP]}
    afar.engine.said = {}
    afar.after(0)
    found = afar.told()
    assert found is not None
    assert isinstance(found.peek("processes"), Gap)
    assert not afar.pending
    afar.engine.said = answers
    afar.after(120)
    found = afar.told()
    assert found is not None
    assert [one.pid for one in found.processes] == [PID]


def test_a_machine_that_cannot_be_looked_at_leaves_it_to_the_engine(here: World) -> None:
    def breaks(containers: Sequence[Container], until: float) -> Mapping[str, Seen]:
        raise RuntimeError("odd file")

    here.watch._see = breaks
    here.after(0)
    found = here.told()
    assert found is not None
    assert found.processes
    assert gap(found, "listeners").detail == "RuntimeError: odd file"


def test_another_sources_activities_are_left_alone(here: World) -> None:
    other = changed(PLAIN, key=ResourceKey(Kind.CONTAINER, "other", PLAIN.id))
    theirs = Activity.build(key=ResourceKey(Kind.ACTIVITY, "other", PLAIN.id), name="x")
    here.store.put([other, theirs])
    here.runs()
    assert here.store.snapshot().get(theirs.key) is theirs


def test_stopping_ends_its_thread(here: World) -> None:
    here.watch.stop()
    here.watch.run()  # returns


def test_docker_paused_and_restarting() -> None:
    world = World(here=True)
    world.host()
    paused, restarting = docker("paused"), docker("crashloop")
    world.runs(paused, restarting)
    world.after(0)
    assert world.told(paused) is not None
    assert world.told(restarting) is None
    assert not world.pending


DEEP = b"[" * 100_000 + b"]" * 100_000
ODD: list[tuple[str, bytes]] = [
    (TOP, b'{"Titles":["PID","CMD"],"Processes":[["' + b"9" * 5000 + b'","sleep"]]}'),
    (TOP, b'{"Titles":["PID","CMD"],"Processes":[],"x":' + DEEP + b"}"),
    (TOP, b'{"Titles":["PID","CMD"],"Processes":' + DEEP + b"}"),
    (CHANGES, b'[{"Path":"/x","Kind":0,"x":' + DEEP + b"}]"),
    (CHANGES, b'[{"Path":"/x","Kind":' + b"9" * 5000 + b"}]"),
]


@pytest.mark.parametrize(("path", "body"), ODD, ids=["digits", "nested", "rows", "change", "kind"])
def test_an_odd_answer_is_a_gap_and_the_next_is_read(afar: World, path: str, body: bytes) -> None:
    sound, afar.engine.said[path] = afar.engine.said[path], body
    afar.after(0)
    found, field = afar.told(), "processes" if path == TOP else "changes"
    assert found is not None
    assert gap(found, field).reason is Reason.MALFORMED
    assert not afar.pending
    afar.engine.said[path] = sound
    afar.after(120)
    found = afar.told()
    assert found is not None
    assert found.peek(field)
    assert not isinstance(found.peek(field), Gap)


def test_an_answer_that_nobody_thought_of_is_an_error_and_not_what_was_told_before(afar: World) -> None:
    def breaks() -> bytes:
        raise LookupError("odd answer")

    afar.after(0)
    sound, afar.engine.said[TOP] = afar.engine.said[TOP], breaks
    afar.after(120)
    found = afar.told()
    assert found is not None
    assert gap(found, "processes") == Gap(Reason.ERROR, "GET /containers/{id}/top", "LookupError: odd answer")
    afar.engine.said[TOP] = sound
    afar.after(120)
    found = afar.told()
    assert found is not None
    assert [one.pid for one in found.processes] == [PID]


def test_a_mistake_in_here_is_told_of_the_containers_it_was_about(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    here.after(0)
    fresh = many(1)[0]
    entered = activity.entered

    def breaks(container: Container, processes: tuple[Process, ...] | Gap) -> bool | None:
        if container.id == fresh.id:
            raise KeyError("mistake")
        return entered(container, processes)

    monkeypatch.setattr(activity, "entered", breaks)
    here.runs(PLAIN, fresh)
    here.after(4)
    found, other = here.told(fresh), here.told()
    assert found is not None
    assert other is not None
    assert {gap(found, field).reason for field in activity.FIELDS} == {Reason.ERROR}
    assert "KeyError: 'mistake'" in gap(found, "processes").detail
    assert other.processes
    assert not here.pending
    here.looks.clear()
    here.after(300)  # it stays broken, and is looked at no more often for that
    assert 5 <= len(here.looks) <= 12
    monkeypatch.setattr(activity, "entered", entered)
    here.after(60)
    found = here.told(fresh)
    assert found is not None
    assert found.processes


def test_what_one_container_breaks_costs_no_other(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    compose = activity.compose

    def breaks(container: Container, *rest: Any) -> Activity:
        if container.id == PLAIN.id:
            raise ValueError("odd")
        return compose(container, *rest)

    monkeypatch.setattr(activity, "compose", breaks)
    crowd = many(3)
    here.runs(PLAIN, *crowd)
    here.after(0)
    found = here.told()
    assert found is not None
    assert gap(found, "sessions").reason is Reason.ERROR
    assert all(one is not None and one.processes for one in map(here.told, crowd))


def test_its_thread_outlives_every_mistake_and_rests_after_each(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    here.after(0)
    tries: list[float] = []

    def breaks(now: float) -> str | None:
        tries.append(here.now)
        raise MemoryError

    def puts_nothing(resources: object) -> None:
        raise MemoryError

    monkeypatch.setattr(here.watch, "_question", breaks)
    monkeypatch.setattr(here.store, "put", puts_nothing)
    here.watch.touch(PLAIN.id)
    here.after(100)
    assert 2 <= len(tries) <= 100 / timing.PAUSE
    before = len(tries)

    def passes() -> float:
        here.now += 1000.0
        if len(tries) > before + 3:
            here.watch._stopped = True
        return here.now

    here.watch._clock = passes
    here.watch.run()
    assert len(tries) > before + 3


def test_what_goes_while_it_is_put_together_is_left_out(here: World) -> None:
    """Books are read under the lock: between asking whether a container is there and taking it, it may be gone."""

    class Books(dict[str, Seen]):
        def __contains__(self, key: object) -> bool:
            found = super().__contains__(key)
            other = threading.Thread(target=self.ended)
            other.start()
            other.join()
            return found

        def ended(self) -> None:
            if here.watch._changed.acquire(blocking=False):
                self.pop(PLAIN.id, None)
                here.watch._changed.release()

    here.after(0)
    here.watch._seen = Books(here.watch._seen)
    here.watch._publish([PLAIN])
    assert here.told() is not None


def test_events_of_many_containers_are_one_look(here: World) -> None:
    """Each walks all of /proc, for one container as for a hundred."""
    crowd = many(90)
    here.runs(PLAIN, *crowd)
    here.after(10)
    here.looks.clear()
    here.took = 0.115
    begun = here.now
    for number, container in enumerate(crowd):
        here.now = max(here.now, begun + number * 0.1)
        here.watch.touch(container.id)
        here.after(0)
    here.after(6)
    out_of_turn = [look for look in here.looks if len(look) < 91]
    assert 2 <= len(out_of_turn) <= 3
    assert set().union(*here.looks) >= {container.id for container in crowd}


def test_containers_that_come_and_go_are_one_look_a_second(here: World) -> None:
    here.after(10)
    here.looks.clear()
    for container in many(100):
        here.runs(PLAIN, container)
        here.after(0.1)
    assert 5 <= len(here.looks) <= 12


def test_from_afar_a_look_costs_nothing_and_none_is_put_off(afar: World) -> None:
    afar.after(10)
    for container in many(10):
        afar.runs(PLAIN, container)
        afar.after(0.1)
        assert afar.told(container) is not None


def test_a_container_that_is_not_inspected_yet_delays_none(here: World) -> None:
    here.after(10)
    fresh = many(1)[0]
    here.runs(PLAIN, changed(fresh, pid=Gap(Reason.PENDING, "State.Pid")))
    here.after(0.05)
    here.runs(PLAIN, fresh)
    here.after(0)
    assert here.told(fresh) is not None


def test_of_many_containers_only_those_that_changed_are_looked_at(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = many(500)
    here.runs(PLAIN, *crowd)
    here.after(0)
    asked: list[str] = []
    active = activity.active

    def noted(container: Container) -> bool | None:
        asked.append(container.id)
        return active(container)

    monkeypatch.setattr(activity, "active", noted)
    here.runs(PLAIN, changed(crowd[0], pid=4711), *crowd[2:])
    assert asked == [crowd[0].id]
    assert here.told(crowd[1]) is None
    assert here.told(crowd[2]) is not None
    here.after(timing.REST + 1)
    assert set(asked) == {crowd[0].id}
    found = here.told(crowd[0])
    assert found is not None
    assert [one.pid for one in found.processes] == [4711]


def test_a_machine_that_is_read_again_is_no_reason_to_look(here: World) -> None:
    here.took = 2.0
    here.after(0)
    here.looks.clear()
    here.host()
    here.after(10)
    assert here.looks == []


def test_an_engine_without_containers_is_not_pending() -> None:
    world = World(here=False)
    world.runs()
    assert not world.pending


def test_what_an_earlier_connection_told_goes_with_its_container(here: World) -> None:
    here.after(0)
    crowd = many(2)
    here.runs(PLAIN, *crowd)
    here.after(0)
    earlier, here.watch = here.watch, Watch(here.engine.session, "docker", here.store, here.see, lambda: here.now)
    earlier.stop()
    here.runs(PLAIN, crowd[0])
    assert here.told(crowd[1]) is None
    assert here.told(crowd[0]) is not None
    earlier._look_at({PLAIN.id, crowd[1].id}, whole=True)  # what it was at when the connection broke
    assert here.told(crowd[1]) is None


def test_nothing_is_kept_of_containers_that_went(here: World) -> None:
    here.after(0)
    for container in many(20):
        here.watch.touch(container.id)  # known by its event only: gone before it was read
        here.after(0.3)
        here.runs(PLAIN, container)
        here.after(0.3)
        here.runs(PLAIN)
    here.after(40)

    def ends(containers: Sequence[Container], until: float) -> Mapping[str, Seen]:
        here.runs(PLAIN)
        return {container.id: shown(container) for container in containers}

    here.watch._see = ends
    here.runs(PLAIN, *many(1))
    here.after(0)
    watch = here.watch
    for books in (watch._pids, watch._soon, watch._looked, watch._asking, watch._seen, watch._told, watch._waiting):
        assert set(books) <= {PLAIN.id}
