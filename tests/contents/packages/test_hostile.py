"""Whatever bytes there are: nothing is raised, what is kept is text that can be kept, and little of it."""

from __future__ import annotations

import lzma
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.contents.finding import AnyFind
from inventory.contents.purl import purl
from tests.contents.packages.found import find, packages
from tests.contents.packages.test_executables import FILL, program
from tests.contents.packages.test_java import POM, jar, pom
from tests.contents.packages.test_records import RPM, STATUS, headers, ndb, stanza

PACKAGES = Path(__file__).parents[2] / "data" / "packages"
PATHS = (
    STATUS,
    "var/lib/dpkg/status.d/x",
    "var/lib/dpkg/info/x.list",
    "lib/apk/db/installed",
    RPM + "rpmdb.sqlite",
    RPM + "Packages.db",
    "var/lib/rpmmanifest/container-manifest-2",
    "x.dist-info/METADATA",
    "node_modules/x/package.json",
    "specifications/x.gemspec",
    "Cargo.lock",
    "etc/os-release",
    "etc/alpine-release",
    "x.jar",
    "usr/bin/x",
)
LINES = st.lists(
    st.sampled_from(
        [
            "Package: a", "Version: 1", "Status: install ok installed", "Source: x (", "", " folded", "P:a", "V:1",
            "F:usr", "R:x", "R", "Name: a", "ID=a", "VERSION_ID='", "# stub: a 1 ruby lib", "\x00", "\ud7ff", ":", "=",
            'name = "x"', "[[package]]", "[" * 50, "\x85", "\u2028", "A" * 3000, "a\tb\tc\td\te\tf\tg\th\ti\tj\tk",
        ]
    ),
    max_size=30,
)  # fmt: skip
SAMPLES = {
    RPM + "rpmdb.sqlite": lzma.decompress((PACKAGES / "rpmdb-el9.sqlite.xz").read_bytes()),
    RPM + "Packages.db": ndb(headers()),
    "x.jar": jar({"a": b"b" * 300, "in.jar": jar({POM: pom()}), POM: pom()}),
    STATUS: (stanza("a") + stanza("b")).encode(),
}


def sound(finds: list[AnyFind]) -> None:
    """What is found can be kept and written down."""
    assert msgspec.json.decode(msgspec.json.encode(finds))
    for package in packages(finds):
        assert package.name
        assert package.version or package.type == "golang"
        assert (package.name + package.version).isprintable() or not package.name.isascii()
        assert purl(package).startswith("pkg:")


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(PATHS), data=st.binary(max_size=400))
def test_any_bytes(path: str, data: bytes) -> None:
    finds = find(path, data if path != "usr/bin/x" else program(data), mode=0o755, pieces=64)
    if finds:
        sound(finds)


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(PATHS), lines=LINES)
def test_any_lines(path: str, lines: list[str]) -> None:
    finds = find(path, "\n".join(lines).encode("utf-8", "surrogatepass"), mode=0o755)
    if finds:
        sound(finds)


@pytest.mark.parametrize("path", SAMPLES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_damage(path: str, data: st.DataObject) -> None:
    sample = bytearray(SAMPLES[path])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(sample) - 1))
        sample[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(sample)))
    finds = find(path, bytes(sample[:cut]), pieces=1 << 12)
    if finds:
        sound(finds)


def test_very_many_packages_are_cut_and_said() -> None:
    text = "".join(f"P:{number}\nV:1\n\n" for number in range(60_000))
    finds = find("lib/apk/db/installed", text.encode())
    assert len(packages(finds)) == 50_000
    assert "more than 50000 packages" in "".join(getattr(each, "said", "") for each in finds)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("sign", [b"\n", b"a.", b"[", b"x\x9c"])
def test_repetition_costs_no_more_than_its_length(path: str, sign: bytes) -> None:
    """Square in the length it would take minutes."""
    size = 100_000
    started = time.process_time()
    find(path, (FILL if path == "usr/bin/x" else b"") + sign * (size // len(sign)), mode=0o755)
    assert time.process_time() - started < 5


def test_other_line_breaks_of_unicode_break_no_lines() -> None:
    text = stanza("app", more="Maintainer: x\u2028Version: 9\x85\x0cPackage: y\n")
    assert [(each.name, each.version) for each in packages(find(STATUS, text.encode()))] == [("app", "1.0-1")]
