"""Why a registry, or a place beside it, gave nothing: in our own words, so that nothing secret is ever repeated."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterator
from enum import StrEnum


class Cause(StrEnum):
    """Why. Only `ABSENT` means that something is not there; all others mean that nobody knows."""

    ABSENT = "absent"  # 404
    DENIED = "denied"  # 401, 403
    UNREACHABLE = "unreachable"  # no name, no route, refused
    TIMEOUT = "timeout"
    TLS = "tls"  # certificate or handshake
    REFUSED = "refused"  # by us: plain HTTP, a redirect, a name that is none
    TOO_LARGE = "too-large"
    WRONG_DIGEST = "wrong-digest"
    MALFORMED = "malformed"
    BUSY = "busy"  # 429, 5xx
    STOPPED = "stopped"  # by the person


class RegistryError(Exception):
    """`message` is one line for people, made here: no answer's body, no URL's query and no header is in it."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause
        self.message = message

    @property
    def is_distrust(self) -> bool:
        """Whether there is TLS, with a certificate that is not good: what follows over plain HTTP tells less."""
        return self.cause is Cause.TLS and "certificate" in self.message


HOST_IS_SICK = frozenset({Cause.UNREACHABLE, Cause.TIMEOUT, Cause.TLS, Cause.BUSY})
"""Causes that the next request to the same host would most likely meet too."""

_CLOSED = frozenset({"RemoteDisconnected", "IncompleteRead", "ConnectionError"})
_NO_HTTP = frozenset({"BadStatusLine", "LineTooLong"})
_ERRNOS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection closed",
    errno.EHOSTUNREACH: "no route to it",
    errno.ENETUNREACH: "no route to it",
    errno.EADDRNOTAVAIL: "no route to it",
}


def from_error(host: str, error: BaseException) -> RegistryError:
    """What requests, urllib3, ssl and socket raise, told without repeating what they say of URLs and headers."""
    chain = list(_causes(error))
    for seen in chain:
        if isinstance(seen, RegistryError):
            return seen
    for seen in chain:
        if isinstance(seen, ssl.SSLCertVerificationError):
            why = (seen.verify_message or "not valid")[:200]
            return RegistryError(Cause.TLS, f"{host}: its certificate is not trusted ({why})")
    for seen in chain:
        if isinstance(seen, TimeoutError) or "Timeout" in type(seen).__name__:
            return RegistryError(Cause.TIMEOUT, f"{host} did not answer in time")
    for seen in chain:
        if isinstance(seen, ssl.SSLError):
            return RegistryError(Cause.TLS, f"{host}: no TLS ({_word(seen.reason)})")
        if isinstance(seen, socket.gaierror):
            return RegistryError(Cause.UNREACHABLE, f"{host}: no such host")
    for seen in reversed(chain):
        if isinstance(seen, OSError) and isinstance(seen.errno, int):
            said = _ERRNOS.get(seen.errno) or os.strerror(seen.errno)
            return RegistryError(Cause.UNREACHABLE, f"{host}: {said}")
    if any("Proxy" in type(seen).__name__ for seen in chain):
        return RegistryError(Cause.UNREACHABLE, f"{host}: the proxy does not let it through")
    names = {type(seen).__name__ for seen in chain}
    if names & _CLOSED and not names & _NO_HTTP:
        return RegistryError(Cause.UNREACHABLE, f"{host} closed the connection")
    return RegistryError(Cause.MALFORMED, f"{host} answers with something that is not HTTP")


def _word(reason: object) -> str:
    return str(reason or "handshake failed").replace("_", " ").lower()[:80]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(12):
        if error is None:
            return
        yield error
        inner = [each for each in (getattr(error, "reason", None), *error.args) if isinstance(each, BaseException)]
        error = next(iter(inner), None) or error.__cause__ or error.__context__
