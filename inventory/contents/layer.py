"""One pass over a layer: finders see its entries go by; what merging needs to know is kept, in little memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from inventory.contents import names
from inventory.contents.finding import (
    STREAM,
    AccountsAt,
    AnyFind,
    Entry,
    FileAt,
    Finder,
    OwnedAt,
    PackagesAt,
    ProblemAt,
    SecretsAt,
    Watcher,
)
from inventory.contents.guard import Guard, Problems, TooMuchError
from inventory.contents.model import SCHEMA, FileFact
from inventory.contents.names import Names, Runs

_PIECE = 1 << 18
_LARGEST = 10
_CACHE = "cache:"
_DIRECTORIES = 8192


class Body(Protocol):
    """The contents of the entry that was met last; gone when the next one comes."""

    def read(self, size: int) -> bytes:
        """Up to so many bytes; fewer only at the end. Raises `CutError` where the layer ends before the file does."""


class CutError(Exception):
    """A layer ends before it should, or is no layer at all; says where or why."""


Member = tuple[Entry, Body | None]
"""An entry, and its contents where they can be had. Kinds `whiteout` and `opaque` say what is hidden below."""


class LayerFacts(msgspec.Struct, frozen=True):
    """What a layer holds, kept by its diffID. `finders` names those that looked; `whole`: seen to its end."""

    diff_id: str
    finders: str
    schema: int = SCHEMA
    size: int = 0
    entries: int = 0
    names: Runs = ()
    tags: tuple[str, ...] = ()
    finds: tuple[AnyFind, ...] = ()
    largest: tuple[FileFact, ...] = ()
    problems: tuple[str, ...] = ()
    whole: bool = True

    def as_layer(self, diff_id: str, problems: Iterable[str] = ()) -> LayerFacts:
        """The same under the digest that its bytes have; further `problems` make it one not to be kept."""
        more = tuple(problems)
        return msgspec.structs.replace(
            self, diff_id=diff_id, problems=(*self.problems, *more), whole=self.whole and not more
        )


def identity(finders: Iterable[Finder]) -> str:
    """Which finders looked: part of the key under which results are kept."""
    return ",".join(finder.name for finder in finders)


def look(
    members: Iterable[Member], finders: Sequence[Finder], guard: Guard, problems: Problems | None = None
) -> LayerFacts:
    """Go through a layer. A layer that is cut off or too large gives what was found until then, and says so.

    `problems` may be shared with the reader of the layer, which notes what it refuses. Raises `StoppedError`.
    """
    said = problems or Problems()
    one = _Look(finders, guard, said)
    whole = True
    try:
        for entry, body in members:
            try:
                one.see(entry, body)
            except _MISTAKES as error:  # of a finder that cannot cope with a name
                said.note(f"an entry that a finder did not understand ({type(error).__name__})", entry.path)
    except (CutError, TooMuchError) as error:
        said.note(str(error))
        whole = False
    finds = tuple(find for found in one.finds.values() for find in found)
    written = said.said()
    return LayerFacts(
        diff_id="",
        finders=identity(finders),
        size=one.size,
        entries=one.entries,
        names=one.names.runs(),
        tags=tuple(one.tags),
        finds=finds,
        largest=tuple(FileFact("/" + path, mode, uid, gid, size) for size, path, mode, uid, gid in one.biggest()),
        problems=written,
        whole=whole,
    )


class _Look:
    def __init__(self, finders: Sequence[Finder], guard: Guard, problems: Problems) -> None:
        self.finds: dict[str, list[AnyFind]] = {}
        self.names = Names()
        self.tags: dict[str, int] = {}
        self.size = 0
        self.entries = 0
        self._finders = finders
        self._notices = [finder.notice for finder in finders]
        self._wants = [(finder, finder.wants) for finder in finders]
        self._guard = guard
        self._problems = problems
        self._heap: list[tuple[int, str, int, int, int]] = []
        self._packed = 0
        self._noted: dict[str, int] = {}
        self._directories: dict[str, None] = {}

    def biggest(self) -> list[tuple[int, str, int, int, int]]:
        return sorted(self._heap, key=lambda row: (-row[0], row[1]))

    def see(self, entry: Entry, body: Body | None) -> None:
        self._guard.entry()
        self.entries += 1
        path, kind = entry.path, entry.kind
        if kind == "directory":
            self._room()
            self._directories[path] = None
        else:
            self._directories.pop(path, None)
        above = path if kind == "opaque" else path.rpartition("/")[0]
        if above and above not in self._directories:
            self._imply(above)
        if kind == "whiteout" or kind == "opaque":
            self.names.add(path, names.WHITEOUT if kind == "whiteout" else names.OPAQUE)
            return
        if path in self.finds:  # the later one of the same name counts, but what the first held is still in the layer
            self.finds[path] = [find for find in self.finds[path] if isinstance(find, SecretsAt)]
        tag = -1
        for notice in self._notices:
            find = notice(entry)
            if find is not None:
                if isinstance(find, FileAt) and find.why.startswith(_CACHE) and kind != "directory":
                    tag = self._tag(find.why)
                else:
                    self._keep(path, find)
        size = 0
        if kind == "file":
            size = entry.size
            self.size += size
            self._note_size(entry)
            self._contents(entry, body)
        elif kind == "hardlink":
            self._linked(entry, body)
        self.names.add(path, _LETTERS.get(kind, names.OTHER), size, tag)
        if self.names.packed != self._packed:
            self._guard.names += self.names.packed - self._packed
            self._packed = self.names.packed
            if self._guard.names > self._guard.limits.names:
                raise TooMuchError(f"file names of more than {self._guard.limits.names >> 20} MiB")

    def _imply(self, path: str) -> None:
        """Archives may leave out directories that the engine makes all the same, in place of what was there."""
        self._room()
        while path and path not in self._directories:
            self._directories[path] = None
            self.names.add(path, names.DIRECTORY)
            path = path.rpartition("/")[0]

    def _room(self) -> None:
        if len(self._directories) > _DIRECTORIES:
            self._directories.clear()

    def _keep(self, path: str, find: AnyFind) -> None:
        if isinstance(find, FileAt):
            self._noted[find.why] = self._noted.get(find.why, 0) + 1
            if self._noted[find.why] > self._guard.limits.same:
                self._problems.note(f"more than {self._guard.limits.same} files in one layer are {find.why}", path)
                return
        guard = self._guard
        guard.finds += 1 + (len(find.packages) if isinstance(find, PackagesAt) else 0)
        guard.found += _weight(find)
        if guard.finds > guard.limits.finds:
            raise TooMuchError(f"more than {guard.limits.finds} things found")
        if guard.found > guard.limits.found:
            raise TooMuchError(f"things found that take more than {guard.limits.found >> 20} MiB")
        self.finds.setdefault(path, []).append(find)

    def _tag(self, why: str) -> int:
        if why not in self.tags and len(self.tags) >= self._guard.limits.same:
            self._problems.note(f"more than {self._guard.limits.same} cache directories in one layer", why)
            return -1
        return self.tags.setdefault(why, len(self.tags))

    def _note_size(self, entry: Entry) -> None:
        row = (entry.size, entry.path, entry.mode, entry.uid, entry.gid)
        if len(self._heap) < _LARGEST:
            heapq.heappush(self._heap, row)
        elif entry.size > self._heap[0][0]:
            heapq.heapreplace(self._heap, row)

    def _linked(self, entry: Entry, body: Body | None) -> None:
        """Another name of a file: its contents went by under the first one, unless a finder minds the name."""
        file = entry._replace(kind="file")
        wanted = {finder.name for finder, wants in self._wants if wants(file)}
        if not wanted:
            return
        first = file._replace(path=entry.link)
        if wanted <= {finder.name for finder, wants in self._wants if wants(first)}:
            return
        if body is None:
            self._problems.note("a hard link whose contents are not looked at under that name", entry.path)
            return
        self._contents(file, body)

    def _contents(self, entry: Entry, body: Body | None) -> None:
        head = 0
        lookers: list[tuple[Finder, int]] = []
        watchers: list[Watcher] = []
        for finder, wants in self._wants:
            wanted = wants(entry)
            if not wanted:
                continue
            if wanted == STREAM:
                watchers.append(finder.watch(entry))
            else:
                lookers.append((finder, wanted))
                head = max(head, wanted)
        if not lookers and not watchers:
            return
        if body is None:
            self._problems.note("a file that cannot be looked into", entry.path)
            return
        self._look_into(entry, body, head, lookers, watchers)

    def _look_into(
        self, entry: Entry, body: Body, head: int, lookers: list[tuple[Finder, int]], watchers: list[Watcher]
    ) -> None:
        head = min(head, entry.size, self._guard.limits.head)
        self._guard.heads += head
        if self._guard.heads > self._guard.limits.heads:
            raise TooMuchError("too many large files of interest")
        begun = body.read(head) if head else b""
        for finder, wanted in lookers:
            piece = begun if len(begun) <= wanted else begun[:wanted]
            if len(piece) < min(wanted, entry.size):
                self._problems.note("a file of interest that is too large to be read whole", entry.path)
            try:
                found = list(finder.look(entry, piece))
            except Exception as error:  # a finder must not end the layer
                self._failed(entry, finder.name, error)
                continue
            for find in found:
                self._keep(find.path, find)
        if watchers:
            self._watch(entry, body, begun, watchers)

    def _watch(self, entry: Entry, body: Body, begun: bytes, watchers: list[Watcher]) -> None:
        for piece in _pieces(body, begun):
            for watcher in tuple(watchers):
                try:
                    watcher.feed(piece)
                except Exception as error:  # as above
                    watchers.remove(watcher)
                    self._failed(entry, type(watcher).__name__, error)
        for watcher in watchers:
            try:
                found = list(watcher.end())
            except Exception as error:  # as above
                self._failed(entry, type(watcher).__name__, error)
                continue
            for find in found:
                self._keep(find.path, find)

    def _failed(self, entry: Entry, name: str, error: Exception) -> None:
        self._keep(entry.path, ProblemAt(entry.path, f"/{entry.path} not understood ({name}: {type(error).__name__})"))


def _weight(find: AnyFind) -> int:
    """Roughly the bytes of memory that it takes: a struct, and its texts."""
    if isinstance(find, PackagesAt):
        texts = ((one.name, one.version, one.source, one.source_version, *one.licenses) for one in find.packages)
        return sum(300 + sum(map(len, each)) for each in texts)
    if isinstance(find, OwnedAt):
        return sum(map(len, find.paths)) + 60 * len(find.paths)
    if isinstance(find, SecretsAt):
        return sum(400 + len(one.path) + len(one.masked) for one in find.secrets)
    return 200 + (300 * len(find.lines) if isinstance(find, AccountsAt) else len(find.path))


_MISTAKES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
_LETTERS = {"file": names.FILE, "hardlink": names.FILE, "directory": names.DIRECTORY}


def _pieces(body: Body, begun: bytes) -> Iterator[bytes]:
    if begun:
        yield begun
    while piece := body.read(_PIECE):
        yield piece
