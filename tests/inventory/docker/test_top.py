"""What the engines' process lists mean, real ones first."""

from __future__ import annotations

import json

import pytest

from inventory.activity import Process
from inventory.gap import Gap, Reason
from inventory.sources.docker.details import Processes
from inventory.sources.docker.top import entered, understood
from tests.inventory.docker.captured import raw

COLUMNS = ("PID", "PPID", "UID", "TT", "COMMAND", "PPID", "COMMAND")


def captured(path: str) -> tuple[Process, ...]:
    document = json.loads(raw(path))
    found = understood(Processes(tuple(document["Titles"]), tuple(tuple(row) for row in document["Processes"])))
    assert not isinstance(found, Gap), found
    return found


def row(*words: str, titles: tuple[str, ...] = COLUMNS) -> Process:
    found = understood(Processes(titles, (words,)))
    assert not isinstance(found, Gap), found
    return found[0]


def test_dockers_columns() -> None:
    first, second = captured("docker-api/top-columns.json")
    assert first == Process(23576, 23543, "sleep", ("sleep", "1000000"), 10001, terminal=False)
    assert (second.uid, second.ppid) == (0, 23543)
    assert [process.pid for process in entered((first, second), first.pid)] == [second.pid]


def test_podmans_columns_name_the_host_and_its_parents_the_container() -> None:
    first, child, session = captured("podman-api/top-columns.json")
    assert (first.pid, first.ppid, first.uid) == (3640, 0, 10001)
    assert (child.pid, child.ppid) == (3662, 3640)
    assert (session.pid, session.ppid, session.uid) == (3707, 0, 0)
    assert list(entered((first, child, session), first.pid)) == [session]


@pytest.mark.parametrize(
    ("path", "pid", "args"),
    [
        ("docker-api/top-plain.json", 21559, ("sleep", "100000")),
        ("docker-api/top-plain-auxwww.json", 21559, ("sleep", "100000")),
        ("podman-api/top-plain.json", 1, ("sleep", "100000")),
        ("podman-api/top-auxwww.json", 1, ("sleep", "100000")),
    ],
)
def test_whatever_columns_ps_has_by_itself(path: str, pid: int, args: tuple[str, ...]) -> None:
    (found,) = captured(path)
    assert (found.pid, found.args, found.comm, found.uid) == (pid, args, "sleep", 0)


def test_a_short_name_may_hold_blanks_and_numbers() -> None:
    found = row("7", "1", "0", "?", "tmux:", "1", "server 1 tmux new -s 1")
    assert (found.comm, found.args) == ("tmux:", ("server", "1", "tmux", "new", "-s", "1"))
    found = row("7", "42", "0", "?", "Web", "Content", "42 /usr/lib/firefox -contentproc")
    assert (found.comm, found.args) == ("Web Content", ("/usr/lib/firefox", "-contentproc"))


def test_a_user_that_is_a_name_is_not_guessed() -> None:
    assert row("7", "1", "postgres", "?", "x", "1", "x").uid is None
    assert row("7", "1", "root", "pts/0", "x", "1", "x").uid == 0
    assert row("7", "1", "root", "pts/0", "x", "1", "x").terminal is True
    assert row("7", "x y", titles=("PID", "CMD")).terminal is None


def test_numbers_longer_than_any_are_not_read() -> None:
    long = "9" * 5000
    found = row("7", long, long, "?", "x", long, "y")
    assert (found.ppid, found.uid, found.args) == (0, None, ("y",))


def test_a_process_without_a_command_line_keeps_its_name() -> None:
    assert row("7", "[kworker]", titles=("PID", "CMD")).comm == "kworker"
    assert row("7", "1", "0", "?", "x", "1").args == ()


@pytest.mark.parametrize(
    "found",
    [
        Processes((), ()),
        Processes(("USER", "COMMAND"), (("root", "x"),)),
        Processes(("COMMAND", "PID"), (("x", "1"),)),
        Processes(("PID", "CMD"), ((),)),
        Processes(("PID", "CMD"), (("x", "y"),)),
        Processes(("PID", "CMD"), (("1", "x"), ("", ""))),
        Processes(("PID", "CMD"), (("-1", "x"),)),
        Processes(("PID", "CMD"), (("²", "x"),)),
        Processes(("PID", "CMD"), (("root", "x"),)),
        Processes(("PID", "CMD"), (("9" * 5000, "x"),)),  # more digits than Python turns into a number
    ],
)
def test_rows_that_make_no_sense_are_a_gap(found: Processes) -> None:
    answer = understood(found)
    assert isinstance(answer, Gap)
    assert answer.reason is Reason.MALFORMED


def test_a_sandbox_is_not_taken_for_its_container() -> None:
    answer = understood(Processes(COLUMNS, (("7", "1", "0", "?", "runsc-sandbox", "1", "runsc-sandbox --root /x"),)))
    assert isinstance(answer, Gap)
    assert "sandbox" in answer.detail


def test_ten_thousand_processes() -> None:
    rows = tuple((str(pid), "1", "0", "?", "x", "1", "x " + "a " * 20) for pid in range(2, 10_002))
    found = understood(Processes(COLUMNS, rows))
    assert not isinstance(found, Gap)
    assert len(found) == 10_000
    assert len(list(entered(found, 2))) == 9_999


def test_hostile_words_are_kept_as_they_are() -> None:
    found = row("7", "1", "0", "?", "\x1b[2J", "1", "\x1b]0;x\x07 [red]y[/red]")
    assert found.comm == "\x1b[2J"
    assert found.args == ("\x1b]0;x\x07", "[red]y[/red]")
