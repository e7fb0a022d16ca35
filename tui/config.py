"""`deckwatch.toml`: found, read, and checked key by key. A mistake is an error that names the line."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from tui.options import Settings

FILE = "deckwatch.toml"
MAX_BYTES = 1 << 20
Names = Callable[[], Collection[str]]
"""Where valid names come from; called only if the file uses such a name, because it may cost an import."""


class ConfigError(Exception):
    """A configuration that cannot be used: `FILE:LINE: what is wrong and what was expected`.

    `more` holds the other mistakes in the same file, in the order of their lines.
    """

    def __init__(self, path: Path, line: int, message: str, more: Iterable[ConfigError] = ()) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.path = path
        self.line = line
        self.message = message
        self.more = tuple(more)

    @classmethod
    def of(cls, mistakes: Iterable[ConfigError]) -> ConfigError:
        """All mistakes in one, the first line first."""
        first, *others = sorted(mistakes, key=lambda mistake: mistake.line)
        return cls(first.path, first.line, first.message, others)


def find(environ: Mapping[str, str], cwd: Path) -> Path | None:
    """The file to use when none is named: in the working directory, else in the user's configuration directory."""
    places = (cwd / FILE, user_file(environ))
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
    return judge(read(path), path, checks=checks, actions=actions)


def judge(text: str, path: Path, *, checks: Names = tuple, actions: Names = tuple) -> Settings:
    """The settings that a text gives; `path` is for the messages. Raises `ConfigError`."""
    from tui.schema import settings

    return settings(parse(path, text), text, path, checks=checks, actions=actions)


def user_file(environ: Mapping[str, str]) -> Path:
    """The file in the user's configuration directory, whether it exists or not."""
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "/")) / ".config")
    return Path(home) / "deckwatch" / FILE


def read(path: Path) -> str:
    """The text, its line ends untouched; raises `ConfigError`."""
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


def parse(path: Path, text: str) -> dict[str, Any]:
    """The document; raises `ConfigError` with the line where it stops being TOML."""
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
        raise ConfigError(path, line, f"is not TOML: {said[: place.start()]}{_advice(said, text, line)}") from None


def _advice(said: str, text: str, line: int) -> str:
    """What most likely was meant, where the parser's own words do not say it."""
    key, _, value = text.split("\n")[line - 1].partition("=")
    word = value.partition("#")[0].strip()
    if said.startswith("Invalid date"):
        return f"; {word} is no day of the calendar"
    if said.startswith("Invalid value") and key.strip() and word[:1].isalpha():
        return f'; a text is written in quotes: {key.strip()} = "{word}"'
    return ""


def _is_file(place: Path) -> bool:
    """A directory of another user, inherited with HOME, holds no configuration of ours."""
    try:
        return place.is_file()
    except OSError:
        return False
