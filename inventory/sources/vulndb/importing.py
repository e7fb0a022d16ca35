"""Takes files and directories into the database, whatever they are: archives, records, lists."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

import msgspec

from inventory.sources.vulndb import lists
from inventory.sources.vulndb.building import Builder, BuildError, Stopped, Tally, Tell
from inventory.sources.vulndb.zips import MAX_MEMBER, MemberError, Zip, ZipError
from inventory.vulnerabilities.ecosystems import named
from inventory.vulnerabilities.osv import Read, RecordError, read

MAX_DEPTH: Final = 6
MAX_FILES: Final = 5_000_000
_SAMPLE: Final = 200
_EVERY: Final = 2.0
_HEAD: Final = 4_096
_UNKNOWN: Final = "none of an ecosystem that is known here"


def take(
    paths: Sequence[Path],
    target: Path,
    tell: Tell,
    stopped: Callable[[], bool] = lambda: False,
    *,
    whole: bool = False,
    accept_fewer: bool = False,
) -> None:
    """Import all of these, or change nothing; raises `BuildError` or `Stopped`.

    An archive of one ecosystem, or a directory named after one, is everything there is of it and replaces what there
    was. Other records are added; with `whole` they too are everything there is of their ecosystems.
    """
    with Builder(target, tell, stopped, accept_fewer=accept_fewer) as builder:
        for path in paths:
            _take(builder, path.absolute(), tell, whole)
        builder.finish()


def take_archive(builder: Builder, path: Path, family: str, tell: Tell, *, source: str, at: float, etag: str) -> None:
    """An archive that was just fetched: its data is as of `at`."""
    tally, key = Tally(), _key(path)
    with _open(path) as archive:
        records = _archived(archive, family, tell, tally)
        builder.replace(family, records, source, at, etag, tally, key)
    tell(_summary(family, tally))


def _take(builder: Builder, path: Path, tell: Tell, whole: bool) -> None:
    try:
        found = path.stat()
        if S_ISDIR(found.st_mode):
            _take_directory(builder, path, tell, whole)
        elif not S_ISREG(found.st_mode):
            raise BuildError(f"{path} is no file")
        else:
            _take_file(builder, path, tell, whole)
    except OSError as error:
        raise BuildError(f"cannot read {path}: {error.strerror}") from None


def _take_file(builder: Builder, path: Path, tell: Tell, whole: bool) -> None:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head[:4] == b"PK\3\4" or head[:4] == b"PK\5\6":
        _take_zip(builder, path, tell, whole)
        return
    try:
        if head[:2] == b"\x1f\x8b":
            with lists.opened(path) as file:
                head = file.read(_HEAD)
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
        if start[:1] in b"{[" and start and not (b'"catalogVersion"' in head or b'"cveID"' in head):
            _take_records(builder, [path], str(path), tell, whole)
        elif start[:1] == b"{" or b"cveID" in head.splitlines()[0]:
            rows, at = lists.kev(path)
            count = builder.put("kev", rows, str(path), at or path.stat().st_mtime)
            tell(f"{path.name}: {count:,} vulnerabilities known to be exploited")
        elif start.startswith((b"#model_version", b"cve,epss")):
            at = lists.epss_date(path) or path.stat().st_mtime
            count = builder.put("epss", lists.epss(path), str(path), at)
            tell(f"{path.name}: {count:,} EPSS scores")
        else:
            raise BuildError(f"{path} is none of: OSV archive (.zip), OSV record (.json), KEV catalogue, EPSS scores")
    except (lists.ListError, IndexError) as error:
        raise BuildError(f"{path}: {error}") from None


def _take_directory(builder: Builder, path: Path, tell: Tell, whole: bool) -> None:
    """Archives below it one by one, then the records below it, each named ecosystem's on its own."""
    archives: list[Path] = []
    records: dict[str, list[Path]] = {}
    for count, file in enumerate(_files(path, 0)):
        if count > MAX_FILES:
            raise BuildError(f"{path}: more than {MAX_FILES:,} files")
        if file.suffix == ".zip":
            archives.append(file)
        elif file.suffix == ".json":
            family = next((found for part in file.parts[len(path.parts) - 1 : -1] if (found := named(part))), "")
            records.setdefault(family, []).append(file)
    if not archives and not records:
        raise BuildError(f"{path}: no .zip and no .json below it")
    for archive in archives:
        _take_zip(builder, archive, tell, whole)
    for family, files in sorted(records.items()):
        if family:
            tally = Tally()
            parsed = _progress(_from_files(files, tally), family, len(files), tell)
            builder.replace(family, parsed, str(path), _newest(files), "", tally)
            tell(_summary(family, tally))
        else:
            _take_records(builder, files, str(path), tell, whole)


def _files(path: Path, depth: int) -> Iterator[Path]:
    for one in sorted(path.iterdir()):
        if one.is_symlink():
            continue
        if one.is_file():
            yield one
        elif one.is_dir() and depth < MAX_DEPTH:
            yield from _files(one, depth + 1)


