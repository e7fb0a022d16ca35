"""What was found in images and layers, kept by digest below the user's cache directory (XDG Base Directory)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from inventory.contents.layer import LayerFacts
from inventory.contents.model import SCHEMA, Contents

LIMIT = 512 << 20
"""Bytes in all; the oldest go first."""
_LARGEST = 96 << 20
_MAGIC = b"deckwatch contents 1\n"
_SUM = 16


def directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Where results are kept."""
    base = environ.get("XDG_CACHE_HOME", "")
    home = Path(base) if base.startswith("/") else Path(environ.get("HOME", "/")) / ".cache"
    return home / "deckwatch" / "contents"


class Cache:
    """A directory of files named after digest, schema and finders. What is damaged, another's or not ours is not there.

    Nothing here raises: without a place to keep results, they are found again the next time.
    """

    def __init__(self, place: Path | None = None, limit: int = LIMIT) -> None:
        self._place = place or directory()
        self._limit = limit

    def contents(self, image_id: str, finders: str) -> Contents | None:
        """See `Keep.contents`."""
        found = self._get("image", image_id, finders, Contents)
        fits = isinstance(found, Contents) and found.digest == image_id and found.schema == SCHEMA
        return found if fits else None

    def keep_contents(self, contents: Contents, finders: str) -> None:
        """See `Keep.keep_contents`."""
        self._put("image", contents.digest, finders, contents)

    def layer(self, diff_id: str, finders: str) -> LayerFacts | None:
        """See `Keep.layer`."""
        found = self._get("layer", diff_id, finders, LayerFacts)
        if not isinstance(found, LayerFacts) or found.diff_id != diff_id or found.schema != SCHEMA:
            return None
        return found if found.finders == finders else None

    def keep_layer(self, facts: LayerFacts) -> None:
        """See `Keep.keep_layer`."""
        self._put("layer", facts.diff_id, facts.finders, facts)

    def _file(self, kind: str, digest: str, finders: str) -> Path | None:
        algorithm, _, name = digest.partition(":")
        if algorithm != "sha256" or len(name) != 64 or not name.isalnum() or not name.isascii():
            return None
        looked = hashlib.blake2b(f"{SCHEMA} {finders}".encode(), digest_size=6).hexdigest()
        return self._place / f"{kind}-{name}-{looked}"

    def _get(self, kind: str, digest: str, finders: str, wanted: type[Any]) -> Any:
        path = self._file(kind, digest, finders)
        if path is None:
            return None
        with contextlib.suppress(OSError, ValueError, msgspec.MsgspecError, RecursionError):
            data = _read(path)
            begin = len(_MAGIC) + _SUM
            if data.startswith(_MAGIC) and data[len(_MAGIC) : begin] == _sum(memoryview(data)[begin:]):
                return msgspec.msgpack.decode(memoryview(data)[begin:], type=wanted)
        return None

    def _put(self, kind: str, digest: str, finders: str, value: Any) -> None:
        path = self._file(kind, digest, finders)
        if path is None:
            return
        with contextlib.suppress(OSError, ValueError, TypeError, msgspec.MsgspecError):
            body = msgspec.msgpack.encode(value)
            if len(body) <= min(_LARGEST, self._limit):
                self._write(path, body)
                self._make_room()

    def _write(self, path: Path, body: bytes) -> None:
        self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=self._place)  # mode 600, and never an old file
        try:
            with open(descriptor, "wb") as file:
                file.write(_MAGIC + _sum(body))
                file.write(body)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def _make_room(self) -> None:
        with os.scandir(self._place) as found:
            files = [(entry.stat(follow_symlinks=False), entry.path) for entry in found]
        size = sum(about.st_size for about, _path in files)
        now = time.time()
        for about, path in sorted(files, key=lambda row: row[0].st_mtime_ns):
            lost = os.path.basename(path).startswith(".new-") and now - about.st_mtime > 3600
            if size > self._limit or lost:
                with contextlib.suppress(OSError):
                    os.unlink(path)
                size -= about.st_size


def _sum(body: bytes | memoryview) -> bytes:
    return hashlib.blake2b(body, digest_size=_SUM).digest()


def _read(path: Path) -> bytes:
    """A regular file of this user's own. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_size > _LARGEST + 4096:
            raise OSError("not a file of ours")
        return file.read()
