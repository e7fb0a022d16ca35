"""Which files are read: those that were named, and below a directory every YAML and JSON file, by their names."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from inventory.sources.host.reader import is_virtual
from inventory.sources.manifests.note import Note

STDIN = "-"
SUFFIXES = (".yaml", ".yml", ".json")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
LARGEST = 64 << 20  # bytes of a file
_MOST_FILES = 20_000
_MOST_DEPTH = 64
_MOST_FOLDERS = 20_000
_KERNELS = "leads to what the kernel makes up, which was not read"


class Named(NamedTuple):
    """A file to be read: where it is, what it is called in reports, and whether somebody named it."""

    path: Path
    name: str
    asked_for: bool = True


def find(paths: Iterable[str]) -> Iterator[Named | Note]:
    """The files that the paths mean, each once, and what is wrong with a path."""
    seen: set[tuple[int, int]] = set()
    for path in paths:
        if path == STDIN:
            yield Named(Path(STDIN), "stdin")
            continue
        try:
            found = os.stat(path)
        except (OSError, ValueError) as error:
            yield Note(path, 0, f"cannot be read: {getattr(error, 'strerror', None) or error}", broken=True)
            continue
        if not stat.S_ISDIR(found.st_mode):
            yield Named(Path(path), shown(path))
            continue
        for count, one in enumerate(_below(path, seen)):
            if count >= _MOST_FILES:
                yield Note(shown(path), 0, f"holds more than {_MOST_FILES} files; the rest was not read", broken=True)
                break
            yield one


def _below(folder: str, seen: set[tuple[int, int]], depth: int = 0) -> Iterator[Named | Note]:
    """Files of a folder before those of the folders in it; hidden ones are no part of a set of manifests."""
    try:
        if depth and is_virtual(folder):  # where a link leads; to read there may wait for ever, and change something
            yield Note(shown(folder), 0, _KERNELS, broken=False)
            return
        if len(seen) >= _MOST_FOLDERS:
            if len(seen) == _MOST_FOLDERS:
                seen.add((0, 0))
                yield Note(shown(folder), 0, f"and others: more than {_MOST_FOLDERS} folders, not read", broken=True)
            return
        found = os.stat(folder)
        if (found.st_dev, found.st_ino) in seen:  # a link that leads back, or two that lead to the same
            return
        seen.add((found.st_dev, found.st_ino))
        if depth > _MOST_DEPTH:
            yield Note(shown(folder), 0, f"is deeper than {_MOST_DEPTH} folders", broken=True)
            return
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        yield Note(shown(folder), 0, f"cannot be read: {error.strerror}", broken=True)
        return
    folders: list[str] = []
    for name in names:
        path = os.path.join(folder, name)
        try:
            mode = os.stat(path).st_mode
        except OSError as error:
            if name.endswith(SUFFIXES):
                yield Note(shown(path), 0, f"cannot be read: {error.strerror}", broken=True)
            continue
        if stat.S_ISDIR(mode):
            folders.append(path)
        elif name.endswith(SUFFIXES) or name in KUSTOMIZATIONS:
            yield _found(path, mode)
    for path in folders:
        yield from _below(path, seen, depth + 1)


def _found(path: str, mode: int) -> Named | Note:
    if not stat.S_ISREG(mode):  # to open another may take until somebody writes into it
        return Note(shown(path), 0, "is no regular file", broken=False)
    try:
        virtual = is_virtual(path)
    except OSError as error:
        return Note(shown(path), 0, f"cannot be read: {error.strerror}", broken=True)
    return Note(shown(path), 0, _KERNELS, broken=False) if virtual else Named(Path(path), shown(path), asked_for=False)


def content(file: Named, stdin: Callable[[], bytes]) -> bytes | Note:
    """What a file holds, or why it cannot be read."""
    try:
        if str(file.path) == STDIN:
            raw = stdin()
        else:
            with file.path.open("rb") as opened:
                raw = opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        return Note(file.name, 0, f"cannot be read: {getattr(error, 'strerror', None) or error}", broken=True)
    if len(raw) > LARGEST:
        return Note(file.name, 0, f"is larger than {LARGEST >> 20} MiB, and was not read", broken=True)
    return raw


def standard_input() -> bytes:
    """All of it, up to the limit."""
    if sys.stdin is None:
        return b""
    return sys.stdin.buffer.read(LARGEST + 1)


def shown(path: str) -> str:
    """As reports name it: relative to the working directory where it is below that."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):
        return path
    return path if relative.startswith("..") else relative
