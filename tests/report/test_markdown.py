"""Markdown that says the same whatever names contain; read back with a GitHub-flavoured parser."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from checks.policy import Waiver
from checks.report import as_json, as_markdown
from checks.report.baseline import baseline
from checks.report.formats import Layout
from checks.report.markdown_text import advice, cell, code, prose
from checks.report.report import Filters
from tests.hostile import HOSTILE, forbidden
from tests.report.cases import make

EVIL = (
    "# heading", "- item", "* item", "1. item", "> quote", "| cell | cell |", "`code`", "``", "a`b``c", "***bold***",
    "[text](http://evil.example)", "![image](http://evil.example/x.png)", "<img src=x>", "<details>", "</details>",
    "@everybody", "see #1", "owner/repo#2", "http://evil.example", "www.evil.example", "a@evil.example", "$x$",
    "deadbeef1234567", "[x]: http://evil.example", "---", "```", "~~~", "&lt;", "\\", "a\\|b", "~~gone~~", ":tada:",
)  # fmt: skip
_READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def rendered(*names: str, **kwargs: Any) -> str:
    return "".join(as_markdown.render(make(*names, **kwargs), Layout()))


def tokens(text: str) -> list[Token]:
    return [inner for token in _READER.parse(text) for inner in (token, *(token.children or ()))]


def shape(text: str) -> dict[str, int]:
    """How often each element is there."""
    counts: dict[str, int] = {}
    for token in tokens(text):
        if token.type not in ("text", "code_inline", "softbreak", "text_special"):
            counts[token.type] = counts.get(token.type, 0) + 1
    return counts


def test_the_whole() -> None:
    lines = rendered("web", "db").splitlines()
    assert lines[:6] == [
        "# Container host report: `docker`",
        "",
        "2027-01-15 08:00:00 UTC",
        "",
        "| critical | high | medium | low | info | to decide | unknown | waived | passed | not applicable |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    assert "| 2 | 0 | 0 | 1 | 0 | 2 | 2 | 2 | 2 | 4 |" in lines
    start = lines.index("## Critical (2)")
    assert lines[start + 2 : start + 9] == [
        "**RUN-901 Bad pattern 1** (2 containers)",
        "",
        "- `db`, `web`: is bad",
        "",
        "<details><summary>Evidence and remediation</summary>",
        "",
        "- `db`: `HostConfig.Bad` = `true`; `Config.Env[0]` = `db`; implies RUN-908",
    ]
    assert "References: `CIS-Docker-1.6:5.4`, `ATT&CK:T1611`" in lines
    assert [line for line in lines if line.startswith("## ")] == [
        "## Critical (2)",
        "## Low (1)",
        "## For a person or the configuration to decide (2)",
        "## Could not be judged (2)",
        "## Waived (2)",
        "## Benchmarks",
        "## Waivers",
    ]


def test_waivers_and_the_baseline() -> None:
    waivers = (Waiver("RUN-901", "*", "was fine", owner="ops", expires=date(2026, 1, 1)),)
    text = rendered("web", waivers=waivers)
    assert "| expired | RUN-901 | every object | was fine | ops | 2026-01-01 | 1 |" in text
    assert "was accepted until 2026-01-01, which is over: was fine" in text
    known = baseline("".join(as_json.render(make("web"), Layout())))
    again = rendered("web", filters=Filters(baseline=known))
    assert "- Baseline: " in again
    assert "5 known findings not shown" in again
    assert "Nothing to report." in again


@pytest.mark.parametrize("names", [EVIL, HOSTILE], ids=["markup", "terminal"])
def test_hostile_names_change_nothing(names: tuple[str, ...]) -> None:
    plain = rendered(*(f"web{number}" for number in range(len(names))))
    text = rendered(*names)
    assert shape(text) == shape(plain)
    for line in text.splitlines():
        assert forbidden(line) is None, line


@pytest.mark.parametrize("text", EVIL)
def test_a_code_span_holds_the_text_and_nothing_acts(text: str) -> None:
    (span,) = (token for token in tokens(f"x {code(text)}") if token.type == "code_inline")
    assert span.content.strip() == text


@pytest.mark.parametrize("text", EVIL)
def test_a_cell_stays_one_cell(text: str) -> None:
    read = _READER.parse(f"| a | b |\n|---|---|\n| {cell(text)} | end |")
    assert sum(token.type == "td_open" for token in read) == 2
    (first, _) = (token for token in read[9:] if token.type == "inline")
    parts = [token.content for token in first.children or () if token.type != "html_inline"]
    assert "".join(parts).strip() == text.strip()


@pytest.mark.parametrize("text", EVIL)
def test_a_sentence_stays_a_sentence(text: str) -> None:
    said = f"is about {text} here"
    found = [token for token in tokens(f"Found: {prose(said)}") if token.type not in ("text", "text_special")]
    assert {token.type for token in found} <= {"paragraph_open", "inline", "paragraph_close", "code_inline"}
    bare = [token.content for token in found if token.type == "code_inline"]
    if re.search(r"[@#]|://|www\.|deadbeef", text):
        assert bare, "a forge would make something of it"


def test_ordinary_sentences_stay_readable() -> None:
    assert prose("runs with every privilege (state: created); a-b") == "runs with every privilege (state: created); a-b"
    assert prose("a_b *c*") == r"a\_b \*c\*"
    assert advice("Use `read_only: true` <or> not.") == "Use `read_only: true` &lt;or> not."
    assert advice("an odd ` quote") == r"an odd \` quote"
    assert code("") == code("  ") == "(empty)"


def test_a_large_host_stays_readable() -> None:
    text = rendered(*(f"container-{number:04d}" for number in range(1000)))
    assert "and 980 more" in text
    assert len(text) < 65_536
