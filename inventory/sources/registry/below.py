"""Reading small files below a directory without ever following a link out of it."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from inventory.sources.registry.faults import Cause, RegistryError

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def read(root: Path, parts: tuple[str, ...], limit: int) -> bytes:
    """A regular file, each component opened by itself: `root` may be a link, nothing below it.

    Raises `RegistryError`, also for more than `limit` bytes.
    """
    place = "/".join(parts)
    try:
        with _folder(root, parts[:-1]) as folder:
            descriptor = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RegistryError(Cause.MALFORMED, f"{root}/{place} is no file")
            content = file.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise RegistryError(Cause.ABSENT, f"{root} has no {place}") from None
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "not a path"
        raise RegistryError(Cause.DENIED, f"{root}/{place}: {said}") from None
    if len(content) > limit:
        raise RegistryError(Cause.TOO_LARGE, f"{root}/{place} is larger than {limit} bytes")
    return content


def names(root: Path, most: int) -> tuple[str, ...]:
    """The first names in a directory, in order; none where there is no such directory. Raises `RegistryError`."""
    try:
        with os.scandir(root) as entries:
            found = sorted(entry.name for _, entry in zip(range(most), entries, strict=False))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise RegistryError(Cause.DENIED, f"{root}: {error.strerror}") from None
    return tuple(found)


@contextlib.contextmanager
def _folder(root: Path, parts: tuple[str, ...]) -> Iterator[int]:
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            if part in {"", ".", ".."} or "/" in part:
                raise FileNotFoundError(part)
            inner = os.open(part, _DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)
