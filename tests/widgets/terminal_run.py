"""Runs an application in a real pseudo-terminal and shows what it sent and what a terminal would show."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType

import pyte

_ROOT = Path(__file__).resolve().parents[2]


class TerminalRun:
    """`python FILE` in a terminal of `width` x `height` cells; `sent` holds every byte that it wrote."""

    def __init__(self, script: Path, *args: str, width: int = 80, height: int = 24, env: dict[str, str] | None = None):
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.ByteStream(self.screen)
        self.sent = bytearray()
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        clean = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLORTERM", "TEXTUAL")}
        self._process = subprocess.Popen(
            [sys.executable, str(script), *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=_ROOT,
            env={**clean, "PYTHONPATH": str(_ROOT), "TERM": "xterm-256color", "LANG": "C.UTF-8", **(env or {})},
            start_new_session=True,
        )
        os.close(slave)
        self._master = master

    def __enter__(self) -> TerminalRun:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._master)

    def read(self, quiet: float = 0.3, limit: float = 20.0) -> bytes:
        """What arrives until nothing has arrived for `quiet` seconds."""
        got = bytearray()
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if not select.select([self._master], [], [], quiet)[0]:
                break
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:
                break
            if not data:
                break
            got += data
            self._feed(data)
        return bytes(got)

    def _feed(self, data: bytes) -> None:
        self.sent += data
        # pyte knows neither the mode report nor the kitty keyboard sequences.
        if b"\x1b[?2026$p" in data:
            os.write(self._master, b"\x1b[?2026;2$y")
        for unknown in (b"\x1b[>1u", b"\x1b[<u", b"\x1b[?2026$p", b"\x1b[?2048$p"):
            data = data.replace(unknown, b"")
        self.stream.feed(data)

    def until(self, text: str, limit: float = 20.0) -> bytes:
        """What arrives until `text` is on the screen and the output is quiet."""
        got = bytearray()
        end = time.monotonic() + limit
        while time.monotonic() < end:
            got += self.read(0.1, 1.0)
            if any(text in line for line in self.screen.display):
                return bytes(got) + self.read()
        raise AssertionError(f"{text!r} never appeared:\n" + "\n".join(self.screen.display))

    def press(self, keys: str, quiet: float = 0.3) -> bytes:
        """Type, and return what was sent in answer."""
        os.write(self._master, keys.encode())
        return self.read(quiet)

    @property
    def line(self) -> list[str]:
        """The lines on the screen."""
        return list(self.screen.display)

    def wait(self, limit: float = 5.0) -> int:
        """The exit status."""
        end = time.monotonic() + limit
        while self._process.poll() is None and time.monotonic() < end:
            self.read(0.05, 0.2)
        return self._process.wait(0.1)
