"""The same packages as other programs list, on real images; every difference is named here and in DIFFERENCES.md."""

from __future__ import annotations

import json
import lzma
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from inventory.contents.model import Contents, Package
from inventory.contents.packages import FINDERS
from inventory.contents.purl import python_name
from inventory.sources.layers.layout import Layout
from inventory.sources.layers.read import read
from tests.contents.small import contents

DATA = Path(__file__).parents[2] / "data"
PACKAGES = DATA / "packages"
Row = tuple[str, str, str]


@pytest.fixture(scope="module")
def mixed() -> Contents:
    """Debian 12 with Python, Node and Ruby, its own packages and others': the files that record them."""
    with tarfile.open(fileobj=BytesIO(lzma.decompress((PACKAGES / "debian-mixed.tar.xz").read_bytes()))) as archive:
        files = {
            member.name.removeprefix("./"): stream.read()
            for member in archive
            if member.isfile() and (stream := archive.extractfile(member))
        }
    return contents(files, finders=FINDERS)


@pytest.fixture(scope="module", params=["mini-docker20.tar", "mini-oci.tar"])
def mini(request: pytest.FixtureRequest) -> Contents:
    """The small image with everything, in two formats."""
    found = read("", (Layout(DATA / "contents" / request.param),), FINDERS)
    assert isinstance(found, Contents)
    return found


def recorded(name: str) -> dict[str, list[list[str]]]:
    tools: dict[str, list[list[str]]] = json.loads((PACKAGES / name).read_text())
    return tools


def rows(packages: tuple[Package, ...]) -> set[Row]:
    return {row(package.type, package.name, package.version) for package in packages}


def row(kind: str, name: str, version: str) -> Row:
    """Names and versions as programs write them differently: Python's names, Go's `v`, `go` and `(devel)`."""
    if kind == "golang":
        version = version.removeprefix("go").removeprefix("v").replace("(devel)", "")
    return kind, python_name(name) if kind == "pypi" else name, version


def theirs(name: str, tool: str) -> set[Row]:
    return {row(*each) for each in recorded(name)[tool]}


def test_the_mini_image_holds_exactly_what_is_expected(mini: Contents) -> None:
    said = json.loads((DATA / "osv" / "images" / "mini.packages.json").read_text())
    expected = {
        (
            each["type"],
            each["name"],
            each["version"],
            "/" + each["path"],
            each.get("source"),
            each.get("source_version"),
        )
        for each in said["packages"]
    }
    assert {
        (
            each.type,
            each.name,
            each.version,
            each.path,
            each.source or (each.name if each.type == "deb" else None),
            each.source_version or (each.version if each.type == "deb" else None),
        )
        for each in mini.packages
    } == expected
    assert mini.complete
    assert all(each.layer for each in mini.packages)


@pytest.mark.parametrize("tool", ["syft 1.18.1", "trivy 0.76.0"])
def test_the_mini_image_is_the_same_to(mini: Contents, tool: str) -> None:
    assert rows(mini.packages) == theirs("mini.tools.json", tool)


def test_the_same_as_dpkg_query(mixed: Contents) -> None:
    found = {
        (each.name, each.version, each.architecture, each.source or each.name, each.source_version or each.version)
        for each in mixed.packages
        if each.type == "deb"
    }
    assert found == {tuple(each) for each in recorded("debian-mixed.tools.json")["dpkg-query"]}


def test_the_same_as_pip_list_but_for_what_pip_does_not_see(mixed: Contents) -> None:
    """pip lists what can be imported: no vendored distribution, and the first of two of the same name."""
    found = {
        (each.name, each.version) for each in mixed.packages if each.type == "pypi" and "/_vendor/" not in each.path
    }
    listed = {(name, version) for name, version in recorded("debian-mixed.tools.json")["pip list"]}
    assert found - listed == {("setuptools", "66.1.1")}, "hidden by the newer one in /usr/local"
    assert listed <= found


@pytest.mark.parametrize("tool", ["syft 1.18.1", "trivy 0.76.0"])
def test_the_same_as_but_for_the_application_itself(mixed: Contents, tool: str) -> None:
    assert theirs("debian-mixed.tools.json", tool) ^ rows(mixed.packages) == {("npm", "app", "1.0.0")}


def test_what_the_distribution_brought_is_told(mixed: Contents) -> None:
    owned = {each.name: each.owner for each in mixed.packages if each.type == "pypi" and each.owner}
    assert owned == {
        "PyYAML": "python3-yaml",
        "pip": "python3-pip",
        "setuptools": "python3-setuptools",
        "wheel": "python3-wheel",
    }
    gems = [each for each in mixed.packages if each.type == "gem"]
    assert {each.owner for each in gems if "/gems/3.1.0/" in each.path} == {"libruby3.1"}
    assert not any(each.owner for each in mixed.packages if each.path.startswith(("/usr/local/", "/app/")))
