"""A server of archives that can do everything a real one may do wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Published:
    """What is served, by path; how it goes wrong; and what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.break_after = 0
        """Each answer ends after so many bytes of content, though it promises all."""
        self.lie = 0
        """Added to Content-Length."""
        self.ranges = True
        self.redirect: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.sent = 0
        self.url = ""

    def etag(self, path: str) -> str:
        """Differs whenever the content does."""
        return f'"{hash(self.files[path]) & 0xFFFFFFFF:x}"'


@contextmanager
def serving() -> Iterator[Published]:
    """On a port of this machine."""
    state = Published()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            state.asked.append((self.path, wanted))
            if self.path in state.redirect:
                self.send_response(302)
                self.send_header("Location", state.redirect[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = state.files.get(self.path)
            if body is None:
                self.send_error(404)
                return
            etag = state.etag(self.path)
            if self.headers.get("If-None-Match") == etag:
                self.send_response(304)
                self.end_headers()
                return
            start = 0
            if state.ranges and wanted and self.headers.get("If-Range") == etag:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("ETag", etag)
            self.send_header("Content-Length", str(len(body) - start + state.lie))
            self.end_headers()
            part = body[start : start + state.break_after] if state.break_after else body[start:]
            state.sent += len(part)
            self.wfile.write(part)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
