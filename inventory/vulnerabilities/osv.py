"""Records in the OSV schema (1.7), read leniently: what is not needed may be anything, what is needed must be right."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from inventory.vulnerabilities.ecosystems import ORDER, base, kept_as, kept_name
from inventory.vulnerabilities.ranges import unsaid
from inventory.vulnerabilities.records import (
    FIXED,
    INTRODUCED,
    LAST_AFFECTED,
    LIMIT,
    Advisory,
    Affected,
    Severities,
    packed,
)

MAX_NAME: Final = 512
MAX_PACKAGES: Final = 50_000
MAX_EVENTS: Final = 20_000
MAX_VERSIONS: Final = 200_000
MAX_NAMES: Final = 2_000
MAX_SUMMARY: Final = 300

_NOTHING: Final = msgspec.Raw()


class _Event(msgspec.Struct):
    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class _Range(msgspec.Struct):
    type: str = ""
    events: list[_Event] | None = None


class _Package(msgspec.Struct):
    ecosystem: str = ""
    name: str = ""


class _Severity(msgspec.Struct):
    type: str = ""
    score: str = ""


class _Affected(msgspec.Struct):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    severity: list[_Severity] | None = None
    ecosystem_specific: msgspec.Raw = _NOTHING


class _Record(msgspec.Struct):
    id: str
    modified: str = ""
    withdrawn: str | None = None
    aliases: list[str] | None = None
    upstream: list[str] | None = None
    related: list[str] | None = None
    summary: str | None = None
    details: str | None = None
    severity: list[_Severity] | None = None
    affected: list[_Affected] | None = None
    database_specific: msgspec.Raw = _NOTHING


class Read(msgspec.Struct, frozen=True):
    """One record: `packages` are (ecosystem, name, which versions); empty where it was withdrawn."""

    advisory: Advisory
    packages: tuple[tuple[str, str, Affected], ...]
    ecosystems: frozenset[str]
    modified: str = ""
    withdrawn: bool = False


class RecordError(ValueError):
    """No record, or none that can be used; says why in a few words that many records share."""


_DECODER: Final = msgspec.json.Decoder(_Record)
_EVENTS: Final = ((INTRODUCED, "introduced"), (FIXED, "fixed"), (LAST_AFFECTED, "last_affected"), (LIMIT, "limit"))


def read(raw: bytes) -> Read:
    """One record out of its JSON; raises `RecordError`."""
    try:
        record = _DECODER.decode(raw)
    except msgspec.ValidationError as error:
        raise RecordError(f"wrong type: {_shared(str(error))}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RecordError("not JSON") from None
    except RecursionError:
        raise RecordError("nested too deep") from None
    try:
        return _read(record)
    except UnicodeEncodeError:
        raise RecordError("text that is no Unicode") from None


def _read(record: _Record) -> Read:
    if not record.id or len(record.id) > MAX_NAME:
        raise RecordError("no usable id")
    record.id.encode()
    entries = record.affected or []
    ecosystems = frozenset(base(one.package.ecosystem) for one in entries[:MAX_PACKAGES] if one.package)
    withdrawn = bool(record.withdrawn)
    if len(entries) > MAX_PACKAGES:
        raise RecordError("too many packages")
    advisory = Advisory(
        record.id,
        _names(record.aliases),
        _names(record.upstream),
        _names(record.related),
        _summary(record),
        _severities(record.severity, record.database_specific),
    )
    kept: list[tuple[str, str, Affected]] = []
    for entry in () if withdrawn else entries:
        found = entry.package
        ecosystem = kept_as(found.ecosystem) if found else None
        if found is None or ecosystem is None:
            continue
        if not found.name or len(found.name) > MAX_NAME:
            raise RecordError("no usable package name")
        found.name.encode()
        ecosystem.encode()
        if (affected := _affected(entry, ORDER[base(ecosystem)])) is not None:
            kept.append((ecosystem, kept_name(ecosystem, found.name), affected))
    return Read(advisory, tuple(kept), ecosystems, record.modified[:40], withdrawn)


def _affected(entry: _Affected, order: str) -> Affected | None:
    """None where it can never say that anything is affected."""
    ranges = []
    events = 0
    for one in entry.ranges or ():
        if one.type == "GIT":
            continue
        found = tuple(
            letter + value
            for event in one.events or ()
            for letter, name in _EVENTS
            if (value := getattr(event, name)) is not None
        )
        events += len(found)
        if events > MAX_EVENTS:
            raise RecordError("too many events")
        if any(event[0] == INTRODUCED for event in found):
            ranges.append(found)
    versions = entry.versions or []
    if len(versions) > MAX_VERSIONS:
        raise RecordError("too many versions")
    if not ranges and not versions:
        return None
    urgency = _member(entry.ecosystem_specific, "urgency")
    return Affected(
        0, tuple(ranges), packed(unsaid(tuple(ranges), order, versions)), _severities(entry.severity), urgency
    )


def _severities(found: list[_Severity] | None, specific: msgspec.Raw = _NOTHING) -> Severities:
    """CVSS vectors and words; the word of the record's own database comes last."""
    kept = [(one.type[:20], one.score[:400]) for one in (found or ())[:20] if one.score]
    if word := _member(specific, "severity"):
        kept.append(("", word))
    return tuple(kept)


def _member(raw: msgspec.Raw, name: str) -> str:
    """A short text out of an object whose form nobody promises."""
    data = bytes(raw)
    if name.encode() not in data or len(data) > 1 << 20:
        return ""
    try:
        found: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""
    value = found.get(name) if isinstance(found, dict) else None
    return value[:40] if isinstance(value, str) else ""


def _names(found: list[str] | None) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name for name in (found or ())[:MAX_NAMES] if 0 < len(name) <= 100))
    "".join(names).encode()
    return names


def _summary(record: _Record) -> str:
    """The summary, else the first line of the details."""
    text = (record.summary or "").strip() or (record.details or "")[:2_000].strip()
    line = next(iter(text.splitlines()), "").strip("# ")
    return line[:MAX_SUMMARY].encode(errors="replace").decode()


def _shared(message: str) -> str:
    """msgspec's complaint without the place inside lists, so that equal ones can be counted together."""
    return message.replace("[...]", "")[:120]
