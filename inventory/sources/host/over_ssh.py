"""The machine below an engine that is reached over SSH, read with the same rights as the engine is."""

from __future__ import annotations

import os
import secrets
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, TypeVar

from inventory.sources.docker.sockets import ssh_words
from inventory.sources.host.batch import BatchReader, gathered
from inventory.sources.host.shell import Answer, Question, answers, last_words, script

T = TypeVar("T")
DEADLINE = 20.0
"""Seconds for everything that is asked of a host in one look."""
_LARGEST = 64 << 20


def over_ssh(url: str, run: Callable[[BatchReader], T], deadline: float = DEADLINE) -> T:
    """What `run` makes of the host behind `ssh://[user@]host[:port]`. Raises OSError, ValueError (a bad URL).

    It starts `ssh` once, with the user's own configuration, and on the other side nothing but a shell that reads.
    """
    shell = _Shell(ssh_words(url), deadline)
    try:
        return gathered(run, shell.ask)
    finally:
        shell.close()


class _Shell:
    """A shell on the other side, which is given one script after the other, and killed when its time is over."""

    def __init__(self, words: list[str], deadline: float) -> None:
        self._until = time.monotonic() + deadline
        self._process = subprocess.Popen(  # noqa: S603 - a fixed program with checked arguments; scripts quote every word
            [*words, "sh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._complaints = _Drain(self._process.stderr)

    def ask(self, questions: list[Question]) -> Mapping[Question, Answer]:
        """The answers to these. Raises OSError when the connection fails or the time is over."""
        nonce = secrets.token_hex(16)
        threading.Thread(target=self._feed, args=(script(questions, nonce),), daemon=True).start()
        return answers(questions, nonce, self._until_said(last_words(nonce)))

    def close(self) -> None:
        """End it with all that it started (a wrapper of `ssh` may have), without waiting for anybody."""
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        threading.Thread(target=self._process.wait, name="ssh-reaper", daemon=True).start()

    def _feed(self, text: bytes) -> None:
        with suppress(OSError, ValueError):
            if self._process.stdin:
                self._process.stdin.write(text)
                self._process.stdin.flush()

    def _until_said(self, end: bytes) -> bytes:
        said = bytearray()
        while not said.endswith(end):
            piece = self._piece()
            if not piece:
                raise self._ended()
            said += piece
            if len(said) > _LARGEST:
                raise OSError("the host answered more than can be true")
        return bytes(said)

    def _piece(self) -> bytes:
        """What has arrived; b"" at the end or when the time is over: whoever holds the other end may keep it open."""
        output = self._process.stdout
        left = self._until - time.monotonic()
        if output is None or left <= 0 or not select.select([output], [], [], left)[0]:
            return b""
        return os.read(output.fileno(), 1 << 16)

    def _ended(self) -> OSError:
        if time.monotonic() >= self._until:
            return TimeoutError("the host did not answer in time over SSH")
        return ConnectionError(self._complaints.last() or "the connection ended")


class _Drain:
    """Reads what ssh complains about, so that it never waits for somebody to; keeps the last line of it."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._tail = b""
        self._stream = stream
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def last(self) -> str:
        """The last line that says something."""
        self._thread.join(0.5)
        lines = [line.strip() for line in self._tail.decode("utf-8", "replace").splitlines()]
        return next((line for line in reversed(lines) if line), "")

    def _run(self) -> None:
        while self._stream and (piece := self._stream.readline(4096)):
            self._tail = (self._tail + piece)[-4096:]
