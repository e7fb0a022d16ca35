"""What is remembered of registries between requests: tokens, credentials, how a host speaks, and which is sick."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from inventory.sources.registry.access import Access, Stopped
from inventory.sources.registry.cache import Cache
from inventory.sources.registry.credentials import Found, look_for
from inventory.sources.registry.faults import HOST_IS_SICK, Cause, RegistryError
from inventory.sources.registry.http import Answer, Http, Tls, tls_files
from inventory.sources.registry.names import (
    HUB,
    HUB_ENDPOINT,
    is_loopback,
    split,
)

if TYPE_CHECKING:
    from inventory.sources.registry.repository import Repository


class Endpoint(msgspec.Struct, frozen=True):
    """One way to speak to a registry. `trusted`: nobody in between can read or change what passes."""

    host: str
    scheme: str
    verify: bool
    trusted: bool

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"


class Client:
    """Remembers tokens, which way a host speaks, and hosts that failed. May be used from any thread."""

    def __init__(self, access: Access, clock: Callable[[], float] = time.time) -> None:
        self.access = access
        self.limits = access.limits
        self.cache = Cache(access.cache)
        self.clock = clock
        self._http = Http(access.limits.connect, access.environ)
        self._places = threading.BoundedSemaphore(access.limits.registries)
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, str], str] = {}
        self._credentials: dict[tuple[str, str], tuple[float, Found]] = {}
        self._speaks: dict[tuple[str, bool], Endpoint] = {}
        self._sick: dict[str, tuple[float, RegistryError]] = {}

    def repository(
        self, name: str, *, until: float, plain_http: bool = False, stopped: Stopped | None = None
    ) -> Repository:
        """A repository ("registry/path"), to be asked until that time (monotonic). Raises `RegistryError`."""
        from inventory.sources.registry.repository import Repository

        host, path = split(name)
        return Repository(self, host, path, until, plain_http or self.access.plain_http, stopped or (lambda: False))

    def endpoints(self, host: str, plain_http: bool) -> tuple[Endpoint, ...]:
        """The ways to ask a registry, the best first; one that worked is the only one from then on."""
        known = self._speaks.get((host, plain_http))
        if known is not None:
            return (known,)
        place = HUB_ENDPOINT if host == HUB else host
        insecure = self.access.insecure_because(host)
        here = is_loopback(host)
        secure = Endpoint(place, "https", verify=not insecure, trusted=here or not insecure or plain_http)
        plain = Endpoint(place, "http", verify=False, trusted=here or plain_http)
        return (secure, plain) if insecure or plain_http else (secure,)

    def send(self, endpoint: Endpoint, method: str, url: str, headers: Mapping[str, str], limit: int, until: float,
             *, form: Mapping[str, str] | None = None, inward: bool = True) -> Answer:  # fmt: skip
        """One request within the limits of the access. Raises `RegistryError`."""
        parts = urlsplit(url)
        place, base = parts.netloc, f"{parts.scheme}://{parts.netloc}"
        self._check_sick(base)
        left = until - time.monotonic()
        if left <= 0 or not self._places.acquire(timeout=left):
            raise RegistryError(Cause.TIMEOUT, f"no time left to ask {place}")
        seconds = min(self.limits.read, until - time.monotonic())
        try:
            if seconds <= 0:
                raise RegistryError(Cause.TIMEOUT, f"no time left to ask {place}")
            answer = self._http.send(
                method, url, headers, tls=self._tls(place, endpoint), seconds=seconds, limit=limit, form=form,
                inward=inward,
            )  # fmt: skip
            if answer.status == 429 or answer.status >= 500:
                raise RegistryError(Cause.BUSY, f"{place} answers with status {answer.status}")
        except RegistryError as error:
            if error.cause in HOST_IS_SICK and seconds >= min(self.limits.connect, self.limits.read):
                with self._lock:
                    self._sick[base] = (time.monotonic() + self.limits.sick, error)
            raise
        finally:
            self._places.release()
        return answer

    def plain_get(self, url: str, limit: int, seconds: float, tls: Tls) -> Answer:
        """A request without credentials, outside any registry. Raises `RegistryError`."""
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        self._check_sick(base)
        try:
            return self._http.send("GET", url, {}, tls=tls, seconds=seconds, limit=limit)
        except RegistryError as error:
            if error.cause in HOST_IS_SICK:
                with self._lock:
                    self._sick[base] = (time.monotonic() + self.limits.sick, error)
            raise

    def _check_sick(self, base: str) -> None:
        """Raise again what a host failed with not long ago."""
        with self._lock:
            found = self._sick.get(base)
        if found is not None and found[0] > time.monotonic():
            raise RegistryError(found[1].cause, found[1].message)

    def speaks(self, host: str, plain_http: bool, endpoint: Endpoint | None) -> None:
        """Remember the way that worked, None for none. What one rule allows is not said of another's repositories."""
        with self._lock:
            if endpoint is None:
                self._speaks.pop((host, plain_http), None)
            else:
                self._speaks[host, plain_http] = endpoint

    def credentials(self, host: str, path: str) -> Found:
        """Looked for once in a while per repository: a helper is a process, and people log in."""
        key, now = (host, path), time.monotonic()
        with self._lock:
            kept = self._credentials.get(key)
        if kept is not None and kept[0] > now:
            return kept[1]
        found = look_for(host, path, self.access.credentials, self.access.environ, self.limits.helper)
        with self._lock:
            self._credentials[key] = (now + self.limits.sick, found)
        return found

    def token(self, host: str, path: str) -> str:
        """A token, or Basic credentials, that worked before; "" for none."""
        with self._lock:
            return self._tokens.get((host, path), "")

    def keep_token(self, host: str, path: str, header: str) -> None:
        """Remember what an Authorization header should hold."""
        with self._lock:
            self._tokens[(host, path)] = header

    def _tls(self, place: str, endpoint: Endpoint) -> Tls:
        if endpoint.scheme != "https" and place == endpoint.host:
            return Tls(verify=False)  # there is none; the machine's CAs take a while to load
        authorities, pair = tls_files(self.access.certificates, place)
        own = place == endpoint.host  # a client's certificate is a credential too
        return Tls(endpoint.verify or not own, authorities, pair if own else ("", ""))
