"""Lists of vulnerabilities: those known to be exploited (CISA KEV), and how likely exploitation is (FIRST EPSS)."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, cast

import msgspec

MAX_KEV: Final = 64 << 20
MAX_ROWS: Final = 5_000_000
MAX_LINE: Final = 1 << 20
_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}", re.ASCII)


class ListError(ValueError):
    """Not such a list; says why."""


class _Entry(msgspec.Struct):
    cveID: str = ""  # noqa: N815 - CISA's word


class _Catalog(msgspec.Struct):
    vulnerabilities: list[_Entry]
    catalogVersion: str = ""  # noqa: N815 - CISA's word
    dateReleased: str = ""  # noqa: N815 - CISA's word


def kev(path: Path) -> tuple[list[tuple[str, float]], float]:
    """The CVEs of CISA's catalogue, JSON or CSV, and when it was released (0.0 where it does not say)."""
    with opened(path) as file:
        raw = file.read(MAX_KEV + 1)
    if len(raw) > MAX_KEV:
        raise ListError("too large for a list of known exploited vulnerabilities")
    if raw.lstrip()[:1] == b"{":
        try:
            catalog = msgspec.json.decode(raw, type=_Catalog)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise ListError(f"not a list of known exploited vulnerabilities: {str(error)[:200]}") from None
        names = [entry.cveID for entry in catalog.vulnerabilities]
        at = moment(catalog.dateReleased)
    else:
        try:
            rows = list(csv.DictReader(raw.decode("utf-8-sig", "replace").splitlines()))
        except csv.Error as error:
            raise ListError(f"not a CSV file: {error}") from None
        names, at = [row.get("cveID") or "" for row in rows], 0.0
    found = [(name, 0.0) for name in dict.fromkeys(names) if _CVE.fullmatch(name)]
    if not found:
        raise ListError("names no CVE")
    return found, at


def epss_date(path: Path) -> float:
    """The day that the scores are of, out of the comment above them; 0.0 where there is none."""
    with opened(path) as file:
        line = file.readline(1_000).decode("ascii", "replace")
    found = re.search(r"score_date:([0-9T:+Z-]{10,40})", line)
    return moment(found[1]) if found else 0.0


def epss(path: Path) -> Iterator[tuple[str, float]]:
    """The scores, one after the other."""
    with opened(path) as file:
        for _ in range(MAX_ROWS):
            line = file.readline(MAX_LINE)
            if not line:
                return
            cve, _, rest = line.partition(b",")
            try:
                score = float(rest.partition(b",")[0])
                name = cve.decode("ascii")
            except ValueError:
                continue
            if 0.0 <= score <= 1.0 and _CVE.fullmatch(name):
                yield name, score
        raise ListError(f"more than {MAX_ROWS:,} lines: refused")


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file, unpacked where it is a gzip; what goes wrong inside is a `ListError`."""
    try:
        with path.open("rb") as file:
            if file.read(2) != b"\x1f\x8b":
                file.seek(0)
                yield file
                return
            file.seek(0)
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield cast(IO[bytes], unpacked)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ListError(f"damaged gzip: {error}") from None


def moment(text: str) -> float:
    """An ISO 8601 date in epoch seconds, 0.0 where it is none."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return 0.0
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, OSError, ValueError):
        return 0.0
