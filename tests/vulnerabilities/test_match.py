"""Matching: the sample with its expected matches, and what every rule of the OSV schema asks for."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.contents.model import Package
from inventory.sources.vulndb.database import Database
from inventory.vulnerabilities import severity
from inventory.vulnerabilities.combine import combine
from inventory.vulnerabilities.match import hits, match
from inventory.vulnerabilities.model import Rating, Vulnerabilities, Vulnerability
from inventory.vulnerabilities.ranges import judge, unsaid
from inventory.vulnerabilities.records import Affected, packed
from tests.vulnerabilities.building import (
    DATA,
    DEBIAN,
    affects,
    contents,
    database,
    fixed,
    record,
    sample,
    since,
    taken,
)

IMAGES = ("mini", "py", "npm", "deb11old", "deb12")
V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The sample's records."""
    found = taken(tmp_path_factory.mktemp("sample"), DATA / "db")
    yield found
    found.close()


@pytest.mark.parametrize("image", IMAGES)
def test_every_case_of_the_sample(records: Database, image: str) -> None:
    expected = json.loads((DATA / "expected" / f"{image}.json").read_bytes())
    found = {(hit.name, hit.version, hit.advisory.id): hit for hit in hits(sample(image), records)}
    assert set(found) == {(one["package"], one["version"], one["id"]) for one in expected}
    for one in expected:
        hit = found[one["package"], one["version"], one["id"]]
        assert severity.first((hit.severity, hit.advisory.severity))[1] == one["severity"]
        if one["fixed"] is not None or not _listed(one):
            assert hit.fixed == (one["fixed"] or "")


def _listed(case: dict[str, Any]) -> bool:
    """The sample names no fix where a version is enumerated, even where a range names one: trivy does, and we do."""
    with zipfile.ZipFile(DATA / "db" / "osv-scanner" / "PyPI" / "all.zip") as archive:
        name = f"{case['id']}.json"
        raw = archive.read(name) if name in archive.namelist() else b"{}"
    return any(case["version"] in entry.get("versions", ()) for entry in json.loads(raw).get("affected", ()))


@pytest.mark.parametrize("image", ["py", "deb11old"])
def test_agrees_with_trivy_on_the_same_records(records: Database, image: str) -> None:
    trivy = {
        (name, package.lower(), version): fixes
        for name, package, version, fixes in json.loads((DATA / "trivy" / f"{image}.json").read_bytes())
    }
    found = {
        (hit.advisory.id, hit.package.name.lower(), hit.package.version): hit for hit in hits(sample(image), records)
    }
    assert set(found) == set(trivy)
    for key, hit in found.items():
        assert hit.fixed in trivy[key].split(", "), key


def test_one_row_for_one_vulnerability(records: Database) -> None:
    found = match(sample("py"), records, now=5.0)
    rows = [one for one in found.found if "PYSEC-2018-28" in one.aliases]
    assert [(one.id, one.fixed, one.score, one.rating) for one in rows] == [
        ("CVE-2018-18074", "2.20.0", 7.5, Rating.HIGH)
    ]
    assert {"GHSA-x84v-xcm2-53pg", "PYSEC-2018-28"} <= set(rows[0].aliases)
    assert [(one.by, one.at, one.data_at, one.note) for one in found.said] == [("osv", 5.0, 1767225600.0, "")]


def test_what_the_distribution_calls_unimportant_is_excused(records: Database) -> None:
    rows = [one for one in match(sample("deb12"), records).found if one.id == "CVE-2019-1010022"]
    assert {one.package for one in rows} == {"libc6", "libc-bin"}
    assert all(one.excused and one.rating is Rating.NEGLIGIBLE and not one.counts for one in rows)


def test_an_ecosystem_without_data_is_said(records: Database) -> None:
    found = match(sample("mini"), records)
    assert found.unmatched == ("2 golang packages: no data of Go imported",)
    assert found.said[0].note == "nothing can be said of some packages"


def pip(name: str = "example", version: str = "1.0", **members: Any) -> Package:
    return Package("pypi", name, version, f"/usr/lib/python3/dist-packages/{name}.dist-info/METADATA", **members)


def deb(name: str = "example", version: str = "1.0-1", **members: Any) -> Package:
    return Package("deb", name, version, "/var/lib/dpkg/status", **members)