def _take_zip(builder: Builder, path: Path, tell: Tell, whole: bool) -> None:
    key, tally = _key(path), Tally()
    if builder.has(key):
        tell(f"{path}: already taken before the interruption")
        return
    with _open(path) as archive:
        family = named(path.parent.name) or named(path.stem) or _common(archive)
        if family:
            at = _dated(archive, path)
            builder.replace(family, _archived(archive, family, tell, tally), str(path), at, "", tally, key)
        elif whole:
            at = _dated(archive, path)
            _replace_each(builder, lambda own: _archived(archive, path.name, tell, own), str(path), at, tell)
            return
        else:
            builder.add(_archived(archive, path.name, tell, tally), str(path), tally, key)
            tell(f"{path.name}: of several ecosystems: added, which says nothing of packages that it does not name")
    tell(_summary(family or path.name, tally))


def _take_records(builder: Builder, files: Sequence[Path], source: str, tell: Tell, whole: bool) -> None:
    tally = Tally()
    if whole:
        _replace_each(builder, lambda own: _from_files(files, own), source, _newest(files), tell)
        return
    builder.add(_progress(_from_files(files, tally), source, len(files), tell), source, tally)
    if not tally.kept and not tally.withdrawn:
        raise BuildError(f"{source}: no usable record: {_reasons(tally) or _UNKNOWN}")
    tell(_summary(source, tally))


def _replace_each(
    builder: Builder, records: Callable[[Tally], Iterator[Read]], source: str, at: float, tell: Tell
) -> None:
    """Everything there is, of several ecosystems in one heap: gone through once for each."""
    first = Tally()
    families = sorted({family for one in records(first) for family in one.ecosystems if named(family) == family})
    if not families:
        raise BuildError(f"{source}: no usable record: {_reasons(first) or _UNKNOWN}")
    for family in families:
        tally = Tally()
        builder.replace(family, records(tally), source, at, "", tally)
        tell(_summary(family, tally))


def _archived(archive: Zip, label: str, tell: Tell, tally: Tally) -> Iterator[Read]:
    return _progress(_from_zip(archive, tally), label, archive.count, tell)


def _from_zip(archive: Zip, tally: Tally) -> Iterator[Read]:
    try:
        for member in archive.members():
            if not member.name.endswith(".json"):
                tally.refused["no .json file"] += not member.name.endswith("/")
                continue
            tally.read += 1
            try:
                yield read(archive.read(member))
            except (MemberError, RecordError) as error:
                tally.refused[str(error)] += 1
    except ZipError as error:
        raise BuildError(str(error)) from None


def _from_files(files: Sequence[Path], tally: Tally) -> Iterator[Read]:
    for file in files:
        with file.open("rb") as opened:
            raw = opened.read(MAX_MEMBER + 1)
        for one in _documents(raw):
            tally.read += 1
            if len(raw) > MAX_MEMBER:
                tally.refused["too large"] += 1
                continue
            try:
                yield read(one)
            except RecordError as error:
                tally.refused[str(error)] += 1


def _documents(raw: bytes) -> list[bytes]:
    """One record, or a list of them."""
    if raw.lstrip()[:1] != b"[":
        return [raw]
    try:
        return [bytes(one) for one in msgspec.json.decode(raw, type=list[msgspec.Raw])]
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return [raw]


def _common(archive: Zip) -> str | None:
    """The one ecosystem that all of the first records have."""
    common: frozenset[str] | None = None
    for one in islice(_from_zip(archive, Tally()), _SAMPLE):
        if one.ecosystems:
            common = one.ecosystems if common is None else common & one.ecosystems
    families = [family for family in common or () if named(family) == family]
    return families[0] if len(families) == 1 else None


def _dated(archive: Zip, path: Path) -> float:
    """How old the data is: when its newest record was written, never later than the file."""
    try:
        newest = max((member.at for member in archive.members()), default=0.0)
    except ZipError as error:
        raise BuildError(f"{path}: {error}") from None
    return min(newest, path.stat().st_mtime, time.time()) if newest else path.stat().st_mtime


def _newest(files: Sequence[Path]) -> float:
    return min(time.time(), max(file.stat().st_mtime for file in files))


def _progress(records: Iterator[Read], label: str, total: int, tell: Tell) -> Iterator[Read]:
    told = time.monotonic()
    for number, one in enumerate(records, 1):
        if (now := time.monotonic()) - told >= _EVERY:
            told = now
            tell(f"{label}: {number:,} of {total:,} records")
        yield one


class _open:  # noqa: N801 - used like a function
    def __init__(self, path: Path) -> None:
        try:
            self._archive = Zip(path)
        except ZipError as error:
            raise BuildError(f"{path}: {error}") from None

    def __enter__(self) -> Zip:
        return self._archive

    def __exit__(self, *_: object) -> None:
        self._archive.close()


def _key(path: Path) -> str:
    found = path.stat()
    return f"{path.absolute()}:{found.st_size}:{found.st_mtime_ns}"


def _summary(label: str, tally: Tally) -> str:
    words = [f"{label}: {tally.kept:,} of {tally.read:,} records taken"]
    for count, word in (
        (tally.withdrawn, "withdrawn"),
        (tally.duplicates, "twice"),
        (tally.elsewhere, "of other ecosystems or without versions"),
    ):
        if count:
            words.append(f"{count:,} {word}")
    if tally.refused:
        words.append(f"{tally.refused.total():,} refused ({_reasons(tally)})")
    return "; ".join(words)


def _reasons(tally: Tally) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in tally.refused.most_common(3))


__all__ = ["Stopped", "take", "take_archive"]
