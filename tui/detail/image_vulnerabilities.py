"""Known vulnerabilities of what is in an image: the worst first, what brought each, what fixes it, and who says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inventory.contents.model import Contents
from inventory.gap import Gap
from inventory.image import Image
from inventory.resource import Kind
from inventory.secrets import mask_text
from inventory.text import clip, middle, safe
from inventory.vulnerabilities.model import Rating, Said, Vulnerabilities, Vulnerability, ordered
from tui.detail.image import WIDE, contents_of, kept, numbers, sentence, total_line, unknown_lines
from tui.detail.tab import Context, Shape, Tab
from tui.format import since
from tui.panes.images import standing
from tui.picture import Picture
from widgets.badge import letter
from widgets.cells import Cell, Span
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
    yield from _head(found, contents, width, days, now)
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


def _head(found: Vulnerabilities, contents: Contents | Gap, width: int, days: int, now: float) -> Iterator[TextLine]:
    counts = standing.counted(found, contents)
    if not found.said:
        yield line(" nobody has said anything, so nothing is known:", "unknown")
        for why in found.unmatched[:PLACES] or ("there are no data to match with",):
            yield from sentence(mask_text(why), width, "unknown", 3)
    else:
        by = ((counts.critical, "critical"), (counts.high, "high"), (counts.medium, "medium"), (counts.low, "low"))
        words = ", ".join(f"{number} {word}" for number, word in by)
        if counts.total or not counts.unsure:
            yield total_line(f"{words}, {counts.unrated} unrated   {counts.fixable} have a fix")
        if counts.exploited:
            yield TextLine(Cell.join(" ", (f"{counts.exploited} KNOWN TO BE EXPLOITED (!)", "critical")))
        if not counts.total:
            unsure = "not known: nothing was found, but not everything could be judged"
            yield line(f" {unsure if counts.unsure else 'none is known'}", "unknown" if counts.unsure else "pass")
    for said in found.said[:PLACES]:
        yield _said(said, days, now)
    if isinstance(contents, Contents) and not contents.complete:
        yield line(" not all of the image could be read: there may be more (Packages says why)", "unknown")
    if found.unmatched and found.said:
        yield line(f" nothing could be said of {len(found.unmatched)} packages or kinds:", "unknown")
        for words in found.unmatched[:PLACES]:
            yield from sentence(words, width, "unknown", 3)
        if len(found.unmatched) > PLACES:
            yield line(f"   and {len(found.unmatched) - PLACES} more", "unknown")


def _said(said: Said, days: int, now: float) -> TextLine:
    moment = said.data_at or said.at
    old = now - moment > days * standing.DAY
    age = f"data {since(said.data_at, now)} old" if said.data_at else "data of no known age"
    age += f", looked {since(said.at, now)} ago" if said.at and not said.data_at else ""
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
    """One or two lines; there may be thousands, so that cells are put together by hand."""
    word, role = _sign(one)
    quiet: Role = "normal" if one.counts else "dim"
    score = "-" if one.score is None else f"{one.score:.1f}"
    wild: Span = ("!", "critical") if one.exploited else (" ", "normal")
    known: tuple[Span, ...] = (("EXPLOITED", "critical"), ("  ", "normal")) if one.exploited else ()
    front: tuple[Span, ...] = ((" ", "normal"), (word, role), wild)
    number, step = layers.get(one.layer, (0, ""))
    where = f"layer {number} {step[:160]}".rstrip() if number else "layer ?"
    epss = "" if one.epss is None else f"{one.epss:.1%}"
    says = ",".join(one.said_by)
    fixed = one.fixed or "no fix"
    if width >= WIDE:
        # Versions are never cut: what is cut may be another's.
        name, versions = _column(middle(safe(one.package, 200), 26), 26), f"{_column(one.installed, 22)} "
        words = f"{score:>4} {_column(one.id, 20)} {name} {versions}{_column(fixed, 22)} {epss or '-':>5}  "
        said = f"{_column(clip(safe(says, 100), 10), 10)} "
        yield TextLine(Cell((*front, (f"{words}{said}", quiet), *known, (where, "dim"))), copy=one.id)
        if one.excused or one.summary:
            yield _second(one, one.summary)
        return
    what = safe(f"{one.package} {one.installed} -> {fixed}", 200)
    yield TextLine(Cell((*front, (f"{score:>4} {_column(one.id, 17)} {what}", quiet))), copy=one.id)
    rest = (
        where if not number else f"layer {number}", f"EPSS {epss}" if epss else "", f"says {says}" if says else "",
        step[:100], one.summary,
    )  # fmt: skip
    yield _second(one, "  ".join(filter(None, rest)), known)


def _second(one: Vulnerability, words: str, known: tuple[Span, ...] = ()) -> TextLine:
    """Why it does not count, or what else is known."""
    if one.excused:
        return line(f"        excused: {safe(mask_text(one.excused), 400)}", "waived")
    return TextLine(Cell((("        ", "dim"), *known, (safe(words, 400), "dim"))))


def _column(text: str, width: int) -> str:
    text = safe(text, 200)
    return text.ljust(width) if text.isascii() else text + " " * (width - Cell.of(text).width)


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
