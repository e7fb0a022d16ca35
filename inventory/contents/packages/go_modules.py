"""The text in which a Go program says what modules it was built from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from inventory.contents.model import Package
from inventory.contents.packages.reading import MAX_PACKAGES, word

INFO_START = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
INFO_END = bytes.fromhex("f932433186182072008242104116d8f2")
"""Before and after the text, in every program built with modules."""
_RELEASE = re.compile(r"go(\d+\.\d+\S{0,80})")
_NO_VERSION = ("", "(devel)")
_LINKED = re.compile(
    r"-X[ =]'?\"?(?:[\w.~/-]{0,200}[/.])?(?:main|version|common|cmd)\.(?:version|ver|appversion|gitversion)"
    r"=v?(\d+\.\d+\.\d+[\w.+-]{0,60})",
    re.IGNORECASE,
)
"""A version that whoever built it put in by hand: `-ldflags "-X main.version=1.2.3"`."""


def modules(path: str, text: str) -> Iterator[Package]:
    """`mod` (the program's own), `dep` and `=>` (instead of the line before) with path and version, by tabs.

    Versions are as Go writes them: v1.2.3, or (devel) for what was built from a checkout.
    """
    waiting: Package | None = None
    linked = _linked(text)
    for number, line in enumerate(text.split("\n")):
        if number > MAX_PACKAGES:
            break
        kind, _, rest = line.partition("\t")
        columns = [word(column) for column in rest.split("\t")]
        if kind == "=>":
            waiting = _module(path, columns)
            continue
        if waiting:
            yield waiting
        if kind == "mod" and linked and (columns[1] if len(columns) > 1 else "") in _NO_VERSION:
            columns = [columns[0], linked]
        waiting = _module(path, columns) if kind in ("mod", "dep") else None
    if waiting:
        yield waiting


def _linked(text: str) -> str:
    """The one version among the linker's flags; where there are several, none of them is sure."""
    flags = next((line for line in text.split("\n") if line.startswith("build\t-ldflags=")), "")
    found = set(_LINKED.findall(flags[:20_000]))
    return f"v{found.pop()}" if len(found) == 1 else ""


def _module(path: str, columns: list[str]) -> Package | None:
    name, version = columns[0], columns[1] if len(columns) > 1 else ""
    return Package("golang", name, version, path) if name else None


def standard_library(path: str, version: str) -> Iterator[Package]:
    """Go's own library, which every program has in it; advisories call it stdlib."""
    match = _RELEASE.match(word(version))
    if match:
        yield Package("golang", "stdlib", match[1], path)
