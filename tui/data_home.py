"""Where this user's own data is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def tables_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The fetched tables of versions (XDG Base Directory Specification)."""
    base = environ.get("XDG_DATA_HOME", "")
    home = Path(base) if base.startswith("/") else Path(environ.get("HOME", "/")) / ".local" / "share"
    return home / "deckwatch" / "tables.json"
