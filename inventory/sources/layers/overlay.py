"""Layers as the engine's overlay driver keeps them: directories on this machine, looked through where they lie.

Needs permission to read the engine's data, root as a rule. Every directory is opened in its parent and no link is
followed, so nothing outside a layer can be reached, whatever it holds. What is open is a regular file, never a device,
and reading leaves no access time where the system allows that.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from inventory.contents.finding import Entry
from inventory.contents.guard import Guard, Problems, TooMuchError
from inventory.contents.layer import CutError, LayerFacts, Member, look
from inventory.contents.paths import DEEPEST, RefusedError, normalised, whiteout
from inventory.gap import Gap, Reason
from inventory.image import HistoryEntry, Image
from inventory.sources.layers.archive import WHAT
from inventory.sources.layers.manifest import about, digest_of, steps, steps_of
from inventory.sources.layers.reading import Found, Reading

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = _FLAGS | os.O_DIRECTORY
_FILE = _FLAGS | os.O_NONBLOCK
_YES = b"y"
_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque", "user.fuseoverlayfs.opaque")
_REDIRECTED = ("trusted.overlay.redirect", "user.overlay.redirect")
_PORTION = 4096
_LINKED = 50_000
_LONGEST_CONFIG = 8 << 20
_HOME = re.compile(r"(overlay2?)/([0-9A-Za-z_.-]{1,255})/diff")
_ID = re.compile(r"sha256:[0-9a-f]{64}")
_REMAPPED = re.compile(r"(\d{1,10})\.(\d{1,10})")
_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
    stat.S_IFIFO: "fifo",
}


class _Data(msgspec.Struct):
    LowerDir: str | None = None
    UpperDir: str | None = None


class _Driver(msgspec.Struct):
    Data: _Data | None = None


class _Inspected(msgspec.Struct):
    GraphDriver: _Driver | None = None


class ClosedError(Exception):
    """This way is closed; carries the gap that says why."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.gap = Gap(reason, WHAT, detail)


class Overlay:
    """The directories that `GraphDriver.Data` of the image's inspect answer names, below the engine's data root."""

    how = "overlay"

    def __init__(self, image: Image, root: str, history: Sequence[HistoryEntry] = ()) -> None:
        self._raw = image.raw
        layers = image.peek("layers")
        self._diff_ids: tuple[str, ...] = () if isinstance(layers, Gap) else layers
        self._root = root
        self._history = history

    def read(self, reading: Reading) -> Found | Gap:
        """See `Way.read`."""
        try:
            homes = _homes(self._raw, self._root, len(self._diff_ids))
            root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except ClosedError as error:
            return error.gap
        except OSError as error:
            return _gap(error, self._root)
        try:
            return self._read(root, homes, reading)
        except ClosedError as error:
            return error.gap
        finally:
            os.close(root)

    def _read(self, root: int, homes: Sequence[str], reading: Reading) -> Found:
        found: list[LayerFacts] = []
        driver = homes[0].partition("/")[0]
        config = _config(root, reading.image_id, driver)
        for home, diff_id in zip(homes, self._diff_ids, strict=True):
            reading.guard.alive()
            facts = reading.known(diff_id)
            if facts is None:
                facts = self._layer(root, home, reading).as_layer(diff_id)
                # An engine that deletes an image takes its configuration away first: from then on files vanish.
                if config and not _config(root, reading.image_id, driver):
                    raise ClosedError(Reason.ABSENT, "the image was deleted while it was read")
                reading.done(facts)
            found.append(facts)
        created_by = steps(config, len(homes)) or steps_of(self._history, len(homes))
        lasting = all(facts.whole for facts in found)
        return Found(reading.image_id, tuple(found), created_by, (), lasting, about(config))

    def _layer(self, root: int, home: str, reading: Reading) -> LayerFacts:
        try:
            directory = _opened(home, os.dup(root))
        except OSError as error:
            raise ClosedError(_gap(error, home).reason, f"/{home}: {error.strerror}") from error
        problems = Problems()
        base = _REMAPPED.fullmatch(self._root.rstrip("/").rpartition("/")[2])
        shift = (int(base[1]), int(base[2])) if base else (0, 0)
        with _Walk(directory, shift, reading.guard, problems) as walk:
            return look(walk.members(), reading.finders, reading.guard, problems)


def _config(root: int, image_id: str, driver: str) -> bytes:
    """The image's configuration, b"" unless it is here and has the image's digest."""
    if not _ID.fullmatch(image_id):
        return b""
    try:
        directory = _opened(f"image/{driver}/imagedb/content/sha256", os.dup(root))
        try:
            data = _bytes(image_id.removeprefix("sha256:"), directory)
        finally:
            os.close(directory)
    except OSError:
        return b""
    return data if digest_of(data) == image_id else b""


