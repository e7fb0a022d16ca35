"""The database: what an import makes of good and bad files, and that who reads is never disturbed."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.sources.vulndb import zips
from inventory.sources.vulndb.building import Builder, BuildError, Stopped
from inventory.sources.vulndb.database import Database
from inventory.sources.vulndb.importing import take
from inventory.vulnerabilities.osv import RecordError, read
from inventory.vulnerabilities.records import RecordsError
from tests.vulnerabilities.building import affects, archive, database, fixed, record, since, taken


def simple(name: str, package: str = "example", ecosystem: str = "PyPI", **members: Any) -> dict[str, Any]:
    return record(name, affects(ecosystem, package, since(), fixed("2.0")), **members)


def names(records: Database, package: str = "example", ecosystem: str = "PyPI") -> set[str]:
    return {records.advisory(entry.record).id for entry in records.affected(ecosystem, package)}


def said(folder: Path, *paths: Path, **options: Any) -> list[str]:
    lines: list[str] = []
    take(paths, folder / "data" / "vulnerabilities.sqlite", lines.append, **options)
    return lines


def one_file(folder: Path, content: Any, name: str = "one.json") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def test_an_archive_replaces_its_ecosystem_alone(tmp_path: Path) -> None:
    first = database(tmp_path, PyPI=[simple("PYSEC-1"), simple("PYSEC-2")], npm=[simple("GHSA-1", ecosystem="npm")])
    assert names(first) == {"PYSEC-1", "PYSEC-2"}
    shared = record("GHSA-9", affects("PyPI", "example", since()), affects("npm", "example", since()))
    second = taken(tmp_path, archive(tmp_path / "new", "PyPI", [simple("PYSEC-3"), shared]))
    assert names(second) == {"PYSEC-3", "GHSA-9"}
    assert names(second, ecosystem="npm") == {"GHSA-1"}
    # Who had it open goes on reading what it read.
    assert names(first, "example") == {"PYSEC-1", "PYSEC-2"}
    assert first.affected("npm", "example")


def test_one_record_in_two_archives(tmp_path: Path) -> None:
    shared = record("GHSA-9", affects("PyPI", "example", since()), affects("npm", "example", since()))
    records = database(tmp_path, PyPI=[shared], npm=[shared])
    assert names(records) == names(records, ecosystem="npm") == {"GHSA-9"}
    assert [(one.family, one.records, one.whole) for one in records.archives()] == [("PyPI", 1, True), ("npm", 1, True)]


def test_the_ecosystem_of_a_lone_archive_is_what_its_records_share(tmp_path: Path) -> None:
    mixed = record("GHSA-9", affects("npm", "example", since()), affects("PyPI", "example", since()))
    path = archive(tmp_path, "download", [simple("PYSEC-1"), mixed])
    records = taken(tmp_path, path)
    assert {one.family for one in records.archives()} == {"PyPI"}


def test_single_records_are_added_changed_and_withdrawn(tmp_path: Path) -> None:
    database(tmp_path, PyPI=[simple("PYSEC-1"), simple("PYSEC-2")])
    changed = simple("PYSEC-1", "renamed")
    records = taken(tmp_path, one_file(tmp_path, [changed, simple("PYSEC-3"), simple("PYSEC-3")]))
    assert names(records) == {"PYSEC-2", "PYSEC-3"}
    assert names(records, "renamed") == {"PYSEC-1"}
    assert [(one.records, one.whole) for one in records.archives()] == [(3, True)]
    gone = simple("PYSEC-2", withdrawn="2026-01-01T00:00:00Z")
    assert names(taken(tmp_path, one_file(tmp_path, gone))) == {"PYSEC-3"}


def test_directories(tmp_path: Path) -> None:
    for family, name in (("PyPI", "PYSEC-1"), ("npm", "GHSA-1")):
        folder = tmp_path / "tree" / family / "2024"
        folder.mkdir(parents=True)
        one_file(folder, simple(name, ecosystem=family), f"{name}.json")
    (tmp_path / "tree" / "PyPI" / "link.json").symlink_to("/etc/passwd")
    records = taken(tmp_path, tmp_path / "tree")
    assert [(one.family, one.whole) for one in records.archives()] == [("PyPI", True), ("npm", True)]
    with pytest.raises(BuildError, match=r"no \.zip and no \.json"):
        take([tmp_path / "data"], tmp_path / "other.sqlite", lambda _: None)


def test_whole_makes_everything_of_a_heap(tmp_path: Path) -> None:
    database(tmp_path, PyPI=[simple("PYSEC-1")])
    heap = [simple("PYSEC-9"), simple("GHSA-1", ecosystem="npm")]
    records = taken(tmp_path, one_file(tmp_path, heap), whole=True)
    assert names(records) == {"PYSEC-9"}
    assert all(one.whole for one in records.archives())
    records = taken(tmp_path, archive(tmp_path, "heap", heap))
    assert [one.whole for one in records.archives()] == [True, True]


def test_an_archive_that_collapsed_is_not_believed(tmp_path: Path) -> None:
    database(tmp_path, PyPI=[simple(f"PYSEC-{number}") for number in range(150)])
    small = archive(tmp_path / "new", "PyPI", [simple("PYSEC-1")])
    with pytest.raises(BuildError, match="1 records where there were 150"):
        taken(tmp_path, small)
    assert len(names(Database.open(tmp_path / "data" / "vulnerabilities.sqlite"))) == 150
    assert names(taken(tmp_path, small, accept_fewer=True)) == {"PYSEC-1"}


WRONG = {
    "not JSON": b"\xff\xfe{",
    "cut off": b'{"id": "PYSEC-9", "affected": [',
    "wrong type": b'{"id": 5}',
    "list": b"[]",
    "null": b"null",
    "no id": b"{}",
    "deep": b'{"id":"PYSEC-9","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "affected": b'{"id": "PYSEC-9", "affected": {"package": 1}}',
    "surrogate": b'{"id": "PYSEC-\\ud800", "affected": []}',
    "long": json.dumps(simple("P" * 5000)).encode(),
    "name": json.dumps(simple("PYSEC-9", "n" * 5000)).encode(),
    "empty name": json.dumps(simple("PYSEC-9", "")).encode(),
    "events": json.dumps(record("PYSEC-9", affects("PyPI", "example", *[since()] * 30_000))).encode(),
    "versions": json.dumps(record("PYSEC-9", affects("PyPI", "example", versions=[1]))).encode(),
}


@pytest.mark.parametrize("raw", WRONG.values(), ids=WRONG)
def test_a_wrong_record_costs_itself(tmp_path: Path, raw: bytes) -> None:
    lines = said(tmp_path, archive(tmp_path, "PyPI", [simple("PYSEC-1"), raw]))
    assert "1 of 2 records taken; 1 refused (1 " in lines[-1]
    records = Database.open(tmp_path / "data" / "vulnerabilities.sqlite")
    assert names(records) == {"PYSEC-1"}
    assert [one.refused for one in records.archives()] == [1]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_but_a_record_error_leaves_the_reader(data: st.DataObject) -> None:
    anything = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    )
    good = simple("PYSEC-1", aliases=["CVE-2024-1000"], severity=[{"type": "CVSS_V3", "score": "x"}])
    members = ["id", "affected", "aliases", "severity", "summary", "withdrawn", "database_specific", "upstream"]
    for name in data.draw(st.lists(st.sampled_from(members), max_size=3)):
        good[name] = data.draw(anything)
    for name in data.draw(st.lists(st.sampled_from(["package", "ranges", "versions", "severity"]), max_size=2)):
        if isinstance(good["affected"], tuple):
            good["affected"][0][name] = data.draw(anything)
    with contextlib.suppress(RecordError):
        read(msgspec.json.encode(good))


def _zip(tmp_path: Path, members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = tmp_path / "PyPI" / "all.zip"
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, raw in members:
            made.writestr(name, raw)
    return path


GOOD = ("PYSEC-1.json", json.dumps(simple("PYSEC-1")).encode())


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "MIN_TOTAL", 1 << 20)
    monkeypatch.setattr(zips, "MAX_RATIO", 2)
    bombs = [(f"{number}.json", b" " * (900 << 10)) for number in range(4)]
    with pytest.raises(BuildError, match="far more than its size"):
        said(tmp_path, _zip(tmp_path, [GOOD, *bombs]))
    assert not (tmp_path / "data" / "vulnerabilities.sqlite").exists()


def test_a_member_too_large_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "MAX_MEMBER", 10_000)
    lines = said(tmp_path, _zip(tmp_path, [GOOD, ("big.json", b" " * 20_000)]))
    assert "1 too large" in lines[-1]


def test_members_that_are_no_records_and_twice_the_same(tmp_path: Path) -> None:
    with pytest.warns(UserWarning):
        path = _zip(tmp_path, [GOOD, GOOD, ("../../evil", b"x"), ("folder/", b""), ("a.txt", b"x")])
    lines = said(tmp_path, path)
    assert lines[-1] == "PyPI: 1 of 2 records taken; 1 twice; 2 refused (2 no .json file)"


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_no_flipped_byte_passes(tmp_path: Path, compression: int) -> None:
    good = _zip(tmp_path, [GOOD, ("PYSEC-2.json", json.dumps(simple("PYSEC-2")).encode())], compression).read_bytes()
    chance = random.Random(1)
    path = tmp_path / "PyPI" / "all.zip"
    for place in chance.sample(range(len(good)), 60):
        path.write_bytes(good[:place] + bytes([good[place] ^ (1 << chance.randrange(8))]) + good[place + 1 :])
        target = tmp_path / f"{place}.sqlite"
        try:
            take([path], target, lambda _: None)
        except BuildError:
            assert not target.exists()
            continue
        records = Database.open(target)
        assert names(records) <= {"PYSEC-1", "PYSEC-2"}
        records.close()


def test_cut_off_anywhere(tmp_path: Path) -> None:
    good = _zip(tmp_path, [GOOD]).read_bytes()
    path = tmp_path / "PyPI" / "all.zip"
    for length in range(0, len(good), 7):
        path.write_bytes(good[:length])
        with pytest.raises(BuildError):
            take([path], tmp_path / "cut.sqlite", lambda _: None)


def test_methods_and_encryption(tmp_path: Path) -> None:
    path = _zip(tmp_path, [GOOD, ("PYSEC-2.json", GOOD[1])], zipfile.ZIP_LZMA)
    with pytest.raises(BuildError, match="no usable record"):
        said(tmp_path, path)


def test_a_wide_archive(tmp_path: Path) -> None:
    path = tmp_path / "PyPI" / "all.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made, made.open(GOOD[0], "w", force_zip64=True) as member:
        member.write(GOOD[1])
    assert "1 of 1 records taken" in said(tmp_path, path)[-1]


def test_other_files_are_told_apart(tmp_path: Path) -> None:
    for raw in (b"", b"\0" * 100, b"hello", b"\x1f\x8bbroken", b"PK\3\4broken", b"{}", b"[]", b"[1]"):
        with pytest.raises(BuildError):
            said(tmp_path, one_file(tmp_path, raw, "file"))
    for path in (tmp_path / "missing", Path("/dev/null")):
        with pytest.raises(BuildError):
            said(tmp_path, path)


KEV = {
    "title": "CISA Catalog of Known Exploited Vulnerabilities",
    "catalogVersion": "2026.01.05",
    "dateReleased": "2026-01-05T12:00:00.000Z",
    "vulnerabilities": [{"cveID": "CVE-2024-1000", "vendorProject": "x"}, {"cveID": "nonsense"}],
}
KEV_CSV = b'"cveID","vendorProject"\n"CVE-2024-1000","x, y"\n"CVE-2024-2000","z"\n'
EPSS = (
    b"#model_version:v2025.03.14,score_date:2026-01-06T12:55:00Z\ncve,epss,percentile\n"
    b"CVE-2024-1000,0.97,0.99\nCVE-2024-2000,7,1\nnonsense,0.1,0\nCVE-2024-3000,x,1\n"
)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_lists(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    kev = one_file(tmp_path, pack(json.dumps(KEV).encode()), "known_exploited")
    records = taken(tmp_path, kev, one_file(tmp_path, pack(EPSS), "epss"))
    assert records.exploited("CVE-2024-1000")
    assert not records.exploited("CVE-2024-2000")
    assert (records.epss("CVE-2024-1000"), records.epss("CVE-2024-2000"), records.epss("CVE-2024-3000")) == (
        0.97,
        None,
        None,
    )
    assert [(one.name, one.count, int(one.data_at)) for one in records.lists()] == [
        ("epss", 1, 1767704100),
        ("kev", 1, 1767614400),
    ]
    records = taken(tmp_path, one_file(tmp_path, pack(KEV_CSV), "known_exploited.csv"))
    assert records.exploited("CVE-2024-2000")


def test_a_damaged_list_changes_nothing(tmp_path: Path) -> None:
    taken(tmp_path, one_file(tmp_path, KEV_CSV, "kev.csv"))
    taken(tmp_path, one_file(tmp_path, EPSS, "epss.csv"))
    empty = b"cve,epss,percentile\n"
    for raw in (gzip.compress(EPSS * 50)[:-20], b'{"catalogVersion": 1}', b"cveID\nnonsense\n", empty):
        with pytest.raises(BuildError):
            said(tmp_path, one_file(tmp_path, raw, "bad"))
    records = Database.open(tmp_path / "data" / "vulnerabilities.sqlite")
    assert records.exploited("CVE-2024-1000")
    assert records.epss("CVE-2024-1000") == 0.97


def test_a_list_with_far_fewer_entries_is_not_believed(tmp_path: Path) -> None:
    many = b"cveID\n" + b"".join(b"CVE-2024-%d\n" % (1000 + number) for number in range(100))
    taken(tmp_path, one_file(tmp_path, many, "kev.csv"))
    with pytest.raises(BuildError, match="1 entries where there were 100"):
        taken(tmp_path, one_file(tmp_path, b"cveID\nCVE-2024-1000\n", "kev.csv"))
    assert [one.count for one in taken(tmp_path, tmp_path / "kev.csv", accept_fewer=True).lists()] == [1]


def test_what_was_interrupted_is_taken_up_again(tmp_path: Path) -> None:
    first = archive(tmp_path, "PyPI", [simple("PYSEC-1")])
    second = archive(tmp_path, "npm", [simple("GHSA-1", ecosystem="npm")])
    target = tmp_path / "data" / "vulnerabilities.sqlite"
    asked = iter([False, False, True])
    with pytest.raises(Stopped):
        take([first, second], target, lambda _: None, lambda: next(asked))
    assert not target.exists()
    lines = said(tmp_path, first, second)
    assert lines[0] == "going on with an import that was interrupted"
    assert "already taken" in lines[1]
    records = Database.open(target)
    assert names(records) and names(records, ecosystem="npm")
    assert sorted(path.name for path in target.parent.iterdir()) == [target.name, f"{target.name}.lock"]
    assert target.stat().st_mode & 0o777 == 0o600


def test_the_rest_of_a_broken_import_is_thrown_away(tmp_path: Path) -> None:
    target = tmp_path / "data" / "vulnerabilities.sqlite"
    target.parent.mkdir()
    for junk in (b"junk" * 1000, b""):
        target.with_name(f"{target.name}.part").write_bytes(junk)
        target.with_name(f"{target.name}.part-journal").write_bytes(junk)
        assert names(taken(tmp_path, archive(tmp_path, "PyPI", [simple("PYSEC-1")]))) == {"PYSEC-1"}
    target.write_bytes(b"junk" * 1000)
    assert names(taken(tmp_path, archive(tmp_path, "PyPI", [simple("PYSEC-2")]))) == {"PYSEC-2"}


def test_one_import_at_a_time(tmp_path: Path) -> None:
    path = archive(tmp_path, "PyPI", [simple("PYSEC-1")])
    target = tmp_path / "data" / "vulnerabilities.sqlite"
    with Builder(target, lambda _: None, lambda: False), pytest.raises(BuildError, match="another import"):
        take([path], target, lambda _: None)
    take([path], target, lambda _: None)


@pytest.mark.parametrize("content", [None, b"", b"junk" * 2000])
def test_no_database_is_said(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "vulnerabilities.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordsError, match=r"no vulnerability database|damaged|another version"):
        Database.open(path)


def test_a_damaged_page_is_an_error_and_no_answer(tmp_path: Path) -> None:
    records = database(tmp_path, PyPI=[simple(f"PYSEC-{number}", f"package-{number}") for number in range(500)])
    records.close()
    path = tmp_path / "data" / "vulnerabilities.sqlite"
    good = path.read_bytes()
    chance = random.Random(2)
    for _ in range(40):
        place = chance.randrange(100, len(good) - 600)
        path.write_bytes(good[:place] + chance.randbytes(500) + good[place + 500 :])
        try:
            damaged = Database.open(path)
        except RecordsError:
            continue
        for number in range(0, 500, 25):
            try:
                for entry in damaged.affected("PyPI", f"package-{number}"):
                    damaged.advisory(entry.record)
            except RecordsError:
                pass
        damaged.close()


def test_many_threads_read_while_it_is_replaced(tmp_path: Path) -> None:
    path = archive(tmp_path, "PyPI", [simple(f"PYSEC-{number}", f"package-{number}") for number in range(300)])
    records = taken(tmp_path, path)
    wrong: list[object] = []

    def look() -> None:
        for number in range(300):
            try:
                if names(records, f"package-{number}") != {f"PYSEC-{number}"}:
                    wrong.append(number)
            except RecordsError as error:
                wrong.append(error)

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    taken(tmp_path, archive(tmp_path / "new", "PyPI", [simple("PYSEC-1")] * 1), accept_fewer=True)
    for thread in threads:
        thread.join()
    assert wrong == []


def test_file_names_that_are_no_text(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    records = taken(tmp_path, archive(folder, "PyPI", [simple("PYSEC-1")]), one_file(folder, KEV_CSV, "kev.csv"))
    assert names(records) == {"PYSEC-1"}
    assert "?" in records.archives()[0].source
