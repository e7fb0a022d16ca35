"""Images on disk: archives that `docker save` and others write, OCI layouts as a directory or in a tar."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from inventory.contents.guard import Problems, TooMuchError
from inventory.contents.layer import LayerFacts
from inventory.gap import Gap, Reason
from inventory.sources.layers.archive import WHAT, WRONG, Archive, assembled, conclude, digested
from inventory.sources.layers.manifest import MalformedError, digest_of, plan
from inventory.sources.layers.reading import Found, Reading
from inventory.sources.layers.stream import PIECE, Source, unpacked

_BLOBS = "blobs/sha256/"


class Layout:
    """An archive or a layout directory; `path` is the person's own word, what is in it is not trusted."""

    how = "layout"

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, reading: Reading) -> Found | Gap:
        """See `Way.read`."""
        try:
            if self._path.is_dir():
                return _Directory(self._path, reading).found()
            return self._archive(reading)
        except PermissionError:
            return Gap(Reason.DENIED, WHAT, f"{self._path}: permission denied")
        except OSError as error:
            return Gap(Reason.ERROR, WHAT, f"{self._path}: {error.strerror or error}")

    def _archive(self, reading: Reading) -> Found | Gap:
        archive = Archive(reading)
        with open(_regular(self._path, None), "rb", buffering=0) as file:
            source = Source(lambda: file.read(PIECE))
            if source.peek(2) == b"\x1f\x8b":
                source = Source(unpacked(source, reading.guard))
            archive.read(source)
        return conclude(archive, reading, self.how)


class _Directory:
    """Blobs are opened one directory at a time without following links."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self._path = path
        self._reading = reading
        self._problems = Problems()

    def found(self) -> Found | Gap:
        root = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return self._image(root)
        except MalformedError as error:
            return Gap(Reason.MALFORMED, WHAT, "; ".join((*self._problems.said(), str(error))))
        finally:
            os.close(root)

    def _image(self, root: int) -> Found:
        chosen = plan(lambda name: self._document(root, name), {}, self._reading.image_id)
        if len(chosen.names) > self._reading.guard.limits.layers:
            raise MalformedError(f"more than {self._reading.guard.limits.layers} layers")
        layers: dict[str, LayerFacts] = {}
        lasting = True
        for number, name in enumerate(chosen.names, 1):
            self._reading.tell(f"layer {number} of {len(chosen.names)}", (number - 1) / len(chosen.names))
            if name not in layers:
                try:
                    layers[name] = self._layer(root, name)
                except TooMuchError as error:
                    self._problems.note(f"not all layers were read: {error}")
                    lasting = False
                    break
                except OSError as error:
                    self._problems.note(f"a layer cannot be read: {error.strerror}", name)
        return assembled(chosen, layers, self._reading, self._problems.said(), lasting=lasting)

    def _layer(self, root: int, name: str) -> LayerFacts:
        with open(_below(root, name), "rb", buffering=0) as file:
            facts, digest = digested(self._reading, Source(lambda: file.read(PIECE)), self._reading.layer_of)
        if name.startswith(_BLOBS) and digest != "sha256:" + name[len(_BLOBS) :]:
            self._problems.note(WRONG, name)
            return facts.as_layer("")
        return facts

    def _document(self, root: int, name: str) -> bytes | None:
        try:
            descriptor = _below(root, name)
        except OSError:
            return None
        limit = self._reading.guard.limits.document
        with open(descriptor, "rb", buffering=0) as file:
            data = b""
            while len(data) <= limit and (piece := file.read(PIECE)):
                data += piece
        if len(data) > limit:
            raise MalformedError(f"{name} is larger than {limit >> 20} MiB")
        if name.startswith(_BLOBS) and digest_of(data) != "sha256:" + name[len(_BLOBS) :]:
            self._problems.note(WRONG, name)
            return None
        return data


def _below(root: int, name: str) -> int:
    parts = name.split("/")
    if any(part in {"", ".", ".."} for part in parts) or "\0" in name:
        raise FileNotFoundError(2, "no name of a member", name)
    above = os.dup(root)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
            os.close(above)
            above = inner
        return _regular(Path(parts[-1]), above)
    finally:
        os.close(above)


def _regular(path: Path, above: int | None) -> int:
    """Open a regular file, never a pipe or a device. A link only where it is the person's own word."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (os.O_NOFOLLOW if above is not None else 0)
    descriptor = os.open(path, flags, dir_fd=above)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(22, "no regular file", str(path))
    return descriptor
