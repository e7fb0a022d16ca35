"""Findings written to a file from the screen, by the same formats as `scan`."""

from __future__ import annotations

import os
from collections.abc import Collection, Hashable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from checks.report.formats import Layout, load
from checks.report.report import Tool, report
from inventory.resource import ResourceKey
from tui.version import NAME, VERSION

if TYPE_CHECKING:
    from tui.app import DeckwatchApp

FORMATS = {
    "json": "findings as JSON (deckwatch.scan/1)",
    "sarif": "findings as SARIF 2.1.0",
    "txt": "findings as text",
}
_RENDERED_AS = {"txt": "table"}


def write(target: Path, form: str, deck: DeckwatchApp, only: Collection[Hashable] | None = None) -> int:
    """Write what the screen shows, of the marked objects alone if there are any; the size in bytes.

    The file is made anew, with mode 0600; raises OSError as the file system does.
    """
    picture = deck.picture
    evaluation = picture.evaluation
    if only:
        kept = {key: value for key, value in evaluation.judgements.items() if _wanted(key, only)}
        evaluation = msgspec.structs.replace(evaluation, judgements=kept)
    made = report(Tool(NAME, VERSION), deck.clock(), evaluation.seconds, picture.snapshot, evaluation)
    text = "".join(load(_RENDERED_AS.get(form, form))(made, Layout())).encode("utf-8", "backslashreplace")
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    return len(text)


def _wanted(key: ResourceKey, only: Collection[Hashable]) -> bool:
    return key in only
