"""A unix socket in front of an engine that passes everything on and notes method and path of every request."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from lab.fake_engine import Request

_REQUEST_LINE = re.compile(rb"^([A-Z]+) (\S+) HTTP/1\.[01]\r?\n", re.MULTILINE)
_CHUNK = 65536


class LoggingProxy:
    """Listens on `listen`, talks to `upstream`; ``requests`` is what clients asked, in order. A context manager.

    With `log` every request is also appended to that file as ``METHOD path``. Request bodies are not parsed: a client
    that only reads has none.
    """

    def __init__(self, listen: Path, upstream: Path, log: Path | None = None) -> None:
        self.listen = listen
        self.upstream = upstream
        self.log = log
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.listen}"

    @property
    def methods(self) -> set[str]:
        return {request.method for request in self.requests}

    def start(self) -> None:
        self.listen.unlink(missing_ok=True)
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="logging-proxy", daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.listen.unlink(missing_ok=True)

    def note(self, head: bytes) -> None:
        """Record every request line in `head` (one or more complete request heads)."""
        found = [Request(m[1].decode("latin-1"), m[2].decode("latin-1")) for m in _REQUEST_LINE.finditer(head)]
        with self._lock:
            self.requests.extend(found)
            if self.log is not None and found:
                with self.log.open("a") as file:
                    file.writelines(f"{request.method} {request.path}\n" for request in found)

    def __enter__(self) -> LoggingProxy:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, proxy: LoggingProxy) -> None:
        self.proxy = proxy
        super().__init__(str(proxy.listen), _Handler)


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as upstream:
            try:
                upstream.connect(str(self.server.proxy.upstream))
            except OSError:
                return  # the client sees a closed connection, as if the engine were gone
            back = threading.Thread(target=_copy, args=(upstream, self.request), daemon=True)
            back.start()
            self._forward(upstream)
            back.join()

    def _forward(self, upstream: socket.socket) -> None:
        """Pass the requests on; a head is noted once it is complete, however it was cut into packets."""
        pending = b""
        with suppress(OSError):
            while data := self.request.recv(_CHUNK):
                pending += data
                complete, end, rest = pending.rpartition(b"\r\n\r\n")
                if end:
                    self.server.proxy.note(complete + end)
                    pending = rest
                upstream.sendall(data)
            upstream.shutdown(socket.SHUT_WR)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)
