"""Getting bytes from an engine: GET and HEAD only, one deadline for the whole call, typed errors, never a hang."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Protocol

import msgspec

from inventory.gap import Gap, Reason
from inventory.sources.docker.http1 import Connection, CutError, Head, ProtocolError
from inventory.sources.docker.sockets import Clock, GuardedSocket

LIMIT = 64 << 20
"""The largest answer that is read, in bytes."""
_LONGEST_REFUSAL = 1 << 20
_FAILURES = (OSError, ProtocolError, CutError, ValueError)


class Answer(msgspec.Struct, frozen=True):
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ApiError(Exception):
    """A call that gave no data: `status` is the HTTP status, 0 when there was none; `message` one line for people."""

    def __init__(self, reason: Reason, status: int, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.message = message

    def gap(self, path: str) -> Gap:
        """The same as data; `path` as in `GET /services`."""
        return Gap(self.reason, path, self.message)


class Stream(Protocol):
    """An answer that does not end: iterate for bytes as they arrive; `close`, from any thread, ends that."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Transport(Protocol):
    """A way to an engine; may be used from any thread, each of which gets a connection of its own."""

    def get(self, path: str, *, deadline: float, limit: int = LIMIT, method: str = "GET") -> Answer:
        """The whole answer to one request. `deadline` in seconds for all of it. Raises `ApiError`."""

    def stream(self, path: str, *, deadline: float) -> Stream:
        """The answer as it comes, on a connection of its own; the deadline ends with the headers. Raises `ApiError`."""

    def close(self) -> None:
        """End the calling thread's connection."""


class HttpTransport:
    """HTTP over a unix socket or SSH, keep-alive, one connection per thread."""

    def __init__(self, dial: Callable[[Clock], GuardedSocket]) -> None:
        self._clock = Clock()
        self._dial = dial
        self._mine = threading.local()

    def get(self, path: str, *, deadline: float, limit: int = LIMIT, method: str = "GET") -> Answer:
        """See `Transport.get`. A kept connection that the engine has closed meanwhile is replaced once."""
        self._clock.start(deadline)
        kept: Connection | None = getattr(self._mine, "connection", None)
        self._mine.connection = None
        try:
            if kept is not None:
                try:
                    return self._once(kept, method, path, limit)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # idle connections may be closed at any time; GET may be repeated
            return self._once(Connection(self._dial(self._clock)), method, path, limit)
        except _FAILURES as error:
            raise translate(error) from error

    def stream(self, path: str, *, deadline: float) -> Stream:
        """See `Transport.stream`."""
        self._clock.start(deadline)
        try:
            connection = Connection(self._dial(self._clock))
            return self._opened(connection, path)
        except _FAILURES as error:
            raise translate(error) from error

    def close(self) -> None:
        """See `Transport.close`."""
        connection: Connection | None = getattr(self._mine, "connection", None)
        self._mine.connection = None
        if connection is not None:
            connection.close()

    def _opened(self, connection: Connection, path: str) -> Stream:
        try:
            head = connection.ask("GET", path)
            if head.status >= HTTPStatus.MULTIPLE_CHOICES:  # a stream has nothing to be unchanged
                raise refusal(head.status, _body(connection, "GET", head, _LONGEST_REFUSAL))
        except BaseException:
            connection.close()
            raise
        return _HttpStream(connection, head, self._clock)

    def _once(self, connection: Connection, method: str, path: str, limit: int) -> Answer:
        try:
            head = connection.ask(method, path)
            body = _body(connection, method, head, limit)
        except BaseException:  # whatever happened, the connection is in the middle of something
            connection.close()
            raise
        if head.keep:
            self._mine.connection = connection
        else:
            connection.close()
        if refuses(head.status):
            raise refusal(head.status, body)
        return Answer(head.status, head.headers, body)


class _HttpStream:
    def __init__(self, connection: Connection, head: Head, clock: Clock) -> None:
        self._connection = connection
        self._head = head
        self._clock = clock
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        self._clock.start(None)  # of the thread that reads, which need not be the one that connected
        try:
            yield from self._connection.pieces("GET", self._head)
        except _FAILURES as error:
            if not self._ended:
                raise translate(error) from error
        finally:
            self._connection.close()

    def close(self) -> None:
        self._ended = True
        self._connection.sock.shutdown()


def _body(connection: Connection, method: str, head: Head, limit: int) -> bytes:
    """The whole body. Raises ValueError when it is larger than `limit`."""
    pieces: list[bytes] = []
    size = 0
    for piece in connection.pieces(method, head):
        size += len(piece)
        if size > limit:
            raise ValueError(f"answer is larger than the limit of {limit} bytes")
        pieces.append(piece)
    return b"".join(pieces)


class _Message(msgspec.Struct):
    message: str = ""


_MESSAGE = msgspec.json.Decoder(_Message)  # made here, because making one is not safe in threads


def message_of(body: bytes) -> str:
    """What an error says: JSON `message` (Docker, Podman), plain text (proxies, old versions), or ""."""
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _MESSAGE.decode(body).message.strip()
    return body[:500].decode("utf-8", "replace").strip()


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else f"status {status}"


_NOT_A_MANAGER = "not a swarm manager"


def refuses(status: int) -> bool:
    """Whether a status means that there is no data: redirects are not followed, so they are refusals too."""
    return status >= HTTPStatus.MULTIPLE_CHOICES and status != HTTPStatus.NOT_MODIFIED


def refusal(status: int, body: bytes) -> ApiError:
    """The error that a status of 300 or more stands for."""
    message = message_of(body)
    shown = message or _phrase(status)
    if status in {401, 403}:
        reason = Reason.DENIED
    elif status == HTTPStatus.NOT_FOUND:
        # Podman answers "Not Found" in plain text for what it does not have, swarm above all.
        reason = (
            Reason.UNSUPPORTED
            if message in {"", "Not Found", "page not found", "404 page not found"}
            else Reason.ABSENT
        )
    elif status == HTTPStatus.NOT_IMPLEMENTED or _NOT_A_MANAGER in message:
        reason = Reason.UNSUPPORTED
    elif status in {408, 504}:
        reason = Reason.TIMEOUT
    else:
        reason = Reason.ERROR
    return ApiError(reason, status, shown)


def translate(error: BaseException) -> ApiError:
    """A failure below HTTP as an `ApiError` with status 0."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, PermissionError):
        return ApiError(Reason.DENIED, 0, "permission denied")
    if isinstance(error, TimeoutError):
        return ApiError(Reason.TIMEOUT, 0, "no answer within the deadline")
    if isinstance(error, CutError):
        return ApiError(Reason.ERROR, 0, f"answer cut off {error}")
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return ApiError(Reason.ERROR, 0, "connection closed by the engine")
    return ApiError(Reason.ERROR, 0, _words(error))


def _words(error: BaseException) -> str:
    refused = getattr(error, "verify_message", "")  # of ssl.SSLCertVerificationError, which only TLS loads
    if refused:
        return f"TLS certificate refused: {refused}"
    if isinstance(error, socket.gaierror):
        return f"name not found: {error.strerror}"
    if isinstance(error, OSError) and error.errno in _PLAIN:
        return _PLAIN[error.errno]
    if isinstance(error, ProtocolError):
        return f"not an HTTP answer: {error}"
    return str(error)[:200] or type(error).__name__


_PLAIN = {
    errno.ENOENT: "no such socket",
    errno.ECONNREFUSED: "connection refused, nothing listens there",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "network unreachable",
    errno.EMFILE: "too many open files in this process",
}
