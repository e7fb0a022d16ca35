"""Makes the next database beside the one in use, and puts it in its place as a whole.

Who reads goes on reading the old file. What was begun and interrupted is taken up again: each archive is one
transaction, and the unfinished file knows which it has.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

from inventory.sources.vulndb.schema import connect, create, is_ours
from inventory.vulnerabilities.ecosystems import base
from inventory.vulnerabilities.osv import Read
from inventory.vulnerabilities.records import Advisory, Affected

Tell = Callable[[str], None]

COLLAPSE: Final = 2
"""An archive with fewer records than what it replaces, divided by this, is not believed."""
_ENOUGH: Final = 100
_PRAGMAS: Final = (
    "PRAGMA journal_mode=TRUNCATE",
    "PRAGMA synchronous=OFF",
    "PRAGMA locking_mode=EXCLUSIVE",
    "PRAGMA cache_size=-49152",
    "PRAGMA temp_store=MEMORY",
)
_encode = msgspec.msgpack.Encoder().encode


class BuildError(Exception):
    """The database was not changed; says why in words for people."""


class Stopped(Exception):  # noqa: N818 - somebody asked for it
    """Somebody asked to stop; the database was not changed."""


class Tally(msgspec.Struct):
    """What became of the records of one source. `refused` counts the reasons."""

    read: int = 0
    kept: int = 0
    withdrawn: int = 0
    elsewhere: int = 0
    duplicates: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)


class Builder:
    """The next database. To be used as a context: nothing happens to the one in use before `finish`."""

    def __init__(self, target: Path, tell: Tell, stopped: Callable[[], bool], *, accept_fewer: bool = False) -> None:
        self._target = target
        self._part = target.with_name(f"{target.name}.part")
        self._tell = tell
        self._stopped = stopped
        self._accept_fewer = accept_fewer
        self._connection: sqlite3.Connection
        self._lock = -1
        self._ecosystems: dict[str, int] = {}
        self._told = 0.0

    def __enter__(self) -> Builder:
        try:
            self._target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(self._target.with_name(f"{self._target.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise BuildError("another import is under way") from None
        except OSError as error:
            raise BuildError(f"cannot write to {self._target.parent}: {error.strerror}") from None
        try:
            self._begin()
        except sqlite3.Error as error:
            self._abandon()
            raise BuildError(f"cannot make {self._part}: {error}") from None
        except OSError as error:
            self._abandon()
            raise BuildError(f"cannot make {self._part}: {error.strerror}") from None
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        idle = False
        with contextlib.suppress(sqlite3.Error):
            # Closed already where it was finished; else worth keeping only if it has a source to go on from.
            idle = self._connection.execute("SELECT count(*) FROM done").fetchone()[0] <= 1
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        if idle:
            self._discard()
        with contextlib.suppress(OSError):
            os.close(self._lock)
        if isinstance(error, sqlite3.Error):
            self._discard()
            help_ = f"; if {self._target} is damaged, remove it and import again" if "malformed" in str(error) else ""
            raise BuildError(f"cannot write {self._part}: {error}{help_}") from None

    def has(self, source: str) -> bool:
        """Whether an import that was interrupted already took this source."""
        return self._connection.execute("SELECT 1 FROM done WHERE source = ?", (_text(source),)).fetchone() is not None

    def replace(
        self, family: str, records: Iterable[Read], source: str, data_at: float, etag: str, tally: Tally, key: str = ""
    ) -> None:
        """Everything there is of one family of ecosystems, instead of what there was."""
        with self._transaction():
            old = self._connection.execute(
                "SELECT id, records, whole FROM archive WHERE family = ?", (family,)
            ).fetchone()
            archive = self._archive(family)
            self._empty(archive)
            kept = 0
            for read in self._steady(records):
                kept += self._store(read, {family: archive}, tally)
            if old and old[2] and old[1] >= _ENOUGH and kept * COLLAPSE < old[1] and not self._accept_fewer:
                raise BuildError(
                    f"{family}: {kept:,} records where there were {old[1]:,}: not believed (--accept-fewer takes them)"
                )
            if not kept:
                raise BuildError(f"{family}: no usable record in {source}")
            self._connection.execute(
                "UPDATE archive SET whole=1, records=?, refused=?, data_at=?, imported_at=?, source=?, etag=?"
                " WHERE id=?",
                (kept, tally.refused.total(), data_at, time.time(), _text(source), _text(etag), archive),
            )
            self._remember(key)

    def add(self, records: Iterable[Read], source: str, tally: Tally, key: str = "") -> None:
        """Single records, each instead of the one of its name; what is withdrawn goes."""
        archives: dict[str, int] = {}
        gone: set[int] = set()
        with self._transaction():
            for read in self._steady(records):
                for (number,) in self._connection.execute(
                    "SELECT number FROM record WHERE id = ?", (read.advisory.id,)
                ):
                    gone.add(number)
                for ecosystem, _, _ in read.packages:
                    family = base(ecosystem)
                    if family not in archives:
                        archives[family] = self._archive(family, source)
                self._connection.execute("DELETE FROM record WHERE id = ?", (read.advisory.id,))
                self._store(read, archives, tally)
            self._forget(gone)
            for archive in archives.values():
                self._connection.execute(
                    "UPDATE archive SET records = (SELECT count(*) FROM record WHERE archive = ?1) WHERE id = ?1",
                    (archive,),
                )
            self._remember(key)

    def put(self, name: str, rows: Iterable[tuple[str, float]], source: str, data_at: float) -> int:
        """A list (kev, epss) instead of the one there was; returns how many it names."""
        table, columns = ("epss", "(?, ?)") if name == "epss" else ("exploited", "(?)")
        with self._transaction():
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - one of two constants
            self._connection.executemany(
                f"INSERT OR IGNORE INTO {table} VALUES {columns}",  # noqa: S608 - constants
                (row if name == "epss" else row[:1] for row in rows),
            )
            count = int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - constants
            old = self._connection.execute("SELECT count FROM list WHERE name = ?", (name,)).fetchone()
            if not count:
                raise BuildError(f"{source}: names no CVE")
            if old and old[0] >= _ENOUGH and count * COLLAPSE < old[0] and not self._accept_fewer:
                raise BuildError(
                    f"{source}: {count:,} entries where there were {old[0]:,}: not believed (--accept-fewer takes them)"
                )
            self._connection.execute(
                "INSERT OR REPLACE INTO list VALUES (?, ?, ?, ?, ?)",
                (name, count, data_at, time.time(), _text(source)),
            )
        return count

    def confirm(self, family: str, at: float) -> None:
        """The server has nothing newer than what there is."""
        with self._transaction():
            self._connection.execute("UPDATE archive SET data_at = max(data_at, ?) WHERE family = ?", (at, family))

    def finish(self) -> None:
        """Put it in its place."""
        with self._transaction():
            self._connection.execute("DELETE FROM done")
            self._connection.execute("DELETE FROM ecosystem WHERE archive NOT IN (SELECT id FROM archive)")
            self._connection.execute(
                "UPDATE ecosystem SET records ="
                " (SELECT count(DISTINCT record) FROM affected WHERE affected.ecosystem = ecosystem.id)"
            )
        self._connection.close()
        try:
            with self._part.open("rb") as file:
                os.fsync(file.fileno())
            self._part.chmod(0o600)
            self._part.replace(self._target)
            self._discard()
        except OSError as error:
            raise BuildError(f"cannot write {self._target}: {error.strerror}") from None

    def _begin(self) -> None:
        """Go on with what was interrupted, if the database is still the one it began with; else begin with a copy."""
        stamp = self._stamp()
        self._cut_short()
        if self._part.exists():
            try:
                self._open()
                if is_ours(self._connection) and self.has(stamp):
                    taken = self._connection.execute("SELECT count(*) FROM done").fetchone()[0] > 1  # besides the stamp
                    if taken:
                        self._tell("going on with an import that was interrupted")
                    return
                self._connection.close()
            except sqlite3.Error:
                with contextlib.suppress(AttributeError):
                    self._connection.close()
        self._discard()
        fresh = True
        if self._target.exists():
            shutil.copyfile(self._target, self._part)
            with contextlib.suppress(sqlite3.DatabaseError):
                self._open()
                fresh = not is_ours(self._connection)
            if fresh:
                self._connection.close()
                self._discard()
        if fresh:
            self._open()
            create(self._connection)
        self._connection.execute("INSERT OR IGNORE INTO done VALUES (?)", (stamp,))

    def _open(self) -> None:
        os.close(os.open(self._part, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
        self._connection = connect(self._part, writable=True)
        for pragma in _PRAGMAS:
            self._connection.execute(pragma).fetchall()
        try:
            self._ecosystems = dict(self._connection.execute("SELECT name, id FROM ecosystem").fetchall())
        except sqlite3.OperationalError:
            self._ecosystems = {}

    def _abandon(self) -> None:
        with contextlib.suppress(AttributeError, sqlite3.Error):
            self._connection.close()
        os.close(self._lock)
        self._discard()

    def _discard(self) -> None:
        """The unfinished file and its journal: one left over would be rolled back into the next."""
        for name in (self._part.name, f"{self._part.name}-journal"):
            with contextlib.suppress(OSError):
                self._part.with_name(name).unlink()

    def _stamp(self) -> str:
        """Which database the next one is made from."""
        try:
            found = self._target.stat()
        except FileNotFoundError:
            return "base:none"
        return f"base:{found.st_size}:{found.st_mtime_ns}:{found.st_ino}"

    def _cut_short(self) -> None:
        if self._stopped():
            raise Stopped

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._ecosystems = {}
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
                self._ecosystems = dict(self._connection.execute("SELECT name, id FROM ecosystem").fetchall())
            raise
        self._connection.execute("COMMIT")

    def _steady(self, records: Iterable[Read]) -> Iterator[Read]:
        for number, read in enumerate(records):
            if number % 256 == 0:
                self._cut_short()
            yield read

    def _remember(self, key: str) -> None:
        if key:
            self._connection.execute("INSERT OR IGNORE INTO done VALUES (?)", (_text(key),))

    def _archive(self, family: str, source: str = "") -> int:
        self._connection.execute(
            "INSERT OR IGNORE INTO archive (family, whole, records, refused, data_at, imported_at, source, etag)"
            " VALUES (?, 0, 0, 0, 0, ?, ?, '')",
            (family, time.time(), _text(source)),
        )
        return int(self._connection.execute("SELECT id FROM archive WHERE family = ?", (family,)).fetchone()[0])

    def _empty(self, archive: int) -> None:
        run = self._connection.execute
        run("DELETE FROM affected WHERE ecosystem IN (SELECT id FROM ecosystem WHERE archive = ?)", (archive,))
        run("DELETE FROM record WHERE archive = ?", (archive,))
        run("DELETE FROM severity WHERE archive = ?", (archive,))

    def _forget(self, numbers: set[int]) -> None:
        """What the records of these numbers said of packages: one walk through all, there is no index for it."""
        if not numbers:
            return
        run = self._connection
        run.execute("CREATE TEMP TABLE gone (number INTEGER PRIMARY KEY)")
        run.executemany("INSERT INTO gone VALUES (?)", ((number,) for number in numbers))
        run.execute("DELETE FROM affected WHERE record IN (SELECT number FROM gone)")
        run.execute("DROP TABLE gone")

    def _store(self, read: Read, archives: dict[str, int], tally: Tally) -> int:
        """The record, once in each archive that has packages of it; returns how many archives took it."""
        if read.withdrawn:
            tally.withdrawn += 1
            return 0
        by_family: dict[str, list[tuple[str, str, Affected]]] = {}
        for package in read.packages:
            by_family.setdefault(base(package[0]), []).append(package)
        taken = 0
        for family, packages in by_family.items():
            archive = archives.get(family)
            if archive is None:
                continue
            done = self._connection.execute(
                "INSERT OR IGNORE INTO record (id, archive, body) VALUES (?, ?, ?)",
                (read.advisory.id, archive, _encode(read.advisory)),
            )
            if done.rowcount != 1:
                tally.duplicates += 1
                continue
            number = done.lastrowid
            self._connection.executemany(
                "INSERT INTO affected VALUES (?, ?, ?, ?, ?)",
                (
                    (self._ecosystem(ecosystem, archive), name, number, place, _encode(affected))
                    for place, (ecosystem, name, affected) in enumerate(packages)
                ),
            )
            self._rate(read.advisory, archive)
            taken += 1
        tally.kept += bool(taken)
        tally.elsewhere += not by_family or not any(family in archives for family in by_family)
        return taken

    def _rate(self, advisory: Advisory, archive: int) -> None:
        """Under each CVE that it is, so that a record without a severity can borrow it."""
        if not advisory.severity:
            return
        body = _encode(advisory.severity)
        names = {advisory.id, *(name for name in advisory.aliases if name.startswith("CVE-"))}
        self._connection.executemany(
            "INSERT OR IGNORE INTO severity VALUES (?, ?, ?)", [(name, archive, body) for name in sorted(names)]
        )

    def _ecosystem(self, name: str, archive: int) -> int:
        found = self._ecosystems.get(name)
        if found is None:
            self._connection.execute("INSERT INTO ecosystem (name, archive) VALUES (?, ?)", (name, archive))
            row = self._connection.execute("SELECT id FROM ecosystem WHERE name = ?", (name,)).fetchone()
            found = self._ecosystems[name] = int(row[0])
        return found


def _text(name: str) -> str:
    """Names of files need not be text: what is none is replaced."""
    return name.encode(errors="replace").decode()
