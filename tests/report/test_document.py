"""docs/reports.md tells of every format and of every key of the JSON report."""

from __future__ import annotations

import json
import re
from pathlib import Path

from checks.report import as_json, as_openmetrics
from checks.report.formats import Layout, names
from tests.report.cases import make

TEXT = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")


def test_every_format_has_its_section() -> None:
    assert set(names()) <= set(re.findall(r"^## (\w+)$", TEXT, re.MULTILINE))
    assert set(names()) <= set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))


def test_every_key_is_told() -> None:
    document = json.loads("".join(as_json.render(make(), Layout())))
    section = TEXT[TEXT.index("## json") : TEXT.index("## sarif")]
    assert [key for key in document if f"`{key}`" not in section] == []
    assert [key for key in document["results"][0] if f'"{key}"' not in section] == []


def test_metrics_that_are_told_exist() -> None:
    written = "".join(as_openmetrics.render(make(), Layout()))
    told = set(re.findall(r"\b(deckwatch_\w+)[{ ]", TEXT))
    assert len(told) > 5
    assert [name for name in told if f"# TYPE {name} gauge" not in written] == []
