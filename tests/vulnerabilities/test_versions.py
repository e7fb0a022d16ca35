"""The order of versions: each packaging system's own answers, and what every order must be."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.vulnerabilities.versions import MAX_LENGTH, ORDERS, compare, key

DATA = Path(__file__).parents[1] / "data" / "osv"
_ORDER = {"debian": "dpkg"}


def _pairs() -> list[tuple[str, str, str, int]]:
    found = []
    for name in ("version-pairs.json", "version-orders.json"):
        for oracle, pairs in json.loads((DATA / name).read_bytes()).items():
            order = oracle.split(":")[0].split()[0]
            found += [(_ORDER.get(order, order), *pair) for pair in pairs]
    return found


PAIRS = _pairs()


@pytest.mark.parametrize("order", ["dpkg", "rpm", "apk", "semver", "pep440", "maven", "gem"])
def test_agrees_with_the_packaging_system(order: str) -> None:
    pairs = [pair for pair in PAIRS if pair[0] == order]
    assert len(pairs) > 180
    wrong = [(one, other, expected) for _, one, other, expected in pairs if compare(order, one, other) != expected]
    assert wrong == []


SEMVER = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
]
PEP440 = [
    "1.dev0",
    "1.0.dev456",
    "1.0a1",
    "1.0a2.dev456",
    "1.0a12.dev456",
    "1.0a12",
    "1.0b1.dev456",
    "1.0b2",
    "1.0b2.post345.dev456",
    "1.0b2.post345",
    "1.0rc1.dev456",
    "1.0rc1",
    "1.0",
    "1.0+abc.5",
    "1.0+abc.7",
    "1.0+5",
    "1.0.post456.dev34",
    "1.0.post456",
    "1.0.15",
    "1.1.dev1",
]
DPKG = ["1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-0.1", "1.0-1~bpo1", "1.0-1", "1.0-1+b1", "1.0a", "1.0+dfsg", "1:0.1"]


@pytest.mark.parametrize(("order", "rising"), [("semver", SEMVER), ("pep440", PEP440), ("dpkg", DPKG)])
def test_rises_as_the_specification_says(order: str, rising: list[str]) -> None:
    for place, one in enumerate(rising):
        for other in rising[place + 1 :]:
            assert compare(order, one, other) == -1, (one, other)


@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg is not installed")
def test_agrees_with_dpkg_here() -> None:
    words = {-1: "lt", 0: "eq", 1: "gt"}
    for one, other in zip(DPKG, DPKG[1:] + DPKG[:1], strict=True):
        answer = compare("dpkg", one, other)
        assert answer is not None
        done = subprocess.run(["dpkg", "--compare-versions", one, words[answer], other], check=False)
        assert done.returncode == 0, (one, other)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("v1.2.3", "1.2.3", 0),
        ("go1.21.5", "1.21.5", 0),
        ("1.22rc1", "1.22.0-rc.1", 0),
        ("go1.22rc2", "1.22", -1),
        ("go1.20.1 X:nocoverageredesign", "1.20.1", 0),
        ("v0.0.0-20200101000000-abcdefabcdef", "0.0.0-20210101000000-000000000000", -1),
        ("v24.0.7+incompatible", "24.0.7", 0),
        ("go1.21.0", "1.21.0-0", 1),
    ],
)
def test_go(one: str, other: str, expected: int) -> None:
    assert compare("go", one, other) == expected


@pytest.mark.parametrize(
    ("order", "version"),
    [
        ("pep440", "0.1-SNAPSHOT"),
        ("pep440", "2004d"),
        ("semver", "latest"),
        ("semver", "1.2.3.4"),
        ("semver", "1.0.0-a..b"),
        ("go", "(devel)"),
        ("dpkg", "1.0_1"),
        ("dpkg", "1:"),
        ("dpkg", "a:1"),
        ("dpkg", "1 2"),
        ("apk", "1.0bc"),
        ("apk", "23_foo"),
        ("apk", "1.2.3-r"),
        ("rpm", "-1"),
        ("rpm", "x:1-1"),
        ("gem", "one"),
        ("gem", "1..2"),
        ("maven", "..."),
        ("maven", ""),
    ],
)
def test_what_is_no_version_has_no_place(order: str, version: str) -> None:
    assert key(order, version) is None
    assert compare(order, version, "1") is None


@pytest.mark.parametrize("order", ORDERS)
def test_hostile_lengths(order: str) -> None:
    key(order, "9" * MAX_LENGTH)
    key(order, "1." * (MAX_LENGTH // 2 - 1) + "1")
    key(order, "1" + "~" * (MAX_LENGTH - 1))
    key(order, "1-" + "a1" * (MAX_LENGTH // 2 - 1))
    assert key(order, "9" * (MAX_LENGTH + 1)) is None


def _near(order: str) -> st.SearchStrategy[str]:
    known = sorted({version for name, one, other, _ in PAIRS if name == order for version in (one, other)})
    made = st.text(alphabet="0019ab.-_~^+:rc\u0661\u00b2 \n", max_size=12)
    return st.sampled_from(known) | made if known else made


@pytest.mark.parametrize("order", ORDERS)
def test_is_an_order(order: str) -> None:
    @settings(max_examples=250, deadline=None)
    @given(_near(order), _near(order), _near(order))
    def holds(one: str, two: str, three: str) -> None:
        keys = [found for found in (key(order, each) for each in (one, two, three)) if found is not None]
        for left in keys:
            assert left == left and not left < left
            for right in keys:
                assert (left < right) + (left == right) + (left > right) == 1
                assert (left < right) == (right > left)
        if len(keys) == 3:
            low, middle, high = sorted(keys)
            assert low <= middle <= high and low <= high
            if low < middle or middle < high:
                assert low < high

    holds()
