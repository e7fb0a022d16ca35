"""Getting bytes from an API server: it only looks, one deadline for each request, typed errors, never a hang."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import msgspec

from inventory.gap import Reason
from inventory.sources.kubernetes.errors import CLOSED, ApiError, failure, refusal
from inventory.sources.kubernetes.pool import CURRENT

JSON = "application/json"
LIMIT = 256 << 20
"""The largest answer that is read, in bytes; lists are asked for in pages, so only odd servers come near it."""
PIECE = 256 << 10
_LONGEST_REFUSAL = 64 << 10
CONNECT = 8.0
REFUSED = (30.0, 300.0)
"""Seconds for which credentials that were refused are not tried again, first and at most."""


_Request = tuple[str, str, Mapping[str, str] | None, str, bytes | None]


class Opened(msgspec.Struct, frozen=True):
    """A way to a server: `pool` has urllib3's `urlopen`, `headers` hold the credentials."""

    server: str
    pool: Any
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Opened({self.server!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("server", self.server)]


class Stream(Protocol):
    """An answer that does not end: iterate for bytes as they arrive; `close`, from any thread, ends that."""

    def __iter__(self) -> Iterator[bytes]: ...

    def within(self, silence: float) -> None:
        """From now on so many seconds without a byte end it."""

    def close(self) -> None: ...


class Api(Protocol):
    """What the rest needs of a transport."""

    def get(
        self, path: str, query: Mapping[str, str] | None = None, *, accept: str = JSON, deadline: float,
        limit: int = LIMIT,
    ) -> bytes: ...  # fmt: skip

    def stream(
        self, path: str, query: Mapping[str, str] | None = None, *, accept: str = JSON, deadline: float, silence: float
    ) -> Stream: ...

    def review(self, path: str, body: bytes, *, deadline: float) -> bytes: ...


class Transport:
    """May be used from any thread. `connect` opens the way, and is called again when credentials have expired.

    `moved` is asked after a failure below HTTP whether the server may be somewhere else by now: then it is called too.
    """

    def __init__(
        self,
        connect: Callable[[], Opened],
        answered: Callable[[], None] = lambda: None,
        moved: Callable[[], bool] = lambda: False,
    ) -> None:
        self._connect = connect
        self._answered = answered
        self._moved = moved
        self._unreached = False  # the last request found no server
        self._lock = threading.Lock()
        self._opened: Opened | None = None
        self._refused: tuple[float, float, ApiError] | None = None  # until when, for how long, with what

    def get(
        self, path: str, query: Mapping[str, str] | None = None, *, accept: str = JSON, deadline: float,
        limit: int = LIMIT,
    ) -> bytes:  # fmt: skip
        """The whole body of one answer. `deadline` in seconds for all of it. Raises `ApiError`."""
        with self._ask("GET", path, query, accept, deadline) as call:
            return call.body(limit, accept)

    def stream(
        self, path: str, query: Mapping[str, str] | None = None, *, accept: str = JSON, deadline: float, silence: float
    ) -> Stream:
        """The answer as it comes. The deadline ends with the headers; `silence`: seconds without a byte that end it."""
        call = self._ask("GET", path, query, accept, deadline)
        call.within(silence)
        return call

    def review(self, path: str, body: bytes, *, deadline: float) -> bytes:
        """Ask what we may do, or who we are: the only questions that are put by POST. Raises `ApiError`."""
        with self._ask("POST", path, None, JSON, deadline, body) as call:
            return call.body(LIMIT, JSON)

    def again(self) -> None:
        """Try credentials that were refused before, and read them anew. Never waits: a key calls it."""
        self._refused, self._opened = None, None

    @property
    def server(self) -> str:
        """The URL that requests go to, "" before the first one."""
        return self._opened.server if self._opened else ""

    # -- one request ----------------------------------------------------------------------------------------------

    def _ask(
        self, method: str, path: str, query: Mapping[str, str] | None, accept: str, deadline: float,
        body: bytes | None = None,
    ) -> _Call:  # fmt: skip
        opened = self._open()
        until = time.monotonic() + deadline  # how long a credential plugin takes is not the server's fault
        try:
            call = self._tried(opened, method, path, query, accept, body, until)
        except ApiError as error:
            self._unreached = not error.status
            if not error.refuses_credentials:
                raise
            call = self._renewed(opened, error, deadline, (method, path, query, accept, body))
        self._unreached = False
        self._answered()
        return call

    def _tried(
        self, opened: Opened, method: str, path: str, query: Mapping[str, str] | None, accept: str,
        body: bytes | None, until: float,
    ) -> _Call:  # fmt: skip
        """Once, or twice where the other side has closed a connection that was kept."""
        try:
            return self._once(opened, method, path, query, accept, body, until)
        except ApiError as error:
            if error.cause != CLOSED or method != "GET" or time.monotonic() >= until:
                raise
        return self._once(opened, method, path, query, accept, body, until)

    def _once(
        self, opened: Opened, method: str, path: str, query: Mapping[str, str] | None, accept: str,
        body: bytes | None, until: float,
    ) -> _Call:  # fmt: skip
        url = (
            opened.server.rstrip("/") + quote(path, safe="/:@!$&'()*+,;=~") + (f"?{urlencode(query)}" if query else "")
        )
        headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "deckwatch", **opened.headers}
        if body is not None:
            headers["Content-Type"] = JSON
        call = _Call(opened.server, until)
        call.start(opened.pool, method, url, headers, body)
        return call

    def _open(self) -> Opened:
        with self._lock:
            if self._refused is not None and time.monotonic() < self._refused[0]:
                raise self._refused[2]
            if self._opened is None or (self._unreached and self._moved()):
                self._opened, self._unreached = None, False
                self._opened = self._connect()
            return self._opened

    def _renewed(self, used: Opened, error: ApiError, deadline: float, request: _Request) -> _Call:
        """The same request with fresh credentials; when those are refused too, nobody asks again for a while."""
        with self._lock:
            if self._opened is used:
                self._opened = self._connect()
            opened = self._opened or used
        try:
            call = self._once(opened, *request, time.monotonic() + deadline)
        except ApiError as again:
            if again.refuses_credentials:
                with self._lock:
                    pause = min(self._refused[1] * 2, REFUSED[1]) if self._refused else REFUSED[0]
                    self._refused = (time.monotonic() + pause, pause, again)
            raise
        with self._lock:
            self._refused = None
        return call


