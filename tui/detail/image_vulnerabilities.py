"""Known vulnerabilities of what is in an image: the worst first, what brought each, what fixes it, and who says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inventory.contents.model import Contents
from inventory.gap import Gap
from inventory.image import Image
from inventory.resource import Kind
from inventory.secrets import mask_text
from inventory.text import safe
from inventory.vulnerabilities.model import Rating, Said, Vulnerabilities, Vulnerability, ordered
from tui.detail.image import WIDE, contents_of, kept, numbers, total_line, unknown_lines
from tui.detail.tab import Context, Shape, Tab
from tui.format import since
from tui.panes.images import standing
from tui.picture import Picture
from widgets.badge import letter
from widgets.cells import Cell, fit
from widgets.style import Role
from widgets.textview import TextLine, line

MOST = 9000
"""Vulnerabilities of an image that are shown; two lines each, a view keeps 20,000."""
PLACES = 60
Layers = dict[str, tuple[int, str]]


def vulnerability_lines(image: Image, context: Context) -> Iterable[TextLine]:
    """Counts, who looked with what data, what could not be said, then all of them; the excused ones below."""
    analysis = standing.analysis_of(context.picture.snapshot, image.key)
    found, contents = analysis.peek("vulnerabilities"), contents_of(image, context)
    if isinstance(found, Gap):
        return tuple(unknown_lines(found, image, context))
    days, day = context.picture.policy.max_report_age, int(context.now // 3600)
    name = ("vulnerabilities", image.key, context.width, days, day)
    return kept(name, found, (contents,), lambda: _lines(found, contents, context.width, days, context.now))


def _lines(found: Vulnerabilities, contents: Contents | Gap, width: int, days: int, now: float) -> Iterator[TextLine]:
    yield from _head(found, contents, days, now)
    layers, every = numbers(contents), ordered(found.found)
    counting = [one for one in every if one.counts]
    excused = [one for one in every if not one.counts]
    yield line("")
    if counting:
        yield _title(width)
    for one in counting[:MOST]:
        yield from _vulnerability(one, layers, width)
    if len(counting) > MOST:
        yield line(f" and {len(counting) - MOST} more, none worse than these", "unknown")
    if excused:
        yield line("")
        yield line(f" EXCUSED {len(excused)}: these do not count", "header")
        for one in excused[: max(0, MOST - len(counting))]:
            yield from _vulnerability(one, layers, width)


def _head(found: Vulnerabilities, contents: Contents | Gap, days: int, now: float) -> Iterator[TextLine]:
    counts = standing.counted(found, contents)
    if not found.said:
        yield line(" nobody has said anything: there are no data to match with, so nothing is known", "unknown")
        yield line("   deckwatch vulndb import PATH (or update), or a scanner's report; then v looks again", "dim")
    else:
        by = ((counts.critical, "critical"), (counts.high, "high"), (counts.medium, "medium"), (counts.low, "low"))
        words = ", ".join(f"{number} {word}" for number, word in by)
        yield total_line(f"{words}, {counts.unrated} unrated   {counts.fixable} have a fix")
        if counts.exploited:
            yield TextLine(Cell.join(" ", (f"{counts.exploited} KNOWN TO BE EXPLOITED (!)", "critical")))
        if not counts.total:
            unsure = "none is known of what could be looked at" if counts.unsure else "none is known"
            yield line(f" {unsure}", "unknown" if counts.unsure else "pass")
    for said in found.said[:PLACES]:
        yield _said(said, days, now)
    if isinstance(contents, Contents) and not contents.complete:
        yield line(" not all of the image could be read: there may be more (Packages says why)", "unknown")
    if found.unmatched:
        yield line(f" nothing could be said of {len(found.unmatched)} packages or kinds:", "unknown")
        yield from (line(f"   {safe(words, 300)}", "unknown") for words in found.unmatched[:PLACES])
        if len(found.unmatched) > PLACES:
            yield line(f"   and {len(found.unmatched) - PLACES} more", "unknown")


def _said(said: Said, days: int, now: float) -> TextLine:
    moment = said.data_at or said.at
    old = now - moment > days * standing.DAY
    age = f"data {since(moment, now)} old" if moment else "data of no known age"
    late = f" (the policy allows {days} days)" if old else ""
    words = " ".join(filter(None, (said.by, said.version)))
    where = f"  {said.path}" if said.path else ""
    note = Cell.of(f"  {safe(mask_text(said.note), 300)}", "unknown") if said.note else Cell()
    head = Cell.join(" says ", (safe(words, 100), "accent"), "  ", (f"{age}{late}", "unknown" if old else "dim"))
    return TextLine(Cell.join(head, (safe(where, 300), "dim"), note))


_COLUMNS = f"{'ID':<20} {'PACKAGE':<26} {'INSTALLED':<22} {'FIXED':<22}"


def _title(width: int) -> TextLine:
    if width >= WIDE:
        return line(f"   {'CVSS':>4} {_COLUMNS} {'EPSS':>5}  {'SAYS':<10} LAYER AND STEP", "header")
    return line(f"   {'CVSS':>4} {'ID':<17} PACKAGE INSTALLED -> FIXED", "header")


def _vulnerability(one: Vulnerability, layers: Layers, width: int) -> Iterator[TextLine]:
    word, role = _sign(one)
    score = "-" if one.score is None else f"{one.score:.1f}"
    quiet: Role = "normal" if one.counts else "dim"
    known = Cell.of("  EXPLOITED", "critical") if one.exploited else Cell()
    front = Cell.join(" ", (word, role), ("!", "critical") if one.exploited else " ", f"{score:>4} ")
    fixed = one.fixed or "no fix"
    if width >= WIDE:
        name = fit(Cell.of(one.package, quiet), 26, cut="middle")
        ident = Cell.of(safe(one.id, 60), quiet)
        cells: list[Cell | str] = [fit(ident, max(20, ident.width)), " ", name]
        for version in (one.installed, fixed):  # never cut: what is cut may be another's version
            cells += [" ", fit(Cell.of(safe(version, 200), quiet), max(22, Cell.of(safe(version, 200)).width))]
        epss = "-" if one.epss is None else f"{one.epss:.1%}"
        says = fit(Cell.of(safe(",".join(one.said_by), 100)), 10)
        cell = Cell.join(front, *cells, f" {epss:>5}  ", says, " ", (_step(one, layers), "dim"), known)
        yield TextLine(cell, copy=one.id)
        if one.excused:
            yield line(f"        excused: {safe(mask_text(one.excused), 400)}", "waived")
        elif one.summary:
            yield line(f"        {safe(mask_text(one.summary), 300)}", "dim")
        return
    name = fit(Cell.of(one.id, quiet), max(17, len(safe(one.id, 60))))
    what = safe(f"{one.package} {one.installed} -> {fixed}", 200)
    yield TextLine(Cell.join(front, name, " ", (what, quiet), known), copy=one.id)
    yield line(f"        {safe(_more(one, layers), 600)}", "dim")


def _more(one: Vulnerability, layers: Layers) -> str:
    """What else is known, for the second line of a narrow view."""
    if one.excused:
        return f"excused: {mask_text(one.excused)}"
    number, step = layers.get(one.layer, (0, ""))
    where = f"layer {number}" if number else "layer ?"
    epss = f"EPSS {one.epss:.1%}" if one.epss is not None else ""
    says = f"says {','.join(one.said_by)}" if one.said_by else ""
    return "  ".join(filter(None, (where, epss, says, step[:100], mask_text(one.summary))))


def _step(one: Vulnerability, layers: Layers) -> str:
    """The layer and the build step that brought the package."""
    if one.layer not in layers:
        return "layer ?"
    number, step = layers[one.layer]
    return f"layer {number} {step[:160]}".rstrip()


def _sign(one: Vulnerability) -> tuple[str, Role]:
    if not one.counts:
        return "a", "waived"
    if one.rating is Rating.NEGLIGIBLE:
        return "-", "dim"
    return letter(one.rating.word)


def _count(image: Image, picture: Picture) -> int:
    counts = standing.counts_of(standing.analysis_of(picture.snapshot, image.key))
    return 0 if isinstance(counts, Gap) else counts.total


TABS = (
    Tab(
        "vulnerabilities", "Vulnerabilities", Shape.TEXT, frozenset({Kind.IMAGE}), 4, lines=vulnerability_lines,
        count=_count,
    ),
)  # fmt: skip
