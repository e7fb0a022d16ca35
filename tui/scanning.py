"""What `v` does: which images are meant, what that costs, how far it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from inventory.container import Container
from inventory.gap import Gap
from inventory.image_analysis import PARTS
from inventory.resource import Kind, ResourceKey
from inventory.text import clip, middle, safe
from tui.analysing import Progress
from tui.format import size
from tui.panes.images import standing
from tui.panes.images.words import image_name, running_images, total_size
from tui.picture import Picture
from widgets.cells import Cell
from widgets.overlay import Choice, Option, Picker

if TYPE_CHECKING:
    from tui.screens.deck import DeckScreen

DEAR = 200 << 20
"""Bytes from another machine from which on a person is asked before they are read."""
RECORDED = "a recording: what it holds of images is shown, none can be looked into"
NOBODY = "images cannot be looked into in this session"
_NAME, _DOING = 22, 20  # columns of an image's name, and of what is done, in the footer
_READ_WHOLE = ("contents", "vulnerabilities")


def selected_images(screen: DeckScreen) -> list[ResourceKey]:
    """The images of the marked rows, else of the selected one: images, and containers' images."""
    marked = [key for key in screen.table.marked if isinstance(key, ResourceKey)]
    listing = screen.trail.here.opened is None and screen.pane.shown_columns()
    selected = screen.selected()
    keys = marked if marked and listing else [selected] if selected is not None else []
    found = (image_of(key, screen.picture) for key in keys)
    return list(dict.fromkeys(key for key in found if key is not None))


def image_of(key: ResourceKey, picture: Picture) -> ResourceKey | None:
    """The image that an object is or runs, if the engine still has it."""
    resource = picture.snapshot.get(key)
    if isinstance(resource, Container):
        image = resource.peek("image_id")
        key = key if isinstance(image, Gap) else ResourceKey(Kind.IMAGE, key.source, image)
    return key if key.kind is Kind.IMAGE and picture.snapshot.get(key) is not None else None


def scan(screen: DeckScreen, images: Iterable[ResourceKey], nothing: str) -> None:
    """Queue them; where much would have to come from another machine, say how much and ask."""
    wanted = [key for key in images if screen.picture.snapshot.get(key) is not None]
    session = screen.deck.session
    if session.analyst is None:
        screen.flash(RECORDED if session.recorded_at else NOBODY)
    elif not wanted:
        screen.flash(nothing)
    else:
        far = [key for key in wanted if remote(key.source, screen.picture) and not _read(key, screen.picture)]
        bytes_, known = total_size(far, screen.picture)
        if far and (bytes_ > DEAR or not known):
            _ask(screen, wanted, far, f"{'' if known else 'at least '}{size(bytes_)}")
        else:
            begin(screen, wanted)


def scan_running(screen: DeckScreen) -> None:
    """All images of containers that run."""
    scan(screen, running_images(screen.listed), "no container runs whose image is known")


def _read(key: ResourceKey, picture: Picture) -> bool:
    """Whether its contents are known already: they are kept, and cost nothing."""
    return not isinstance(standing.analysis_of(picture.snapshot, key).peek("contents"), Gap)


def remote(source: str, picture: Picture) -> bool:
    """Whether what is read of a source comes over a network."""
    health = picture.snapshot.sources.get(source)
    return health is not None and "://" in health.target and not health.target.startswith(("unix://", "npipe://"))


def _ask(screen: DeckScreen, wanted: list[ResourceKey], far: list[ResourceKey], bytes_: str) -> None:
    many = f"{len(far)} images" if len(far) > 1 else image_name(far[0], screen.picture)
    options = [
        Option("signatures", "Signatures only", "a few kilobytes each"),
        Option("all", "Contents and vulnerabilities too", f"{bytes_} over the network"),
        Option("none", "Nothing"),
    ]

    def chosen(choice: Choice | None) -> None:
        if choice is not None and choice.id == "all":
            begin(screen, wanted)
        elif choice is not None and choice.id == "signatures":
            begin(screen, wanted, tuple(part for part in PARTS if part not in _READ_WHOLE))

    screen.app.push_screen(Picker(f"look into {many}: {bytes_} from another machine", options), chosen)


def begin(screen: DeckScreen, images: list[ResourceKey], parts: tuple[str, ...] = PARTS) -> None:
    """Queue them."""
    analyst = screen.deck.session.analyst
    if analyst is None:
        return
    count = analyst.ask(images, parts)
    if not count:
        screen.flash("already being looked into" if len(images) == 1 else "all of them are being looked into already")
    screen.show_foot()


def cancel(screen: DeckScreen) -> None:
    """Stop looking into images; what was found stays."""
    analyst = screen.deck.session.analyst
    stopped = analyst is not None and analyst.cancel()
    screen.flash("cancelled; what was found stays" if stopped else "no image is being looked into")


def progress_cell(progress: Progress, picture: Picture, key: str) -> Cell:
    """`reading 3/12 nginx:1.25 layers 43%  ^x cancel `."""
    name = middle(image_name(progress.image, picture), _NAME)
    share = f" {100 * min(1.0, progress.share):.0f}%" if progress.share >= 0 else ""
    number = min(progress.done + 1, progress.total)
    what = safe(progress.doing, 100).removeprefix("reading ")
    doing = f" {clip(what, _DOING)}" if what else ""
    words = f"reading {number}/{progress.total} {name}{doing}{share}  "
    return Cell.join((words, "accent"), (key, "key"), " cancel ")
