"""Where this user's own data and caches are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def tables_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The fetched tables of versions (XDG Base Directory Specification)."""
    base = environ.get("XDG_DATA_HOME", "")
    home = Path(base) if base.startswith("/") else Path(environ.get("HOME", "/")) / ".local" / "share"
    return home / "deckwatch" / "tables.json"


def vulnerabilities_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The database of known vulnerabilities, beside the tables."""
    return tables_file(environ).with_name("vulnerabilities.sqlite")


def cache_home(environ: Mapping[str, str] = os.environ) -> Path:
    """What can be made again: contents of images, answers of registries. Anybody may delete it at any time."""
    base = environ.get("XDG_CACHE_HOME", "")
    home = Path(base) if base.startswith("/") else Path(environ.get("HOME", "/")) / ".cache"
    return home / "deckwatch"
