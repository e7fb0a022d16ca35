"""What is kept of looks into images holds for that image, as it is there, and for what it was looked at with."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inventory.contents.layer import identity
from inventory.contents.model import SCHEMA, Contents, Executable, FileFact
from inventory.image import Image
from inventory.resource import Kind, ResourceKey
from inventory.signatures.model import Mark, Provenance
from inventory.signatures.policy import TrustPolicy
from inventory.sources.analysis import kept
from inventory.sources.analysis.examine import Examiner, Settings
from inventory.store import Store
from inventory.vulnerabilities.model import Said, Vulnerabilities
from inventory.vulnerabilities.records import RecordsError
from tests.vulnerabilities.building import affects, database, record, since, taken

ID = f"sha256:{'a' * 64}"
NOW = 1_800_000_000.0
Answers = Callable[..., None]


def image(*digests: str, source: str = "docker") -> Image:
    """One of an engine."""
    key = ResourceKey(Kind.IMAGE, source, ID)
    return Image.build(key=key, name="app", id=ID, repo_digests=digests, repo_tags=(), size=1, history=())


@pytest.fixture
def examiner(tmp_path: Path) -> Examiner:
    return Examiner(Settings(tmp_path / "c", tmp_path / "db"), Store(), lambda _source: None, lambda: NOW)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """What registries say from now on."""

    def say(mark: Mark, **more: Any) -> None:
        found = Provenance("d", mark=mark, **more)
        monkeypatch.setattr("inventory.sources.registry.provenance.provenance", lambda *_, **__: found)

    return say


def look(examiner: Examiner, one: Image, *, stopped: bool = False) -> None:
    examiner(one, "provenance", lambda _doing, _share: None, lambda: stopped)


def test_the_same_image_that_came_by_other_digests_is_another_matter(examiner: Examiner, answers: Answers) -> None:
    """Such as on another host, where somebody made the engine show the digest of an image that is signed."""
    answers(Mark.VERIFIED, leads_here=True)
    look(examiner, image("r/app@sha256:1"))
    assert examiner.recall(image("r/app@sha256:1"))["provenance"].mark is Mark.VERIFIED
    assert examiner.recall(image("r/app@sha256:1", source="other"))["provenance"].mark is Mark.VERIFIED
    for other in ((), ("r/app@sha256:2",), ("r/app@sha256:1", "s/app@sha256:1")):
        assert "provenance" not in examiner.recall(image(*other))


def test_half_a_look_is_not_kept(examiner: Examiner, answers: Answers) -> None:
    one = image("r/app@sha256:1")
    answers(Mark.UNSIGNED)
    look(examiner, one, stopped=True)
    assert "provenance" not in examiner.recall(one)
    answers(Mark.UNKNOWN, missed=("r: did not answer",))
    look(examiner, one)
    assert "provenance" not in examiner.recall(one)


def test_what_is_wrong_now_replaces_what_was_good(examiner: Examiner, answers: Answers) -> None:
    one = image("r/app@sha256:1")
    answers(Mark.VERIFIED)
    look(examiner, one)
    answers(Mark.FAILED, reason="digest_mismatch", leads_here=False, missed=("a lookaside",))
    look(examiner, one)
    assert examiner.recall(one)["provenance"].mark is Mark.FAILED


def test_a_match_that_failed_is_not_kept(examiner: Examiner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one = image("r/app@sha256:1")
    monkeypatch.setattr(Examiner, "_kept_contents", lambda *_: object())
    kept = list((tmp_path / "c" / "vulnerabilities").glob("*")) if (tmp_path / "c").exists() else []
    assert not kept

    def damaged(*_: object) -> Any:
        raise RecordsError("cannot be read just now")

    monkeypatch.setattr(Examiner, "_records", damaged)
    assert examiner.recall(one)["vulnerabilities"].unmatched
    assert not (tmp_path / "c" / "vulnerabilities").exists()
    good = Vulnerabilities(ID, said=(Said("osv", at=NOW),))
    monkeypatch.setattr(Examiner, "_records", lambda _self: None)
    monkeypatch.setattr("inventory.vulnerabilities.match.match", lambda *_: good)
    assert examiner.recall(one)["vulnerabilities"].said
    assert len(list((tmp_path / "c" / "vulnerabilities").glob("*"))) == 1


def test_what_other_scanners_were_not_asked_for_is_not_recalled_as_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tmp_path / "c", tmp_path / "db", engines=("trivy",))
    examiner = Examiner(settings, Store(), lambda _source: None, lambda: NOW)
    monkeypatch.setattr(Examiner, "_kept_contents", lambda *_: object())
    assert "vulnerabilities" not in examiner.recall(image())


def test_engines_that_are_named_later_are_asked(examiner: Examiner, tmp_path: Path) -> None:
    examiner._cache.keep_contents(_contents(), examiner._looked)
    examiner._vulnerabilities.put(ID, examiner.state, Vulnerabilities(ID, said=(Said("osv"),)), NOW)
    assert "vulnerabilities" in examiner.recall(image())
    settings = Settings(tmp_path / "c", tmp_path / "db", engines=("trivy",))
    other = Examiner(settings, Store(), lambda _source: None, lambda: NOW)
    found = other.recall(image())
    assert "vulnerabilities" not in found and not other.enough(found)
    assert "trivy" in other.why(image(), found)["vulnerabilities"].detail


def _contents(**more: Any) -> Contents:
    return Contents(ID, "overlay", SCHEMA, set_id=(FileFact("/bin/su", 0o4755),), **more)


def test_another_list_of_bad_programs_leaves_everything_else_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only that the programs were not compared with it is not known, and looking again finds it out."""
    miners = (Executable("/bin/xmrig", "", "name xmrig"), Executable("/x", "", "digest of the list", "a" * 64))

    def listing(*digests: str) -> Examiner:
        settings = Settings(tmp_path / "c", tmp_path / "db", bad_hashes=frozenset(digests))
        return Examiner(settings, Store(), lambda _source: None, lambda: NOW)

    def read(_id: str, _ways: object, finders: Any, cache: Any, *_: object, hashes_checked: int, **__: object) -> Any:
        found = _contents(suspicious=miners, hashes_checked=hashes_checked)
        cache.keep_contents(found, identity(finders))
        return found

    rest = {"provenance": Provenance("d"), "vulnerabilities": Vulnerabilities(ID)}
    monkeypatch.setattr("inventory.sources.layers.read.read", read)
    first = listing("a" * 64)
    first(image(), "contents", lambda _doing, _share: None, lambda: False)
    known = first.recall(image())
    assert known["contents"].hashes_checked == 1 and known["contents"].suspicious == miners
    assert first.enough({**known, **rest})
    for other in (listing("b" * 64), listing("a" * 64, "b" * 64)):
        known = other.recall(image())
        assert (known["contents"].hashes_checked, known["contents"].suspicious) == (0, miners[:1])
        assert known["contents"].set_id == _contents().set_id
        assert not other.enough({**known, **rest}), "scan --deep looks again"
    without = listing()
    assert without.enough({**without.recall(image()), **rest})
    other(image(), "contents", lambda _doing, _share: None, lambda: False)
    assert other.recall(image())["contents"].hashes_checked == 2


