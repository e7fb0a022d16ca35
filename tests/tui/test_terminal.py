"""The installed program in a real pseudo-terminal, on the recorded demo host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.hostile import forbidden
from tests.widgets.terminal_run import TerminalRun

pytestmark = pytest.mark.terminal

PROGRAM = Path(sys.executable).with_name("deckwatch")
READY = "WORST FIRST"
_SGR = re.compile(rb"\x1b\[([\d;]*)m")
_COLOUR = re.compile(r"(?:^|;)(?:3[0-8]|4[0-8]|39|49|9[0-7]|10[0-7])(?:;|$)")
_MOUSE = (b"\x1b[?1000h", b"\x1b[?1002h", b"\x1b[?1003h", b"\x1b[?1006h", b"\x1b[?1015h", b"\x1b[?1016h")
_SEQUENCE = re.compile(r"\x1b\[[<>=?]?[\d;]*\$?[A-Za-z]|\x1b[=>78]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]")


@pytest.fixture(autouse=True)
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a terminal of this machine, wherever the tests themselves run; and with no configuration of a person."""
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} is not installed")
    for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "NO_COLOR", "LC_ALL", "PYTHONUTF8", "TMUX", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")


def demo(*args: str, width: int = 80, height: int = 24, env: dict[str, str] | None = None) -> TerminalRun:
    """`deckwatch --demo` in a terminal."""
    return TerminalRun(PROGRAM, "--demo", *args, width=width, height=height, env=env)


def leave(run: TerminalRun) -> None:
    """Quit, and see that it ends well."""
    os.write(run._master, b"Q")
    assert run.wait(30.0) == 0


def assert_left_as_found(sent: bytes) -> None:
    """Whatever was switched on was switched off after that, and what was hidden is shown."""
    for mode in (1049, 2004, 1000, 1002, 1003, 1006, 1015, 1004, 2048, 1016):
        on, off = sent.rfind(b"\x1b[?%dh" % mode), sent.rfind(b"\x1b[?%dl" % mode)
        assert on < 0 or off > on, mode
    assert sent.rfind(b"\x1b[?25h") > sent.rfind(b"\x1b[?25l")
    assert sent.count(b"\x1b[>1u") <= sent.count(b"\x1b[<u")


def codes(run: TerminalRun) -> set[str]:
    """All that was said about how text looks."""
    return {match.decode() for match in _SGR.findall(bytes(run.sent))}


def test_a_walk_ends_with_the_terminal_as_it_was() -> None:
    with demo() as run:
        run.until(READY)
        for key, words in (
            ("1", "Images"), ("2", "Containers"), ("3", "Networks"), ("4", "Workloads"), ("5", "Monitoring"),
            ("6", "Findings"), ("0", READY),
        ):  # fmt: skip
            os.write(run._master, key.encode())
            run.until(words)
            assert "deckwatch" in run.line[0]
            assert "RECORDED" in run.line[0]
        os.write(run._master, b"2")
        run.until("Containers 112")
        os.write(run._master, b"\r")
        run.until("container > ")
        os.write(run._master, b"i")
        run.until('"Id"')
        leave(run)
        assert b"\x1b[?1049h" in run.sent
        assert_left_as_found(bytes(run.sent))
        flags = termios.tcgetattr(run._master)[3]
        assert flags & termios.ECHO and flags & termios.ICANON and flags & termios.ISIG


def test_ctrl_c_twice_ends_it_and_leaves_the_terminal_as_it_was() -> None:
    with demo() as run:
        run.until(READY)
        os.write(run._master, b"\x03\x03")
        assert run.wait(30.0) == 0
        assert_left_as_found(bytes(run.sent))


def test_quitting_before_anything_was_read_leaves_the_terminal_as_it_was() -> None:
    with demo() as run:
        run.until("deckwatch")
        os.write(run._master, b"QQQ")
        assert run.wait(30.0) == 0
        assert_left_as_found(bytes(run.sent))


@pytest.mark.parametrize(("args", "env"), [((), {"NO_COLOR": "1"}), (("--mono",), {}), (("--no-color",), {})], ids=str)
def test_without_colour_no_colour_code_is_sent(args: tuple[str, ...], env: dict[str, str]) -> None:
    with demo(*args, env=env) as run:
        run.until(READY)
        for keys in ("2", "j", "\r", "i", "?", "\x1b", "6"):
            run.press(keys)
        leave(run)
        assert codes(run), "nothing was styled at all: the test would prove nothing"
        assert [code for code in codes(run) if _COLOUR.search(code)] == []


def test_with_colour_some_are() -> None:
    with demo() as run:
        run.until(READY)
        assert [code for code in codes(run) if _COLOUR.search(code)] != []
        leave(run)


@pytest.mark.parametrize(
    ("args", "env"),
    [(("--ascii",), {}), ((), {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})],
    ids=["--ascii", "LC_ALL=C"],
)
def test_where_only_ascii_can_be_shown_only_ascii_is_sent(args: tuple[str, ...], env: dict[str, str]) -> None:
    with demo(*args, width=120, height=40, env=env) as run:
        run.until(READY)
        for keys in ("2", "G", "\r", "i", "6", "3"):
            run.press(keys)
        leave(run)
        assert bytes(run.sent).isascii()


@pytest.mark.parametrize("term", ["linux", "vt100", "screen-256color", "xterm-ghostty"])
def test_other_terminals(term: str) -> None:
    with demo(env={"TERM": term}) as run:
        run.until(READY)
        leave(run)
        assert_left_as_found(bytes(run.sent))


def test_a_small_terminal() -> None:
    with demo(width=40, height=10) as run:
        run.until("deckwatch")
        os.write(run._master, b"2")
        run.until("Containers")
        leave(run)


def test_the_mouse_is_taken_here_and_left_alone_over_ssh() -> None:
    with demo() as run:
        run.until(READY)
        assert any(code in run.sent for code in _MOUSE)
        leave(run)
    with demo(env={"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}) as run:
        run.until(READY)
        run.press("2")
        leave(run)
        assert [code for code in _MOUSE if code in run.sent] == []


def test_nothing_of_the_recorded_hosts_hostile_names_acts() -> None:
    with demo(width=200, height=50) as run:
        run.until(READY)
        for keys in ("2", "G", "3", "G", "1", "G", "6", "G"):
            run.press(keys)
        leave(run)
        left = _SEQUENCE.sub("", run.sent.decode("utf-8"))
        found = forbidden(left.replace("\r", "").replace("\n", ""))
        assert found is None, repr(found)
        assert b"\x1b]52;" not in run.sent


def test_a_dumb_terminal_gets_the_table_of_a_scan() -> None:
    with TerminalRun(PROGRAM, "--demo", width=200, height=50, env={"TERM": "dumb"}) as run:
        status = run.wait(60.0)
        text = run.sent.decode()
        assert status in {0, 1}
        assert "RUN-002" in text
        assert "\x1b" not in text


def test_a_pipe_gets_the_table_of_a_scan() -> None:
    done = subprocess.run([PROGRAM, "--demo"], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode in {0, 1}
    assert "RUN-002" in done.stdout
    assert "\x1b" not in done.stdout
    assert "scan" in done.stderr
