"""What a container changed in its file system: its overlay's upper directory compared with the image's layers below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import msgspec

from inventory.activity import Change
from inventory.gap import Gap
from inventory.sources.host.machine import told
from inventory.sources.host.reader import HostReader
from inventory.sources.host.tree import Node

LIMIT = 20_000
"""Entries: some 200 ms."""
DEPTH = 64
ADDED, MODIFIED, DELETED, EITHER = "added", "modified", "deleted", "added or modified"
# How fuse-overlayfs (rootless Podman on older kernels) writes the same down: empty files with these names.
_GONE, _ALL_GONE = ".wh.", ".wh..wh..opq"
_Below = list[str] | None  # directories that hold the same path in the layers below, None: they cannot be told


def changed(reader: HostReader, upper_dir: str, limit: int = LIMIT) -> tuple[tuple[Change, ...], bool, int] | Gap:
    """Changes by path, whether that is all of them, and the bytes in the writable layer; a gap if it cannot be read.

    `upper_dir` is `GraphDriver.Data.UpperDir` of the overlay2 (Docker) and overlay (Podman) drivers. A character device
    0/0 is a deleted path (Linux, filesystems/overlayfs). Whether a path is new or another than the image's is told by
    the layers that the driver names in the file `lower` beside the directory; where that cannot be read, its kind is
    "added or modified". Parents of what changed are listed as modified, as the engine does; what is missing below a
    directory that was replaced as a whole is listed one level deep. Bytes: the apparent size, a hard link counted once.
    At most `limit` entries are looked at, shallow ones first: the bytes then are those of these entries.
    """
    found = told(partial(reader.tree, upper_dir, limit, DEPTH), upper_dir)
    if isinstance(found, Gap):
        return found
    changes = _Comparison(reader, found.nodes).changes(_lowers(reader, upper_dir))
    return changes, found.complete, _size(found.nodes.values())


def _lowers(reader: HostReader, upper_dir: str) -> list[str] | None:
    """The directories of the layers below, uppermost first; both drivers name them relative to their own directory."""
    layer = upper_dir.rstrip("/").rpartition("/")[0]
    names = told(partial(reader.read, f"{layer}/lower"), "lower")
    if isinstance(names, Gap):
        return None
    home = layer.rpartition("/")[0]
    places = [name if name.startswith("/") else f"{home}/{name}" for name in _words(names)]
    readable = not any(isinstance(told(partial(reader.names, place), place), Gap) for place in places)
    return places if readable else None


def _words(names: bytes) -> list[str]:
    return [name for name in names.decode("utf-8", "surrogateescape").strip().split(":") if name]


def _size(nodes: Iterable[Node]) -> int:
    """As the engine's SizeRw: directories do not count."""
    return sum({node.inode: node.size for node in nodes if node.kind != "directory"}.values())


class _Comparison:
    """Goes through the upper directory's entries, parents first, and keeps where each directory is found below."""

    def __init__(self, reader: HostReader, nodes: Mapping[str, Node]) -> None:
        self._reader = reader
        self._nodes = nodes
        self._places: dict[str, _Below] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._found: dict[str, Change] = {}
        self._untouched: dict[str, Node] = {}

    def changes(self, lowers: list[str] | None) -> tuple[Change, ...]:
        self._places[""] = lowers
        for path, entry in self._nodes.items():
            parent, _, name = path.rpartition("/")
            if name.startswith(_GONE) and entry.kind == "file" and not entry.size:
                if name != _ALL_GONE:
                    gone = f"{parent}/{name.removeprefix(_GONE)}".lstrip("/")
                    self._found[gone] = Change(f"/{gone}", DELETED)
                continue
            if entry.kind == "directory" and f"{path}/{_ALL_GONE}" in self._nodes:
                entry = msgspec.structs.replace(entry, opaque=True)
            self._judge(path, entry, self._places.get(parent, []), name)
        self._parents()
        return tuple(self._found[path] for path in sorted(self._found))

    def _judge(self, path: str, entry: Node, places: _Below, name: str) -> None:
        if entry.whiteout:
            self._found[path] = Change(f"/{path}", DELETED)
            return
        if places is None:
            self._places[path] = [] if entry.opaque else None
            self._keep(path, entry, EITHER)
            return
        exists, inside, below = self._below(places, name)
        self._places[path] = [] if entry.opaque else inside
        if entry.kind == "directory" and below is not None and _same(entry, below) and not entry.opaque:
            self._untouched[path] = entry
            return
        self._keep(path, entry, MODIFIED if exists else ADDED)
        if entry.opaque:
            self._replaced(path, inside)

    def _below(self, places: Sequence[str], name: str) -> tuple[bool, list[str], Node | None]:
        """Whether the layers below show this name, the directories that make it up, and the uppermost of these."""
        inside: list[str] = []
        uppermost: Node | None = None
        for place in places:
            if name not in self._listed(place):
                continue
            entry = told(partial(self._reader.node, f"{place}/{name}"), name)
            if isinstance(entry, Gap) or entry.whiteout:
                break
            if entry.kind != "directory":
                return True, inside, uppermost
            inside.append(f"{place}/{name}")
            uppermost = uppermost or entry
            if entry.opaque:
                break
        return bool(inside), inside, uppermost

    def _listed(self, place: str) -> frozenset[str]:
        if place not in self._names:
            names = told(partial(self._reader.names, place), place)
            self._names[place] = frozenset() if isinstance(names, Gap) else frozenset(names)
        return self._names[place]

    def _replaced(self, path: str, inside: Sequence[str]) -> None:
        for name in {name for place in inside for name in self._listed(place)}:
            gone = f"{path}/{name}"
            if gone not in self._nodes and self._below(inside, name)[0]:
                self._found[gone] = Change(f"/{gone}", DELETED)

    def _keep(self, path: str, entry: Node, kind: str) -> None:
        self._found[path] = Change(f"/{path}", kind, entry.kind, entry.mode, entry.size, entry.modified)

    def _parents(self) -> None:
        """A directory that was only copied up counts when something in it changed."""
        for path in list(self._found):
            while (path := path.rpartition("/")[0]) in self._untouched:
                self._keep(path, self._untouched.pop(path), MODIFIED)


def _same(entry: Node, below: Node) -> bool:
    return (entry.mode, entry.modified) == (below.mode, below.modified)
