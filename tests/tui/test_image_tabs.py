"""The tabs of an image: what was found, what was not looked at, and no secret of it; quick also for large images."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from inventory.contents.model import Layer, Package
from inventory.gap import Gap, Reason
from inventory.image import Image
from inventory.image_analysis import NOT_ANALYSED, ImageAnalysis
from inventory.resource import Kind
from inventory.signatures.model import Mark
from inventory.vulnerabilities.model import Rating, Vulnerability
from tests.hostile import HOSTILE, forbidden
from tests.tui import analyses as made_up
from tests.tui.stage import detail_text, place, play
from tests.tui.test_hostile import evil_world, poisoned
from tests.tui.test_images import analysis, image, with_analyses
from tests.tui.test_scanning import Noted
from tests.tui.world import NOW, filled, judged, made, world
from tui.analysing import Analyst
from tui.detail import image as image_tabs
from tui.detail.image import step_words
from tui.detail.tab import Context, tabs_of
from tui.panes.images.standing import analysis_of
from tui.picture import Picture

READ = ("signatures", "vulnerabilities", "packages", "layers", "secrets")
SIZES = [(80, 24), (200, 50)]


def texts(tab: str, found: ImageAnalysis | None, width: int = 200, **changes: Any) -> list[str]:
    """The lines of a tab of the image with this analysis, or with none."""
    picture = world()
    if found is None:
        known = {key: one for key, one in picture.snapshot.by_kind[Kind.IMAGE_ANALYSIS].items() if key.id != image().id}
        picture = judged(filled({**made(), Kind.IMAGE_ANALYSIS: list(known.values())}))
    else:
        picture = with_analyses(picture, found)
    return lines(tab, picture, width)


def lines(tab: str, picture: Picture, width: int = 200) -> list[str]:
    """The same of a picture."""
    one = next(each for each in tabs_of(image()) if each.id == tab)
    assert one.lines is not None
    return [entry.cell.text for entry in one.lines(image(), Context(picture, width, NOW))]


def test_an_image_has_its_tabs_in_the_order_in_which_one_asks() -> None:
    assert [tab.id for tab in tabs_of(image())][:8] == [
        "findings", "signatures", "vulnerabilities", "packages", "layers", "secrets", "config", "inspect",
    ]  # fmt: skip


@pytest.mark.parametrize("tab", READ)
def test_a_tab_of_what_nobody_has_read_says_so_and_which_key_reads_it(tab: str) -> None:
    told = "\n".join(texts(tab, None))
    assert "not read yet" in told and "v looks" in told and "ctrl+x cancels" in told


@pytest.mark.parametrize("tab", READ)
def test_a_tab_of_what_could_not_be_read_says_why(tab: str) -> None:
    gap = Gap(Reason.TIMEOUT, "the layers", "no answer in 5 s")
    told = "\n".join(texts(tab, analysis(contents=gap, provenance=gap, vulnerabilities=gap)))
    assert str(gap) in told and "v looks again" in told


@pytest.mark.parametrize("width", [80, 200])
def test_the_chain_of_a_signature_has_a_mark_for_every_link(width: int) -> None:
    told = texts("signatures", analysis(), width)
    assert told[0].strip() == "signed by release-key"
    for step in made_up.provenance(image(), NOW).signatures[0].steps:
        mark = {True: "ok", False: "FAIL", None: "?"}[step.holds]
        assert any(text.split()[:1] == [mark] and step.what in text and step.value in text for text in told), step
    assert any("FAIL: untrusted_certificate" in text for text in told)
    assert any("FAIL" in text and "certificate" in text and "Somebody Else" in text for text in told)
    assert any("slsa.dev/provenance" in text and text.split()[0] == "ok" for text in told)
    assert any("cyclonedx" in text and text.split()[0] == "?" for text in told)
    assert any("COULD NOT BE LOOKED AT 1" in text for text in told)
    assert any("timed out after 5 s" in text for text in told)


def test_a_rule_about_a_claimed_name_is_told_where_no_registry_knows_the_image() -> None:
    claimed = made_up.provenance(
        image(), NOW, mark=Mark.UNKNOWN, repository="", signatures=(), looked=(), missed=(),
        rule="rule 1 (prod/**)", demanded=True, detail="built here",
    )  # fmt: skip
    told = texts("signatures", analysis(provenance=claimed))
    assert told[0].strip() == "a signature is demanded, and built here"
    assert any(text.split()[:2] == ["policy", "rule"] and "prod/**" in text for text in told)
    assert any("no place was looked at" in text for text in told)
    assert not [text for text in told if "LOOKED AT" in text]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"leads_here": None}, "nobody looked whether its digest leads to this very image"),
        ({"leads_here": False}, "leads to another image"),
        ({"mark": Mark.UNSIGNED}, "no signature was found, and the policy demands one"),
        ({"mark": Mark.UNSUPPORTED}, "cannot be judged here"),
        ({"mark": Mark.UNKNOWN, "repository": ""}, "built or loaded here"),
        ({"mark": Mark.UNKNOWN, "detail": "the registry refused"}, "not known: the registry refused"),
        ({"mark": Mark.FAILED, "reason": "bad_signature"}, "not good (bad_signature)"),
    ],
)
def test_the_first_line_of_signatures_is_the_verdict(changes: dict[str, Any], words: str) -> None:
    found = analysis(provenance=made_up.provenance(image(), NOW, **changes))
    assert words in texts("signatures", found)[0]


@pytest.mark.parametrize("width", [80, 200])
def test_vulnerabilities_come_worst_first_with_what_brought_them_and_the_excused_below(width: int) -> None:
    told = texts("vulnerabilities", analysis(), width)
    ids = [word for text in told for word in text.split() if word.startswith(("CVE-", "GHSA-"))]
    assert ids == [one.id for one in made_up.found()]
    assert ids[0] == "CVE-2021-44228" and ids[-1] == "CVE-2010-4756"
    whole = "\n".join(told)
    for words in (
        "EXPLOITED", "2.15.0", "10.0", "97.4%", "osv,trivy", "layer 4", "pip install", "no fix", "EXCUSED 1",
        "distribution says unimportant", "2 critical, 1 high, 2 medium, 0 low, 1 unrated", "4 have a fix",
        "data 3d old",
    ):  # fmt: skip
        assert words in whole, words
    assert whole.index("EXCUSED 1") < whole.index("CVE-2010-4756")


def test_vulnerabilities_that_nobody_looked_for_are_not_said_to_be_none() -> None:
    nobody = analysis(vulnerabilities=made_up.vulnerabilities(image(), NOW, found=(), said=()))
    told = "\n".join(texts("vulnerabilities", nobody))
    assert "nobody has said anything" in told and "none is known" not in told
    some = made_up.vulnerabilities(image(), NOW, found=(), unmatched=("12 packages of Alpine: no data",))
    told = "\n".join(texts("vulnerabilities", analysis(vulnerabilities=some)))
    assert "not known: nothing was found" in told and "12 packages of Alpine" in told
    assert "none is known" not in told and "0 critical" not in told


def test_attestations_that_nobody_looked_for_are_not_said_to_be_none() -> None:
    asked = analysis(provenance=made_up.provenance(image(), NOW, attestations=()))
    assert "none was found" in "\n".join(texts("signatures", asked))
    nobody = analysis(provenance=made_up.provenance(image(), NOW, attestations=(), looked=()))
    told = "\n".join(texts("signatures", nobody))
    assert "not looked for" in told and "none was found" not in told


def test_contents_that_could_not_all_be_read_say_so_in_every_tab() -> None:
    half = made_up.contents(
        image(), NOW, complete=False, problems=("layer 3: the stream ended early",), packages=(), secrets=()
    )
    for tab in ("packages", "layers", "secrets"):
        told = "\n".join(texts(tab, analysis(contents=half)))
        assert "NOT ALL OF IT COULD BE READ" in told and "the stream ended early" in told
    assert "none was found in what could be read" in "\n".join(texts("secrets", analysis(contents=half)))


@pytest.mark.parametrize("width", [80, 200])
def test_packages_layers_and_secrets(width: int) -> None:
    packages = texts("packages", analysis(), width)
    assert "8 packages   deb 5  maven 1  pypi 2" in packages[0]
    assert any(text.split()[:4] == ["deb", "curl", "7.88.1-10+deb12u5", "2"] for text in packages)
    layers = "\n".join(texts("layers", analysis(), width))
    assert "5 layers, 127M; 3M wasted (2 %)" in layers and "lib3.so" in layers and "/var/lib/apt/lists" in layers
    assert "RUN apt-get update" in layers and "###" in layers
    secrets = "\n".join(texts("secrets", analysis(), width))
    assert "/app/.env" in secrets and "layer 5 deletes it, which does not take it out of the image" in secrets
    assert secrets.index("/app/.env") < secrets.index("/root/.ssh/id_rsa")


@pytest.mark.parametrize("width", [80, 200])
def test_no_tab_shows_a_secret_of_a_build_step(width: int) -> None:
    for tab in (*READ, "config"):
        assert "hunter2" not in "\n".join(texts(tab, analysis(), width)), tab


def test_config_masks_the_environment_and_says_who_runs() -> None:
    values = {name: image().peek(name) for name in image().field_names if name != "gaps"}
    env = ("PATH=/bin", "DB_PASSWORD=hunter2hunter2", "BROKEN")
    rich = Image.build(**values | {"env": env, "user": ""})
    one = next(each for each in tabs_of(rich) if each.id == "config")
    assert one.lines is not None
    told = "\n".join(entry.cell.text for entry in one.lines(rich, Context(world(), 80, NOW)))
    for title in ("user", "entrypoint", "command", "ports", "volumes", "ENVIRONMENT 3", "LABELS"):
        assert title in told
    assert "hunter2" not in told and "DB_PASSWORD" in told and "PATH = /bin" in told and "root: none is set" in told


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ('/bin/sh -c #(nop)  CMD ["x"]', 'CMD ["x"]'),
        ("RUN |1 A=b /bin/sh -c ./c # buildkit", "RUN ./c"),
        ("|2 A=b C=d /bin/sh -c make", "RUN make"),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN /bin/bash -o pipefail -ec x", "RUN x"),
        ("COPY a /b # buildkit", "COPY a /b"),
        ("", ""),
    ],
)
def test_steps_read_as_the_dockerfile_had_them(step: str, words: str) -> None:
    assert step_words(step) == words


def large() -> ImageAnalysis:
    """3,000 packages, 2,000 vulnerabilities, 120 layers."""
    layers = tuple(
        Layer(made_up.diff_id(number), number << 20, created_by=f"RUN step {number}") for number in range(120)
    )
    packages = tuple(
        Package("deb", f"package-{number}", f"1.{number}-1", "/var/lib/dpkg/status", made_up.diff_id(number % 120))
        for number in range(3000)
    )
    found = tuple(
        Vulnerability(
            f"CVE-2024-{number:05}", f"package-{number}", "1.0", rating=Rating(number % 6),
            layer=made_up.diff_id(number % 120), summary="something is wrong with it",
        )
        for number in range(2000)
    )  # fmt: skip
    return analysis(
        contents=made_up.contents(image(), NOW, layers=layers, packages=packages),
        vulnerabilities=made_up.vulnerabilities(image(), NOW, found=found),
    )


@pytest.mark.parametrize("tab", ["packages", "vulnerabilities", "layers"])
def test_a_large_image_is_written_down_once(tab: str) -> None:
    picture = with_analyses(world(), large())
    one = next(each for each in tabs_of(image()) if each.id == tab)
    assert one.lines is not None
    started = time.process_time()
    first = one.lines(image(), Context(picture, 80, NOW))
    assert time.process_time() - started < 2.0
    started = time.process_time()
    for _ in range(100):
        assert one.lines(image(), Context(picture, 80, NOW)) is first
    assert time.process_time() - started < 0.2
    assert one.lines(image(), Context(picture, 200, NOW)) is not first
    other = with_analyses(world(), analysis())
    assert one.lines(image(), Context(other, 80, NOW)) is not first


def test_no_more_tabs_are_kept_than_are_looked_at() -> None:
    for width in range(60, 200):
        lines("packages", world(), width)
    assert len(image_tabs._MADE) <= image_tabs.KEPT


async def test_keys_are_quick_in_a_tab_of_thousands_of_lines() -> None:
    async with play(with_analyses(world(), large()), size=(80, 24)) as here:
        here.deck.enter(image().key)
        here.deck.turn("vulnerabilities")
        await here.press()
        view = detail_text(here)
        before = view.lines
        started = time.process_time()
        for _ in range(20):
            here.deck.show_picture()
        assert time.process_time() - started < 1.0
        assert detail_text(here).lines is before, "the same lines are not set again"
        await here.press("slash")
        await here.type("CVE-2024-01999")
        await here.press("enter")
        assert "CVE-2024-01999" in here.text


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_tab_opens_from_the_list_also_where_nothing_is_known(size: tuple[int, int]) -> None:
    picture = judged(filled({**made(), Kind.IMAGE_ANALYSIS: []}))
    async with play(picture, size=size) as here:
        await here.press("1", "enter")
        for tab in (*READ, "config"):
            here.deck.turn(tab)
            await here.press()
            assert place(here) == f"images:image:{tab}"
        assert analysis_of(picture.snapshot, image().key) is NOT_ANALYSED


async def test_a_tab_fills_when_its_part_comes() -> None:
    empty = judged(filled({**made(), Kind.IMAGE_ANALYSIS: []}))
    async with play(empty, size=(80, 24)) as here:
        here.deck.enter(image().key)
        here.deck.turn("packages")
        await here.press()
        assert "nothing here can look into it" in here.text
        here.session.analyst = cast(Analyst, Noted())
        here.deck.show_picture()
        await here.press()
        assert "v looks" in here.text
        await here.show(judged(filled({**made(), Kind.IMAGE_ANALYSIS: [analysis()]})))
        assert "8 packages" in here.text


async def test_the_image_of_a_container_is_one_key_away() -> None:
    async with play(size=(120, 40)) as here:
        await here.press("2")
        entry = next(
            each for each in here.deck.entries
            if any("vulnerabilities" in line.cell.text for line in here.deck.pane.preview(each.key, world(), 60, NOW))
        )  # fmt: skip
        shown = here.deck.pane.preview(entry.key, world(), 60, NOW)
        link = next(line for line in shown if "vulnerabilities" in line.cell.text)
        here.deck.enter(link.meta)
        await here.press()
        assert place(here) == "containers:image:findings"


@pytest.mark.parametrize("width", [20, 80, 200])
def test_hostile_text_of_an_analysis_stays_text(width: int) -> None:
    for text in HOSTILE:
        parts = {
            name: poisoned(part, text)
            for name, part in (
                ("contents", made_up.contents(image(), NOW)),
                ("provenance", made_up.provenance(image(), NOW)),
                ("vulnerabilities", made_up.vulnerabilities(image(), NOW)),
            )
        }
        picture = with_analyses(world(), analysis(**parts))
        for tab in (*READ, "config"):
            for shown in lines(tab, picture, width):
                assert forbidden(shown) is None, (tab, shown)


def test_the_hostile_world_has_analyses_of_its_images() -> None:
    snapshot = evil_world().snapshot
    found = [analysis_of(snapshot, key) for key in snapshot.by_kind[Kind.IMAGE]]
    assert all(each is not NOT_ANALYSED for each in found)


async def test_a_tab_is_jumped_to_by_a_letter_that_a_text_has_a_use_for() -> None:
    async with play(size=(80, 24)) as here:
        await here.press("1", "enter")
        for letter, tab in (("p", "packages"), ("l", "layers"), ("c", "config"), ("l", "layers"), ("f", "findings")):
            await here.press("t", letter)
            assert place(here) == f"images:image:{tab}"
        await here.press("t", "p", "t", "escape", "j")
        assert place(here) == "images:image:packages"
        assert detail_text(here).cursor_line == 1, "and the text has its keys again"
