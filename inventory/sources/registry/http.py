"""One request to one host: GET or HEAD, a deadline for all of it, a limit of bytes, no redirect followed.

The one exception is a POST that hands a refresh token to a registry's token server, and nothing else.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import msgspec
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from inventory.sources.docker.sockets import Clock, GuardedSocket
from inventory.sources.registry.faults import Cause, RegistryError, from_error
from inventory.sources.registry.names import is_loopback

_CHUNK = 1 << 16
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, TypeError, AttributeError)
_AGENT = "deckwatch"


class Answer(msgspec.Struct, frozen=True):
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Tls(msgspec.Struct, frozen=True):
    """Whom to trust besides the machine's own CAs, and the certificate to show; `verify` False trusts anybody."""

    verify: bool = True
    authorities: tuple[str, ...] = ()
    client: tuple[str, str] = ("", "")


class _Call(Clock):
    """Of the call in this thread: its deadline, whether it hands over a token, whether it may lead to this machine."""

    hands_over = False
    inward = True


class Http:
    """Connections to hosts, kept open between requests. May be used from any thread."""

    def __init__(self, connect: float, environ: Mapping[str, str]) -> None:
        self._connect = connect
        self._environ = environ
        self._call = _Call()
        self._lock = threading.Lock()
        self._sessions: dict[Tls, requests.Session] = {}

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        tls: Tls,
        seconds: float,
        limit: int,
        form: Mapping[str, str] | None = None,
        inward: bool = True,
    ) -> Answer:
        """The whole answer. With `form` it is a POST to a token server. `inward` False: not to an address of this
        machine or its link, for a place that the registry named. Raises `RegistryError`.
        """
        host = urllib.parse.urlsplit(url).netloc.rpartition("@")[2]
        if method not in {"GET", "HEAD"} and form is None:
            raise RegistryError(Cause.REFUSED, f"only GET and HEAD are sent to {host}")
        self._call.start(seconds)
        self._call.hands_over, self._call.inward = form is not None, inward
        try:
            session = self._session(tls)
            proxies = {} if is_loopback(host) else self._proxies(url)
            self._call.inward = inward or bool(proxies)  # a proxy's own address is no place that a registry named
            with contextlib.closing(
                session.request(
                    method,
                    url,
                    headers={"User-Agent": _AGENT, "Accept-Encoding": "identity", **headers},
                    data=form,
                    stream=True,
                    allow_redirects=False,
                    timeout=(min(self._connect, seconds), seconds),
                    proxies=proxies,
                    auth=_no_authentication,
                )
            ) as response:
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, names, self._body(response, host, limit))
        except _FAILURES as error:
            raise from_error(host, error) from None
        finally:
            self._call.start(None)
            self._call.hands_over, self._call.inward = False, True

    def _body(self, response: requests.Response, host: str, limit: int) -> bytes:
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced[:20]) > limit and response.request.method != "HEAD":
            raise RegistryError(Cause.TOO_LARGE, f"{host}: the answer is larger than {limit} bytes")
        pieces: list[bytes] = []
        size = 0
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            size += len(chunk)
            if size > limit:
                raise RegistryError(Cause.TOO_LARGE, f"{host}: the answer is larger than {limit} bytes")
            pieces.append(chunk)
        return b"".join(pieces)

    def _proxies(self, url: str) -> dict[str, str]:
        """What the environment says, read here: requests would take netrc and CA bundles from it too."""
        scheme, host = url.partition(":")[0], urllib.parse.urlsplit(url).hostname or ""
        told = {name.lower(): value for name, value in self._environ.items()}
        for name in told.get("no_proxy", "").split(","):
            name = name.strip().lstrip(".").lower()
            if name == "*" or (name and (host == name or host.endswith(f".{name}"))):
                return {}
        proxy = told.get(f"{scheme}_proxy") or told.get("all_proxy")
        return {scheme: proxy} if proxy else {}

    def _session(self, tls: Tls) -> requests.Session:
        with self._lock:
            session = self._sessions.get(tls)
            if session is None:
                session = self._sessions[tls] = requests.Session()
                session.trust_env = False  # neither netrc, nor REQUESTS_CA_BUNDLE in the place of our CAs
                session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
                adapter = _GuardedAdapter(self._call, _context(tls))
                session.mount("http://", adapter)
                session.mount("https://", adapter)
        return session


