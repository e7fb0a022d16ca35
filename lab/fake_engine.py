"""An engine that only replays: recorded or invented answers over a unix socket, and every way of answering badly."""

from __future__ import annotations

import json
import queue
import socketserver
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import urlsplit

STREAM = ("/events",)


class Manner(Enum):
    """How an answer is given."""

    PLAIN = "all of it"
    SILENT = "the request is read and never answered"
    HALF = "half of the body, then nothing more, the connection stays open"
    TRUNCATED = "half of the body with its full length announced, then the connection is closed"
    CUT = "half of the body as if it were all of it: valid HTTP, broken JSON"
    DRIP = "one byte at a time"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers of one answer, and the manner in which it is given. `pause` seconds between drips."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = Manner.PLAIN
    pause: float = 0.05

    @classmethod
    def json(cls, value: object, status: int = 200, manner: Manner = Manner.PLAIN) -> Answer:
        return cls(json.dumps(value).encode(), status, {"Content-Type": "application/json"}, manner)

    @classmethod
    def text(cls, message: str, status: int) -> Answer:
        """What a proxy or an old engine sends instead of JSON."""
        return cls(message.encode(), status, {"Content-Type": "text/plain; charset=utf-8"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str


NOT_FOUND = Answer.json({"message": "page not found"}, 404)
_END = b""


class FakeEngine:
    """Listens on `socket_path` until stopped; a context manager.

    `routes` map a path to its answer. A request is looked up as it came, then without the version prefix, then without
    the query. `everything`, when set, answers every request except ``/_ping`` when `spare_ping` is true.
    ``/events`` is a stream: `emit` sends, `end_events` closes it, and `freeze_events` leaves it open without a word.
    """

    def __init__(self, socket_path: Path, routes: Mapping[str, Answer] | None = None) -> None:
        self.path = socket_path
        self.routes: dict[str, Answer] = dict(routes or {})
        self.everything: Answer | None = None
        self.spare_ping = False
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._streams: list[queue.SimpleQueue[bytes]] = []
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    @property
    def methods(self) -> set[str]:
        """All methods that any client has used."""
        return {request.method for request in self.requests}

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        self.closing.clear()
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="fake-engine", daemon=True).start()

    def stop(self) -> None:
        """Close the socket and end every hanging answer; `start` may be called again (an engine that returns)."""
        self.closing.set()
        self.end_events()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.path.unlink(missing_ok=True)

    def emit(self, event: Mapping[str, Any]) -> None:
        """Send one event to everybody who follows."""
        self._broadcast(json.dumps(event).encode() + b"\n")

    def end_events(self) -> None:
        """End the event streams as an engine does that shuts down."""
        self._broadcast(_END)

    def freeze_events(self) -> None:
        """Forget the followers without closing: the stream that simply stops."""
        with self._lock:
            self._streams.clear()

    def followers(self) -> int:
        with self._lock:
            return len(self._streams)

    def record(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)

    def follow(self) -> queue.SimpleQueue[bytes]:
        """A queue that gets all events from now on; an empty item is the end."""
        stream: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        with self._lock:
            self._streams.append(stream)
        return stream

    def answer(self, target: str) -> Answer:
        bare = unversioned(target)
        if self.everything is not None and not (self.spare_ping and bare == "/_ping"):
            return self.everything
        for candidate in (target, bare, urlsplit(bare).path):
            if candidate in self.routes:
                return self.routes[candidate]
        return NOT_FOUND

    def __enter__(self) -> FakeEngine:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def _broadcast(self, line: bytes) -> None:
        with self._lock:
            for stream in self._streams:
                stream.put(line)
            if line == _END:
                self._streams.clear()


def unversioned(target: str) -> str:
    """``/v1.41/info?x=1`` without its version: ``/info?x=1``."""
    first, _, rest = target.removeprefix("/").partition("/")
    return f"/{rest}" if rest and first.startswith("v") and first[1:2].isdigit() else target


def recorded(directory: Path) -> dict[str, Answer]:
    """Routes from a directory of captured bodies with a ``meta.jsonl`` (file, method, path, status, headers)."""
    routes: dict[str, Answer] = {}
    for line in (directory / "meta.jsonl").read_text().splitlines():
        meta = json.loads(line)
        body = directory / meta["file"]
        if meta["method"] not in ("GET", "HEAD") or not body.exists():
            continue
        kept = {name: value for name, value in meta["headers"] if name in ("Content-Type", "Api-Version", "Server")}
        routes[unversioned(meta["path"])] = Answer(body.read_bytes(), meta["status"], kept)
    return routes


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine
        super().__init__(str(engine.path), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the game."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    disable_nagle_algorithm: ClassVar[bool] = False

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Requests are recorded, not printed."""

    def do_any(self) -> None:
        engine = self.server.engine
        engine.record(Request(self.command, self.path))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = urlsplit(unversioned(self.path)).path
        if target in STREAM and engine.everything is None and target not in engine.routes:
            if "until=" in self.path:  # the past: an engine tells what it remembers and ends
                self._give(engine, Answer())
            else:
                self._stream(engine)
        else:
            self._give(engine, engine.answer(self.path))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_any  # noqa: N815 - names the base class looks up

    def _give(self, engine: FakeEngine, answer: Answer) -> None:
        if answer.manner is Manner.SILENT:
            engine.closing.wait()
            self.close_connection = True
            return
        body = answer.body[: len(answer.body) // 2] if answer.manner is Manner.CUT else answer.body
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self._write(engine, answer, body)

    def _write(self, engine: FakeEngine, answer: Answer, body: bytes) -> None:
        if answer.manner in (Manner.HALF, Manner.TRUNCATED):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if answer.manner is Manner.HALF:
                engine.closing.wait()
            self.close_connection = True
        elif answer.manner is Manner.DRIP:
            for position in range(len(body)):
                self.wfile.write(body[position : position + 1])
                if engine.closing.wait(answer.pause):
                    return
        else:
            self.wfile.write(body)

    def _stream(self, engine: FakeEngine) -> None:
        stream = engine.follow()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        while True:
            try:
                line = stream.get(timeout=0.2)
            except queue.Empty:
                if engine.closing.is_set():
                    break
                continue
            if line == _END:
                break
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True
