"""The images pane on analyses in every state: no mark says more than is known, rows are kept while nothing changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from msgspec import structs

from checks.policy import Policy
from checks.view import View
from inventory.contents.model import Distribution
from inventory.gap import Gap, Reason
from inventory.image import Image
from inventory.image_analysis import NOT_ANALYSED, ImageAnalysis
from inventory.resource import Kind, Resource, ResourceKey
from inventory.signatures.model import Mark
from inventory.snapshot import SourceHealth, Status
from inventory.vulnerabilities.model import Rating, Said, Vulnerability
from tests.tui import analyses as made_up
from tests.tui.world import NOW, SOURCE, filled, judged, made, world
from tui.listing import Filters, ListState, arrange
from tui.panes.base import Entry, Shown
from tui.panes.images import standing
from tui.panes.images.pane import ImagesPane
from tui.panes.images.words import NEWS, exploited_words, running_images
from tui.panes.overview.pane import OverviewPane
from tui.picture import Picture
from widgets.cells import fit

DAYS = Policy().max_report_age
PENDING = Gap(Reason.PENDING, "contents of the image", "not asked for")
TIMEOUT = Gap(Reason.TIMEOUT, "the registry", "no answer in 5 s")


def image() -> Image:
    """Some image."""
    return next(iter(world().snapshot.of(Image)))


def analysis(**parts: Any) -> ImageAnalysis:
    """Its analysis, with these parts."""
    return made_up.analysis(image(), NOW, **parts)


def provenance(**changes: Any) -> ImageAnalysis:
    """The same with another provenance."""
    return analysis(provenance=made_up.provenance(image(), NOW, **changes))


def vulnerable(*found: Vulnerability, **changes: Any) -> ImageAnalysis:
    """The same with these vulnerabilities."""
    return analysis(vulnerabilities=made_up.vulnerabilities(image(), NOW, found=found, **changes))


def one(name: str, rating: Rating, **more: Any) -> Vulnerability:
    """A vulnerability."""
    return Vulnerability(name, "openssl", "3.0", rating=rating, **more)


@pytest.mark.parametrize(
    ("found", "waiting", "shown"),
    [
        (provenance(), False, "ok"),
        (provenance(leads_here=None), False, "ok?"),
        (provenance(leads_here=False), False, "BAD"),
        (provenance(mark=Mark.FAILED, reason="bad_signature"), False, "BAD"),
        (provenance(mark=Mark.UNSIGNED), False, "none"),
        (provenance(mark=Mark.UNSUPPORTED), False, "n/a"),
        (provenance(mark=Mark.UNKNOWN), False, "?"),
        (provenance(mark=Mark.UNKNOWN, repository="", rule=""), False, "n/a"),
        (provenance(mark=Mark.UNKNOWN, repository="", rule="rule of prod/**", demanded=True), False, "?"),
        (provenance(mark=Mark.UNKNOWN, repository="", leads_here=False), False, "BAD"),
        (analysis(provenance=TIMEOUT), False, "?"),
        (analysis(provenance=TIMEOUT), True, "?"),
        (analysis(provenance=PENDING), False, "-"),
        (analysis(provenance=PENDING), True, ".."),
        (NOT_ANALYSED, False, "-"),
        (NOT_ANALYSED, True, ".."),
    ],
)
def test_trust_says_no_more_than_is_known(found: ImageAnalysis, waiting: bool, shown: str) -> None:
    assert standing.trust_cell(found, waiting).text == shown


def test_only_a_signature_that_holds_for_this_image_looks_good() -> None:
    for mark in Mark:
        for leads in (True, False, None):
            cell = standing.trust_cell(provenance(mark=mark, leads_here=leads), waiting=False)
            good = mark is Mark.VERIFIED and leads is True
            assert (cell.spans[0][1] == "pass") == good, (mark, leads)
            assert ("ok" in standing.trust_words(provenance(mark=mark, leads_here=leads), waiting=False)) == (
                mark is Mark.VERIFIED and leads is not False
            )


OLD = (Said("osv", data_at=NOW - 8 * 86400, at=NOW),)
HALF = (Said("osv", data_at=NOW, at=NOW, note="no data of Alpine"),)


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (vulnerable(), "0/0/0"),
        (vulnerable(one("A", Rating.CRITICAL), one("B", Rating.HIGH), one("C", Rating.MEDIUM)), "1/1/1"),
        (vulnerable(one("A", Rating.HIGH), one("A", Rating.HIGH, path="/b")), "0/1/0"),
        (vulnerable(one("A", Rating.LOW)), "0/0/0"),
        (vulnerable(one("A", Rating.UNKNOWN)), "0/0/0+"),
        (vulnerable(one("A", Rating.CRITICAL, excused="not affected")), "0/0/0"),
        (vulnerable(one("A", Rating.HIGH, exploited=True)), "!0/1/0"),
        (vulnerable(one("A", Rating.UNKNOWN, exploited=True), unmatched=("x",)), "!0/0/0+?"),
        (vulnerable(one("A", Rating.HIGH), said=OLD), "0/1/0?"),
        (vulnerable(said=OLD), "0/0/0?"),
        (vulnerable(said=HALF), "?"),
        (vulnerable(unmatched=("3 packages of Alpine: no data",)), "?"),
        (vulnerable(one("A", Rating.HIGH), unmatched=("x",)), "0/1/0?"),
        (vulnerable(said=()), "no db"),
        (vulnerable(said=(), unmatched=("no vulnerability database: deckwatch vulndb import",)), "no db"),
        (vulnerable(said=(), unmatched=("timed out reading the layers: no answer",)), "?"),
        (analysis(vulnerabilities=Gap(Reason.ABSENT, "vulnerability database", "none was imported")), "no db"),
        (analysis(vulnerabilities=TIMEOUT), "?"),
        (analysis(vulnerabilities=PENDING), "-"),
        (NOT_ANALYSED, "-"),
    ],
)
def test_counts_are_never_zero_for_what_is_not_known(found: ImageAnalysis, shown: str) -> None:
    assert standing.vulnerability_cell(found, False, DAYS, NOW).text == shown


def test_nothing_is_known_of_contents_that_could_not_all_be_read() -> None:
    half = made_up.contents(image(), NOW, complete=False)
    found = analysis(contents=half, vulnerabilities=made_up.vulnerabilities(image(), NOW, found=()))
    assert standing.vulnerability_cell(found, False, DAYS, NOW).text == "?"
    nowhere = analysis(contents=made_up.contents(image(), NOW, complete=False, distribution=Distribution()))
    assert standing.distribution_cell(nowhere, False, over=False).text == "?"


def test_the_distribution_and_its_end() -> None:
    assert standing.distribution_cell(analysis(), False, over=False).text == "debian 12"
    assert standing.distribution_cell(analysis(), False, over=True).text == "EOL debian 12"
    none = analysis(contents=made_up.contents(image(), NOW, distribution=Distribution()))
    assert standing.distribution_cell(none, False, over=False).text == "none"
    assert standing.distribution_cell(NOT_ANALYSED, True, over=False).text == ".."


@cache
def gallery() -> Picture:
    """Nine images, eight of them analysed: one in every state."""
    images = made_up.gallery(image())
    known = [made_up.in_every_state(each, number, NOW) for number, each in enumerate(images[:-1])]
    return judged(filled({**made(), Kind.IMAGE: list(images), Kind.IMAGE_ANALYSIS: list(known)}))


def rows(picture: Picture, pane: ImagesPane | None = None) -> dict[str, Entry]:
    """Entries by the name of their image."""
    return {str(entry.key): entry for entry in (pane or ImagesPane()).entries(picture, NOW)}


def shown_by(picture: Picture, query: str) -> set[str]:
    """What of a list a filter leaves: the text of TRUST and VULNS."""
    found = arrange(ImagesPane().entries(picture, NOW), ListState(query=query), Filters())
    return {f"{entry.row.cells[2].text} {entry.row.cells[3].text}" for entry in found}


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("trust:bad", lambda trust, vulns: trust == "BAD"),
        ("trust:unsigned", lambda trust, vulns: trust == "none"),
        ("trust:verified", lambda trust, vulns: trust in {"ok", "ok?"}),
        ("trust:unread", lambda trust, vulns: trust == "-"),
        ("vuln:critical", lambda trust, vulns: vulns.startswith("!")),
        ("exploited:yes", lambda trust, vulns: vulns.startswith("!")),
        ("cve:CVE-2021-44228", lambda trust, vulns: vulns.startswith("!")),
        ("cve:GHSA-jfh8", lambda trust, vulns: vulns.startswith("!")),
        ("vuln:none", lambda trust, vulns: vulns == "0/0/0"),
        ("fixed:yes", lambda trust, vulns: "/" in vulns and vulns != "0/0/0"),
    ],
)
def test_filters(query: str, holds: Callable[[str, str], bool]) -> None:
    every = shown_by(gallery(), "")
    left = shown_by(gallery(), query)
    assert left, query
    assert left == {words for words in every if holds(*words.split(" ", 1))}


def test_every_word_that_a_column_shows_finds_its_rows() -> None:
    for number, field in ((2, "trust"), (3, "vuln"), (4, "distro")):
        for word in {entry.row.cells[number].text for entry in ImagesPane().entries(gallery(), NOW)}:
            query = f'{field}:"{word}"'
            found = arrange(ImagesPane().entries(gallery(), NOW), ListState(query=query), Filters())
            shown = [entry.row.cells[number].text for entry in found]
            assert word in shown, query
            if word not in {"?", "-", "ok"}:  # signs that others have too
                assert all(word in text for text in shown), query


def test_the_registry_gives_way_before_the_name() -> None:
    named: list[Resource] = [
        Image.build(key=image().key._replace(id=f"sha256:{n}"), name=f"127.0.0.1:5905/prod/{n}:1", repo_tags=())
        for n in ("signed", "unsigned")
    ]
    entries = ImagesPane().entries(judged(filled({**made(), Kind.IMAGE: named, Kind.IMAGE_ANALYSIS: []})), NOW)
    found = {fit(entry.row.cells[1], 16, cut=ImagesPane.columns[1].cut).text for entry in entries}
    assert found == {"~5/prod/signed:1", "~prod/unsigned:1"}


def test_a_recording_names_no_key_that_refuses() -> None:
    bare = judged(filled({**made(), Kind.IMAGE_ANALYSIS: []}))
    health = SourceHealth("bundle", "demo.bundle", Status.OK)
    recorded = replace(bare, snapshot=structs.replace(bare.snapshot, sources={SOURCE: health}))
    found = standing.analysis_of(recorded.snapshot, image().key)
    assert "not in this recording" in str(found.peek("contents"))
    assert View(recorded.snapshot, SOURCE, Policy()).analysis(image().id) is found
    told = [each.cell.text for each in ImagesPane().facts(image(), recorded, 80, NOW)]
    told.append(ImagesPane().headline(recorded, Shown(1, 1)).text)
    assert any("not in this recording" in text for text in told)
    assert not [text for text in told if "v looks" in text or "press v" in text]
    assert [cell.text for cell in rows(recorded)[str(image().key)].row.cells[2:5]] == ["-", "-", "-"]


def test_a_package_finds_the_images_that_hold_it_and_no_plain_word_does() -> None:
    found = arrange(ImagesPane().entries(world(), NOW), ListState(query="package:log4j"), Filters())
    assert found
    for entry in found:
        key = entry.key
        assert isinstance(key, ResourceKey)
        assert any("log4j" in each.name for each in standing.analysis_of(world().snapshot, key).contents.packages)
    assert arrange(ImagesPane().entries(world(), NOW), ListState(query="log4j"), Filters()) == []
    exact = arrange(ImagesPane().entries(world(), NOW), ListState(query='package:"openssl 3.0.11"'), Filters())
    assert len(exact) == len(found)


def test_sorted_by_trust_and_by_vulnerabilities_the_worst_come_first() -> None:
    entries = ImagesPane().entries(world(), NOW)
    by_trust = arrange(entries, ListState(sort="trust"), Filters())
    assert by_trust[0].row.cells[2].text == "BAD"
    by_vulnerabilities = arrange(entries, ListState(sort="vulns"), Filters())
    assert by_vulnerabilities[0].row.cells[3].text.startswith("!")
    assert by_vulnerabilities[-1].row.cells[3].text in {"-", "?", "no db"}


def with_analyses(picture: Picture, *found: ImageAnalysis) -> Picture:
    """The picture with these besides the analyses that it has."""
    known: dict[ResourceKey, Resource] = {**picture.snapshot.by_kind[Kind.IMAGE_ANALYSIS]}
    known |= {each.key: each for each in found}
    by_kind = {**picture.snapshot.by_kind, Kind.IMAGE_ANALYSIS: known}
    return replace(picture, snapshot=structs.replace(picture.snapshot, by_kind=by_kind))


def test_a_result_makes_its_own_row_again_and_no_other() -> None:
    pane = ImagesPane()
    first = rows(world(), pane)
    after = rows(with_analyses(world(), analysis()), pane)
    assert [key for key in after if after[key] is not first[key]] == [str(image().key)]
    waits = rows(replace(with_analyses(world(), analysis()), waiting=frozenset({image().key})), pane)
    assert [key for key in waits if waits[key] is not after[key]] == [str(image().key)]


def test_rows_in_work_show_dots_until_something_is_known() -> None:
    bare = list(world().snapshot.of(Image))
    unread = next(each for each in bare if standing.analysis_of(world().snapshot, each.key) is NOT_ANALYSED)
    picture = replace(world(), waiting=frozenset({unread.key}))
    assert [cell.text for cell in rows(picture)[str(unread.key)].row.cells[2:5]] == ["..", "..", ".."]
    assert [cell.text for cell in rows(world())[str(unread.key)].row.cells[2:5]] == ["-", "-", "-"]


def test_data_grow_old_by_themselves() -> None:
    pane = ImagesPane()
    before = {entry.key: entry for entry in pane.entries(world(), NOW)}[image().key]
    after = {entry.key: entry for entry in pane.entries(world(), NOW + 20 * 86400)}[image().key]
    assert not before.row.cells[3].text.endswith("?") and after.row.cells[3].text.endswith("?")
    patient = replace(world(), policy=Policy(max_report_age=90))
    again = {entry.key: entry for entry in pane.entries(patient, NOW + 20 * 86400)}[image().key]
    assert not again.row.cells[3].text.endswith("?")


def test_the_line_over_the_list_counts_what_is_known() -> None:
    words = ImagesPane().headline(gallery(), Shown(3, 3)).text
    assert "BAD 1" in words and "none 1" in words and "oldest 40d" in words
    nobody = filled({**made(), Kind.IMAGE_ANALYSIS: []})
    assert "v looks into one" in ImagesPane().headline(Picture(nobody.snapshot()), Shown(3, 3)).text


def test_what_is_exploited_and_runs_is_the_first_news() -> None:
    running = next(iter(running_images(world())))
    subject = world().snapshot.get(running)
    assert isinstance(subject, Image)
    picture = judged(filled({**made(), Kind.IMAGE_ANALYSIS: [made_up.analysis(subject, NOW)]}))
    found = NEWS.exploited(picture)
    assert [each.one.id for each in found] == ["CVE-2021-44228"]
    words, _ = exploited_words(found[0], picture)
    assert words == "exploited: CVE-2021-44228 log4j-core 2.14.1, fixed in 2.15.0"
    for width, height in ((79, 20), (119, 36), (199, 46)):
        lines = [entry.cell.text for entry in OverviewPane().lines(picture, width, height, NOW)]
        place = next(number for number, text in enumerate(lines) if "WORST FIRST" in text)
        assert "exploited: CVE-2021-44228" in lines[place + 1], (width, lines)
        assert any(text.startswith(" IMAGES") and "not looked at" in text for text in lines) or width < 100
    excused = made_up.analysis(
        subject, NOW, vulnerabilities=made_up.vulnerabilities(
            subject, NOW, found=(one("CVE-1", Rating.CRITICAL, exploited=True, excused="not affected"),)
        ),
    )  # fmt: skip
    assert NEWS.exploited(judged(filled({**made(), Kind.IMAGE_ANALYSIS: [excused]}))) == ()


def test_the_overview_says_nothing_of_images_while_nobody_has_looked() -> None:
    picture = judged(filled({**made(), Kind.IMAGE_ANALYSIS: []}))
    lines = [entry.cell.text for entry in OverviewPane().lines(picture, 119, 36, NOW)]
    assert not any(text.startswith(" IMAGES") for text in lines)


def test_ten_thousand_images_are_listed_quickly() -> None:
    subject, found = image(), analysis()
    images: dict[ResourceKey, Resource] = {}
    known: dict[ResourceKey, Resource] = {}
    for number in range(10_000):
        key = ResourceKey(Kind.IMAGE, SOURCE, f"sha256:{number:064x}")
        values = {name: subject.peek(name) for name in subject.field_names if name != "gaps"}
        images[key] = Image.build(**{**values, "key": key, "name": f"shop/web:{number}"})
        mine = key._replace(kind=Kind.IMAGE_ANALYSIS)
        parts = {part: found.peek(part) for part in ("contents", "provenance", "vulnerabilities")}
        known[mine] = ImageAnalysis.build(key=mine, name="", **parts)
    snapshot = structs.replace(
        world().snapshot, by_kind={**world().snapshot.by_kind, Kind.IMAGE: images, Kind.IMAGE_ANALYSIS: known}
    )
    picture, pane = replace(world(), snapshot=snapshot), ImagesPane()
    first = pane.entries(picture, NOW)
    pane.headline(picture, Shown(1, 1))
    started = time.process_time()
    again = pane.entries(replace(picture), NOW)
    pane.headline(replace(picture), Shown(1, 1))
    assert time.process_time() - started < 1.0
    assert all(a is b for a, b in zip(first, again, strict=True))
    started = time.process_time()
    assert len(arrange(first, ListState(query="package:log4j trust:ok"), Filters())) == 10_000
    assert time.process_time() - started < 3.0
