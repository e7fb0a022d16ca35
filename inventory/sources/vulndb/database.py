"""The database as `Records`: opened once, read from any thread, never written."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

from inventory.sources.vulndb.schema import connect, is_ours
from inventory.vulnerabilities.records import Advisory, Affected, Coverage, RecordsError, Severities

_AFFECTED: Final = msgspec.msgpack.Decoder(Affected)
_ADVISORY: Final = msgspec.msgpack.Decoder(Advisory)
_SEVERITIES: Final = msgspec.msgpack.Decoder(Severities)
MAX_SEVERITIES: Final = 20


class Archive(msgspec.Struct, frozen=True):
    """What was imported of one family of ecosystems. Times in epoch seconds; `etag` is the server's name for it."""

    family: str
    whole: bool
    records: int
    refused: int
    data_at: float
    imported_at: float
    source: str
    etag: str


class Listing(msgspec.Struct, frozen=True):
    """An imported list: kev (known exploited vulnerabilities) or epss."""

    name: str
    count: int
    data_at: float
    imported_at: float
    source: str


class Database:
    """An open database. What was replaced since goes on being read as it was, until it is opened anew."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._lock = threading.Lock()
        self._ids: dict[str, int] = {}
        self._coverage: dict[str, Coverage] = {}
        rows = connection.execute(
            "SELECT e.id, e.name, e.records, a.whole, a.data_at, a.source, a.refused FROM ecosystem e JOIN archive a"
            " ON a.id = e.archive WHERE e.records > 0"
        )
        for number, name, records, whole, data_at, source, refused in rows:
            self._ids[name] = number
            self._coverage[name] = Coverage(records, bool(whole), data_at, source, refused)
        self._listed = {row[0] for row in connection.execute("SELECT name FROM list WHERE count > 0")}
        # The same packages are in image after image; the rest of a lookup is a microsecond or two anyway.
        self._cached_affected = lru_cache(maxsize=1 << 12)(self._read_affected)
        self._cached_advisory = lru_cache(maxsize=1 << 13)(self._read_advisory)
        self._cached_severity = lru_cache(maxsize=1 << 13)(self._read_severity)

    @classmethod
    def open(cls, path: Path) -> Database:
        """The database in this file; raises `RecordsError` where there is none or it is not usable."""
        try:
            there = path.is_file()
        except OSError as error:
            raise RecordsError(f"vulnerability database {path} cannot be read: {error.strerror}") from None
        if not there:
            raise RecordsError(f"no vulnerability database at {path}")
        connection = None
        try:
            connection = connect(path)
            if not is_ours(connection):
                raise RecordsError(f"{path} is of another version: import again")
            return cls(path, connection)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, sqlite3.Error | TypeError):
                raise RecordsError(f"{path} is damaged: {error}") from None
            raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @property
    def path(self) -> str:
        """Its file."""
        return str(self._path)

    @property
    def ecosystems(self) -> Mapping[str, Coverage]:
        """All there are, by their complete name."""
        return self._coverage

    def affected(self, ecosystem: str, name: str) -> tuple[Affected, ...]:
        """The records of one package."""
        number = self._ids.get(ecosystem)
        return self._cached_affected(number, name) if number is not None else ()

    def advisory(self, number: int) -> Advisory:
        """The record that `Affected.record` names."""
        return self._cached_advisory(number)

    def severity(self, name: str) -> Severities:
        """What any record rates the vulnerability of this name."""
        return self._cached_severity(name)

    def exploited(self, cve: str) -> bool:
        """Whether the list of known exploited vulnerabilities names it."""
        return "kev" in self._listed and self._row("SELECT 1 FROM exploited WHERE cve = ?", cve) is not None

    def epss(self, cve: str) -> float | None:
        """Its probability of exploitation, None where no list names it."""
        row = self._row("SELECT score FROM epss WHERE cve = ?", cve) if "epss" in self._listed else None
        return float(row[0]) if row else None

    def archives(self) -> tuple[Archive, ...]:
        """What was imported, by family."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT family, whole, records, refused, data_at, imported_at, source, etag"
                " FROM archive ORDER BY family"
            )
            return tuple(Archive(row[0], bool(row[1]), *row[2:]) for row in rows)

    def lists(self) -> tuple[Listing, ...]:
        """The imported lists."""
        with self._reading() as connection:
            rows = connection.execute("SELECT name, count, data_at, imported_at, source FROM list ORDER BY name")
            return tuple(Listing(*row) for row in rows)

    def _read_affected(self, ecosystem: int, name: str) -> tuple[Affected, ...]:
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT record, body FROM affected WHERE ecosystem = ? AND name = ?", (ecosystem, name)
            ).fetchall()
            return tuple(_entry(record, body) for record, body in rows)

    def _read_advisory(self, number: int) -> Advisory:
        row = self._row("SELECT body FROM record WHERE number = ?", number)
        if row is None:
            raise RecordsError(f"{self._path} is damaged: record {number} is missing")
        with self._reading():
            return _ADVISORY.decode(row[0])

    def _read_severity(self, name: str) -> Severities:
        with self._reading() as connection:
            rows = connection.execute("SELECT body FROM severity WHERE name = ? ORDER BY archive", (name,)).fetchall()
            return tuple(one for (body,) in rows for one in _SEVERITIES.decode(body))[:MAX_SEVERITIES]

    def _row(self, statement: str, value: str | int) -> tuple[Any, ...] | None:
        with self._reading() as connection:
            row: tuple[Any, ...] | None = connection.execute(statement, (value,)).fetchone()
            return row

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except (sqlite3.Error, msgspec.MsgspecError, UnicodeEncodeError) as error:
                raise RecordsError(f"{self._path} is damaged: {error}") from None


def _entry(record: int, body: bytes) -> Affected:
    """The record's number is the row's: the body was written before it was known."""
    found = _AFFECTED.decode(body)
    return Affected(record, found.ranges, found.versions, found.severity, found.urgency)
