"""What is known of vulnerabilities, as something to look up: the part of an OSV record that matching needs."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec

INTRODUCED: Final = "i"
FIXED: Final = "f"
LAST_AFFECTED: Final = "l"
LIMIT: Final = "m"

Severities = tuple[tuple[str, str], ...]
"""Type and score as a record has them: `("CVSS_V3", "CVSS:3.1/...")`; type "" is a word of the record's database."""


class RecordsError(Exception):
    """The records cannot be read; says why in words for people."""


class Affected(msgspec.Struct, frozen=True, array_like=True):
    """Which versions of one package one record concerns.

    An event of a range is one letter and its version. `versions` are the enumerated ones, packed. `severity` is this
    package's own where the record has one, `urgency` is Debian's word for it.
    """

    record: int
    ranges: tuple[tuple[str, ...], ...] = ()
    versions: bytes = b""
    severity: Severities = ()
    urgency: str = ""

    def lists(self, version: str) -> bool:
        """Whether `version` is one of the enumerated ones, literally."""
        return bool(self.versions) and f"\n{version}\n".encode(errors="replace") in _unpacked(self.versions)


class Advisory(msgspec.Struct, frozen=True, array_like=True):
    """One record without its packages, in the words of the OSV schema."""

    id: str
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    summary: str = ""
    severity: Severities = ()


class Coverage(msgspec.Struct, frozen=True):
    """What there is of one ecosystem. Only where `whole` does it mean something that a package is not mentioned.

    `refused` counts records of the archive that could not be read.
    """

    records: int
    whole: bool
    data_at: float
    source: str = ""
    refused: int = 0


class Records(Protocol):
    """Where records come from; every method may raise `RecordsError`."""

    @property
    def path(self) -> str:
        """The file that holds them."""

    @property
    def ecosystems(self) -> Mapping[str, Coverage]:
        """All there are, by their complete name (`Debian:12`)."""

    def affected(self, ecosystem: str, name: str) -> Sequence[Affected]:
        """The records of one package."""

    def advisory(self, number: int) -> Advisory:
        """The record that `Affected.record` names."""

    def severity(self, name: str) -> Severities:
        """What any record rates the vulnerability of this name (a CVE or the record's id)."""

    def exploited(self, cve: str) -> bool:
        """Whether a list of known exploited vulnerabilities names it."""

    def epss(self, cve: str) -> float | None:
        """Its probability of exploitation in the next 30 days, None where no list names it."""


_PLAIN, _DEFLATED = b"\n", b"z"
_MAX_VERSIONS: Final = 16 << 20


def packed(versions: Sequence[str]) -> bytes:
    """Enumerated versions as few bytes in which one is found quickly."""
    kept = [version for version in versions if version and "\n" not in version]
    if not kept:
        return b""
    plain = ("\n" + "\n".join(kept) + "\n").encode(errors="replace")
    return plain if len(plain) < 200 else _DEFLATED + zlib.compress(plain, 6)


def _unpacked(versions: bytes) -> bytes:
    if versions[:1] == _PLAIN:
        return versions
    try:
        return zlib.decompressobj().decompress(versions[1:], _MAX_VERSIONS)
    except zlib.error as error:
        raise RecordsError(f"a record's versions are damaged: {error}") from None
