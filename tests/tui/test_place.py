"""The way through the program: down, up, across and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inventory.resource import Kind, ResourceKey
from tui.place import Place, Trail

WEB = ResourceKey(Kind.CONTAINER, "docker", "1")
NGINX = ResourceKey(Kind.IMAGE, "docker", "2")


def test_down_and_up() -> None:
    trail = Trail(Place("containers"))
    trail.enter(Place("containers", WEB))
    trail.enter(Place("containers", NGINX))
    assert trail.up() and trail.here.opened == WEB
    assert trail.up() and trail.here == Place("containers")
    assert not trail.up()


def test_last_switches_between_two_places() -> None:
    trail = Trail(Place("overview"))
    assert not trail.last()
    trail.go(Place("images"))
    assert trail.last() and trail.here == Place("overview")
    assert trail.last() and trail.here == Place("images")


def test_last_from_a_list_into_a_detail_can_still_go_up() -> None:
    trail = Trail(Place("containers"))
    trail.enter(Place("containers", WEB))
    trail.go(Place("images"))
    assert trail.last() and trail.here.opened == WEB
    assert trail.up() and trail.here == Place("containers")


def test_another_pane_has_nothing_above_it() -> None:
    trail = Trail(Place("containers"))
    trail.enter(Place("containers", WEB))
    trail.go(Place("images"))
    assert not trail.up()


def test_going_where_one_is_keeps_what_was_before() -> None:
    trail = Trail(Place("overview"))
    trail.go(Place("images"))
    trail.go(Place("images"))
    assert trail.last() and trail.here == Place("overview")


def test_another_tab_is_the_same_place_without_its_check() -> None:
    trail = Trail(Place("containers"))
    trail.enter(Place("containers", WEB, "findings", "RUN-001"))
    trail.turn("inspect")
    assert trail.here == Place("containers", WEB, "inspect")
    assert trail.up() and trail.here == Place("containers")


STEPS = st.lists(st.sampled_from(["go", "enter", "up", "last", "turn"]), max_size=40)


@given(STEPS)
def test_every_walk_ends_at_a_list_after_enough_steps_up(steps: list[str]) -> None:
    trail = Trail(Place("overview"))
    for number, step in enumerate(steps):
        key = ResourceKey(Kind.CONTAINER, "docker", str(number))
        if step == "go":
            trail.go(Place(f"pane{number % 3}"))
        elif step == "enter":
            trail.enter(Place(trail.here.pane, key))
        elif step == "up":
            trail.up()
        elif step == "last":
            trail.last()
        elif trail.here.opened:
            trail.turn("inspect")
    for _ in range(len(steps) + 1):
        trail.up()
    assert trail.here.opened is None
    assert not trail.above
