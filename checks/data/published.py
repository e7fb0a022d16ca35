"""Records of the public databases that the tables are made from, understood: OSV records, endoflife.date products."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType

import msgspec

from checks.data.updates import Ending, Record
from checks.versions import parse_version

PROGRAMS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "runc": ("github.com/opencontainers/runc",),
    "containerd": ("github.com/containerd/containerd", "github.com/containerd/containerd/v2"),
    "docker-engine": ("github.com/docker/docker", "github.com/moby/moby", "github.com/moby/moby/v2"),
})  # fmt: skip
"""Programs by the Go modules that the Go vulnerability database lists them as."""
PRODUCTS: Mapping[str, str] = MappingProxyType({
    "alpine": "Alpine", "almalinux": "AlmaLinux", "amazon-linux": "Amazon Linux", "debian": "Debian",
    "docker-engine": "docker-engine-releases", "fedora": "Fedora", "rhel": "Red Hat Enterprise Linux",
    "rocky-linux": "Rocky Linux", "ubuntu": "Ubuntu",
})  # fmt: skip
"""What endoflife.date calls a product -> what the tables call it. CentOS is two products there and stays as shipped."""
_FREE_EXTENSION = frozenset({"debian"})  # its long-term support is free of charge
_LONGEST = 200


class _Package(msgspec.Struct):
    name: str = ""


class _Range(msgspec.Struct):
    type: str = ""
    events: list[dict[str, str]] = []


class _Affected(msgspec.Struct):
    package: _Package = msgspec.field(default_factory=_Package)
    ranges: list[_Range] = []


class _Osv(msgspec.Struct):
    id: str
    affected: list[_Affected]
    aliases: list[str] = []
    summary: str = ""
    withdrawn: str = ""


class _Release(msgspec.Struct):
    cycle: str
    eol: bool | str = False
    lts: bool | str = False
    extendedSupport: bool | str = False  # noqa: N815 - the field's name


class _Module(msgspec.Struct):
    path: str
    vulns: list[dict[str, str]] = []


def record(raw: bytes) -> Iterator[tuple[str, Record | None]]:
    """An OSV record as (program, record) for each program that it is about; None instead of one that was withdrawn.

    Raises ValueError on anything else. Format: OSV schema 1.x; ranges of type SEMVER, as the Go database writes them.
    """
    try:
        found = msgspec.json.decode(raw, type=_Osv)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"not an OSV record: {error}") from None
    for program, modules in PROGRAMS.items():
        ranges = tuple(
            text
            for affected in found.affected
            if affected.package.name in modules
            for span in affected.ranges
            if span.type in {"SEMVER", "ECOSYSTEM"}
            for text in _spans(span.events)
        )
        if ranges:
            summary = " ".join(found.summary.split())[:_LONGEST] or "no summary"
            yield program, None if found.withdrawn else Record(found.id, tuple(found.aliases), summary, ranges)


def _spans(events: list[dict[str, str]]) -> Iterator[str]:
    """`FIRST..FIXED` for each pair of events, which the schema does not promise to be in order."""
    ordered = sorted(events, key=lambda event: _key(next(iter(event.values()), "0")))
    first: str | None = None
    for event in ordered:
        if "introduced" in event and first is None:
            first = _bound(event["introduced"])
        elif "fixed" in event and first is not None:
            yield f"{first}..{_bound(event['fixed'])}"
            first = None
    if first is not None:
        yield f"{first}.."


def _key(text: str) -> tuple[tuple[int, ...], tuple[int, int]]:
    version = parse_version(text)
    return (version.release, version.stage) if version is not None else ((0, 0, 0), (0, 0))


def _bound(text: str) -> str:
    plain = text.partition("+")[0]
    return "" if plain == "0" or parse_version(plain) is None else plain


def product(name: str, raw: bytes) -> dict[str, Ending]:
    """The releases of an endoflife.date product (`/api/NAME.json`), by cycle. Raises ValueError on anything else."""
    try:
        releases = msgspec.json.decode(raw, type=list[_Release])
        return {release.cycle: _ending(name, release) for release in releases}
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"not the releases of a product: {error}") from None


def _ending(name: str, release: _Release) -> Ending:
    end, extended = _day(release.eol), _day(release.extendedSupport)
    if name in _FREE_EXTENSION and end is not None:
        free = max(filter(None, (end, extended, _day(release.lts))))
        return Ending(free)
    return Ending(end, extended)


def _day(value: bool | str) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None


def vulnerabilities(raw: bytes) -> Iterator[str]:
    """The ids that the index of the Go vulnerability database (`/index/modules.json`) lists for the programs.

    Raises ValueError on anything else.
    """
    try:
        modules = msgspec.json.decode(raw, type=list[_Module])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"not the index of the Go vulnerability database: {error}") from None
    wanted = {path for paths in PROGRAMS.values() for path in paths}
    seen = {vuln.get("id", "") for module in modules if module.path in wanted for vuln in module.vulns}
    yield from sorted(seen - {""})
