"""Numbers, ages and names in few characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.gap import Gap, Reason
from tui.format import age, clock, image_reference, missing, short_id, since, size, stamp


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0s"), (0, "0s"), (59.9, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (2 * 86400 - 1, "47h"),
        (2 * 86400, "2d"), (41 * 86400, "41d"),
    ],
)  # fmt: skip
def test_age(seconds: float, words: str) -> None:
    assert age(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0B"), (1023, "1023B"), (1024, "1K"), (88 << 20, "88M"), (999 << 20, "999M"), (1000 << 20, "1.0G"),
        (int(1.9 * (1 << 30)), "1.9G"), (2 << 40, "2.0T"), (1 << 60, "1024P"),
    ],
)  # fmt: skip
def test_size(count: int, words: str) -> None:
    assert size(count) == words


@given(st.integers(min_value=0, max_value=(1 << 50) - 1))
def test_sizes_fit_their_column(count: int) -> None:
    assert len(size(count)) <= 5


@given(st.floats(min_value=-1e9, max_value=9999 * 86400.0))
def test_ages_fit_their_column(seconds: float) -> None:
    assert len(age(seconds)) <= 5


def test_never_is_a_dash() -> None:
    assert since(0, 100.0) == "-"
    assert stamp(0) == "-"
    assert since(40.0, 100.0) == "1m"


def test_moments_are_utc() -> None:
    assert clock(1795433520.0) == "11:32:00Z"
    assert stamp(1795433520.0) == "2026-11-23 11:32:00Z"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("docker.io/library/redis:7", "redis:7"),
        ("docker.io/prom/prometheus", "prom/prometheus"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ("redis@sha256:" + "a" * 64, "redis@" + "a" * 12),
        ("sha256:" + "b" * 64, "b" * 12),
        ("", ""),
    ],
)
def test_references(reference: str, words: str) -> None:
    assert image_reference(reference) == words


def test_ids_and_gaps() -> None:
    assert short_id("sha256:" + "c" * 64) == "c" * 12
    assert missing(Gap(Reason.PENDING, "x")) == ".."
    for reason in set(Reason) - {Reason.PENDING}:
        assert missing(Gap(reason, "x")) == "?"
