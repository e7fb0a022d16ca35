"""A recording that somebody else made, or that was cut short."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from typing import Any

import pytest

from inventory.gap import Gap, Reason
from inventory.sources.host.machine import told
from inventory.sources.host.reader import Space, Stat
from inventory.sources.host.recording import Recorder, Replay
from tests.inventory.host.rooted import Rooted

ASKS: dict[str, Callable[[Replay], Any]] = {
    "read /x": lambda replay: replay.read("/x"),
    "stat /x": lambda replay: replay.stat("/x"),
    "names /x": lambda replay: replay.names("/x"),
    "link /x": lambda replay: replay.link("/x"),
    "node /x": lambda replay: replay.node("/x"),
    "tree /x": lambda replay: replay.tree("/x", 5, 5),
    "space /x": lambda replay: replay.space("/x"),
    "clock": lambda replay: replay.clock_synchronised(),
    "peer /x": lambda replay: replay.peer("/x"),
}
ODD: list[Any] = [
    None, 5.5, [], [1], ["a"] * 20, [[]], {}, {"a": 1}, {"errno": "x"}, {"errno": 10**30}, {"errno": None}, "%%%", "a",
    [420, 0, 0, "file", "late"], [None] * 7, {"nodes": 5, "complete": 1}, {"nodes": {"a": 5}, "complete": True},
]  # fmt: skip
FITTING: list[Any] = [("link /x", "%%%"), ("link /x", "a"), ("names /x", []), ("names /x", ["a"] * 20)]


@pytest.mark.parametrize("question", ASKS)
@pytest.mark.parametrize("answer", ODD, ids=repr)
def test_an_odd_answer_is_an_error_of_that_answer_alone(question: str, answer: Any) -> None:
    replay = Replay(json.dumps({question: answer}).encode())
    found = told(lambda: ASKS[question](replay), question)
    if (question, answer) in FITTING:
        assert found == answer
    else:
        assert isinstance(found, Gap)
        assert found.reason is Reason.ERROR


def test_what_is_no_base64_is_not_an_empty_file() -> None:
    with pytest.raises(OSError, match="recording") as raised:
        Replay(b'{"read /x": "%%%"}').read("/x")
    assert raised.value.errno == errno.EINVAL


def test_a_recorded_error_comes_back_for_every_question() -> None:
    for question, ask in ASKS.items():
        with pytest.raises(PermissionError):
            ask(Replay(json.dumps({question: {"errno": errno.EACCES}}).encode()))


def test_earlier_versions_recorded_less_of_a_file() -> None:
    replay = Replay(
        b'{"stat /a": [420, 0, 0, "file"], "stat /b": [420, 0, 0, "file", 5.5, 7], "space /": [4, 3, 2, 1]}'
    )
    assert replay.stat("/a") == Stat(420, 0, 0, "file")
    assert replay.stat("/b") == Stat(420, 0, 0, "file", 5.5, 7)
    assert replay.space("/") == Space(4, 3, 2, 1)


def test_what_is_asked_below_a_home_is_kept(machine: Rooted) -> None:
    machine.write("/home/ann/file", "x")
    recorder = Recorder(machine)
    asks: tuple[Callable[[Any], Any], ...] = (
        lambda reader: reader.read_below("", "/home/ann/file"),
        lambda reader: reader.stat_below("", "/home/ann/file"),
        lambda reader: reader.names_below("", "/home/ann"),
    )
    heard = [ask(recorder) for ask in asks]
    assert [ask(Replay(recorder.document())) for ask in asks] == heard
