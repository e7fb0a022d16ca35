"""What `deckwatch.toml` may say: section by section, key by key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from msgspec import structs

from checks.policy import Policy, Waiver
from checks.verdict import Severity
from inventory.resource import OBJECTS
from inventory.signatures.policy import NO_TRUST_POLICY, TrustPolicy
from tui.config import ConfigError, Names
from tui.key_names import mistake as key_mistake
from tui.key_names import name_of
from tui.near import hint
from tui.options import DEEP, ENGINES, THEMES, AnalysisOptions, ClusterOptions, Settings, UiSettings
from tui.toml_lines import Path as Place
from tui.toml_lines import line_of, lines

POLICY: Mapping[str, Mapping[str, str]] = {
    "trust": {
        "registries": "registries", "edge_proxies": "edge_proxies", "untrusted": "untrusted",
        "max_image_age": "max_image_age",
    },
    "host": {"docker_group": "trusted_docker_group", "require_rootless": "require_rootless"},
    "swarm": {"keys_rotated": "swarm_keys_rotated", "max_key_age": "max_key_age"},
    "images": {
        "max_report_age": "max_report_age", "allowed_set_id": "allowed_set_id", "bad_hashes": "bad_hashes",
    },
    "policy": {"require_owner": "require_owner"},
}  # fmt: skip
"""Sections and keys that decide verdicts, and the `Policy` field that each fills. Verdicts name them as `trust.x`."""
TRUST = ("unlisted", "root", "use_host_policy", "signature_directories", "rule")
"""The keys of `[trust]` that together are the `trust` of a `Policy`."""
DECIDED = frozenset(("severity", "waivers", "trust", *(field for keys in POLICY.values() for field in keys.values())))
"""The fields of `Policy` that a file decides; others come from a baseline or from tables that were fetched."""
SECTIONS = (*POLICY, "severity", "waiver", "probe", "scanner", "kubernetes", "ui", "keys")
SEVERITIES = tuple(severity.word for severity in reversed(Severity))
KINDS = tuple(kind.value for kind in OBJECTS)
SELECTORS = ("resource", "kind", "image", "label", "project", "namespace", "source", "value")
_WAIVER = ("check", *SELECTORS, "reason", "owner", "expires")
_WHY_NEEDED = {
    "check": "which verdicts it is about",
    "reason": "why the risk is accepted",
    "owner": "policy.require_owner is set",
}
_MIN_REFRESH, _MAX_REFRESH = 0.5, 3600.0


class Document:
    """A parsed file that can complain about any place in it."""

    def __init__(self, document: Mapping[str, Any], text: str, path: Path) -> None:
        self.document = document
        self.mistakes: list[ConfigError] = []
        self._lines = lines(text)
        self.path = path

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Go on after a mistake: a person wants to hear of all of them at once."""
        try:
            yield
        except ConfigError as mistake:
            self.mistakes.append(mistake)

    def line(self, place: Place) -> int:
        """The line that a place stands on."""
        return line_of(self._lines, place)

    def error(self, place: Place, message: str) -> ConfigError:
        """A mistake at a place."""
        return ConfigError(self.path, self.line(place), message)

    def unknown(self, place: Place, what: str, known: Collection[str]) -> ConfigError:
        """A name that nothing here has, with the one that was meant."""
        name = str(place[-1])
        return self.error(place, f"unknown {what} {name!r}{hint(name, known) or f'; known: {_listed(known)}'}")

    def table(self, *place: str | int) -> Mapping[str, Any]:
        """The table at a place, empty where there is none."""
        found: Any = self.document
        for part in place:
            found = found.get(part, {}) if isinstance(found, Mapping) else found[part]
        if not isinstance(found, Mapping):
            raise self.error(place, f"{place[-1]!r} must be a table, not {_type(found)}")
        return found

    def entries(self, section: str) -> Iterator[tuple[str, Any]]:
        """The keys of a section; none, and a mistake noted, if it is no table."""
        with self.noting():
            yield from self.table(section).items()

    def value(self, place: Place, value: Any, type_: type | tuple[type, ...], expected: str) -> Any:
        """The value, if it is of the type."""
        types = type_ if isinstance(type_, tuple) else (type_,)
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise self.error(place, f"{place[-1]!r} must be {expected}, not {_type(value)}")
        return value

    def strings(self, place: Place, value: Any) -> tuple[str, ...]:
        """The value, if it is a list of strings."""
        self.value(place, value, list, "a list of strings")
        if not all(isinstance(item, str) for item in value):
            raise self.error(place, f"{place[-1]!r} must be a list of strings only")
        return tuple(value)


