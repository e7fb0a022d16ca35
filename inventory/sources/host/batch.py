"""A host that is far away: its questions are gathered and asked in a few goes instead of one by one.

The code that looks at a host asks hundreds of small questions, most of which depend on few earlier answers. It is run
again and again, each time with all answers so far, until it has no question left: five or six goes over the network
instead of hundreds, and not a line of that code knows.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from inventory.sources.host.reader import Space, Stat, kind_of, permissions
from inventory.sources.host.shell import Answer, Question
from inventory.sources.host.tree import Node, Tree

T = TypeVar("T")
GOES = 12
"""How often it is asked at most; what is still open then could not be read."""
_STA_UNSYNC = 0x40
Ask = Callable[[list[Question]], Mapping[Question, Answer]]


class BatchReader:
    """Answers what it knows and notes what it does not (`open`); a `HostReader`."""

    def __init__(self) -> None:
        self._known: dict[Question, Answer] = {}
        self.open: dict[Question, None] = {}

    def learn(self, found: Mapping[Question, Answer]) -> None:
        """Take answers; a question that was asked and got none counts as refused from now on."""
        for question in self.open:
            self._known[question] = found.get(question, OSError(errno.EIO, "no answer", question.path))
        self.open.clear()

    def read(self, path: str) -> bytes:
        return self._answer(Question("read", path))

    def head(self, path: str, lines: int) -> bytes:
        return self.read(path)

    def stat(self, path: str) -> Stat:
        return self._status(Question("stat", path))

    def node(self, path: str) -> Node:
        raise OSError(errno.ENOSYS, "what containers write is not looked at over SSH", path)

    def tree(self, root: str, limit: int, depth: int) -> Tree:
        raise OSError(errno.ENOSYS, "what containers write is not looked at over SSH", root)

    def names(self, path: str) -> list[str]:
        return self._names(Question("names", path))

    def read_below(self, base: str, path: str) -> bytes:
        return self._answer(Question("read", base + path, base))

    def stat_below(self, base: str, path: str) -> Stat:
        return self._status(Question("stat", base + path, base))

    def names_below(self, base: str, path: str) -> list[str]:
        return self._names(Question("names", base + path, base))

    def link(self, path: str) -> str:
        return os.fsdecode(self._answer(Question("link", path)))

    def space(self, path: str) -> Space:
        unit, blocks, free, inodes, inodes_free = self._numbers(Question("space", path), 5)
        return Space(blocks * unit, free * unit, inodes, inodes_free)

    def clock_synchronised(self) -> bool:
        said = self._answer(Question("clock"))
        status = re.search(rb"status\D{0,4}(\d+)", said)
        if status is None:
            raise OSError(errno.ENOSYS, "adjtimex does not tell the clock's status")
        return not int(status[1]) & _STA_UNSYNC

    def peer(self, socket_path: str) -> int:
        """By `ss -xlp`, which names processes to root only."""
        for line in self._answer(Question("peer", socket_path)).decode("utf-8", "replace").splitlines():
            pid = re.search(r"pid=(\d+)", line)
            if f" {socket_path} " in line and pid:
                return int(pid[1])
        raise OSError(errno.EACCES, "ss does not tell who listens", socket_path)

    def _names(self, question: Question) -> list[str]:
        return sorted(os.fsdecode(name) for name in self._answer(question).split(b"\0") if name)

    def _status(self, question: Question) -> Stat:
        mode, uid, gid, modified, size, _, _, _, changed = self._stat(question)
        number = int(mode, 16)
        kind = kind_of(number)
        return Stat(permissions(number), int(uid), int(gid), kind, float(modified), int(size), float(changed))

    def _stat(self, question: Question) -> list[str]:
        facts = self._answer(question).decode("ascii", "replace").split()
        if len(facts) != 9:
            raise OSError(errno.EIO, "not in the form that stat prints", question.path)
        return facts

    def _numbers(self, question: Question, count: int) -> list[int]:
        words = self._answer(question).split()
        if len(words) != count or not all(word.isdigit() for word in words):
            raise OSError(errno.EIO, "not in the form that stat prints", question.path)
        return [int(word) for word in words]

    def _answer(self, question: Question) -> bytes:
        found = self._known.get(question)
        if found is None:
            self.open[question] = None
            raise OSError(errno.EAGAIN, "not asked yet", question.path)
        if isinstance(found, OSError):
            raise OSError(found.errno, found.strerror, question.path)
        return found


def gathered(run: Callable[[BatchReader], T], ask: Ask, goes: int = GOES) -> T:
    """What `run` makes of the host once nothing more is open. `ask` may raise OSError, which ends it all."""
    reader = BatchReader()
    for _ in range(goes):
        result = run(reader)
        if not reader.open:
            return result
        reader.learn(ask(list(reader.open)))
    return run(reader)
