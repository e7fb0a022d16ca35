"""Running finders over single files and small images."""

from __future__ import annotations

from collections.abc import Iterable

from inventory.contents.finding import STREAM, AnyFind, Entry, Finder, OwnedAt, PackagesAt, ProblemAt
from inventory.contents.model import Package
from inventory.contents.packages import FINDERS


def find(path: str, data: bytes, *, mode: int = 0o644, pieces: int = 1 << 16, size: int | None = None) -> list[AnyFind]:
    """What all finders say of one file, streamed in pieces where they ask for that."""
    entry = Entry(path, "file", mode, 0, 0, len(data) if size is None else size)
    return [found for finder in FINDERS for found in _looked(finder, entry, data, pieces)]


def _looked(finder: Finder, entry: Entry, data: bytes, pieces: int) -> Iterable[AnyFind]:
    noticed = finder.notice(entry)
    if noticed is not None:
        yield noticed
    wanted = finder.wants(entry)
    if wanted == STREAM:
        watcher = finder.watch(entry)
        for start in range(0, len(data), pieces):
            watcher.feed(data[start : start + pieces])
        yield from watcher.end()
    elif wanted:
        yield from finder.look(entry, data[:wanted])


def packages(finds: Iterable[AnyFind]) -> list[Package]:
    """All packages of these."""
    return [package for each in finds if isinstance(each, PackagesAt) for package in each.packages]


def short(finds: Iterable[AnyFind]) -> list[str]:
    """`NAME VERSION` of the packages, sorted."""
    return sorted(f"{package.name} {package.version}" for package in packages(finds))


def problems(finds: Iterable[AnyFind]) -> list[str]:
    """Sentences about what was not understood."""
    return [each.said for each in finds if isinstance(each, ProblemAt)]


def owners(finds: Iterable[AnyFind]) -> dict[str, str]:
    """Which package owns which path."""
    return {path: each.package for each in finds if isinstance(each, OwnedAt) for path in each.paths}
