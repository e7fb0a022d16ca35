"""Badges, findings, evidence, sparklines, status lines, palettes: plain data in, cells out."""

from __future__ import annotations

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import HOSTILE, forbidden
from tests.widgets.harness import Bench, settle
from widgets.badge import mark, severity_cell, verdict_cell
from widgets.cells import Cell
from widgets.evidence import evidence_lines
from widgets.findings import FINDING_COLUMNS, EvidenceView, FindingsList, FindingView, finding_row
from widgets.fuzzy import best, score
from widgets.sparkline import ASCII_LEVELS, BLOCK_LEVELS, sparkline
from widgets.statusline import FooterLine, StatusLine, Tab, TabLine, age, freshness_cell, host_cell
from widgets.style import PALETTES, Role, choose

FINDING = FindingView(
    key=1,
    check_id="RUN-004",
    title="docker.sock mounted read-write",
    severity="critical",
    verdict="fail",
    message="the engine's socket is writable inside",
    domain="runtime",
    object="ci-run-4",
    age="12m",
    evidence=(EvidenceView("HostConfig.Binds[0]", "/var/run/docker.sock:/var/run/docker.sock:rw", "link"),),
    why="Whoever controls this container controls the host. " * 3,
    fix="Drop the mount.\n    docker run --rm IMAGE",
    references=("CIS-Docker-1.8:5.32", "ATT&CK:T1611"),
    waiver="",
)


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({"critical": 1, "high": 2, "medium": 4, "low": 9}, "C1 H2 M4"),
        ({"high": 1, "low": 1}, "H1 L1"),
        ({"high": 0}, "ok"),
        ({}, "ok"),
        ({"info": 3}, "I3"),
    ],
)
def test_badges_show_the_worst_first(counts: dict[str, int], text: str) -> None:
    assert severity_cell(counts).text == text


def test_what_was_not_judged_is_never_ok() -> None:
    assert severity_cell({}, "pending").text == ".."
    assert severity_cell({}, "unknown").text == "?"
    assert severity_cell({}, unknown=2).text == "?"
    assert severity_cell({"low": 1}, unknown=2).text == "L1"
    assert severity_cell({"critical": 1, "low": 1}, top=1).text == "C1"


@pytest.mark.parametrize(
    ("verdict", "sign"),
    [("fail", "C"), ("pass", "."), ("waived", "a"), ("unknown", "?"), ("manual", "m"), ("odd", "?")],
)
def test_a_mark_is_a_letter(verdict: str, sign: str) -> None:
    assert mark("critical", verdict).text == sign
    assert verdict_cell(verdict).text


def test_severities_look_different_in_every_palette() -> None:
    for palette in PALETTES.values():
        looks = [str(palette.style(role)) for role in ("critical", "high", "medium", "low")]
        assert len(set(looks)) == 4, palette.name
        assert all(role in get_args(Role) for role in palette.styles)


def test_mono_names_no_colour() -> None:
    assert not PALETTES["mono"].colour
    for style in PALETTES["mono"].styles.values():
        assert style.color is None
        assert style.bgcolor is None


def test_no_palette_paints_the_background_of_ordinary_text() -> None:
    for palette in PALETTES.values():
        assert palette.style("normal") is None
        for role in ("dim", "accent", "header", "medium", "low", "pass"):
            style = palette.style(role)
            assert style is None or style.bgcolor is None


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"term": "xterm-256color"}, "colour"),
        ({"term": "linux"}, "ansi16"),
        ({"term": "xterm", "colorterm": "truecolor"}, "colour"),
        ({"term": "dumb"}, "mono"),
        ({"term": "vt220-m"}, "mono"),
        ({"term": "xterm-256color", "no_color": True}, "mono"),
    ],
)
def test_the_palette_fits_the_terminal(arguments: dict[str, object], name: str) -> None:
    assert choose(None, **arguments).name == name  # type: ignore[arg-type]  # a table of keyword arguments
    assert choose("light", no_color=True).name == "mono"
    assert choose("light", ascii_only=True).ascii


def test_a_finding_is_a_row() -> None:
    row = finding_row(FINDING)
    assert len(row.cells) == len(FINDING_COLUMNS)
    assert [cell.text for cell in row.cells] == ["C", "RUN-004", FINDING.title, "ci-run-4", "12m", "FAIL"]