def test_why_signatures_are_looked_at_again_is_said(tmp_path: Path, examiner: Examiner, answers: Answers) -> None:
    one = image("r/app@sha256:1")
    assert examiner.why(one, {}) == {}
    answers(Mark.VERIFIED)
    look(examiner, one)
    other = Examiner(
        Settings(tmp_path / "c", tmp_path / "db", trust=TrustPolicy(unlisted="trusted")),
        Store(),
        lambda _source: None,
        lambda: NOW,
    )
    assert "provenance" not in other.recall(one)
    detail = other.why(one, {})["provenance"].detail
    assert "not since the trust policy" in detail and "press v" in detail and "scan --deep" in detail
    late = Examiner(Settings(tmp_path / "c", tmp_path / "db"), Store(), lambda _source: None, lambda: NOW + 1e6)
    assert "more than a day old" in late.why(one, late.recall(one))["provenance"].detail


def test_nobody_closes_the_database_that_another_thread_reads(
    examiner: Examiner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One thread looks into images while another recalls what is known of them, and the file changes between."""
    reading, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    class Opened:
        """Says when it is closed."""

        def close(self) -> None:
            closed.set()

    monkeypatch.setattr(Examiner, "_kept_contents", lambda *_: object())
    monkeypatch.setattr("inventory.sources.vulndb.database.Database.open", lambda _path: Opened())

    def match(*_: object) -> Vulnerabilities:
        if not reading.is_set():
            reading.set()
            go_on.wait(5)
            assert not closed.is_set()
        return Vulnerabilities(ID, said=(Said("osv", at=NOW),))

    monkeypatch.setattr("inventory.vulnerabilities.match.match", match)
    found: list[Any] = []
    first = threading.Thread(target=lambda: found.append(examiner.recall(image())))
    first.start()
    assert reading.wait(5)
    (tmp_path / "db").write_bytes(b"another")
    second = threading.Thread(target=lambda: found.append(examiner.recall(image())))
    second.start()
    assert not closed.wait(0.2)
    go_on.set()
    first.join(5)
    second.join(5)
    assert len(found) == 2 and closed.is_set()


def test_what_was_matched_with_other_finders_does_not_hold(
    examiner: Examiner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A version of the program that finds more packages would call clean what it has not matched."""
    shelf, found = examiner._vulnerabilities, Vulnerabilities(ID, said=(Said("osv"),))
    shelf.put(ID, examiner.state, found, NOW)
    assert examiner.recall(image())["vulnerabilities"] == found
    monkeypatch.setattr("inventory.contents.packages.FINDERS", ())
    other = Examiner(Settings(tmp_path / "c", tmp_path / "db"), Store(), lambda _source: None, lambda: NOW)
    assert "vulnerabilities" not in other.recall(image())


def test_lists_mark_what_only_reports_name(tmp_path: Path) -> None:
    archive = [record("PYSEC-1", affects("PyPI", "example", since()))]
    database(tmp_path, PyPI=archive).close()
    kev = tmp_path / "kev.json"
    kev.write_text(json.dumps({"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2024-1000"}]}))
    taken(tmp_path, kev).close()
    told = {"VulnerabilityID": "CVE-2024-1000", "PkgName": "tar", "InstalledVersion": "1"}
    report = {"SchemaVersion": 2, "ArtifactName": "x", "Metadata": {"ImageID": ID}}
    (tmp_path / "trivy.json").write_text(json.dumps({**report, "Results": [{"Vulnerabilities": [told]}]}))
    settings = Settings(
        tmp_path / "c", tmp_path / "data" / "vulnerabilities.sqlite", reports=(tmp_path / "trivy.json",)
    )
    examiner = Examiner(settings, Store(), lambda _source: None, lambda: NOW)
    (one,) = examiner.recall(image())["vulnerabilities"].found
    assert one.exploited and one.said_by == ("trivy",)


