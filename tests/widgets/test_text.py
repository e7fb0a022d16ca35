"""Text from outside: what passes the gate, and how it is cut."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.text import CUT, clip, is_safe, middle, safe, width
from tests.hostile import HOSTILE, forbidden
from widgets.cells import Cell, clean, crop, fit, overlay, segments, text_width
from widgets.style import PALETTES

ANY = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(HOSTILE)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_passes(text: str) -> None:
    assert forbidden(safe(text)) is None
    assert forbidden(clean(text)) is None
    assert clean(text, ascii_only=True).isascii()


def test_no_code_point_at_all_passes_that_must_not() -> None:
    leaks = [hex(code) for code in range(sys.maxunicode + 1) if is_safe(chr(code)) and forbidden(chr(code))]
    assert leaks == []


def test_markup_and_ordinary_text_are_left_alone() -> None:
    for text in ("[red]x[/]", "web-api", "café", "漢字", "наме", "e\u0301", "Ελλάδα"):
        assert safe(text) == text


def test_a_pile_of_marks_is_cut_down() -> None:
    assert safe("e" + "\u0301" * 40).count("\u0301") <= 3


@given(ANY, st.integers(0, 50))
def test_the_limit_holds_and_safe_is_stable(text: str, limit: int) -> None:
    once = safe(text, limit)
    assert len(once) <= limit
    assert safe(once, limit) == once
    assert len(text) <= limit or limit == 0 or once.endswith(CUT)


@given(ANY, st.integers(0, 30))
def test_cuts_fit_and_keep_what_fits(text: str, cells: int) -> None:
    text = safe(text)
    for cut in (clip, middle):
        made = cut(text, cells)
        assert width(made) <= cells
        assert made == text or width(text) > cells


def test_the_middle_goes_first() -> None:
    assert middle("registry.example/team/web-api:2.4", 15) == "registr~api:2.4"
    assert clip("registry.example", 8) == "registr~"


@pytest.mark.parametrize(
    ("wide", "shown"),
    [
        (32, "127.0.0.1:5905/prod/unsigned:1  "), (29, "~7.0.0.1:5905/prod/unsigned:1"), (17, "~/prod/unsigned:1"),
        (16, "~prod/unsigned:1"), (10, "~prod~ed:1"), (5, "~pr~1"), (1, "~"),
    ],
)  # fmt: skip
def test_what_leads_gives_way_first(wide: int, shown: str) -> None:
    assert fit(Cell((("127.0.0.1:5905/", "normal"), ("prod/unsigned:1", "normal"))), wide, cut="lead").text == shown
    assert middle("abcdef", 3) == "ab~"


@given(ANY, ANY, st.integers(0, 40), st.sampled_from(["left", "right"]), st.sampled_from(["end", "middle", "lead"]))
def test_a_fitted_cell_is_exactly_as_wide_as_asked(one: str, two: str, wide: int, align: str, cut: str) -> None:
    cell = Cell.join(Cell.of(one, "high"), (two, "low"))
    made = fit(cell, wide, align, cut)  # type: ignore[arg-type]  # drawn from the literals
    assert made.width == wide
    assert forbidden(made.text) is None


@given(ANY, st.integers(0, 20), st.integers(0, 20))
def test_a_crop_is_never_wider_than_asked(text: str, start: int, wide: int) -> None:
    cell = Cell.of(text)
    made = crop(cell, start, wide)
    assert made.width == max(0, min(wide, cell.width - start))


def test_overlay_repaints_ranges_across_spans() -> None:
    cell = Cell((("abc", "high"), ("def", "low")))
    assert overlay(cell, [(2, 4)], "match").spans == (("ab", "high"), ("cd", "match"), ("ef", "low"))


def test_segments_join_equal_looks_and_clean_once_more() -> None:
    cell = Cell((("a", "normal"), ("b", "normal"), ("C1", "critical")))
    made = segments(cell, PALETTES["colour"])
    assert [segment.text for segment in made] == ["ab", "C1"]
    object.__setattr__(cell, "spans", (("x\x1b[2J", "normal"),))
    assert forbidden(segments(cell, PALETTES["colour"])[0].text) is None


def test_ascii_keeps_the_width() -> None:
    assert clean("漢a", ascii_only=True) == "??a"
    assert text_width(clean("漢a", ascii_only=True)) == text_width("漢a")
