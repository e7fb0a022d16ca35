"""An image whose distribution keeps a list of packages that nobody can read is none without vulnerabilities."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inventory.contents.finding import Entry
from inventory.contents.model import Contents, Distribution, Package
from inventory.contents.package_lists import missing
from inventory.contents.packages import FINDERS
from inventory.contents.sbom import as_cyclonedx, as_spdx
from inventory.contents.sbom.described import Described, Tool
from inventory.vulnerabilities.match import match
from tests.contents.small import File, contents
from tests.vulnerabilities.building import affects, database, record, since

STATUS = "var/lib/dpkg/status"
APK = "lib/apk/db/installed"
RPM = "var/lib/rpm/rpmdb.sqlite"
RELEASES = {
    "debian": b"ID=debian\nVERSION_ID=12\n",
    "alpine": b"ID=alpine\nVERSION_ID=3.20.1\n",
    "wolfi": b"ID=wolfi\nVERSION_ID=20230201\n",
    "fedora": b"ID=fedora\nVERSION_ID=41\n",
}
NOISE = bytes((number * 37 + number // 7) % 256 for number in range(4096))
PACKAGE = b"Package: a\nStatus: install ok installed\nVersion: 1\n\n"
IMAGE, TOOL = Described("app:1"), Tool("deckwatch", "1")


def _link(path: str) -> Entry:
    return Entry(path, "symlink", 0o777, 0, 0, 0, "elsewhere")


@pytest.mark.parametrize("beside", [{}, {"x/y-1.dist-info/METADATA": b"Name: example\nVersion: 2\n"}])
@pytest.mark.parametrize(
    ("release", "files"),
    [
        ("debian", {}),
        ("debian", {STATUS + "/": b""}),
        ("debian", {STATUS: _link(STATUS)}),
        ("debian", {STATUS: b"garbage\000\377\n"}),
        ("debian", {STATUS: NOISE}),
        ("debian", {STATUS: b""}),
        ("debian", {"var/lib/dpkg/status.d/a": NOISE}),
        ("debian", {APK: b"P:a\nV:1\n\n"}),
        ("fedora", {RPM: NOISE}),
        ("fedora", {RPM: b""}),
        ("fedora", {RPM + "/": b""}),
        ("alpine", {APK: NOISE}),
        ("alpine", {APK: _link(APK)}),
        ("alpine", {}),
        ("wolfi", {"usr/" + APK: b"\n\n"}),
        ("wolfi", {STATUS: PACKAGE}),
    ],
)
def test_no_image_without_its_list_is_clean(
    tmp_path: Path, release: str, files: dict[str, File], beside: dict[str, File]
) -> None:
    found = contents({"etc/os-release": RELEASES[release], **files, **beside}, finders=FINDERS)
    records = database(tmp_path, PyPI=[record("PYSEC-1", affects("PyPI", "other", since()))])
    result = match(found, records)
    assert result.unmatched
    assert not result.said or "the distribution's packages are not known" in result.said[0].note
    document = json.loads(as_cyclonedx.render(found, IMAGE, TOOL))
    assert document["compositions"][0]["aggregate"] == "incomplete"
    assert "is recorded in the image" in json.loads(as_spdx.render(found, IMAGE, TOOL))["comment"]


@pytest.mark.parametrize("path", [STATUS, APK, RPM])
def test_a_record_that_cannot_be_read_makes_the_image_one_read_in_part(path: str) -> None:
    for given in ({path + "/": b""}, {path: _link(path)}, {path: NOISE}):
        found = contents({"etc/os-release": RELEASES["debian"], **given}, finders=FINDERS)
        assert not found.complete and found.problems[0].startswith(f"/{path}: "), given


def test_what_a_higher_layer_puts_right_is_right() -> None:
    release = {"etc/os-release": RELEASES["debian"]}
    for lower in ({STATUS + "/": b""}, {STATUS: b"garbage"}, {STATUS: _link(STATUS)}):
        found = contents({**release, **lower}, {STATUS: PACKAGE}, finders=FINDERS)
        assert found.complete and not missing(found), found.problems


@pytest.mark.parametrize(
    ("distribution", "kind", "expected"),
    [
        (Distribution("debian"), "deb", False),
        (Distribution("kali", id_like="debian"), "deb", False),
        (Distribution("kali", id_like="debian"), "rpm", True),
        (Distribution("ol", id_like="fedora"), "rpm", False),
        (Distribution("opensuse-leap", id_like="suse opensuse"), "rpm", False),
        (Distribution("sles_sap"), "rpm", False),
        (Distribution("postmarketos", id_like="alpine"), "apk", False),
        (Distribution("unheard-of"), "apk", False),
        (Distribution("unheard-of"), "pypi", True),
        (Distribution(), "golang", False),
        (Distribution(), "", True),
    ],
)
def test_each_family_has_its_own_list(distribution: Distribution, kind: str, expected: bool) -> None:
    packages = (Package(kind, "a", "1", "/x"),) if kind else ()
    assert bool(missing(Contents("d", "overlay", 1, distribution, packages))) is expected
