"""The accepted risks and how each stands."""

from __future__ import annotations

from collections.abc import Iterator

from checks.report import words
from checks.report.html.text import shown
from checks.report.report import Report
from checks.waivers import Standing, scope


def waivers(report: Report) -> Iterator[str]:
    """A table, first what asks for attention."""
    yield '<h2 id="waivers">Waivers</h2>\n'
    found = words.waivers(report)
    if not found:
        yield "<p>None: no risk was accepted.</p>\n"
        return
    yield '<div class="scroll"><table><thead><tr><th>State<th>Check<th>Scope<th>Reason<th>Owner<th>Until'
    yield '<th class="n">Findings</thead><tbody>\n'
    yield from map(_row, found)
    yield "</tbody></table></div>\n"


def _row(item: Standing) -> str:
    held = item.waiver
    state = item.state if item.state == "used" else f"<b>{item.state}</b>"
    until = str(held.expires or "no end")
    cells = (held.check, scope(held), held.reason, held.owner or "-", until)
    said = "".join(f"<td>{shown(cell)}" for cell in cells)
    return f'<tr><td>{state}{said}<td class="n">{item.covers}\n'
