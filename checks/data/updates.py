"""Newer facts than the program ships: what `deckwatch tables update` fetched, laid over the tables of this package.

A vulnerability that the shipped table knows keeps its words, severity and condition, which a person wrote, and takes
the ranges of the newer record. One that it does not know is unconfirmed: it makes a verdict *manual*, never *fail*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

import msgspec

from checks.data.advisories import Advisory
from checks.data.lifetimes import Lifetime


class Ending(msgspec.Struct, frozen=True):
    """When a release stops getting fixes that cost nothing (None: no end announced), and when the paid ones end."""

    end: date | None
    extended: date | None = None


class Record(msgspec.Struct, frozen=True):
    """A published vulnerability as its database tells it; `ranges` are `FIRST..FIXED`, either side may be empty."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    ranges: tuple[str, ...]


class Tables(msgspec.Struct, frozen=True):
    """What was fetched, by program (runc, containerd, docker-engine) and by product (`Debian`, `docker-engine`).

    `dates` say when each was read; a table that is not in it was not.
    """

    dates: Mapping[str, date] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    records: Mapping[str, tuple[Record, ...]] = msgspec.field(default_factory=lambda: MappingProxyType({}))
    endings: Mapping[str, Mapping[str, Ending]] = msgspec.field(default_factory=lambda: MappingProxyType({}))


SHIPPED = Tables()
"""Nothing was fetched: the tables of this package are all there is."""


def advisories(name: str, shipped: Iterable[Advisory], made: date, tables: Tables) -> tuple[tuple[Advisory, ...], date]:
    """The advisories to judge a program by, and the date that they are as of."""
    fetched = tables.dates.get(name)
    if fetched is None or fetched <= made:
        return tuple(shipped), made
    return _merged(tuple(shipped), tables.records.get(name, ())), fetched


def _merged(shipped: tuple[Advisory, ...], records: tuple[Record, ...]) -> tuple[Advisory, ...]:
    by_name = {name: record for record in records for name in (record.id, *record.aliases)}
    known = {entry.id for entry in shipped}
    updated = [entry.with_ranges(by_name[entry.id].ranges) if entry.id in by_name else entry for entry in shipped]
    new = [Advisory.unconfirmed(_name(record), record.summary, record.ranges) for record in records
           if not known.intersection((record.id, *record.aliases))]  # fmt: skip
    return (*updated, *new)


def _name(record: Record) -> str:
    """The number that people look for."""
    return next((alias for alias in record.aliases if alias.startswith("CVE-")), record.id)


def lifetime(
    name: str, release: str, shipped: Lifetime | None, made: date, tables: Tables
) -> tuple[Lifetime | None, date]:
    """When a release of a distribution ends, and the date of the table that says so."""
    fetched = tables.dates.get(name)
    found = tables.endings.get(name, {}).get(release)
    if fetched is None or fetched <= made or found is None or found.end is None:
        return shipped, made
    return Lifetime(found.end, found.extended or (shipped.extended if shipped else None)), fetched


def engine_ends(
    shipped: Mapping[int, date | None], made: date, tables: Tables
) -> tuple[Mapping[int, date | None], date]:
    """When the major versions of Docker Engine end (None: no end announced), and the date of the table that says so.

    A line of releases such as 25.0 stands for its major version.
    """
    fetched = tables.dates.get("docker-engine-releases")
    if fetched is None or fetched <= made:
        return shipped, made
    found = {
        int(release.partition(".")[0]): ending.end
        for release, ending in tables.endings.get("docker-engine-releases", {}).items()
        if release.partition(".")[0].isdigit()
    }
    return {**shipped, **found}, fetched
