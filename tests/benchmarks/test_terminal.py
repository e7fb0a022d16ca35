"""The pseudo-terminal and what is read from its output. Nothing here depends on how fast anything is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.cases.opening import badge, count_shown, cursor_name, framed
from benchmarks.processes import children, usage
from benchmarks.screen import Screen, became_final, replay
from benchmarks.terminal import Chunk, Terminal, environment, has, plain

SIZE = (60, 6)


def test_plain_takes_out_every_kind_of_sequence() -> None:
    sent = b"\x1b[?1049h\x1b[2;5Hdeck\x1b[1;31mwatch\x1b[m\x1b]0;title\x07\x1b[?2026$p\x1b[>1u!"
    assert plain(sent) == b"deckwatch!"


def test_has_wants_all_words() -> None:
    assert has("a", "b")(b"xbxa")
    assert not has("a", "b")(b"xa")


def test_the_first_paint_needs_program_host_and_state() -> None:
    host = os.uname().nodename.encode()
    assert framed()(b" deckwatch " + host + b"  RO  connecting")
    assert not framed()(b" deckwatch " + host + b"  RO ")
    assert not framed()(b" " + host + b" LIVE")


def test_became_final_is_when_the_last_value_came_to_stay() -> None:
    chunks = [
        Chunk(1.0, b"\x1b[1;1HA"),
        Chunk(2.0, b"\x1b[1;1HB"),
        Chunk(3.0, b"\x1b[1;1HA"),
        Chunk(4.0, b"\x1b[2;1Helsewhere"),
    ]
    assert became_final(chunks, SIZE, lambda screen: screen.line(0)) == 3.0
    assert became_final([], SIZE, lambda screen: screen.line(0)) is None


def test_sequences_that_the_emulator_does_not_know_leave_no_text() -> None:
    screen = replay([Chunk(0.0, b"\x1b[>1u\x1b[?2026$pok")], SIZE)
    assert screen.line(0).strip() == "ok"


def test_what_is_read_from_the_list_of_containers() -> None:
    screen = Screen(SIZE)
    assert (count_shown(screen), cursor_name(screen)) == (0, "")
    screen.feed(b"\x1b[2;50HC1 H2\x1b[3;1H Containers 500 of 500   running 500")
    assert count_shown(screen) == 0, "a headline alone is no list"
    screen.feed(b"\x1b[5;1H L3  app-00000\x1b[6;1H>L3  app-00001")
    assert count_shown(screen) == 500
    assert cursor_name(screen) == "app-00001"
    assert badge(screen).endswith("C1 H2")


def test_settings_of_the_person_do_not_reach_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere")
    found = environment({"EXTRA": "1"})
    assert "NO_COLOR" not in found
    assert "DOCKER_HOST" not in found
    assert (found["TERM"], found["EXTRA"]) == ("xterm-256color", "1")


@pytest.mark.terminal
def test_a_program_gets_size_answers_and_keys(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "import os, sys, tty\n"
        "tty.setraw(0)\n"
        "print(*os.get_terminal_size(), end='!', flush=True)\n"
        "os.write(1, b'\\x1b[?2026$p')\n"
        "answer = os.read(0, 99)\n"
        "print('answered' if answer == b'\\x1b[?2026;2$y' else answer, flush=True)\n"
        "print('pressed', os.read(0, 1), flush=True)\n"
    )
    with Terminal([sys.executable, str(script)], (91, 17)) as terminal:
        assert terminal.until(has("91 17!"), 20) is not None
        assert terminal.until(has("answered"), 20) is not None
        assert usage(terminal.pid).threads == 1
        assert children(terminal.pid) == []
        terminal.send(b"j")
        seen = terminal.until(has("pressed b'j'"), 20)
        assert seen is not None
        assert seen > terminal.started
        assert terminal.ended(20) is not None
        assert terminal.until(has("never"), 0.2) is None
