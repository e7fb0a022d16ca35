"""One finding in full, as lines for a text view."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from widgets.badge import mark, verdict_cell
from widgets.cells import Cell
from widgets.findings import FindingView
from widgets.style import Role
from widgets.textview import TextLine, line

_LABEL = 10


def evidence_lines(view: FindingView, width: int = 80) -> tuple[TextLine, ...]:
    """What was judged, where that was read, why it matters and what to do, for a view `width` columns wide.

    `meta` is the link of a piece of evidence, or the reference (str) on its line.
    """
    return tuple(_lines(view, max(30, width)))


def _lines(view: FindingView, width: int) -> Iterator[TextLine]:
    sign = mark(view.severity, view.verdict)
    head = Cell.join(sign, " ", (view.check_id, "key"), "  ", (view.severity, sign.spans[0][1]), "  ", view.domain)
    yield TextLine(Cell.join(head, "  ", verdict_cell(view.verdict)), copy=view.check_id)
    yield line(view.title, "title")
    if view.object:
        yield from _block("Object", view.object, width)
    yield from _block("Found", view.message, width)
    yield from _block("Waiver", view.waiver, width, "waived" if view.verdict == "waived" else "high")
    yield from _evidence(view)
    yield from _block("Means", view.why, width)
    yield from _block("Fix", view.fix, width)
    for index, reference in enumerate(view.references):
        label = "Refs" if index == 0 else ""
        yield TextLine(_labelled(label, reference, "accent"), meta=reference, copy=reference)
    if view.age:
        yield from _block("Seen", view.age, width)


def _evidence(view: FindingView) -> Iterator[TextLine]:
    for index, found in enumerate(view.evidence):
        cell = _labelled("Evidence" if index == 0 else "", found.path, "accent")
        value = found.value if found.value else '""'
        yield TextLine(Cell.join(cell, " = ", value), meta=found.link, copy=f"{found.path} = {found.value}")


def _labelled(label: str, text: str, role: Role = "normal") -> Cell:
    return Cell.join((f"{label:<{_LABEL}}", "key"), (text, role))


def _block(label: str, text: str, width: int, role: Role = "normal") -> Iterator[TextLine]:
    """Paragraphs wrapped beside their label; lines that are indented (commands) are kept as they are."""
    first = True
    for paragraph in text.splitlines():
        room = max(10, width - _LABEL - 2)
        wrapped = [paragraph] if paragraph.startswith(" ") else textwrap.wrap(paragraph, room) or [""]
        for piece in wrapped:
            yield TextLine(_labelled(label if first else "", piece, role), copy=text)
            first = False
