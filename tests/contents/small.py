"""Images of a few files, without an engine: layers as mappings of paths to contents."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence

from inventory.contents.finding import Entry, Finder
from inventory.contents.guard import Guard, Limits
from inventory.contents.layer import Member, look
from inventory.contents.merge import merge
from inventory.contents.model import Contents
from inventory.contents.paths import whiteout

File = bytes | Entry | tuple[Entry, bytes]
"""Contents of a plain file (mode 644, or 755 below a bin directory), or an entry as it is."""


def contents(*layers: Mapping[str, File], finders: Sequence[Finder], limits: Limits | None = None) -> Contents:
    """What is found in these layers, lowest first. A name `.wh.NAME` hides NAME; one ending in `/` is a directory."""
    guard = Guard(limits)
    facts = [look(members(layer), finders, guard).as_layer(diff_id(number)) for number, layer in enumerate(layers, 1)]
    return merge("sha256:" + "0" * 64, "layout", facts, [f"step {number}" for number in range(1, len(layers) + 1)])


def diff_id(number: int) -> str:
    """The digest of a layer of `contents`, counted from 1."""
    return f"sha256:{number:064x}"


def members(layer: Mapping[str, File]) -> Iterator[Member]:
    """A layer's entries with their contents."""
    for name, given in layer.items():
        path, marker = whiteout(name.strip("/"))
        if marker:
            yield Entry(path, marker, 0, 0, 0, 0), None
        elif isinstance(given, tuple) and not isinstance(given, Entry):
            yield given[0], io.BytesIO(given[1])
        elif isinstance(given, Entry):
            yield given, None
        elif name.endswith("/"):
            yield Entry(path, "directory", 0o755, 0, 0, 0), None
        else:
            mode = 0o755 if "bin/" in name else 0o644
            yield Entry(path, "file", mode, 0, 0, len(given)), io.BytesIO(given)