def found(folder: Path, package: Package, **families: Any) -> list[Vulnerability]:
    return list(match(contents(package), database(folder, **families)).found)


@pytest.mark.parametrize(
    ("events", "version", "affected", "fix"),
    [
        ([since(), fixed("1.5")], "1.0", True, "1.5"),
        ([since(), fixed("1.5")], "1.5", False, ""),
        ([since("2.0"), fixed("3.0"), since("0"), fixed("1.5")], "1.7", False, ""),
        ([since("2.0"), fixed("3.0"), since("0"), fixed("1.5")], "2.1", True, "3.0"),
        ([since("2.0"), fixed("3.0"), since("0"), fixed("1.5")], "1.0", True, "1.5"),
        ([since(), {"last_affected": "1.0"}], "1.0", True, ""),
        ([since(), {"last_affected": "1.0"}], "1.0.post1", False, ""),
        ([since(), fixed("0")], "1.0", False, ""),
        ([since(), fixed("0")], "0.dev1", False, ""),
        ([since("1.0"), fixed("1.0")], "1.0", False, ""),
        ([fixed("1.0"), since("1.0")], "1.0", True, ""),
        ([since(), {"limit": "1.0"}], "0.9", True, ""),
        ([since(), {"limit": "1.0"}], "1.0", False, ""),
        ([since(), {"limit": "*"}], "9.9", True, ""),
        ([since(), {"limit": "1.0"}, {"limit": "2.0"}], "1.5", True, ""),
        ([fixed("1.5")], "1.0", False, ""),
    ],
)
def test_events(tmp_path: Path, events: list[dict[str, str]], version: str, affected: bool, fix: str) -> None:
    other = record("PYSEC-2", affects("PyPI", "other", since()))
    rows = found(tmp_path, pip(version=version), PyPI=[record("PYSEC-1", affects("PyPI", "example", *events)), other])
    assert [one.fixed for one in rows] == ([fix] if affected else [])


def test_overlapping_entries_are_a_union(tmp_path: Path) -> None:
    both = record(
        "GHSA-1",
        affects("npm", "node-fetch", since("1.0.0"), fixed("3.1.1")),
        affects("npm", "node-fetch", since(), fixed("2.6.7")),
    )
    package = Package("npm", "node-fetch", "2.6.9", "/app/node_modules/node-fetch/package.json")
    assert [one.fixed for one in found(tmp_path, package, npm=[both])] == ["3.1.1"]


def test_only_enumerated(tmp_path: Path) -> None:
    entry = affects("PyPI", "Ex_ample", versions=["1.0", "odd version"])
    assert found(tmp_path, pip("ex.ample"), PyPI=[record("PYSEC-1", entry)])
    assert found(tmp_path, pip("ex-ample", "odd version"), PyPI=[record("PYSEC-1", entry)])
    assert not found(tmp_path, pip("ex-ample", "1.0.0"), PyPI=[record("PYSEC-1", entry)])


def test_enumerated_versions_are_found_as_a_whole() -> None:
    entry = Affected(1, versions=packed([f"1.{number}" for number in range(500)]))
    assert len(entry.versions) < 2_000
    assert entry.lists("1.499")
    assert not entry.lists("1.50 ")
    assert not entry.lists(".499")


def test_git_ranges_say_nothing_of_packages(tmp_path: Path) -> None:
    entry = affects("PyPI", "example")
    entry["ranges"] = [{"type": "GIT", "repo": "https://example.org", "events": [since(), fixed("abc")]}]
    assert not found(tmp_path, pip(), PyPI=[record("PYSEC-1", entry), record("PYSEC-2", affects("PyPI", "x", since()))])


@pytest.mark.parametrize(("installed", "fix"), [("not a version", "1.5"), ("1.0", "not a version"), ("9" * 600, "1.5")])
def test_what_cannot_be_ordered_is_unknown(tmp_path: Path, installed: str, fix: str) -> None:
    records = database(tmp_path, PyPI=[record("PYSEC-1", affects("PyPI", "example", since(), fixed(fix)))])
    result = match(contents(pip(version=installed)), records)
    assert result.found == ()
    assert len(result.unmatched) == 1
    assert "cannot be compared" in result.unmatched[0]
    assert result.said[0].note


