"""Results that were found before, on disk by the image's id. A file that is not as it was written counts as none.

The reader of layers keeps contents; here are vulnerabilities, which hold for one state of the data that were matched
with, and provenance, which holds for one policy and a day.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from inventory.signatures.model import Provenance
from inventory.vulnerabilities.model import Vulnerabilities

T = TypeVar("T", Provenance, Vulnerabilities)
MAX_BYTES = 32 << 20
MOST = 2000
"""Results of one kind that are kept."""
_ID = "sha256:"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Kept(msgspec.Struct, frozen=True):
    """A result, of which image, what it was made with, and when (epoch seconds)."""

    image: str
    made_with: str
    at: float
    value: msgspec.Raw


class Shelf(Generic[T]):
    """One directory below the cache. Every failure to read or write is as if nothing had been kept."""

    def __init__(self, folder: Path, kind: type[T]) -> None:
        self._folder = folder
        self._kind: type[T] = kind

    def get(self, image_id: str, made_with: str, since: float = 0.0) -> T | None:
        """What was kept for an image, if it was made with the same and not before `since`."""
        kept = self._kept(image_id)
        if kept is None or kept.made_with != made_with or kept.at < since:
            return None
        try:
            return msgspec.msgpack.decode(kept.value, type=self._kind)
        except (ValueError, msgspec.MsgspecError, RecursionError):
            return None

    def made_with(self, image_id: str) -> str | None:
        """What that was made with which is kept for an image, however old; None where nothing is."""
        kept = self._kept(image_id)
        return None if kept is None else kept.made_with

    def _kept(self, image_id: str) -> Kept | None:
        try:
            with self._path(image_id).open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
            kept = msgspec.msgpack.decode(raw, type=Kept) if len(raw) <= MAX_BYTES else None
        except (OSError, ValueError, msgspec.MsgspecError, RecursionError):
            return None
        return kept if kept is not None and kept.image == image_id else None

    def put(self, image_id: str, made_with: str, value: T, at: float) -> None:
        """Keep it; the file appears whole or not at all."""
        kept = msgspec.msgpack.encode(Kept(image_id, made_with, at, msgspec.Raw(msgspec.msgpack.encode(value))))
        with suppress(OSError, ValueError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(kept)
                os.replace(name, self._path(image_id))
            except OSError:
                os.unlink(name)
            self._make_room()

    def _make_room(self) -> None:
        """Images are built every day: the results that were written longest ago go first."""
        with os.scandir(self._folder) as found:
            files = [(entry.stat(follow_symlinks=False).st_mtime_ns, entry.path) for entry in found]
        for _at, path in sorted(files)[:-MOST]:
            os.unlink(path)

    def _path(self, image_id: str) -> Path:
        digest = image_id.removeprefix(_ID)
        if not _DIGEST.fullmatch(digest):
            digest = hashlib.sha256(image_id.encode("utf-8", "surrogateescape")).hexdigest()
        return self._folder / digest


def fingerprint(*parts: object) -> str:
    """A short name for what a result was made with."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogateescape")).hexdigest()[:32]
