"""Reports of other scanners: real ones agree with what they were made from, broken ones say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.image import Image
from inventory.resource import Kind, ResourceKey
from inventory.sources.scanners.report import Report
from inventory.sources.scanners.reports import FORMATS, ReportError, Shelf, read, recognise
from inventory.vulnerabilities.combine import combine
from inventory.vulnerabilities.model import Rating, Said, Vulnerabilities, Vulnerability

DATA = Path(__file__).parents[1] / "data" / "scanners"
PY = "sha256:54d6f1b8468f889553d834422ebfa2759321f8862da8b0d56ccf0636b7bd2459"


def image(id_: str = PY, tags: tuple[str, ...] = (), digests: tuple[str, ...] = ()) -> Image:
    return Image.build(
        key=ResourceKey(Kind.IMAGE, "docker", id_), id=id_, name="image", repo_tags=tags, repo_digests=digests
    )


def report(document: Any) -> Report:
    return recognise(json.dumps(document).encode(), "given.json")


def test_a_real_report_of_trivy() -> None:
    found = read(DATA / "trivy-0.76-py.json")
    assert found.said.by == "trivy"
    assert found.said.version == "0.76.0"
    assert found.said.at > 1.7e9
    assert len(found.found) == 34
    assert found.about(image())
    assert not found.about(
        image("sha256:" + "0" * 64, tags=("trust/py:v1",))
    )  # it names an id, so a name is not enough
    one = next(one for one in found.found if one.package == "requests")
    assert (one.type, one.installed, one.rating) == ("pypi", "2.19.0", Rating.HIGH)
    assert one.fixed and one.path.startswith("/usr/local/lib/python3.11/dist-packages/")
    assert one.layer == "sha256:9649ed3c4dd5956e7e781e2f61bcaab14a8d389a600061618af0dec619709f1d"


def test_debian_packages_go_by_their_source() -> None:
    found = read(DATA / "trivy-0.76-deb11old.json")
    assert {one.package for one in found.found if one.id == "DEBIAN-CVE-2022-3219"} == {"gnupg2"}
    assert {one.type for one in found.found} == {"deb"}


def test_components_alone_say_nothing_of_vulnerabilities() -> None:
    raw = json.loads((DATA / "trivy-0.76-npm.cyclonedx.json").read_text())
    assert report(raw).answer("x").said == ()  # `vulnerabilities` is there, and empty: trivy had no database
    del raw["vulnerabilities"]
    assert report(raw).answer("x").said == ()
    assert report(raw).unmatched


CYCLONEDX: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "metadata": {
        "tools": [{"name": "grype", "version": "0.80"}],
        "component": {"name": "app", "purl": "pkg:oci/app@sha256%3A" + "1" * 64},
    },
    "components": [
        {"bom-ref": "a", "name": "core", "group": "@babel", "version": "7.0.0", "purl": "pkg:npm/%40babel/core@7.0.0"},
        {"bom-ref": "b", "name": "tar", "version": "1.34", "purl": "pkg:deb/debian/tar@1.34"},
    ],
    "vulnerabilities": [
        {
            "id": "CVE-2023-45133",
            "ratings": [{"score": 9.3, "method": "CVSSv31", "vector": "CVSS:3.1/AV:L", "severity": "critical"}],
            "affects": [{"ref": "a"}],
            "recommendation": "Upgrade @babel/core to version 7.23.2, 8.0.0-alpha.4",
            "references": [{"id": "GHSA-67hx-6x53-jw92"}],
        },
        {
            "id": "CVE-2005-2541",
            "affects": [{"ref": "b"}],
            "analysis": {"state": "not_affected", "justification": "code_not_reachable"},
        },
    ],
}


def test_cyclonedx_with_vex() -> None:
    found = report(CYCLONEDX)
    bad, excused = found.found
    assert (bad.package, bad.type, bad.fixed, bad.rating, bad.score) == (
        "@babel/core", "npm", "7.23.2", Rating.CRITICAL, 9.3,
    )  # fmt: skip
    assert bad.aliases == ("GHSA-67hx-6x53-jw92",)
    assert excused.excused == "VEX: not_affected, code_not_reachable"
    assert found.about(image(digests=("r.example/app@sha256:" + "1" * 64,)))
    assert not found.statements


def test_openvex_excuses_what_others_found() -> None:
    statement = {
        "vulnerability": {"name": "CVE-2018-18074"},
        "products": [{"@id": f"pkg:oci/py@{PY}"}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
    }
    vex = report({"@context": "https://openvex.dev/ns/v0.2.0", "version": 1, "statements": [statement]})
    assert vex.about(image())
    assert not vex.about(image("sha256:" + "2" * 64))
    scan = report(
        {
            "matches": [
                {
                    "vulnerability": {"id": "GHSA-x84v-xcm2-53pg", "severity": "High", "fix": {"versions": ["2.20.0"]}},
                    "relatedVulnerabilities": [{"id": "CVE-2018-18074"}],
                    "artifact": {"name": "requests", "version": "2.19.0", "type": "python"},
                }
            ],
            "source": {"target": {"imageID": PY, "userInput": "py:v1"}},
            "descriptor": {"name": "grype", "version": "0.80.0", "timestamp": "2026-11-01T10:00:00Z"},
        }
    )
    assert combine(PY, [scan.answer(PY)]).found[0].counts
    together = combine(PY, [scan.answer(PY), vex.answer(PY)])
    assert not together.found[0].counts
    assert [said.by for said in together.said] == ["grype"]


OTHER = "sha256:" + "2" * 64


def _vex(*statements: dict[str, Any]) -> Report:
    return report({"@context": "https://openvex.dev/ns/v0.2.0", "statements": list(statements)})


def _stated(name: str, *products: Any, status: str = "not_affected", at: str = "") -> dict[str, Any]:
    known = [{"@id": one} if isinstance(one, str) else one for one in products]
    return {"vulnerability": {"name": name}, "products": known, "status": status, "timestamp": at}


def _counted(vex: Report, *found: tuple[str, str]) -> list[tuple[str, str]]:
    """Of these vulnerabilities of packages those that count in the image all the same."""
    if not vex.about(image()):
        return list(found)
    scan = Vulnerabilities(PY, tuple(Vulnerability(name, package, "1.2") for name, package in found), (Said("osv"),))
    together = combine(PY, [scan, vex.answer(PY)]).found
    return sorted((one.id, one.package) for one in together if one.counts)


def test_a_statement_excuses_in_its_own_products_only() -> None:
    one, two = ("CVE-2024-0001", "curl"), ("CVE-2024-0002", "curl")
    mine, other = f"pkg:oci/py@{PY.replace(':', '%3A')}", f"pkg:oci/other@{OTHER}"
    assert _counted(_vex(_stated(one[0], mine), _stated(two[0], other)), one, two) == [two]
    assert _counted(_vex(_stated(one[0], "pkg:oci/other?repository_url=r.example/other&tag=2")), one) == [one]
    assert _counted(_vex(_stated(one[0], "https://example.com/our-product")), one) == [one]
    assert _counted(_vex(_stated(one[0])), one, two) == [two]  # it names no product
    assert _counted(_vex(_stated(one[0], mine, status="under_investigation")), one) == [one]


def test_a_statement_on_a_package_is_about_that_package() -> None:
    curl, tar = ("CVE-2024-0001", "curl"), ("CVE-2024-0001", "tar")
    assert _counted(_vex(_stated(curl[0], "pkg:deb/debian/curl@1.2?arch=amd64")), curl, tar) == [tar]
    assert _counted(_vex(_stated(curl[0], "pkg:deb/debian/curl@1.1")), curl, tar) == [curl, tar]
    inside = {"@id": f"pkg:oci/py@{PY}", "subcomponents": [{"@id": "pkg:deb/debian/curl"}, {"@id": "about:blank"}]}
    assert _counted(_vex(_stated(curl[0], inside)), curl, tar) == [tar]
    assert _counted(_vex(_stated(curl[0], "pkg:deb/debian/nobody@1")), curl) == [curl]


def test_the_latest_statement_counts() -> None:
    one, mine = ("CVE-2024-0001", "curl"), f"pkg:oci/py@{PY}"
    excused = _stated(one[0], mine, at="2024-01-01T00:00:00Z")
    withdrawn = _stated(one[0], mine, status="affected", at="2024-02-01T00:00:00Z")
    assert _counted(_vex(withdrawn, excused), one) == [one]
    assert _counted(_vex(excused, {**withdrawn, "timestamp": "2023-12-01T00:00:00Z"}), one) == []


def test_a_cyclonedx_statement_about_another_product_excuses_nothing() -> None:
    one, other = ("CVE-2024-0001", "curl"), ("CVE-2024-0001", "tar")
    entry = {"id": one[0], "analysis": {"state": "not_affected"}, "affects": [{"ref": "urn:cdx:x/1#y"}]}
    document: dict[str, Any] = {"bomFormat": "CycloneDX", "vulnerabilities": [entry]}
    assert _counted(report(document), one) == [one]
    entry["affects"] = [{"ref": "urn:cdx:x/1#pkg:deb/debian/curl@1.2"}]
    assert _counted(report(document), one, other) == [other]
    document["metadata"] = {"component": {"type": "application", "name": "nginx"}}
    assert not report(document).about(image(tags=("nginx:latest",)))
    document["metadata"] = {"component": {"type": "container", "name": "nginx", "version": "1.25"}}
    assert not report(document).about(image(tags=("nginx:latest",)))
    assert report(document).about(image(tags=("nginx:1.25",)))
    assert report(document).answer(PY).said == ()


def test_an_advisory_of_the_vendor_makes_no_two_vulnerabilities_one() -> None:
    both = [
        {"VulnerabilityID": f"CVE-2024-000{n}", "PkgName": "curl", "InstalledVersion": "7", "VendorIDs": ["DSA-1-1"]}
        for n in (1, 2)
    ]
    document = {"SchemaVersion": 2, "ArtifactName": "x", "Results": [{"Type": "debian", "Vulnerabilities": both}]}
    assert len(combine("", [report(document).answer("")]).found) == 2


SCOUT_RULE = {
    "id": "CVE-2023-44487",
    "helpUri": "https://scout.docker.com/v/CVE-2023-44487",
    "properties": {
        "affected_version": "<1.57.0-1", "fixed_version": "1.57.0-1", "purls": ["pkg:deb/debian/nghttp2@1.52.0-1"],
        "security-severity": "7.5", "tags": ["HIGH"],
    },
}  # fmt: skip
TRIVY_WORDS = (
    "Package: tar\nInstalled Version: 4.4.1\nVulnerability CVE-2021-37701\nSeverity: HIGH\nFixed Version: 4.4.16"
)


def _sarif(rule: dict[str, Any], message: str, **properties: Any) -> dict[str, Any]:
    driver = {"name": "Trivy", "version": "0.76.0", "rules": [rule]}
    result = {"ruleId": rule["id"], "message": {"text": message}}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": [result], "properties": properties}]}


def test_sarif_of_scout_and_trivy() -> None:
    (scout,) = report(_sarif(SCOUT_RULE, "Vulnerability: CVE-2023-44487")).found
    assert (scout.package, scout.type, scout.installed, scout.fixed) == ("nghttp2", "deb", "1.52.0-1", "1.57.0-1")
    assert (scout.rating, scout.score) == (Rating.HIGH, 7.5)
    found = report(_sarif({"id": "CVE-2021-37701"}, TRIVY_WORDS, imageID=PY))
    (trivy,) = found.found
    assert (trivy.package, trivy.installed, trivy.fixed, trivy.rating) == ("tar", "4.4.1", "4.4.16", Rating.HIGH)
    assert found.about(image())
    left = report(_sarif({"id": "lint-rule"}, "something else"))
    assert left.found == ()
    assert left.said.note


def test_a_report_without_digest_counts_by_name_only_if_it_is_the_same() -> None:
    found = report({"SchemaVersion": 2, "ArtifactName": "nginx:1.25", "ArtifactType": "container_image"})
    assert found.about(image(tags=("docker.io/library/nginx:1.25",)))
    assert not found.about(image(tags=("nginx:1.26",)))
    assert found.unmatched  # no distribution was recognised
    files = report({"SchemaVersion": 2, "ArtifactName": "nginx:1.25", "ArtifactType": "filesystem"})
    assert not files.about(image(tags=("nginx:1.25",)))
    nameless = report({"SchemaVersion": 2, "ArtifactName": ""})
    assert not nameless.about(image(tags=("nginx:1.25",)))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SEEDS = [CYCLONEDX, _sarif(SCOUT_RULE, TRIVY_WORDS), json.loads((DATA / "trivy-0.76-deb11old.json").read_text())]


@settings(max_examples=150, deadline=None)
@given(seed=st.sampled_from(SEEDS), data=st.data())
def test_wrong_types_anywhere_never_raise(seed: dict[str, Any], data: st.DataObject) -> None:
    document = json.loads(json.dumps(seed))
    node: Any = document
    for _depth in range(data.draw(st.integers(1, 6))):
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or data.draw(st.booleans()):
            node[key] = data.draw(JSON)
            break
        node = node[key]
    for parse in FORMATS.values():
        found = parse(document, "x")
        assert found is None or found.answer("x") is not None


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b'{"a":1}', b"[" * 100_000, b"\xff\xfe", b"null"])
def test_what_is_no_report_says_so(raw: bytes) -> None:
    with pytest.raises(ReportError, match="given"):
        recognise(raw, "given")


def test_a_directory_is_read_once_and_again_when_it_changes(tmp_path: Path) -> None:
    good = tmp_path / "py.json"
    good.write_bytes((DATA / "trivy-0.76-py.json").read_bytes())
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("no report, and not looked at")
    shelf = Shelf([tmp_path, tmp_path / "gone.json"])
    reports, problems = shelf.reports()
    assert [len(one.found) for one in reports] == [34]
    assert len(problems) == 2
    state = shelf.state
    assert shelf.reports()[0][0] is reports[0]
    good.write_text(json.dumps(CYCLONEDX))
    assert shelf.state != state
    assert [len(one.found) for one in shelf.reports()[0]] == [2]


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.json")
    _none, problems = Shelf([tmp_path]).reports()
    assert problems == (f"{tmp_path / 'pipe.json'}: is not a regular file",)
