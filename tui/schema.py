"""What `deckwatch.toml` may say: section by section, key by key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from msgspec import structs

from checks.policy import Policy, Waiver
from checks.verdict import Severity
from tui.config import ConfigError, Names
from tui.near import hint
from tui.options import THEMES, Settings, UiSettings
from tui.toml_lines import Path as Place
from tui.toml_lines import line_of, lines

POLICY: Mapping[str, Mapping[str, str]] = {
    "trust": {"registries": "registries", "edge_proxies": "edge_proxies", "max_image_age": "max_image_age"},
    "host": {"docker_group": "trusted_docker_group", "require_rootless": "require_rootless"},
}
"""Sections and keys that decide verdicts, and the `Policy` field that each fills. Verdicts name them as `trust.x`."""
SECTIONS = (*POLICY, "severity", "waiver", "ui", "keys")
SEVERITIES = tuple(severity.word for severity in reversed(Severity))
_WAIVER = ("check", "resource", "reason", "owner", "expires")
_MIN_REFRESH, _MAX_REFRESH = 0.5, 3600.0


class _Document:
    """A parsed file that can complain about any place in it."""

    def __init__(self, document: Mapping[str, Any], text: str, path: Path) -> None:
        self.document = document
        self._lines = lines(text)
        self._path = path

    def error(self, place: Place, message: str) -> ConfigError:
        return ConfigError(self._path, line_of(self._lines, place), message)

    def unknown(self, place: Place, what: str, known: Collection[str]) -> ConfigError:
        name = str(place[-1])
        return self.error(place, f"unknown {what} {name!r}{hint(name, known) or f'; known: {_listed(known)}'}")

    def table(self, *place: str | int) -> Mapping[str, Any]:
        found: Any = self.document
        for part in place:
            found = found.get(part, {}) if isinstance(found, Mapping) else found[part]
        if not isinstance(found, Mapping):
            raise self.error(place, f"{place[-1]!r} must be a table, not {_type(found)}")
        return found

    def value(self, place: Place, value: Any, type_: type | tuple[type, ...], expected: str) -> Any:
        types = type_ if isinstance(type_, tuple) else (type_,)
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise self.error(place, f"{place[-1]!r} must be {expected}, not {_type(value)}")
        return value

    def strings(self, place: Place, value: Any) -> tuple[str, ...]:
        self.value(place, value, list, "a list of strings")
        if not all(isinstance(item, str) for item in value):
            raise self.error(place, f"{place[-1]!r} must be a list of strings only")
        return tuple(value)


def settings(document: Mapping[str, Any], text: str, path: Path, *, checks: Names, actions: Names) -> Settings:
    """The checked settings; raises `ConfigError` for the first thing that is not understood."""
    doc = _Document(document, text, path)
    for name in document:
        if name not in SECTIONS:
            raise doc.unknown((name,), "section", SECTIONS)
    policy = Policy(
        **dict(_decisions(doc)),
        severity=dict(_severities(doc, checks)),
        waivers=tuple(_waivers(doc, checks)),
    )
    return Settings(policy, _ui(doc), dict(_keys(doc, actions)), path)


def _decisions(doc: _Document) -> Iterator[tuple[str, Any]]:
    defaults = {item.name: item.default for item in structs.fields(Policy)}
    for section, keys in POLICY.items():
        for name, value in doc.table(section).items():
            place = (section, name)
            if name not in keys:
                raise doc.unknown(place, "key", keys)
            yield keys[name], _like(doc, place, value, defaults[keys[name]])


def _like(doc: _Document, place: Place, value: Any, default: object) -> Any:
    """The value, if it is of the type of the default."""
    if isinstance(default, tuple):
        return doc.strings(place, value)
    if isinstance(default, bool):
        return doc.value(place, value, bool, "true or false")
    number = doc.value(place, value, int, "a whole number of days")
    if number < 0:
        raise doc.error(place, f"{place[-1]!r} must not be negative")
    return number


def _severities(doc: _Document, checks: Names) -> Iterator[tuple[str, Severity]]:
    for name, value in doc.table("severity").items():
        place = ("severity", name)
        known = checks()
        if known and name not in known:
            raise doc.unknown(place, "check", known)
        if value not in SEVERITIES:
            said = hint(value, SEVERITIES) if isinstance(value, str) else ""
            raise doc.error(place, f"{value!r} is no severity; expected {_listed(SEVERITIES)}{said}")
        yield name, Severity[value.upper()]


def _waivers(doc: _Document, checks: Names) -> Iterator[Waiver]:
    entries = doc.document.get("waiver", [])
    if not isinstance(entries, list):
        raise doc.error(("waiver",), "waivers are written [[waiver]], one table each")
    for number in range(len(entries)):
        yield _waiver(doc, number, checks)


def _waiver(doc: _Document, number: int, checks: Names) -> Waiver:
    entry = doc.table("waiver", number)
    place: Place = ("waiver", number)
    for name in entry:
        if name not in _WAIVER:
            raise doc.unknown((*place, name), "key", _WAIVER)
    words: dict[str, str] = {}
    for name in ("check", "resource", "reason"):
        words[name] = doc.value((*place, name), entry.get(name, ""), str, "a string")
        if not words[name].strip():
            raise doc.error((*place, name), f"a waiver needs {name!r}: which check, on what resource, and why")
    known = checks()
    if known and not any(fnmatchcase(check, words["check"]) for check in known):
        raise doc.error((*place, "check"), f"no check is called {words['check']!r}{hint(words['check'], known)}")
    expires = entry.get("expires")
    if expires is not None and type(expires) is not date:
        raise doc.error((*place, "expires"), f"'expires' must be a date such as 2030-12-31, not {_type(expires)}")
    owner = doc.value((*place, "owner"), entry.get("owner", ""), str, "a string")
    return Waiver(**words, owner=owner, expires=expires)


def _ui(doc: _Document) -> UiSettings:
    known = UiSettings._fields
    found: dict[str, Any] = {}
    for name, value in doc.table("ui").items():
        place = ("ui", name)
        if name not in known:
            raise doc.unknown(place, "key", known)
        if name == "theme":
            found[name] = doc.value(place, value, str, "a string")
            if value not in THEMES:
                raise doc.error(place, f"unknown theme {value!r}{hint(value, THEMES) or f'; known: {_listed(THEMES)}'}")
        elif name == "refresh":
            found[name] = float(doc.value(place, value, (int, float), "a number of seconds"))
            if not _MIN_REFRESH <= found[name] <= _MAX_REFRESH:
                raise doc.error(place, f"'refresh' must be {_MIN_REFRESH:g} to {_MAX_REFRESH:g} seconds")
        else:
            found[name] = doc.value(place, value, bool, "true or false")
    return UiSettings(**found)


def _keys(doc: _Document, actions: Names) -> Iterator[tuple[str, tuple[str, ...]]]:
    for path, value in _flat(doc.table("keys")):
        place, name = ("keys", *path), ".".join(path)
        known = actions()
        if known and name not in known:
            raise doc.error(place, f"unknown action {name!r}{hint(name, known)}")
        keys = (value,) if isinstance(value, str) else value
        if not isinstance(keys, list | tuple) or not all(isinstance(key, str) and key for key in keys):
            raise doc.error(place, f"{name!r} must be a key or a list of keys, not {_type(value)}")
        yield name, tuple(keys)


def _flat(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """`table.down = "j"` is a table in a table for TOML; actions have dots in their names."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*above, name))
        else:
            yield (*above, name), value


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)


_TYPES = {bool: "a boolean", str: "a string", int: "a number", float: "a number", list: "a list", dict: "a table"}


def _type(value: object) -> str:
    return _TYPES.get(type(value), "a date or time")
