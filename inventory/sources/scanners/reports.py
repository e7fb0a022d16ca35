"""Reports as files: found, read within bounds, and recognised by what is in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from inventory.sources.scanners.formats import cyclonedx, grype, openvex, sarif, trivy
from inventory.sources.scanners.report import Report

MAX_BYTES = 128 << 20
MAX_FILES = 2000
FORMATS: Mapping[str, Callable[[Mapping[str, object], str], Report | None]] = {
    "trivy": trivy.parse,
    "grype": grype.parse,
    "CycloneDX": cyclonedx.parse,
    "OpenVEX": openvex.parse,
    "SARIF": sarif.parse,
}


class ReportError(Exception):
    """A file that is no report: one sentence that says why."""


def recognise(raw: bytes, path: str) -> Report:
    """The report in a document; raises `ReportError`."""
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: is not JSON: {error}") from None
    if isinstance(document, dict):
        for parse in FORMATS.values():
            found = parse(document, path)
            if found is not None:
                return found
    raise ReportError(f"{path}: is no report that is known here ({', '.join(FORMATS)})")


def read(path: Path) -> Report:
    """The report in a file; raises `ReportError`. Only regular files are read."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ReportError(f"{path}: is not a regular file")
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ReportError(f"{path}: is larger than {MAX_BYTES >> 20} MiB")
    return recognise(raw, str(path))


class Shelf:
    """The reports of the configuration; a file is read again only when it has changed."""

    def __init__(self, places: Iterable[Path]) -> None:
        self._places = tuple(places)
        self._known: dict[Path, tuple[tuple[int, int], Report | str]] = {}

    def reports(self) -> tuple[tuple[Report, ...], tuple[str, ...]]:
        """All reports, and a sentence for each file that is none or could not be read."""
        found: list[Report] = []
        problems: list[str] = []
        for path, state in self._files(problems):
            known = self._known.get(path)
            if known is None or known[0] != state:
                known = self._known[path] = (state, _read(path))
            if isinstance(known[1], str):
                problems.append(known[1])
            else:
                found.append(known[1])
        return tuple(found), tuple(problems)

    @property
    def state(self) -> tuple[tuple[Path, tuple[int, int]], ...]:
        """Changes whenever a report is added, changed or taken away."""
        return tuple(self._files([]))

    def _files(self, problems: list[str]) -> Iterator[tuple[Path, tuple[int, int]]]:
        count = 0
        for place in self._places:
            try:
                inside = sorted(place.iterdir()) if place.is_dir() else [place]
                for path in inside:
                    if path != place and path.suffix not in {".json", ".sarif", ".cdx", ".vex"}:
                        continue
                    count += 1
                    if count > MAX_FILES:
                        problems.append(f"{place}: more than {MAX_FILES} reports; the others are left out")
                        return
                    about = path.stat()
                    yield path, (about.st_mtime_ns, about.st_size)
            except OSError as error:
                problems.append(f"{place}: cannot be read: {error.strerror}")


def _read(path: Path) -> Report | str:
    try:
        return read(path)
    except ReportError as error:
        return str(error)
