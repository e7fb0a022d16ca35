"""Pictures of every pane and of two drill-downs, from the recorded host that ships with the program.

Regenerate after a change of the screen: pytest tests/tui/test_snapshots.py --snapshot-update
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from textual.pilot import Pilot

from checks.catalogue import catalogue
from checks.engine import Engine
from inventory.container import Container
from inventory.sources.bundle.manifest import BundleError
from inventory.sources.bundle.replay import Replay, open_demo
from tests.tui.stage import GivenSession, Stage, options
from tui.boot import Boot, Recorded
from tui.freshness import Freshness
from tui.panes import PaneSpec, specs
from tui.picture import Picture
from tui.session import Session
from widgets.style import PALETTES

Compare = Callable[..., bool]
SIZES = [(80, 24), (120, 40), (200, 50)]


@cache
def demo() -> tuple[Replay, Picture]:
    """The demo host, read and judged once, as of the moment when it was recorded."""
    try:
        replay = open_demo()
    except BundleError as error:
        pytest.skip(str(error))
    session = Session(lambda: None)
    session.recorded_at = replay.time
    Recorded(session, replay, replay.sources[0].name, "demo", first=True)._fill()
    snapshot = session.store.snapshot()
    return replay, Picture(snapshot, Engine(catalogue()).evaluate(snapshot))


@pytest.fixture
def stage() -> Stage:
    """The program on the demo host; its clock stands still."""
    replay, picture = demo()
    session = GivenSession(picture)
    session.recorded_at = replay.time
    session.fresh = Freshness("recorded", 0.0, replay.time)
    boot = Boot(host_name=replay.host, target="demo", recorded_at=replay.time)
    return Stage(session, options(), PALETTES["colour"], boot)


def at(*keys: str) -> Callable[[Pilot[int]], object]:
    """Type these keys once the program is ready."""

    async def walk(pilot: Pilot[int]) -> None:
        app = pilot.app
        assert isinstance(app, Stage)
        for _ in range(1000):
            if app.ready and app.main.standing:
                break
            await pilot.pause(0.01)
        await pilot.press(*keys)
        await pilot.pause()
        app.main.show_picture()
        await pilot.pause()

    return walk


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("spec", specs(), ids=lambda spec: spec.id)
def test_pane(snap_compare: Compare, stage: Stage, spec: PaneSpec, size: tuple[int, int]) -> None:
    assert snap_compare(stage, terminal_size=size, run_before=at(spec.digit))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_items_of_a_benchmark(snap_compare: Compare, stage: Stage, size: tuple[int, int]) -> None:
    assert snap_compare(stage, terminal_size=size, run_before=at("B", *"jj"))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_findings_of_a_container(snap_compare: Compare, stage: Stage, size: tuple[int, int]) -> None:
    assert snap_compare(stage, terminal_size=size, run_before=at("2", "enter"))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_raw_object_of_a_container(snap_compare: Compare, stage: Stage, size: tuple[int, int]) -> None:
    assert snap_compare(stage, terminal_size=size, run_before=at("2", "i"))


def test_the_demo_host_is_worth_looking_at() -> None:
    _, picture = demo()
    assert picture.snapshot.count(Container.kind) >= 30
    assert picture.evaluation.total.worst is not None
