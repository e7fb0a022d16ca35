"""Waivers are added to and taken out of a file whose every other byte stays what it was."""

from __future__ import annotations

import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.policy import Waiver
from tui.config import judge
from tui.toml_edit import appended, block, block_lines, lines_of, quoted, without
from tui.toml_lines import lines
from tui.toml_statements import statements

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
WAIVERS = st.builds(
    Waiver,
    check=st.just("RUN-001"),
    resource=NAMES,
    reason=NAMES,
    owner=st.one_of(st.just(""), NAMES),
    expires=st.one_of(st.none(), st.dates()),
    image=st.one_of(st.just(""), NAMES),
    label=st.one_of(st.just(""), NAMES),
    value=st.lists(NAMES, max_size=3).map(tuple),
)
PIECES = st.sampled_from(
    [
        "# a comment\n", "\n", "# [[waiver]] in a comment\n", "[trust]\n", "  # further in\n",
        "[[waiver]] # of others\ncheck = 'RUN-*' # why\n# about the name\nresource = 'x'\n\nreason = 'y'\n",
        "[[waiver]]\nreason = '''\n[[waiver]]\ncheck = 'no'\n'''\ncheck = \"IMG-*\"\n",
        "[[waiver]]\nvalue = [\n  'a', # ]\n  '[[waiver]]',\n]\n",
        "[ui]\nascii = false\n", "[severity]\n\"RUN-001\" = 'low' # \"\n",
    ]
)  # fmt: skip


def parsed(waiver: Waiver) -> Waiver:
    text = "\n".join(block(waiver, "a remark"))
    (found,) = judge(text, Path("x")).policy.waivers
    return found


@given(WAIVERS)
def test_a_block_says_what_the_waiver_says(waiver: Waiver) -> None:
    assert parsed(waiver) == waiver


@given(st.text(), st.text())
def test_nothing_in_a_name_or_a_remark_can_add_a_line(name: str, remark: str) -> None:
    written = block(Waiver("RUN-001", name or "x", "y"), remark)
    assert len(written) == 4
    assert all(line.isprintable() for line in written)
    assert len(tomllib.loads("\n".join(written))["waiver"]) == 1


def test_a_lone_surrogate_becomes_a_glob_that_fits_it() -> None:
    assert quoted("a\udc80b") == '"a?b"'
    assert quoted('a"\\\n\x1b\u202e') == '"a\\"\\\\\\n\\u001B\\u202E"'


@given(st.lists(PIECES).map("".join), WAIVERS, st.booleans())
def test_added_and_taken_out_again_leaves_every_byte(text: str, waiver: Waiver, windows: bool) -> None:
    text = text.replace("\n", "\r\n") if windows else text
    more = appended(text, block(waiver, "x"))
    assert more.startswith(text)
    assert ("\r\n" in more) == (windows and bool(text))
    assert without(more, len(starts(more)) - 1) == text


@given(st.lists(PIECES).map("".join), st.integers(0, 5))
def test_what_goes_is_one_waiver_and_nothing_else(text: str, number: int) -> None:
    after = without(text, number)
    if number >= len(starts(text)):
        assert after is None
        return
    assert after is not None
    span = block_lines(text, number)
    assert span is not None
    kept, gone = lines_of(text), lines_of(text)[span.start : span.stop]
    assert gone[0].startswith("[[waiver]]")
    assert len(kept) - len(lines_of(after)) in {len(gone), len(gone) + 1}
    assert len(starts(after)) == len(starts(text)) - 1
    outside = [line for place, line in enumerate(kept) if place not in span and line.strip()]
    assert [line for line in lines_of(after) if line.strip()] == outside


def starts(text: str) -> list[int]:
    found: list[int] = []
    while (span := block_lines(text, len(found))) is not None:
        found.append(span.start)
    return found


def test_comments_of_others_stay() -> None:
    text = "# ours\n[[waiver]]\n# inside\ncheck = 'A'\n\n# about the next\n[[waiver]]\ncheck = 'B'\n# last words\n"
    assert without(text, 0) == "# ours\n\n# about the next\n[[waiver]]\ncheck = 'B'\n# last words\n"
    assert without(text, 1) == "# ours\n[[waiver]]\n# inside\ncheck = 'A'\n\n# about the next\n# last words\n"


def test_a_file_without_an_end_of_line_gets_one() -> None:
    assert appended("a = 1", ["[[waiver]]"]) == "a = 1\n\n[[waiver]]\n"
    assert appended("", ["[[waiver]]"]) == "[[waiver]]\n"


@given(st.text(st.sampled_from("[]{}#\"'\\\n =ab,"), max_size=60))
def test_statements_are_the_whole_text(text: str) -> None:
    found = statements(text)
    assert "".join(one.text for one in found) == text
    assert all(one.end == following.start for one, following in pairwise(found))
    assert all(one.end > one.start for one in found)
    lines(text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a = [\n [1],\n # ]\n]\nb = 1\n", ["key", "key"]),
        ("a = '''\n[x]\n'''\n[b]\n", ["key", "header"]),
        ('a = """\n\\"""\n[x]""""\n[b]\n', ["key", "header"]),
        ("a = 'it''s'\n# '''\n[b]\n", ["key", "comment", "header"]),
        ("a = 'never closed\n[b]\n", ["key", "header"]),
        ("[a] # [\n\n[b]", ["header", "blank", "header"]),
    ],
)
def test_where_statements_end(text: str, kinds: list[str]) -> None:
    assert [one.kind for one in statements(text)] == kinds


def test_an_end_far_away_is_written_as_a_date() -> None:
    assert block(Waiver("A", "b", "c", "d", date(2030, 1, 2)))[-1] == "expires = 2030-01-02"