def settings(document: Mapping[str, Any], text: str, path: Path, *, checks: Names, actions: Names) -> Settings:
    """The checked settings; raises one `ConfigError` that holds everything that is not understood."""
    doc = Document(document, text, path)
    for name in document:
        if name not in SECTIONS:
            doc.mistakes.append(doc.unknown((name,), "section", SECTIONS))
    decisions = dict(_decisions(doc))
    severity = dict(_severities(doc, checks))
    waivers = tuple(_waivers(doc, checks, must_be_owned=bool(decisions.get("require_owner"))))
    trust = _trust(doc)
    ui, keys = _ui(doc), dict(_keys(doc, actions))
    probe, names = _probe(doc)
    clusters, analysis = _kubernetes(doc), _scanner(doc, path)
    if doc.mistakes:
        raise ConfigError.of(doc.mistakes)
    rules = Policy(**decisions, severity=severity, waivers=waivers, trust=trust)
    return Settings(rules, ui, keys, path, probe=probe, names=names, clusters=clusters, analysis=analysis)


def _decisions(doc: Document) -> Iterator[tuple[str, Any]]:
    defaults = {item.name: item.default for item in structs.fields(Policy)}
    for section, keys in POLICY.items():
        for name, value in doc.entries(section):
            with doc.noting():
                place = (section, name)
                if section == "trust" and name in TRUST:
                    continue
                if name not in keys:
                    raise doc.unknown(place, "key", (*keys, *TRUST) if section == "trust" else keys)
                yield keys[name], _like(doc, place, value, defaults[keys[name]])


def _trust(doc: Document) -> TrustPolicy:
    """Whose images and signatures are trusted; what reads it is loaded only where the file says something of it."""
    table = doc.document.get("trust")
    if not isinstance(table, Mapping) or not any(name in table for name in TRUST):
        return NO_TRUST_POLICY
    from tui.trust_schema import trust

    return trust(doc)


def _like(doc: Document, place: Place, value: Any, default: object) -> Any:
    """The value, if it is of the type of the default."""
    if isinstance(default, tuple):
        return doc.strings(place, value)
    if isinstance(default, bool):
        return doc.value(place, value, bool, "true or false")
    if default is None:
        return _day(doc, place, value)
    if isinstance(default, str):
        from tui.bad_hashes import listed

        return listed(doc, place, value)
    number = doc.value(place, value, int, "a whole number of days")
    if number < 0:
        raise doc.error(place, f"{place[-1]!r} must not be negative")
    return number


def _day(doc: Document, place: Place, value: Any) -> date:
    if type(value) is not date:
        raise doc.error(place, f"{place[-1]!r} must be a date such as 2030-12-31, not {_type(value)}")
    return value


def _severities(doc: Document, checks: Names) -> Iterator[tuple[str, Severity]]:
    for name, value in doc.entries("severity"):
        place = ("severity", name)
        known = checks()
        if known and name not in known:
            doc.mistakes.append(doc.unknown(place, "check", known))
        with doc.noting():
            if value not in SEVERITIES:
                said = hint(value, SEVERITIES) if isinstance(value, str) else ""
                raise doc.error(place, f"{value!r} is no severity; expected {_listed(SEVERITIES)}{said}")
            yield name, Severity[value.upper()]


def _waivers(doc: Document, checks: Names, *, must_be_owned: bool) -> Iterator[Waiver]:
    entries = doc.document.get("waiver", [])
    if not isinstance(entries, list):
        doc.mistakes.append(doc.error(("waiver",), "waivers are written [[waiver]], one table each"))
        return
    for number in range(len(entries)):
        with doc.noting():
            waiver = _waiver(doc, number, checks, must_be_owned=must_be_owned)
            if waiver is not None:
                yield waiver


def _waiver(doc: Document, number: int, checks: Names, *, must_be_owned: bool) -> Waiver | None:
    place: Place = ("waiver", number)
    entry = doc.table(*place)
    before = len(doc.mistakes)
    for name in entry:
        if name not in _WAIVER:
            doc.mistakes.append(doc.unknown((*place, name), "key", _WAIVER))
    found: dict[str, Any] = {}
    for name in _WAIVER:
        with doc.noting():
            found[name] = _said(doc, (*place, name), entry.get(name))
    with doc.noting():
        _complete(doc, place, entry, checks, must_be_owned=must_be_owned)
    return Waiver(**found) if len(doc.mistakes) == before else None


def _said(doc: Document, place: Place, value: Any) -> Any:
    """What a key of a waiver says, as `Waiver` wants it."""
    name = str(place[-1])
    if name == "expires":
        if value is not None and type(value) is not date:
            raise doc.error(place, f"'expires' must be a date such as 2030-12-31, without quotes, not {_type(value)}")
        return value
    if name == "value":
        return (value,) if isinstance(value, str) else doc.strings(place, [] if value is None else value)
    text = doc.value(place, {"resource": "*"}.get(name, "") if value is None else value, str, "a string")
    if name == "kind" and text and text not in KINDS:
        raise doc.error(place, f"{text!r} is no kind of resource{hint(text, KINDS) or f'; known: {_listed(KINDS)}'}")
    return text


