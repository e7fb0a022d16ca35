"""The fetched tables of versions on this machine: where they are kept, read, written and fetched from.

Nothing here runs unless somebody asks for it: scans read the file, `deckwatch tables update` alone uses a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from checks.data.published import PRODUCTS, PROGRAMS, product, record, vulnerabilities
from checks.data.updates import SHIPPED, Ending, Record, Tables

SCHEMA = "deckwatch.tables/1"
VULNERABILITIES = "https://vuln.go.dev"
LIFETIMES = "https://endoflife.date"
_LIMIT = 32 << 20
_PAUSE = 20.0
Fetch = Callable[[str], bytes]


class TablesError(Exception):
    """What could not be read, fetched or written, in one line."""


class _File(msgspec.Struct):
    schema: str
    tables: Tables


def stored(path: Path) -> Tables:
    """The fetched tables, or those of the program alone where nothing was fetched. Raises `TablesError`."""
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return SHIPPED
    except OSError as error:
        raise TablesError(f"{path}: {error.strerror}") from None
    try:
        found = msgspec.json.decode(raw, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TablesError(f"{path}: {error}") from None
    if found.schema != SCHEMA:
        raise TablesError(f"{path}: schema {found.schema!r}, expected {SCHEMA!r}")
    return found.tables


def written(tables: Tables) -> str:
    """The file's content."""
    document = {"schema": SCHEMA, "tables": msgspec.to_builtins(tables)}
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=1).decode() + "\n"


def fetched(tables: Tables, fetch: Fetch, today: date, narrate: Callable[[str], None]) -> Tables:
    """Everything anew, by `fetch(url)`. Raises `TablesError` on the first answer that cannot be used.

    Nothing is taken unless all of a program's records could be read: half a list would look like good news.
    """
    narrate(f"reading {VULNERABILITIES}/index/modules.json")
    ids = list(_understood(vulnerabilities, fetch(f"{VULNERABILITIES}/index/modules.json")))
    records: dict[str, list[Record]] = {program: [] for program in PROGRAMS}
    for number, name in enumerate(ids, 1):
        if number % 25 == 1:
            narrate(f"vulnerability {number} of {len(ids)}")
        for program, found in _understood(record, fetch(f"{VULNERABILITIES}/ID/{name}.json")):
            records[program] += [found] if found else []
    endings: dict[str, Mapping[str, Ending]] = dict(tables.endings)
    for name, table in PRODUCTS.items():
        narrate(f"reading {LIFETIMES}/api/{name}.json")
        endings[table] = product(name, fetch(f"{LIFETIMES}/api/{name}.json"))
    dates = dict(tables.dates) | dict.fromkeys((*PROGRAMS, *PRODUCTS.values()), today)
    return Tables(dates, {program: tuple(found) for program, found in records.items()}, endings)


def imported(tables: Tables, files: Iterable[Path], today: date) -> tuple[Tables, list[str]]:
    """Records that were fetched elsewhere: OSV records, and products of endoflife.date by the name of their file.

    A program's records are those of this import alone: bring all of them. Returns what was taken, for people. Raises
    `TablesError` on a file that is neither.
    """
    records: dict[str, list[Record]] = {}
    endings: dict[str, Mapping[str, Ending]] = dict(tables.endings)
    dates, said = dict(tables.dates), []
    for path in files:
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise TablesError(f"{path}: {error.strerror}") from None
        try:
            if path.stem in PRODUCTS:
                table = PRODUCTS[path.stem]
                endings[table], dates[table] = product(path.stem, raw), today
                said.append(f"{path.name}: {len(endings[table])} releases of {path.stem}")
                continue
            for program, found in record(raw):
                records.setdefault(program, [])
                records[program] += [found] if found else []
        except ValueError as error:
            raise TablesError(f"{path}: {error}") from None
    said += [f"{program}: {len(found)} vulnerabilities" for program, found in records.items()]
    dates |= dict.fromkeys(records, today)
    taken = {program: tuple(found) for program, found in records.items()}
    return Tables(dates, {**tables.records, **taken}, endings), said


def over_https(mirror: str = "") -> Fetch:
    """Fetches by HTTPS (proxies and certificates as the environment says), bounded in time and size.

    `mirror` is asked instead of the public places, under the same paths. Raises `TablesError`.
    """
    import urllib.error
    import urllib.request

    def fetch(url: str) -> bytes:
        target = url
        if mirror:
            target = f"{mirror.rstrip('/')}/{url.partition('://')[2].partition('/')[2]}"
        if not target.startswith(("https://", "http://")):
            raise TablesError(f"{target}: expected https:// or http://")
        request = urllib.request.Request(target, headers={"Accept": "application/json"})  # noqa: S310 - checked above
        try:
            with urllib.request.urlopen(request, timeout=_PAUSE) as answer:  # noqa: S310 - checked above
                body: bytes = answer.read(_LIMIT + 1)
        except (OSError, ValueError) as error:  # URLError is an OSError
            raise TablesError(f"{target}: {getattr(error, 'reason', None) or error}") from None
        if len(body) > _LIMIT:
            raise TablesError(f"{target}: more than {_LIMIT >> 20} MiB")
        return body

    return fetch


def _understood(read: Callable[[bytes], Iterator[Any]], raw: bytes) -> list[Any]:
    try:
        return list(read(raw))
    except ValueError as error:
        raise TablesError(str(error)) from None
