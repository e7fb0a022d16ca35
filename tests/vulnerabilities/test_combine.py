"""Several say the same: it is told once, and nothing that counts is lost."""

from __future__ import annotations

from inventory.vulnerabilities.combine import combine
from inventory.vulnerabilities.model import Rating, Said, Vulnerabilities, Vulnerability

OSV, TRIVY = Said("osv"), Said("trivy", "0.76.0")


def _answer(said: Said, *found: Vulnerability) -> Vulnerabilities:
    return Vulnerabilities("sha256:1", found, (said,), (f"{said.by} left something out",))


def test_names_in_common_fold_and_fill_in() -> None:
    ours = Vulnerability("PYSEC-2018-28", "requests", "2.19.0", "pypi", aliases=("CVE-2018-18074",), said_by=("osv",))
    theirs = Vulnerability(
        "CVE-2018-18074", "requests", "2.19.0", fixed="2.20.0", rating=Rating.HIGH, score=9.8, said_by=("trivy",)
    )
    found = combine("sha256:1", [_answer(OSV, ours), _answer(TRIVY, theirs)])
    (one,) = found.found
    assert (one.id, one.aliases) == ("PYSEC-2018-28", ("CVE-2018-18074",))
    assert (one.fixed, one.rating, one.score, one.type) == ("2.20.0", Rating.HIGH, 9.8, "pypi")
    assert one.said_by == ("osv", "trivy")
    assert found.said == (OSV, TRIVY)
    assert found.unmatched == ("osv left something out", "trivy left something out")


def test_the_first_rating_counts_and_unknown_is_none() -> None:
    low = Vulnerability("CVE-1", "tar", "1", rating=Rating.LOW)
    high = Vulnerability("CVE-1", "tar", "1", rating=Rating.HIGH)
    unrated = Vulnerability("CVE-1", "tar", "1")
    assert combine("", [_answer(OSV, low), _answer(TRIVY, high)]).found[0].rating is Rating.LOW
    assert combine("", [_answer(OSV, unrated), _answer(TRIVY, high)]).found[0].rating is Rating.HIGH


def test_another_version_or_package_is_another_finding() -> None:
    found = combine("", [_answer(OSV, *(Vulnerability("CVE-1", *of) for of in (("a", "1"), ("a", "2"), ("b", "1"))))])
    assert len(found.found) == 3


def test_a_statement_outweighs_what_scanners_say() -> None:
    real = Vulnerability("GHSA-1", "tar", "1", aliases=("CVE-1",), rating=Rating.HIGH, fixed="2")
    vex = Vulnerability("CVE-1", "", "", excused="VEX: not_affected, vulnerable_code_not_present")
    (one,) = combine("", [_answer(OSV, real), _answer(Said("vex.json"), vex)]).found
    assert not one.counts
    assert one.excused == vex.excused


def test_an_opinion_excuses_only_where_all_share_it() -> None:
    minor = Vulnerability("CVE-1", "tar", "1", excused="unimportant (Debian)")
    real = Vulnerability("CVE-1", "tar", "1", rating=Rating.MEDIUM)
    assert combine("", [_answer(OSV, minor), _answer(TRIVY, real)]).found[0].counts
    assert not combine("", [_answer(OSV, minor), _answer(TRIVY, minor)]).found[0].counts


def test_an_advisory_for_two_makes_no_two_cves_one() -> None:
    advisory = Vulnerability("ELSA-1", "tar", "1", aliases=("CVE-2024-1", "CVE-2024-2"), rating=Rating.LOW)
    each = [Vulnerability(name, "tar", "1", rating=Rating.CRITICAL) for name in ("CVE-2024-1", "CVE-2024-2")]
    shared = [Vulnerability(name, "tar", "1", aliases=("DSA-1-1",)) for name in ("CVE-2024-1", "CVE-2024-2")]
    assert {"CVE-2024-2"} < {one.id for one in combine("", [_answer(OSV, advisory, *each)]).found}
    assert len(combine("", [_answer(OSV, *shared)]).found) == 2


def test_a_statement_on_one_cve_does_not_excuse_an_advisory_for_two() -> None:
    advisory = Vulnerability("ELSA-1", "tar", "1", aliases=("CVE-2024-1", "CVE-2024-2"))
    one, two = (Vulnerability(f"CVE-2024-{n}", "", "", excused="VEX: fixed") for n in (1, 2))
    assert combine("", [_answer(OSV, advisory), _answer(TRIVY, one)]).found[0].counts
    assert not combine("", [_answer(OSV, advisory), _answer(TRIVY, one, two)]).found[0].counts


def test_worst_comes_first() -> None:
    found = [
        Vulnerability("CVE-3", "a", "1", rating=Rating.LOW, exploited=True),
        Vulnerability("CVE-2", "a", "1", rating=Rating.CRITICAL),
        Vulnerability("CVE-1", "a", "1", rating=Rating.CRITICAL, excused="VEX: fixed"),
    ]
    assert [one.id for one in combine("", [_answer(OSV, *reversed(found))]).found] == ["CVE-3", "CVE-2", "CVE-1"]