def _homes(raw: bytes, root: str, count: int) -> list[str]:
    """The layers' directories relative to the data root, lowest first."""
    try:
        data = (msgspec.json.decode(raw, type=_Inspected).GraphDriver or _Driver()).Data or _Data()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ClosedError(Reason.MALFORMED, "GraphDriver of the image has an unexpected form") from error
    lower = [part for part in (data.LowerDir or "").split(":") if part]
    places = [*reversed(lower), *([data.UpperDir] if data.UpperDir else [])]
    if not places:
        raise ClosedError(Reason.UNSUPPORTED, "the engine's storage driver keeps no layer directories")
    if len(places) != count:
        raise ClosedError(Reason.UNSUPPORTED, f"{len(places)} layer directories for {count} layers")
    if not root.startswith("/"):
        raise ClosedError(Reason.ABSENT, "the engine does not say where its data is")
    begin = root.rstrip("/") + "/"
    homes = [place.removeprefix(begin) for place in places if place.startswith(begin)]
    if len(homes) != count or not all(map(_HOME.fullmatch, homes)):
        raise ClosedError(Reason.UNSUPPORTED, f"layer directories outside of the engine's data root {root}")
    if any(".." in home for home in homes):
        raise ClosedError(Reason.UNSUPPORTED, "layer directories with strange names")
    return homes


def _gap(error: OSError, path: str) -> Gap:
    reason = Reason.DENIED if isinstance(error, PermissionError) else Reason.ABSENT
    return Gap(reason, WHAT, f"{path}: {error.strerror or error}")


def _opened(path: str, above: int) -> int:
    """Open a directory one component at a time without following links; `above` is closed."""
    for part in path.split("/") if path else ():
        try:
            try:
                inner = os.open(part, _DIRECTORY | os.O_NOATIME, dir_fd=above)
            except PermissionError:  # only the owner may ask for that
                inner = os.open(part, _DIRECTORY, dir_fd=above)
        finally:
            os.close(above)
        above = inner
    return above