class _Call:
    """One request and its answer, watched: when its time is over the connection is ended below whoever reads it."""

    def __init__(self, server: str, until: float) -> None:
        self._server = server.partition("://")[2] or server
        self._silence = 0.0
        self._response: Any = None
        self._ended = False
        self._late = False
        self._whole = False  # read to its end, so that the connection is somebody else's
        self.until = until
        self.connection: Any = None  # noted by the pool when it is used

    def start(self, pool: Any, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> None:
        """Send the request and read the head of the answer. Raises `ApiError`."""
        _WATCH.begin(self)
        CURRENT.call = self
        try:
            self._response = pool.urlopen(
                method, url, body=body, headers=headers, redirect=False, retries=False, preload_content=False,
                decode_content=True, timeout=_timeout(self.until - time.monotonic()),
            )  # fmt: skip
            status = self._response.status
            if not 200 <= status < 300:
                raise refusal(status, _lower(self._response.headers), self._refusal())
        except ApiError:
            self._finish()
            raise
        except Exception as error:
            translated = self._translated(error)
            self._finish()
            raise translated from error
        finally:
            CURRENT.call = None

    def __enter__(self) -> _Call:
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()

    def within(self, silence: float) -> None:
        """From now on only silence ends it."""
        self._silence = silence
        self.until = time.monotonic() + silence

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._pieces()
        except ApiError:
            raise
        except Exception as error:
            if not self._ended:
                raise self._translated(error) from error
        finally:
            self._finish()

    def body(self, limit: int, accept: str) -> bytes:
        """All of it. Raises `ApiError` when it is larger than the limit, late, cut off or not what was asked for."""
        headers = self._response.headers
        kind = str(headers.get("content-type", ""))
        if accept.startswith(JSON) and kind and "json" not in kind:
            raise ApiError(Reason.MALFORMED, 0, f"{self._server} answers with {kind[:60]}, not as a Kubernetes API")
        pieces: list[bytes] = []
        size = 0
        try:
            for piece in self._pieces():
                size += len(piece)
                if size > limit:
                    raise ApiError(Reason.ERROR, 0, f"answer is larger than the limit of {limit} bytes")
                pieces.append(piece)
        except ApiError:
            raise
        except Exception as error:
            raise self._translated(error) from error
        declared = headers.get("content-length", "")
        if not headers.get("content-encoding") and declared.isdigit() and size < int(declared):
            raise ApiError(Reason.ERROR, 0, f"answer cut off after {size} bytes")
        return b"".join(pieces)

    def close(self) -> None:
        """End it, from any thread and at once: the thread that reads finds the end of the connection."""
        self._ended = True
        self._cut()

    def expire(self) -> None:
        """The time is over."""
        self._late = True
        self._cut()

    def _finish(self) -> None:
        """By the thread that reads. A connection that was not read to its end is of no use to anybody."""
        _WATCH.end(self)
        self._ended, self.connection = True, None
        if self._response is not None and not self._whole:
            with suppress(Exception):
                self._response.close()

    def _pieces(self) -> Iterator[bytes]:
        read = self._response.read1
        while piece := read(PIECE):
            if self._late or (not self._silence and time.monotonic() > self.until):
                raise ApiError(Reason.TIMEOUT, 0, f"{self._server} did not finish its answer in time")
            if self._silence:
                self.until = time.monotonic() + self._silence
            yield piece
        if self._late:
            raise ApiError(Reason.TIMEOUT, 0, f"{self._server} fell silent")
        self._whole, self.connection = not self._ended, None

    def _refusal(self) -> bytes:
        """What an error says, the first of it."""
        said = b""
        with suppress(Exception):
            for piece in self._pieces():
                said += piece
                if len(said) > _LONGEST_REFUSAL:
                    break
        return said[:_LONGEST_REFUSAL]

    def _translated(self, error: Exception) -> ApiError:
        if self._late or time.monotonic() > self.until:
            return ApiError(Reason.TIMEOUT, 0, f"{self._server} does not answer")
        return failure(error, self._server)

    def _cut(self) -> None:
        """End the connection below TLS, whose own objects are not safe in threads."""
        sock = getattr(self.connection, "sock", None)
        if isinstance(sock, socket.socket):
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Watch:
    """Looks after the calls of all transports, twice a second while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: set[_Call] = set()
        self._running = False

    def begin(self, call: _Call) -> None:
        with self._lock:
            self._calls.add(call)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="kubernetes-deadlines", daemon=True).start()

    def end(self, call: _Call) -> None:
        with self._lock:
            self._calls.discard(call)

    def _run(self) -> None:
        while True:
            time.sleep(0.5)
            now = time.monotonic()
            with self._lock:
                late = [call for call in self._calls if now > call.until]
                if not self._calls:
                    self._running = False
                    return
            for call in late:
                call.expire()


_WATCH = _Watch()


def _timeout(seconds: float) -> Any:
    import urllib3

    seconds = max(0.05, seconds)
    return urllib3.Timeout(connect=min(CONNECT, seconds), read=None)


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
