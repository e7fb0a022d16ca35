"""Which records concern an image's packages: pure, the records are looked up through `Records`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from inventory.contents.model import Contents, Package
from inventory.contents.package_lists import missing
from inventory.vulnerabilities.ecosystems import (
    DISTRIBUTION_TYPES,
    LANGUAGES,
    ORDER,
    base,
    names,
    of_distribution,
    of_type,
)
from inventory.vulnerabilities.fold import folded
from inventory.vulnerabilities.model import Said, Vulnerabilities, Vulnerability, ordered
from inventory.vulnerabilities.ranges import judge
from inventory.vulnerabilities.records import Advisory, Records, RecordsError, Severities
from inventory.vulnerabilities.versions import compare

MAX_SENTENCES: Final = 200
_MODULE: Final = ".module"
"""In the release of every RPM that was built for a module."""


class Hit(msgspec.Struct, frozen=True):
    """One record that concerns one package. `version` is what was compared: often the source package's."""

    package: Package
    ecosystem: str
    name: str
    version: str
    advisory: Advisory
    fixed: str = ""
    severity: Severities = ()
    urgency: str = ""


def match(contents: Contents, records: Records, now: float = 0.0) -> Vulnerabilities:
    """What the records say of these contents.

    `said` is empty where they could say nothing at all; what they cannot say anything about is in `unmatched`, in
    words, so that an ecosystem without data never looks like one without vulnerabilities.
    """
    try:
        return _Matching(contents, records).result(now)
    except RecordsError as error:
        return Vulnerabilities(contents.digest, unmatched=(f"the vulnerability database cannot be read: {error}",))


def hits(contents: Contents, records: Records) -> tuple[Hit, ...]:
    """Every record that concerns a package, before the names of one vulnerability are folded into one."""
    return tuple(hit for found in _Matching(contents, records).by_package() for hit in found)


class _Matching:
    """One image's way through the records."""

    def __init__(self, contents: Contents, records: Records) -> None:
        self._contents = contents
        self._records = records
        self._known = records.ecosystems
        releases, self._release = of_distribution(contents.distribution, self._known)
        # Without Pro's suffix first: where a record speaks of the plain release, Pro's fixes are of no account.
        self._releases = tuple(sorted(releases, key=lambda name: ":Pro:" in name))
        self._by_type = {
            kind: tuple(name for name in self._releases if of_type(name, kind)) for kind in DISTRIBUTION_TYPES
        }
        self._whole = {name for name, one in self._known.items() if one.whole}
        self._used: set[str] = set()
        self._partly: Counter[str] = Counter()
        self._without: Counter[tuple[str, str]] = Counter()
        self._nameless = 0
        self._sentences: list[str] = []
        self._missing = missing(contents, self._release)

    def result(self, now: float) -> Vulnerabilities:
        found: list[Vulnerability] = []
        for each in self.by_package():
            found += folded(each, self._records)
        unmatched = self._unmatched()
        whole = [self._known[name] for name in self._used & self._whole]
        if not (whole or found):
            return Vulnerabilities(self._contents.digest, unmatched=unmatched)
        notes = []
        if self._missing:
            notes.append("the distribution's packages are not known")
        if self._without or self._partly or self._sentences:
            notes.append("nothing can be said of some packages")
        if refused := sum({one.source: one.refused for one in whole}.values()):
            notes.append(f"{refused:,} records could not be read")
        if not self._contents.complete:
            notes.append("the list of packages is not complete")
        data_at = min((one.data_at for one in whole), default=0.0)
        said = Said("osv", path=self._records.path, data_at=data_at, at=now, note="; ".join(notes))
        return Vulnerabilities(self._contents.digest, ordered(found), (said,), unmatched)

    def by_package(self) -> Iterator[tuple[Hit, ...]]:
        for package in self._contents.packages:
            if ecosystems := self._ecosystems(package):
                self._used.update(ecosystems)
                if self._whole.isdisjoint(ecosystems):
                    self._partly[base(ecosystems[0])] += 1
                if found := self._hits(package, ecosystems):
                    yield found

    def _ecosystems(self, package: Package) -> tuple[str, ...]:
        """Those that speak of this package; what there is none for is counted."""
        if package.type in DISTRIBUTION_TYPES:
            found = self._by_type[package.type]
            if not found:
                self._without[package.type, self._release] += 1
            return found
        ecosystem = LANGUAGES.get(package.type)
        if ecosystem is None:
            self._without[package.type, ""] += 1
            return ()
        # Who packages it for the distribution also repairs it there, under a version of their own.
        if package.owner and not self._whole.isdisjoint(self._releases):
            return ()
        if package.type == "maven" and not (":" in package.name or "/" in package.name):
            self._nameless += 1
            return ()
        if ecosystem not in self._known:
            self._without[package.type, ecosystem] += 1
            return ()
        return (ecosystem,)

    def _hits(self, package: Package, ecosystems: tuple[str, ...]) -> tuple[Hit, ...]:
        found: dict[int, Hit] = {}
        settled: set[int] = set()
        unclear: set[str] = set()
        for ecosystem in ecosystems:
            order = ORDER[base(ecosystem)]
            pro = ":Pro:" in ecosystem and "esm" not in package.version
            for name, version in names(package, ecosystem):
                for entry in self._records.affected(ecosystem, name):
                    if pro and entry.record in settled:
                        continue
                    if not pro:
                        settled.add(entry.record)
                    affected, fixed = judge(entry, order, version)
                    if affected is None:
                        unclear.add(version)
                    # What repairs a module's stream says nothing of a package outside of modules.
                    if not affected or (_MODULE in fixed and _MODULE not in version):
                        continue
                    before = found.get(entry.record)
                    if before is not None:
                        fixed = _smaller(order, before.fixed, fixed)
                    found[entry.record] = Hit(
                        package,
                        ecosystem,
                        name,
                        version,
                        self._records.advisory(entry.record),
                        fixed,
                        entry.severity or (before.severity if before else ()),
                        entry.urgency,
                    )
        self._sentences += [
            f"{package.type} {package.name} {version}: cannot be compared with all versions that records name"
            for version in sorted(unclear)
        ]
        return tuple(found.values())

    def _unmatched(self) -> tuple[str, ...]:
        sentences = []
        if not self._contents.complete:
            sentences.append("; ".join(("the list of packages is not complete", *self._contents.problems[:1])))
        if self._missing:
            sentences.append(self._missing)
        for (kind, wanted), count in sorted(self._without.items()):
            packages = _packages(count, kind)
            if not wanted:
                sentences.append(f"{packages}: records of this type are not kept")
            else:
                sentences.append(f"{packages}: no data of {wanted} imported")
        if self._nameless:
            packages = _packages(self._nameless, "maven")
            sentences.append(f"{packages}: no group is recorded, and records name it")
        for family, count in sorted(self._partly.items()):
            sentences.append(f"{_packages(count)}: only single records of {family} imported")
        sentences += self._sentences[:MAX_SENTENCES]
        if len(self._sentences) > MAX_SENTENCES:
            sentences.append(f"and {len(self._sentences) - MAX_SENTENCES} packages more")
        return tuple(sentences)


def _packages(count: int, kind: str = "") -> str:
    return f"{count} {kind} package{'' if count == 1 else 's'}".replace("  ", " ")


def _smaller(order: str, one: str, other: str) -> str:
    """The smaller of two fixed versions; none is no fix."""
    if not one or not other:
        return one or other
    return other if compare(order, other, one) == -1 else one