def _complete(doc: Document, place: Place, entry: Mapping[str, Any], checks: Names, *, must_be_owned: bool) -> None:
    """Which check, on what, and why must be said, and a check that it names must exist."""
    misspelt = any(name not in _WAIVER for name in entry)  # most likely the selector; one mistake is told once
    if not misspelt and not any(_given(entry.get(name, "")) for name in SELECTORS):
        said = f"a waiver needs 'resource' (\"*\" for every one) or another of {_listed(SELECTORS[1:])}"
        doc.mistakes.append(doc.error((*place, "resource"), said))
    for name in ("check", "reason", *(("owner",) if must_be_owned else ())):
        if not _given(entry.get(name, "")):
            why = _WHY_NEEDED[name]
            doc.mistakes.append(doc.error((*place, name), f"a waiver needs {name!r}: {why}"))
    check, known = entry.get("check"), checks()
    if known and isinstance(check, str) and check.strip() and not any(fnmatchcase(name, check) for name in known):
        raise doc.error((*place, "check"), f"no check is called {check!r}{hint(check, known)}")


def _given(value: Any) -> bool:
    """Whether something was said; what is of a wrong type is complained about elsewhere."""
    return bool(value.strip()) if isinstance(value, str) else value not in (None, [])


def _probe(doc: Document) -> tuple[bool, Mapping[str, str]]:
    """`tls`, and the host names that are expected of containers."""
    asked, names = False, {}
    for name, value in doc.entries("probe"):
        with doc.noting():
            place: Place = ("probe", name)
            if name == "tls":
                asked = doc.value(place, value, bool, "true or false")
            elif name == "names":
                for pattern, host in doc.table(*place).items():
                    names[pattern] = doc.value((*place, pattern), host, str, "a host name")
            else:
                raise doc.unknown(place, "key", ("tls", "names"))
    return asked, names


def _kubernetes(doc: Document) -> ClusterOptions:
    """`contexts` and `namespaces` to look at, and what else of a cluster may be read."""
    found: dict[str, Any] = {}
    for name, value in doc.entries("kubernetes"):
        with doc.noting():
            place: Place = ("kubernetes", name)
            if name in ("contexts", "namespaces"):
                found[name] = doc.strings(place, value)
            elif name in ("read_tls_secrets", "kubelet_config"):
                found[name] = doc.value(place, value, bool, "true or false")
            else:
                raise doc.unknown(place, "key", ("contexts", "namespaces", "read_tls_secrets", "kubelet_config"))
    return ClusterOptions(**found)


def _scanner(doc: Document, path: Path) -> AnalysisOptions:
    """Which images are looked into by themselves, and who else is asked about them."""
    found: dict[str, Any] = {}
    for name, value in doc.entries("scanner"):
        with doc.noting():
            place: Place = ("scanner", name)
            if name == "deep":
                found[name] = _one_of(doc, place, value, ("no", *DEEP)).removeprefix("no")
            elif name == "registries":
                found[name] = doc.value(place, value, bool, "true or false")
            elif name == "reports":
                found[name] = tuple(path.parent / Path(one).expanduser() for one in doc.strings(place, value))
            elif name == "engines":
                found[name] = tuple(_one_of(doc, place, one, ENGINES) for one in doc.strings(place, value))
            else:
                raise doc.unknown(place, "key", AnalysisOptions._fields)
    return AnalysisOptions(**found)


def _one_of(doc: Document, place: Place, value: Any, known: Collection[str]) -> str:
    word = doc.value(place, value, str, f"one of {_listed(known)}")
    if word not in known:
        raise doc.error(place, f"{place[-1]!r} cannot be {word!r}{hint(word, known)}; known: {_listed(known)}")
    return str(word)


def _ui(doc: Document) -> UiSettings:
    found: dict[str, Any] = {}
    for name, value in doc.entries("ui"):
        with doc.noting():
            found[name] = _look(doc, ("ui", name), value)
    return UiSettings(**found)


def _look(doc: Document, place: Place, value: Any) -> Any:
    name = str(place[-1])
    if name not in UiSettings._fields:
        raise doc.unknown(place, "key", UiSettings._fields)
    if name == "theme":
        doc.value(place, value, str, "a string")
        if value not in THEMES:
            raise doc.error(place, f"unknown theme {value!r}{hint(value, THEMES) or f'; known: {_listed(THEMES)}'}")
        return value
    if name == "refresh":
        seconds = float(doc.value(place, value, (int, float), "a number of seconds"))
        if not _MIN_REFRESH <= seconds <= _MAX_REFRESH:
            raise doc.error(place, f"'refresh' must be {_MIN_REFRESH:g} to {_MAX_REFRESH:g} seconds")
        return seconds
    return doc.value(place, value, bool, "true or false")


def _keys(doc: Document, actions: Names) -> Iterator[tuple[str, tuple[str, ...]]]:
    for path, value in _flat(dict(doc.entries("keys"))):
        with doc.noting():
            place, name = ("keys", *path), ".".join(path)
            known = actions()
            if known and name not in known:
                raise doc.error(place, f"unknown action {name!r}{hint(name, known)}")
            keys = (value,) if isinstance(value, str) else value
            if not isinstance(keys, list | tuple) or not all(isinstance(key, str) and key for key in keys):
                raise doc.error(place, f"{name!r} must be a key or a list of keys, not {_type(value)}")
            for wrong in filter(None, map(key_mistake, keys)):
                raise doc.error(place, f"{name!r}: {wrong}")
            yield name, tuple(map(name_of, keys))


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
