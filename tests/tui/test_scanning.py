"""Looking into images by keys: which are meant, what it costs, how far it is, and that it can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from msgspec import structs

from inventory.container import Container
from inventory.gap import Gap, Reason
from inventory.image import Image
from inventory.image_analysis import PARTS, ImageAnalysis
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import SourceHealth, Status
from inventory.store import Store
from tests.tui import analyses as made_up
from tests.tui.stage import Play, place, play, put_cursor
from tests.tui.world import NOW, SOURCE, filled, judged, made, world
from tui.analysing import Analyst, Progress
from tui.panes.images.words import running_images
from tui.picture import Picture
from tui.scanning import RECORDED, image_of, progress_cell, remote
from tui.session import Session
from widgets.overlay import Picker


class Noted:
    """Takes down what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[ResourceKey], tuple[str, ...]]] = []
        self.cancelled = 0
        self.progress: Progress | None = None
        self.waiting: frozenset[ResourceKey] = frozenset()

    def ask(self, images: Iterable[ResourceKey], parts: tuple[str, ...] = PARTS) -> int:
        """Note it."""
        self.asked.append((list(images), parts))
        return len(self.asked[-1][0])

    def cancel(self) -> bool:
        """Note it."""
        self.cancelled += 1
        return self.progress is not None


def noting(here: Play) -> Noted:
    """Put one behind the screen."""
    noted = Noted()
    here.session.analyst = cast(Analyst, noted)
    return noted


async def test_v_looks_into_the_selected_or_the_marked_images() -> None:
    async with play(size=(80, 24)) as here:
        noted = noting(here)
        await here.press("1", "v")
        assert noted.asked == [([here.table.cursor_key], PARTS)]
        await here.press("space", "space", "v")  # each goes on to the next row
        assert set(noted.asked[-1][0]) == {row.key for row in here.table.rows[:2]}
        assert here.at_deck(), "an engine of this machine needs no question"


async def test_v_looks_into_the_image_of_a_container_and_of_what_is_open() -> None:
    async with play() as here:
        noted = noting(here)
        await here.press("2")
        put_cursor(here, "shop-web-1")
        await here.press("v")
        container = world().snapshot.get(cast(ResourceKey, here.table.cursor_key))
        assert isinstance(container, Container)
        wanted = ResourceKey(Kind.IMAGE, SOURCE, container.image_id)
        assert noted.asked == [([wanted], PARTS)]
        await here.press("enter", "v")
        assert noted.asked[-1] == ([wanted], PARTS)
        here.deck.enter(wanted)
        await here.press("v")
        assert noted.asked[-1] == ([wanted], PARTS)
        await here.press("0", "3", "v")
        assert len(noted.asked) == 3 and "no image here" in here.lines[-1]


async def test_capital_v_looks_into_all_that_run() -> None:
    async with play() as here:
        noted = noting(here)
        await here.press("V")
        assert set(noted.asked[0][0]) == {key for key in running_images(world()) if world().snapshot.get(key)}


def test_images_that_the_engine_no_longer_has_are_not_asked_for() -> None:
    gone = ResourceKey(Kind.IMAGE, SOURCE, "sha256:gone")
    assert image_of(gone, world()) is None
    assert image_of(ResourceKey(Kind.NETWORK, SOURCE, "x"), world()) is None


async def test_where_nothing_can_be_read_the_keys_say_why() -> None:
    async with play() as here:
        await here.press("1", "v")
        assert "cannot be looked into in this session" in here.lines[-1]
        here.session.recorded_at = NOW
        await here.press("V")
        assert RECORDED in here.lines[-1] and len(RECORDED) < 76
        await here.press("ctrl+x")
        assert "no image is being looked into" in here.lines[-1]


def far(picture: Picture) -> Picture:
    """The same engine, reached over a network."""
    health = SourceHealth("docker", "tcp://10.0.0.7:2376", Status.OK)
    return replace(picture, snapshot=structs.replace(picture.snapshot, sources={SOURCE: health}))


