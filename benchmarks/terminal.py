"""A program in a pseudo-terminal: every read is dated, the questions that programs ask terminals are answered."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple

WIDE, SMALL = (200, 50), (80, 24)
_ANSWERS: Mapping[bytes, bytes] = {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",  # synchronised output: known, off
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",  # in-band resize: unknown
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[?u": b"\x1b[?0u",
}
_CONTROL = re.compile(rb"\x1b\[[?<=>0-9;]*[ -/]*[@-~]|\x1b[\]P_].*?(?:\x07|\x1b\\)|\x1b[=>78]", re.DOTALL)


class Chunk(NamedTuple):
    """What one read brought, and when (monotonic seconds)."""

    at: float
    data: bytes


def plain(data: bytes) -> bytes:
    """Terminal output without its control sequences."""
    return _CONTROL.sub(b"", data)


class Terminal:
    """`command` in a terminal of `size` (columns, lines). A context manager that kills what still runs at its end.

    `started` is the moment just before the process was made; `chunks` is all that it wrote since.
    """

    def __init__(self, command: Sequence[str], size: tuple[int, int] = WIDE, env: Mapping[str, str] | None = None):
        self.size = size
        self.chunks: list[Chunk] = []
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment(env), start_new_session=True
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._master)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def sent(self) -> int:
        """Bytes so far."""
        return sum(len(chunk.data) for chunk in self.chunks)

    @property
    def text(self) -> str:
        """Everything sent so far without control sequences, for error messages."""
        return plain(b"".join(chunk.data for chunk in self.chunks)).decode("utf-8", "replace")

    def send(self, keys: bytes) -> float:
        """Press keys; returns the moment just before."""
        at = time.monotonic()
        os.write(self._master, keys)
        return at

    def read(self, timeout: float) -> Chunk | None:
        """The next output, None when there is none within `timeout` seconds or the program has ended."""
        if not select.select([self._master], [], [], max(0.0, timeout))[0]:
            return None
        try:
            data = os.read(self._master, 1 << 16)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if not data:
            time.sleep(0.001)  # an ended program's terminal is always readable
            return None
        chunk = Chunk(time.monotonic(), data)
        self.chunks.append(chunk)
        for question, answer in _ANSWERS.items():
            if question in data:
                os.write(self._master, answer)
        return chunk

    def watch(self, seconds: float) -> int:
        """Read for that long; returns the number of bytes that arrived."""
        end, before = time.monotonic() + seconds, len(self.chunks)
        while (left := end - time.monotonic()) > 0:
            self.read(left)
        return sum(len(chunk.data) for chunk in self.chunks[before:])

    def until(self, seen: Callable[[bytes], bool], limit: float, since: int = 0) -> float | None:
        """When `seen` first held for all text from chunk number `since` on; None if not within `limit` seconds."""
        text = b""
        for chunk in self.chunks[since:]:
            text += plain(chunk.data)
            if seen(text):
                return chunk.at
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0:
            chunk_or_none = self.read(left)
            if chunk_or_none is not None:
                text += plain(chunk_or_none.data)
                if seen(text):
                    return chunk_or_none.at
            elif self._process.poll() is not None:
                return None
        return None

    def ended(self, limit: float) -> float | None:
        """When the process ended; None if it had not within `limit` seconds."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self._process.poll() is not None:
                return time.monotonic()
            self.read(0.002)
        return None


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What programs under measurement get: a plain 256-colour terminal and nothing that changes how they look."""
    dropped = ("NO_COLOR", "COLORTERM", "SSH_", "TEXTUAL", "DOCKER_", "PYTHON")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **(extra or {})}


def has(*words: str) -> Callable[[bytes], bool]:
    """Whether all words are in the text."""
    wanted = [word.encode() for word in words]
    return lambda text: all(word in text for word in wanted)
