"""The cell difference: what is sent turns the old screen into the new one, and not more than that."""

from __future__ import annotations

import re

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from tests.hostile import HOSTILE
from widgets.terminal import Terminal

_STYLES = [None, Style.parse("bold"), Style.parse("reverse"), Style.parse("color(16) on color(214)")]
_TEXT = st.sampled_from(["a", "bc", "  ", "          ", "漢", "x漢y", "é", "long text here", "0123456789"])
_LINE = st.lists(st.tuples(_TEXT, st.sampled_from(_STYLES)), max_size=6)
_FRAMES = st.lists(st.lists(_LINE, min_size=3, max_size=3), min_size=1, max_size=5)
WIDTH = 20


def _padded(line: list[tuple[str, Style | None]]) -> list[Segment]:
    pieces = [Segment(text, style) for text, style in line]
    return Segment.adjust_line_length(pieces, WIDTH)


def _look(screen: pyte.Screen) -> list[list[tuple[str, bool, bool, str, str]]]:
    return [
        [(c.data, c.bold, c.reverse, c.fg, c.bg) for c in (screen.buffer[y][x] for x in range(WIDTH))] for y in range(3)
    ]


@settings(max_examples=60)
@given(_FRAMES)
def test_differences_lead_to_the_same_screen_as_whole_frames(
    frames: list[list[list[tuple[str, Style | None]]]],
) -> None:
    lean, shown = Terminal(), pyte.Screen(WIDTH, 3)
    stream = pyte.Stream(shown)
    for frame in frames:
        lines = [(y, [(0, _padded(line))]) for y, line in enumerate(frame)]
        stream.feed(lean.update(lines, WIDTH, ColorSystem.EIGHT_BIT))
        whole = pyte.Screen(WIDTH, 3)
        pyte.Stream(whole).feed(Terminal().update(lines, WIDTH, ColorSystem.EIGHT_BIT))
        assert _look(shown) == _look(whole)
        assert lean.update(lines, WIDTH, ColorSystem.EIGHT_BIT) == ""


def test_one_changed_cell_sends_one_cell() -> None:
    terminal = Terminal()
    terminal.update([(4, [(0, [Segment("abc" * 30)])])], 90, ColorSystem.EIGHT_BIT)
    changed = "abc" * 20 + "X" + ("abc" * 30)[61:]
    assert terminal.update([(4, [(0, [Segment(changed)])])], 90, ColorSystem.EIGHT_BIT) == "\x1b[5;61HX"


def test_pieces_beside_each_other_are_one_line() -> None:
    terminal = Terminal()
    terminal.update([(0, [(0, [Segment("left ")]), (5, [Segment("right")])])], 10, None)
    assert terminal.update([(0, [(5, [Segment("RIGHT")])])], 10, None) == "\x1b[1;6HRIGHT"


def test_without_colour_no_colour_is_named() -> None:
    text = Terminal().update([(0, [(0, [Segment("x", Style.parse("bold red on color(214)"))])])], 1, None)
    assert text == "\x1b[1;1H\x1b[0;1mx\x1b[m"


def test_default_colours_cost_nothing() -> None:
    style = Style.parse("default on default")
    assert Terminal().update([(0, [(0, [Segment("x", style)])])], 1, ColorSystem.TRUECOLOR) == "\x1b[1;1Hx"


def test_hostile_segments_are_harmless_here_too() -> None:
    for text in HOSTILE:
        sent = Terminal().update([(0, [(0, [Segment(text)])])], 80, ColorSystem.TRUECOLOR)
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", re.sub(r"\x1b\[[\d;]*[HmK]", "", sent))


def test_a_forgotten_terminal_gets_everything_again() -> None:
    terminal = Terminal()
    lines = [(0, [(0, [Segment("abc")])])]
    first = terminal.update(lines, 3, None)
    terminal.forget()
    assert terminal.update(lines, 3, None) == first


def test_a_wide_character_cut_by_the_edge_becomes_a_blank() -> None:
    assert Terminal().update([(0, [(0, [Segment("abc漢")])])], 4, None) == "\x1b[1;1Habc "