def _no_authentication(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Without one, requests makes credentials of what stands in a URL."""
    return request


def _context(tls: Tls) -> ssl.SSLContext:
    """A context of our own: with a path of CAs, requests would let the environment replace it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.verify:
        context.load_default_certs()
        known = ssl.get_default_verify_paths()
        if known.cafile is None and known.capath is None:
            context.load_verify_locations(requests.certs.where())
        for path in tls.authorities:
            with contextlib.suppress(OSError, ssl.SSLError):
                context.load_verify_locations(path)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if all(tls.client):
        with contextlib.suppress(OSError, ssl.SSLError):
            context.load_cert_chain(*tls.client)
    return context


class _GuardedAdapter(HTTPAdapter):
    """Puts the guard between HTTP and the (TLS) socket of every connection, and keeps to its own TLS context."""

    def __init__(self, call: _Call, context: ssl.SSLContext) -> None:
        self._call = call
        self._context = context
        super().__init__(pool_connections=8, pool_maxsize=4, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = _guarded_pools(self._call)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)
        manager.pool_classes_by_scheme = _guarded_pools(self._call)
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing: the context says it all."""

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Of the address only."""
        parts = urllib.parse.urlsplit(request.url or "")
        return {"scheme": str(parts.scheme), "host": str(parts.hostname), "port": parts.port}, {}


class _Socket(GuardedSocket):
    """Lets a form pass where the call declared that it hands over a token."""

    def __init__(self, inner: Any, call: _Call) -> None:
        super().__init__(inner, call)
        self._call = call
        self._plain = inner

    def sendall(self, data: bytes) -> None:
        """See `GuardedSocket.sendall`."""
        if not self._call.hands_over:
            super().sendall(data)
            return
        self._plain.settimeout(self._call.left())
        self._plain.sendall(data)


@contextlib.contextmanager
def _until(call: _Call, sock: socket.socket) -> Iterator[None]:
    """End a handshake that drips at the call's deadline: its time limit is per read."""
    left = call.left()
    other = sock.dup()

    def end() -> None:
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(3600.0 if left is None else left, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        other.close()


def _check_peer(call: _Call, sock: socket.socket) -> None:
    if call.inward:
        return
    place = ipaddress.ip_address(sock.getpeername()[0].partition("%")[0])
    mapped = getattr(place, "ipv4_mapped", None)
    place = mapped or place
    if place.is_loopback or place.is_link_local or place.is_unspecified:
        sock.close()
        raise RegistryError(Cause.REFUSED, "the registry points to an address of this machine: not followed")


def _guarded_pools(call: _Call) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            _check_peer(call, sock)
            return sock

        def connect(self) -> None:
            super().connect()
            self.sock: Any = _Socket(self.sock, call)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            _check_peer(call, sock)
            self._watch.enter_context(_until(call, sock))
            return sock

        def connect(self) -> None:
            with contextlib.ExitStack() as self._watch:
                super().connect()
            self.is_verified = True  # said in our own words; urllib3's warning would be written across the screen
            self.sock: Any = _Socket(self.sock, call)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def tls_files(directories: tuple[Path, ...], host: str) -> tuple[tuple[str, ...], tuple[str, str]]:
    """The CAs and the first pair of certificate and key in `HOST/` of the engine's directories of certificates."""
    authorities: list[str] = []
    pair = ("", "")
    for directory in directories:
        try:
            names = sorted(entry.name for entry in (directory / host).iterdir())[:64]
        except OSError:
            continue
        authorities += [str(directory / host / name) for name in names if name.endswith(".crt")]
        for name in names:
            key = f"{name.removesuffix('.cert')}.key"
            if name.endswith(".cert") and key in names and not all(pair):
                pair = (str(directory / host / name), str(directory / host / key))
    return tuple(authorities), pair