def test_evidence_shows_everything_and_links() -> None:
    lines = evidence_lines(FINDING, 60)
    text = "\n".join(entry.cell.text for entry in lines)
    for part in (
        "RUN-004",
        "critical",
        FINDING.title,
        FINDING.message,
        "HostConfig.Binds[0] = /var/run",
        "Fix",
        "T1611",
    ):
        assert part in text
    assert "    docker run --rm IMAGE" in text
    assert "Accepted" not in text
    assert [entry.meta for entry in lines if entry.meta] == ["link", *FINDING.references]
    assert all(entry.cell.width <= 60 for entry in lines if not entry.cell.text.startswith("Evidence"))


async def test_hostile_findings_do_nothing() -> None:
    views = [
        FindingView(
            n, text, text, text, text, text, text, text, text, (EvidenceView(text, text),), text, text, (text,), text
        )
        for n, text in enumerate(HOSTILE)
    ]
    listed = FindingsList()
    listed.set_findings(views)
    async with Bench(listed).run_test(size=(120, 60)) as pilot:
        await settle(pilot)
        assert isinstance(pilot.app, Bench)
        pilot.app.assert_harmless()
        assert listed.current == views[0]
    for view in views:
        assert all(forbidden(entry.cell.text) is None for entry in evidence_lines(view))


async def test_hostile_status_lines_do_nothing() -> None:
    for text in HOSTILE:
        tabs, foot = TabLine(), FooterLine()
        tabs.set_tabs([Tab(text[:3], text, text)], text[:3], Cell.of(text[:5]))
        foot.set_keys([(text, text)] * 9)
        status = StatusLine(host_cell(text, text, text), freshness_cell("lost", text[:20], text[:10]))
        async with Bench(status, tabs, foot).run_test(size=(80, 5)) as pilot:
            assert isinstance(pilot.app, Bench)
            pilot.app.assert_harmless()


async def test_the_age_of_the_data_is_never_cut_away() -> None:
    status = StatusLine(
        host_cell("deckwatch", "h" * 200, "docker 20.10"), freshness_cell("stale", "12s ago", "11:42:07Z")
    )
    async with Bench(status).run_test(size=(60, 3)) as pilot:
        assert isinstance(pilot.app, Bench)
        assert pilot.app.lines[0].endswith("STALE 12s ago  11:42:07Z ")
        assert "~" in pilot.app.lines[0]


async def test_tabs_shrink_and_can_be_clicked() -> None:
    tabs = TabLine()
    tabs.set_tabs([Tab("1", "Images", "64"), Tab("2", "Containers", "!3", "critical"), Tab("3", "Networks")], "2")
    async with Bench(tabs).run_test(size=(80, 3)) as pilot:
        assert isinstance(pilot.app, Bench)
        assert pilot.app.lines[0].rstrip() == " 1 Images 64  2 Containers !3  3 Networks"
        await pilot.resize_terminal(34, 3)
        await settle(pilot)
        assert pilot.app.lines[0].rstrip() == " 1 Ima 64  2 Containers !3  3 Net"


def test_a_footer_has_at_most_seven_keys() -> None:
    foot = FooterLine()
    foot.set_keys([(str(n), f"does{n}") for n in range(20)])
    assert "does6" in foot._shown[0].text
    assert "does7" not in foot._shown[0].text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0s"), (0.42, "0.4s"), (12, "12s"), (1560, "26m"), (10800, "3h"), (41 * 86400, "41d"), (-1, "0.0s")],
)
def test_ages_are_short(seconds: float, text: str) -> None:
    assert age(seconds) == text


def test_sparklines() -> None:
    assert sparkline([0, 1, 4, 8], 4) == "..=%"
    assert sparkline([0, 1, 4, 8], 4, unicode_blocks=True)[-1] == BLOCK_LEVELS[-1]
    assert sparkline([8, None, math.nan, 1], 6) == "  %  ."
    assert sparkline([1, 2], 2, top=100) == ".."
    assert sparkline([], 3) == "   "
    assert sparkline([1], 0) == ""


@given(st.lists(st.none() | st.floats(), max_size=30), st.integers(-2, 20), st.none() | st.floats(), st.booleans())
def test_sparklines_take_any_figures(values: list[float | None], width: int, top: float | None, blocks: bool) -> None:
    line = sparkline(values, width, top=top, unicode_blocks=blocks)
    assert len(line) == max(0, width)
    assert set(line) <= set(BLOCK_LEVELS if blocks else ASCII_LEVELS)


def test_fuzzy_matching_prefers_what_was_meant() -> None:
    labels = ["Export findings", "Sort by name", "Show networks", "Findings"]
    assert best("fin", labels) == [3, 0]
    assert best("nam sort", labels) == [1]
    assert best("sbn", labels) == [1]
    assert best("zzz", labels) == []
    assert best("", labels) == [0, 1, 2, 3]
    assert score("e", "abc") is None
