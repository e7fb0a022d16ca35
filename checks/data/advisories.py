"""One published vulnerability of a program, as version ranges."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import msgspec

from checks.verdict import Severity
from checks.versions import Version, parse_version

_STAGES = ("alpha", "beta", "rc")


class Needs(Enum):
    """What must be true of the installation for the flaw to matter; the value is what a finding says."""

    NOTHING = ""
    AUTHORIZATION_PLUGIN = "with an authorization plugin"
    USERNS_REMAP = "with userns-remap"
    ENCRYPTED_OVERLAY = "with an encrypted swarm overlay"
    LOCAL_USERS = "with untrusted local users"
    ARCHIVE_UPLOAD = "when archives are copied into a container (docker cp)"
    REMOTE_BUILD = "when images are built from remote URLs"
    CLASSIC_BUILDER = "when the classic builder is used"
    INTERNAL_NETWORK = "with an internal network"
    HOST_IPV6 = "with IPv6 on the host"
    FIREWALLD = "with firewalld"
    MANAGED_PLUGINS = "when managed plugins are installed"


class Advisory(msgspec.Struct, frozen=True):
    """`ranges`: (first affected or "", fixed or "" where no fix exists). `confirmed`: read in the advisory itself."""

    id: str
    what: str
    severity: Severity
    ranges: tuple[tuple[Version | None, Version | None], ...]
    needs: Needs = Needs.NOTHING
    confirmed: bool = True

    def affects(self, version: Version) -> bool:
        """Whether a version, taken by its upstream number, lies in one of the ranges."""
        return any(
            (first is None or version >= first) and (fixed is None or version < fixed) for first, fixed in self.ranges
        )

    def with_ranges(self, ranges: Iterable[str]) -> Advisory:
        """The same with other ranges. Raises ValueError as `advisory` does."""
        return msgspec.structs.replace(self, ranges=tuple(_range(text) for text in ranges))

    @classmethod
    def unconfirmed(cls, id: str, what: str, ranges: Iterable[str]) -> Advisory:  # noqa: A002 - the advisory's own word
        """One that nobody has read yet: it counts as medium until somebody does. Raises ValueError as `advisory`."""
        return advisory(id, what, Severity.MEDIUM, *ranges, confirmed=False)

    @property
    def fixed_in(self) -> str:
        """The fixed versions, for people."""
        return ", ".join(_written(fixed) for _, fixed in self.ranges if fixed) or "no fixed version"


def advisory(
    id: str,  # noqa: A002 - the advisory's own word
    what: str,
    severity: Severity,
    *ranges: str,
    needs: Needs = Needs.NOTHING,
    confirmed: bool = True,
) -> Advisory:
    """An advisory from ranges as text: `FIRST..FIXED`, where either side may be empty. Raises ValueError on others."""
    return Advisory(id, what, severity, tuple(_range(text) for text in ranges), needs, confirmed)


def affecting(version: Version, table: Iterable[Advisory]) -> list[Advisory]:
    """The advisories that a version is in the range of, worst first."""
    return sorted((entry for entry in table if entry.affects(version)), key=lambda entry: (-entry.severity, entry.id))


def _range(text: str) -> tuple[Version | None, Version | None]:
    first, separator, fixed = text.partition("..")
    if not separator:
        raise ValueError(f"not a range: {text!r}")
    return _bound(first), _bound(fixed)


def _bound(text: str) -> Version | None:
    if not text:
        return None
    version = parse_version(text)
    if version is None:
        raise ValueError(f"not a version: {text!r}")
    return version


def _written(version: Version) -> str:
    number = ".".join(map(str, version.release))
    stage, count = version.stage
    return f"{number}-{_STAGES[stage]}.{count}" if stage < len(_STAGES) else number
