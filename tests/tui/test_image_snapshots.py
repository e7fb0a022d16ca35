"""Pictures of the images pane, of an image's tabs and of the overview, from made-up analyses in every state.

Regenerate after a change of the screen: pytest tests/tui/test_image_snapshots.py --snapshot-update
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import cast

import pytest
from textual.pilot import Pilot

from checks.catalogue import catalogue
from checks.engine import Engine
from inventory.image import Image
from inventory.resource import Kind, ResourceKey
from tests.tui import analyses as made_up
from tests.tui.stage import GivenSession, Stage, options
from tests.tui.test_scanning import Noted
from tests.tui.test_snapshots import at
from tests.tui.world import NOW, filled, made, world
from tui.analysing import Analyst, Progress
from tui.panes.images.words import running_images
from tui.picture import Picture
from widgets.style import PALETTES

Compare = Callable[..., bool]
SIZES = [(80, 24), (200, 50)]
CHECKS = {"IMG-009", "IMG-011", "IMG-019", "RUN-001", "RUN-002"}
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@cache
def images() -> tuple[Image, ...]:
    """One of each name, the first of which containers run."""
    runs = next(found for key in running_images(world()) if (found := world().snapshot.get(key)))
    assert isinstance(runs, Image)
    return tuple(made_up.gallery(runs))


@cache
def picture() -> Picture:
    """Nine images, one of which is in work and one not looked at; judged by few checks: more are made all the time."""
    known = [made_up.in_every_state(one, number, NOW) for number, one in enumerate(images()[:-2])]
    store = filled({**made(), Kind.IMAGE: list(images()), Kind.IMAGE_ANALYSIS: list(known)})
    chosen = tuple(check for check in catalogue() if check.id in CHECKS)
    snapshot = store.snapshot()
    return Picture(snapshot, Engine(chosen).evaluate(snapshot))


def stage(shown: Picture | None = None) -> Stage:
    """The program on it; its clock stands still."""
    session = GivenSession(shown or picture())
    session.analyst = cast(Analyst, Noted())
    return Stage(session, options(), PALETTES["colour"])


def opened(key: ResourceKey, tab: str) -> Callable[[Pilot[int]], object]:
    """Open an image on a tab."""

    async def walk(pilot: Pilot[int]) -> None:
        app = pilot.app
        assert isinstance(app, Stage)
        for _ in range(1000):
            if app.ready and app.main.standing:
                break
            await pilot.pause(0.01)
        await pilot.press("1")
        app.main.enter(key)
        app.main.turn(tab)
        await pilot.pause()
        app.main.show_picture()
        await pilot.pause()

    return walk


@sizes
def test_images(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(stage(), terminal_size=size, run_before=at("1"))


@sizes
def test_images_in_work(snap_compare: Compare, size: tuple[int, int]) -> None:
    waits = images()[-2].key
    app = stage(replace(picture(), waiting=frozenset({waits})))
    noted = Noted()
    noted.progress = Progress(2, 12, waits, "layers", 0.43, NOW)
    app.session.analyst = cast(Analyst, noted)
    assert snap_compare(app, terminal_size=size, run_before=at("1"))


@sizes
@pytest.mark.parametrize("tab", ["signatures", "vulnerabilities", "packages", "layers", "secrets", "config"])
def test_tab(snap_compare: Compare, tab: str, size: tuple[int, int]) -> None:
    assert snap_compare(stage(), terminal_size=size, run_before=opened(images()[0].key, tab))


@sizes
def test_tab_of_what_nobody_has_read(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(stage(), terminal_size=size, run_before=opened(images()[-1].key, "vulnerabilities"))


@sizes
def test_overview(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(stage(), terminal_size=size, run_before=at("0"))
