"""What registries said, on disk: content by its digest for good, answers about tags for a few minutes.

A file is believed only if it has the digest that it is named by. Whatever is wrong with the disk, the answer is "no".
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from inventory.sources.registry.names import digest_of, is_digest

_MOST_BYTES = 256 << 20
_MOST_FILES = 20_000
_LONGEST = 8 << 20


class Tag(msgspec.Struct, frozen=True):
    """What was said of a tag at a time: the digest that it led to, "" where there was none."""

    at: float
    digest: str = ""


class Cache:
    """Below one directory; None keeps nothing."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._pruned = False

    def get(self, digest: str) -> bytes | None:
        """Content of that digest, None where there is none or it is damaged."""
        place = self._place(digest)
        content = _read(place) if place is not None else None
        return content if content is not None and digest_of(content, digest) == digest else None

    def put(self, digest: str, content: bytes) -> None:
        """Keep content that has that digest."""
        place = self._place(digest)
        if place is not None and digest_of(content, digest) == digest:
            self._prune()
            _write(place, content)

    def tag(self, name: str, now: float, age: float) -> Tag | None:
        """What was said of a tag (`host/path:tag`) not longer ago than `age` seconds."""
        place = self._named(name)
        raw = _read(place) if place is not None else None
        if raw is None:
            return None
        try:
            found = msgspec.json.decode(raw, type=Tag)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        fits = 0 <= now - found.at <= age and (not found.digest or is_digest(found.digest))
        return found if fits else None

    def put_tag(self, name: str, said: Tag) -> None:
        """Keep what was said of a tag."""
        place = self._named(name)
        if place is not None:
            _write(place, msgspec.json.encode(said))

    def _place(self, digest: str) -> Path | None:
        if self._directory is None or not is_digest(digest):
            return None
        algorithm, _, value = digest.partition(":")
        return self._directory / algorithm / value[:2] / value

    def _named(self, name: str) -> Path | None:
        if self._directory is None:
            return None
        return self._directory / "tags" / hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()

    def _prune(self) -> None:
        """Once per process: take the oldest away where it has become too much."""
        if self._pruned or self._directory is None:
            return
        self._pruned = True
        found: list[tuple[float, int, str]] = []
        with contextlib.suppress(OSError):
            for folder, _, names in os.walk(self._directory):
                for name in names[:_MOST_FILES]:
                    seen: Any = os.lstat(os.path.join(folder, name))
                    found.append((seen.st_mtime, seen.st_size, os.path.join(folder, name)))
        size = sum(each[1] for each in found)
        count = len(found)
        for _, bytes_, path in sorted(found):
            if size <= _MOST_BYTES and count <= _MOST_FILES:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
            size, count = size - bytes_, count - 1


def _read(place: Path) -> bytes | None:
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            content = file.read(_LONGEST + 1)
    except OSError:
        return None
    return content if len(content) <= _LONGEST else None


def _write(place: Path, content: bytes) -> None:
    with contextlib.suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=".part-")
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
            os.replace(name, place)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
