"""`manifest.json` of a bundle (`deckwatch.bundle/1`): what was asked, when, and what every member must hash to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

SCHEMA = "deckwatch.bundle/1"
NAME = "manifest.json"
CLUSTER = "kubernetes"
"""The kind of a recorded source that is a cluster; others are engines."""
MEMBER = re.compile(r"answers/[0-9]{6}")
"""Names of all other members: nothing from inside the recorded host ever becomes a path."""


class BundleError(Exception):
    """A bundle that cannot be used; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Member:
    """One recorded answer.

    `source` is the name of the recorded source, `request` what was asked (`/info`, `/containers/ID/json`, or a host
    fact). `status` is the HTTP status; 0 if there was no answer, and then `reason` and `detail` say why. `time` is in
    epoch seconds. Members without an answer have no file: `name` is "".
    """

    source: str
    request: str
    status: int
    time: float
    name: str = ""
    size: int = 0
    sha256: str = ""
    reason: str = ""
    detail: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One recorded source: the name, kind and target that it had when it was read."""

    name: str
    kind: str
    target: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The bundle as a whole. `host` is the machine that recorded it, `time` when it began (epoch seconds).

    `masked`: what looked like a secret was replaced by meaningless text of the same shape.
    """

    tool: str
    host: str
    time: float
    masked: bool
    sources: tuple[SourceEntry, ...]
    members: tuple[Member, ...]

    def encode(self) -> bytes:
        """As JSON; empty fields of members are left out."""
        document = {
            "schema": SCHEMA,
            "tool": self.tool,
            "host": self.host,
            "time": self.time,
            "recorded": datetime.fromtimestamp(self.time, UTC).isoformat(timespec="seconds"),
            "masked": self.masked,
            "sources": [asdict(source) for source in self.sources],
            "members": [
                {name: value for name, value in asdict(member).items() if value not in ("", {})}
                for member in self.members
            ],
        }
        return json.dumps(document, ensure_ascii=True, indent=1).encode()


def decode(raw: bytes) -> Manifest:
    """The manifest; raises `BundleError` if it is not one that this version can read."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{NAME} is not JSON: {error}") from None
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, Mapping) else None
        raise BundleError(f"{NAME} has the schema {found!r}, expected {SCHEMA!r}")
    return Manifest(
        tool=_field(document, "tool", str),
        host=_field(document, "host", str),
        time=_time(document),
        masked=_field(document, "masked", bool),
        sources=tuple(_build(SourceEntry, item, "sources") for item in _field(document, "sources", list)),
        members=tuple(_build(Member, item, "members") for item in _field(document, "members", list)),
    )


def _time(document: Mapping[str, Any]) -> float:
    """A moment that can be written as a date."""
    try:
        time = float(_field(document, "time", (int, float)))
        datetime.fromtimestamp(time, UTC)
    except (ValueError, OverflowError, OSError):
        raise BundleError(f"{NAME}: 'time' is no moment") from None
    return time


def _field(document: Mapping[str, Any], name: str, type_: type | tuple[type, ...]) -> Any:
    value = document.get(name)
    if not isinstance(value, type_):
        raise BundleError(f"{NAME}: {name!r} is missing or of the wrong type")
    return value


def _build(cls: Any, item: Any, where: str) -> Any:
    """A dataclass from an object; fields that this version does not know are left out."""
    if not isinstance(item, Mapping):
        raise BundleError(f"{NAME}: {where!r} holds something that is no object")
    values: dict[str, Any] = {}
    for name, type_ in _TYPES[cls.__name__].items():
        if name not in item:
            continue
        if not isinstance(item[name], type_) or isinstance(item[name], bool):
            raise BundleError(f"{NAME}: {name!r} in {where!r} is of the wrong type")
        values[name] = item[name]
    if not all(isinstance(value, str) for value in values.get("headers", {}).values()):
        raise BundleError(f"{NAME}: 'headers' in {where!r} hold something that is no string")
    try:
        return cls(**values)
    except TypeError as error:
        raise BundleError(f"{NAME}: an entry of {where!r} is incomplete: {error}") from None


_TYPES: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "SourceEntry": {"name": str, "kind": str, "target": str},
    "Member": {
        "source": str,
        "request": str,
        "status": int,
        "time": (int, float),
        "name": str,
        "size": int,
        "sha256": str,
        "reason": str,
        "detail": str,
        "headers": dict,
    },
}
