"""Figures, bars and the report: what is printed is what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.figures import Figure, Spread, number, ratio, scaled
from benchmarks.report import as_json, as_markdown, as_text, summary, write

MET = Figure("Start", "first paint", 210.0, "ms", 250.0, "median of 5")
MISSED = Figure("Start", "full list", 1.31, "s", 1.2)
UNMEASURED = Figure("Keys", "median", None, "ms", 12.0, "no rows")
PLAIN = Figure("Keys", "floor", 1490.4, "B")


@pytest.mark.parametrize(("figure", "verdict"), [(MET, "OK"), (MISSED, "MISS"), (UNMEASURED, "MISS"), (PLAIN, "")])
def test_verdict(figure: Figure, verdict: str) -> None:
    assert figure.verdict == verdict


def test_a_value_at_its_bar_is_good_enough() -> None:
    assert Figure("", "", 0.0, "", 0.0).verdict == "OK"
    assert Figure("", "", 1.0, "", 0.0).verdict == "MISS"


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (0, "0"), (0.4213, "0.421"), (12.34, "12.3"), (1490.4, "1,490"), (2.5, "2.5")]
)
def test_numbers_have_three_digits(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_spread_of_some_and_of_nothing() -> None:
    spread = Spread.of([3.0, 1.0, 2.0])
    assert (spread.best, spread.median, spread.p90) == (1.0, 2.0, 3.0)
    assert spread.words("ms", 1000) == "median of 3, min 1,000, max 3,000 ms"
    nothing = Spread.of([])
    assert (nothing.best, nothing.median, nothing.p90) == (None, None, None)
    assert nothing.words("ms") == "nothing was measured"


def test_p90_of_many() -> None:
    assert Spread.of([float(value) for value in range(1, 102)]).p90 == pytest.approx(91.0)


def test_missing_values_stay_missing() -> None:
    assert ratio(None, 2.0) is None
    assert ratio(2.0, None) is None
    assert ratio(2.0, 0.0) is None
    assert ratio(3.0, 2.0) == 1.5
    assert scaled(None, 1000) is None


def test_the_table_shows_value_bar_and_verdict_of_every_figure() -> None:
    lines = [" ".join(line.split()) for line in as_text([MET, MISSED, UNMEASURED, PLAIN]).splitlines()]
    assert lines[0] == "Start"
    assert "first paint 210 ms <= 250 OK median of 5" in lines
    assert "full list 1.31 s <= 1.2 MISS" in lines
    assert "median not measured <= 12.0 MISS no rows" in lines
    assert "floor 1,490 B" in lines


def test_markdown_has_a_table_for_each_section_and_survives_bars_in_text() -> None:
    text = as_markdown([MET, Figure("Keys", "a|b", 1.0, "")], {"when": "now"})
    assert "- when: now" in text
    assert "| first paint | 210 ms | <= 250 | OK | median of 5 |" in text
    assert "a\\|b" in text
    assert text.count("## ") == 2


def test_files_are_written_and_can_be_read_back(tmp_path: Path) -> None:
    path = write([MET, UNMEASURED], {"when": "now"}, tmp_path / "results")
    assert path.read_text(encoding="utf-8") == as_markdown([MET, UNMEASURED], {"when": "now"})
    document = json.loads((tmp_path / "results" / "latest.json").read_text(encoding="utf-8"))
    assert document == json.loads(as_json([MET, UNMEASURED], {"when": "now"}))
    assert [figure["verdict"] for figure in document["figures"]] == ["OK", "MISS"]


def test_summary_names_what_is_missed() -> None:
    assert summary([MET, PLAIN]) == "1 of 1 bars met"
    assert summary([MET, MISSED]) == "1 of 2 bars met; missed: full list"