@pytest.mark.parametrize(
    ("members", "rating", "score"),
    [
        ({"severity": [{"type": "CVSS_V3", "score": V3}]}, Rating.HIGH, 7.5),
        (
            {
                "severity": [
                    {"type": "CVSS_V3", "score": V3},
                    {"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"},
                ]
            },
            Rating.CRITICAL,
            9.3,
        ),
        ({"severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:C/I:C/A:C"}]}, Rating.HIGH, 10.0),
        ({"severity": [{"type": "CVSS_V3", "score": "nonsense"}]}, Rating.UNKNOWN, None),
        ({"severity": [{"type": "Ubuntu", "score": "medium"}]}, Rating.MEDIUM, None),
        ({"database_specific": {"severity": "MODERATE"}}, Rating.MEDIUM, None),
        ({"database_specific": {"severity": ["HIGH"]}}, Rating.UNKNOWN, None),
        ({"database_specific": "severity"}, Rating.UNKNOWN, None),
        ({}, Rating.UNKNOWN, None),
    ],
)
def test_severity(tmp_path: Path, members: dict[str, Any], rating: Rating, score: float | None) -> None:
    entry = affects("PyPI", "example", since())
    (row,) = found(tmp_path, pip(), PyPI=[record("GHSA-1", entry, **members)])
    assert (row.rating, row.score) == (rating, score)


def test_severity_is_borrowed_from_an_alias(tmp_path: Path) -> None:
    rated = record(
        "GHSA-1",
        affects("npm", "other", since()),
        aliases=["CVE-2024-1000"],
        severity=[{"type": "CVSS_V3", "score": V3}],
    )
    bare = record("DEBIAN-CVE-2024-1000", affects("Debian:12", "example", since()), upstream=["CVE-2024-1000"])
    (row,) = found(tmp_path, deb(), Debian=[bare], npm=[rated])
    assert (row.id, row.score, row.fixed) == ("CVE-2024-1000", 7.5, "")


def test_an_advisory_for_several_never_makes_them_one(tmp_path: Path) -> None:
    names = ["CVE-2024-1000", "CVE-2024-2000", "CVE-2024-3000"]
    dsa = record(
        "DSA-1-1",
        affects("Debian:12", "example", since(), fixed("1.0-2")),
        upstream=names,
        summary="example - security update",
    )
    single = record(
        "DEBIAN-CVE-2024-2000", affects("Debian:12", "example", since(), fixed("1.0-3")), upstream=names[1:2]
    )
    rows = found(tmp_path, deb("libexample", source="example"), Debian=[dsa, single])
    assert {one.id: (one.fixed, one.aliases) for one in rows} == {
        "CVE-2024-1000": ("1.0-2", ()),
        "CVE-2024-2000": ("1.0-3", ("DEBIAN-CVE-2024-2000",)),
        "CVE-2024-3000": ("1.0-2", ()),
    }
    assert {one.url for one in rows if not one.aliases} == {"https://osv.dev/vulnerability/DSA-1-1"}
    assert {one.summary for one in rows} == {"DSA-1-1: example - security update"}
    assert {one.id for one in combine("", [Vulnerabilities("", tuple(rows))]).found} == set(names)


def test_names_are_folded_across_records(tmp_path: Path) -> None:
    entry = affects("PyPI", "example", since())
    rows = found(
        tmp_path,
        pip(),
        PyPI=[
            record("PYSEC-1", entry, aliases=["CVE-2024-1000"]),
            record("GHSA-1", entry, aliases=["GHSA-2"]),
            record("GHSA-2", entry, aliases=["PYSEC-1"], summary="said here"),
            record("GHSA-3", entry, related=["CVE-2024-1000"]),
        ],
    )
    assert [(one.id, one.aliases) for one in rows] == [
        ("CVE-2024-1000", ("GHSA-1", "GHSA-2", "PYSEC-1")),
        ("GHSA-3", ()),
    ]
    assert rows[0].summary == "said here"


def test_withdrawn_is_none(tmp_path: Path) -> None:
    entry = affects("PyPI", "example", since())
    gone = record("PYSEC-1", entry, withdrawn="2026-01-01T00:00:00Z")
    assert not found(tmp_path, pip(), PyPI=[gone, record("PYSEC-2", affects("PyPI", "other", since()))])