def unread() -> Picture:
    """Large images that nobody has looked into."""
    image = next(iter(world().snapshot.of(Image)))
    return judged(filled({**made(), Kind.IMAGE: list(made_up.gallery(image)), Kind.IMAGE_ANALYSIS: []}))


def test_which_engines_are_far() -> None:
    assert not remote(SOURCE, world())
    assert remote(SOURCE, far(world()))
    for target, is_far in (
        ("ssh://ops@web-07", True),
        ("unix:///x", False),
        ("npipe:////./pipe/x", False),
        ("", False),
    ):
        health = SourceHealth("docker", target, Status.OK)
        picture = replace(world(), snapshot=structs.replace(world().snapshot, sources={SOURCE: health}))
        assert remote(SOURCE, picture) == is_far, target


@pytest.mark.parametrize(
    ("keys", "parts"), [(("enter",), ("provenance",)), (("down", "enter"), PARTS), (("up",), None)]
)
async def test_much_from_another_machine_is_told_before(keys: tuple[str, ...], parts: tuple[str, ...] | None) -> None:
    async with play(far(unread()), size=(80, 24)) as here:
        noted = noting(here)
        await here.press("1")
        put_cursor(here, made_up.NAMES[8])
        await here.press("v")
        assert isinstance(here.app.screen, Picker)
        assert "328M from another machine" in here.text
        await here.press(*(keys if parts is not None else ("escape",)))
        assert here.at_deck()
        assert [asked for _, asked in noted.asked] == ([] if parts is None else [parts])


async def test_little_from_another_machine_is_read_at_once() -> None:
    async with play(far(unread()), size=(80, 24)) as here:
        noted = noting(here)
        await here.press("1")
        put_cursor(here, made_up.NAMES[1])
        await here.press("v")
        assert here.at_deck() and len(noted.asked) == 1


async def test_an_image_of_unknown_size_is_asked_about() -> None:
    image = next(iter(world().snapshot.of(Image)))
    values = {name: image.peek(name) for name in image.field_names if name != "gaps"}
    vast = Image.build(**values | {"size": Gap(Reason.ABSENT, "Size")})
    picture = far(judged(filled({**made(), Kind.IMAGE: [vast], Kind.IMAGE_ANALYSIS: []})))
    async with play(picture, size=(80, 24)) as here:
        noted = noting(here)
        await here.press("1", "v")
        assert "at least 0B" in here.text and noted.asked == []


async def test_the_footer_says_how_far_it_is_in_every_pane_and_then_no_longer() -> None:
    async with play(size=(80, 24)) as here:
        noted = noting(here)
        image = next(iter(world().snapshot.of(Image)))
        noted.progress = Progress(2, 12, image.key, "layers", 0.43, NOW)
        for digit in "0123456":
            await here.press(digit)
            here.deck.tick()
            await here.press()
            assert "reading 3/12" in here.lines[-1] and "layers 43%" in here.lines[-1], here.lines[-1]
            assert "^x cancel" in here.lines[-1]
        await here.press("ctrl+x")
        assert noted.cancelled == 1
        assert "cancelled; what was found stays" in here.lines[-1]
        noted.progress = None
        here.deck._flashed()
        here.deck.tick()
        await here.press()
        assert "reading" not in here.lines[-1]


def test_progress_of_unknown_share_and_hostile_names() -> None:
    image = next(iter(world().snapshot.of(Image)))
    words = progress_cell(Progress(0, 1, image.key, "\x1b[31msignatures", -1.0, NOW), world(), "^x").text
    assert "%" not in words and "\x1b" not in words
    gone = progress_cell(Progress(9, 3, image.key._replace(id="sha256:gone"), "", 7.0, NOW), world(), "^x").text
    assert gone.startswith("reading 3/3 sha256:gone 100%")


# -- with the thread that does the work -------------------------------------------------------------------------------


class Slow:
    """Finds something made up, each part when it is let."""

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)

    def __call__(self, image: Image, part: str, tell: Callable[[str, float], None], stopped: Callable[[], bool]) -> Any:
        """One part."""
        self.begun.release()
        while not self.gate.acquire(timeout=0.02):
            tell(part, 0.5)
        return getattr(made_up, part)(image, NOW)


