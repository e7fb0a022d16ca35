"""Getting bytes from an engine: GET and HEAD only, one deadline for the whole call, typed errors, never a hang."""

from __future__ import annotations

import contextlib
import errno
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from inventory.gap import Gap, Reason
from inventory.sources.docker.sockets import Clock, GuardedSocket

LIMIT = 64 << 20
"""The largest answer that is read, in bytes."""
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Answer:
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
    """An answer that does not end: iterate for bytes as they arrive; `close` may be called from any thread."""

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


class _Connection(http.client.HTTPConnection):
    """Plain HTTP over whatever `dial` returns."""

    def __init__(self, dial: Callable[[], GuardedSocket]) -> None:
        super().__init__("localhost")
        self._dial = dial
        self.guarded: GuardedSocket | None = None

    def connect(self) -> None:
        self.guarded = self._dial()
        self.sock = self.guarded


class HttpTransport:
    """HTTP with the standard library over a unix socket or SSH, keep-alive, one connection per thread."""

    def __init__(self, dial: Callable[[Clock], GuardedSocket]) -> None:
        self._clock = Clock()
        self._dial = dial
        self._mine = threading.local()

    def get(self, path: str, *, deadline: float, limit: int = LIMIT, method: str = "GET") -> Answer:
        """See `Transport.get`. A kept connection that the engine has closed meanwhile is replaced once."""
        self._clock.start(deadline)
        if getattr(self._mine, "connection", None) is not None:
            try:
                return self._once(method, path, limit)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                pass
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise translate(error) from error
        try:
            return self._once(method, path, limit)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise translate(error) from error

    def stream(self, path: str, *, deadline: float) -> Stream:
        """See `Transport.stream`."""
        self._clock.start(deadline)
        connection = _Connection(lambda: self._dial(self._clock))
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            if response.status >= http.client.MULTIPLE_CHOICES:
                raise refusal(response.status, response.read(_CHUNK))
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise translate(error) from error
        except ApiError:
            connection.close()
            raise
        return _HttpStream(connection, response, self._clock)

    def close(self) -> None:
        """See `Transport.close`."""
        connection = getattr(self._mine, "connection", None)
        self._mine.connection = None
        if connection is not None:
            connection.close()

    def _once(self, method: str, path: str, limit: int) -> Answer:
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = _Connection(lambda: self._dial(self._clock))
        try:
            connection.request(method, path)
            response = connection.getresponse()
            body = _body(response, limit)
        except BaseException:  # whatever happened, the connection is in the middle of something
            self.close()
            raise
        if response.status >= http.client.BAD_REQUEST or 300 <= response.status < 304:
            raise refusal(response.status, body)
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


class _HttpStream:
    def __init__(self, connection: _Connection, response: http.client.HTTPResponse, clock: Clock) -> None:
        self._connection = connection
        self._response = response
        self._clock = clock

    def __iter__(self) -> Iterator[bytes]:
        self._clock.start(None)  # of the thread that reads, which need not be the one that connected
        try:
            while chunk := self._response.read1(_CHUNK):
                yield chunk
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            raise translate(error) from error
        finally:
            self._connection.close()

    def close(self) -> None:
        if self._connection.guarded is not None:
            self._connection.guarded.shutdown()


def _body(response: http.client.HTTPResponse, limit: int) -> bytes:
    """The whole body. Raises `IncompleteRead` when it was cut and ValueError when it is larger than `limit`."""
    if response.length is not None:
        if response.length > limit:
            raise ValueError(f"answer of {response.length} bytes is larger than the limit of {limit}")
        return response.read()
    pieces: list[bytes] = []
    size = 0
    while chunk := response.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise ValueError(f"answer is larger than the limit of {limit} bytes")
        pieces.append(chunk)
    return b"".join(pieces)


class _Message(msgspec.Struct):
    message: str = ""


def message_of(body: bytes) -> str:
    """What an error says: JSON `message` (Docker, Podman), plain text (proxies, old versions), or ""."""
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return msgspec.json.decode(body, type=_Message).message.strip()
    return body[:500].decode("utf-8", "replace").strip()


_NOT_A_MANAGER = "not a swarm manager"


def refusal(status: int, body: bytes) -> ApiError:
    """The error that a status of 300 or more stands for."""
    message = message_of(body)
    shown = message or http.client.responses.get(status, f"status {status}")
    if status in {401, 403}:
        reason = Reason.DENIED
    elif status == http.client.NOT_FOUND:
        # Podman answers "Not Found" in plain text for what it does not have, swarm above all.
        reason = (
            Reason.UNSUPPORTED
            if message in {"", "Not Found", "page not found", "404 page not found"}
            else Reason.ABSENT
        )
    elif status == http.client.NOT_IMPLEMENTED or _NOT_A_MANAGER in message:
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
    if isinstance(error, http.client.IncompleteRead):
        return ApiError(Reason.ERROR, 0, f"answer cut off after {len(error.partial)} bytes")
    if isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return ApiError(Reason.ERROR, 0, "connection closed by the engine")
    return ApiError(Reason.ERROR, 0, _words(error))


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS certificate refused: {error.verify_message}"
    if isinstance(error, socket.gaierror):
        return f"name not found: {error.strerror}"
    if isinstance(error, OSError) and error.errno in _PLAIN:
        return _PLAIN[error.errno]
    if isinstance(error, http.client.HTTPException):
        return f"not an HTTP answer: {type(error).__name__} {str(error)[:80]!r}"
    return str(error)[:200] or type(error).__name__


_PLAIN = {
    errno.ENOENT: "no such socket",
    errno.ECONNREFUSED: "connection refused, nothing listens there",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "network unreachable",
    errno.EMFILE: "too many open files in this process",
}
