"""The databases that rpm keeps its headers in: SQLite and ndb are read, Berkeley DB is not."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAX_HEADER = 16 << 20
_MAX_SLOTS = 1 << 20
_TICKS = 20_000  # of 1,000 steps of SQLite's machine: some seconds
_SQLITE = b"SQLite format 3\0"
_NDB = b"RpmP"
_NDB_HEADER = struct.Struct("<4sIII")
_SLOT = struct.Struct("<4sIII")
_BLOB = struct.Struct("<4sIII")


class Unreadable(Exception):  # noqa: N818 - a fact about the file
    """Why the database, or the rest of it, could not be read: a clause."""


def blobs(database: bytes) -> Iterator[bytes]:
    """Header after header; raises `Unreadable` where it goes no further."""
    if database.startswith(_SQLITE):
        return _sqlite(database)
    if database.startswith(_NDB):
        return _ndb(database)
    if database[12:16] in (b"\x61\x15\x06\0", b"\0\x06\x15\x61", b"\x62\x31\x05\0", b"\0\x05\x31\x62"):
        raise Unreadable("a Berkeley DB, which is not read: its packages are not known")
    raise Unreadable("no database of a known kind")


def _sqlite(database: bytes) -> Iterator[bytes]:
    """The rows of Packages. The file is a stranger's: it may define anything, so only a plain look is allowed."""
    import sqlite3

    def allowed(action: int, first: str | None, second: str | None, schema: str | None, inner: str | None) -> int:
        reads = action == sqlite3.SQLITE_SELECT or (
            action == sqlite3.SQLITE_READ and first in ("Packages", "sqlite_master") and inner is None
        )
        return sqlite3.SQLITE_OK if reads else sqlite3.SQLITE_DENY

    ticks = 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return ticks > _TICKS

    connection = sqlite3.connect(":memory:")
    try:
        # A file in write-ahead mode cannot be opened without its directory; these two bytes are all that says so.
        connection.deserialize(database[:18] + b"\1\1" + database[20:])
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA query_only = ON")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_HEADER)
        connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 10_000)
        connection.set_progress_handler(tick, 1000)
        connection.set_authorizer(allowed)
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'Packages' AND type = 'table'").fetchone():
            raise Unreadable("an SQLite database without a table of packages")
        for (blob,) in connection.execute("SELECT blob FROM Packages"):
            if isinstance(blob, bytes):
                yield blob
            else:
                raise Unreadable("a package of the wrong type")
    except (sqlite3.Error, OverflowError, ValueError, MemoryError) as error:
        raise Unreadable(f"damaged ({error})") from None
    finally:
        connection.close()


def _ndb(database: bytes) -> Iterator[bytes]:
    """Pages of slots first, each of which leads to a blob in blocks of 16 bytes."""
    if len(database) < 32:
        raise Unreadable("cut off")
    _, version, _, pages = _NDB_HEADER.unpack_from(database)
    slots = pages * 256
    if version != 0 or not 0 < slots <= _MAX_SLOTS or slots * _SLOT.size > len(database):
        raise Unreadable("damaged (its header)")
    for magic, number, block, _count in _SLOT.iter_unpack(database[32 : slots * _SLOT.size]):
        if magic != b"Slot":
            raise Unreadable("damaged (a slot)")
        if number == 0:
            continue
        start = block * 16
        if start + _BLOB.size > len(database):
            raise Unreadable("cut off")
        mark, same, _generation, size = _BLOB.unpack_from(database, start)
        begin = start + _BLOB.size
        if mark != b"BlbS" or same != number or size > MAX_HEADER or begin + size > len(database):
            raise Unreadable("damaged (a package)")
        yield database[begin : begin + size]
