"""The tables of the database, and what is written into their columns."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

APPLICATION: Final = 0x44574442
VERSION: Final = 1

TABLES: Final = """
CREATE TABLE archive (
  id INTEGER PRIMARY KEY, family TEXT NOT NULL UNIQUE, whole INTEGER NOT NULL, records INTEGER NOT NULL,
  refused INTEGER NOT NULL, data_at REAL NOT NULL, imported_at REAL NOT NULL, source TEXT NOT NULL, etag TEXT NOT NULL
);
CREATE TABLE ecosystem (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, archive INTEGER NOT NULL, records INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE record (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, archive INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE UNIQUE INDEX record_id ON record (id, archive);
CREATE TABLE affected (
  ecosystem INTEGER NOT NULL, name TEXT NOT NULL, record INTEGER NOT NULL, place INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (ecosystem, name, record, place)
) WITHOUT ROWID;
CREATE TABLE severity (name TEXT NOT NULL, archive INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (name, archive))
  WITHOUT ROWID;
CREATE TABLE exploited (cve TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE epss (cve TEXT PRIMARY KEY, score REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE list (
  name TEXT PRIMARY KEY, count INTEGER NOT NULL, data_at REAL NOT NULL, imported_at REAL NOT NULL, source TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE done (source TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def connect(path: Path, *, writable: bool = False) -> sqlite3.Connection:
    """The file as it is. A finished one never changes, it is replaced: so nothing needs to be locked or watched."""
    mode = "rwc" if writable else "ro&immutable=1"
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None, cached_statements=32)


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether this is such a database, of this version."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return bool(application == APPLICATION and connection.execute("PRAGMA user_version").fetchone()[0] == VERSION)


def create(connection: sqlite3.Connection) -> None:
    """All tables, empty."""
    connection.executescript(f"BEGIN;{TABLES}PRAGMA application_id={APPLICATION};PRAGMA user_version={VERSION};COMMIT;")