def test_a_statement_on_a_registrys_digest_is_about_the_image(tmp_path: Path) -> None:
    digest = f"sha256:{'b' * 64}"
    told = {"VulnerabilityID": "CVE-2024-1000", "PkgName": "tar", "InstalledVersion": "1"}
    report = {"SchemaVersion": 2, "ArtifactName": "x", "Metadata": {"ImageID": ID}}
    (tmp_path / "trivy.json").write_text(json.dumps({**report, "Results": [{"Vulnerabilities": [told]}]}))
    stated = {
        "vulnerability": {"name": "CVE-2024-1000"}, "status": "not_affected", "products": [{"@id": f"r/app@{digest}"}]
    }  # fmt: skip
    vex = {"@context": "https://openvex.dev/ns/v0.2.0", "statements": [stated]}
    (tmp_path / "vex.json").write_text(json.dumps(vex))
    settings = Settings(tmp_path / "c", tmp_path / "db", reports=(tmp_path / "trivy.json", tmp_path / "vex.json"))
    examiner = Examiner(settings, Store(), lambda _source: None, lambda: NOW)
    (one,) = examiner.recall(image(f"r/app@{digest}"))["vulnerabilities"].found
    assert not one.counts
    (other,) = examiner.recall(image(f"r/app@sha256:{'c' * 64}"))["vulnerabilities"].found
    assert other.counts


def test_the_oldest_results_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 3)
    shelf = kept.Shelf(tmp_path / "shelf", Vulnerabilities)
    ids = [f"sha256:{number:064x}" for number in range(5)]
    for number, name in enumerate(ids):
        shelf.put(name, "", Vulnerabilities(name), NOW)
        os.utime(tmp_path / "shelf" / name[7:], (number, number))
    assert [shelf.get(name, "") is not None for name in ids] == [False, False, True, True, True]


def test_a_report_that_cannot_be_read_is_said_once_and_of_no_image(tmp_path: Path) -> None:
    database(tmp_path, PyPI=[record("PYSEC-1", affects("PyPI", "example", since()))]).close()
    (tmp_path / "broken.json").write_text("{")
    places = (tmp_path / "broken.json", tmp_path / "missing.json", tmp_path / "gone")
    settings = Settings(tmp_path / "c", tmp_path / "data" / "vulnerabilities.sqlite", reports=places)
    examiner = Examiner(settings, Store(), lambda _source: None, lambda: NOW)
    assert sorted(line.split(":")[0] for line in examiner.unread_reports) == sorted(map(str, places))
    found = examiner.recall(image()).get("vulnerabilities")
    assert found is None or not any("broken" in one or "missing" in one for one in found.unmatched)