@pytest.fixture
def working() -> Iterator[tuple[Store, Analyst, Slow]]:
    """A store with images, and somebody who looks into them."""
    store, slow = filled({**made(), Kind.IMAGE_ANALYSIS: []}), Slow()
    analyst = Analyst(store, slow, lambda: NOW)
    yield store, analyst, slow
    analyst.cancel()


def found_in(store: Store) -> list[ImageAnalysis]:
    """All analyses."""
    return list(store.snapshot().of(ImageAnalysis))


def until(holds: Callable[[], bool]) -> None:
    """Wait for a thread."""
    waited = threading.Event()
    for _ in range(1000):
        if holds():
            return
        waited.wait(0.01)
    raise AssertionError("never happened")


def test_results_come_part_by_part_and_row_by_row(working: tuple[Store, Analyst, Slow]) -> None:
    store, analyst, slow = working
    images = [image.key for image in store.snapshot().of(Image)][:2]
    assert analyst.ask(images) == 2 and analyst.waiting == frozenset(images)
    assert analyst.ask(images) == 0
    slow.gate.release()
    until(lambda: len(found_in(store)) == 1)
    assert not isinstance(found_in(store)[0].peek("contents"), Gap)
    assert isinstance(found_in(store)[0].peek("provenance"), Gap)
    slow.gate.release(2)
    until(lambda: analyst.waiting == frozenset(images[1:]))
    until(lambda: analyst.progress is not None and analyst.progress.share == 0.5)
    slow.gate.release(3)
    until(lambda: analyst.progress is None)
    assert analyst.waiting == frozenset() and len(found_in(store)) == 2


def test_what_was_found_before_it_was_cancelled_stays_and_nothing_waits(working: tuple[Store, Analyst, Slow]) -> None:
    store, analyst, slow = working
    images = [image.key for image in store.snapshot().of(Image)]
    analyst.ask(images)
    slow.gate.release()
    until(lambda: len(found_in(store)) == 1)
    assert analyst.cancel()
    until(lambda: analyst.progress is None)
    assert analyst.waiting == frozenset()
    assert len(found_in(store)) == 1
    assert not analyst.cancel()
    generation = store.snapshot().generation
    assert analyst.ask(images[:1]) == 1, "what was cancelled can be asked for again"
    assert store.snapshot().generation > generation, "and whoever shows rows is told"


def test_a_session_tells_with_each_picture_which_images_wait(working: tuple[Store, Analyst, Slow]) -> None:
    store, analyst, _ = working
    session = Session(lambda: None, store)
    session.analyst = analyst
    image = next(iter(store.snapshot().of(Image))).key
    analyst.ask([image])
    session._show(snapshot=store.snapshot())
    assert session.picture.waiting == frozenset({image})
    analyst.cancel()
    until(lambda: analyst.progress is None)
    session._show(snapshot=store.snapshot())
    assert session.picture.waiting == frozenset()


async def test_scanned_from_the_list_the_row_shows_dots_and_then_what_was_found(
    working: tuple[Store, Analyst, Slow],
) -> None:
    store, analyst, slow = working
    async with play(judged(store), size=(80, 24)) as here:
        here.session.analyst = analyst
        await here.press("1", "v")
        key = here.table.cursor_key
        assert isinstance(key, ResourceKey)
        await here.show(replace(judged(store), waiting=analyst.waiting))
        cells = {row.key: row.cells for row in here.table.rows}
        assert [cell.text for cell in cells[key][2:5]] == ["..", "..", ".."]
        slow.gate.release(3)
        until(lambda: analyst.progress is None)
        await here.show(replace(judged(store), waiting=analyst.waiting))
        cells = {row.key: row.cells for row in here.table.rows}
        assert [cell.text for cell in cells[key][2:5]] == ["ok", "!2/1/2+", "debian 12"]
        assert place(here) == "images::"
