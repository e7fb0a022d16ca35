"""A registry in memory: right, or wrong in every way that a stranger can think of. Loopback only."""

from __future__ import annotations

import base64
import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.registry.signing import OCI_INDEX, OCI_MANIFEST, Store, dump

USER, PASSWORD, REFRESH, TOKEN = "robot", "s3cr3t-of-the-robot", "refresh-me-9f8e7d", "token-5a6b7c8d"


@dataclass
class Seen:
    """One request as it came."""

    method: str
    path: str
    authorization: str
    body: str = ""


Handler = Callable[[BaseHTTPRequestHandler], bool]
"""Answers a request in its own way; False leaves it to the registry."""


@dataclass
class Registry:
    """Listens on a free port. `login` is "", basic or bearer; `realm` where the tokens are, "" for this one itself."""

    stores: dict[str, Store] = field(default_factory=dict)
    login: str = ""
    realm: str = ""
    referrers_api: bool = True
    odd: Handler | None = None
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)

    def store(self, path: str = "team/app") -> Store:
        """A repository."""
        return self.stores.setdefault(path, Store())

    def __enter__(self) -> Registry:
        registry = self

        class Answering(_Answering):
            pass

        Answering.registry = registry
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        if self.tls is not None:
            self.server.socket = self.tls.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def host(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.server.server_address[1]}"

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'https' if self.tls else 'http'}://{self.host}"

    def repository(self, path: str = "team/app") -> str:
        """As it is written in full."""
        return f"{self.host}/{path}"

    def paths(self) -> list[str]:
        """What was asked for."""
        return [one.path for one in self.seen]


class _Answering(BaseHTTPRequestHandler):
    registry: Registry
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        pass

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def do_HEAD(self) -> None:
        self._any()

    def do_POST(self) -> None:
        self._any()

    def do_GET(self) -> None:
        self._any()

    def _any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode() if length else ""
        registry = self.registry
        registry.seen.append(Seen(self.command, self.path, self.headers.get("Authorization", ""), body))
        if registry.odd is not None and registry.odd(self):
            return
        parts = urlsplit(self.path)
        if parts.path == "/token":
            self._token(parse_qs(parts.query), parse_qs(body))
        elif not self._let_in():
            header = 'Basic realm="registry"'
            if registry.login == "bearer":
                realm = registry.realm or f"{registry.url}/token"
                header = f'Bearer realm="{realm}",service="the registry",scope="repository:x:pull"'
            answer(self, 401, dump({"errors": [{"code": "UNAUTHORIZED"}]}), {"WWW-Authenticate": header})
        else:
            self._content(parts.path)

    def _let_in(self) -> bool:
        said = self.headers.get("Authorization", "")
        wanted = {
            "": said,
            "basic": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
            "bearer": f"Bearer {TOKEN}",
        }
        return said == wanted[self.registry.login]

    def _token(self, query: dict[str, list[str]], form: dict[str, list[str]]) -> None:
        basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        known = self.headers.get("Authorization", "") == basic or form.get("refresh_token") == [REFRESH]
        if known:
            answer(self, 200, dump({"access_token": TOKEN} if form else {"token": TOKEN}))
        else:
            answer(self, 200, dump({"token": "anonymous"}))

    def _content(self, path: str) -> None:
        for name, store in self.registry.stores.items():
            prefix = f"/v2/{name}/"
            if not path.startswith(prefix):
                continue
            kind, _, reference = path.removeprefix(prefix).partition("/")
            if kind == "referrers" and not self.registry.referrers_api:
                break
            found = {"manifests": store.manifests, "blobs": store.blobs, "referrers": store.referrers}.get(kind, {})
            content = found.get(reference)
            if content is None and kind == "referrers":
                content = dump({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []})
            if content is not None:
                answer(self, 200, content, {"Content-Type": OCI_MANIFEST})
                return
        answer(self, 404, dump({"errors": [{"code": "MANIFEST_UNKNOWN"}]}))


def answer(
    request: BaseHTTPRequestHandler, status: int, body: bytes = b"", headers: dict[str, str] | None = None
) -> None:
    """A whole answer."""
    request.send_response(status)
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


def silent(seconds: float = 30.0) -> Handler:
    """Never answers."""

    def odd(request: BaseHTTPRequestHandler) -> bool:
        time.sleep(seconds)
        return True

    return odd


def dripping(request: BaseHTTPRequestHandler) -> bool:
    """One byte at a time, for ever."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(400):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.05)
    return True


def dripping_head(request: BaseHTTPRequestHandler) -> bool:
    """A header that never ends."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(400):
        request.wfile.write(b"a")
        request.wfile.flush()
        time.sleep(0.05)
    return True


def endless(request: BaseHTTPRequestHandler) -> bool:
    """Chunks without end."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(10_000):
        request.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
    return True


def huge(request: BaseHTTPRequestHandler) -> bool:
    """Announces far too much."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n" + b" " * 1000)
    return True


def noise(request: BaseHTTPRequestHandler) -> bool:
    """No HTTP at all."""
    request.wfile.write(b"\x00\x01\xff\x1b]0;gotcha\x07 no http \r\n\r\n" * 10)
    request.close_connection = True
    return True


def always(status: int, body: bytes = b"", **headers: str) -> Handler:
    """The same answer to everything."""

    def odd(request: BaseHTTPRequestHandler) -> bool:
        answer(request, status, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return True

    return odd


@contextlib.contextmanager
def registry(**more: Any) -> Iterator[Registry]:
    """One that runs."""
    with Registry(**more) as made:
        yield made
