"""HTTP/1.1 as far as engines speak it: one GET or HEAD, one answer, over a connection that is kept.

The standard library's client parses headers as mail, which takes longer than most local calls; a scan makes hundreds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from inventory.sources.docker.sockets import GuardedSocket

_PIECE = 1 << 16
_LONGEST_HEAD = 1 << 16
_NO_BODY = frozenset({204, 304})


class ProtocolError(Exception):
    """What came back is no HTTP."""


class CutError(Exception):
    """The connection ended in the middle of an answer."""


class Head(msgspec.Struct, frozen=True):
    """Status line and headers, names in lower case; of a repeated header the last."""

    status: int
    headers: Mapping[str, str]
    keep: bool


class Connection:
    """One connection. Errors of the socket pass through; `ConnectionResetError` also when it had been closed before."""

    def __init__(self, sock: GuardedSocket) -> None:
        self.sock = sock
        self._buffer = b""

    def ask(self, method: str, path: str) -> Head:
        """Send a request and read the head of its answer."""
        if not path.isascii() or not path.isprintable() or " " in path:
            raise ProtocolError(f"{path[:60]!r} cannot be a request path")
        self.sock.sendall(f"{method} {path} HTTP/1.1\r\nHost: engine\r\nUser-Agent: deckwatch\r\n\r\n".encode())
        head = self._head()
        while 100 <= head.status < 200:  # interim answers have a head only
            head = self._head()
        return head

    def pieces(self, method: str, head: Head) -> Iterator[bytes]:
        """The body as it arrives."""
        if method == "HEAD" or head.status in _NO_BODY:
            return
        if head.headers.get("transfer-encoding", "").lower() == "chunked":
            yield from self._chunks()
        elif "content-length" in head.headers:
            yield from self._counted(_number(head.headers["content-length"], 10))
        else:
            while self._buffer or self._more():
                yield self._take(_PIECE)

    def close(self) -> None:
        """End the connection."""
        self.sock.close()

    def _head(self) -> Head:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > _LONGEST_HEAD:
                raise ProtocolError("endless headers")
            started = bool(self._buffer)
            if not self._more():
                raise CutError("in the headers") if started else ConnectionResetError("closed")
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        self._buffer = self._buffer[end + 4 :]
        return _parse(lines)

    def _chunks(self) -> Iterator[bytes]:
        while size := _number(self._line().partition(";")[0], 16):
            yield from self._counted(size)
            if self._line():
                raise ProtocolError("no line end after a chunk")
        while self._line():
            pass  # trailers

    def _counted(self, size: int) -> Iterator[bytes]:
        while size:
            if not self._buffer and not self._more():
                raise CutError(f"{size} bytes before the end")
            piece = self._take(size)
            size -= len(piece)
            yield piece

    def _line(self) -> str:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _LONGEST_HEAD:
                raise ProtocolError("endless line")
            if not self._more():
                raise CutError("in the body")
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return line.decode("latin-1")

    def _take(self, size: int) -> bytes:
        piece, self._buffer = self._buffer[:size], self._buffer[size:]
        return piece

    def _more(self) -> bool:
        data = self.sock.recv(_PIECE)
        self._buffer = self._buffer + data if self._buffer else data
        return bool(data)


def _parse(lines: list[str]) -> Head:
    version, _, rest = lines[0].partition(" ")
    if version not in {"HTTP/1.1", "HTTP/1.0"}:
        raise ProtocolError(f"answer starts with {lines[0][:40]!r}")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    connection = headers.get("connection", "").lower()
    keep = connection != "close" if version == "HTTP/1.1" else connection == "keep-alive"
    framed = "content-length" in headers or "transfer-encoding" in headers
    status = _number(rest[:3], 10)
    return Head(status, headers, keep and (framed or status in _NO_BODY or 100 <= status < 200))


def _number(text: str, base: int) -> int:
    try:
        number = int(text.strip(), base)
    except ValueError:
        number = -1
    if number < 0 or not text.strip().isalnum():
        raise ProtocolError(f"{text[:20]!r} where a number belongs")
    return number
