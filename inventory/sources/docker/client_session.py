"""TCP and TLS through the session of docker-py's low-level client, under the same guard as the other transports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import docker
import docker.errors
import docker.tls
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from inventory.gap import Reason
from inventory.sources.docker.endpoint import TlsFiles
from inventory.sources.docker.sockets import Clock, GuardedSocket
from inventory.sources.docker.transport import LIMIT, Answer, ApiError, Stream, refusal, refuses, translate

_CHUNK = 1 << 16
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)


class ClientTransport:
    """`Transport` over `docker.APIClient`, which brings TLS material, proxies and connection pooling.

    Only its session is used: answers stay raw bytes. Raises `ApiError` when the client refuses the endpoint.
    """

    def __init__(self, url: str, tls: TlsFiles | None) -> None:
        self._clock = Clock()
        try:
            self._client = docker.APIClient(url, version="1.41", tls=_tls_config(tls) if tls else False)
        except docker.errors.DockerException as error:
            raise ApiError(Reason.ERROR, 0, str(error)) from error
        self._base = self._client.base_url.rstrip("/")
        for scheme in ("http://", "https://"):
            self._client.mount(scheme, _GuardedAdapter(self._clock))

    def get(self, path: str, *, deadline: float, limit: int = LIMIT, method: str = "GET") -> Answer:
        """See `Transport.get`."""
        response = self._send(method, path, deadline)
        try:
            body = self._body(response, limit)
        except _FAILURES as error:
            raise _translate(error) from error
        finally:
            response.close()
        if refuses(response.status_code):
            raise refusal(response.status_code, body)
        return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)

    def stream(self, path: str, *, deadline: float) -> Stream:
        """See `Transport.stream`."""
        response = self._send("GET", path, deadline)
        if response.status_code >= 300:
            body = response.raw.read(_CHUNK)
            response.close()
            raise refusal(response.status_code, body)
        return _ClientStream(response, self._clock)

    def close(self) -> None:
        """See `Transport.close`; the pool is shared, so this ends the idle connections of all threads."""
        self._client.close()

    def _send(self, method: str, path: str, deadline: float) -> requests.Response:
        self._clock.start(deadline)
        try:
            # REQUESTS_CA_BUNDLE would take the place of the session's own CA unless that is named in each call.
            return self._client.request(
                method, self._base + path, stream=True, allow_redirects=False, timeout=deadline,
                headers={"Accept-Encoding": "identity"}, verify=self._client.verify,
            )  # fmt: skip
        except _FAILURES as error:
            raise _translate(error) from error

    def _body(self, response: requests.Response, limit: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        for chunk in response.raw.stream(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > limit:
                raise ValueError(f"answer is larger than the limit of {limit} bytes")
            pieces.append(chunk)
        return b"".join(pieces)


class _ClientStream:
    def __init__(self, response: requests.Response, clock: Clock) -> None:
        self._response = response
        self._clock = clock
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        self._clock.start(None)
        try:
            while chunk := self._response.raw.read1(_CHUNK):
                yield chunk
        except (*_FAILURES, AttributeError) as error:
            if not self._ended:
                raise _translate(error) from error
        finally:
            self._response.close()

    def close(self) -> None:
        self._ended = True
        connection = self._response.raw.connection
        sock = getattr(connection, "sock", None)
        if isinstance(sock, GuardedSocket):
            sock.shutdown()


class _GuardedAdapter(HTTPAdapter):
    """Puts the guard between HTTP and the (TLS) socket of every connection."""

    def __init__(self, clock: Clock) -> None:
        self._guard = clock
        super().__init__(pool_connections=4, pool_maxsize=8, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        plain, secure = _guarded_pools(self._guard)
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": secure}


def _guarded_pools(clock: Clock) -> tuple[type[HTTPConnectionPool], type[HTTPSConnectionPool]]:
    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            self.sock = GuardedSocket(self.sock, clock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            self.sock = GuardedSocket(self.sock, clock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return PlainPool, SecurePool


def _tls_config(files: TlsFiles) -> docker.tls.TLSConfig:
    client = (files.cert, files.key) if files.cert and files.key else None
    return docker.tls.TLSConfig(client_cert=client, ca_cert=files.ca or None, verify=files.verify)


def _translate(error: BaseException) -> ApiError:
    """The operating system's error that requests and urllib3 wrap several deep, else what they say themselves."""
    chain = list(_causes(error))
    for seen in reversed(chain):
        if isinstance(seen, OSError) and not isinstance(seen, requests.RequestException):
            return translate(seen)
    if any(isinstance(seen, requests.Timeout | urllib3.exceptions.TimeoutError) for seen in chain):
        return translate(TimeoutError())
    return translate(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(12):
        if error is None:
            return
        yield error
        reason = getattr(error, "reason", None)
        error = reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
