"""Log streams: 8-byte frames without a terminal, bare text with one. `Config.Tty` decides, never the content."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from inventory.sources.docker.facts import moment

LONGEST_LINE = 64 << 10
"""Bytes after which a line is broken: a program that writes no line ends must not fill the memory."""
_LARGEST_FRAME = 16 << 20
_NAMES = {0: "stdin", 1: "stdout", 2: "stderr", 3: "system"}


class LogLine(msgspec.Struct, frozen=True):
    """One line: `stream` is stdout, stderr, system, or tty; `time` epoch seconds, 0.0 if the engine did not tell."""

    stream: str
    time: float
    text: str


class Demultiplexer:
    """Turns the pieces of an answer into lines; invalid UTF-8 is replaced, everything else is kept exactly."""

    def __init__(self, tty: bool, timestamps: bool) -> None:
        self._raw = tty
        self._timestamps = timestamps
        self._buffer = b""
        self._open: dict[str, bytes] = {}

    def feed(self, piece: bytes) -> Iterator[LogLine]:
        """The lines that are complete with this piece."""
        if self._raw:
            yield from self._lines("tty", piece)
            return
        self._buffer += piece
        while len(self._buffer) >= 8:
            size = int.from_bytes(self._buffer[4:8], "big")
            if self._buffer[0] not in _NAMES or any(self._buffer[1:4]) or size > _LARGEST_FRAME:
                self._raw = True  # no frames after all; better unsorted lines than none
                rest, self._buffer = self._buffer, b""
                yield from self._lines("tty", rest)
                return
            if len(self._buffer) < 8 + size:
                return
            payload, name = self._buffer[8 : 8 + size], _NAMES[self._buffer[0]]
            self._buffer = self._buffer[8 + size :]
            yield from self._lines(name, payload)

    def end(self) -> Iterator[LogLine]:
        """What is left without a line end."""
        for stream, rest in self._open.items():
            if rest:
                yield self._line(stream, rest)
        self._open.clear()

    def _lines(self, stream: str, data: bytes) -> Iterator[LogLine]:
        *lines, rest = (self._open.get(stream, b"") + data).split(b"\n")
        while len(rest) > LONGEST_LINE:
            lines.append(rest[:LONGEST_LINE])
            rest = rest[LONGEST_LINE:]
        self._open[stream] = rest
        for line in lines:
            yield self._line(stream, line)

    def _line(self, stream: str, line: bytes) -> LogLine:
        text = line.decode("utf-8", "replace").removesuffix("\r")
        if self._timestamps:
            stamp, space, rest = text.partition(" ")
            time = moment(stamp) if space and stamp[:2].isdigit() else None
            if isinstance(time, float):
                return LogLine(stream, time, rest)
        return LogLine(stream, 0.0, text)