def _bytes(name: str, directory: int) -> bytes:
    descriptor = os.open(name, _FILE, dir_fd=directory)
    with open(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        data = b""
        while len(data) <= _LONGEST_CONFIG and (piece := file.read(1 << 18)):
            data += piece
        return data


class _File:
    """A file of the layer, opened when somebody wants to read it."""

    __slots__ = ("_descriptor", "_directory", "_name", "_walk")

    def __init__(self, walk: _Walk, directory: int, name: bytes) -> None:
        self._walk = walk
        self._directory = directory
        self._name = name
        self._descriptor = -1

    def read(self, size: int) -> bytes:
        """See `Body.read`."""
        try:
            if self._descriptor < 0:
                self._descriptor = self._walk.open_file(self._name, self._directory)
            parts = []
            while size and (piece := os.read(self._descriptor, min(size, 1 << 20))):
                parts.append(piece)
                size -= len(piece)
        except PermissionError as error:
            raise ClosedError(Reason.DENIED, "a file of a layer: permission denied") from error
        except OSError as error:
            raise CutError(f"a file of a layer cannot be read: {error.strerror}") from error
        self._walk.guard.bytes_read(sum(map(len, parts)))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _Walk:
    """The entries of one layer's directory, as its archive would have them: by name, directories before their files."""

    def __init__(self, directory: int, shift: tuple[int, int], guard: Guard, problems: Problems) -> None:
        self.guard = guard
        self._problems = problems
        self._shift = shift
        self._open = [directory]
        self._linked: dict[tuple[int, int], str] = {}
        self._quietly = os.O_NOATIME
        self._waiting = 0
        self._file: _File | None = None

    def __enter__(self) -> _Walk:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._file is not None:
            self._file.close()
        while self._open:
            os.close(self._open.pop())

    def open_file(self, name: bytes, directory: int) -> int:
        """A regular file, without leaving an access time if possible. Raises OSError."""
        descriptor = self._quiet(name, _FILE, directory)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(22, "not a regular file any more")
        return descriptor

    def members(self) -> Iterator[Member]:
        """All of it. Raises `ClosedError` where something may not be read."""
        try:
            yield from self._tree()
        except PermissionError as error:
            raise ClosedError(Reason.DENIED, "a directory of a layer: permission denied") from error
        except OSError as error:
            raise CutError(f"a layer's directory cannot be read: {error.strerror}") from error

    def _quiet(self, name: bytes, flags: int, directory: int) -> int:
        try:
            return os.open(name, flags | self._quietly, dir_fd=directory)
        except PermissionError:
            if not self._quietly:
                raise
        descriptor = os.open(name, flags, dir_fd=directory)
        self._quietly = 0  # only the owner may ask for it
        return descriptor

    def _tree(self) -> Iterator[Member]:
        """Without recursion: a generator in a generator for every level would cost more than reading the directory."""
        todo: list[tuple[str, list[bytes]]] = [("", [])]
        yield from self._files(self._open[-1], *todo[-1])
        while todo:
            path, inner = todo[-1]
            if not inner:
                todo.pop()
                os.close(self._open.pop())
                continue
            name = inner.pop()
            below = self._path(path, name)
            if below is None:
                continue
            if len(todo) > DEEPEST - 2:
                self.guard.entry()
                self._problems.note("refused in a layer: directories too deep", below)
                continue
            opened = self._quiet(name, _DIRECTORY, self._open[-1])
            self._open.append(opened)
            yield self._entry(below, "directory", os.fstat(opened), 0), None
            todo.append((below, []))
            yield from self._files(opened, *todo[-1])

    def _files(self, directory: int, path: str, inner: list[bytes]) -> Iterator[Member]:
        """What is in a directory, in portions by name; its directories are put into `inner`, the first one last."""
        marks = self._marks(directory)
        if any(name in marks and _value(directory, name) == _YES for name in _OPAQUE):
            yield Entry(path, "opaque", 0, 0, 0, 0), None
        if not marks.isdisjoint(_REDIRECTED):
            self._problems.note("a directory that was renamed by the overlay, which is not followed", path)
        with os.scandir(directory) as found:
            while portion := list(islice(found, _PORTION)):
                portion.sort(key=_name)
                for entry in portion:
                    name = os.fsencode(entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        inner.append(name)
                        self._waiting += 1
                        if self._waiting > self.guard.limits.entries:
                            raise TooMuchError(f"more than {self.guard.limits.entries} files")
                        continue
                    below = self._path(path, name)
                    if below is None:
                        continue
                    member = self._one(entry.stat(follow_symlinks=False), name, below, directory)
                    if member is not None:
                        yield member
                        if self._file is not None:
                            self._file.close()
        inner.sort(reverse=True)

    def _path(self, path: str, name: bytes) -> str | None:
        try:
            return normalised(path.encode() + b"/" + name if path else name)
        except RefusedError as error:
            self.guard.entry()
            self._problems.note(f"refused in a layer: {error}", path)
            return None

    def _one(self, about: os.stat_result, name: bytes, path: str, directory: int) -> Member | None:
        kind = _KINDS.get(stat.S_IFMT(about.st_mode), "socket")
        hidden, marker = (path, "whiteout") if kind == "char" and not about.st_rdev else whiteout(path)
        if marker:
            return None if marker == "skip" else (Entry(hidden, marker, 0, 0, 0, 0), None)
        if kind != "file":
            link = os.readlink(name, dir_fd=directory).decode("utf-8", "backslashreplace") if kind == "symlink" else ""
            return self._entry(path, kind, about, 0, link), None
        self._file = _File(self, directory, name)
        return self._regular(path, about), self._file

    def _regular(self, path: str, about: os.stat_result) -> Entry:
        if about.st_nlink > 1:
            key = about.st_dev, about.st_ino
            first = self._linked.get(key, "")
            if not first and len(self._linked) < _LINKED:  # more count as files of their own
                self._linked[key] = path
            if first:
                return self._entry(path, "hardlink", about, about.st_size, first)
        self.guard.passed(about.st_size)
        return self._entry(path, "file", about, about.st_size)

    def _entry(self, path: str, kind: str, about: os.stat_result, size: int, link: str = "") -> Entry:
        uid, gid = about.st_uid, about.st_gid
        first_uid, first_gid = self._shift
        return Entry(
            path,
            kind,
            stat.S_IMODE(about.st_mode),
            uid - first_uid if uid >= first_uid else uid,
            gid - first_gid if gid >= first_gid else gid,
            size,
            link,
        )

    @staticmethod
    def _marks(directory: int) -> frozenset[str]:
        try:
            return frozenset(os.listxattr(directory))
        except OSError:
            return frozenset()


def _value(directory: int, name: str) -> bytes:
    try:
        return os.getxattr(directory, name)
    except OSError:
        return b""


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name
