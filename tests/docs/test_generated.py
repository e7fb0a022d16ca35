"""The generated documents are what this version of the program would write."""

from __future__ import annotations

import re

import pytest

from checks.catalogue import catalogue
from docs import catalogue as checks_document
from docs.__main__ import DOCUMENTS, HERE
from docs.markdown import table, text


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_current(name: str) -> None:
    written = (HERE / name).read_text(encoding="utf-8") if (HERE / name).exists() else ""
    assert written == DOCUMENTS[name](), f"docs/{name} is not current: make docs"


def test_every_check_is_there_and_complete() -> None:
    told = checks_document.document()
    headings = re.findall(r"^### (\S+)$", told, re.MULTILINE)
    assert sorted(headings) == [check.id for check in catalogue()]
    for check in catalogue():
        section = told.split(f"\n### {check.id}\n")[1].split("\n### ")[0]
        assert all(part in section for part in ("When: ", "Remediation: ", "References: ")), check.id
        assert f"](#{check.id.lower()})" in told


def test_words_mean_themselves() -> None:
    assert text("a *b* <c> `d_*`") == r"a \*b\* \<c\> `d_*`"
    assert list(table(["x"], [["a|b"]]))[-1] == r"| a\|b |"
