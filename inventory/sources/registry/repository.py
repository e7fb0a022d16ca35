"""The read side of the OCI distribution API: manifests, blobs and referrers of one repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import msgspec

from inventory.sources.registry import tokens
from inventory.sources.registry.access import Stopped
from inventory.sources.registry.cache import Tag
from inventory.sources.registry.client import Client, Endpoint
from inventory.sources.registry.faults import Cause, RegistryError
from inventory.sources.registry.http import Answer
from inventory.sources.registry.names import (
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
                raise RegistryError(Cause.ABSENT, f"{self.name} has no {_called(reference)}")
            kept = cache.get(said.digest) if said is not None else None
        if kept is not None:
            return _document(kept, reference if wanted else digest_of(kept))
        try:
            answer = self._get(f"manifests/{reference}", _ACCEPT, limits.manifest)
        except RegistryError as error:
            if error.cause is Cause.ABSENT:
                if not wanted:
                    cache.put_tag(named, Tag(now))
                raise RegistryError(Cause.ABSENT, f"{self.name} has no {_called(reference)}") from None
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
                answer = self._get(path, _ACCEPT_INDEX, self._client.limits.manifest, _NO_SUCH_API, _lists_any)
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

    def _get(
        self, path: str, accept: str, limit: int, absent: frozenset[int] = frozenset({404}),
        tells: Callable[[Answer], bool] = lambda _answer: True,
    ) -> Answer:  # fmt: skip
        """Mirrors first, as the engine does, if they tell something; only the registry's own "no" counts."""
        for scheme, place in self._client.access.mirrors_of(self._host):
            insecure = bool(self._client.access.insecure_because(place))
            if scheme == "http" and not insecure:
                continue
            mirror = Endpoint(place, scheme, not insecure, trusted=is_loopback(place) or not insecure)
            try:
                answer = self._ask(mirror, place, path, accept, limit, absent)
                if tells(answer):
                    return answer
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

    def _spoke(self, endpoint: Endpoint) -> None:
        self._client.speaks(self._host, self._plain_http, endpoint)
        if endpoint.scheme == "http":
            self.insecure = "over plain HTTP"
        elif not endpoint.verify:
            self.insecure = "over TLS without verification"

    def _ask(self, endpoint: Endpoint, host: str, path: str, accept: str, limit: int, absent: frozenset[int]) -> Answer:
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

    def _follow(self, endpoint: Endpoint, url: str, accept: str, header: str, limit: int) -> Answer:
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

    def _redirect(self, endpoint: Endpoint, url: str, target: str) -> str:
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

    def _authorization(self, endpoint: Endpoint, host: str, answer: Answer) -> tuple[str, str]:
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
        to = Endpoint(wanted.host, "http" if wanted.plain else "https", verify=True, trusted=not wanted.withheld)
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


def _lists_any(answer: Answer) -> bool:
    """Whether there is anything in a list of referrers."""
    return any(descriptors(document(answer.body, "a list of referrers"), "manifests"))


def _document(content: bytes, digest: str) -> Document:
    return Document(content, digest, media_type(document(content, "a manifest")))


def _called(reference: str) -> str:
    return _short(reference) if is_digest(reference) else f"tag {_short(reference)}"


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
