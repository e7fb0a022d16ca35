"""One file to send: it loads nothing, and nothing in it can run but its own filter (Content-Security-Policy)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from checks.report.formats import Layout
from checks.report.html.findings import findings
from checks.report.html.frameworks import benchmarks
from checks.report.html.script import SCRIPT
from checks.report.html.style import STYLE
from checks.report.html.summary import charts, head, seen, tiles, title
from checks.report.html.text import shown
from checks.report.html.waivers import waivers
from checks.report.report import Report


def render(report: Report, layout: Layout) -> Iterator[str]:
    """The page, piece by piece."""
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy()}">\n'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">\n'
    # Without this, a browser that is given the page by a server asks that server for an icon.
    yield f'<link rel="icon" href="data:,"><title>Container host report: {title(report)}</title>\n'
    yield f"<style>{STYLE}</style></head>\n<body>\n"
    yield from head(report)
    yield "<main>\n"
    for part in (tiles, charts, seen, findings, benchmarks, waivers):
        yield from part(report)
    yield f"</main>\n<footer>Made by {shown(report.tool.name)} {shown(report.tool.version)}, which only looks: "
    yield "it changed nothing on the host. Values that look like secrets are masked.</footer>\n"
    yield f"<script>{SCRIPT}</script>\n</body></html>\n"


def policy() -> str:
    """Only this very style and this very script; no request of any kind."""
    return (
        f"default-src 'none'; style-src '{_digest(STYLE)}'; script-src '{_digest(SCRIPT)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
