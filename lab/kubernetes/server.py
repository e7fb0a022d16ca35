"""The API server: sockets, TLS, connections, and what can go wrong with them."""

from __future__ import annotations

import contextlib
import email.utils
import socket
import socketserver
import ssl
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lab.kubernetes.accounts import Account, Accounts
from lab.kubernetes.answers import Answer, Answers, Manners
from lab.kubernetes.captured import recorded
from lab.kubernetes.cluster import Cluster
from lab.kubernetes.credentials import Credentials, kubeconfig
from lab.kubernetes.faults import Fault, Faults, Manner
from lab.kubernetes.journal import Journal, Request
from lab.kubernetes.problem import JSON, Problem, throttled, unauthorized
from lab.kubernetes.watching import DroppedError

_COMPRESSED_FROM = 128 * 1024
_ACCOUNTS = ("admin", "viewer", "namespace-only", "triage", "bad-token", "anonymous")


class ApiServer:
    """Listens on loopback; a context manager. Without TLS whoever has no token is the admin, as behind `kubectl proxy`.

    `cluster` holds the objects and is changed through its methods, `manners` say how the server is set up, `faults`
    what it does wrong, `journal` what it was asked.
    """

    def __init__(self, cluster: Cluster | None = None, *, tls: bool = True, manners: Manners | None = None) -> None:
        self.cluster = cluster or recorded()
        self.manners = manners or Manners()
        self.accounts = Accounts()
        self.answers = Answers(self.cluster, self.accounts, self.manners)
        self.faults = Faults()
        self.journal = Journal()
        self.credentials = Credentials() if tls else None
        self.clock_offset = 0.0
        self.compress = True
        self.rate = 0.0
        """Bytes a second at most on one connection; 0: as fast as it goes."""
        self.accepted = 0
        self.running = threading.Event()
        self._tls = self.credentials.context() if self.credentials else None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: _Listener | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self.running.set()
        self._listener = _Listener(self, self.port)
        self.port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True, name="apiserver").start()

    def stop(self) -> None:
        """Refuse connections from now on and drop those that are open."""
        self.running.clear()
        if self._listener is not None:
            self._listener.shutdown()
            self._listener.server_close()
            self._listener = None
        self.drop_connections()

    def restart(self, *, history: bool = True, down: float = 0.0) -> None:
        """Stop and start; without `history` what was read before cannot be continued."""
        self.stop()
        if not history:
            self.cluster.compact()
        time.sleep(down)
        self.start()

    def __enter__(self) -> ApiServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def kubeconfig(self, target: Path, contexts: Iterable[str] = _ACCOUNTS) -> Path:
        """Write a kubeconfig whose contexts are named after the accounts."""
        return kubeconfig(target, self.url, self.accounts, self.credentials, contexts)

    def drop_connections(self) -> int:
        """Close every open connection at once; how many there were."""
        with self._lock:
            found = list(self._open)
        for one in found:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)
        with self.cluster.changed:
            self.cluster.changed.notify_all()
        return len(found)

    def order(self, what: str, path: str = "", account: str = "") -> int:
        """Have running watches `end`, `drop`, `expire` (410), `error` (500), `cut`, send `garbage`, go `mute`."""
        with self.cluster.changed:
            chosen = [one for one in self.answers.watches if path in one.path and account in ("", one.account)]
            for one in chosen:
                one.order = what
            self.cluster.changed.notify_all()
        return len(chosen)

    def watching(self, path: str = "") -> int:
        """How many watches run on paths that hold this text."""
        return sum(path in one.path for one in list(self.answers.watches))

    def expire_tokens(self) -> None:
        """Continue tokens handed out so far are answered with 410; so are watches from versions so far."""
        self.cluster.compact()

    def fail(self, manner: Manner, pattern: str = "", **how: Any) -> Fault:
        """`Faults.add`."""
        return self.faults.add(manner, pattern, **how)

    def wrap(self, connection: socket.socket) -> socket.socket:
        """TLS where this server speaks it; somebody who speaks plain HTTP is told so and let go."""
        if self._tls is None:
            return connection
        if connection.recv(1, socket.MSG_PEEK) != b"\x16":
            words = b"Client sent an HTTP request to an HTTPS server.\n"
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n" + words)
            raise ConnectionAbortedError("plain HTTP")
        return self._tls.wrap_socket(connection, server_side=True)

    def opened(self, connection: socket.socket, now: bool) -> None:
        with self._lock:
            if now:
                self.accepted += 1
                self._open.add(connection)
            else:
                self._open.discard(connection)


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, api: ApiServer, port: int) -> None:
        self.api = api
        super().__init__(("127.0.0.1", port), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread, so that a slow handshake holds up nobody else."""
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, ValueError):
            connection = self.api.wrap(request)
            self.api.opened(connection, True)
            try:
                _Handler(connection, client_address, self)
            finally:
                self.api.opened(connection, False)
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
                connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "kube-apiserver", ""
    _due = 0.0  # when the next piece may go

    def _serve(self) -> None:
        api = self.server.api
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        account = self._account()
        request = Request(
            self.command, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)),
            account.name if account else "bad-token", self.path, self.headers.get("Accept") or "",
            self.headers.get("User-Agent") or "",
        )  # fmt: skip
        api.journal.note(request)
        rule = api.faults.hit(self.path, request.account)
        try:
            if rule is not None and self._sick(rule):
                return
            if account is None:
                raise unauthorized()
            if self.headers.get("Impersonate-User") == "throttled@example.com":
                raise throttled(2)
            answer = api.answers.answer(account, request, body, self._going)
        except Problem as problem:
            answer = Answer(problem.code, problem.kind, [problem.body], headers=problem.headers)
        except DroppedError:
            self.close_connection = True
            return
        request.status = answer.status
        try:
            self._send(answer, rule)
        except (DroppedError, OSError, ValueError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the names of http.server

    def _account(self) -> Account | None:
        """Who asks; None for a token that nobody knows."""
        accounts = self.server.api.accounts
        kind, _, token = (self.headers.get("Authorization") or "").partition(" ")
        if kind.lower() == "bearer":
            return accounts.of_token(token.strip())
        if not isinstance(self.connection, ssl.SSLSocket):
            return accounts.admin
        subject: Any = (self.connection.getpeercert() or {}).get("subject", ())
        names = [value for group in subject for name, value in group if name == "commonName"]
        return (accounts.of_user(names[0]) if names else None) or accounts.anonymous

    def _going(self) -> bool:
        return self.server.api.running.is_set()

    def _sick(self, rule: Fault) -> bool:
        """What a rule does instead of an answer; False where it lets the answer through, in its manner."""
        if rule.manner is Manner.HANG:
            while self._going() and rule in self.server.api.faults.rules and self._connected():
                time.sleep(0.05)
            raise DroppedError
        if rule.manner is Manner.DROP:
            raise DroppedError
        if rule.manner is Manner.NOISE:
            self.wfile.write(b"\x00\x01SSH-2.0-not-http\r\n\r\n")
            raise DroppedError
        if rule.manner is Manner.THROTTLE:
            raise throttled(rule.value or 1)
        if rule.manner is Manner.ERROR:
            raise Problem(rule.value or 502, "", "upstream connect error or disconnect\n", text=True)
        if rule.manner is Manner.GONE:
            raise Problem(410, "Expired", "too old resource version: 1 (2)")
        if rule.manner is Manner.UNAUTHORIZED:
            raise unauthorized()
        if rule.manner is Manner.GARBAGE:
            self._send(Answer(200, JSON, [b'{"kind":"PodList","items":[{"metadata":{"name":\xff\x00']), None)
            return True
        return False

    def _connected(self) -> bool:
        try:
            return bool(socket.socket.recv(self.connection, 1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _send(self, answer: Answer, rule: Fault | None) -> None:
        pieces: Iterator[bytes] = iter(answer.body)
        whole: bytes | None = None
        if not answer.stream:
            first = next(pieces, b"")
            rest = next(pieces, None)
            if rest is None:
                whole = first
            else:
                pieces = _chain(first, rest, pieces)
        zipped = self._zipped(answer, whole)
        self.send_response(answer.status)
        if answer.kind:
            self.send_header("Content-Type", answer.kind)
        self.send_header("Cache-Control", "no-cache, private")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        if whole is not None and not zipped:
            if answer.status != 204:
                self.send_header("Content-Length", str(len(whole)))
            self.end_headers()
            if self.command != "HEAD":
                self._write(whole, rule, last=True)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command == "HEAD":
            return
        for piece in _gzip(pieces if whole is None else iter([whole])) if zipped else pieces:
            if piece:
                self._write(b"%x\r\n%s\r\n" % (len(piece), piece), rule, last=False)
        self.wfile.write(b"0\r\n\r\n")

    def _zipped(self, answer: Answer, whole: bytes | None) -> bool:
        if answer.stream or not self.server.api.compress or answer.kind != JSON or answer.status != 200:
            return False
        large = whole is None or len(whole) > _COMPRESSED_FROM
        return large and "gzip" in (self.headers.get("Accept-Encoding") or "")

    def _write(self, piece: bytes, rule: Fault | None, last: bool) -> None:
        if rule is not None and rule.manner is Manner.CUT:
            self.wfile.write(piece[: len(piece) // 2])
            raise DroppedError
        if rule is not None and rule.manner is Manner.SLOW:
            step = max(1, len(piece) // 20)
            for at in range(0, len(piece), step):
                self.wfile.write(piece[at : at + step])
                time.sleep(rule.pause)
            return
        if self.server.api.rate:
            time.sleep(max(0.0, self._due - time.monotonic()))
            self._due = max(self._due, time.monotonic() - 0.05) + len(piece) / self.server.api.rate
        self.wfile.write(piece)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Of the server's clock, which may be wrong."""
        return email.utils.formatdate((timestamp or time.time()) + self.server.api.clock_offset, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """The journal has it."""


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest


def _gzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    squeeze = zlib.compressobj(1, wbits=31)
    for piece in pieces:
        yield squeeze.compress(piece)
    yield squeeze.flush()
