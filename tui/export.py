"""Findings written to a file from the screen, by the same formats as `scan`."""

from __future__ import annotations

import os
from collections.abc import Collection, Hashable
from pathlib import Path
from typing import TYPE_CHECKING

from checks.report.formats import Layout, load
from checks.report.report import Filters, Tool, report
from inventory.resource import ResourceKey
from tui.version import NAME, VERSION

if TYPE_CHECKING:
    from tui.app import DeckwatchApp

FORMATS = {
    "json": "findings as JSON (deckwatch.scan/1)",
    "sarif": "findings as SARIF 2.1.0",
    "html": "findings as a page to send",
    "md": "findings as Markdown",
    "txt": "findings as text",
}
_RENDERED_AS = {"txt": "table", "md": "markdown"}


def write(target: Path, form: str, deck: DeckwatchApp, only: Collection[Hashable] | None = None) -> int:
    """Write what the screen shows, of the marked objects alone if there are any; the size in bytes.

    The file is made anew, with mode 0600; raises OSError as the file system does.
    """
    picture = deck.picture
    filters = Filters(keys=frozenset(key for key in only if isinstance(key, ResourceKey)) if only else None)
    made = report(
        Tool(NAME, VERSION),
        deck.clock(),
        picture.evaluation.seconds,
        picture.snapshot,
        picture.evaluation,
        filters,
        deck.options.settings.policy,
    )
    text = "".join(load(_RENDERED_AS.get(form, form))(made, Layout(verbose=True))).encode("utf-8", "backslashreplace")
    return _write(target, text)


def write_text(target: Path, text: str) -> int:
    """Write this text to a new file, as `write` does."""
    return _write(target, text.encode("utf-8", "backslashreplace"))


def _write(target: Path, content: bytes) -> int:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return len(content)
