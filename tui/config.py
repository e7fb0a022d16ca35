"""`deckwatch.toml`: found, read, and checked key by key. A mistake is an error that names the line."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from tui.options import Settings

FILE = "deckwatch.toml"
MAX_BYTES = 1 << 20
Names = Callable[[], Collection[str]]
"""Where valid names come from; called only if the file uses such a name, because it may cost an import."""


class ConfigError(Exception):
    """A configuration that cannot be used: `FILE:LINE: what is wrong and what was expected`."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path = path
        self.line = line


def find(environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The file to use when none is named: in the working directory, else in the user's configuration directory."""
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "/")) / ".config")
    places = (cwd / FILE, Path(home) / "deckwatch" / FILE)
    return next((place for place in places if _is_file(place)), None)


def load(
    named: Path | None = None,
    *,
    checks: Names = tuple,
    actions: Names = tuple,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Settings:
    """Read the named file, or the one that `find` finds, or use the defaults.

    Args:
        named: what `--config` said.
        checks: gives the ids of all checks, to judge `[severity]` and `[[waiver]]` by.
        actions: gives the names of all actions, to judge `[keys]` by.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or holds something that is not understood.
    """
    path = named or find(os.environ if environ is None else environ, cwd or Path.cwd())
    if path is None:
        return Settings()
    text = _read(path)
    from tui.schema import settings

    return settings(_parse(path, text), text, path, checks=checks, actions=actions)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(path, 0, f"cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(path, 0, f"is larger than {MAX_BYTES >> 20} MiB, which no configuration is")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(path, line, "is not UTF-8, which TOML must be") from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    import re
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said = str(error)
        place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
        if place is None:
            raise ConfigError(path, 1, f"is not TOML: {said}") from None
        line = int(place[1]) if place[1] else text.rstrip().count("\n") + 1
        raise ConfigError(path, line, f"is not TOML: {said[: place.start()]}") from None


def _is_file(place: Path) -> bool:
    """A directory of another user, inherited with HOME, holds no configuration of ours."""
    try:
        return place.is_file()
    except OSError:
        return False
