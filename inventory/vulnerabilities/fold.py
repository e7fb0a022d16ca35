"""One row for each vulnerability of a package, whatever it is called: CVE, GHSA, PYSEC, DSA.

Records that share a name are one vulnerability. A distribution's advisory often covers many: it then counts once for
each CVE that it names, and never makes two of them one. So it is no alias of any of them either: whoever folds further
by names would make them one again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from inventory.vulnerabilities import severity
from inventory.vulnerabilities.ecosystems import DISTRIBUTION_TYPES, ORDER, base
from inventory.vulnerabilities.model import Rating, Vulnerability, ordered
from inventory.vulnerabilities.records import Records
from inventory.vulnerabilities.versions import compare

if TYPE_CHECKING:
    from inventory.vulnerabilities.match import Hit

_CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}", re.ASCII)
_LINKABLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{2,99}", re.ASCII)
_UNIMPORTANT: Final = "unimportant"
_MAX_ALIASES: Final = 40
_Group = tuple[set[str], list["Hit"]]
"""Names that are one vulnerability, and the records that say so."""


def folded(hits: Sequence[Hit], records: Records) -> list[Vulnerability]:
    """The vulnerabilities that the records of one package tell of."""
    groups: list[_Group] = []
    place: dict[str, int] = {}
    for hit in hits:
        for linked in _names(hit):
            joined = sorted({place[name] for name in linked if name in place})
            if joined:
                target = joined[0]
                for other in joined[1:]:
                    _join(groups[target], groups[other])
                    place.update(dict.fromkeys(groups[other][0], target))
                    groups[other] = (set(), [])
            else:
                target = len(groups)
                groups.append((set(), []))
            groups[target][0].update(linked)
            groups[target][1].append(hit)
            place.update(dict.fromkeys(linked, target))
    return [_row(linked, found, records) for linked, found in groups if found]


def listed(found: Iterable[Vulnerability], records: Records) -> tuple[Vulnerability, ...]:
    """These, worst first, with what lists say of their CVEs: of those that another scanner found nobody asked yet."""
    told = []
    for one in found:
        cves = _cves((one.id, *one.aliases))
        exploited = one.exploited or any(records.exploited(cve) for cve in cves)
        chances = [chance for cve in cves if (chance := records.epss(cve)) is not None]
        told.append(replace(one, exploited=exploited, epss=max(chances, default=one.epss)))
    return ordered(told)


def _join(group: _Group, other: _Group) -> None:
    group[0].update(other[0])
    group[1].extend(other[1])


def _names(hit: Hit) -> Iterable[set[str]]:
    """For each vulnerability that the record covers: the names that make it one with others."""
    advisory = hit.advisory
    own = {advisory.id, *advisory.aliases}
    if hit.package.type not in DISTRIBUTION_TYPES:
        return (own,)
    inside = _CVE.search(advisory.id)
    if inside:
        return ({inside[0], *own},)
    covered = _cves((*advisory.aliases, *advisory.upstream)) or _cves(advisory.related)
    if len(covered) <= 1:
        return ({*own, *advisory.upstream, *covered},)
    return tuple({cve} for cve in covered)


def _cves(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if _CVE.fullmatch(name)))


def _row(linked: set[str], hits: Sequence[Hit], records: Records) -> Vulnerability:
    package = hits[0].package
    cves = sorted(_cves(linked), key=lambda cve: (len(cve), cve))
    label = cves[0] if cves else min(linked, key=lambda name: (not name.startswith("GHSA-"), name))
    # Where only an advisory for several names it, that is what there is to read.
    source = label if any(hit.advisory.id in linked for hit in hits) else hits[0].advisory.id
    excused = all(hit.urgency == _UNIMPORTANT for hit in hits)
    rating, score, vector = _severity(label, linked, hits, records)
    epss = [found for cve in cves if (found := records.epss(cve)) is not None]
    return Vulnerability(
        label,
        package.name,
        package.version,
        package.type,
        _fixed(hits),
        Rating.NEGLIGIBLE if excused else rating,
        score,
        vector,
        _summary(linked, hits),
        f"https://osv.dev/vulnerability/{source}" if _LINKABLE.fullmatch(source) else "",
        tuple(sorted(linked - {label})[:_MAX_ALIASES]),
        package.path,
        package.layer,
        ("osv",),
        "the distribution calls it unimportant" if excused else "",
        any(records.exploited(cve) for cve in cves),
        max(epss, default=None),
    )


def _summary(linked: set[str], hits: Sequence[Hit]) -> str:
    """The first summary of a record of its own, else that of an advisory, with its name."""
    for hit in hits:
        if hit.advisory.summary and hit.advisory.id in linked:
            return hit.advisory.summary
    for hit in hits:
        if hit.advisory.id not in linked:
            return f"{hit.advisory.id}: {hit.advisory.summary}".rstrip(": ")
    return ""


def _severity(label: str, linked: set[str], hits: Sequence[Hit], records: Records) -> tuple[Rating, float | None, str]:
    """What the records of this package say, else what any other record of the same vulnerability says.

    An advisory for several vulnerabilities has one severity for all of them: it says less of each than a record of
    its own does.
    """
    single = [hit for hit in hits if hit.advisory.id in linked]
    several = [hit for hit in hits if hit.advisory.id not in linked]
    found = severity.first(said for hit in single for said in (hit.severity, hit.advisory.severity))
    if found[1] is not None:
        return found
    others = severity.first(records.severity(name) for name in (label, *sorted(linked - {label})[:_MAX_ALIASES]))
    if others[1] is not None:
        return others
    if found[0] is not Rating.UNKNOWN:
        return found
    if others[0] is not Rating.UNKNOWN:
        return others
    return severity.first(said for hit in several for said in (hit.severity, hit.advisory.severity))


def _fixed(hits: Sequence[Hit]) -> str:
    """What repairs it for every record that names a repair: the greatest of them."""
    best = ""
    for hit in hits:
        if hit.fixed and (not best or compare(ORDER[base(hit.ecosystem)], hit.fixed, best) == 1):
            best = hit.fixed
    return best
