"""In a real terminal: how many bytes, which bytes, and what a person sees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.hostile import forbidden
from tests.widgets.terminal_run import TerminalRun

APP = Path(__file__).with_name("table_app.py")

pytestmark = pytest.mark.terminal

_SGR = re.compile(rb"\x1b\[([\d;]*)m")
_COLOUR = re.compile(r"(?:^|;)(?:3[0-8]|4[0-8]|39|49|9[0-7]|10[0-7])(?:;|$)")
_SEQUENCE = re.compile(r"\x1b\[[?>]?[\d;]*\$?[A-Za-z]|\x1b[=>]|\x1b_G.*?\x1b\\")


def test_bytes_of_a_move_a_change_and_of_nothing() -> None:
    with TerminalRun(APP, "colour", "5000", width=200, height=50) as run:
        run.until("web-api-00001")
        moves = [len(run.press("j")) for _ in range(5)]
        assert max(moves) <= 600, moves
        changed = run.press("x")
        assert len(changed) <= 120
        assert any("73.5" in line for line in run.line)
        assert run.press("y") == b""
        assert run.read(1.5, 2.0) == b""
        run.press("q")
        assert run.wait() == 0


def test_a_held_key_stays_cheap_across_pages() -> None:
    with TerminalRun(APP, "colour", "5000", width=200, height=50) as run:
        run.until("web-api-00001")
        sent = sum(len(run.press("j", quiet=0.05)) for _ in range(70))
        assert sent / 70 <= 1500
        assert any(line.startswith(">") and "web-api-00070" in line for line in run.line)


def test_without_colour_not_one_colour_code_is_sent() -> None:
    with TerminalRun(APP, "mono", "100") as run:
        run.until("web-api-00001")
        for keys in ("j", "G", "t", "t", "g", " ", "e"):
            run.press(keys)
        run.press("q")
        run.wait()
        codes = {match.decode() for match in _SGR.findall(bytes(run.sent))}
    assert codes, "nothing was styled at all: the test would prove nothing"
    assert not [code for code in codes if _COLOUR.search(code)]


def test_colours_are_sent_when_they_may() -> None:
    with TerminalRun(APP, "colour", "20") as run:
        run.until("web-api-00001")
        assert b"48;5;166" in run.sent
        assert b"38;2;" not in run.sent


def test_hostile_text_sends_nothing_but_the_programs_own_sequences() -> None:
    with TerminalRun(APP, "colour", "10", width=120, height=60) as run:
        run.until("web-api-00001")
        sent = run.press("e").decode("utf-8")
        assert "[@click=app.quit]x" in sent
        left = _SEQUENCE.sub("", sent)
        assert forbidden(left) is None, repr(forbidden(left))
        assert set(re.findall(r"\x1b\[[?>]?[\d;]*\$?([A-Za-z])", sent)) <= set("HmKhl")
        assert "rm -rf" not in sent
        run.press("q")
        assert run.wait() == 0


def test_a_menu_opens_over_the_list_and_leaves_it_as_it_was() -> None:
    with TerminalRun(APP, "colour", "100") as run:
        run.until("web-api-00001")
        before = run.line
        run.press("p")
        assert any("Sort by" in line for line in run.line)
        assert "web-api-00000" in run.line[1]
        typed = run.press("cp")
        assert len(typed) < 600
        run.press("\x1b", quiet=0.6)
        assert run.line == before
        run.press("j")
        assert run.line[2].startswith(">")


def test_redraw_sends_everything_again() -> None:
    with TerminalRun(APP, "colour", "100") as run:
        run.until("web-api-00001")
        before = run.line
        run.screen.reset()
        run.press("\x0c")
        assert run.line == before


def test_ascii_mode_sends_ascii_only() -> None:
    with TerminalRun(APP, "mono-ascii", "10", width=120, height=60) as run:
        run.until("web-api-00001")
        run.press("e")
        assert bytes(run.sent).isascii()
