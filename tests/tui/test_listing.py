"""Which rows a list shows, in which order, and what `.` and `,` find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.result import Summary
from checks.verdict import Severity
from tests.tui.world import NOW, world
from tui.listing import Filters, ListState, arrange, next_failing, problem
from tui.panes import load, specs
from tui.panes.base import Entry
from widgets.table import Row

LISTED = [spec.id for spec in specs() if spec.id != "overview"]


def entry(name: str, *fails: int, minor: bool = False, sort: Mapping[str, Any] | None = None, **fields: str) -> Entry:
    """An entry with failures of these severities, info first."""
    counts = (*fails, 0, 0, 0, 0, 0)
    summary = Summary((counts[0], counts[1], counts[2], counts[3], counts[4]))
    keys = {"sec": summary.rank, "name": name, **(sort or {})}
    return Entry(name, Row(name, ()), keys, {"name": name, **fields}, summary, minor)


def names(entries: list[Entry]) -> list[str]:
    """The names in their order."""
    return [str(found.key) for found in entries]


WEB, DB, OLD = entry("web", 0, 0, 0, 2), entry("db", 0, 0, 1), entry("old", 0, 1, minor=True)
BAD, FINE = entry("bad", 0, 0, 0, 0, 1, img="nginx:1.25"), entry("fine", img="redis:7")
ROWS = [FINE, DB, OLD, WEB, BAD]


def test_the_worst_comes_first_and_equals_by_name() -> None:
    assert names(arrange(ROWS, ListState(), Filters())) == ["bad", "web", "db", "old", "fine"]
    same = [entry("b"), entry("a"), entry("c")]
    assert names(arrange(same, ListState(), Filters())) == ["a", "b", "c"]
    assert names(arrange(same, ListState(descending=False), Filters())) == ["a", "b", "c"]


def test_rows_that_are_not_judged_yet_stand_behind_the_clean_ones() -> None:
    waiting = Entry("waiting", Row("waiting", ()), {"sec": (-1,)}, {"name": "waiting"})
    assert names(arrange([waiting, FINE, BAD], ListState(), Filters())) == ["bad", "fine", "waiting"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ListState(query="img:redis"), ["fine"]),
        (ListState(query="img:nginx,redis"), ["bad", "fine"]),
        (ListState(query="!img:redis sev"), []),
        (ListState(query="!b"), ["old", "fine"]),
        (ListState(query="~^(web|db)$"), ["web", "db"]),
        (ListState(minor=False), ["bad", "web", "db", "fine"]),
        (ListState(failures=True), ["bad", "web", "db", "old"]),
        (ListState(sort="name", descending=False), ["bad", "db", "fine", "old", "web"]),
        (ListState(sort="name"), ["web", "old", "fine", "db", "bad"]),
        (ListState(sort="no such column"), ["bad", "db", "fine", "old", "web"]),
    ],
)
def test_filters_and_orders(state: ListState, expected: list[str]) -> None:
    assert names(arrange(ROWS, state, Filters())) == expected


@pytest.mark.parametrize(
    ("minimum", "expected"),
    [
        (Severity.INFO, ["bad", "web", "db", "old", "fine"]),
        (Severity.LOW, ["bad", "web", "db", "old"]),
        (Severity.HIGH, ["bad", "web"]),
        (Severity.CRITICAL, ["bad"]),
    ],
)
def test_the_minimum_severity_holds_for_failures(minimum: Severity, expected: list[str]) -> None:
    assert names(arrange(ROWS, ListState(), Filters(minimum=minimum))) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("exploited:", ["wild"]), ("!exploited:", ["calm", "dull"]), ("fixed:", ["calm"]), ("exploited:no", ["calm"]),
        ("vuln:high+", ["calm", "wild"]), ("vuln:critical+", ["wild"]), ("vuln:low", ["dull"]),
    ],
)  # fmt: skip
def test_vulnerabilities_are_filtered_by_flags_and_by_what_is_worse(query: str, expected: list[str]) -> None:
    rows = [
        entry("wild", vuln="critical !1/0/0", exploited="yes", fixed="no"),
        entry("calm", vuln="high medium 0/1/2?", exploited="no", fixed="yes"),
        entry("dull", vuln="low 0/0/0", exploited="?", fixed="?"),
    ]
    assert sorted(names(arrange(rows, ListState(query=query), Filters()))) == expected
    assert sorted(names(arrange(rows, ListState(), Filters(pinned=query)))) == expected
    assert problem(rows, rows, ListState(query=query)) == ""
    assert names(arrange(rows, ListState(query="vuln:0/1/2?"), Filters())) == ["calm"]


def test_what_another_field_says_is_hinted_at() -> None:
    rows = [entry("web", vuln="critical 1/0/0", cve="CVE-2022-3219")]
    said = problem(rows, [], ListState(query="vuln:CVE-2022-3219"))
    assert said == "no vuln is CVE-2022-3219: did you mean cve:CVE-2022-3219?"
    assert problem(rows, [], ListState(query="vuln:CVE-1")) == "no vuln is CVE-1"


def test_a_pinned_filter_holds_besides_the_panes_own() -> None:
    assert names(arrange(ROWS, ListState(query="img:redis,nginx"), Filters(pinned="!fine"))) == ["bad"]


def test_numbers_and_words_in_one_column_are_never_compared() -> None:
    mixed = [entry(str(n), sort={"x": value}) for n, value in enumerate([3, "a", None, (1, "b"), 2.5, True, (), "0"])]
    assert len(arrange(mixed, ListState(sort="x"), Filters())) == len(mixed)


def test_each_pane_keeps_its_own_settings() -> None:
    filters = Filters()
    filters.state("images", ("sec", True)).query = "redis"
    assert filters.state("images", ("name", False)).query == "redis"
    assert filters.state("containers", ("name", False)) == ListState("name", False)


def test_next_and_previous_failure_go_round() -> None:
    rows = arrange(ROWS, ListState(sort="name", descending=False), Filters())  # bad db fine old web
    assert next_failing(rows, "db", 1, Severity.INFO) == "old"
    assert next_failing(rows, "web", 1, Severity.INFO) == "bad"
    assert next_failing(rows, "bad", -1, Severity.INFO) == "web"
    assert next_failing(rows, "bad", 1, Severity.HIGH) == "web"
    assert next_failing(rows, None, 1, Severity.INFO) == "bad"
    assert next_failing(rows, None, -1, Severity.INFO) == "web"
    assert next_failing(rows, "gone", 1, Severity.INFO) == "bad"
    assert next_failing([FINE], "fine", 1, Severity.INFO) is None
    assert next_failing([], None, 1, Severity.INFO) is None
    assert next_failing([BAD, FINE], "bad", 1, Severity.INFO) == "bad"


@given(st.text(max_size=60), st.text(max_size=20), st.sampled_from(sorted(LISTED)), st.booleans(), st.booleans())
def test_no_query_breaks_any_pane(query: str, pinned: str, pane: str, down: bool, failures: bool) -> None:
    entries = load(pane).entries(world(), NOW)
    for column in load(pane).columns:
        found = arrange(entries, ListState(column.key, down, query, failures=failures), Filters(pinned))
        assert {item.key for item in found} <= {item.key for item in entries}


@given(st.text(alphabet='!~:,"()[]*+?\\ abcsevimg', max_size=30))
def test_a_query_of_its_own_characters_never_raises(query: str) -> None:
    assert set(names(arrange(ROWS, ListState(query=query), Filters()))) <= set(names(ROWS))


@pytest.mark.parametrize("pane", LISTED)
def test_every_column_sorts_every_pane_both_ways(pane: str) -> None:
    entries = load(pane).entries(world(), NOW)
    assert entries
    for column in load(pane).columns:
        assert all(column.key in item.sort for item in entries), column.key
        both = [arrange(entries, ListState(column.key, down), Filters()) for down in (True, False)]
        assert {item.key for item in both[0]} == {item.key for item in both[1]} == {item.key for item in entries}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", ""),
        ("sev:high", ""),
        ("sev:hihg", "no sev is hihg: did you mean high?"),
        ("stat:running", "no field stat: did you mean state?"),
        ("state:runing", "no state is runing: did you mean running?"),
        ("!state:runing", ""),
        ("port:99999", "no port is 99999"),
        ("domain:runtime", "no field domain here: "),
        ("nowhere", ""),
        ("nginx:1.999", ""),
    ],
)
def test_what_is_most_likely_misspelt_is_named(query: str, said: str) -> None:
    entries = load("containers").entries(world(), NOW)
    state = ListState(query=query)
    found = problem(entries, arrange(entries, state, Filters()), state)
    assert found.startswith(said) if said else not found


def test_a_misspelt_severity_filters_nothing() -> None:
    entries = load("containers").entries(world(), NOW)
    assert len(arrange(entries, ListState(query="sev:hihg"), Filters())) == len(entries)
    assert len(arrange(entries, ListState(), Filters(pinned="sev:hihg"))) == len(entries)
