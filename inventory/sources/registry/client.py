"""A client for the read side of the OCI distribution API: manifests, blobs and referrers of one repository."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import msgspec

from inventory.sources.registry import tokens
from inventory.sources.registry.access import Access, Stopped
from inventory.sources.registry.cache import Cache, Tag
from inventory.sources.registry.credentials import Found, look_for
from inventory.sources.registry.faults import HOST_IS_SICK, Cause, RegistryError
from inventory.sources.registry.http import Answer, Http, Tls, tls_files
from inventory.sources.registry.names import (
    HUB,
    HUB_ENDPOINT,
    INDEXES,
    MANIFESTS,
    Descriptor,
    address,
    descriptors,
    digest_of,
    document,
    is_digest,
    is_loopback,
    is_reference,
    media_type,
    split,
)

_ACCEPT = ", ".join((*INDEXES, *MANIFESTS))
_ACCEPT_INDEX = INDEXES[0]
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_ANSWER = frozenset({Cause.UNREACHABLE, Cause.TLS, Cause.MALFORMED, Cause.TIMEOUT})
_NO_SUCH_API = frozenset({400, 404, 405, 501})


class Document(msgspec.Struct, frozen=True):
    """A manifest or index as it came; `digest` was computed from `content`."""

    content: bytes
    digest: str
    media_type: str


class Way(Protocol):
    """Where manifests and blobs of one repository can be had. All raise `RegistryError`."""

    name: str

    def manifest(self, reference: str) -> Document:
        """By tag or digest; what was asked for by digest has it."""

    def blob(self, digest: str) -> bytes:
        """A small blob. The digest is NOT compared: whoever judges wants to see what came in its place."""

    def referrers(self, digest: str) -> tuple[tuple[Descriptor, ...], bool]:
        """What refers to a manifest, and whether that is all."""


class _Endpoint(msgspec.Struct, frozen=True):
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
        self._speaks: dict[tuple[str, bool], _Endpoint] = {}
        self._sick: dict[str, tuple[float, RegistryError]] = {}

    def repository(
        self, name: str, *, until: float, plain_http: bool = False, stopped: Stopped | None = None
    ) -> Repository:
        """A repository ("registry/path"), to be asked until that time (monotonic). Raises `RegistryError`."""
        host, path = split(name)
        return Repository(self, host, path, until, plain_http or self.access.plain_http, stopped or (lambda: False))

    def endpoints(self, host: str, plain_http: bool) -> tuple[_Endpoint, ...]:
        """The ways to ask a registry, the best first; one that worked is the only one from then on."""
        known = self._speaks.get((host, plain_http))
        if known is not None:
            return (known,)
        place = HUB_ENDPOINT if host == HUB else host
        insecure = self.access.insecure_because(host)
        here = is_loopback(host)
        secure = _Endpoint(place, "https", verify=not insecure, trusted=here or not insecure or plain_http)
        plain = _Endpoint(place, "http", verify=False, trusted=here or plain_http)
        return (secure, plain) if insecure or plain_http else (secure,)

    def send(self, endpoint: _Endpoint, method: str, url: str, headers: Mapping[str, str], limit: int, until: float,
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

    def speaks(self, host: str, plain_http: bool, endpoint: _Endpoint | None) -> None:
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

    def _tls(self, place: str, endpoint: _Endpoint) -> Tls:
        if endpoint.scheme != "https" and place == endpoint.host:
            return Tls(verify=False)  # there is none; the machine's CAs take a while to load
        authorities, pair = tls_files(self.access.certificates, place)
        own = place == endpoint.host  # a client's certificate is a credential too
        return Tls(endpoint.verify or not own, authorities, pair if own else ("", ""))


class Repository:
    """One repository of one registry, and the engine's mirrors of it. See `Way`."""

    def __init__(self, client: Client, host: str, path: str, until: float, plain_http: bool, stopped: Stopped) -> None:
        self.name = f"{host}/{path}"
        self.insecure = ""  # how it was asked, where not by verified TLS
        self._client = client
        self._host = host
        self._path = path
        self._until = until
        self._plain_http = plain_http
        self._stopped = stopped

    def manifest(self, reference: str) -> Document:
        """See `Way.manifest`."""
        if not is_reference(reference):
            raise RegistryError(Cause.REFUSED, "neither a tag nor a digest that is known here")
        cache, limits = self._client.cache, self._client.limits
        wanted = is_digest(reference)
        named = f"{self.name}:{reference}"
        now = self._client.clock()
        if wanted:
            kept = cache.get(reference)
        else:
            said = None if self._client.access.fresh else cache.tag(named, now, limits.tags)
            if said is not None and not said.digest:
                raise RegistryError(Cause.ABSENT, f"{self.name} has no {_short(reference)}")
            kept = cache.get(said.digest) if said is not None else None
        if kept is not None:
            return _document(kept, reference if wanted else digest_of(kept))
        try:
            answer = self._get(f"manifests/{reference}", _ACCEPT, limits.manifest)
        except RegistryError as error:
            if error.cause is Cause.ABSENT:
                if not wanted:
                    cache.put_tag(named, Tag(now))
                raise RegistryError(Cause.ABSENT, f"{self.name} has no {_short(reference)}") from None
            raise
        digest = digest_of(answer.body, reference if wanted else "sha256:")
        if wanted and digest != reference:
            raise RegistryError(
                Cause.WRONG_DIGEST, f"{self.name} answers to {_short(reference)} with something of another digest"
            )
        found = _document(answer.body, digest)
        cache.put(digest, answer.body)
        if not wanted:
            cache.put_tag(named, Tag(now, digest))
        return found

    def blob(self, digest: str) -> bytes:
        """See `Way.blob`."""
        if not is_digest(digest):
            raise RegistryError(Cause.REFUSED, "not a digest that is known here")
        kept = self._client.cache.get(digest)
        if kept is not None:
            return kept
        content = self._get(f"blobs/{digest}", "*/*", self._client.limits.blob).body
        self._client.cache.put(digest, content)
        return content

    def referrers(self, digest: str) -> tuple[tuple[Descriptor, ...], bool]:
        """See `Way.referrers`: the referrers API, and the tag that stands for it where there is none."""
        found: list[Descriptor] = []
        path = f"referrers/{digest}"
        whole = True
        try:
            for _ in range(self._client.limits.pages):
                answer = self._get(path, _ACCEPT_INDEX, self._client.limits.manifest, _NO_SUCH_API)
                found += descriptors(document(answer.body, f"the referrers of {self.name}"), "manifests")
                path = _next(answer.headers.get("link", ""), self._path)
                if not path:
                    break
            else:
                whole = False
        except RegistryError as error:
            if error.cause is not Cause.ABSENT:
                raise
        if not found:
            try:
                index = self.manifest(digest.replace(":", "-", 1))
            except RegistryError as error:
                if error.cause is not Cause.ABSENT:
                    raise
            else:
                found += descriptors(document(index.content, f"the referrers of {self.name}"), "manifests")
        return tuple(found), whole

    # -- below: one GET, wherever it is answered -------------------------------------------------------------------

    def _get(self, path: str, accept: str, limit: int, absent: frozenset[int] = frozenset({404})) -> Answer:
        """Mirrors first, as the engine does; only the registry's own "no" counts."""
        for scheme, place in self._client.access.mirrors_of(self._host):
            insecure = bool(self._client.access.insecure_because(place))
            if scheme == "http" and not insecure:
                continue
            mirror = _Endpoint(place, scheme, not insecure, trusted=is_loopback(place) or not insecure)
            try:
                return self._ask(mirror, place, path, accept, limit, absent)
            except RegistryError:
                continue
        distrusted: RegistryError | None = None
        ways = self._client.endpoints(self._host, self._plain_http)
        for number, endpoint in enumerate(ways, 1):
            try:
                answer = self._ask(endpoint, self._host, path, accept, limit, absent)
            except RegistryError as error:
                if error.cause not in _NO_ANSWER:
                    self._spoke(endpoint)
                    raise
                self._client.speaks(self._host, self._plain_http, None)
                if error.is_distrust:
                    distrusted = error
                if number == len(ways):
                    raise distrusted or error from None
            else:
                self._spoke(endpoint)
                return answer
        raise RegistryError(Cause.UNREACHABLE, f"{self._host} cannot be asked")

    def _spoke(self, endpoint: _Endpoint) -> None:
        self._client.speaks(self._host, self._plain_http, endpoint)
        if endpoint.scheme == "http":
            self.insecure = "over plain HTTP"
        elif not endpoint.verify:
            self.insecure = "over TLS without verification"

    def _ask(
        self, endpoint: _Endpoint, host: str, path: str, accept: str, limit: int, absent: frozenset[int]
    ) -> Answer:
        """Ask one endpoint; answer its challenge once."""
        url = f"{endpoint.url}/v2/{self._path}/{path}"
        key = endpoint.host
        header = self._client.token(key, self._path)
        answer = self._follow(endpoint, url, accept, header, limit)
        note = ""
        if answer.status == 401:
            header, note = self._authorization(endpoint, host, answer)
            if header:
                answer = self._follow(endpoint, url, accept, header, limit)
                if answer.status < 400 or answer.status in absent:
                    self._client.keep_token(key, self._path, header)
        if answer.status in {401, 403}:
            problems = self._client.credentials(host, self._path).problems
            said = "; ".join(filter(None, (note, *problems)))
            raise RegistryError(Cause.DENIED, f"{host} denies access to {self._path}{f' ({said})' if said else ''}")
        if answer.status in absent:
            raise RegistryError(Cause.ABSENT, f"{host} does not have it")
        if answer.status != 200:
            raise RegistryError(Cause.MALFORMED, f"{host} answers with status {answer.status}")
        return answer

    def _follow(self, endpoint: _Endpoint, url: str, accept: str, header: str, limit: int) -> Answer:
        """A request and its redirects. The header goes to the registry itself and to nobody else."""
        own = urlsplit(url)
        for _ in range(self._client.limits.redirects + 1):
            if self._stopped():
                raise RegistryError(Cause.STOPPED, "stopped")
            parts = urlsplit(url)
            at_home = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
            headers = {"Accept": accept}
            if header and at_home:
                headers["Authorization"] = header
            inward = address(parts.netloc) == address(own.netloc) or is_loopback(own.netloc)
            answer = self._client.send(endpoint, "GET", url, headers, limit, self._until, inward=inward)
            target = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not target:
                return answer
            url = self._redirect(endpoint, url, target)
        raise RegistryError(Cause.REFUSED, f"{endpoint.host} redirects without end")

    def _redirect(self, endpoint: _Endpoint, url: str, target: str) -> str:
        try:
            parts = urlsplit(urljoin(url, target[:8192]))
            parts.port  # noqa: B018 - raises for one that is no number
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise RegistryError(Cause.REFUSED, f"{endpoint.host} redirects to something that is no web address")
        if parts.scheme == "http" and endpoint.scheme != "http":
            raise RegistryError(Cause.REFUSED, f"{endpoint.host} redirects to plain HTTP: not followed")
        return parts._replace(fragment="").geturl()

    def _authorization(self, endpoint: _Endpoint, host: str, answer: Answer) -> tuple[str, str]:
        """What to send along, "" where nothing can be; and why credentials were held back."""
        asked = tokens.challenge(answer.headers.get("www-authenticate", ""))
        if asked is None:
            return "", "it does not say how to log in"
        found = self._client.credentials(host, self._path).credentials
        if asked.scheme == "basic":
            if found is None or not found.basic:
                return "", "no credentials for it"
            if not endpoint.trusted:
                return "", "credentials are not sent: the connection is not secure"
            return found.basic, ""
        wanted = tokens.request(asked, host, self._path, trusted=endpoint.trusted, plain=endpoint.scheme == "http")
        note = "no credentials for it" if found is None else wanted.withheld
        limit = self._client.limits.token
        to = _Endpoint(wanted.host, "http" if wanted.plain else "https", verify=True, trusted=not wanted.withheld)
        if wanted.host == endpoint.host or (is_loopback(wanted.host) and is_loopback(endpoint.host)):
            to = msgspec.structs.replace(to, verify=endpoint.verify)
        if found is not None and found.token and not wanted.withheld:
            sent = self._client.send(to, "POST", wanted.url, {}, limit, self._until, form=tokens.form(wanted, found),
                                     inward=wanted.inward)  # fmt: skip
        else:
            basic = found.basic if found is not None and not wanted.withheld else ""
            headers = {"Authorization": basic} if basic else {}
            sent = self._client.send(to, "GET", tokens.query(wanted), headers, limit, self._until, inward=wanted.inward)
        if sent.status != 200:
            return "", "; ".join(filter(None, (note, f"{wanted.host} gives no token, status {sent.status}")))
        return f"Bearer {tokens.token(sent.body, wanted.host)}", note


def _document(content: bytes, digest: str) -> Document:
    return Document(content, digest, media_type(document(content, "a manifest")))


def _short(reference: str) -> str:
    return f"{reference[:19]}" if is_digest(reference) else reference[:80]


def _next(link: str, path: str) -> str:
    """The next page of referrers, "" for none or for one that lies elsewhere."""
    target, _, rest = link[:4096].partition(";")
    target = target.strip().removeprefix("<").removesuffix(">")
    if not target or 'rel="next"' not in rest.replace(" ", ""):
        return ""
    prefix = f"/v2/{path}/"
    parts = urlsplit(target)
    if parts.netloc or not parts.path.startswith(f"{prefix}referrers/") or ".." in parts.path:
        return ""
    return target.removeprefix(prefix)
