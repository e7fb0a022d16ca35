"""What the tabs of an image have in common: what is said where nobody has looked, steps of builds, lines that are kept.

Lines of a large image are made once per analysis and width, not each time the screen is brought up to date.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, cast

from inventory.contents.model import Contents
from inventory.gap import Gap, Reason
from inventory.image import Image
from inventory.resource import Kind
from inventory.secrets import mask_start
from inventory.text import safe
from tui.detail.tab import Context, Shape, Tab
from tui.panes.images.standing import analysis_of
from widgets.cells import Cell
from widgets.style import Role
from widgets.textview import TextLine, line

WIDE = 140
"""Columns from which on a table has all its columns on one line."""
KEPT = 6
"""Tabs whose lines are kept."""
STEP = 2000
"""Characters of a build step that are looked through for secrets and shown."""
_NOP = re.compile(r"/bin/sh -c #\(nop\)\s+")
_SHELL = re.compile(r"(RUN )?(\|\d{1,3} .{0,1000}?)?/bin/(ba|a)?sh( -o pipefail)? -e?c ")

Maker = Callable[[Any, Image, int], Iterable[TextLine]]
_MADE: dict[Hashable, tuple[object, tuple[object, ...], tuple[TextLine, ...]]] = {}


def part_tab(name: str, title: str, place: int, part: str, make: Maker, count: Callable[[Any], int]) -> Tab:
    """A tab about one part of an image's analysis; `make(part, image, width)` is not asked while it is not known."""

    def lines(image: Image, context: Context) -> Iterable[TextLine]:
        analysis = analysis_of(context.picture.snapshot, image.key)
        found = analysis.peek(part)
        if isinstance(found, Gap):
            return tuple(unknown_lines(found, image, context))
        return kept((name, image.key, context.width), found, (image,), lambda: make(found, image, context.width))

    def number(image: Image, picture: Any) -> int:
        found = analysis_of(picture.snapshot, image.key).peek(part)
        return 0 if isinstance(found, Gap) else count(found)

    return Tab(name, title, Shape.TEXT, frozenset({Kind.IMAGE}), place, lines=lines, count=number)


def kept(
    name: Hashable, what: object, more: tuple[object, ...], make: Callable[[], Iterable[TextLine]]
) -> tuple[TextLine, ...]:
    """The lines that were made of `what` (and more) under this name, or new ones; all told apart by identity."""
    known = _MADE.get(name)
    if known is not None and known[0] is what and all(a is b for a, b in zip(known[1], more, strict=True)):
        return known[2]
    made = tuple(make())
    if len(_MADE) >= KEPT:
        _MADE.pop(next(iter(_MADE)), None)
    _MADE[name] = (what, more, made)
    return made


def unknown_lines(gap: Gap, image: Image, context: Context) -> Iterator[TextLine]:
    """Why nothing is known, and which key changes that."""
    if image.key in context.picture.waiting:
        yield line(" .. this image is being looked into; ctrl+x cancels", "accent")
        return
    yield from sentence(str(gap), context.width, "unknown")
    if not context.looking:
        yield line(" nothing here can look into it: this is a recording, or no engine is read", "dim")
    elif gap.reason is Reason.PENDING:
        yield line(" v looks into this image, V into all that run, ctrl+x cancels", "dim")
    else:
        yield line(" v looks again", "dim")


def contents_of(image: Image, context: Context) -> Contents | Gap:
    """What the image holds, or why that is not known."""
    found = analysis_of(context.picture.snapshot, image.key).peek("contents")
    return cast("Contents | Gap", found)


def problem_lines(contents: Contents) -> Iterator[TextLine]:
    """What could not be read, before anything that may be incomplete because of it."""
    if contents.complete and not contents.problems:
        return
    yield line(" NOT ALL OF IT COULD BE READ: nothing may be concluded from what is missing here", "error")
    yield from (line(f"   {safe(problem, 400)}", "unknown") for problem in contents.problems[:50])
    if len(contents.problems) > 50:
        yield line(f"   and {len(contents.problems) - 50} more", "unknown")


def step_words(created_by: str, limit: int = 300) -> str:
    """A build step as its Dockerfile had it: `RUN apt-get update`, `COPY app /app`; secrets masked."""
    text = " ".join(mask_start(created_by, STEP).split())
    if nop := _NOP.match(text):
        text = text[nop.end() :]
    elif shell := _SHELL.match(text):
        text = f"RUN {text[shell.end() :]}"
    return safe(text.removesuffix("# buildkit").strip(), limit)


def numbers(contents: Contents | Gap) -> dict[str, tuple[int, str]]:
    """Layers by diffID: their number from 1, and the step that made each."""
    if isinstance(contents, Gap):
        return {}
    found: dict[str, tuple[int, str]] = {}
    for number, layer in enumerate(contents.layers, 1):
        found.setdefault(layer.diff_id, (number, step_words(layer.created_by)))
    return found


def sentence(text: str, width: int, role: Role = "normal", indent: int = 1) -> Iterator[TextLine]:
    """A sentence in as many lines as it takes; what was sent may have no blank to break at, and is cut then."""
    for words in textwrap.wrap(safe(text, 1000), max(20, width - indent - 2)):
        yield line(f"{' ' * indent}{words}", role)


def total_line(text: str) -> TextLine:
    """A line that sums up."""
    return TextLine(Cell.of(f" {text}", "title"))
