"""What an image holds: its packages, the layers that brought them, and secrets that lie in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from inventory.contents.model import Contents, FileFact, Layer, Package, SecretFile
from inventory.gap import Gap
from inventory.image import Image
from inventory.resource import Kind
from inventory.secrets import mask_text
from inventory.text import safe
from tui.detail.image import (
    WIDE,
    contents_of,
    kept,
    numbers,
    part_tab,
    problem_lines,
    step_words,
    total_line,
    unknown_lines,
)
from tui.detail.tab import Context, Shape, Tab
from tui.format import since, size, stamp
from tui.picture import Picture
from widgets.cells import Cell, fit
from widgets.style import Role
from widgets.textview import TextLine, line

MOST = 18_000
"""Packages that are shown: a view keeps 20,000 lines."""
BAR = 24
FILES = 5
Layers = dict[str, tuple[int, str]]


# -- packages -----------------------------------------------------------------------------------------------------


def package_lines(contents: Contents, image: Image, width: int) -> Iterator[TextLine]:
    """Every package: type, name, version, layer, the file that records it."""
    kinds = Counter(one.type for one in contents.packages)
    by_kind = "  ".join(f"{safe(kind, 20)} {count}" for kind, count in sorted(kinds.items()))
    yield total_line(f"{len(contents.packages)} packages   {by_kind}")
    release = contents.distribution
    yield line(f" {safe(release.pretty_name or release.id or 'the image names no distribution', 200)}", "dim")
    how = (
        f"{contents.files} files, {size(contents.size)}, read by {safe(contents.how, 40)} at {stamp(contents.read_at)}"
    )
    yield line(f" {how}", "dim")
    yield from problem_lines(contents)
    yield line("")
    if not contents.packages:
        yield line(" no package is recorded in it", "dim" if contents.complete else "unknown")
        return
    name, version = (40, 34) if width >= WIDE else (26, 20)
    yield line(f" {'TYPE':<7} {'PACKAGE':<{name}} {'VERSION':<{version}} {'LAYER':>5}  RECORDED IN", "header")
    layers = numbers(contents)
    ordered = sorted(contents.packages, key=lambda one: (one.type, one.name.casefold(), one.version, one.path))
    for one in ordered[:MOST]:
        yield _package(one, layers, name, version)
    if len(ordered) > MOST:
        yield line(f" and {len(ordered) - MOST} more: deckwatch sbom writes all of them", "unknown")


def _package(one: Package, layers: Layers, name: int, version: int) -> TextLine:
    number = str(layers[one.layer][0]) if one.layer in layers else "?"
    owner = f"  of {one.owner}" if one.owner else ""
    source = f"  source {one.source} {one.source_version}".rstrip() if one.source else ""
    words = (
        f" {safe(one.type, 12):<7} {_column(one.name, name)} {_column(one.version, version)} {number:>5}"
        f"  {safe(f'{one.path}{owner}{source}', 400)}"
    )
    return TextLine(Cell.of(words), copy=f"{one.name} {one.version}")


def _column(text: str, width: int) -> str:
    """The text in a column; a longer one is told in full, for a version that is cut may be another's."""
    text = safe(text, 200)
    return text.ljust(width) if text.isascii() else fit(Cell.of(text), width).text


# -- layers -------------------------------------------------------------------------------------------------------


def layer_lines(image: Image, context: Context) -> Iterable[TextLine]:
    """What each layer added, changed, removed and wasted; the build steps, where nobody has looked."""
    contents = contents_of(image, context)
    if not isinstance(contents, Gap):
        name = ("layers", image.key, context.width)
        return kept(name, contents, (), lambda: _layers(contents, context.width))
    return (*unknown_lines(contents, image, context), line(""), *history_lines(image, context))


def history_lines(image: Image, context: Context) -> Iterator[TextLine]:
    """Build steps as the engine tells them, newest first; secrets in commands masked."""
    history = image.peek("history")
    if isinstance(history, Gap):
        yield line(f" {safe(str(history), 300)}", "unknown")
        return
    yield line(f" {'AGE':>5} {'SIZE':>6}  CREATED BY", "header")
    for entry in history:
        command = " ".join(mask_text(entry.created_by).split())
        words = f" {since(entry.created, context.now):>5} {size(entry.size):>6}  {command}"
        yield TextLine(Cell.of(safe(words, 2000), "normal" if entry.size else "dim"), copy=command)
    if not history:
        yield line(" the image has no history (imported)", "dim")