def test_the_distribution_speaks_for_what_it_owns(tmp_path: Path) -> None:
    upstream = [record("PYSEC-1", affects("PyPI", "example", since()))]
    debian = [record("DEBIAN-CVE-2024-1000", affects("Debian:12", "python-example", since(), fixed("1.0-1")))]
    owned = pip(owner="python3-example")
    packages = (owned, deb("python3-example", source="python-example"))
    with_debian = match(contents(*packages), database(tmp_path / "a", PyPI=upstream, Debian=debian))
    assert with_debian.found == ()
    without = match(contents(*packages), database(tmp_path / "b", PyPI=upstream))
    assert [one.id for one in without.found] == ["PYSEC-1"]
    assert without.unmatched == ("1 deb package: no data of Debian:12 imported",)


def test_nothing_is_said_without_data(tmp_path: Path) -> None:
    records = database(tmp_path, Go=[record("GO-1", affects("Go", "stdlib", since()))])
    result = match(contents(pip(), deb()), records)
    assert (result.found, result.said) == ((), ())
    assert len(result.unmatched) == 2


def test_single_records_are_no_ecosystem(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps(record("PYSEC-1", affects("PyPI", "example", since()))))
    records = taken(tmp_path, path)
    hit, other = (match(contents(pip(name)), records) for name in ("example", "other"))
    assert [one.id for one in hit.found] == ["PYSEC-1"]
    assert (other.found, other.said) == ((), ())
    assert hit.unmatched == other.unmatched == ("1 package: only single records of PyPI imported",)


def test_a_damaged_database_says_nothing(tmp_path: Path) -> None:
    records = database(tmp_path, PyPI=[record("PYSEC-1", affects("PyPI", "example", since()))])
    records.close()
    result = match(contents(pip()), records)
    assert (result.found, result.said) == ((), ())
    assert "cannot be read" in result.unmatched[0]


def test_a_list_of_packages_that_says_nothing_or_not_all_is_no_clean_one(tmp_path: Path) -> None:
    records = database(tmp_path, PyPI=[record("PYSEC-1", affects("PyPI", "example", since()))])
    assert match(contents(pip("other")), records).unmatched == ()
    cut = match(contents(pip("other"), complete=False), records)
    assert cut.unmatched == ("the list of packages is not complete",)
    assert cut.said[0].note == "the list of packages is not complete"
    removed = match(contents(pip("other"), distribution=DEBIAN), records)
    assert removed.unmatched == ("no package of Debian:12 is recorded in the image: what is in it is not known",)
    none = match(contents(), records)
    assert none.said == ()
    assert none.unmatched == ("no package is recorded in the image: what is in it is not known",)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_leaving_out_what_ranges_say_changes_no_answer(data: st.DataObject) -> None:
    versions = st.sampled_from(["0", "1.0", "1.0.0", "1.1", "2.0a1", "2.0", "2.1", "odd"])
    event = st.tuples(st.sampled_from("ifl"), versions).map("".join)
    ranges = tuple(tuple(one) for one in data.draw(st.lists(st.lists(event, min_size=1, max_size=4), max_size=3)))
    listed = data.draw(st.lists(versions, max_size=6))
    whole = Affected(1, ranges, packed(listed))
    short = Affected(1, ranges, packed(unsaid(ranges, "pep440", listed)))
    for version in ("0", "1.0", "1.0.0", "1.1", "2.0a1", "2.0", "2.1", "3", "odd"):
        assert judge(whole, "pep440", version) == judge(short, "pep440", version)


def test_lists_mark_what_is_exploited(tmp_path: Path) -> None:
    listed, scores = tmp_path / "kev.csv", tmp_path / "epss.csv"
    listed.write_text("cveID,vendorProject\nCVE-2024-1000,x\n")
    scores.write_text("cve,epss,percentile\nCVE-2024-2000,0.5,0.9\n")
    entry = affects("PyPI", "example", since())
    database(tmp_path, PyPI=[record(f"PYSEC-{n}", entry, aliases=[f"CVE-2024-{n}000"]) for n in (1, 2)])
    rows = match(contents(pip()), taken(tmp_path, listed, scores)).found
    assert [(one.id, one.exploited, one.epss) for one in rows] == [
        ("CVE-2024-1000", True, None),
        ("CVE-2024-2000", False, 0.5),
    ]