def _layers(contents: Contents, width: int) -> Iterator[TextLine]:
    layers = contents.layers
    total, wasted = sum(one.size for one in layers), sum(one.wasted for one in layers)
    share = f" ({100 * wasted / total:.0f} %)" if total else ""
    yield total_line(f"{len(layers)} layers, {size(total)}; {size(wasted)} wasted{share} by what later layers hide")
    yield from problem_lines(contents)
    yield line("")
    bar = BAR if width >= WIDE else 10
    head = f" {'#':>3} {'SIZE':>6} {'':<{bar}} {'ADDED':>7} {'CHANGED':>7} {'REMOVED':>7} {'WASTED':>6}  STEP"
    yield line(head, "header")
    largest = max((one.size for one in layers), default=0)
    for number, one in enumerate(layers, 1):
        yield _layer(number, one, largest, bar)
        if width >= WIDE:
            yield from (_file(each, "") for each in one.largest[:FILES])
    if not layers:
        yield line(" no layer was told", "unknown")
    if width < WIDE:
        yield line("")
        yield line(" LARGEST FILES", "header")
        files = [(each, number) for number, one in enumerate(layers, 1) for each in one.largest]
        files.sort(key=lambda pair: -pair[0].size)
        yield from (_file(each, f"layer {number}") for each, number in files[: 4 * FILES])
    yield from _caches(contents)


def _layer(number: int, one: Layer, largest: int, bar: int) -> TextLine:
    filled = round(bar * one.size / largest) if largest > 0 and one.size > 0 else 0
    drawn = "#" * max(filled, 1 if one.size > 0 else 0)
    figures = f"{one.added:>7} {one.changed:>7} {one.removed:>7}"
    role: Role = "error" if one.wasted > (1 << 20) else "normal"
    step = step_words(one.created_by) or "no step is named"
    cell = Cell.join(
        f" {number:>3} {size(one.size):>6} ", (f"{drawn[:bar]:<{bar}}", "accent"), f" {figures} ",
        (f"{size(one.wasted) if one.wasted else '-':>6}", role), f"  {step}",
    )  # fmt: skip
    return TextLine(cell, copy=step)


def _file(one: FileFact, where: str) -> TextLine:
    return TextLine(
        Cell.of(f"     {size(one.size):>6}  {f'{where:<9} ' if where else ''}{safe(one.path, 400)}", "dim"),
        copy=one.path,
    )


def _caches(contents: Contents) -> Iterator[TextLine]:
    if contents.caches:
        yield line("")
        yield line(f" CACHES LEFT BEHIND, {size(sum(one.size for one in contents.caches))}", "header")
    layers = numbers(contents)
    for one in contents.caches[:100]:
        number = f"layer {layers[one.layer][0]}" if one.layer in layers else "layer ?"
        yield line(f"     {size(one.size):>6}  {number:<9} {safe(one.path, 300)}  {one.files} files", "dim")


# -- secrets ------------------------------------------------------------------------------------------------------


def secret_lines(contents: Contents, image: Image, width: int) -> Iterator[TextLine]:
    """Files that hold a secret, then those that are only named as if; also those that a later layer deletes."""
    held = [one for one in contents.secrets if one.kind == "content"]
    named = [one for one in contents.secrets if one.kind != "content"]
    yield total_line(f"files that hold a secret: {len(held)}   files that are only named as if: {len(named)}")
    yield from problem_lines(contents)
    if not contents.secrets:
        words = "none was found in its files" if contents.complete else "none was found in what could be read"
        yield line(f" {words}", "pass" if contents.complete else "unknown")
    layers = numbers(contents)
    for title, found in (("HOLD A SECRET", held), ("NAMED AS IF", named)):
        if found:
            yield line("")
            yield line(f" {title}", "header")
        for one in found[:1000]:
            yield from _secret(one, layers)
        if len(found) > 1000:
            yield line(f"   and {len(found) - 1000} more", "unknown")
    yield line("")
    yield line(" Secrets in the environment, labels and build steps are findings of their own: d shows them.", "dim")


def _secret(one: SecretFile, layers: Layers) -> Iterator[TextLine]:
    number, step = layers.get(one.layer, (0, ""))
    yield TextLine(
        Cell.join(f"   {safe(one.path, 400)}", "  ", (safe(one.rule, 100), "high" if one.kind == "content" else "dim")),
        copy=one.path,
    )
    where = f"layer {number}  {step[:200]}" if number else "layer ?"
    yield line(f"      {where}   {size(one.size)}", "dim")
    if one.masked:
        # Masked where it was found; masked again, for this came through a file that anybody may have written.
        yield line(f"      {safe(mask_text(one.masked), 300)}", "dim")
    if one.removed_in:
        later = layers.get(one.removed_in, (0, ""))[0]
        which = f"layer {later}" if later else "a later layer"
        yield line(f"      {which} deletes it, which does not take it out of the image", "error")


def _secret_count(found: Contents) -> int:
    return len(found.secrets)


def _layer_count(image: Image, picture: Picture) -> int:
    layers = image.peek("layers")
    return 0 if isinstance(layers, Gap) else len(layers)


TABS = (
    part_tab("packages", "Packages", 6, "contents", package_lines, lambda found: len(found.packages)),
    Tab("layers", "Layers", Shape.TEXT, frozenset({Kind.IMAGE}), 7, lines=layer_lines, count=_layer_count),
    part_tab("secrets", "Secrets", 8, "contents", secret_lines, _secret_count),
)
